"""The text as it stands on the screen: its rows, which of them are seen, and moves between them."""

from typing import NamedTuple

from pi.coding.modes.interactive.editor.layout import Layout
from pi.coding.modes.interactive.editor.marks import Marks
from pi.coding.modes.interactive.editor.text import Text

__all__ = ["Page", "View"]


class View(NamedTuple):
    """What is seen. x: which character of its row the cursor is on; above, below: rows not seen."""

    rows: list[list[tuple[str, str]]]
    x: int
    y: int
    above: int
    below: int


class Page:
    """A text, what its marks stand for, and its rows. `seen` is how many rows were shown last."""

    def __init__(self) -> None:
        self.text = Text()
        self.marks = Marks()
        self.seen = 1
        self._layout = Layout(80, self._label)
        self._top = 0
        self._goal: tuple[int, int] | None = None  # where a vertical move led, and its column

    def layout(self, columns: int | None = None) -> Layout:
        """The rows as they are now."""
        if columns is not None and columns != self._layout.columns:
            self._layout = Layout(max(1, columns), self._label)
        self._layout.set(self.text.text)
        return self._layout

    def relabel(self) -> None:
        """A mark has got another label."""
        self._layout.forget()

    def vertical(self, rows: int) -> bool:
        """Move by rows, keeping the column; False if there is no row to move to."""
        layout = self.layout()
        row, column = layout.place(self.text.cursor)
        if self._goal is not None and self._goal[0] == self.text.cursor:
            column = self._goal[1]
        target = max(0, min(row + rows, layout.height - 1))
        if target == row:
            return False
        self.text.go(layout.position(target, column))
        self._goal = (self.text.cursor, column)
        return True

    def at_top(self) -> bool:
        """Whether the cursor is on the first row."""
        return self.layout().place(self.text.cursor)[0] == 0

    def at_bottom(self) -> bool:
        """Whether the cursor is on the last row."""
        layout = self.layout()
        return layout.place(self.text.cursor)[0] == layout.height - 1

    def view(self, columns: int, height: int, style: str, mark_style: str) -> View:
        """So many rows of it, with the cursor among them."""
        layout = self.layout(columns)
        height = self.seen = max(1, min(height, layout.height))
        row, _ = layout.place(self.text.cursor)
        self._top = max(row - height + 1, min(self._top, row, layout.height - height))
        self._top = max(0, self._top)
        rows = [
            layout.fragments(number, style, mark_style)
            for number in range(self._top, self._top + height)
        ]
        x = layout.index(self.text.cursor)
        return View(rows, x, row - self._top, self._top, layout.height - self._top - height)

    def _label(self, character: str) -> str | None:
        mark = self.marks.get(character)
        return None if mark is None else mark.label
