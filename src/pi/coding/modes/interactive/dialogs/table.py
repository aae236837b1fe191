"""Rows of a list as lines: a label that may be cut, and columns that give way when it is narrow."""

from collections.abc import Callable, Sequence

from pi.coding.api.picking import Choice
from pi.coding.modes.interactive.dialogs.cells import cut, one_line, padded, width
from pi.coding.modes.interactive.lines import Line

__all__ = ["Table"]

_MAX_CELL = 28
_GAP = 2


class Table:
    """How wide the columns of a list are. Made once for a list; `style` is that of the theme."""

    def __init__(
        self, choices: Sequence[Choice], style: Callable[[str], str], *, many: bool
    ) -> None:
        count = max((len(choice.cells) for choice in choices), default=0)
        self.columns = [
            min(_MAX_CELL, max(width(c.cells[at]) for c in choices if len(c.cells) > at))
            for at in range(count)
        ]
        self.numbers = [_mostly_numbers(choices, at) for at in range(count)]
        self.label = max((width(c.label) + 2 * c.depth for c in choices), default=0)
        self.mark = max((width(choice.mark) for choice in choices), default=0)
        self.style = style
        self.many = many

    def fitting(self, cells: int) -> list[int]:
        """The widths of the columns that have room: those at the right go first."""
        left = cells - 2 - (self.mark + 1 if self.mark else 0) - (4 if self.many else 0)
        wanted = min(self.label, max(16, left // 2))
        shown: list[int] = []
        for column in self.columns:
            left -= column + _GAP
            if left < wanted:
                break
            shown.append(column)
        return shown

    def line(self, choice: Choice, cells: int, *, selected: bool, taken: bool) -> Line:
        """A row, not wider than `cells`."""
        columns = self.fitting(cells)
        style = self._row_style(choice, selected)
        head = "› " if selected else "  "
        if self.many:
            head += "[x] " if taken else "[ ] "
        if self.mark:
            head += padded(one_line(choice.mark), self.mark) + " "
        head += "  " * min(choice.depth, max(0, cells // 8))
        room = cells - width(head) - sum(columns) - _GAP * len(columns)
        label = one_line(choice.label)
        fragments: Line = [(style, cut(head, cells)), (style, padded(label, max(0, room)))]
        if not columns:
            fragments[1] = (style, cut(label, max(0, room)))
        quiet = style if selected or choice.why else self.style("muted")
        for at, column in enumerate(columns):
            cell = one_line(choice.cells[at]) if at < len(choice.cells) else ""
            fragments.append((quiet, " " * _GAP + padded(cell, column, right=self.numbers[at])))
        return fragments

    def _row_style(self, choice: Choice, selected: bool) -> str:
        if selected:
            token = "muted" if choice.why else "accent"
            return f"{self.style('selectedBg')} {self.style(token)} bold".strip()
        return self.style("dim" if choice.why else "text")


def _mostly_numbers(choices: Sequence[Choice], at: int) -> bool:
    """Whether a column is set to the right."""
    cells = [choice.cells[at] for choice in choices if len(choice.cells) > at]
    return sum(cell[:1].isdigit() or cell[:1] in ("$", "~") for cell in cells) * 2 > len(cells)
