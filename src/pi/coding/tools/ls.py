"""ls: the names in a folder."""

import os
import stat
from pathlib import Path
from typing import Any, ClassVar

from pi.agent.tools import Tool, ToolContext, ToolError, ToolResult
from pi.coding.tools.paths import existing, explain, printable
from pi.coding.tools.prose import description
from pi.coding.tools.threads import Stop, looking
from pi.coding.tools.truncate import MAX_BYTES, keep_head, size_text

__all__ = ["Ls"]

_LIMIT = 500


class Ls(Tool):
    """List a folder."""

    name: ClassVar[str] = "ls"
    parameters: ClassVar[dict[str, Any]] = {
        "type": "object",
        "properties": {
            "path": {"type": "string", "description": "The folder (default: the working folder)"},
            "limit": {"type": "number", "description": f"Most entries to list (default {_LIMIT})"},
        },
    }
    snippet: ClassVar[str] = "List the files and folders in a folder"

    def __init__(self) -> None:
        self.description = description(self.name)

    async def execute(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """List `arguments["path"]`, at most `limit` entries."""
        typed: str = arguments.get("path") or "."
        limit = int(arguments.get("limit") or _LIMIT)
        if limit < 1:
            raise ToolError("limit has to be 1 or more.")

        def work(stop: Stop) -> list[str]:
            path = existing(typed, context.cwd)
            try:
                if not stat.S_ISDIR(path.stat().st_mode):
                    raise ToolError(f"{printable(typed)} is a file, not a folder. Use read.")
                return _names(path, stop)
            except OSError as error:
                raise explain(error, typed, "list") from None

        return _result(await looking(work), limit)


def _names(path: Path, stop: Stop) -> list[str]:
    names: list[tuple[str, str]] = []
    with os.scandir(path) as entries:
        for entry in entries:
            if stop.is_set():
                break
            try:
                slash = "/" if entry.is_dir() else ""
            except OSError:  # a link that leads nowhere is there all the same
                slash = ""
            name = printable(entry.name)
            names.append((name.casefold(), name + slash))
    return [name for _, name in sorted(names)]


def _result(names: list[str], limit: int) -> ToolResult:
    if not names:
        return ToolResult.of("[The folder is empty.]")
    details: dict[str, Any] = {}
    notes: list[str] = []
    if len(names) > limit:
        details["entryLimitReached"] = limit
        notes.append(f"{limit} of {len(names)} entries. Set limit={len(names)} for all.")
    text, truncation = keep_head("\n".join(names[:limit]))
    if truncation.truncated:
        details["truncation"] = truncation.to_details()
        notes.append(
            f"Cut after {truncation.output_lines} entries"
            f" ({truncation.max_lines} lines or {size_text(MAX_BYTES)} at most)."
        )
    if notes:
        text += f"\n\n[{' '.join(notes)}]"
    return ToolResult.of(text, details=details or None)
