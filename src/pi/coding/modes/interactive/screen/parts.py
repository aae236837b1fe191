"""The live area: parts one above the other, and the place where the editor or a dialog stands.

The tail, what is being written, is no part of the container: it is drawn as lines above it.

Lines of all parts are made once for a frame, from the most important to the least, so that a small
window loses the least important ones.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from prompt_toolkit.application.current import get_app
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import DynamicKeyBindings, KeyBindingsBase
from prompt_toolkit.layout.containers import (
    AnyContainer,
    DynamicContainer,
    HSplit,
    Window,
    to_container,
)
from prompt_toolkit.layout.controls import FormattedTextControl
from prompt_toolkit.layout.dimension import Dimension

from pi.coding.modes.interactive.lines import Line
from pi.coding.modes.interactive.stage import Pane

__all__ = ["Part", "Parts"]


class Part:
    """Some lines. `lines` is set before every frame."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.window = Window(
            FormattedTextControl(self._text),
            height=self._height,
            dont_extend_height=True,
            wrap_lines=False,
            always_hide_cursor=True,
        )

    def _text(self) -> StyleAndTextTuples:
        joined: StyleAndTextTuples = []
        for at, line in enumerate(self.lines):
            joined += [("", "\n"), *line] if at else line
        return joined

    def _height(self) -> Dimension:
        count = len(self.lines)
        return Dimension(min=count, max=count, preferred=count)


class Parts:
    """All parts, and the panes of dialogs, one at a time.

    covering: rows of dialogs and menus, which go away again, and so push nothing out of sight.
    """

    def __init__(
        self, editor: AnyContainer, focus: Any, keys: Callable[[], KeyBindingsBase]
    ) -> None:
        self.tail: list[Line] = []
        self.covering = 0
        self.queue, self.status = Part(), Part()
        self.above, self.below, self.footer = Part(), Part(), Part()
        self._editor, self._focus = editor, focus
        self._pane: Pane | None = None
        self._armed = True
        self._turn = asyncio.Lock()
        here = DynamicContainer(lambda: self._pane.container if self._pane else self._editor)
        self._here = here
        self.container = HSplit(
            [
                self.queue.window,
                self.status.window,
                self.above.window,
                here,
                self.below.window,
                self.footer.window,
            ]
        )
        self.keys = DynamicKeyBindings(
            lambda: self._pane.keys if self._pane and self._armed else keys()
        )

    @property
    def asking(self) -> bool:
        """Whether a dialog is shown."""
        return self._pane is not None

    def fill(self, columns: int, rows: int, make: Callable[[str, int], list[Line]]) -> None:
        """Have the lines of all parts made. make: name of a part, and how many rows it may have."""
        here = self._here.preferred_height(columns, rows).preferred
        self.covering = 0
        if self._pane is None or self._pane.covers:
            editor = self._focus.preferred_height(columns, rows).preferred
            self.covering = max(0, here - editor)
        left = rows - max(1, here)
        for name in ("footer", "status", "queue", "above", "below", "tail"):
            room = left + self.covering if name == "tail" else left
            lines = make(name, room)[:room] if room > 0 else []
            left -= len(lines)
            if name == "tail":
                self.tail = lines
            else:
                getattr(self, name).lines = lines

    async def show(
        self,
        pane: Pane,
        redraw: Callable[[], None],
        calm: Callable[[], Awaitable[None]],
        quiet: Callable[[], Awaitable[bool]],
    ) -> Any:
        """Show a pane until it has a result.

        calm: waits until nobody types. quiet: whether nobody has begun to when it appeared; until
        then a pane that nobody has asked for leaves the keys to the editor.
        """
        async with self._turn:
            try:
                while True:
                    await calm()
                    self._put(pane, armed=not pane.unasked)
                    redraw()
                    if self._armed or await quiet():
                        break
                    self._put(None)
                    redraw()
                self._armed = True
                return await pane.result
            finally:
                if not pane.result.done():
                    pane.result.cancel()
                self._put(None)
                redraw()

    def dismiss(self) -> bool:
        """Close what nobody has asked for and has just appeared; whether there is such a thing."""
        pane = self._pane
        if pane is None or self._armed or pane.result.done():
            return False
        pane.result.set_result(None)
        return True

    def _put(self, pane: Pane | None, *, armed: bool = True) -> None:
        self._pane, self._armed = pane, armed
        layout = get_app().layout
        if pane is None:
            layout.focus(self._focus)
        else:
            layout.focus(pane.focus if pane.focus is not None else to_container(pane.container))
