"""`pi auth`: the group of its commands."""

from typing import Any

from pi.coding.cli.args import Arguments
from pi.coding.cli.auth.table import COMMANDS
from pi.coding.cli.subcommands import Group

__all__ = ["run"]

_TAIL = "PROVIDER is an id such as anthropic or openai, or PROVIDER@ACCOUNT for a named account."


def run(argv: list[str]) -> int:
    """Run `pi auth` with these words. Raises `UsageError`."""
    group = Group(
        "auth",
        COMMANDS,
        _call,
        tail=_TAIL,
        cancelled="Cancelled; nothing was changed.",
        extended=True,
        told=_store_problem,
    )
    return group.run(argv)


def _call(home: Any, args: Arguments) -> tuple[Any, ...]:
    from pi.coding.cli.auth.call import Call  # the help text needs none

    return (Call(home, args),)


def _store_problem(home: Any) -> tuple[str, ...]:
    problem = home.resolver.store.problem
    return () if problem is None else (problem.message,)
