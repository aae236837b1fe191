"""From a parsed command line to a running mode."""

import os
import sys
from collections.abc import Sequence
from typing import Any

from pi.coding.cli.args import Arguments, UsageError, refuse_unknown
from pi.coding.cli.whether import may_have_extensions

__all__ = ["extension_options", "start"]


def start(args: Arguments) -> int:
    """Run what the arguments ask for; gives the exit code."""
    if not _is_headless(args):
        from pi.coding.cli.interactive import run_interactive

        return run_interactive(args, trusted=_trusted(args))
    return _start_headless(args)


def _start_headless(args: Arguments) -> int:
    from pi.ai.errors import PiError
    from pi.coding.home import Home, open_home, unsettled, use_account

    home: Home | None = None
    try:
        home = open_home(os.environ, trusted=_trusted(args))
        if args.text("account") is not None:
            use_account(home, args.text("account") or "")
        for note in home.notes:
            sys.stderr.write(f"Warning: {note}\n")
        if args.flag("list-models") or args.flag("export"):
            refuse_unknown(args)
        if args.flag("list-models"):
            from pi.coding.cli.list_models import list_models

            if may_have_extensions(args):
                return list_models(_extended(home, args), args)
            for note in unsettled(home.catalog):
                sys.stderr.write(f"Warning: {note}\n")
            return list_models(home, args)
        if args.flag("export"):
            from pi.coding.cli.export import export

            return export(home, args)
        return _run(home, args)
    except PiError as error:
        text = f"Error: {error.message}\n"
        sys.stderr.write(text if home is None else home.resolver.secrecy.mask(text))
        return 1


def _run(home: Any, args: Arguments) -> int:
    from pi.coding.trust import held_back_note

    waiting = held_back_note(home.held_back)
    if waiting and not args.flag("no-approve"):
        sys.stderr.write(f"Warning: {waiting}\n")
    if args.flag("resume"):
        raise UsageError("--resume chooses on a screen: use --continue, or --session PATH|ID")
    if args.text("mode") == "rpc":
        from pi.coding.cli.headless import run_headless

        return run_headless(home, lambda args: (), args)
    stdin = "" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.read()
    from pi.coding.cli.inputs import prompts

    def said(args: Arguments) -> Sequence[Any]:
        found = prompts(args.prompts, args.files, stdin, home.cwd)
        if not found:
            raise UsageError('there is nothing to answer: pi -p "your prompt"')
        return found

    found = () if args.unknown else said(args)  # an option of an extension may take a word
    from pi.coding.cli.headless import run_headless

    return run_headless(home, said if args.unknown else lambda args: found, args)


def _extended(home: Any, args: Arguments) -> Any:
    """The home with the providers of extensions."""
    import asyncio

    from pi.coding.cli.extending import loaded_for
    from pi.coding.cli.headless import wishes

    runtime, home = asyncio.run(loaded_for(home, wishes(args)))
    for note in runtime.notes:
        sys.stderr.write(f"Warning: {note}\n")
    return home


def extension_options(args: Arguments) -> list[Any]:
    """The options of extensions, each with the extension's name, for the help text."""
    from pi.ai.errors import PiError
    from pi.coding.cli.extending import options_of
    from pi.coding.cli.headless import wishes
    from pi.coding.home import open_home

    try:
        return options_of(open_home(os.environ, trusted=_trusted(args)), wishes(args))
    except PiError as error:
        raise UsageError(error.message) from None


def _trusted(args: Arguments) -> bool | None:
    """What the command line says about the project; None leaves it to earlier answers."""
    if args.flag("approve") and args.flag("no-approve"):
        raise UsageError("--approve and --no-approve exclude one another")
    if args.flag("approve"):
        return True
    return False if args.flag("no-approve") else None


def _is_headless(args: Arguments) -> bool:
    if any(map(args.flag, ("print", "mode", "list-models", "export"))):
        return True
    return not (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty())
