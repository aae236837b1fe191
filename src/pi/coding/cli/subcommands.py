"""What `pi auth`, `pi models` and `pi sessions` share: a table of commands, its help, the running.

A command is a row; the module that it names is imported when it is called.
"""

import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NamedTuple

from pi.coding.cli.args import Arguments, UsageError, read
from pi.coding.cli.options import Option

__all__ = ["HELP", "JSON", "Command", "Group"]

JSON = Option("json", "", "", "print JSON")
HELP = Option("help", "-h", "", "show this help")


class Command(NamedTuple):
    """One sub-command. words: what it takes, for people; least, most: how many of them.

    module: whose `run` carries it out. more: lines under its help. asks: what is asked when words
    are missing.
    """

    name: str
    words: str
    module: str
    help: str
    options: tuple[Option, ...]
    more: str = ""
    least: int = 0
    most: int = 1 << 30
    asks: str = ""


class Group(NamedTuple):
    """`pi NAME ...`. prepare: makes what `run` of a command's module is given.

    tail: lines under the help of the group. cancelled: what Ctrl+C leaves, in words. extended: with
    the providers of extensions. told: notes of the home that the commands tell by themselves.
    """

    name: str
    commands: Mapping[str, Command]
    prepare: Callable[[Any, Arguments], tuple[Any, ...]]
    tail: str = ""
    cancelled: str = "Cancelled."
    extended: bool = False
    told: Callable[[Any], tuple[str, ...]] = lambda home: ()

    def usage(self, command: Command) -> str:
        """How a command is called."""
        return " ".join(filter(None, ("pi", self.name, command.name, command.words, "[options]")))

    def help_text(self, command: Command | None = None) -> str:
        """The text of `pi NAME --help`, or that of one command."""
        if command is None:
            rows = [(f"{each.name} {each.words}".rstrip(), each.help) for each in self._all]
            wide = max(len(left) for left, _ in rows) + 2
            lines = [f"  {left:<{wide}}{text}" for left, text in rows]
            tail = f"`pi {self.name} COMMAND --help` shows the options of a command."
            head = f"Usage: pi {self.name} COMMAND [options]\n\n"
            return head + "\n".join([*lines, "", *filter(None, [self.tail]), tail]) + "\n"
        lines = [f"Usage: {self.usage(command)}", "", f"{_sentence(command.help)}."]
        lines += [*filter(None, [command.more]), "", "Options:"]
        for option in command.options:
            left = f"--{option.name} {option.value}".rstrip()
            left = f"{option.short}, {left}" if option.short else left
            lines.append(f"  {left:<22} {option.help}")
        return "\n".join(lines) + "\n"

    def run(self, argv: list[str]) -> int:
        """Carry out a command line; gives the exit code. Raises `UsageError`."""
        if not argv or argv[0] in ("-h", "--help", "help"):
            sys.stdout.write(self.help_text())
            return 0
        command = self.commands.get(argv[0])
        if command is None:
            raise UsageError(self._unknown(argv[0]))
        args = read(argv[1:], command.options, f"pi {self.name} {command.name}")
        if args.flag("help"):
            sys.stdout.write(self.help_text(command))
            return 0
        if args.files:
            raise UsageError(f"no files are taken here: {self.usage(command)}")
        if len(args.prompts) > command.most:
            raise UsageError(f"too many words for `{self.usage(command)}`")
        if len(args.prompts) < command.least:
            usage = self.usage(command)
            raise UsageError(f"{command.asks} {usage}" if command.asks else f"expected `{usage}`")
        return self._carry_out(command, args)

    @property
    def _all(self) -> list[Command]:
        return list(self.commands.values())

    def _unknown(self, name: str) -> str:
        from difflib import get_close_matches  # costs 3 ms, needed only for this message

        near = get_close_matches(name, self.commands, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        called = f"pi {self.name}"
        return f"unknown command `{called} {name}`{hint}; `{called} --help` lists all"

    def _carry_out(self, command: Command, args: Arguments) -> int:
        from pi.ai.errors import PiError
        from pi.coding.cli.whether import may_have_extensions
        from pi.coding.home import open_home, unsettled
        from pi.coding.modes.sanitize import printable

        try:
            home = open_home(os.environ)
            told = self.told(home)
            for note in home.notes:
                if note not in told:
                    sys.stderr.write(f"Warning: {note}\n")
            if self.extended and may_have_extensions(args):
                from pi.coding.cli.extending import extended

                home = extended(home)
            elif self.extended:
                for note in unsettled(home.catalog):
                    sys.stderr.write(f"Warning: {note}\n")
            return import_module(command.module).run(*self.prepare(home, args))
        except PiError as error:
            sys.stderr.write(f"Error: {printable(error.message)}\n")
            return 1
        except KeyboardInterrupt:
            sys.stderr.write(f"\n{self.cancelled}\n")
            return 130


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]
