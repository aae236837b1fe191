"""A `Front` that only writes lines: no redraw, no cursor movement, every change said once.

The next line that is typed goes to the dialog that asks, else it is a prompt. A text that could not
be carried out, or that somebody suggests, is sent by Enter on an empty line.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from pi.ai.errors import ConfigError
from pi.ai.messages import ImageContent
from pi.coding.api.answers import BashResult
from pi.coding.api.front import Hotkey
from pi.coding.api.picking import Picked, PickList
from pi.coding.api.ui import NoticeLevel, WidgetPlacement
from pi.coding.modes.interactive.dialogs.numbered import Numbered
from pi.coding.modes.interactive.linear.words import Prose
from pi.coding.modes.sanitize import printable

__all__ = ["Host", "LinearTerminal"]

_HELP = (
    ("Enter", "send; while the model works it steers, on an empty line it sends what is suggested"),
    ("/later TEXT", "send a text when the model is done"),
    ("/back", "take back what is queued"),
    ("\\ at the end of a line", "go on in the next line"),
    ("!COMMAND, !!COMMAND", "run a command; with !! the model does not hear of it"),
    ("Ctrl+C", "stop what goes on; twice: end the program"),
    ("Ctrl+D", "end the program"),
)


class Host:
    """What the terminal needs of the program around it, as functions.

    write: a line. ask: reads a line. open_url, copy: see `Front`. quit: ends the program, soon.
    replay: says the end of the conversation. errand: has Ctrl+C call something meanwhile.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        ask: Any,
        *,
        open_url: Callable[[str], bool],
        copy: Callable[[str], str],
        quit: Callable[[], None],
        replay: Callable[[], Awaitable[None]],
        errand: Callable[[Callable[[], object]], AbstractContextManager[None]],
    ) -> None:
        self.write = write
        self.ask = ask
        self.open_url = open_url
        self.copy = copy
        self.quit = quit
        self.replay = replay
        self.errand = errand


class LinearTerminal:
    """The terminal. `suggested` is the text that Enter on an empty line sends."""

    def __init__(self, host: Host) -> None:
        self.suggested: tuple[str, tuple[ImageContent, ...]] | None = None
        self._host = host
        self._numbered = Numbered(self._ask, self.line)
        self._turn = asyncio.Lock()
        self._shown: dict[str, tuple[str, ...]] = {}
        self._waiting: tuple[str, ...] = ()

    def line(self, text: str) -> None:
        """Say a line."""
        for part in printable(text).split("\n"):
            self._host.write(part.expandtabs(4))

    # -- the user interface ------------------------------------------------------------------------

    async def select(
        self, title: str, options: Sequence[str], *, timeout: float | None = None
    ) -> str | None:
        async with self._turn:
            return await self._numbered.select(title, options, timeout=timeout)

    async def confirm(self, title: str, message: str, *, timeout: float | None = None) -> bool:
        async with self._turn:
            return await self._numbered.confirm(title, message, timeout=timeout)

    async def input(
        self,
        title: str,
        *,
        placeholder: str = "",
        secret: bool = False,
        timeout: float | None = None,
    ) -> str | None:
        async with self._turn:
            return await self._numbered.ask(
                title, placeholder=placeholder, secret=secret, timeout=timeout
            )

    async def editor(self, title: str, *, prefill: str = "") -> str | None:
        async with self._turn:
            return await self._numbered.edit(title, prefill=prefill)

    async def pick(self, picklist: PickList) -> Picked | None:
        async with self._turn:
            return await self._numbered.pick(picklist)

    async def _ask(self, prompt: str, *, secret: bool = False) -> str | None:
        self.line(prompt.rstrip())
        return await self._host.ask(secret=secret)

    def notify(self, message: str, level: NoticeLevel = "info") -> None:
        self.say(level, message)

    def set_status(self, key: str, text: str | None) -> None:
        self._once(f"status {key}", (text,) if text else ())

    def set_widget(
        self,
        key: str,
        lines: Sequence[str] | None,
        placement: WidgetPlacement = "aboveEditor",
    ) -> None:
        self._once(f"widget {key}", tuple(lines or ()))

    def _once(self, key: str, lines: tuple[str, ...]) -> None:
        """Say the lines that were not there before."""
        before = self._shown.get(key, ())
        self._shown[key] = lines
        for line in lines:
            if line.strip() and line not in before:
                self.line(line)

    def set_title(self, title: str) -> None:
        """Windows of lines have no title."""

    def set_editor_text(self, text: str) -> None:
        if text:
            self._suggest("Suggested", text, ())

    def busy(self, text: str, stop: Callable[[], object]) -> AbstractContextManager[None]:
        self.line(f"{text}. Ctrl+C gives it up.")
        return self._host.errand(stop)

    def open_url(self, url: str) -> bool:
        return self._host.open_url(url)

    # -- what only a terminal can do ---------------------------------------------------------------

    def show(self, markdown: str) -> None:
        prose = Prose()
        for line in (*prose.feed(markdown), *prose.end()):
            self.line(line)

    def quit(self) -> None:
        self._host.quit()

    def copy(self, text: str) -> str:
        return self._host.copy(text)

    def hotkeys(self) -> Sequence[Hotkey]:
        return [Hotkey(keys, (keys,), text) for keys, text in _HELP]

    @property
    def theme(self) -> str:
        return "plain"

    def themes(self) -> Sequence[str]:
        return ["plain"]

    def use_theme(self, name: str) -> None:
        if name != "plain":
            raise ConfigError("a terminal of lines has no themes")

    async def replay(self) -> None:
        await self._host.replay()

    def reload(self) -> None:
        """There are no keybindings and no themes here."""

    # -- the place of `Talk` -----------------------------------------------------------------------

    def give_back(self, text: str, images: Sequence[ImageContent] = ()) -> None:
        """Not carried out: Enter sends it again. A command has said what is wrong with it."""
        if text.startswith("/"):
            self.line(f"Not sent: {text}")
        else:
            self._suggest("Not sent", text, tuple(images))

    def _suggest(self, word: str, text: str, images: tuple[ImageContent, ...]) -> None:
        self.suggested = (text, images)
        self.line(f"{word}: {text}")
        self.line("Enter on an empty line sends it.")

    def say(self, level: str, text: str) -> None:
        """A line of the program."""
        word = {"error": "Error: ", "warning": "Warning: "}.get(level, "")
        self.line(text if text.startswith(word) else f"{word}{text}")

    def queued(self, held: Sequence[str], steering: Sequence[str], later: Sequence[str]) -> None:
        """Say what is newly queued."""
        waiting = (
            *(f"Waits until the program is ready: {text}" for text in held),
            *(f"Goes to the model before its next step: {text}" for text in steering),
            *(f"Goes to the model when it is done: {text}" for text in later),
        )
        for line in waiting:
            if line not in self._waiting:
                self.line(line)
        self._waiting = waiting

    def command_began(self, command: str, *, excluded: bool) -> Any:
        """Say it."""
        self.line(f"Your command runs: {command}")
        return None

    def command_ended(self, shown: Any, result: BashResult | None) -> None:
        """Say how; its output was said as it came."""
        if result is None:
            return
        code = result.exit_code
        if result.cancelled:
            self.line("Your command was ended.")
        elif isinstance(code, int) and code:
            self.line(f"Your command ended with exit code {code}.")
        else:
            self.line("Your command is done.")
