"""Runs a session without a screen: output kept pure, signals ended in order.

Standard output belongs to the protocol: whatever else is printed in this process goes to standard
error. A signal, or a reader that has left, aborts the run, which closes sockets and stops tools,
before the exit; a second signal exits at once.
"""

import asyncio
import gc
import os
import signal
import sys
import threading
from _thread import start_new_thread  # takes no lock, so a signal's handler may
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType
from typing import NoReturn

from pi.coding.api.commands import Prompt
from pi.coding.cli.args import Arguments, UsageError
from pi.coding.cli.extending import claimed, loaded_for
from pi.coding.cli.masked import masked
from pi.coding.compose import Composition, Wishes, compose
from pi.coding.extensions.words import Mode
from pi.coding.home import Home

__all__ = ["run_headless", "wishes"]

Prompts = Callable[[Arguments], Sequence[Prompt]]

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
_PATIENCE = 2.0
"""Seconds in which the event loop has to react to a signal."""
_WISH = "shutdown"
"""An extension wants the program to end."""
_EXIT = {_WISH: 0, "SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129, "SIGPIPE": 141}


def run_headless(home: Home, prompts: Prompts, args: Arguments) -> int:
    """Run the prompts in the mode of the arguments; gives the exit code.

    prompts: what the command line says to the model, once the options of extensions are known.
    """
    ended_by: list[str] = []
    out = os.dup(1)
    os.dup2(2, 1)  # a stray print of anybody must not end up between the lines of the protocol
    try:
        return asyncio.run(_run(home, prompts, args, out, ended_by))
    except asyncio.CancelledError:
        return _EXIT[ended_by[0]] if ended_by else 130
    except KeyboardInterrupt:
        return 130
    finally:
        sys.stdout.flush()  # what an extension has printed
        os.dup2(out, 1)
        os.close(out)


async def _run(
    home: Home,
    prompts: Prompts,
    args: Arguments,
    out: int,
    ended_by: list[str],
) -> int:
    _end_in_order(ended_by)
    mask = home.resolver.secrecy.mask
    wished = wishes(args)
    runtime, home = await loaded_for(home, wished)
    args = claimed(runtime, args)
    said = prompts(args)
    composition = await compose(home, wished, runtime=runtime)
    for note in composition.notes:
        sys.stderr.write(mask(f"Warning: {note}\n"))
    task = asyncio.current_task()
    assert task is not None

    def shutdown() -> None:
        ended_by.append(_WISH)
        task.cancel()

    runtime.program.shutdown = shutdown
    gc.enable()
    gc.freeze()  # what was loaded stays
    async with composition:
        if args.text("mode") in ("json", "rpc"):
            return await _run_lines(composition, said, args, out, ended_by)
        from pi.coding.modes.print import run_print

        progress = args.flag("verbose") or sys.stderr.isatty()
        with open(out, "w", encoding="utf-8", closefd=False) as text:  # noqa: ASYNC230
            return await run_print(
                composition.session,
                said,
                out=masked(text, mask),
                err=masked(sys.stderr, mask),
                progress=progress,
            )


async def _run_lines(
    composition: Composition,
    prompts: Sequence[Prompt],
    args: Arguments,
    out: int,
    ended_by: list[str],
) -> int:
    """A mode whose output is lines of JSON."""
    from pi.coding.modes.outlet import Outlet

    task = asyncio.current_task()
    assert task is not None

    def lost() -> None:
        ended_by.append("SIGPIPE")
        task.cancel()

    outlet = Outlet(out, lost=lost, ending=lambda: bool(ended_by))
    mask = composition.home.resolver.secrecy.mask_bytes

    def write(line: bytes) -> None:
        outlet.write(mask(line))

    outlet.watch()
    try:
        if args.text("mode") == "rpc":
            from pi.coding.modes.rpc import read_lines, run_rpc

            return await run_rpc(composition.session, read_lines(0), write)
        from pi.coding.modes.json import run_json

        return await run_json(composition.session, prompts, write=write)
    finally:
        outlet.unwatch()


def wishes(args: Arguments) -> Wishes:
    """What the command line asks of a session."""
    tools = tuple(args.names("tools")) if args.flag("tools") else None
    if args.flag("no-tools"):
        tools = ()
    return Wishes(
        provider=args.text("provider"),
        model=args.text("model"),
        models=tuple(args.names("models")),
        thinking=args.text("thinking"),
        api_key=args.text("api-key"),
        resume=args.flag("continue"),
        session=args.text("session"),
        session_id=args.text("session-id"),
        session_dir=args.text("session-dir"),
        no_session=args.flag("no-session"),
        fork=args.text("fork"),
        name=args.text("name"),
        tools=tools,
        without_tools=tuple(args.names("exclude-tools")),
        no_builtin_tools=args.flag("no-builtin-tools"),
        system_prompt=args.text("system-prompt"),
        append_system_prompt=tuple(args.texts("append-system-prompt")),
        context_files=not args.flag("no-context-files"),
        skills=not args.flag("no-skills"),
        templates=not args.flag("no-prompt-templates"),
        themes=not args.flag("no-themes"),
        paths={
            "skills": tuple(args.texts("skill")),
            "prompts": tuple(args.texts("prompt-template")),
            "themes": tuple(args.texts("theme")),
        },
        max_turns=_turns(args.text("max-turns")),
        max_cost=_dollars(args.text("max-cost")),
        one_shot=args.text("mode") != "rpc",
        mode=_mode(args.text("mode")),
        extensions=tuple(args.texts("extension")),
        find_extensions=not args.flag("no-extensions"),
        ask_trust=not args.flag("no-approve"),
        without_model=args.text("mode") == "rpc",
    )


def _mode(name: str | None) -> Mode:
    return "json" if name == "json" else "rpc" if name == "rpc" else "print"


def _turns(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise UsageError(f"--max-turns {text}: expected a whole number, 1 or more")
    return int(text)


def _dollars(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        dollars = float(text.removeprefix("$"))
    except ValueError:
        dollars = 0.0
    if not 0 < dollars < float("inf"):
        raise UsageError(f"--max-cost {text}: expected dollars, such as 0.50")
    return dollars


def _insist(name: str, reacts: threading.Event) -> None:
    """End the program if the event loop does not react."""
    if not reacts.wait(_PATIENCE):
        _end_at_once(name)


def _end_at_once(name: str) -> NoReturn:
    running = sys.modules.get("pi.coding.tools.shell.run")
    if running is not None:
        running.kill_all()
    os._exit(_EXIT[name])


def _end_in_order(ended_by: list[str]) -> None:
    """Turn signals into a cancellation of the run.

    They are taken by Python's own handlers, not by those of the event loop, so that they are heard
    while the loop stands still because nobody reads our output, or because an extension blocks it:
    if it does not react within two seconds, the program ends all the same.
    """
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    assert task is not None
    ended = task.cancel
    heard: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        heard.append(number)
        name = signal.Signals(number).name
        if len(heard) > 1:
            _end_at_once(name)
        ended_by.append(name)
        reacts = threading.Event()
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(ended)
            loop.call_soon_threadsafe(reacts.set)
            start_new_thread(_insist, (name, reacts))

    for name in _SIGNALS:
        number = getattr(signal, name, None)
        if number is not None:
            with suppress(RuntimeError, ValueError):  # not in the main thread
                signal.signal(number, end)
