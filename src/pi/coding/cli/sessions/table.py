"""The sub-commands of `pi sessions` as a table, and the help texts that follow from it."""

from typing import NamedTuple

from pi.coding.cli.options import Option

__all__ = ["COMMANDS", "Command", "help_text"]


class Command(NamedTuple):
    """One sub-command. words: what it takes, for the help; least, most: how many of them."""

    name: str
    words: str
    least: int
    most: int
    help: str
    options: tuple[Option, ...]
    more: str = ""

    @property
    def module(self) -> str:
        """The module whose `run` carries it out."""
        return f"pi.coding.cli.sessions.{self.name}"

    @property
    def usage(self) -> str:
        """How it is called."""
        return f"pi sessions {self.name} {self.words} [options]".replace("  ", " ")


_JSON = Option("json", "", "", "print JSON")
_HELP = Option("help", "-h", "", "show this help")
_DIR = Option("session-dir", "", "DIR", "where sessions are kept")
_ALL = Option("all", "-a", "", "of all projects, not only of this folder")
_WHICH = "SESSION is a path, an id, or the beginning of an id (`pi sessions list` shows them)."

_ROWS = (
    Command("list", "", 0, 0, "the sessions of this folder", (_ALL, _DIR, _JSON, _HELP)),
    Command(
        "search",
        "WORDS",
        1,
        99,
        "the sessions in which that was said",
        (_ALL, _DIR, _JSON, _HELP),
        'All words must occur, in any order; `"a phrase"` as it stands; `re:PATTERN` is a regular\n'
        "expression. Exit code 1: nothing was found.",
    ),
    Command(
        "rename",
        "SESSION NAME",
        2,
        99,
        "name a session; the name '' takes it away",
        (_DIR, _JSON, _HELP),
        _WHICH,
    ),
    Command(
        "delete",
        "SESSION ...",
        1,
        99,
        "remove sessions, into the trash if there is one",
        (Option("yes", "-y", "", "do not ask"), _DIR, _JSON, _HELP),
        _WHICH,
    ),
    Command(
        "export",
        "SESSION [FILE]",
        1,
        2,
        "write a session as a page, or its branch as .jsonl",
        (_DIR, _JSON, _HELP),
        f"Without FILE it is pi-session-NAME.html in this folder.\n{_WHICH}",
    ),
)

COMMANDS: dict[str, Command] = {command.name: command for command in _ROWS}
"""The sub-commands by name."""


def help_text(command: Command | None = None) -> str:
    """The text of `pi sessions --help`, or that of one sub-command."""
    if command is None:
        lines = [f"  {f'{each.name} {each.words}':<24} {each.help}" for each in _ROWS]
        tail = "\n`pi sessions COMMAND --help` shows the options of a command.\n"
        return "Usage: pi sessions COMMAND [options]\n\n" + "\n".join(lines) + "\n" + tail
    lines = [f"Usage: {command.usage}", "", command.help[0].upper() + command.help[1:] + "."]
    lines += [*filter(None, [command.more]), "", "Options:"]
    for option in command.options:
        left = f"--{option.name} {option.value}".rstrip()
        left = f"{option.short}, {left}" if option.short else left
        lines.append(f"  {left:<22} {option.help}")
    return "\n".join(lines) + "\n"
