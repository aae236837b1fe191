"""Text measured in cells of the terminal, and wrapped to a width.

Widths are never too small: where terminals disagree (emoji sequences, variation selectors) the larger
answer is taken, so no line is ever wider than it may be. What belongs together as one character is
not torn apart.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from pi.coding.modes.interactive.lines import ESCAPE, Line

__all__ = ["Span", "clip", "fill", "hard_wrap", "line_width", "spans_width", "width", "wrap"]

Span = tuple[str, str, str]
"""Style, text and the address that it links to ("" for none). A text "\\n" breaks the line."""

_PIECES = re.compile(r"\n|[^\S\n\xa0\u202f]+|[^\s]+|[\xa0\u202f]+")
_JOINED = re.compile("\u200d.|[\ufe0f\u20e3\U0001f3fb-\U0001f3ff]")


@lru_cache(maxsize=8192)
def _cell(character: str) -> int:
    if character == "\ufe0f":
        return 1  # makes the one before it wide
    from wcwidth import wcwidth  # prompt_toolkit has loaded it

    return max(wcwidth(character), 0)


def width(text: str) -> int:
    """How many cells a text without control characters takes at most."""
    return len(text) if text.isascii() else sum(map(_cell, text))


def spans_width(spans: Iterable[Span]) -> int:
    """Cells of all of them."""
    return sum(width(text) for _, text, _ in spans)


def line_width(line: Line) -> int:
    """Cells of a line."""
    return sum(width(text) for style, text in line if style != ESCAPE)


def _clusters(text: str) -> Iterator[tuple[str, int]]:
    """What is to stay together, with its cells."""
    begin, cells, joined = 0, 0, False
    for index, character in enumerate(text):
        size = _cell(character)
        attached = joined or size == 0 or character == "\ufe0f" or "🏻" <= character <= "🏿"
        if index > begin and not attached:
            yield text[begin:index], cells
            begin, cells = index, 0
        cells += size
        joined = character == "\u200d"
    if begin < len(text):
        yield text[begin:], cells


def _cut(text: str, room: int) -> tuple[str, str, int]:
    """The part that fits into `room` cells, the rest, and the cells of the part."""
    if text.isascii():
        part = text[:room]
        return part, text[room:], len(part)
    taken = used = 0
    for cluster, cells in _clusters(text):
        if used + cells > room:
            break
        taken += len(cluster)
        used += cells
    return text[:taken], text[taken:], used


def _force(text: str, room: int) -> tuple[str, str, int]:
    """As `_cut`, but something is always taken: what cannot fit is torn or replaced."""
    part, rest, used = _cut(text, room)
    if part:
        return part, rest, used
    cluster = next(_clusters(text))[0]
    if _cell(cluster[0]) <= room:
        taken, used = 0, 0
        while taken < len(cluster) and used + _cell(cluster[taken]) <= room:
            used += _cell(cluster[taken])
            taken += 1
        return text[:taken], text[taken:], used
    return "·", text[1:], 1


def pieces(text: str, first: int, rest: int) -> Iterator[str]:
    """A text cut into parts of `first` and then `rest` cells at most."""
    room = first
    while text:
        part, text, _ = _force(text, max(room, 1))
        yield part
        room = rest


class _Rows:
    """Fills rows with atoms."""

    def __init__(self, first: int, rest: int) -> None:
        self.rows: list[list[Span]] = []
        self.row: list[Span] = []
        self.used = 0
        self.first = max(first, 1)
        self.rest = max(rest, 1)

    @property
    def room(self) -> int:
        return self.first if not self.rows else self.rest

    def new(self) -> None:
        row = self.row
        while row and row[-1][1].isspace() and "\xa0" not in row[-1][1]:
            row.pop()
        self.rows.append(row)
        self.row, self.used = [], 0

    def put(self, span: Span, cells: int) -> None:
        if self.row and self.row[-1][0] == span[0] and self.row[-1][2] == span[2]:
            if self.row[-1][1] != " " or span[1] == " ":
                self.row[-1] = (span[0], self.row[-1][1] + span[1], span[2])
            else:
                self.row.append(span)
        else:
            self.row.append(span)
        self.used += cells


def wrap(spans: Iterable[Span], first: int, rest: int) -> list[list[Span]]:
    """Words put into rows of `first` cells, and `rest` in all but the first; at least one row."""
    rows = _Rows(first, rest)
    space: Span | None = None
    word: list[tuple[Span, int]] = []
    size = 0

    def flush() -> None:
        nonlocal space, size
        if not word:
            return
        gap = 1 if space is not None and rows.used else 0
        if rows.used and rows.used + gap + size > rows.room:
            rows.new()
            gap = 0
        if gap and space is not None:
            rows.put((space[0], " ", space[2]), 1)
        space = None
        if rows.used + size <= rows.room:
            for span, cells in word:
                rows.put(span, cells)
        else:
            _long(rows, word)
        word.clear()
        size = 0

    for style, text, link in spans:
        for piece in _PIECES.findall(text):
            if piece[0] == "\n":
                flush()
                rows.new()
                space = None
            elif piece.isspace() and piece[0] not in "\xa0\u202f":
                flush()
                space = (style, " ", link)
            else:
                cells = len(piece) if piece.isascii() else width(piece)
                if cells != len(piece) or not piece.isascii():
                    for part, wide in _east(piece):
                        if wide and word:
                            flush()
                        cells = width(part)
                        word.append(((style, part, link), cells))
                        size += cells
                        if wide:
                            flush()
                else:
                    word.append(((style, piece, link), cells))
                    size += cells
    flush()
    if rows.row or not rows.rows:
        rows.new()
    return rows.rows


_EAST = re.compile("([\u2e80-\u303f\u3040-\ua4cf\uac00-\ud7af\uf900-\ufaff\ufe30-\uff60])")
_NO_START = "、。，．：；？！）」』】〕》〉ー々％"


def _east(piece: str) -> Iterator[tuple[str, bool]]:
    """Parts between which a line may be broken though there is no blank (Chinese, Japanese)."""
    if not _EAST.search(piece):
        yield piece, False
        return
    held = ""
    for part in _EAST.split(piece):
        if not part:
            continue
        wide = bool(_EAST.match(part))
        if held and not (wide and part in _NO_START):
            yield held, bool(_EAST.match(held))
            held = ""
        held += part
    if held:
        yield held, bool(_EAST.match(held))


def _long(rows: _Rows, word: list[tuple[Span, int]]) -> None:
    """A word that is longer than a row."""
    for (style, text, link), _ in word:
        while text:
            if rows.used >= rows.room:
                rows.new()
            part, text_rest, cells = _cut(text, rows.room - rows.used)
            if not part:
                if rows.used:
                    rows.new()
                    continue
                part, text_rest, cells = _force(text, rows.room)
            rows.put((style, part, link), cells)
            text = text_rest


def hard_wrap(line: Line, room: int) -> list[Line]:
    """A line cut wherever the room ends; blanks stay. At least one row."""
    room = max(room, 1)
    if all(text.isascii() for _, text in line) and sum(len(text) for _, text in line) <= room:
        return [line]
    rows: list[Line] = []
    row: Line = []
    used = 0
    for style, text in line:
        while text:
            part, rest, cells = _cut(text, room - used)
            if not part:
                if used:
                    rows.append(row)
                    row, used = [], 0
                    continue
                part, rest, cells = _force(text, room)
            row.append((style, part))
            used += cells
            text = rest
    rows.append(row)
    return rows


def clip(line: Line, room: int, more: str = "…") -> Line:
    """A line cut to a width, with a mark if something is missing."""
    if line_width(line) <= room:
        return line
    kept: Line = []
    room -= 1
    for style, text in line:
        if style == ESCAPE:
            kept.append((style, text))
            continue
        part, rest, used = _cut(text, room) if room > 0 else ("", text, 0)
        if part:
            kept.append((style, part))
        room -= used
        if rest:
            if room >= 0:
                kept.append((style, more))
            break
    return kept


def fill(line: Line, room: int, style: str) -> Line:
    """A line made as long as the room with blanks."""
    missing = room - line_width(line)
    return [*line, (style, " " * missing)] if missing > 0 else line
