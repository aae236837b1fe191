"""Runs a session without a screen: output kept pure, signals ended in order.

Standard output belongs to the protocol: whatever else is printed in this process goes to standard
error. SIGINT and SIGTERM abort the run, which closes sockets and stops tools, before the exit.
"""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

from pi.coding.api.commands import Prompt
from pi.coding.cli.args import Arguments
from pi.coding.compose import Wishes, compose
from pi.coding.home import Home

__all__ = ["run_headless", "wishes"]

_EXIT = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}


def run_headless(home: Home, prompts: Sequence[Prompt], args: Arguments) -> int:
    """Run the prompts in the mode of the arguments; gives the exit code."""
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
        os.dup2(out, 1)
        os.close(out)


async def _run(
    home: Home,
    prompts: Sequence[Prompt],
    args: Arguments,
    out: int,
    ended_by: list[str],
) -> int:
    _end_in_order(ended_by)
    composition = await compose(home, wishes(args))
    for note in composition.notes:
        sys.stderr.write(f"Warning: {note}\n")
    gc.enable()
    gc.freeze()  # what was loaded stays
    async with composition:
        if args.text("mode") == "json":
            from pi.coding.modes.json import run_json

            with open(out, "wb", buffering=0, closefd=False) as stream:  # noqa: ASYNC230
                return await run_json(composition.session, prompts, out=stream)
        from pi.coding.modes.print import run_print

        progress = args.flag("verbose") or sys.stderr.isatty()
        with open(out, "w", encoding="utf-8", closefd=False) as text:  # noqa: ASYNC230
            return await run_print(
                composition.session, prompts, out=text, err=sys.stderr, progress=progress
            )


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
        name=args.text("name"),
        tools=tools,
        without_tools=tuple(args.names("exclude-tools")),
        no_builtin_tools=args.flag("no-builtin-tools"),
        system_prompt=args.text("system-prompt"),
        append_system_prompt=tuple(args.texts("append-system-prompt")),
        context_files=not args.flag("no-context-files"),
        skills=not args.flag("no-skills"),
    )


def _end_in_order(ended_by: list[str]) -> None:
    """Turn signals into a cancellation of the run; where that can't be done, Python's way stays."""
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    assert task is not None

    def end(name: str) -> None:
        ended_by.append(name)
        task.cancel()

    for name in _EXIT:
        number = getattr(signal, name, None)
        if number is not None:
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, end, name)
