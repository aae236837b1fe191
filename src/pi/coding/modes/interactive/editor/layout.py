"""The text in rows of a terminal: where it wraps, and which cell belongs to which position.

Lines are laid out one by one and remembered, so a key press costs the line it changes.
"""

from bisect import bisect_right
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from pi.coding.modes.interactive.editor.graphemes import MARKED, clip, clusters, painted, width

__all__ = ["Cell", "Layout", "Row"]


class Cell(NamedTuple):
    """A character: where it is in its line, in which column it begins, and how it is painted."""

    start: int
    column: int
    text: str
    mark: bool


class Row(NamedTuple):
    """A row of a line. start, end: positions in the line; a blank at the end may hang over."""

    start: int
    end: int
    cells: tuple[Cell, ...]
    width: int


class _Plain(NamedTuple):
    """A row of printable ASCII: its cells are its characters."""

    start: int
    end: int
    text: str
    width: int


Rows = tuple["Row | _Plain", ...]


class Layout:
    """A text in rows of at most `columns` cells, the last of which is for the cursor.

    label: what is shown for a mark, or None if a character is none.
    """

    def __init__(self, columns: int, label: Callable[[str], str | None]) -> None:
        self.columns = columns
        self._room = max(1, columns - 1)
        self._label = label
        self._text: str | None = None
        self._lines: list[Rows] = []
        self._starts: list[int] = []  # of lines, in the text
        self._firsts: list[int] = []  # of lines, the number of their first row
        self.height = 1

    def set(self, text: str) -> None:
        """Lay out a text. Lines before and after those that have changed are taken over."""
        if text == self._text:
            return
        old, new = ([] if self._text is None else self._text.split("\n")), text.split("\n")
        head = _same(old, new)
        tail = _same(old[head:][::-1], new[head:][::-1])
        changed = [self._rows(line) for line in new[head : len(new) - tail]]
        self._lines[head : len(old) - tail] = changed
        position = row = 0
        if head:
            position = self._starts[head - 1] + len(new[head - 1]) + 1
            row = self._firsts[head - 1] + len(self._lines[head - 1])
        del self._starts[head:], self._firsts[head:]
        for line, rows in zip(new[head:], self._lines[head:], strict=True):
            self._starts.append(position)
            self._firsts.append(row)
            position += len(line) + 1
            row += len(rows)
        self.height = row
        self._text = text

    def forget(self) -> None:
        """Labels have changed."""
        self._text = None
        self._lines, self._starts, self._firsts = [], [], []

    def place(self, position: int) -> tuple[int, int]:
        """Row and column of a position."""
        line = bisect_right(self._starts, position) - 1
        inside = position - self._starts[line]
        rows = self._lines[line]
        number = max(0, bisect_right([row.start for row in rows], inside) - 1)
        row = rows[number]
        if isinstance(row, _Plain):
            column = min(inside - row.start, row.width)
        else:
            column = row.width
            for cell in row.cells:
                if cell.start >= inside:
                    column = cell.column
                    break
        return self._firsts[line] + number, min(column, self.columns - 1)

    def index(self, position: int) -> int:
        """How many characters are painted in its row before a position."""
        row, column = self.place(position)
        line = bisect_right(self._firsts, row) - 1
        found = self._lines[line][row - self._firsts[line]]
        if isinstance(found, _Plain):
            return column
        inside = position - self._starts[line]
        return sum(len(cell.text) for cell in found.cells if cell.start < inside)

    def position(self, row: int, column: int) -> int:
        """The position nearest to a cell. Past the end of a row it is the row's last one."""
        row = max(0, min(row, self.height - 1))
        line = bisect_right(self._firsts, row) - 1
        start = self._starts[line]
        rows = self._lines[line]
        found = rows[row - self._firsts[line]]
        is_last = row - self._firsts[line] == len(rows) - 1
        if isinstance(found, _Plain):
            last = found.end if is_last else found.end - 1
            return start + max(found.start, min(found.start + column, last))
        best = found.start
        for cell in found.cells:
            if cell.column > column:
                break
            best = cell.start
        else:
            if is_last and column >= found.width:
                best = found.end
        return start + best

    def fragments(self, row: int, style: str, mark_style: str) -> list[tuple[str, str]]:
        """A row to be painted."""
        if not 0 <= row < self.height:
            return []
        line = bisect_right(self._firsts, row) - 1
        found = self._lines[line][row - self._firsts[line]]
        if isinstance(found, _Plain):
            return [(style, found.text[: self.columns])]
        out: list[tuple[str, str]] = []
        for cell in found.cells:
            if cell.column + width(cell.text) > self.columns:
                continue  # a blank that hangs over where there is no room for it
            look = mark_style if cell.mark else style
            if out and out[-1][0] == look:
                out[-1] = (look, out[-1][1] + cell.text)
            else:
                out.append((look, cell.text))
        return out

    def _rows(self, line: str) -> Rows:
        if line.isascii() and (not line or line.isprintable()):
            return _plain_rows(line, self._room)
        if MARKED.search(line):
            return tuple(_wrap(line, self._room, self._label))  # labels are not for ever
        return _cached_rows(line, self._room)


