"""What the keys of the editor do."""

from collections.abc import Callable, Mapping
from typing import Any

from pi.coding.modes.interactive.editor.browsing import Browsing
from pi.coding.modes.interactive.editor.completing import Completing
from pi.coding.modes.interactive.editor.page import Page
from pi.coding.modes.interactive.keymap import Do

__all__ = ["Doing"]


class Doing:
    """The actions of a page. After an action that moves or takes, the list is closed."""

    def __init__(self, page: Page, completing: Completing, browsing: Browsing) -> None:
        self._page, self._text = page, page.text
        self._completing, self._menu = completing, completing.menu
        self._browsing = browsing
        self._jump: bool | None = None  # the next character is looked for; True: backwards

    def type(self, text: str) -> None:
        """A character was typed."""
        if self._jump is not None:
            back, self._jump = self._jump, None
            found = self._text.find(text, back=back)
            if found is not None:
                self._text.go(found)
            return
        self._text.insert(self._page.marks.insertable(text, collapse=False), typed=True)
        self._completing.follow()

    def actions(self) -> dict[str, Do]:
        """Action ids and what they do. What is for the list comes before what is for the text."""
        text, moves, kills = self._text, self._moving, self._killing
        return {
            "tui.select.up": lambda: self._in_list(-1),
            "tui.select.down": lambda: self._in_list(1),
            "tui.select.pageUp": lambda: self._in_list(-1, page=True),
            "tui.select.pageDown": lambda: self._in_list(1, page=True),
            "app.interrupt": self._close,
            "tui.input.submit": self._enter,
            "tui.input.newLine": self._new_line,
            "tui.input.tab": self._tab,
            "tui.editor.cursorUp": self._up,
            "tui.editor.cursorDown": self._down,
            "tui.editor.historyPrevious": self._older,
            "tui.editor.historyNext": self._newer,
            "tui.editor.cursorLeft": moves(text.left),
            "tui.editor.cursorRight": moves(text.right),
            "tui.editor.cursorWordLeft": moves(text.word_left),
            "tui.editor.cursorWordRight": moves(text.word_right),
            "tui.editor.cursorLineStart": moves(text.line_start),
            "tui.editor.cursorLineEnd": moves(text.line_end),
            "tui.editor.jumpForward": lambda: self._begin_jump(False),
            "tui.editor.jumpBackward": lambda: self._begin_jump(True),
            "tui.editor.pageUp": lambda: self._paged(-1),
            "tui.editor.pageDown": lambda: self._paged(1),
            "tui.editor.deleteCharBackward": self._backspace,
            "tui.editor.deleteCharForward": self._delete,
            "tui.editor.deleteWordBackward": kills(lambda: (text.word_left(), text.cursor)),
            "tui.editor.deleteWordForward": kills(lambda: (text.cursor, text.word_right())),
            "tui.editor.deleteToLineStart": kills(self._to_start),
            "tui.editor.deleteToLineEnd": kills(self._to_end),
            "tui.editor.yank": self._plain(text.yank),
            "tui.editor.yankPop": self._plain(text.yank_pop),
            "tui.editor.undo": self._plain(text.undo),
        }

    def conditions(self, others: Mapping[str, Do]) -> dict[str, Callable[[], bool]]:
        """When actions are there: those of the list while it is open; deleting while there is a
        text, so that its key may quit otherwise. others: actions that somebody else has too."""

        def is_open() -> bool:
            return bool(self._menu.items)

        def stops() -> bool:
            return is_open() or self._jump is not None

        found: dict[str, Callable[[], bool]] = {
            f"tui.select.{name}": is_open for name in ("up", "down", "pageUp", "pageDown")
        }
        found["app.interrupt"] = stops
        found["tui.editor.deleteCharForward"] = lambda: bool(self._text.text)
        found["tui.input.submit"] = lambda: is_open() or self._after_backslash()
        return {action: when for action, when in found.items() if action not in others}

    # -- the list ----------------------------------------------------------------------------------

    def _in_list(self, by: int, *, page: bool = False) -> Any:
        if not self._menu.items:
            return False
        if page:
            self._menu.page(by)
        else:
            self._menu.move(by)
        return None

    def _close(self) -> Any:
        was_open, jumping = bool(self._menu.items), self._jump is not None
        self._jump = None
        self._completing.close()
        return None if was_open or jumping else False

    def _enter(self) -> Any:
        completing, self._jump = self._completing, None
        if completing.open and self._takes_on_enter():
            if not completing.fresh:
                return self._take_later()
            what = completing.what
            if completing.take() is not None and what in ("file", "path"):
                return None
        completing.close()
        if self._after_backslash():
            text = self._text
            text.set(text.text[: text.cursor - 1] + "\n" + text.text[text.cursor :], text.cursor)
            return None
        return False

    def _takes_on_enter(self) -> bool:
        """Arguments are only taken when one was chosen: what was typed counts otherwise."""
        return self._completing.what != "argument" or self._menu.moved

    async def _take_later(self) -> None:
        await self._completing.settle()
        self._completing.take()

    def _tab(self) -> Any:
        self._jump = None
        if not self._completing.open:
            self._completing.tab()
            return None
        if not self._completing.fresh:
            return self._take_later()
        self._completing.take()
        return None

    def _after_backslash(self) -> bool:
        return self._text.text[: self._text.cursor].endswith("\\")

    # -- moves -------------------------------------------------------------------------------------

    def _moving(self, target: Callable[[], int]) -> Do:
        def move() -> None:
            self._begin()
            self._text.go(target())

        return move

    def _plain(self, do: Callable[[], Any]) -> Do:
        def act() -> None:
            self._begin()
            do()

        return act

    def _begin(self) -> None:
        self._jump = None
        self._completing.close()

    def _begin_jump(self, back: bool) -> None:
        self._completing.close()
        self._jump = back

    def _up(self) -> None:
        self._begin()
        if not self._page.at_top():
            self._page.vertical(-1)
        elif not self._browsing.older():
            self._text.go(self._text.line_start())

    def _down(self) -> None:
        self._begin()
        if not self._page.at_bottom():
            self._page.vertical(1)
        elif not self._browsing.newer():
            self._text.go(self._text.line_end())

    def _older(self) -> None:
        self._begin()
        self._browsing.older()

    def _newer(self) -> None:
        self._begin()
        self._browsing.newer()

    def _paged(self, way: int) -> None:
        self._begin()
        self._page.vertical(way * max(1, self._page.seen - 1))

    # -- changes -----------------------------------------------------------------------------------

    def _new_line(self) -> None:
        self._begin()
        self._text.insert("\n")

    def _backspace(self) -> None:
        self._jump = None
        self._text.delete(self._text.left(), self._text.cursor)
        self._follow()

    def _delete(self) -> Any:
        if not self._text.text:
            return False
        self._jump = None
        self._text.delete(self._text.cursor, self._text.right())
        self._follow()
        return None

    def _killing(self, span: Callable[[], tuple[int, int]]) -> Do:
        def kill() -> None:
            self._jump = None
            self._text.kill(*span())
            self._follow()

        return kill

    def _follow(self) -> None:
        if self._completing.open:
            self._completing.follow()

    def _to_start(self) -> tuple[int, int]:
        """To the start of the line; at the start already, the line break before it."""
        start = self._text.line_start()
        return (start if start < self._text.cursor else self._text.left()), self._text.cursor

    def _to_end(self) -> tuple[int, int]:
        end = self._text.line_end()
        return self._text.cursor, (end if end > self._text.cursor else self._text.right())
