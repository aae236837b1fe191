"""Keeps the list under the text in step with the text. Nothing here holds up a key."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Literal

from pi.coding.modes.interactive.editor import offers
from pi.coding.modes.interactive.editor.files import FileIndex
from pi.coding.modes.interactive.editor.menu import Menu
from pi.coding.modes.interactive.editor.offers import Item, Offer, Place, Sources
from pi.coding.modes.interactive.editor.text import Text

__all__ = ["Completing"]

_WAIT = 0.02
"""Seconds in which the next key may come before a search begins."""


class Completing:
    """What is offered for the text at the cursor. redraw: called when a list came later."""

    def __init__(
        self,
        text: Text,
        sources: Sources,
        index: FileIndex,
        home: str,
        menu: Menu,
        redraw: Callable[[], None],
    ) -> None:
        self.menu = menu
        self._text, self._sources, self._redraw = text, sources, redraw
        self._index, self._home = index, home
        self._offer: Offer | None = None
        self._for: tuple[str, int] = ("", 0)
        self._task: asyncio.Task[None] | None = None

    @property
    def open(self) -> bool:
        """Whether a list is shown."""
        return self._offer is not None

    @property
    def what(self) -> Literal["", "command", "argument", "file", "path"]:
        """What the list is of."""
        return self._offer.what if self._offer is not None else ""

    def close(self) -> None:
        """Take the list away, and forget what is looked for."""
        self._cancel()
        self._offer = None
        self.menu.show(())

    def follow(self) -> None:
        """The text has changed by typing: offer what fits now."""
        self._cancel()
        text, cursor = self._text.text, self._text.cursor
        at = offers.place(text, cursor)
        if at is None:
            self.close()
        elif at.what == "command":
            self._show(offers.commands(self._sources, at.query, cursor))
        else:
            if self.what != at.what:
                self.close()
            self._start(self._search(at))

    def tab(self) -> None:
        """Complete the path before the cursor."""
        self._start(self._paths())

    def take(self) -> Item | None:
        """Put the selected row into the text; None if there is none, or it is not up to date."""
        offer, item = self._offer, self.menu.item
        if offer is None or item is None or self._for != (self._text.text, self._text.cursor):
            return None
        text = self._text.text
        tail = text[offer.end :]
        # what follows the cursor and belongs to the word goes, a blank that is there is not doubled
        new = item.text[:-1] if item.text.endswith(" ") and tail.startswith(" ") else item.text
        self._text.set(text[: offer.start] + new + tail, offer.start + len(new))
        self.close()
        if item.more and offer.what in ("file", "path"):
            if offer.what == "file":
                self.follow()
            else:
                self.tab()
        elif item.more:
            self.follow()
        return item

    async def settle(self) -> None:
        """Wait for what is looked for."""
        if self._task is not None:
            await asyncio.wait([self._task])

    @property
    def fresh(self) -> bool:
        """Whether the list is of the text as it is now."""
        return self._for == (self._text.text, self._text.cursor)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._cancel()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # nothing runs yet
            work.close()
            return
        self._task = loop.create_task(work)

    async def _search(self, at: Place) -> None:
        await asyncio.sleep(_WAIT)
        end = self._text.cursor
        if at.what == "argument":
            try:
                offer = await offers.arguments(self._sources, at, end)
            except Exception:  # an extension's mistake is told when its command is run
                offer = None
        else:
            offer, complete = await offers.files(self._index, self._home, at, end)
            while not complete and not self.menu.moved:  # a large tree: more will be found
                self._show(offer)
                self._redraw()
                offer, complete = await offers.files(self._index, self._home, at, end)
            if self.menu.moved and self.fresh and self.open:
                return
        self._show(offer)
        self._redraw()

    async def _paths(self) -> None:
        text, cursor = self._text.text, self._text.cursor
        offer = await offers.paths(self._index.root, self._home, text, cursor)
        if (text, cursor) != (self._text.text, self._text.cursor):
            return
        if offer is not None:
            item = offer.items[0]
            shared = item.text if len(offer.items) == 1 else offers.common(offer, text)
            if shared and shared != text[offer.start : cursor]:
                self._text.set(
                    text[: offer.start] + shared + text[cursor:], offer.start + len(shared)
                )
                cursor = self._text.cursor
                offer = offer._replace(end=cursor)
                if len(offer.items) == 1 and item.more:
                    offer = await offers.paths(
                        self._index.root, self._home, self._text.text, cursor
                    )
                    if cursor != self._text.cursor:
                        return
                elif len(offer.items) == 1:
                    offer = None
            elif len(offer.items) == 1 and not item.more:
                offer = None
        self._show(offer)
        self._redraw()

    def _show(self, offer: Offer | None) -> None:
        self._offer = offer
        self._for = (self._text.text, self._text.cursor)
        self.menu.show(offer.items if offer is not None else ())
