"""edit: passages of a file replaced by others. All edits of a call are made, or none.

The diff is made before the file is written, the file is replaced as a whole, and every byte outside
the replaced lines stays what it was.
"""

import os
import stat
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from pi.agent.tools import Tool, ToolContext, ToolError, ToolResult
from pi.coding.tools.atomic import Cancelled, replace
from pi.coding.tools.editing.linediff import render
from pi.coding.tools.editing.lineends import View
from pi.coding.tools.editing.splice import Edit as Passage
from pi.coding.tools.editing.splice import apply, plan
from pi.coding.tools.paths import existing, explain, printable, resolve
from pi.coding.tools.prose import description
from pi.coding.tools.queue import mutate
from pi.coding.tools.textfile import detect
from pi.coding.tools.threads import Stop

__all__ = ["Edit"]


class Edit(Tool):
    """Replace passages of a file."""

    name: ClassVar[str] = "edit"
    parameters: ClassVar[dict[str, Any]] = {
        "type": "object",
        "properties": {
            "path": {
                "type": "string",
                "description": "The file to change, absolute or relative to the working folder",
            },
            "edits": {
                "type": "array",
                "description": "The replacements to make",
                "items": {
                    "type": "object",
                    "properties": {
                        "oldText": {
                            "type": "string",
                            "description": "Text that is in the file exactly once",
                        },
                        "newText": {"type": "string", "description": "What to put there"},
                    },
                    "required": ["oldText", "newText"],
                },
            },
        },
        "required": ["path", "edits"],
    }
    snippet: ClassVar[str] = "Replace exact passages of a file, several in one call"
    guidelines: ClassVar[tuple[str, ...]] = (
        "Use edit for precise changes; oldText must match the file exactly and be unique there.",
        "Make several changes of one file in one edit call, each with a small oldText, instead of"
        " one large passage that joins distant changes.",
    )

    def __init__(self) -> None:
        self.description = description(self.name)

    def prepare(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Accept `edits` as JSON text or as one object, and oldText/newText beside `path`."""
        arguments = dict(arguments)
        edits = arguments.get("edits")
        if isinstance(edits, str):
            try:
                edits = msgspec.json.decode(edits)
            except msgspec.DecodeError:
                return arguments  # validation tells what is wrong with it
        if isinstance(edits, dict):
            edits = [edits]
        if isinstance(arguments.get("oldText"), str) and isinstance(arguments.get("newText"), str):
            single = {key: arguments.pop(key) for key in ("oldText", "newText")}
            edits = [*edits, single] if isinstance(edits, list) else [single]
        if edits is not None:
            arguments["edits"] = edits
        return arguments

    async def execute(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Make all of `arguments["edits"]`."""
        typed: str = arguments["path"]
        edits = msgspec.convert(arguments["edits"], list[Passage])
        if not edits:
            raise ToolError("edits is empty. Give at least one oldText with its newText.")

        def work(stop: Stop) -> ToolResult:
            # Looked up in turn: an earlier call of the same batch may just have made the file.
            path = existing(typed, context.cwd)
            try:
                return _edit(path, typed, edits, stop)
            except OSError as error:
                raise explain(error, typed, "edit") from None
            except Cancelled:
                raise ToolError("Stopped before the file was changed.") from None

        try:
            place = existing(typed, context.cwd)
        except ToolError:
            place = resolve(typed, context.cwd)
        return await mutate(place, work)


def _edit(path: Path, typed: str, edits: list[Passage], stop: Stop) -> ToolResult:
    name = printable(typed)
    before = path.stat()
    if stat.S_ISDIR(before.st_mode):
        raise ToolError(f"{name} is a folder. Give the path of a file in it.")
    if not stat.S_ISREG(before.st_mode):
        raise ToolError(f"{name} is not a regular file and cannot be edited.")
    if not os.access(path, os.W_OK):
        raise PermissionError(13, "it is read-only for this user")
    data = path.read_bytes()
    if not data:
        raise ToolError(f"{name} is empty, so there is nothing to replace. Use write instead.")
    encoding = detect(data)
    try:
        view = View(encoding.decode(data[len(encoding.mark) :]))
    except UnicodeDecodeError:
        raise ToolError(f"{name} is no valid {encoding.label} and was not changed.") from None
    try:
        result = plan(view, edits)
        changed = apply(data, encoding, view, result.changes)
    except ToolError as error:
        raise ToolError(f"{name}: {error.message}") from None
    if changed == data:
        raise ToolError(f"{name}: the edits change nothing; newText is what is already there.")
    diff, first_line = render(view.text, result.changes)
    now = path.stat()
    if (now.st_mtime_ns, now.st_size, now.st_ino) != (
        before.st_mtime_ns,
        before.st_size,
        before.st_ino,
    ):
        raise ToolError(f"{name} was changed by somebody else just now. Read it again.")
    replace(path, changed, stop)
    count = "one passage" if len(edits) == 1 else f"{len(edits)} passages"
    text = f"Replaced {count} in {name}."
    if result.alike:
        which = ", ".join(f"edits[{index}]" for index in result.alike)
        text += f" ({which} matched only apart from quotes, dashes, special or trailing blanks.)"
    return ToolResult.of(text, details={"diff": diff, "firstChangedLine": first_line})
