"""Text measured in cells of the terminal, and wrapped to a width.

Widths are never too small: where terminals disagree (emoji sequences, variation selectors) the
larger answer is taken, so no line is ever wider than it may be. What belongs together as one
character is not torn apart.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from pi.coding.modes.interactive.lines import ESCAPE, Line
from pi.coding.modes.interactive.paint.patterns import Pattern

__all__ = [
    "Span",
    "clip",
    "fill",
    "hard_wrap",
    "line_width",
    "soft_wrap",
    "spans_width",
    "width",
    "wrap",
]

Span = tuple[str, str, str]
"""Style, text and the address that it links to ("" for none). A text "\\n" breaks the line."""

_PIECES = Pattern(r"\n|[^\S\n\xa0\u202f]+|[^\s]+|[\xa0\u202f]+")
_HARD = "\xa0\u202f"
_SOFT_ROWS, _SOFT_ROOM = 8, 8
"""Lines of more rows are no code that somebody reads; in less room blanks are always near."""


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
        attached = size == 0 or character == "\ufe0f" or "🏻" <= character <= "🏿"
        attached = attached or (joined and _is_picture(character))
        if _is_flag(character):  # two letters are a flag
            attached = index == begin + 1 and _is_flag(text[begin])
        if index > begin and not attached:
            yield text[begin:index], cells
            begin, cells = index, 0
        cells += size
        joined = character == "\u200d"
    if begin < len(text):
        yield text[begin:], cells


def _is_picture(character: str) -> bool:
    return "\u2190" <= character <= "\u2bff" or "\U0001f000" <= character <= "\U0001faff"


def _is_flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


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
    """As `_cut`, but something is always taken: what cannot fit is replaced.

    Of people and families that were joined, the first is left.
    """
    part, rest, used = _cut(text, room)
    if part:
        return part, rest, used
    cluster = next(_clusters(text))[0]
    size = _cell(cluster[0])
    if size <= room and not _is_flag(cluster[0]):
        return cluster[0], text[len(cluster) :], size
    return "·", text[len(cluster) :], 1


class _Rows:
    """Fills rows with words. A word is what stands between blanks, in any number of styles."""

    def __init__(self, first: int, rest: int) -> None:
        self.rows: list[list[Span]] = []
        self.row: list[Span] = []
        self.used = 0
        self.first = max(first, 1)
        self.rest = max(rest, 1)
        self.space: Span | None = None
        self.word: list[tuple[Span, int]] = []
        self.size = 0

    @property
    def room(self) -> int:
        return self.first if not self.rows else self.rest

    def new(self) -> None:
        self.rows.append(self.row)
        self.row, self.used = [], 0

    def put(self, span: Span, cells: int) -> None:
        last = self.row[-1] if self.row else None
        if last and last[0] == span[0] and last[2] == span[2]:
            self.row[-1] = (span[0], last[1] + span[1], span[2])
        else:
            self.row.append(span)
        self.used += cells

    def add(self, span: Span) -> None:
        """A part of the word."""
        text = span[1]
        if text.isascii():
            self.word.append((span, len(text)))
            self.size += len(text)
            return
        for part, wide in _east(text):
            if wide:
                self.flush()
            cells = width(part)
            self.word.append(((span[0], part, span[2]), cells))
            self.size += cells
            if wide:
                self.flush()

    def flush(self) -> None:
        """The word is at its end."""
        if not self.word:
            return
        gap = 1 if self.space is not None and self.used else 0
        if self.used and self.used + gap + self.size > self.room:
            self.new()
        elif gap and self.space is not None:
            self.put(self.space, 1)
        self.space = None
        if self.used + self.size <= self.room:
            for span, cells in self.word:
                self.put(span, cells)
        else:
            self._long()
        self.word.clear()
        self.size = 0

    def _long(self) -> None:
        """A word that is longer than a row."""
        for (style, text, link), _ in self.word:
            while text:
                part, rest, cells = _cut(text, self.room - self.used)
                if not part:
                    if self.used:
                        self.new()
                        continue
                    part, rest, cells = _force(text, self.room)
                self.put((style, part, link), cells)
                text = rest


def wrap(spans: Iterable[Span], first: int, rest: int) -> list[list[Span]]:
    """Words put into rows of `first` cells, and `rest` in all but the first; at least one row."""
    rows = _Rows(first, rest)
    for style, text, link in spans:
        for piece in _PIECES.findall(text):
            if piece[0] == "\n":
                rows.flush()
                rows.new()
                rows.space = None
            elif piece.isspace() and piece[0] not in _HARD:
                rows.flush()
                rows.space = (style, " ", link)
            else:
                rows.add((style, piece, link))
    rows.flush()
    if rows.row or not rows.rows:
        rows.new()
    return rows.rows


_EAST = Pattern("([\u2e80-\u303f\u3040-\ua4cf\uac00-\ud7af\uf900-\ufaff\ufe30-\uff60])")
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
        stays = part in _NO_START if wide else part[0] == "\ufe0f"
        if held and not stays and _cell(part[0]):
            yield held, bool(_EAST.match(held))
            held = ""
        held += part
    if held:
        yield held, bool(_EAST.match(held))


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


def soft_wrap(line: Line, room: int) -> list[Line]:
    """A line cut where the room ends, or after a blank that is near; nothing is left out."""
    rows = hard_wrap(line, room)
    if len(rows) == 1 or len(rows) > _SOFT_ROWS or room < _SOFT_ROOM:
        return rows
    rows = []
    while len(hard := hard_wrap(line, room)) > 1:
        head = hard[0]
        text = "".join(part for _, part in head)
        rest = "".join(part for _, part in line)[len(text) :]
        blank = text.rfind(" ") + 1
        if blank > len(text) * 2 // 3 and text[:blank].strip() and not rest.startswith(" "):
            head = _first(line, blank)
        rows.append(head)
        line = _after(line, sum(len(part) for _, part in head))
    return [*rows, line]


def _first(line: Line, count: int) -> Line:
    """So many characters of a line."""
    found: Line = []
    for style, text in line:
        if count <= 0:
            break
        found.append((style, text[:count]))
        count -= len(text)
    return found


def _after(line: Line, count: int) -> Line:
    """A line without so many characters."""
    found: Line = []
    for style, text in line:
        if len(text) > count:
            found.append((style, text[count:]))
        count = max(0, count - len(text))
    return found


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
