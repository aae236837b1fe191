"""The list under the text: what it could go on with, and which row is selected."""

from collections.abc import Callable, Sequence

from pi.coding.modes.interactive.editor.graphemes import clip, width
from pi.coding.modes.interactive.editor.offers import Item

__all__ = ["Menu"]

Line = list[tuple[str, str]]


class Menu:
    """Rows to choose from. visible: how many are shown at most. title: a line above them."""

    def __init__(self, visible: Callable[[], int], arrow: str = "→") -> None:
        self.items: Sequence[Item] = ()
        self.selected = 0
        self.moved = False
        self.title = ""
        self._visible, self._arrow = visible, arrow
        self._top = 0

    @property
    def item(self) -> Item | None:
        """The selected one."""
        return self.items[self.selected] if self.items else None

    def show(self, items: Sequence[Item], title: str = "") -> None:
        """Show these rows, from the first."""
        self.items, self.title = items, title
        self.selected = self._top = 0
        self.moved = False

    def move(self, by: int, *, around: bool = True) -> None:
        """Select another row."""
        if not self.items:
            return
        to = self.selected + by
        self.selected = to % len(self.items) if around else max(0, min(to, len(self.items) - 1))
        self.moved = True

    def page(self, by: int) -> None:
        """Select the row a page away."""
        self.move(by * max(1, self._visible()), around=False)

    @property
    def height(self) -> int:
        """Lines it takes."""
        shown = min(len(self.items), max(1, self._visible()))
        counter = len(self.items) > shown
        return shown + counter + bool(self.title)

    def lines(self, columns: int, height: int, style: Callable[[str], str]) -> list[Line]:
        """The list in so many lines."""
        lines: list[Line] = []
        if self.title and height > 1:
            lines.append([(style("muted"), clip(self.title, columns))])
        room = height - len(lines)
        shown = max(1, min(len(self.items), self._visible(), room))
        if shown < len(self.items) and shown == room and room > 1:
            shown -= 1
        self._top = max(0, self.selected - shown + 1, min(self._top, self.selected))
        self._top = min(self._top, max(0, len(self.items) - shown))
        rows = self.items[self._top : self._top + shown]
        labels = [clip(_one_line(item.label), max(1, columns - 2)) for item in rows]
        longest = min(max(map(width, labels), default=0), max(8, columns // 2))
        for number, (item, label) in enumerate(zip(rows, labels, strict=True), self._top):
            head = f"{self._arrow} " if number == self.selected else "  "
            lines.append(_row(item, head, label, longest, columns, style))
        if shown < len(self.items) and len(lines) < height:
            counter = f"  ({self.selected + 1}/{len(self.items)})"
            lines.append([(style("dim"), clip(counter, columns))])
        return lines


def _row(
    item: Item,
    head: str,
    label: str,
    longest: int,
    columns: int,
    style: Callable[[str], str],
) -> Line:
    selected = head != "  "
    line: Line = [(style("accent") if selected else style("text"), clip(head + label, columns))]
    gap = max(2, longest - width(label) + 2)
    room = columns - 2 - width(label) - gap
    if item.detail and room >= 8:
        look = style("accent") if selected else style("muted")
        line.append((look, " " * gap + clip(_one_line(item.detail), room)))
    return line


def _one_line(text: str) -> str:
    return " ".join(text.split())
