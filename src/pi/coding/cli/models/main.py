"""`pi models`: the group of its commands."""

from pi.coding.cli.models.table import COMMANDS
from pi.coding.cli.subcommands import Group

__all__ = ["run"]


def run(argv: list[str]) -> int:
    """Run `pi models` with these words. Raises `UsageError`."""
    group = Group(
        "models",
        COMMANDS,
        lambda home, args: (home, args),
        cancelled="Cancelled; what was there is still there.",
        extended=True,
    )
    return group.run(argv)
