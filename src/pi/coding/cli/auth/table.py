"""The sub-commands of `pi auth` as a table, and the help texts that follow from it."""

from typing import NamedTuple

from pi.coding.cli.options import Option

__all__ = ["COMMANDS", "Command", "help_text"]


class Command(NamedTuple):
    """One sub-command. `provider`: "needed", "optional" or "" (it takes none)."""

    name: str
    provider: str
    help: str
    options: tuple[Option, ...]
    more: str = ""

    @property
    def module(self) -> str:
        """The module whose `run` carries it out."""
        return f"pi.coding.cli.auth.{self.name.replace('-', '_')}"

    @property
    def usage(self) -> str:
        """How it is called."""
        provider = {"needed": " PROVIDER", "optional": " [PROVIDER]"}.get(self.provider, "")
        return f"pi auth {self.name}{provider} [options]"


_ACCOUNT = Option("account", "", "NAME", "the account of that name; PROVIDER@NAME says the same")
_JSON = Option("json", "", "", "print JSON")
_YES = Option("yes", "-y", "", "take the usual answer to every question; needs no terminal")
_HELP = Option("help", "-h", "", "show this help")

_ALL = (
    Command(
        "login",
        "optional",
        "sign in with a subscription, or store a key",
        (
            _ACCOUNT,
            Option("no-browser", "", "", "open no browser here: a code, or an address to copy"),
            Option("api-key", "", "", "ask for a key instead of signing in"),
            _YES,
            _JSON,
            _HELP,
        ),
        "Without PROVIDER it asks which one. Finish in the browser, or paste the address or code\n"
        "that the browser ends at.",
    ),
    Command(
        "logout",
        "optional",
        "remove a stored credential",
        (_ACCOUNT, _JSON, _HELP),
        "Variables and models.json stay as they are. Without PROVIDER it asks which one.",
    ),
    Command(
        "status",
        "optional",
        "all providers: method, source, account, expiry",
        (_JSON, _HELP),
        "The table has what is set up, the JSON form everything. No network, no commands.",
    ),
    Command(
        "check",
        "needed",
        "whether a request would find a credential",
        (
            _ACCOUNT,
            Option("live", "", "", "also ask a model for a few tokens; says first what that costs"),
            Option("model", "", "ID", "the model to ask with --live"),
            Option("no-refresh", "", "", "only look: refresh no login, run no command"),
            _JSON,
            _HELP,
        ),
        "Exit code 0: ready; 1: not ready; 2: there is a credential, and it does not work.\n"
        "A login that is about to end is refreshed, and a !command is run, as for a request.",
    ),
    Command(
        "token",
        "needed",
        "print the key or token that a request would carry",
        (
            _ACCOUNT,
            Option("min-expiry", "", "TIME", "refresh a login that ends sooner (90s, 30m, 2h)"),
            _JSON,
            _HELP,
        ),
        'For scripts: curl -H "Authorization: Bearer $(pi auth token PROVIDER)" ...',
    ),
    Command(
        "set-key",
        "needed",
        "store an API key: asked for, or from standard input",
        (
            _ACCOUNT,
            Option("env", "", "NAME=VALUE", "a variable for this provider only", repeat=True),
            _YES,
            _JSON,
            _HELP,
        ),
        "A key is a literal, !command, $NAME, the name of a variable, or keyring:service/user.\n"
        "  pass show work/openai | pi auth set-key openai@work",
    ),
    Command(
        "explain",
        "needed",
        "where the credential comes from, step by step",
        (
            _ACCOUNT,
            Option("run-commands", "", "", "also run its !command, ask the keyring or the cloud"),
            _JSON,
            _HELP,
        ),
        "Nothing is run and nobody is asked without --run-commands.",
    ),
)

COMMANDS: dict[str, Command] = {command.name: command for command in _ALL}
"""The sub-commands by name."""

_HEAD = """\
Usage: pi auth COMMAND [PROVIDER] [options]

"""

_TAIL = """
PROVIDER is an id such as anthropic or openai, or PROVIDER@ACCOUNT for a named account.
`pi auth COMMAND --help` shows the options of a command.
"""


def help_text(command: Command | None = None) -> str:
    """The text of `pi auth --help`, or that of one sub-command."""
    if command is None:
        lines = [f"  {each.name:<10} {each.help}" for each in _ALL]
        return _HEAD + "\n".join(lines) + "\n" + _TAIL
    lines = [f"Usage: {command.usage}", "", command.help[0].upper() + command.help[1:] + "."]
    lines += [command.more, "", "Options:"]
    for option in command.options:
        left = f"--{option.name} {option.value}".rstrip()
        left = f"{option.short}, {left}" if option.short else left
        lines.append(f"  {left:<22} {option.help}")
    return "\n".join(lines) + "\n"
