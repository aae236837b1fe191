"""Options that extensions add to the command line.

What we do not know is kept until extensions are loaded; what none of them claims is an error then.
"""

import sys
from collections.abc import Iterable

from pi.ai.errors import ConfigError
from pi.coding.cli.args import Arguments, UsageError, parse, refuse_unknown
from pi.coding.cli.options import OPTIONS, Option
from pi.coding.extensions.runtime import Runtime
from pi.coding.extensions.shelf import FlagRow
from pi.coding.home import Home
from pi.coding.loading import load_extensions, new_runtime
from pi.coding.wishes import Wishes

__all__ = ["claimed", "extended", "loaded_for", "options_of"]


async def loaded_for(home: Home, wishes: Wishes) -> tuple[Runtime, Home]:
    """The extensions that this command line and folder ask for, loaded; and the home after it."""
    runtime = new_runtime(home, wishes)
    runtime.outside.options = frozenset(option.name for option in OPTIONS)
    return runtime, await load_extensions(runtime, home, wishes)


def extended(home: Home, wishes: Wishes | None = None) -> Home:
    """The home with the providers and logins of extensions, for commands without a session."""
    import asyncio

    wishes = wishes or Wishes(find_extensions=True, ask_trust=False)
    runtime, home = asyncio.run(loaded_for(home, wishes))
    for note in runtime.notes:
        sys.stderr.write(f"Warning: {note}\n")
    return home


def claimed(runtime: Runtime, args: Arguments) -> Arguments:
    """The command line, read again with the options of extensions.

    Raises `UsageError` for an option that nobody claims.
    """
    rows = runtime.shelf.flags.values()
    if not rows:
        refuse_unknown(args)
        return args
    again = parse(args.argv, [option for option, _ in _options(rows)])
    for row in rows:
        if again.flag(row.name):
            runtime.outside.flags[row.name] = again.given[row.name]
    return again


def options_of(home: Home, wishes: Wishes) -> list[tuple[Option, str]]:
    """The options of extensions, each with the extension's name, for the help text."""
    import asyncio

    try:
        runtime, _ = asyncio.run(loaded_for(home, wishes))
    except ConfigError as error:
        raise UsageError(error.message) from None
    for note in runtime.notes:
        sys.stderr.write(f"Warning: {note}\n")
    return list(_options(runtime.shelf.flags.values()))


def _options(rows: Iterable[FlagRow]) -> Iterable[tuple[Option, str]]:
    for row in rows:
        value = "" if row.kind is bool else "VALUE"
        yield Option(row.name, "", value, row.help), row.owner.name
