"""The search in the history: what is typed goes into the query while it lasts."""

import asyncio
from collections.abc import Callable, Mapping

from prompt_toolkit.key_binding import KeyBindings, KeyBindingsBase, merge_key_bindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys

from pi.coding.modes.interactive.editor.browsing import put
from pi.coding.modes.interactive.editor.completing import Completing
from pi.coding.modes.interactive.editor.history import Entry, History
from pi.coding.modes.interactive.editor.keys import is_private
from pi.coding.modes.interactive.editor.offers import Item
from pi.coding.modes.interactive.editor.page import Page
from pi.coding.modes.interactive.keymap import Do, Keymap

__all__ = ["Searching"]


class Searching:
    """query: what was typed; None while nothing is searched."""

    def __init__(
        self, page: Page, history: History, completing: Completing, redraw: Callable[[], None]
    ) -> None:
        self.query: str | None = None
        self._found: list[Entry] = []
        self._page, self._history = page, history
        self._completing, self._menu = completing, completing.menu
        self._redraw = redraw

    def title(self) -> str:
        """What the upper rule says."""
        return "" if self.query is None else f"history: {self.query}"

    async def begin(self) -> None:
        """Search from now on. The history may still be read."""
        self._completing.close()
        await asyncio.to_thread(lambda: self._history.entries)
        self._look("")
        self._redraw()

    def end(self) -> None:
        """Search no longer; the text is as it was."""
        self.query = None
        self._completing.close()

    def keys(self, keymap: Keymap, others: Mapping[str, Do]) -> KeyBindingsBase:
        """The keys while it lasts. others: of these, suspending is still possible."""
        menu = self._menu
        bindings = KeyBindings()
        bindings.add(Keys.Any)(self._typed)
        bindings.add(Keys.BracketedPaste)(
            lambda event: self._look((self.query or "") + event.data[:200])
        )
        actions: dict[str, Do] = {
            "tui.select.confirm": self._take,
            "tui.select.cancel": self.end,
            "tui.select.up": lambda: menu.move(-1),
            "tui.select.down": lambda: menu.move(1),
            "tui.select.pageUp": lambda: menu.page(-1),
            "tui.select.pageDown": lambda: menu.page(1),
            "app.history.search": lambda: menu.move(1),
            "tui.input.submit": self._take,
            "tui.input.tab": self._take,
            "app.interrupt": self.end,
            "app.clear": self.end,
            "tui.editor.deleteCharBackward": lambda: self._look((self.query or "")[:-1]),
            "tui.editor.deleteToLineStart": lambda: self._look(""),
        }
        if "app.suspend" in others:
            actions["app.suspend"] = others["app.suspend"]
        return merge_key_bindings([bindings, keymap.bind(actions)])

    def _typed(self, event: KeyPressEvent) -> None:
        key = event.key_sequence[0].key
        if key == event.data and not is_private(key):
            self._look((self.query or "") + event.data)

    def _look(self, query: str) -> None:
        self.query = query
        self._found = self._history.find(query)
        items = [Item(" ".join(entry.text[:300].split()), "") for entry in self._found]
        self._menu.show(items, "" if items else "no earlier prompt has that in it")

    def _take(self) -> None:
        chosen = self._menu.selected
        self.end()
        if chosen < len(self._found):
            put(self._page, self._found[chosen])