@lru_cache(maxsize=2048)
def _plain_rows(line: str, room: int) -> Rows:
    rows: list[_Plain] = []
    start = 0
    while len(line) - start > room:
        cut = start + room
        if line[cut] == " ":
            cut += 1  # hangs over
        else:
            blank = line.rfind(" ", start, cut)
            if blank >= start:
                cut = blank + 1
        rows.append(_Plain(start, cut, line[start:cut], cut - start))
        start = cut
    rows.append(_Plain(start, len(line), line[start:], len(line) - start))
    return tuple(rows)


@lru_cache(maxsize=1024)
def _cached_rows(line: str, room: int) -> Rows:
    return tuple(_wrap(line, room, lambda character: None))


def _same(one: list[str], other: list[str]) -> int:
    """How many lines at the beginning are the same."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def _wrap(line: str, room: int, label: Callable[[str], str | None]) -> list[Row]:
    rows: list[Row] = []
    cells: list[Cell] = []
    used = start = position = 0
    breakable = 0  # how many cells may stay in the row if the next one does not fit
    for cluster in clusters(line):
        name = label(cluster)
        text = clip(name, room) if name is not None else painted(cluster, used)
        cells_wide = width(text)
        if cells_wide > room:
            text = clip(text, room) if room > 1 else "?"
            cells_wide = width(text)
        while cells and used + cells_wide > room and not (cluster == " " and used == room):
            keep = breakable or len(cells)
            kept, cells = cells[:keep], cells[keep:]
            end = cells[0].start if cells else position
            rows.append(_row(start, end, kept))
            start, used = end, 0
            cells, used = _again(cells, line, label, room)
            breakable = 0
            if cluster == "\t":
                text = painted(cluster, used)
                cells_wide = width(text)
        cells.append(Cell(position, used, text, name is not None))
        used += cells_wide
        position += len(cluster)
        if cluster in (" ", "\t", "\u3000") or (cells_wide == 2 and cluster > "\u2e7f"):
            breakable = len(cells)
    rows.append(_row(start, position, cells))
    return rows


def _again(
    cells: list[Cell], line: str, label: Callable[[str], str | None], room: int
) -> tuple[list[Cell], int]:
    """Cells that go to the next row, from its first column on."""
    out: list[Cell] = []
    used = 0
    for cell in cells:
        text = painted("\t", used) if line[cell.start] == "\t" else cell.text
        out.append(Cell(cell.start, used, text, cell.mark))
        used += width(text)
    return out, used


def _row(start: int, end: int, cells: list[Cell]) -> Row:
    wide = cells[-1].column + width(cells[-1].text) if cells else 0
    return Row(start, end, tuple(cells), wide)
