"""The interactive screen: drawn first, and everything else made behind it.

Only what the first frame needs is imported here; a session is composed while the person types.
"""

import asyncio
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from pi._version import __version__
from pi.ai.places import agent_dir
from pi.coding.api.commands import Prompt, Session
from pi.coding.api.ui import UserInterface
from pi.coding.browser import open_browser
from pi.coding.cli.args import Arguments, UsageError
from pi.coding.cli.inputs import prompts

__all__ = ["run_interactive"]

_LARGEST_LOG = 1 << 20


def run_interactive(args: Arguments, *, trusted: bool | None) -> int:
    """Show the screen, or talk line by line where there can be none; gives the exit code."""
    cwd = _working_folder()
    made = [] if args.unknown else prompts(args.prompts, args.files, "", cwd)
    program = _Program(args, cwd, trusted)
    if args.flag("linear") or os.environ.get("TERM", "") in ("", "dumb"):
        return asyncio.run(program.linear(made))
    with _silent_keys():
        return asyncio.run(program.screen(made))


class _Opened(NamedTuple):
    session: Session
    settings: dict[str, Any]
    notes: tuple[str, ...]
    prompts: list[Prompt]
    theme: str


class _Program:
    """A session for a person, made when the screen asks for it."""

    def __init__(self, args: Arguments, cwd: Path, trusted: bool | None) -> None:
        self._args = args
        self._cwd = cwd
        self._trusted = trusted
        self._home = Path.home()
        self._stack = AsyncExitStack()
        self._mask: Callable[[str], str] = str

    async def screen(self, made: list[Any]) -> int:
        from pi.coding.modes.interactive.screen.life import Opened, Surroundings, run_screen

        async def opening(ui: UserInterface, leave: Callable[[], None]) -> Opened:
            return Opened(*await self._open(ui, leave))

        around = Surroundings(
            version=__version__,
            folder=agent_dir(os.environ),
            cwd=self._cwd,
            env=os.environ,
            browse=lambda url: open_browser(url, os.environ),
            record=self._record,
            kill=_kill,
            mask=lambda text: self._mask(text),
            prompts=made,
        )
        async with self._stack:
            return await run_screen(opening, around)

    async def linear(self, made: list[Any]) -> int:
        from pi.coding.api.front import Front
        from pi.coding.modes.interactive.linear import run_linear
        from pi.coding.modes.interactive.screen.clipboard import copy_with_program

        def write(line: str) -> None:
            sys.stdout.write(f"{self._mask(line)}\n")
            sys.stdout.flush()

        async def opening(front: Front) -> Any:
            opened = await self._open(front, front.quit)
            for note in opened.notes:
                front.notify(note, "warning")
            made.extend(opened.prompts)
            return opened.session

        async with self._stack:
            return await run_linear(
                opening,
                fd=0,
                write=write,
                greeting=[f"pi {__version__}"],
                prompts=made,
                cwd=str(self._cwd),
                home=str(self._home),
                open_url=lambda url: open_browser(url, os.environ),
                copy=copy_with_program,
            )

    async def _open(self, ui: UserInterface, leave: Callable[[], None] | None) -> _Opened:
        """The session, and what goes with it. Raises `PiError`. leave: ends the program."""
        await asyncio.to_thread(_load)  # keys are answered meanwhile
        import gc

        import msgspec

        from pi.ai.errors import ConfigError
        from pi.coding.api.errors import FolderGone
        from pi.coding.cli.extending import claimed, loaded_for
        from pi.coding.cli.headless import wishes
        from pi.coding.compose import compose
        from pi.coding.home import open_home, use_account
        from pi.coding.slash.lost_folder import ask_lost_folder

        args = self._args
        home = open_home(os.environ, self._cwd, trusted=self._trusted)
        self._mask = home.resolver.secrecy.mask
        if args.text("account") is not None:
            use_account(home, args.text("account") or "")
        try:
            wished = msgspec.structs.replace(
                wishes(args), one_shot=False, without_model=True, mode="interactive"
            )
            if self._trusted is None:
                home, wished = await _trust(ui, home, wished)
            runtime, home = await loaded_for(home, wished)
            args = claimed(runtime, args)
            made = self._prompts(args) if self._args.unknown else []
        except UsageError as error:
            raise ConfigError(str(error)) from None
        if leave is not None:
            runtime.program.shutdown = leave
        try:
            composition = await compose(home, wished, runtime=runtime)
        except FolderGone as error:
            way = await ask_lost_folder(ui, error.folder, self._cwd)
            if way not in ("here", "fork"):
                raise
            wished = msgspec.structs.replace(wished, lost_folder=way)
            composition = await compose(home, wished, runtime=runtime)
        await self._stack.enter_async_context(composition)
        gc.enable()
        gc.freeze()  # what was loaded stays
        settings = msgspec.to_builtins(composition.home.settings)
        if args.flag("resume"):
            made = [Prompt("/resume"), *made]
        notes = tuple(map(self._mask, (*home.notes, *composition.notes)))
        theme = args.text("use-theme") or ""
        return _Opened(composition.session, settings, notes, made, theme)

    def _prompts(self, args: Arguments) -> list[Prompt]:
        return prompts(args.prompts, args.files, "", self._cwd)

    def _record(self, error: BaseException) -> str:
        """Write a traceback down; gives the file, or "" if that cannot be done."""
        path = agent_dir(os.environ) / "pi-crash.log"
        text = "".join(traceback.format_exception(error))
        entry = f"{time.strftime('%Y-%m-%d %H:%M:%S')} pi {__version__}\n{self._mask(text)}\n"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            full = path.exists() and path.stat().st_size > _LARGEST_LOG
            flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if full else os.O_APPEND)
            with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as log:
                log.write(entry)
        except OSError:
            return ""
        return str(path)


@contextmanager
def _silent_keys() -> Iterator[None]:
    """Keep keys that come before the screen, without echo; afterwards all is as it was."""
    try:
        import termios
    except ImportError:  # another system, another terminal
        yield
        return
    before = termios.tcgetattr(0)
    changed = [*before]
    changed[0] &= ~termios.ICRNL
    changed[3] &= ~(termios.ECHO | termios.ICANON)
    try:
        termios.tcsetattr(0, termios.TCSANOW, changed)
        yield
    finally:
        with suppress(termios.error):  # the terminal is gone
            termios.tcsetattr(0, termios.TCSANOW, before)


async def _trust(ui: UserInterface, home: Any, wished: Any) -> tuple[Any, Any]:
    """Ask about a project that brings code, once."""
    import msgspec

    from pi.coding.home import refreshed
    from pi.coding.trust import ask_trust, is_trusted

    answered = is_trusted(home.folder, home.cwd) is not None
    if not home.held_back or home.trusted or answered:
        return home, wished
    if home.settings.default_project_trust != "ask":
        return home, wished
    if await ask_trust(ui, home.folder, home.cwd, home.held_back):
        return refreshed(home, trusted=True), wished
    return home, msgspec.structs.replace(wished, ask_trust=False)


def _load() -> None:
    """Import what a session needs, in a thread of its own."""
    import pi.coding.cli.extending
    import pi.coding.cli.headless
    import pi.coding.compose  # noqa: F401


def _kill() -> None:
    running = sys.modules.get("pi.coding.tools.shell.run")
    if running is not None:
        running.kill_all()


def _working_folder() -> Path:
    try:
        cwd = Path.cwd()
        os.scandir(cwd).close()
    except OSError as error:
        raise UsageError(
            f"the working folder cannot be used ({error.strerror}): change to another one"
        ) from None
    return cwd
