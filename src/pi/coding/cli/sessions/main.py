"""`pi sessions`: the group of its commands."""

from typing import Any

from pi.coding.cli.args import Arguments
from pi.coding.cli.sessions.table import COMMANDS
from pi.coding.cli.subcommands import Group

__all__ = ["run"]


def run(argv: list[str]) -> int:
    """Run `pi sessions` with these words. Raises `UsageError`."""
    return Group("sessions", COMMANDS, _shelf).run(argv)


def _shelf(home: Any, args: Arguments) -> tuple[Any, ...]:
    from pi.coding.cli.sessions.shelf import Shelf  # the help text needs none

    return (Shelf(home, args),)
