"""The editor and its list as prompt_toolkit sees them."""

from collections.abc import Callable

from prompt_toolkit.application.current import get_app
from prompt_toolkit.data_structures import Point
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout.controls import GetLinePrefixCallable, UIContent, UIControl

from pi.coding.modes.interactive.editor.graphemes import clip, width
from pi.coding.modes.interactive.editor.menu import Menu
from pi.coding.modes.interactive.editor.page import Page

__all__ = ["MenuControl", "PageControl"]

Style = Callable[[str], str]
Line = StyleAndTextTuples


class PageControl(UIControl):
    """A page between two rules. rule: the style of the rules as they are to be now.

    title: stands in the upper rule. hint: is shown while there is no text. padding: cells left
    free on both sides.
    """

    def __init__(
        self,
        page: Page,
        style: Style,
        rule: Callable[[], str],
        *,
        title: Callable[[], str] = lambda: "",
        hint: Callable[[], str] = lambda: "",
        padding: Callable[[], int] = lambda: 0,
        unicode: bool = True,
    ) -> None:
        self._page, self._style, self._rule = page, style, rule
        self._title, self._hint = title, hint
        self._padding = padding
        self._unicode = unicode

    def is_focusable(self) -> bool:
        """It is where keys go."""
        return True

    def preferred_height(
        self,
        width: int,
        max_available_height: int,
        wrap_lines: bool,
        get_line_prefix: GetLinePrefixCallable | None,
    ) -> int | None:
        """All rows up to a third of the window, and the rules."""
        rows = get_app().output.get_size().rows
        most = max(3, rows // 3)
        free = self._free(width)
        return min(self._page.layout(width - 2 * free).height, most) + 2

    def _free(self, width: int) -> int:
        """The padding, where the window is wide enough for it."""
        return self._padding() if width >= 20 else 0

    def create_content(self, width: int, height: int | None) -> UIContent:
        """What is seen. Where there is no room, the rules go first."""
        height = 3 if height is None else max(1, height)
        rules = height >= 3
        text_style = self._style("text")
        free = self._free(width)
        room = width - 2 * free
        view = self._page.view(
            room, height - 2 if rules else height, text_style, self._style("accent")
        )
        lines: list[Line] = [[*row] for row in view.rows]
        if not self._page.text.text:
            lines[0] = [(self._style("dim"), clip(self._hint(), room - 1))]
        lines[view.y].append((text_style, " ") if _cells(lines[view.y]) < room else ("", ""))
        if free:
            lines = [[("", " " * free), *line] for line in lines]
        if rules:
            look = self._rule()
            up, down = ("↑", "↓") if self._unicode else ("^", "v")
            above = f"{up} {view.above} more" if view.above else self._title()
            below = f"{down} {view.below} more" if view.below else ""
            lines = [[(look, self._line(width, above))], *lines, [(look, self._line(width, below))]]
        cursor = Point(x=view.x + free, y=view.y + rules)
        return UIContent(lambda number: lines[number], len(lines), cursor)

    def _line(self, columns: int, text: str) -> str:
        dash = "─" if self._unicode else "-"
        if not text:
            return dash * columns
        text = clip(text, columns - 8)
        if not text:
            return dash * columns
        return f"{dash * 3} {text} " + dash * (columns - 5 - width(text))


class MenuControl(UIControl):
    """A list under the page."""

    def __init__(self, menu: Menu, style: Style) -> None:
        self._menu, self._style = menu, style

    def preferred_height(
        self,
        width: int,
        max_available_height: int,
        wrap_lines: bool,
        get_line_prefix: GetLinePrefixCallable | None,
    ) -> int | None:
        """Its rows."""
        return self._menu.height

    def create_content(self, width: int, height: int | None) -> UIContent:
        """Its rows, as many as there is room for."""
        made = self._menu.lines(width, height or self._menu.height, self._style)
        lines: list[Line] = [[*line] for line in made]
        return UIContent(lambda number: lines[number], len(lines), show_cursor=False)


def _cells(line: Line) -> int:
    return sum(width(part[1]) for part in line)
