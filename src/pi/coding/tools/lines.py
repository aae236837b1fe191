"""A window of lines from a file of any size, read block by block.

Nothing but the lines of the window is kept in memory, however long the file or a single line is.
After the window the remaining lines are counted, up to a bound.
"""

from collections.abc import Iterable, Iterator
from typing import Literal

from msgspec import Struct

from pi.coding.tools.threads import Stop
from pi.coding.tools.truncate import MAX_BYTES, MAX_LINES

__all__ = ["Window", "read_window", "utf8_blocks"]

Full = Literal["limit", "lines", "bytes"]
"""The caller's limit, or one of the general ones."""

_MAX_COUNTED = 256 * 1024 * 1024


class Window(Struct):
    """What was found.

    lines: raw lines without their line feeds. total_lines, total_bytes: of the whole file, or of
    what was counted if `counted_all` is false. full: why no more lines were taken. too_long: bytes
    of the first line asked for, if it alone exceeds the limit (then there are no lines).
    final_break: whether the file ends with a line feed.
    """

    lines: list[bytes] = []
    total_lines: int = 0
    total_bytes: int = 0
    counted_all: bool = True
    full: Full | None = None
    too_long: int = 0
    final_break: bool = False


def read_window(
    blocks: Iterable[bytes], first: int, limit: int | None, stop: Stop, max_bytes: int = MAX_BYTES
) -> Window:
    """Lines from number `first` (from 0), at most `limit`, 2000 and `max_bytes`.

    A line feed at the very end does not start another line.
    """
    return _Reader(first, limit, max_bytes).run(blocks, stop)


class _Reader:
    """The state between two blocks. `number` is the line that the next byte belongs to."""

    def __init__(self, first: int, limit: int | None, max_bytes: int) -> None:
        self.first = first
        self.wanted = MAX_LINES if limit is None else min(limit, MAX_LINES)
        self.reason: Full = "limit" if limit is not None and limit <= MAX_LINES else "lines"
        self.room = max_bytes  # for further lines
        self.window = Window()
        self.number = 0
        self.partial: list[bytes] = []
        self.partial_size = 0
        self.measuring = False  # the first line is too long: only its length is wanted

    def run(self, blocks: Iterable[bytes], stop: Stop) -> Window:
        window = self.window
        since_full = 0
        for block in blocks:
            if stop.is_set():
                break
            if since_full > _MAX_COUNTED:
                window.counted_all = False
                break
            if window.full:
                since_full += len(block)
            window.total_bytes += len(block)
            window.final_break = block.endswith(b"\n")
            self._take(block)
        if not window.final_break and window.total_bytes:
            self._end_line()
        window.total_lines = self.number
        return window

    def _take(self, block: bytes) -> None:
        at = 0
        while at < len(block):
            if self.number < self.first:
                at = self._skip(block, at)
                continue
            if self.window.full and not self.measuring:
                self.number += block.count(b"\n", at)
                return
            end = block.find(b"\n", at)
            self._add(block[at:] if end < 0 else block[at:end])
            if end < 0:
                return
            self._end_line()
            at = end + 1

    def _skip(self, block: bytes, at: int) -> int:
        """Go over lines before the window; where in `block` that ended."""
        count = block.count(b"\n", at)
        if self.number + count < self.first:
            self.number += count
            return len(block)
        while self.number < self.first:
            at = block.find(b"\n", at) + 1
            self.number += 1
        return at

    def _add(self, piece: bytes) -> None:
        self.partial_size += len(piece)
        if self.measuring:
            return
        self.partial.append(piece)
        if self.partial_size > self.room + 1:  # one for a CR, which is not shown
            self.partial.clear()
            self.window.full = "bytes"
            self.measuring = not self.window.lines

    def _end_line(self) -> None:
        window = self.window
        self.number += 1
        if self.measuring:
            window.too_long = self.partial_size
            self.measuring = False
        if window.full or self.number <= self.first:
            return
        line = b"".join(self.partial).removesuffix(b"\r")
        self.partial.clear()
        self.partial_size = 0
        if len(line) > self.room:
            window.full = "bytes"
            window.too_long = 0 if window.lines else len(line)
            return
        self.room -= len(line) + 1
        window.lines.append(line)
        if len(window.lines) >= self.wanted:
            window.full = self.reason


def utf8_blocks(blocks: Iterator[bytes], codec: str) -> Iterator[bytes]:
    """Blocks in another encoding as UTF-8; what cannot be decoded is replaced."""
    import codecs

    decoder = codecs.getincrementaldecoder(codec)("replace")
    for block in blocks:
        yield decoder.decode(block).encode("utf-8", "replace")
    yield decoder.decode(b"", True).encode("utf-8", "replace")
