"""The sub-commands of `pi models` as a table, and the help texts that follow from it."""

from typing import NamedTuple

from pi.coding.cli.options import Option

__all__ = ["COMMANDS", "Command", "help_text"]


class Command(NamedTuple):
    """One sub-command. words: what it takes, for the help; module: whose `run` carries it out."""

    name: str
    words: str
    module: str
    help: str
    options: tuple[Option, ...]
    more: str = ""

    @property
    def usage(self) -> str:
        """How it is called."""
        return " ".join(filter(None, (f"pi models {self.name}", self.words, "[options]")))


_JSON = Option("json", "", "", "print JSON")
_HELP = Option("help", "-h", "", "show this help")

_ALL = (
    Command(
        "list",
        "[SEARCH]",
        "pi.coding.cli.models.list_all",
        "the models you can use; the same as --list-models",
        (Option("all", "", "", "also those without credentials"), _JSON, _HELP),
    ),
    Command(
        "show",
        "PROVIDER/ID",
        "pi.coding.cli.models.show",
        "all that is known of a model, and from where",
        (_JSON, _HELP),
        "Thinking levels with what they send, prices with tiers, switches, sources with dates.",
    ),
    Command(
        "update",
        "[PROVIDER ...]",
        "pi.coding.cli.models.update",
        "ask models.dev and the providers for newer models and prices",
        (_JSON, _HELP),
        "Providers that you have credentials for, and those whose lists are public, are asked\n"
        "themselves too. What they say is kept in the folder `models` beside models.json and laid\n"
        "over the data of this version. Nothing is taken away, and what is absurd is not taken.\n"
        "Exit code 0: something could be asked; 1: nothing could, or it could not be kept.",
    ),
)

COMMANDS: dict[str, Command] = {command.name: command for command in _ALL}
"""The sub-commands by name."""


def help_text(command: Command | None = None) -> str:
    """The text of `pi models --help`, or that of one sub-command."""
    if command is None:
        lines = [f"  {f'{each.name} {each.words}':<24} {each.help}" for each in _ALL]
        tail = "\n`pi models COMMAND --help` shows the options of a command.\n"
        return "Usage: pi models COMMAND [options]\n\n" + "\n".join(lines) + "\n" + tail
    lines = [f"Usage: {command.usage}", "", command.help[0].upper() + command.help[1:] + "."]
    lines += [*filter(None, [command.more]), "", "Options:"]
    for option in command.options:
        left = f"{option.short}, --{option.name}" if option.short else f"--{option.name}"
        lines.append(f"  {left:<14} {option.help}")
    return "\n".join(lines) + "\n"
