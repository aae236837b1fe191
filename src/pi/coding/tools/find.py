"""find: files and folders by name.

fd does the work if it is installed; else our own engine does, with the same result. Results are
sorted, so the same search always finds the same first ones.
"""

import os
import stat
from pathlib import Path
from typing import Any, ClassVar

from pi.agent.tools import Tool, ToolContext, ToolError, ToolResult
from pi.coding.tools.paths import existing, explain, printable
from pi.coding.tools.prose import description
from pi.coding.tools.search import engines
from pi.coding.tools.search.select import normalised
from pi.coding.tools.truncate import MAX_BYTES, keep_head, size_text

__all__ = ["Find", "find_paths"]

_LIMIT = 1000


class Find(Tool):
    """Find files by name. `engine`: "fd" or "python"; None takes what there is."""

    name: ClassVar[str] = "find"
    parameters: ClassVar[dict[str, Any]] = {
        "type": "object",
        "properties": {
            "pattern": {
                "type": "string",
                "description": "Glob pattern, for example *.py, **/*.json or src/**/test_*.py",
            },
            "path": {
                "type": "string",
                "description": "Folder to search (default: the working folder)",
            },
            "limit": {"type": "number", "description": f"Most results (default {_LIMIT})"},
        },
        "required": ["pattern"],
    }
    snippet: ClassVar[str] = "Find files by glob pattern (respects .gitignore)"

    def __init__(self, engine: engines.Engine | None = None) -> None:
        self.description = description(self.name)
        self.engine: engines.Engine | None = engine

    async def execute(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Find what matches `arguments["pattern"]` below `arguments["path"]`."""
        limit = int(arguments.get("limit") or _LIMIT)
        if limit < 1:
            raise ToolError("limit has to be 1 or more.")
        pattern: str = arguments["pattern"]
        if not pattern.strip("/ "):
            raise ToolError("pattern is empty. Give a glob such as *.py, or use ls.")
        root = _root(arguments.get("path") or ".", context.cwd)
        paths = await find_paths(root, pattern, limit + 1, engine=self.engine)
        return _result(paths, limit)


async def find_paths(
    root: str, pattern: str, limit: int, *, engine: engines.Engine | None = None
) -> list[str]:
    """The first `limit` paths below the real path `root` that match, sorted, relative to it.

    Folders end in `/`. Raises `ToolError` if the search cannot be made.
    """
    found = _Sorted(limit)
    pattern = normalised(pattern, root)
    program = engines.fd() if engine != "python" else None
    if program:
        end = await engines.run(_fd(program, root, pattern), found.take)
        if end.code == 0:
            return found.paths()
        found = _Sorted(limit)  # an fd without one of our arguments: do it ourselves
    request = {"mode": "find", "root": root, "pattern": pattern, "limit": limit}
    end = await engines.run(engines.worker(request, b"\0"), found.take)
    if end.code not in (0, None):
        raise ToolError(f"The search failed: {end.stderr[-500:] or end.code}")
    return found.paths()


def _root(typed: str, cwd: Path) -> str:
    path = existing(typed, cwd)
    try:
        if not stat.S_ISDIR(path.stat().st_mode):
            raise ToolError(f"{printable(typed)} is a file, not a folder.")
    except OSError as error:
        raise explain(error, typed, "search") from None
    return os.path.realpath(path)


def _fd(program: str, root: str, pattern: str) -> engines.Command:
    argv = [program, "--glob", "--hidden", "--case-sensitive", "--color=never", "--print0"]
    argv += engines.without_vcs("--exclude")
    if not engines.inside_repository(root):
        argv.append("--no-require-git")  # older versions do not know it
    if pattern.endswith("/"):
        pattern = pattern.rstrip("/")
        argv.append("--type=directory")
    if "/" in pattern:
        # fd matches absolute paths: what is above the root must not take part.
        above = "".join(f"[{char}]" if char in "*?[]{}" else char for char in root.rstrip("/"))
        argv.append("--full-path")
        pattern = f"{above}/{pattern if pattern.startswith('**/') else '**/' + pattern}"
    return engines.Command([*argv, "--", pattern], root, b"\0")


class _Sorted:
    """The first paths in the order of the walk, however many come in whatever order."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._found: list[tuple[list[bytes], bytes]] = []

    def take(self, record: bytes) -> bool:
        path = record.removeprefix(b"./").replace(os.sep.encode(), b"/")
        if path:
            self._found.append((path.rstrip(b"/").split(b"/"), path))
        if len(self._found) > 4 * self._limit + 1000:
            self._cut()
        return True

    def paths(self) -> list[str]:
        self._cut()
        return [printable(os.fsdecode(path)) for _, path in self._found]

    def _cut(self) -> None:
        self._found.sort()
        del self._found[self._limit :]


def _result(paths: list[str], limit: int) -> ToolResult:
    if not paths:
        return ToolResult.of("No files found matching the pattern.")
    details: dict[str, Any] = {}
    notes: list[str] = []
    if len(paths) > limit:
        details["resultLimitReached"] = limit
        notes.append(
            f"{limit} results, there are more. Set limit={limit * 2} or narrow the pattern."
        )
    text, truncation = keep_head("\n".join(paths[:limit]))
    if truncation.truncated:
        details["truncation"] = truncation.to_details()
        notes.append(
            f"Cut after {truncation.output_lines} results"
            f" ({truncation.max_lines} lines or {size_text(MAX_BYTES)} at most)."
        )
    if notes:
        text += f"\n\n[{' '.join(notes)}]"
    return ToolResult.of(text, details=details or None)
