"""Frames: finished lines above, the live area below, in one write.

The live area has two halves. What is being written (the tail) is drawn by us, row by row from the
first one that has changed; what is below it, prompt_toolkit draws, cell by cell.
"""

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.data_structures import Point
from prompt_toolkit.layout import Dimension, Layout
from prompt_toolkit.layout.screen import Char, Screen
from prompt_toolkit.renderer import Renderer
from prompt_toolkit.styles import Attrs

from pi.coding.modes.interactive.footer import width
from pi.coding.modes.interactive.lines import ESCAPE, Line
from pi.coding.modes.interactive.screen.ground import Frame, Seen, Written
from pi.coding.modes.interactive.screen.output import HeldOutput
from pi.coding.modes.interactive.screen.sounding import Sounding
from pi.coding.modes.interactive.terminal import Terminal, ask_size

__all__ = ["FramedApplication"]


class _Renderer(Renderer):
    """Knows that there are rows of ours above its own, and erases them with them."""

    tail: Sequence[Line] = ()
    erased: Callable[[], None] = staticmethod(lambda: None)

    def erase(self, leave_alternate_screen: bool = True) -> None:
        at = self._cursor_pos
        self._cursor_pos = Point(at.x, at.y + len(self.tail))
        self.tail = ()
        super().erase(leave_alternate_screen)
        self.erased()

    def render(self, app: Application[Any], layout: Layout, is_done: bool = False) -> None:
        last = None if self._last_size != self.output.get_size() else self._last_screen
        super().render(app, _Watched(layout, last), is_done)  # type: ignore[arg-type]

    def written(self) -> list[Written]:
        """The rows of the last frame."""
        screen, size = self._last_screen, self._last_size
        if screen is None or size is None:
            return []
        count = min(screen.height, size.rows)
        return [Written(size.columns, self._measuring(screen, row)) for row in range(count)]

    def _measuring(self, screen: Screen, row: int) -> Callable[[], int]:
        def measure() -> int:
            looks = self._style_string_has_style
            return max(
                (
                    x + 1
                    for x, cell in screen.data_buffer[row].items()
                    if cell.char != " " or (looks is not None and looks[cell.style])
                ),
                default=0,
            )

        return measure


_SHIFTING = re.compile(
    "[\u0300-\u036f\u0590-\u109f\u200d\u20d0-\u20ff\ufb1d-\ufdff\ufe00-\ufe0f\ufe70-\ufefc"
    "\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff]"
)
"""What terminals give another place than we do: joined emoji, flags, scripts that are shaped or run
from right to left. A cell behind it is not where we think, so its row is written as a whole."""


class _Watched:
    """A layout whose rows with such characters are written anew from their first cell on."""

    def __init__(self, layout: Layout, last: Screen | None) -> None:
        self.container = self
        self._container, self._last = layout.container, last

    def preferred_height(self, columns: int, rows: int) -> Dimension:
        return self._container.preferred_height(columns, rows)

    def write_to_screen(self, screen: Screen, *args: Any, **more: Any) -> None:
        self._container.write_to_screen(screen, *args, **more)
        if self._last is None:
            return
        for number, row in screen.data_buffer.items():
            before = self._last.data_buffer.get(number)
            if before is None or before == row:
                continue
            text = "".join(cell.char for line in (before, row) for cell in line.values())
            if not text.isascii() and _SHIFTING.search(text):
                for x in range(max(max(before, default=0), max(row, default=0)) + 1):
                    before[x] = _OTHER


_OTHER = Char("\0", "")
"""A cell that is unlike every cell that is drawn."""


def _common(some: Sequence[Line], others: Sequence[Line]) -> int:
    """How many lines at the beginning are the same."""
    for at, (one, other) in enumerate(zip(some, others, strict=False)):
        if one != other:
            return at
    return min(len(some), len(others))


def _written(line: Line, columns: int, *, settled: bool) -> Written:
    def measure() -> int:
        return sum(width(text) for look, text in line if look != ESCAPE)

    return Written(columns, measure, line if settled else None)


FRAME = 1 / 30
"""Seconds between frames while something streams. Keys are answered at once."""

_LARGE = 8
"""Lines of the transcript in a frame after which the terminal is asked a second time."""
_EMPTY = Written(1, lambda: 0)
_UNSURE = 1.0
"""Seconds after a resize in which a frame waits for the answer to the one before it."""
_PATIENCE = 2.0
"""Seconds after which a terminal does not answer."""
_TOLD_LATER = 0.4
"""Seconds in which a terminal that has another size must have told us; tmux takes 250 ms."""


