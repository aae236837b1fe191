"""What the package commands have in common: reading the command line, finding the shelves."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from pi.coding.cli.args import Arguments, UsageError, read
from pi.coding.cli.options import Option
from pi.coding.packages.manage import Shelf
from pi.coding.packages.manifest import KINDS, Contents
from pi.coding.settings import agent_dir

__all__ = ["HELP", "LOCAL", "Call", "brief", "start"]

LOCAL = Option("local", "-l", "", "of this project (.pi/settings.json) instead of your own")
HELP = Option("help", "-h", "", "show this help")


class Call(Struct, frozen=True):
    """A call of a package command. mine: the user's packages; ours: the project's."""

    args: Arguments
    folder: Path
    cwd: Path
    mine: Shelf
    ours: Shelf

    @property
    def shelf(self) -> Shelf:
        """The shelf that is meant."""
        return self.ours if self.args.flag("local") else self.mine

    def say(self, text: str) -> None:
        """A line for the person."""
        from pi.coding.modes.sanitize import printable

        sys.stdout.write(printable(text) + "\n")

    def warn(self, text: str) -> None:
        """A line about something that is not as it should be."""
        from pi.coding.modes.sanitize import printable

        sys.stderr.write(f"Warning: {printable(text)}\n")


def start(
    argv: list[str],
    usage: str,
    text: str,
    options: Sequence[Option],
    work: Callable[[Call], int],
    *,
    words: tuple[int, int] = (0, 0),
) -> int:
    """Read the words and do the work; gives the exit code. Raises `UsageError`.

    usage: the command with its arguments, for people. words: how many arguments, least and most.
    """
    command = " ".join(usage.split()[:2])
    args = read(argv, (*options, HELP), command)
    if args.flag("help"):
        sys.stdout.write(_help(usage, text, (*options, HELP)))
        return 0
    if args.files or not words[0] <= len(args.prompts) <= words[1]:
        raise UsageError(f"usage: {usage}; `{command} --help` says more")

    from pi.ai.errors import PiError
    from pi.coding.home import working_folder
    from pi.coding.modes.sanitize import printable

    try:
        cwd = working_folder()
        folder = agent_dir(os.environ)
        mine = Shelf(folder, "user", os.environ)
        ours = Shelf(cwd / ".pi", "project", os.environ)
        return work(Call(args, folder, cwd, mine, ours))
    except PiError as error:
        sys.stderr.write(f"Error: {printable(error.message)}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nCancelled; what was there is still there.\n")
        return 130


def brief(brought: Contents) -> str:
    """`2 extensions, 1 skill`."""
    counts = [(len(brought.of(kind)), kind) for kind in KINDS]
    return ", ".join(f"{n} {kind if n != 1 else kind[:-1]}" for n, kind in counts if n)


def _help(usage: str, text: str, options: Sequence[Option]) -> str:
    lines = [f"Usage: {usage}", "", text, "", "Options:"]
    for option in options:
        left = f"--{option.name} {option.value}".rstrip()
        left = f"{option.short}, {left}" if option.short else left
        lines.append(f"  {left:<22} {option.help}")
    return "\n".join(lines) + "\n"
