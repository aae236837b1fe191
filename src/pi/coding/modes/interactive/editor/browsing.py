"""Prompts of before in the editor, one after the other, with the draft kept."""

from pi.coding.modes.interactive.editor.history import Entry, History
from pi.coding.modes.interactive.editor.page import Page

__all__ = ["Browsing", "put"]


class Browsing:
    """Where in the history the editor is."""

    def __init__(self, page: Page, history: History) -> None:
        self._page, self._history = page, history
        self._at: int | None = None
        self._draft = ("", 0)
        self._shown = ""

    def older(self) -> bool:
        """Show the prompt before; False if there is none."""
        entries = self._history.entries
        at = self._at if self._at is not None and self._shown == self._page.text.text else None
        if at is None:
            at = len(entries)
            self._draft = (self._page.text.text, self._page.text.cursor)
        if at == 0:
            return False
        self._at = at - 1
        self._show(entries[self._at])
        # The cursor stays on the first row, so that the next press goes on.
        self._page.text.go(_end_of_first_line(self._page))
        return True

    def newer(self) -> bool:
        """Show the prompt after, and the draft after the last one; False if it is there already."""
        if self._at is None or self._shown != self._page.text.text:
            return False
        entries = self._history.entries
        self._at += 1
        if self._at < len(entries):
            self._show(entries[self._at])
        else:
            self._at = None
            self._page.text.set(*self._draft)
        return True

    def leave(self) -> None:
        """The text was sent or cleared."""
        self._at = None

    def _show(self, entry: Entry) -> None:
        put(self._page, entry)
        self._shown = self._page.text.text


def put(page: Page, entry: Entry) -> None:
    """A prompt of before as the text, its large pastes as marks."""
    page.text.set(page.marks.collapse(entry.text, list(entry.pastes)))


def _end_of_first_line(page: Page) -> int:
    text = page.text.text
    layout = page.layout()
    if layout.height == 1:
        return len(text)
    end = text.find("\n")
    first = len(text) if end < 0 else end
    return min(first, layout.position(0, layout.columns))
