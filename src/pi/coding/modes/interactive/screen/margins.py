"""The lines around the editor: what waits, what goes on, widgets and the footer."""

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Protocol

from pi.coding.modes.interactive.dialogs.cells import wrap
from pi.coding.modes.interactive.footer import Facts, cells_of, clip, footer_lines
from pi.coding.modes.interactive.footer import width as cells_wide
from pi.coding.modes.interactive.keymap import Keymap
from pi.coding.modes.interactive.lines import ESCAPE, Line
from pi.coding.modes.interactive.screen.looks import Looks
from pi.coding.modes.interactive.status import Activity
from pi.coding.modes.sanitize import printable

__all__ = ["Margins"]

_QUEUE_LINES = 6
_WIDGET_LINES = 10
_LITTLE = 12
"""Cells that say too little to be worth their mark of having been cut."""
_ADDRESS = re.compile(r"https?://[!-~]+")


class _Whole(Protocol):
    """What is needed of the screen."""

    keymap: Keymap
    facts: Facts
    activity: Activity
    looks: Looks

    def style(self, token: str) -> str: ...
    def redraw(self) -> None: ...


class Margins:
    """Parts of the live area by name, each made for a width."""

    def __init__(self, screen: _Whole) -> None:
        self._screen = screen
        self._above: dict[str, Sequence[str]] = {}
        self._below: dict[str, Sequence[str]] = {}
        self._queue: list[Line] = []
        self._hint = ""
        self._hint_ends: asyncio.TimerHandle | None = None
        self._style: Callable[[str], str] = screen.style

    # -- what is to be seen ------------------------------------------------------------------------

    def hint(self, text: str, seconds: float) -> None:
        """A word that goes away by itself."""
        if self._hint_ends is not None:
            self._hint_ends.cancel()
        self._hint = text
        self._hint_ends = asyncio.get_running_loop().call_later(seconds, self._unhint)
        self._screen.redraw()

    def _unhint(self) -> None:
        self._hint, self._hint_ends = "", None
        self._screen.redraw()

    def queued(self, held: Sequence[str], steering: Sequence[str], later: Sequence[str]) -> None:
        """Show what waits."""
        rows = [("Waiting", text) for text in held]
        rows += [("Steering", text) for text in steering]
        rows += [("Follow-up", text) for text in later]
        dim, muted = self._style("dim"), self._style("muted")
        self._queue = [
            [(dim, f"{kind}: "), (muted, " ".join(printable(text[:500]).split()))]
            for kind, text in rows
        ]
        if len(self._queue) > _QUEUE_LINES:
            more = len(self._queue) - _QUEUE_LINES + 1
            self._queue[_QUEUE_LINES - 1 :] = [[(dim, f"and {more} more")]]
        key = self._screen.keymap.label("app.message.dequeue")
        if rows and key:
            self._queue[-1] = [*self._queue[-1], (dim, f"  ({key} takes back)")]
        self._screen.redraw()

    def set_widget(self, key: str, lines: Sequence[str] | None, *, above: bool) -> None:
        """Lines beside the editor."""
        for widgets in (self._above, self._below):
            widgets.pop(key, None)
        if lines:
            (self._above if above else self._below)[key] = tuple(lines)
        self._screen.redraw()

    @property
    def address(self) -> str:
        """The first address of a widget that is nothing else, such as that of a login, or ""."""
        lines = (line.strip() for widget in self._above.values() for line in widget)
        return next((line for line in lines if _ADDRESS.fullmatch(line)), "")

    # -- as lines ----------------------------------------------------------------------------------

    def queue(self, width: int) -> list[Line]:
        """What waits."""
        return [clip(line, width) for line in self._queue]

    def status(self, width: int) -> list[Line]:
        """What goes on; an empty line, if nothing does, keeps the editor where it is."""
        muted = self._style("muted")
        key = self._screen.keymap.label("app.interrupt").lower()
        spinner, text, hint = self._screen.activity.line(key)
        if not text:
            return [clip([(muted, self._hint)], width)] if self._hint else [[]]
        text = _essential(printable(text), width - 2)
        line: Line = [(self._style("accent"), f"{spinner} "), (muted, text)]
        end: Line = [(self._style("dim"), f" · {hint}")] if hint and key else []
        if not self._hint:
            return [clip([*line, *end], width)]
        said: Line = [(muted, f" · {self._hint}")]
        whole = [*line, *end, *said]
        return [clip(whole if cells_of(whole) <= width else [*line, *said], width)]

    def above(self, width: int) -> list[Line]:
        """Widgets above the editor."""
        return self._widgets(self._above, width)

    def below(self, width: int) -> list[Line]:
        """Widgets below it."""
        return self._widgets(self._below, width)

    def _widgets(self, widgets: dict[str, Sequence[str]], width: int) -> list[Line]:
        look, lines = self._screen.looks.look, []
        for rows in widgets.values():
            left = len(rows) - _WIDGET_LINES
            shown = rows if left <= 1 else rows[:_WIDGET_LINES]
            lines += _widget(shown, width, links=look.hyperlinks)
            if left > 1:
                more = f"{'…' if look.unicode else '...'} {left} more rows"
                lines.append(clip([(self._style("dim"), more)], width))
        return lines

    def footer(self, width: int) -> list[Line]:
        """Where, with what, how much."""
        styles = {token: self._style(token) for token in ("dim", "muted", "warning", "error")}
        return footer_lines(self._screen.facts, width, styles)


def _widget(rows: Sequence[str], width: int, *, links: bool) -> list[Line]:
    """Long lines are broken: the address of a login must be seen, and copied, to its end."""
    lines: list[Line] = []
    for line in rows:
        linked = links and _ADDRESS.fullmatch(line.strip())
        for part in wrap(line, width):
            if linked:
                start = (ESCAPE, f"\x1b]8;;{line.strip()}\x1b\\")
                lines.append([start, ("", part), (ESCAPE, "\x1b]8;;\x1b\\")])
            else:
                lines.append([("", part)])
    return lines


def _essential(text: str, cells: int) -> str:
    """A text without its last part, if there is only room for a little of that."""
    head, dot, _ = text.rpartition(" · ")
    cut = dot and cells_wide(text) > cells and cells - cells_wide(head) < _LITTLE
    return head if cut else text
