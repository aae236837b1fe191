"""The sub-commands of `pi models` as a table."""

from pi.coding.cli.options import Option
from pi.coding.cli.subcommands import HELP, JSON, Command

__all__ = ["COMMANDS"]

_ALL = (
    Command(
        "list",
        "[SEARCH]",
        "pi.coding.cli.models.list_all",
        "the models you can use; the same as --list-models",
        (Option("all", "", "", "also those without credentials"), JSON, HELP),
    ),
    Command(
        "show",
        "PROVIDER/ID",
        "pi.coding.cli.models.show",
        "all that is known of a model, and from where",
        (JSON, HELP),
        "Thinking levels with what they send, prices with tiers, switches, sources with dates.",
    ),
    Command(
        "update",
        "[PROVIDER ...]",
        "pi.coding.cli.models.update",
        "ask models.dev and the providers for newer models and prices",
        (JSON, HELP),
        "Providers that you have credentials for, and those whose lists are public, are asked\n"
        "themselves too. What they say is kept in the folder `models` beside models.json and laid\n"
        "over the data of this version. Nothing is taken away, and what is absurd is not taken.\n"
        "Exit code 0: something could be asked; 1: nothing could, or it could not be kept.",
    ),
)

COMMANDS: dict[str, Command] = {command.name: command for command in _ALL}
"""The sub-commands by name."""
