"""The screen from its first paint to its end: the session made behind it, signals, crashes.

Whatever happens, the terminal is left as it was found, and the session is ended in order.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from io import TextIOBase
from pathlib import Path
from typing import Any

from prompt_toolkit.application.run_in_terminal import run_in_terminal

from pi.ai.errors import PiError
from pi.coding.api.commands import Prompt, Session
from pi.coding.api.ui import UserInterface
from pi.coding.modes.interactive.editor.decode import DISABLE, ENABLE, use_keys
from pi.coding.modes.interactive.editor.history import History, history_file
from pi.coding.modes.interactive.header import first_line, loaded_lines, welcome
from pi.coding.modes.interactive.keymap import Keymap
from pi.coding.modes.interactive.screen.front import ScreenFront
from pi.coding.modes.interactive.screen.keys import ScreenKeys
from pi.coding.modes.interactive.screen.output import HeldOutput, WatchedInput
from pi.coding.modes.interactive.screen.shell import Screen
from pi.coding.modes.interactive.signals import Signals, ended_by
from pi.coding.modes.interactive.terminal import Terminal, ask_answers, ask_background

__all__ = ["Opened", "Surroundings", "run_screen"]

_ENDING = 5.0
"""Seconds that the run and its tools have to end in order."""
_ANSWERING = 0.5
"""Seconds in which the terminal answers what it was asked."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that is there. settings: those in force, as in the file. notes: for people.

    prompts: to be sent first. theme: instead of that of the settings.
    """

    session: Session
    settings: Mapping[str, Any]
    notes: Sequence[str] = ()
    prompts: Sequence[Prompt] = ()
    theme: str = ""


Opening = Callable[[UserInterface, Callable[[], None]], Awaitable[Opened]]
"""Makes the session; it may ask, and remembers what ends the program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the screen is given. folder: of the agent's files. browse: opens an address.

    record: writes a traceback down and gives the file. kill: ends all processes at once.
    mask: takes secrets out of what is kept.
    """

    version: str
    folder: Path
    cwd: Path
    env: Mapping[str, str]
    browse: Callable[[str], bool]
    record: Callable[[BaseException], str]
    kill: Callable[[], None]
    mask: Callable[[str], str] = str
    prompts: Sequence[Prompt] = field(default=())


async def run_screen(opening: Opening, around: Surroundings) -> int:
    """Show the screen until somebody quits; gives the exit code."""
    life = _Life(opening, around)
    with _stray_output(life.strayed):
        code = await life.run()
    life.farewell()
    return code


class _Life:
    def __init__(self, opening: Opening, around: Surroundings) -> None:
        self.around = around
        self.code = 0
        self.words: list[str] = []
        self._opening = opening
        self._leaving: asyncio.Task[None] | None = None
        self._session: Session | None = None
        terminal = Terminal(around.env)
        self.held = HeldOutput(sys.stdout, terminal, self._lost)
        keys = WatchedInput(sys.stdin)
        use_keys(keys, self._replied)
        self.keymap = Keymap.load(around.folder / "keybindings.json")
        history = History(history_file(around.folder, around.cwd), mask=around.mask)
        self.screen = Screen(
            self.keymap,
            self.held,
            keys,
            terminal=terminal,
            env=around.env,
            cwd=around.cwd,
            history=history,
        )
        self.screen.view.ttimeoutlen = terminal.escape_wait
        self._bind()
        self.front = ScreenFront(
            self.screen, browse=around.browse, leave=self.leave, refresh=self._refresh
        )

    def _bind(self) -> None:
        keys = ScreenKeys(self.screen, leave=self.leave, suspend=self._suspend)
        self.screen.keymap = self.keymap
        self.screen.editor.use(self.keymap, keys.actions())

    # -- from start to end -------------------------------------------------------------------------

    async def run(self) -> int:
        screen, loop = self.screen, asyncio.get_running_loop()
        loop.set_exception_handler(self._unhandled)
        for problem in self.keymap.problems:
            screen.say("warning", problem)
        screen.put(first_line(self.around.version, screen.style, screen.columns))
        screen.activity.opening = "Opening the session"
        for prompt in self.around.prompts:
            screen.talk.submit(prompt.text, prompt.images, later=True)
        signals = Signals(self._signalled, self._end_at_once)
        signals.listen("SIGTERM", "SIGHUP", "SIGINT")
        # keys that came before we had the terminal may have been echoed
        self.held.write_raw("\r\x1b[K" + ENABLE + ask_background + ask_answers)
        view = asyncio.ensure_future(
            screen.view.run_async(
                pre_run=self._first, set_exception_handler=False, handle_sigint=False
            )
        )
        try:
            await view
        except EOFError:
            self.code = 129
        except Exception as error:
            self.code = 1
            self.words.append(self._crash(error))
        finally:
            await self._end()
            self.held.write_raw(DISABLE)
            self.held.show_cursor()
            self.held.flush()
            signals.stop()
        return self.code

    def _first(self) -> None:
        """Just before the first paint."""
        self._opener = asyncio.ensure_future(self._open())

    async def _open(self) -> None:
        """Have the session made. Without one there is nothing to stay for."""
        await asyncio.sleep(0.01)  # the first frame, and keys that were typed before it
        self.screen.tick()
        try:
            await self._begin(await self._opening(self.front, self.leave))
        except PiError as error:
            self.words.append(f"Error: {error.message}")
            self.leave(1)
        except Exception as error:
            self.words.append(self._crash(error))
            self.leave(1)

    async def _begin(self, opened: Opened) -> None:
        screen = self.screen
        self._session = opened.session
        opened.session.use_ui(self.front)
        await self._introduce(opened)
        await screen.begin(opened.session, dict(opened.settings), opened.theme)
        for note in opened.notes:
            screen.say("warning", note)
        for prompt in opened.prompts:
            screen.talk.submit(prompt.text, prompt.images, later=True)

    async def _introduce(self, opened: Opened) -> None:
        from pi.coding.api.setup import GetResources

        screen, quiet = self.screen, opened.settings.get("quietStartup", False)
        resources = await opened.session.send(GetResources())
        screen.looks.found(resources)
        model = opened.session.state.model
        if model.api == "unknown":
            screen.put(welcome(screen.style, screen.columns))
        elif not quiet:
            broken = frozenset(map(str, screen.looks.broken()))
            screen.put(loaded_lines(resources, model.key, screen.style, broken))

    async def _end(self) -> None:
        """End the run, and whatever else goes on. Nothing of it keeps us for long."""
        self._opener.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await self._opener
        self.leave(self.code)
        assert self._leaving is not None
        await asyncio.wait([self._leaving])

    def leave(self, code: int = 0) -> None:
        """End the program in order, soon."""
        if self._leaving is None:
            self.code = self.code or code
            self._leaving = asyncio.ensure_future(self._leave())

    async def _leave(self) -> None:
        screen = self.screen
        if screen.talk.stops:
            screen.hint("stopping")
        with suppress(TimeoutError):
            async with asyncio.timeout(_ENDING):
                await screen.talk.end()
        draft = screen.editor.text.strip()
        if draft and self.code:
            self.words.append(f"What was in the editor:\n{draft}")
        if screen.view.is_running and not screen.view.is_done:
            await screen.view.sounding.answered(_ANSWERING)
            screen.view.exit()

    def farewell(self) -> None:
        """The last lines, on a terminal that is a shell's again."""
        session = self._session
        if session is not None and session.state.session_file and session.state.message_count:
            self.words.append(f"Go on with: pi --session {session.state.session.id}")
        try:
            for word in self.words:
                sys.stdout.write(f"{word}\n")
            sys.stdout.flush()
        except OSError:  # nobody is there; the interpreter shall not trip over it at its end
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    # -- what happens to a terminal ----------------------------------------------------------------

    def _signalled(self, number: int) -> None:
        if self._leaving is not None:
            if number == signal.SIGHUP:  # a terminal that closes may send it twice
                return
            self._end_at_once(number)
        self.screen.fold.ending = ended_by(number)
        self.leave(128 + number)

    def _end_at_once(self, number: int) -> None:
        """Also from a thread, when nothing else goes on: the session's file has all that counts."""
        self.around.kill()
        self.held.restore(DISABLE)
        os._exit(128 + number)

    def _lost(self) -> None:
        """Nobody sees the screen any more."""
        asyncio.get_running_loop().call_soon(self.leave, 129)

    def _suspend(self) -> None:
        def stop() -> None:
            self.held.write_raw(DISABLE)
            self.held.flush()
            os.kill(0, signal.SIGTSTP)
            self.held.write_raw(ENABLE)
            self.held.forget_cursor()
            self.held.flush()

        async def soon() -> None:
            await self.screen.view.sounding.answered(_ANSWERING)
            await run_in_terminal(stop)

        self._stopping = asyncio.ensure_future(soon())

    def _unhandled(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not isinstance(error, Exception):
            return
        self.screen.say("error", self._crash(error))

    def _crash(self, error: BaseException) -> str:
        where = self.around.record(error)
        place = f"; the details are in {where}" if where else ""
        return f"Something went wrong in pi ({type(error).__name__}: {error}){place}"

    def strayed(self, text: str) -> None:
        """Somebody has printed something."""
        if text.strip() and self.screen.view.is_running:
            self.screen.say("dim", text.rstrip())

    def _replied(self, reply: str) -> None:
        """The terminal has answered."""
        self.screen.view.heard(reply)
        if self.screen.looks.answered(reply):
            self.screen.look_changed()

    def _refresh(self) -> None:
        self.keymap = Keymap.load(self.around.folder / "keybindings.json")
        for problem in self.keymap.problems:
            self.screen.say("warning", problem)
        self._bind()
        self._renewing = asyncio.ensure_future(self.screen.renew())


class _Stray(TextIOBase):
    """Standard output and error while the screen is up: whole lines become notices."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._rest = ""

    def write(self, text: str) -> int:
        lines, newline, rest = (self._rest + text).rpartition("\n")
        self._rest = rest if newline else self._rest + text
        if newline:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._tell, lines)
        return len(text)


@contextmanager
def _stray_output(tell: Callable[[str], None]) -> Iterator[None]:
    stray = _Stray(tell)
    with redirect_stdout(stray), redirect_stderr(stray):
        yield