class FramedApplication(Application[None]):
    """An application whose frames begin with `compose`: the finished lines, and the tail.

    covering: how many rows of the live area shall rather cover what is above than move it.
    """

    def __init__(
        self,
        held: HeldOutput,
        compose: Callable[[], tuple[list[Line], list[Line]]],
        terminal: Terminal,
        covering: Callable[[], int] = lambda: 0,
        **more: Any,
    ) -> None:
        self.held = held
        self._covering = covering
        self._uncut: list[Line] | None = None
        self.sounding = Sounding(reflows=terminal.reflows)
        self._compose = compose
        self._rest = terminal.rest
        self._drawn = 0.0
        self._timer: asyncio.TimerHandle | None = None
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
        self._below.erased = self.sounding.forget
        self._window = held.window
        self._resizing: asyncio.TimerHandle | None = None
        self._unsure = 0.0
        self._doubted = False

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
        if not render_as_done and self._must_wait():
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        with self.held.frame():
            self._draw(done=render_as_done)
        self._drawn = time.monotonic()

    def _draw(self, *, done: bool) -> None:
        lines, tail = self._compose()
        tail = [] if done else tail
        drawn, window, columns = self._below.tail, self._window, self.held.get_size().columns
        covering = 0 if done else self._covering()
        wanted = self._wanted()
        anew = bool(self._anew or lines or done or self._has_shrunk(wanted))
        if covering or self._uncut is not None:  # it may hide something else now
            anew = anew or not covering or tail != self._uncut or self._has_grown(wanted)
            self._uncut = tail if covering else None
            tail = tail if anew else drawn
        same = 0 if anew else _common(drawn, tail)
        moves = anew or not same == len(drawn) == len(tail)
        unsure = time.monotonic() < self._unsure
        asks = self.sounding.answers and (moves or unsure) and not done
        if asks:
            self._ask()
        up = self.renderer._cursor_pos.y
        settled: list[Written] = []
        kept: list[Written] = []
        if anew:
            ground = self.sounding.ground
            up, settled = ground.plan(window)
            settled += [_written(line, columns, settled=True) for line in lines]
            if covering:
                rows = min(covering, ground.scrolls(window, up, settled, len(tail) + wanted))
                hidden = min(rows, len(tail))
                tail = tail[: len(tail) - hidden]
                up, settled, kept = ground.cover(window, up, settled, rows - hidden)
            self._anew = False
        elif moves:
            up += len(drawn) - same
        if moves:
            self._erase(up)
            self._write([written.line or [] for written in settled], wraps=True)
            if asks and len(settled) > _LARGE:
                # it may take the terminal two looks to read all that, with a resize between them
                self.sounding.sent(
                    Frame(up, settled, [_EMPTY], 0, 0, whole=True, kept=kept), window, asked=True
                )
                up, settled, kept = 0, [], []
                self._ask()
            self._write(tail[same:], wraps=False)
            self._below.tail = tail
        super()._redraw(done)
        if not done:
            live = [_written(line, columns, settled=False) for line in tail[same:]]
            rows, at = self._below.written(), self.renderer._cursor_pos
            below = len(rows) - 1 - at.y
            frame = Frame(up, settled, live + rows, below, at.x, whole=anew, kept=kept)
            self.sounding.sent(frame, window, asked=asks)

    def _wanted(self) -> int:
        size = self.held.get_size()
        wanted = self.layout.container.preferred_height(size.columns, size.rows).preferred
        return min(wanted, size.rows)

    def _has_grown(self, wanted: int) -> bool:
        last = self.renderer._last_screen
        return last is None or wanted > last.height

    def _has_shrunk(self, wanted: int) -> bool:
        last = self.renderer._last_screen
        if last is None or self.renderer._last_size != self.held.get_size():
            return False
        return wanted < last.height

    def _erase(self, rows: int) -> None:
        """Take so many rows above the cursor away, and all below.

        The modes that prompt_toolkit would reset too are left.
        """
        renderer, output = self.renderer, self.held
        output.hide_cursor()
        output.write_raw("\r")
        output.cursor_up(rows)
        output.reset_attributes()
        output.erase_down()
        renderer._cursor_pos = Point(0, 0)
        renderer._last_screen = None
        renderer._last_size = None
        renderer._last_style = None
        renderer._min_available_height = 0

    def _write(self, lines: Sequence[Line], *, wraps: bool) -> None:
        """Lines that stay, which the terminal may wrap; or the tail, a row for each line."""
        output, style, depth = self.held, self._merged_style, self.held.depth
        if wraps:
            output.enable_autowrap()
        else:
            output.disable_autowrap()
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

    # -- another size ------------------------------------------------------------------------------

    def _must_wait(self) -> bool:
        """Whether nobody knows just now how wide the window is."""
        if self._resizing is None and self.held.window != self._window:
            self._on_resize()
        if self._resizing is not None:
            return True
        return self.sounding.waiting and time.monotonic() < self._unsure

    def _on_resize(self) -> None:
        """Draw when the window has come to rest."""
        self._doubted = False
        self._wait(self._rest)

    def _wait(self, seconds: float) -> None:
        if self._resizing is not None:
            self._resizing.cancel()
        self._resizing = asyncio.get_running_loop().call_later(seconds, self._rested)

    def _rested(self) -> None:
        self._resizing = None
        self._window = self.held.window
        self._anew = True
        self._unsure = time.monotonic() + _UNSURE
        if self.sounding.answers and self._is_running and not self._running_in_terminal:
            self._ask()
            self.held.flush()
            self.sounding.sent(None, self._window, asked=True)
        else:
            self._redraw()

    def _ask(self) -> None:
        self.held.write_raw(ask_size)
        if not self.sounding.waiting:
            asyncio.get_running_loop().call_later(_PATIENCE, self._unanswered, self.sounding.told)

    def _unanswered(self, told: Seen) -> None:
        if self.sounding.waiting and self.sounding.told is told:
            self.sounding.give_up()
            self.soon()

    def heard(self, reply: str) -> None:
        """Take what the terminal has answered to `ask_size`."""
        window = self.held.window
        as_presumed = self.sounding.heard(reply, window)
        if as_presumed is None:
            return
        told = self.sounding.told
        agrees = (told.columns, told.rows) == (window.columns, window.rows)
        self._doubted = self._doubted and not agrees
        if self._resizing is not None:
            return
        if not agrees and self._doubted:  # it tells something else than the system
            self.sounding.give_up()
            self.soon()
        elif not agrees:
            self._doubted = True
            self._wait(_TOLD_LATER)
        elif not as_presumed:
            self._unsure = time.monotonic() + _UNSURE
            self._anew = True
            self._redraw()
        elif self._anew:
            self._redraw()
        elif time.monotonic() < self._unsure:
            self.soon()
