"""What lies above the cursor, so that a frame erases its own rows and no others.

A terminal breaks lines anew when its window changes, and tells us of it later: up to a quarter of a
second in tmux. A frame that was made for the old width may have erased too much or too little by
then. Its answer to `ask_size` says which width it really met. So the lines of the last frames are
kept here, what a frame has done to them is worked out for that width, and the next frame mends it:
it takes away what is left of older live areas, and writes lost lines of the transcript again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from pi.coding.modes.interactive.lines import Line

__all__ = ["Frame", "Ground", "Seen", "Written"]

_KEPT = 400
"""Lines that are remembered, at least: more than a window has rows."""
_WHOLE = 1 << 30


class Written:
    """A line as it was sent. line: of the transcript, to be sent again if it is lost.

    bound: it is not wider than that. measure: its cells, asked for only if the window is narrower.
    """

    __slots__ = ("_measure", "bound", "line")

    def __init__(self, bound: int, measure: Callable[[], int], line: Line | None = None) -> None:
        self.bound = bound
        self.line = line
        self._measure: Callable[[], int] | int = measure

    def remains(self) -> "Written":
        """The same, but nobody wants to see it there."""
        return Written(self.bound, lambda: self.cells)

    @property
    def cells(self) -> int:
        """How many cells were sent."""
        if not isinstance(self._measure, int):
            self._measure = self._measure()
        return self._measure


@dataclass(frozen=True, slots=True)
class Seen:
    """The window as the terminal had it: its size, and the cursor's row if it is known."""

    columns: int
    rows: int
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """What a frame does: it goes up so many rows, erases all below, and writes lines.

    live: the last lines, that the next frame will erase; the cursor is put `below` lines above the
    last one, at column x. whole: the live area begins with them; else rows of it stay above.
    kept: lines of the transcript that are written when there is room for them.
    """

    up: int
    settled: Sequence[Written]
    live: Sequence[Written]
    below: int
    x: int
    whole: bool
    kept: Sequence[Written] = ()


