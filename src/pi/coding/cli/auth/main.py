"""Reads the command line of `pi auth`, runs the sub-command, gives the exit code."""

import os
import sys
from importlib import import_module

from pi.coding.cli.args import UsageError, read
from pi.coding.cli.auth.table import COMMANDS, help_text

__all__ = ["run"]


def run(argv: list[str]) -> int:
    """Run `pi auth` with these words. Raises `UsageError`."""
    if not argv or argv[0] in ("-h", "--help", "help"):
        sys.stdout.write(help_text())
        return 0
    command = COMMANDS.get(argv[0])
    if command is None:
        from difflib import get_close_matches

        near = get_close_matches(argv[0], COMMANDS, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise UsageError(f"unknown command `pi auth {argv[0]}`{hint}; `pi auth --help` lists all")
    called = f"pi auth {command.name}"
    args = read(argv[1:], command.options, called)
    if args.flag("help"):
        sys.stdout.write(help_text(command))
        return 0
    if args.files or len(args.prompts) > (1 if command.provider else 0):
        raise UsageError(f"too many words for `{command.usage}`")
    if command.provider == "needed" and not args.prompts:
        raise UsageError(f"which provider? {command.usage}")

    from pi.ai.errors import PiError
    from pi.coding.cli.auth.call import Call
    from pi.coding.cli.whether import may_have_extensions
    from pi.coding.home import open_home
    from pi.coding.modes.sanitize import printable

    try:
        home = open_home(os.environ)
        problem = home.resolver.store.problem
        for note in home.notes:
            if problem is None or note != problem.message:  # the command says that itself
                sys.stderr.write(f"Warning: {note}\n")
        if may_have_extensions(args):
            from pi.coding.cli.extending import extended

            home = extended(home)
        return import_module(command.module).run(Call(home, args))
    except PiError as error:
        sys.stderr.write(f"Error: {printable(error.message)}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nCancelled; nothing was changed.\n")
        return 130
