"""From bytes to lines: where each entry of a file starts, and what its place in the tree is.

Only `type`, `id`, `parentId` and `timestamp` are read, so a large file costs little until an entry
is wanted. A line that cannot be read is left out and counted, never an error; where a torn line
and the next one were written together, the whole entries in it are found again.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from pi.coding.session.entries import ENTRY_TYPES, VERSION, Header
from pi.coding.session.lenient import parse_loosely

__all__ = ["Node", "Scan"]

_BOM = b"\xef\xbb\xbf"
_ENTRY_START = re.compile(
    rb'\{"type":"(?:\w+","id":"[^"\\]*","parentId|session","(?:version":\d+,")?id)":'
)
_SHOWN_LINES = 5


class Node(Struct, gc=False):
    """The place of an entry: in the file (`start`, `size` in bytes) and in the tree.

    `index` is its position among the entries, `parent` that of its parent (-1: none).
    `parent_id` is what the line says. `entry` is what it says, once somebody asked.
    """

    type: str
    id: str
    parent_id: str | None
    timestamp: str
    start: int
    size: int
    index: int = -1
    parent: int = -1
    entry: Any = None


class _Light(Struct, rename="camel"):
    type: str
    id: Any = UNSET
    parent_id: Any = UNSET
    timestamp: Any = ""
    version: Any = UNSET


_decode = msgspec.json.Decoder(_Light).decode
_decode_header = msgspec.json.Decoder(Header).decode


class Scan:
    """The lines of a file, or of what was added to it. `feed` may be called once.

    end: length in bytes. complete: whether the last line ends in a newline.
    """

    def __init__(self, start: int = 0, header: Header | None = None) -> None:
        self.nodes: list[Node] = []
        self.header = header
        self.end = start
        self.complete = True
        self._line = 0
        self._first: str | None = None
        self._placed = False
        self._strange = False
        self._damage: dict[str, list[int]] = {}

    def feed(self, lines: Iterable[bytes]) -> "Scan":
        """Read lines, each with its newline, as a binary file gives them."""
        line = b"\n"
        for line in lines:
            self._line += 1
            try:
                self._take(_decode(line), self.end, line)
            except (ValueError, RecursionError):
                self._salvage(line)
            self.end += len(line)
        self.complete = line.endswith(b"\n")
        return self

    @property
    def version(self) -> int:
        """The version of the format that the file has."""
        return VERSION if self.header is None else self.header.version

    @property
    def is_session(self) -> bool:
        """Whether this is a session: entries have places in a tree, or there is but a header.

        A header with other objects behind it begins a stream of events, for example.
        """
        if self.header is None or self._first != "session" or self._strange:
            return self._placed
        return True

    def notes(self) -> list[str]:
        """What was left out, one sentence for each kind of damage."""
        texts: list[str] = []
        for kind, lines in self._damage.items():
            shown = ", ".join(map(str, lines[:_SHOWN_LINES]))
            more = f" and {len(lines) - _SHOWN_LINES} more" if len(lines) > _SHOWN_LINES else ""
            texts.append(f"{kind}: line{'s' if len(lines) > 1 else ''} {shown}{more}")
        return texts

    def _take(self, light: _Light, start: int, line: bytes) -> None:
        if self._first is None:
            self._first = light.type
        if light.type == "session":
            self._take_header(line)
            return
        entry_id, parent_id = light.id, light.parent_id
        if not isinstance(entry_id, str) or not entry_id:
            if self.version > 1:
                self._damaged("entries without an id were left out")
                self._strange = True
                return
            entry_id = f"{len(self.nodes) + 1:08x}"
            parent_id = self.nodes[-1].id if self.nodes else None
        elif parent_id is not UNSET and light.type in ENTRY_TYPES:
            self._placed = True
            if self.header is not None and self.version < 2:
                self.header = msgspec.structs.replace(self.header, version=VERSION)
        if not isinstance(parent_id, str):
            parent_id = None
        timestamp = light.timestamp if isinstance(light.timestamp, str) else ""
        size = len(line) - line.endswith(b"\n")
        self.nodes.append(Node(light.type, entry_id, parent_id, timestamp, start, size))

    def _take_header(self, line: bytes) -> None:
        if self.header is not None:
            self._damaged("further headers were ignored")
            return
        header = _header(line)
        if not header.id:
            self._damaged("headers without an id were ignored")
            return
        if header.version > VERSION:
            self._damaged(f"version {header.version} is newer than {VERSION}, read as far as known")
        self.header = header

    def _salvage(self, line: bytes) -> None:
        """Take the whole entries of a line that is not one entry."""
        if line.isspace():
            return
        offset = self.end
        if self._line == 1 and line.startswith(_BOM):
            offset += len(_BOM)
            line = line[len(_BOM) :]
        cuts = [match.start() for match in _ENTRY_START.finditer(line)]
        if not cuts or cuts[0] != 0:
            cuts.insert(0, 0)
        lost = False
        for cut, end in zip(cuts, [*cuts[1:], len(line)], strict=True):
            piece = line[cut:end]
            try:
                self._take(_decode(piece), offset + cut, piece)
            except (ValueError, RecursionError):
                lost = lost or not piece.isspace()
        if lost and not self._take_loosely(line, offset):
            torn = not line.endswith(b"\n")
            self._damaged("torn last line was left out" if torn else "unreadable text was left out")
        elif len(cuts) > 1:
            self._damaged("entries without a newline between them were separated")

    def _take_loosely(self, line: bytes, start: int) -> bool:
        """Take a line that is JSON with wrong bytes in its id, parent, type or time."""
        if line.count(b'"type"') == 0:
            return False
        try:
            data = parse_loosely(line)
            self._take(msgspec.convert(data, _Light), start, line)
        except (ValueError, RecursionError):
            return False
        return True

    def _damaged(self, kind: str) -> None:
        self._damage.setdefault(kind, []).append(self._line)


def _header(line: bytes) -> Header:
    """What a header says; what it does not say, or not as it should, is empty."""
    with suppress(ValueError, RecursionError):
        header = _decode_header(line)
        if header.parent_session != "":
            return header
    data = parse_loosely(line)
    version, parent = data.get("version", 1), _text(data.get("parentSession"))
    return Header(
        version if isinstance(version, int) else VERSION,
        _text(data.get("id")),
        _text(data.get("timestamp")),
        _text(data.get("cwd")),
        parent or UNSET,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