@dataclass(frozen=True, slots=True)
class Ground:
    """Lines down to the lower end of the live area, each with how many cells are left of it.

    No cell is left of a line that was lost. live: where the live area begins. below: lines under
    that of the cursor. row: of the window, that the cursor is in.
    """

    reflows: bool = True
    lines: tuple[tuple[Written, int], ...] = field(default=())
    live: int = 0
    below: int = 0
    x: int = 0
    row: int | None = None

    def at(self, seen: Seen) -> "Ground":
        """The same, where the cursor is in another row."""
        return self if seen.row is None else replace(self, row=seen.row)

    def plan(self, seen: Seen) -> tuple[int, list[Written]]:
        """How many rows to go up for a whole frame, and which lines to write again.

        Beyond the live area it goes to the first thing that is wrong and can be reached.
        """
        up = self._height_above(self.live, seen.columns)
        reach = seen.rows - 1 if self.row is None else self.row
        best, rows = self.live, up
        for at in range(self.live - 1, -1, -1):
            written, left = self.lines[at]
            height = self._height(at, seen.columns)
            is_wrong = written.line is None or not left
            if rows + height > reach:
                if is_wrong and left and reach > rows:
                    best, up = at, reach  # the lower part of it
                break
            rows += height
            if is_wrong:
                best, up = at, rows
        # what is lost above that is written again with all that follows it: twice is better than
        # out of order
        first = next((at for at, (_, left) in enumerate(self.lines[:best]) if not left), best)
        again = [one for one, _ in self.lines[first : self.live] if one.line is not None]
        return up, again

    def scrolls(self, seen: Seen, up: int, written: Sequence[Written], live: int) -> int:
        """How many rows leave the window at its top, if that is written and `live` rows below."""
        above = self._row(seen) - up + sum(self._rows(w, seen.columns) for w in written)
        return max(0, above + live - seen.rows)

    def _row(self, seen: Seen) -> int:
        if self.row is not None:
            return self.row
        # nobody knows; what was written by us is there at least
        return min(seen.rows - 1, self._height_above(0, seen.columns))

    def cover(
        self, seen: Seen, up: int, written: Sequence[Written], rows: int
    ) -> tuple[int, list[Written], list[Written]]:
        """How far to go up, what to write, and what to keep for later, so that so many rows of the
        transcript are covered. up, written: what was planned."""
        shown, kept = list(written), list[Written]()
        while rows > 0 and shown:
            kept.append(shown.pop())
            rows -= self._rows(kept[-1], seen.columns)
        at, inside = self._climb(up, seen.columns)
        while rows > 0 and at > 0 and not inside:
            at -= 1
            line, left = self.lines[at]
            height = self._height(at, seen.columns)
            if up + height > self._row(seen):
                break
            if left:
                kept.append(line)
            up += height
            rows -= height
        return up, shown, kept[::-1]

    def after(self, frame: Frame, seen: Seen) -> "Ground":
        """What is there when a frame has met a window like that."""
        columns = seen.columns
        up = frame.up if self.row is None else min(frame.up, self.row)
        at, inside = self._climb(up, columns)
        again = {id(written) for written in (*frame.settled, *frame.kept)}
        lines: list[tuple[Written, int]] = []
        for written, left in self.lines[:at]:
            if id(written) not in again:
                lines.append((written, left))
            elif left:  # it stands there a second time now
                lines.append((written.remains(), left))
        lost = [pair[0] for pair in self.lines[at:] if pair[0].line is not None]
        if inside:
            lines.append((self.lines[at][0].remains(), inside * columns))
        lines += [(written, 0) for written in lost if id(written) not in again]
        lines += [(written, _WHOLE) for written in frame.settled]
        lines += [(written, 0) for written in frame.kept]
        live = len(lines) if frame.whole else min(self.live, len(lines))
        # what does not fit into a row of the live area is not wrapped, it is not there
        lines += [(written, columns) for written in frame.live]
        if len(lines) > 2 * _KEPT:
            drop = min(len(lines) - _KEPT, live)
            lines, live = lines[drop:], live - drop
        made = Ground(
            self.reflows, tuple(lines), live, frame.below, min(frame.x, max(0, columns - 1))
        )
        if self.row is None:
            return made
        count = len(frame.settled) + len(frame.kept) + len(frame.live)
        height = sum(made._height(i, columns) for i in range(len(lines) - count, len(lines)))
        bottom = min(self.row - up + max(1, height), seen.rows) - 1
        return replace(made, row=max(0, bottom - frame.below))

    # -- rows --------------------------------------------------------------------------------------

    def _height(self, at: int, columns: int) -> int:
        written, left = self.lines[at]
        return self._rows(written, columns, left) if left else 0

    def _rows(self, written: Written, columns: int, left: int = _WHOLE) -> int:
        if columns >= written.bound or not self.reflows:
            return 1
        return max(1, -(-min(written.cells, left) // columns))

    def _inside(self, columns: int) -> tuple[int, int]:
        """The line of the cursor, and its row within it."""
        at = len(self.lines) - 1 - self.below
        if at < 0:
            return 0, 0
        return at, min(self.x // max(1, columns), max(0, self._height(at, columns) - 1))

    def _height_above(self, first: int, columns: int) -> int:
        """Rows from the beginning of a line to the cursor."""
        at, inside = self._inside(columns)
        return inside + sum(self._height(number, columns) for number in range(first, at))

    def _climb(self, rows: int, columns: int) -> tuple[int, int]:
        """The line that is so many rows above the cursor, and the row within it."""
        at, inside = self._inside(columns)
        while rows > inside and at > 0:
            rows -= inside + 1
            at -= 1
            while at > 0 and not self.lines[at][1]:
                at -= 1
            inside = self._height(at, columns) - 1
        return at, max(0, inside - rows)
