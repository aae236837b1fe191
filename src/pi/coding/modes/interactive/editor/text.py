"""The text that is being written: where the cursor is, what changes it, and how that is undone.

It knows nothing of screens. Positions are always between characters as people see them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from pi.coding.modes.interactive.editor.graphemes import after, before, boundary, cluster_at

__all__ = ["Kind", "Text"]

Kind = Literal["", "type", "erase", "kill", "yank", "move"]
"""What the last change was: typing is undone by words, what is erased or cut in a row is one."""

_MOST_UNDO = 500
_UNDO_CHARACTERS = 4_000_000
_MOST_KILLS = 60


@dataclass(slots=True, eq=False)
class Text:
    """A text with a cursor. on_change is called after every change of the text."""

    text: str = ""
    cursor: int = 0
    on_change: Callable[[], None] = lambda: None
    kills: list[str] = field(default_factory=list)
    _undo: list[tuple[str, int]] = field(default_factory=list)
    _last: Kind = ""
    _yanked: tuple[int, int, int] = (0, 0, 0)  # start, end, which of the kills

    def insert(self, text: str, *, typed: bool = False) -> None:
        """Put a text where the cursor is. typed: it came by keys, and is undone with its word."""
        if not text:
            return
        joins = typed and self._last == "type" and not (text.isspace() and self._word_before())
        self._set(
            self.text[: self.cursor] + text + self.text[self.cursor :],
            self.cursor + len(text),
            "type" if typed else "",
            remember=not joins,
        )

    def set(self, text: str, cursor: int | None = None) -> None:
        """Another text, in one step that can be undone."""
        self._set(text, len(text) if cursor is None else cursor, "")

    def reset(self, text: str = "") -> None:
        """Another text, and nothing to undo."""
        self.text, self.cursor, self._last = text, len(text), ""
        self._undo.clear()
        self.on_change()

    def replace(self, old: str, new: str, cursor: int) -> None:
        """Write something otherwise, also in what can be undone: it was never meant as it was."""
        self.text = self.text.replace(old, new)
        self._undo = [(text.replace(old, new), at) for text, at in self._undo]
        self.cursor = boundary(self.text, cursor)
        self.on_change()

    def undo(self) -> bool:
        """Take back the last step; whether there was one."""
        if not self._undo:
            return False
        self.text, cursor = self._undo.pop()
        self.cursor = boundary(self.text, cursor)
        self._last = ""
        self.on_change()
        return True

    # -- moves -------------------------------------------------------------------------------------

    def go(self, position: int) -> bool:
        """Set the cursor; whether it moved."""
        position = boundary(self.text, position)
        moved, self.cursor, self._last = position != self.cursor, position, "move"
        return moved

    def left(self) -> int:
        """The position a character to the left."""
        return before(self.text, self.cursor)

    def right(self) -> int:
        """The position a character to the right."""
        return after(self.text, self.cursor)

    def line_start(self) -> int:
        """The start of the line."""
        return self.text.rfind("\n", 0, self.cursor) + 1

    def line_end(self) -> int:
        """The end of the line."""
        end = self.text.find("\n", self.cursor)
        return len(self.text) if end < 0 else end

    def word_left(self) -> int:
        """The start of the word before the cursor."""
        at = self._skip_left(self.cursor, "blank")
        return self._skip_left(at, self._kind_before(at))

    def word_right(self) -> int:
        """The end of the word after the cursor."""
        at = self._skip_right(self.cursor, "blank")
        return self._skip_right(at, _kind(cluster_at(self.text, at)))

    def find(self, character: str, *, back: bool = False) -> int | None:
        """Where the next (or the last) occurrence of a character is; None if there is none."""
        if back:
            found = self.text.rfind(character, 0, self.cursor)
        else:
            found = self.text.find(character, after(self.text, self.cursor))
        return None if found < 0 else found

    # -- deletes -----------------------------------------------------------------------------------

    def delete(self, start: int, end: int) -> bool:
        """Delete a range; whether anything was there."""
        return self._remove(start, end, "erase")

    def kill(self, start: int, end: int) -> bool:
        """Cut a range into the kill ring; cuts in a row are put back together."""
        piece = self.text[start:end]
        again = self._last == "kill" and bool(self.kills)
        backward = end == self.cursor
        if not self._remove(start, end, "kill"):
            return False
        if again:
            self.kills[-1] = piece + self.kills[-1] if backward else self.kills[-1] + piece
        else:
            self.kills.append(piece)
            del self.kills[:-_MOST_KILLS]
        return True

    def yank(self) -> bool:
        """Put back what was cut last."""
        return bool(self.kills) and self._yank(len(self.kills) - 1, self.cursor, self.cursor)

    def yank_pop(self) -> bool:
        """In place of what was just put back, put back what was cut before that."""
        if self._last != "yank":
            return False
        start, end, which = self._yanked
        return self._yank((which - 1) % len(self.kills), start, end)

    # -- inside ------------------------------------------------------------------------------------

    def _yank(self, which: int, start: int, end: int) -> bool:
        piece = self.kills[which]
        self._set(self.text[:start] + piece + self.text[end:], start + len(piece), "yank")
        self._yanked = (start, start + len(piece), which)
        return True

    def _remove(self, start: int, end: int, kind: Kind) -> bool:
        if start >= end:
            return False
        again = kind == "erase" and self._last == "erase"
        self._set(self.text[:start] + self.text[end:], start, kind, remember=not again)
        return True

    def _set(self, text: str, cursor: int, kind: Kind, *, remember: bool = True) -> None:
        if remember and text != self.text:
            self._undo.append((self.text, self.cursor))
            del self._undo[:-_MOST_UNDO]
            if len(text) > 20_000:  # large texts are kept for fewer steps
                del self._undo[: -max(10, _UNDO_CHARACTERS // len(text))]
        # What was joined may be one character now: a combining mark after a letter.
        cursor = min(cursor, len(text))
        at = boundary(text, cursor)
        self.text = text
        self.cursor = at if at == cursor else after(text, at)
        self._last = kind
        self.on_change()

    def _word_before(self) -> bool:
        return self.cursor > 0 and not self.text[self.cursor - 1].isspace()

    def _kind_before(self, at: int) -> str:
        return _kind(cluster_at(self.text, before(self.text, at))) if at > 0 else ""

    def _skip_left(self, at: int, kind: str) -> int:
        while at > 0 and self._kind_before(at) == kind:
            at = before(self.text, at)
            if kind == "mark":
                break
        return at

    def _skip_right(self, at: int, kind: str) -> int:
        while at < len(self.text) and _kind(cluster_at(self.text, at)) == kind:
            at = after(self.text, at)
            if kind == "mark":
                break
        return at


def _kind(cluster: str) -> str:
    first = cluster[:1]
    if not first or first.isspace():
        return "blank"
    if first >= "\U0010e000":
        return "mark"
    if _ideograph(first):
        return "ideograph"
    return "word" if first.isalnum() or first == "_" else "other"


def _ideograph(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff" or "\U00020000" <= character <= "\U0003ffff"
