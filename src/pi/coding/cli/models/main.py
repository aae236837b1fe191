"""Reads the command line of `pi models`, runs the sub-command, gives the exit code."""

import os
import sys
from importlib import import_module

from pi.coding.cli.args import UsageError, read
from pi.coding.cli.models.table import COMMANDS, help_text

__all__ = ["run"]


def run(argv: list[str]) -> int:
    """Run `pi models` with these words. Raises `UsageError`."""
    if not argv or argv[0] in ("-h", "--help", "help"):
        sys.stdout.write(help_text())
        return 0
    command = COMMANDS.get(argv[0])
    if command is None:
        from difflib import get_close_matches  # costs 3 ms, needed only for this message

        near = get_close_matches(argv[0], COMMANDS, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise UsageError(
            f"unknown command `pi models {argv[0]}`{hint}; `pi models --help` lists all"
        )
    args = read(argv[1:], command.options, f"pi models {command.name}")
    if args.flag("help"):
        sys.stdout.write(help_text(command))
        return 0
    if args.files:
        raise UsageError(f"no files are taken here: {command.usage}")

    from pi.ai.errors import PiError
    from pi.coding.cli.whether import may_have_extensions
    from pi.coding.home import open_home
    from pi.coding.modes.sanitize import printable

    try:
        home = open_home(os.environ)
        for note in home.notes:
            sys.stderr.write(f"Warning: {note}\n")
        if may_have_extensions(args):
            from pi.coding.cli.extending import extended

            home = extended(home)
        return import_module(command.module).run(home, args)
    except PiError as error:
        sys.stderr.write(f"Error: {printable(error.message)}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nCancelled; what was there is still there.\n")
        return 130
