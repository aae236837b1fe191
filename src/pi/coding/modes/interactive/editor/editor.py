"""The editor of the screen: everything between the keys and a text that is sent.

It is a container and key bindings for an application of prompt_toolkit whose input is decoded by
`decode.use_keys`. Other functions of the screen come in as `actions` and are asked in their turn.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from prompt_toolkit.application import in_terminal
from prompt_toolkit.application.current import get_app
from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import DynamicKeyBindings, KeyBindings, KeyBindingsBase
from prompt_toolkit.key_binding.key_bindings import merge_key_bindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout.containers import ConditionalContainer, HSplit, Window

from pi.ai.messages import ImageContent
from pi.coding.modes.interactive.editor.browsing import Browsing
from pi.coding.modes.interactive.editor.completing import Completing
from pi.coding.modes.interactive.editor.control import MenuControl, PageControl
from pi.coding.modes.interactive.editor.doing import Doing
from pi.coding.modes.interactive.editor.elsewhere import Elsewhere
from pi.coding.modes.interactive.editor.files import FileIndex
from pi.coding.modes.interactive.editor.history import History
from pi.coding.modes.interactive.editor.incoming import Incoming
from pi.coding.modes.interactive.editor.keys import is_private
from pi.coding.modes.interactive.editor.menu import Menu
from pi.coding.modes.interactive.editor.offers import Sources
from pi.coding.modes.interactive.editor.page import Page
from pi.coding.modes.interactive.editor.searching import Searching
from pi.coding.modes.interactive.keymap import Do, Keymap

__all__ = ["Editor"]

Say = Callable[[str, str], None]

_HUGE = 20_000
"""Characters that nobody wants to see again in the editor."""


def _silent(level: str, text: str) -> None:
    """Nobody listens."""


def _redraw() -> None:
    get_app().invalidate()


class Editor:
    """Where the person writes.

    style: a style of the theme by its token. level: the token of the rule (thinking level).
    actions: what other keys do, by action; `tui.input.submit` and `app.message.followUp` are among
    them unless on_submit and on_follow_up are given. rows: how many completions are shown.
    padding: cells left free beside the text.
    external_editor: the setting. say: hears (level, text) what a person should know.
    free_terminal: a context in which another program may use the terminal.
    """

    def __init__(
        self,
        keymap: Keymap,
        *,
        history: History | None = None,
        complete: Sources | None = None,
        style: Callable[[str], str] = lambda token: "",
        level: Callable[[], str] = lambda: "border",
        actions: Mapping[str, Do] | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        rows: Callable[[], int] = lambda: 5,
        padding: Callable[[], int] = lambda: 0,
        hint: Callable[[], str] = lambda: "",
        external_editor: Callable[[], str | None] = lambda: None,
        on_submit: Do | None = None,
        on_follow_up: Do | None = None,
        say: Say = _silent,
        redraw: Callable[[], None] = _redraw,
        free_terminal: Callable[[], AbstractAsyncContextManager[None]] = in_terminal,
        unicode: bool = True,
    ) -> None:
        env = os.environ if env is None else env
        home = env.get("HOME") or str(Path.home())
        self.page = Page()
        self.touched = float("-inf")
        self.history = History() if history is None else history
        self._browsing = Browsing(self.page, self.history)
        files = FileIndex(cwd or Path.cwd())
        self.completing = Completing(
            self.page.text,
            complete or Sources(),
            files,
            home,
            Menu(rows, "→" if unicode else ">"),
            redraw,
        )
        self.searching = Searching(self.page, self.history, self.completing, redraw)
        self._doing = Doing(self.page, self.completing, self._browsing)
        self._incoming = Incoming(self.page, home, say, redraw)
        self._elsewhere = Elsewhere(self.page, env, external_editor, free_terminal, say, redraw)
        self._actions = dict(actions or {})
        if on_submit is not None:
            self._actions["tui.input.submit"] = on_submit
        if on_follow_up is not None:
            self._actions["app.message.followUp"] = on_follow_up
        self._bindings: tuple[KeyBindingsBase, KeyBindingsBase] = (KeyBindings(), KeyBindings())
        self.use(keymap)
        self.key_bindings: KeyBindingsBase = DynamicKeyBindings(
            lambda: self._bindings[self.searching.query is not None]
        )
        control = PageControl(
            self.page,
            style,
            lambda: style("bashMode" if self.page.text.text.startswith("!") else level()),
            title=self.searching.title,
            hint=hint,
            padding=padding,
            unicode=unicode,
        )
        self.window = Window(control, dont_extend_height=True, wrap_lines=False)
        self.completions = ConditionalContainer(
            Window(
                MenuControl(self.completing.menu, style), dont_extend_height=True, wrap_lines=False
            ),
            Condition(lambda: bool(self.completing.menu.items) or self.searching.query is not None),
        )
        self.container = HSplit([self.window, self.completions])

    # -- the text ----------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """What is written, pastes in full."""
        return self.page.marks.expand(self.page.text.text)

    @property
    def images(self) -> tuple[ImageContent, ...]:
        """The images in it, in order."""
        return tuple(self.page.marks.images(self.page.text.text))

    @property
    def empty(self) -> bool:
        """Whether nothing is written."""
        return not self.page.text.text

    def set_text(self, text: str) -> None:
        """Another text; it can be undone."""
        self._changing()
        self.page.text.set(self.page.marks.insertable(text, collapse=False))

    def insert(self, text: str) -> None:
        """Put a text where the cursor is."""
        self._changing()
        self.page.text.insert(self.page.marks.insertable(text, collapse=False))

    def prepend(self, text: str) -> None:
        """Put a text before what is written, which keeps its pastes, images and cursor.

        What was pasted into the text when it was sent is one mark again, and so is a huge text.
        """
        self._changing()
        page = self.page
        pastes = self.history.pastes_of(text)
        if pastes:
            head = page.marks.collapse(text, pastes)
        else:
            head = page.marks.insertable(text, collapse=len(text) > _HUGE)
        if page.text.text.strip():
            head += "\n\n"
        page.text.set(head + page.text.text, len(head) + page.text.cursor)

    def add_images(self, images: Sequence[ImageContent]) -> None:
        """Put images where the text, which was taken before, has their labels, or at its end."""
        page = self.page
        text, cursor = page.marks.place_images(page.text.text, page.text.cursor, images)
        page.text.set(text, cursor)

    def clear(self) -> None:
        """Nothing is written; it can be undone."""
        self._changing()
        self._browsing.leave()
        self.page.text.set("")

    def take(self) -> tuple[str, tuple[ImageContent, ...]]:
        """The text and its images, which are remembered in the history and gone from here."""
        text, images = self.text, self.images
        self.submitted()
        return text, images

    def submitted(self) -> None:
        """The text was taken: remember it, and begin anew."""
        self.touched = time.monotonic()
        page = self.page
        self.history.add(*page.marks.remembered(page.text.text))
        self._changing()
        self._browsing.leave()
        page.text.reset()
        page.marks.keep(*page.text.kills)

    def use(self, keymap: Keymap, actions: Mapping[str, Do] | None = None) -> None:
        """Other keys from now on, and other actions if they are given."""
        if actions is not None:
            self._actions = dict(actions)
        own = self._doing.actions()
        ours: dict[str, Do] = {
            "app.history.search": self.searching.begin,
            "app.editor.external": self._edit_elsewhere,
            "app.clipboard.pasteImage": self._incoming.from_clipboard,
        }
        table = {**own, **ours}
        for action, do in self._actions.items():
            table[action] = _first(table[action], do) if action in table else do
        bound = keymap.bind(table, self._doing.conditions(self._actions))
        bindings = KeyBindings()
        bindings.add(Keys.Any)(self._typed)
        bindings.add(Keys.BracketedPaste)(self._pasted)
        searching = self.searching.keys(keymap, self._actions)
        self._bindings = (merge_key_bindings([bindings, bound]), searching)

    # -- keys --------------------------------------------------------------------------------------

    def _typed(self, event: KeyPressEvent) -> None:
        self.touched = time.monotonic()
        text = event.data
        key = event.key_sequence[0].key
        if key == text and not is_private(text):  # a character, not a key that nobody has bound
            self._doing.type(text)

    def _pasted(self, event: KeyPressEvent) -> None:
        self.touched = time.monotonic()
        self._changing()
        self._incoming.paste(event.data)

    def _changing(self) -> None:
        self.searching.end()

    async def _edit_elsewhere(self) -> None:
        self._changing()
        await self._elsewhere.edit()


def _first(one: Do, other: Do) -> Do:
    """Ask one, and the other if it was not for the one."""

    def do() -> Any:
        result = one()
        return other() if result is False else result

    return do
