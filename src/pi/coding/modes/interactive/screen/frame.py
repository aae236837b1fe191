"""Frames: finished lines above, the live area below, in one write.

The live area has two halves. What is being written (the tail) is drawn by us, row by row from the
first one that has changed; what is below it, prompt_toolkit draws, cell by cell.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.data_structures import Point
from prompt_toolkit.renderer import Renderer
from prompt_toolkit.styles import Attrs

from pi.coding.modes.interactive.footer import width
from pi.coding.modes.interactive.lines import ESCAPE, Line
from pi.coding.modes.interactive.screen.output import HeldOutput
from pi.coding.modes.interactive.terminal import Terminal

__all__ = ["FramedApplication"]


class _Renderer(Renderer):
    """Knows that there are rows of ours above its own, and erases them with them."""

    tail: Sequence[Line] = ()

    def erase(self, leave_alternate_screen: bool = True) -> None:
        at = self._cursor_pos
        self._cursor_pos = Point(at.x, at.y + len(self.tail))
        self.tail = ()
        super().erase(leave_alternate_screen)


def _common(some: Sequence[Line], others: Sequence[Line]) -> int:
    """How many lines at the beginning are the same."""
    for at, (one, other) in enumerate(zip(some, others, strict=False)):
        if one != other:
            return at
    return min(len(some), len(others))


FRAME = 1 / 30
"""Seconds between frames while something streams. Keys are answered at once."""


class FramedApplication(Application[None]):
    """An application whose frames begin with `compose`: the finished lines, and the tail."""

    def __init__(
        self,
        held: HeldOutput,
        compose: Callable[[], tuple[list[Line], list[Line]]],
        terminal: Terminal,
        **more: Any,
    ) -> None:
        self.held = held
        self._compose = compose
        self._reflows, self._rest = terminal.reflows, terminal.rest
        self._drawn = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._resizing: asyncio.TimerHandle | None = None
        self._anew = False
        self._attrs: dict[str, Attrs] = {}
        super().__init__(
            output=held,
            full_screen=False,
            erase_when_done=True,
            color_depth=lambda: held.depth,
            mouse_support=False,
            terminal_size_polling_interval=None,
            **more,
        )
        self.renderer = self._below = _Renderer(
            self._merged_style, held, full_screen=False, mouse_support=False
        )

    def soon(self) -> None:
        """Draw within a frame's time."""
        if self._timer is not None or not self._is_running:
            return
        wait = self._drawn + FRAME - time.monotonic()
        self._timer = asyncio.get_running_loop().call_later(max(0.0, wait), self._due)

    def _due(self) -> None:
        self._timer = None
        if self._is_running:
            self._redraw()

    def _redraw(self, render_as_done: bool = False) -> None:
        if not self._is_running or self._running_in_terminal:
            return
        if self._resizing is not None and not render_as_done:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        with self.held.frame():
            lines, tail = self._compose()
            if render_as_done:
                tail = []
            drawn = self._below.tail
            anew = self._has_other_width() or self._anew or lines or self._has_shrunk()
            same = 0 if anew else _common(drawn, tail)
            if anew or not same == len(drawn) == len(tail):
                self._anew = False
                self._erase(len(drawn) - same)
                self._write(lines + tail[same:])
                self._below.tail = tail
            super()._redraw(render_as_done)
        self._drawn = time.monotonic()

    def _has_shrunk(self) -> bool:
        last = self.renderer._last_screen
        size = self.held.get_size()
        if last is None or self.renderer._last_size != size:
            return False
        wanted = self.layout.container.preferred_height(size.columns, size.rows).preferred
        return min(wanted, size.rows) < last.height

    def _erase(self, rows: int) -> None:
        """Take the lower half away, and so many rows above it.

        The modes that prompt_toolkit would reset too are left.
        """
        renderer, output = self.renderer, self.held
        position = renderer._cursor_pos
        output.hide_cursor()
        output.cursor_backward(position.x)
        output.cursor_up(position.y + rows)
        output.reset_attributes()
        output.erase_down()
        renderer._cursor_pos = Point(0, 0)
        renderer._last_screen = None
        renderer._last_size = None
        renderer._last_style = None
        renderer._min_available_height = 0

    def _write(self, lines: list[Line]) -> None:
        """Lines that stay. The terminal may wrap them anew when its width changes."""
        output, style, depth = self.held, self._merged_style, self.held.depth
        output.enable_autowrap()
        attrs = self._attrs
        for line in lines:
            last = ""
            for look, text in line:
                if look == ESCAPE:
                    output.write_raw(text)
                    continue
                if look != last:
                    if look not in attrs:
                        attrs[look] = style.get_attrs_for_style_str(look)
                    output.set_attributes(attrs[look], depth)
                    last = look
                output.write(text)
            if last:
                output.reset_attributes()
            output.write_raw("\r\n")

    def _on_resize(self) -> None:
        """Draw when the window has come to rest: until then nobody knows how wide it is."""
        if self._resizing is not None:
            self._resizing.cancel()
        self._resizing = asyncio.get_running_loop().call_later(self._rest, self._rested)

    def _rested(self) -> None:
        self._resizing = None
        self._anew = True  # a window that was small for a moment has lost rows
        self._redraw()

    def _has_other_width(self) -> bool:
        """Whether the window has another width since the last frame; then the cursor is found.

        Where the terminal has broken the live area's lines anew, it is so many rows further up.
        """
        renderer, columns = self.renderer, self.held.get_size().columns
        last, size = renderer._last_screen, renderer._last_size
        if last is None or size is None or size.columns == columns:
            return False
        position = renderer._cursor_pos
        if self._reflows and columns < size.columns:
            whole = columns + 1  # the window's own width
            extra = position.x // whole
            for row in range(position.y):
                cells = [x for x, cell in last.data_buffer[row].items() if cell.char != " "]
                extra += max(cells, default=0) // whole
            for line in self._below.tail:
                text = "".join(text for look, text in line if look != ESCAPE).rstrip()
                extra += max(0, width(text) - 1) // whole
            renderer._cursor_pos = Point(position.x % whole, position.y + extra)
        return True
