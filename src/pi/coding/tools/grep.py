"""grep: lines of files that match a pattern.

ripgrep does the work if it is installed and understands the pattern; else our own engine does, with
the same result.
"""

import base64
import os
import stat
from pathlib import Path
from typing import Any, ClassVar

import msgspec
from msgspec import Struct, field

from pi.agent.tools import Tool, ToolContext, ToolError, ToolResult
from pi.coding.tools.paths import existing, explain, printable
from pi.coding.tools.prose import description
from pi.coding.tools.search import engines
from pi.coding.tools.search.worker import BAD_PATTERN
from pi.coding.tools.truncate import MAX_BYTES, cut_line, keep_head, size_text

__all__ = ["Grep"]

_LIMIT = 100
_MAX_COLLECTED = 1024 * 1024


class Grep(Tool):
    """Search file contents. `engine`: "rg" or "python"; None takes what there is."""

    name: ClassVar[str] = "grep"
    parameters: ClassVar[dict[str, Any]] = {
        "type": "object",
        "properties": {
            "pattern": {"type": "string", "description": "Regular expression or plain text"},
            "path": {
                "type": "string",
                "description": "Folder or file to search (default: the working folder)",
            },
            "glob": {
                "type": "string",
                "description": "Only files that match, for example *.py or src/**/*.ts",
            },
            "ignoreCase": {"type": "boolean", "description": "Ignore upper and lower case"},
            "literal": {"type": "boolean", "description": "The pattern is plain text"},
            "context": {"type": "number", "description": "Lines to show around each match"},
            "limit": {"type": "number", "description": f"Most matches to show (default {_LIMIT})"},
        },
        "required": ["pattern"],
    }
    snippet: ClassVar[str] = "Search file contents for a pattern (respects .gitignore)"

    def __init__(self, engine: engines.Engine | None = None) -> None:
        self.description = description(self.name)
        self.engine: engines.Engine | None = engine

    async def execute(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Search `arguments["path"]` for `arguments["pattern"]`."""
        query = _query(arguments, context.cwd)
        program = engines.ripgrep() if self.engine != "python" else None
        if program:
            found = _Found(query)
            end = await engines.run(_ripgrep(program, query), found.take)
            # 0: found, 1: not found, None: more than enough. Anything else may be a pattern that
            # only Python understands, or a ripgrep too old for our arguments.
            if end.code in (0, 1, None) or found.matches:
                return found.result()
        found = _Found(query)
        end = await engines.run(engines.worker(_request(query), b"\n"), found.take)
        if end.code == BAD_PATTERN:
            raise ToolError(
                f"The pattern {query.pattern!r} is no valid regular expression: {end.stderr}."
                " Put a backslash before characters that are meant as they are, or set"
                " literal=true."
            )
        if end.code not in (0, None) and not found.matches:
            raise ToolError(f"The search failed: {end.stderr[-500:] or end.code}")
        return found.result()


class _Query(Struct, frozen=True):
    """What is searched. file: the one file in `root` to search, or None for all."""

    pattern: str
    root: str
    file: str | None
    glob: str | None
    ignore_case: bool
    literal: bool
    context: int
    limit: int


def _query(arguments: dict[str, Any], cwd: Path) -> _Query:
    typed = arguments.get("path") or "."
    path = existing(typed, cwd)
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
    except OSError as error:
        raise explain(error, typed, "search") from None
    real = os.path.realpath(path)
    root, file = (real, None) if is_folder else os.path.split(real)
    pattern: str = arguments["pattern"]
    literal = bool(arguments.get("literal"))
    if "\n" in pattern or (not literal and _names_line_break(pattern)):
        raise ToolError(
            "The pattern has a line break, but lines are searched one by one. Search for a part of"
            " one line and set context to see the lines around it."
        )
    limit = int(arguments.get("limit") or _LIMIT)
    if limit < 1:
        raise ToolError("limit has to be 1 or more.")
    return _Query(
        pattern=pattern,
        root=root,
        file=file,
        glob=arguments.get("glob") or None,
        ignore_case=bool(arguments.get("ignoreCase")),
        literal=literal,
        context=max(int(arguments.get("context") or 0), 0),
        limit=limit,
    )


def _names_line_break(pattern: str) -> bool:
    """Whether a regular expression has an unquoted `\\n`."""
    return "\\n" in pattern.replace("\\\\", "")


def _ripgrep(program: str, query: _Query) -> engines.Command:
    argv = [program, "--json", "--no-config", "--hidden", "--no-require-git", "--crlf"]
    argv += ["--no-messages", "--sort=path", f"--max-count={query.limit + 1}"]
    argv += ["--no-ignore-global", f"--context={query.context}"]
    argv.append("--ignore-case" if query.ignore_case else "--case-sensitive")
    if query.literal:
        argv.append("--fixed-strings")
    if query.glob:
        argv.append(f"--glob={query.glob}")
    argv += engines.without_vcs("--glob", "!")
    argv += [f"--regexp={query.pattern}", "--", f"./{query.file or ''}"]
    return engines.Command(argv, query.root, b"\n")


def _request(query: _Query) -> dict[str, Any]:
    return {
        "mode": "grep",
        "pattern": query.pattern,
        "root": query.root,
        "file": query.file,
        "glob": query.glob,
        "ignoreCase": query.ignore_case,
        "literal": query.literal,
        "context": query.context,
        "limit": query.limit + 1,
    }


class _Text(Struct):
    """A text in an event: `bytes` is base64 of what is no UTF-8."""

    text: str | None = None
    data: str | None = field(default=None, name="bytes")

    def __str__(self) -> str:
        if self.text is not None:
            return self.text
        return base64.b64decode(self.data or "").decode("utf-8", "replace")


class _Data(Struct):
    path: _Text = field(default_factory=_Text)
    lines: _Text = field(default_factory=_Text)
    line_number: int | None = None
    binary_offset: int | None = None


class _Event(Struct):
    type: str
    data: _Data


_events = msgspec.json.Decoder(_Event)


class _Found:
    """The lines for the model, put together from an engine's events."""

    def __init__(self, query: _Query) -> None:
        self._query = query
        self._lines: list[str] = []
        self._size = 0
        self._file_start = (0, 0, 0)  # of lines, size and matches, where this file began
        self._last = -1  # line number shown last in this file
        self._cut = False
        self.more = False
        self.matches = 0

    def take(self, record: bytes) -> bool:
        """Add an event. Whether more are wanted."""
        try:
            event = _events.decode(record)
        except msgspec.DecodeError:
            return True  # an event without these fields, such as the summary
        if event.type == "begin":
            self._file_start = (len(self._lines), self._size, self.matches)
            self._last = -1
        elif event.type == "end" and event.data.binary_offset is not None:
            start, self._size, self.matches = self._file_start
            del self._lines[start:]
        elif event.type in ("match", "context"):
            return self._add(event.type == "match", event.data)
        return True

    def _add(self, is_match: bool, data: _Data) -> bool:
        if is_match and self.matches >= self._query.limit:
            self.more = True
            return False
        self.matches += is_match
        number = data.line_number or 0
        text = str(data.lines).removesuffix("\n").removesuffix("\r")
        text, cut = cut_line(text)
        self._cut |= cut
        if self._query.context and self._lines and number != self._last + 1:
            self._lines.append("--")
        self._last = number
        name = printable(str(data.path)).removeprefix("./")
        line = f"{name}:{number}: {text}" if is_match else f"{name}-{number}- {text}"
        self._lines.append(line)
        self._size += len(line)
        self.more = self._size > _MAX_COLLECTED
        return not self.more

    def result(self) -> ToolResult:
        """What the model gets."""
        if not self.matches:
            return ToolResult.of("No matches found.")
        details: dict[str, Any] = {}
        notes: list[str] = []
        if self.more and self.matches >= self._query.limit:
            limit = self._query.limit
            details["matchLimitReached"] = limit
            notes.append(
                f"{limit} matches shown, there are more. Set limit={limit * 2} or narrow"
                " the pattern."
            )
        text, truncation = keep_head("\n".join(self._lines))
        if truncation.truncated:
            details["truncation"] = truncation.to_details()
            notes.append(
                f"Cut after {truncation.output_lines} lines"
                f" ({truncation.max_lines} lines or {size_text(MAX_BYTES)} at most)."
            )
        if self._cut:
            details["linesTruncated"] = True
            notes.append("Long lines were cut; see them whole with read.")
        if notes:
            text += f"\n\n[{' '.join(notes)}]"
        return ToolResult.of(text, details=details or None)
