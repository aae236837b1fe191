"""The person in front of this screen, as commands, extensions and policies reach them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from pi.coding.api.front import Hotkey
from pi.coding.api.picking import Picked, PickList
from pi.coding.api.ui import NoticeLevel, WidgetPlacement
from pi.coding.modes.interactive.screen.clipboard import copy_with_program
from pi.coding.modes.interactive.screen.shell import Screen
from pi.coding.modes.interactive.terminal import clipboard_sequence, title_sequence

__all__ = ["ScreenFront"]

_LONGEST_OSC = 74_994
"""Bytes of a clipboard sequence that common terminals take (https://github.com/tmux/tmux/wiki)."""


class ScreenFront:
    """Implements `pi.coding.api.front.Front`.

    browse: opens an address in a browser. leave: ends the program. refresh: reads keys and themes.
    """

    def __init__(
        self,
        screen: Screen,
        *,
        browse: Callable[[str], bool],
        leave: Callable[[], None],
        refresh: Callable[[], None],
    ) -> None:
        self._screen = screen
        self._browse = browse
        self._leave = leave
        self._refresh = refresh

    # -- questions ---------------------------------------------------------------------------------

    async def select(
        self, title: str, options: Sequence[str], *, timeout: float | None = None
    ) -> str | None:
        """One of the options."""
        from pi.coding.modes.interactive.dialogs.select import select

        return await select(self._screen, title, options, timeout=timeout)

    async def confirm(self, title: str, message: str, *, timeout: float | None = None) -> bool:
        """Yes or no."""
        from pi.coding.modes.interactive.dialogs.confirm import confirm

        return await confirm(self._screen, title, message, timeout=timeout)

    async def input(
        self,
        title: str,
        *,
        placeholder: str = "",
        secret: bool = False,
        timeout: float | None = None,
    ) -> str | None:
        """A line of text."""
        from pi.coding.modes.interactive.dialogs.ask import ask

        return await ask(
            self._screen, title, placeholder=placeholder, secret=secret, timeout=timeout
        )

    async def editor(self, title: str, *, prefill: str = "") -> str | None:
        """A text of many lines."""
        from pi.coding.modes.interactive.dialogs.edit import edit

        return await edit(self._screen, title, prefill=prefill)

    async def pick(self, picklist: PickList) -> Picked | None:
        """A row of a list."""
        from pi.coding.modes.interactive.dialogs.pick import pick

        return await pick(self._screen, picklist)

    # -- telling -----------------------------------------------------------------------------------

    def open_url(self, url: str) -> bool:
        """Open an address."""
        return self._browse(url)

    def notify(self, message: str, level: NoticeLevel = "info") -> None:
        """A line in the transcript."""
        self._screen.say(level, message)

    def show(self, markdown: str) -> None:
        """A text in the transcript."""
        self._screen.say("info", markdown, markdown=True)

    @contextmanager
    def busy(self, text: str, stop: Callable[[], object]) -> Iterator[None]:
        """A line with the spinner; Esc calls `stop`."""
        activity = self._screen.activity
        activity.aside(text)
        self._screen.tick()
        try:
            with self._screen.talk.errand(stop):
                yield
        finally:
            activity.aside("")
            self._screen.redraw()

    def set_status(self, key: str, text: str | None) -> None:
        """A short text in the footer."""
        from pi.coding.modes.sanitize import printable

        statuses = self._screen.facts.statuses
        statuses.pop(key, None)
        if text:
            statuses[key] = " ".join(printable(text).split())
        self._screen.redraw()

    def set_widget(
        self,
        key: str,
        lines: Sequence[str] | None,
        placement: WidgetPlacement = "aboveEditor",
    ) -> None:
        """Lines beside the editor."""
        self._screen.margins.set_widget(key, lines, above=placement == "aboveEditor")

    def set_title(self, title: str) -> None:
        """Name the window."""
        self._screen.send_raw(title_sequence(title))

    def set_editor_text(self, text: str) -> None:
        """Put a text where the person writes. What was written there can be undone."""
        self._screen.editor.set_text(text)
        self._screen.redraw()

    def give_back(self, text: str) -> None:
        """Put a text before what is written."""
        self._screen.give_back(text)

    def copy(self, text: str) -> str:
        """Put a text into the clipboard; through the terminal, where no program can do it."""
        program = copy_with_program(text)
        if program:
            return program
        sequence = clipboard_sequence(text)
        if len(sequence) > _LONGEST_OSC:
            return ""
        self._screen.send_raw(sequence)
        return "OSC 52, if the terminal allows it"

    # -- the screen itself -------------------------------------------------------------------------

    def quit(self) -> None:
        """End the program in order."""
        self._leave()

    def hotkeys(self) -> Sequence[Hotkey]:
        """All keys that do something."""
        return self._screen.keymap.hotkeys()

    @property
    def theme(self) -> str:
        """The theme in use."""
        return self._screen.looks.theme

    def themes(self) -> Sequence[str]:
        """All themes."""
        return self._screen.looks.themes()

    def use_theme(self, name: str) -> None:
        """Show everything from now on in that theme."""
        self._screen.looks.choose(name)
        self._screen.look_changed()

    async def replay(self) -> None:
        """Show the end of the session that is there now."""
        await self._screen.replay()

    def reload(self) -> None:
        """Read keys and themes anew."""
        self._refresh()
