"""write: a file with the given content.

The old file stays whole until the new one is on the disk. A secret in it, which the model was not
shown, is not lost to a text that has the mask in its place.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from pi.agent.tools import Tool, ToolContext, ToolError, ToolResult
from pi.ai.auth.masks import MASK
from pi.coding.tools.atomic import Cancelled, replace
from pi.coding.tools.paths import explain, printable, resolve
from pi.coding.tools.prose import description
from pi.coding.tools.queue import mutate
from pi.coding.tools.threads import Stop

__all__ = ["Write"]


class Write(Tool):
    """Make or replace a file. `mask` takes out of a file what the model is not shown."""

    name: ClassVar[str] = "write"
    parameters: ClassVar[dict[str, Any]] = {
        "type": "object",
        "properties": {
            "path": {
                "type": "string",
                "description": "The file to write, absolute or relative to the working folder",
            },
            "content": {"type": "string", "description": "The whole content of the file"},
        },
        "required": ["path", "content"],
    }
    snippet: ClassVar[str] = "Make a file or replace all of its content"
    guidelines: ClassVar[tuple[str, ...]] = (
        "Use write for new files and complete rewrites only; change existing files with edit.",
    )

    def __init__(self, mask: Callable[[bytes], bytes] | None = None) -> None:
        self._mask = mask
        self.description = description(self.name)

    async def execute(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Write `arguments["content"]` to `arguments["path"]`."""
        typed: str = arguments["path"]
        path = resolve(typed, context.cwd)
        data = _encode(arguments["content"], typed)

        def work(stop: Stop) -> bool:
            if self._mask is not None and MASK.encode() in data:
                _keep_secrets(path, typed, self._mask)
            return _write(path, typed, data, stop)

        replaced = await mutate(path, work)
        size = f"{len(data)} byte{'' if len(data) == 1 else 's'}"
        verb = "Replaced" if replaced else "Created"
        return ToolResult.of(f"{verb} {printable(typed)} ({size}).")


def _encode(content: str, typed: str) -> bytes:
    try:
        return content.encode("utf-8")
    except UnicodeEncodeError as error:
        line = content.count("\n", 0, error.start) + 1
        raise ToolError(
            f"content for {printable(typed)} was not written: line {line} holds half of a"
            f" character (U+{ord(content[error.start]):04X}). Send the whole character."
        ) from None


def _keep_secrets(path: Path, typed: str, mask: Callable[[bytes], bytes]) -> None:
    """Raise `ToolError` if the file holds something that the model knows only as the mask."""
    try:
        old = path.read_bytes()
    except OSError:
        return
    if mask(old) != old:
        raise ToolError(
            f"{printable(typed)} was not written: {MASK} stands for a secret in that file that is"
            " not shown to you, and would be lost. Change the other lines with edit."
        )


def _write(path: Path, typed: str, data: bytes, stop: Stop) -> bool:
    """Whether there was a file before."""
    try:
        existed = path.exists()
        if path.is_dir():
            raise ToolError(f"{printable(typed)} is a folder. Give the path of a file in it.")
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, data, stop)
    except FileExistsError:
        raise ToolError(
            f"{printable(typed)} was not written: a part of its path is a file, not a folder."
        ) from None
    except OSError as error:
        raise explain(error, typed, "write") from None
    except Cancelled:
        raise ToolError("Stopped before the file was written.") from None
    return existed
