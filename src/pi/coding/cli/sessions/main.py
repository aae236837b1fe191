"""Reads the command line of `pi sessions`, runs the sub-command, gives the exit code."""

import os
import sys
from importlib import import_module

from pi.coding.cli.args import UsageError, read
from pi.coding.cli.sessions.table import COMMANDS, help_text

__all__ = ["run"]


def run(argv: list[str]) -> int:
    """Run `pi sessions` with these words. Raises `UsageError`."""
    if not argv or argv[0] in ("-h", "--help", "help"):
        sys.stdout.write(help_text())
        return 0
    command = COMMANDS.get(argv[0])
    if command is None:
        from difflib import get_close_matches  # costs 3 ms, needed only for this message

        near = get_close_matches(argv[0], COMMANDS, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise UsageError(
            f"unknown command `pi sessions {argv[0]}`{hint}; `pi sessions --help` lists all"
        )
    args = read(argv[1:], command.options, f"pi sessions {command.name}")
    if args.flag("help"):
        sys.stdout.write(help_text(command))
        return 0
    if args.files or not command.least <= len(args.prompts) <= command.most:
        raise UsageError(f"expected `{command.usage}`")

    from pi.ai.errors import PiError
    from pi.coding.cli.sessions.shelf import Shelf
    from pi.coding.home import open_home
    from pi.coding.modes.sanitize import printable

    try:
        home = open_home(os.environ)
        for note in home.notes:
            sys.stderr.write(f"Warning: {note}\n")
        return import_module(command.module).run(Shelf(home, args))
    except PiError as error:
        sys.stderr.write(f"Error: {printable(error.message)}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nCancelled.\n")
        return 130
