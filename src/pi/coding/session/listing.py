"""What a list shows of a session, read in one quick pass over its file.

Only the header, the first prompt, the last message and the names are decoded; a session of 60 MB
takes about 10 ms. Files that cannot be read or are no sessions are left out.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from pi.coding.session.display import one_line
from pi.coding.session.entries import Header
from pi.coding.session.names import parse_time
from pi.coding.session.scan import Scan

__all__ = ["SessionInfo", "read_header", "read_info", "texts"]

_MESSAGE = b'{"type":"message"'
_NAME = b'{"type":"session_info"'
_HEAD = 300
"""Bytes at the start of a line in which the role of its message stands."""


class SessionInfo(Struct, frozen=True):
    """A session as a row of a list.

    created, modified: ms since the epoch; `modified` is the time of the last message.
    first_message: the beginning of the first prompt, one line, safe to print. file: its path; a
    thousand `Path`s would take longer than all the rest of a list.
    """

    file: str
    id: str
    cwd: str
    name: str | None
    parent_session: str | None
    created: int
    modified: int
    message_count: int
    first_message: str

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self.file)

    @property
    def title(self) -> str:
        """The name, or else the first prompt."""
        return self.name or self.first_message or "(no messages)"


class _Message(Struct):
    role: Any = None
    content: Any = None
    timestamp: Any = None


class _Line(Struct):
    type: Any = None
    timestamp: Any = None
    message: _Message | None = None
    name: Any = None


_decode_line = msgspec.json.Decoder(_Line).decode


def read_header(path: Path) -> Header | None:
    """The header of a session; None if the file has none or cannot be read."""
    try:
        with path.open("rb", buffering=4096) as file:
            return _header(file)
    except OSError:
        return None


def read_info(path: Path) -> SessionInfo | None:
    """What a list shows of the session; None if the file is none or cannot be read."""
    try:
        with path.open("rb", buffering=1 << 18) as file:
            header = _header(file)
            return None if header is None else _collect(path, header, file)
    except OSError:
        return None


def texts(path: Path) -> Iterator[str]:
    """What was said in a session, message by message, without thinking and tools: for searching."""
    try:
        with path.open("rb", buffering=1 << 18) as file:
            for line in file:
                role = line[:_HEAD]
                if b'"user"' in role or b'"assistant"' in role or not line.startswith(b'{"type":'):
                    message = _parse(line).message
                    if message is not None and message.role in ("user", "assistant"):
                        yield _text(message.content)
    except OSError:
        return


def _header(lines: Iterable[bytes]) -> Header | None:
    """The header; what is left of an iterator of lines are those after it."""
    scan = Scan()
    for line in lines:
        scan.feed((line,))
        if scan.header is not None or scan.nodes:
            break
    return scan.header


def _collect(path: Path, header: Header, lines: Iterable[bytes]) -> SessionInfo:
    count, first, name = 0, "", None
    last: bytes | None = None
    for line in lines:
        if line.startswith(_MESSAGE):
            count += 1
            last = line
            if not first and b'"user"' in line[:_HEAD]:
                first = _prompt(_parse(line).message)
        elif line.startswith(_NAME):
            name = _parse(line).name
        elif not line.startswith(b'{"type":"'):
            entry = _parse(line)  # written by another hand
            if entry.type == "session_info":
                name = entry.name
            elif entry.type == "message":
                count += 1
                last = line
                first = first or _prompt(entry.message)
    created = parse_time(header.timestamp)
    return SessionInfo(
        str(path),
        header.id,
        header.cwd,
        one_line(name) or None if isinstance(name, str) else None,
        None if header.parent_session is UNSET else header.parent_session,
        created,
        _time(_parse(last)) or created if last is not None else created,
        count,
        first,
    )


def _parse(line: bytes) -> _Line:
    try:
        return _decode_line(line)
    except (ValueError, RecursionError):
        return _Line()


def _time(entry: _Line) -> int:
    if entry.message is not None and isinstance(entry.message.timestamp, int | float):
        return int(entry.message.timestamp)
    return parse_time(entry.timestamp) if isinstance(entry.timestamp, str) else 0


def _prompt(message: _Message | None) -> str:
    if message is None or message.role != "user":
        return ""
    return one_line(_text(message.content))


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts: list[str] = []
    for block in content:
        text = block.get("text") if isinstance(block, dict) else None
        if isinstance(text, str):
            parts.append(text)
    return " ".join(parts)
