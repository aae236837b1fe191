"""The sub-commands of `pi auth` as a table."""

from pi.coding.cli.options import Option
from pi.coding.cli.subcommands import HELP, JSON, Command

__all__ = ["COMMANDS"]

_ACCOUNT = Option("account", "", "NAME", "the account of that name; PROVIDER@NAME says the same")
_YES = Option("yes", "-y", "", "take the usual answer to every question; needs no terminal")

_ALL = (
    Command(
        "login",
        "[PROVIDER]",
        "pi.coding.cli.auth.login",
        "sign in with a subscription, or store a key",
        (
            _ACCOUNT,
            Option("no-browser", "", "", "open no browser here: a code, or an address to copy"),
            Option("api-key", "", "", "ask for a key instead of signing in"),
            _YES,
            JSON,
            HELP,
        ),
        "Without PROVIDER it asks which one. Finish in the browser, or paste the address or code\n"
        "that the browser ends at.",
        most=1,
    ),
    Command(
        "logout",
        "[PROVIDER]",
        "pi.coding.cli.auth.logout",
        "remove a stored credential",
        (_ACCOUNT, JSON, HELP),
        "Variables and models.json stay as they are. Without PROVIDER it asks which one.",
        most=1,
    ),
    Command(
        "status",
        "[PROVIDER]",
        "pi.coding.cli.auth.status",
        "all providers: method, source, account, expiry",
        (JSON, HELP),
        "The table has what is set up, the JSON form everything. No network, no commands.",
        most=1,
    ),
    Command(
        "check",
        "PROVIDER",
        "pi.coding.cli.auth.check",
        "whether a request would find a credential",
        (
            _ACCOUNT,
            Option("live", "", "", "also ask a model for a few tokens; says first what that costs"),
            Option("model", "", "ID", "the model to ask with --live"),
            Option("no-refresh", "", "", "only look: refresh no login, run no command"),
            JSON,
            HELP,
        ),
        "Exit code 0: ready; 1: not ready; 2: there is a credential, and it does not work.\n"
        "A login that is about to end is refreshed, and a !command is run, as for a request.",
        least=1,
        asks="which provider?",
        most=1,
    ),
    Command(
        "token",
        "PROVIDER",
        "pi.coding.cli.auth.token",
        "print the key or token that a request would carry",
        (
            _ACCOUNT,
            Option("min-expiry", "", "TIME", "refresh a login that ends sooner (90s, 30m, 2h)"),
            JSON,
            HELP,
        ),
        'For scripts: curl -H "Authorization: Bearer $(pi auth token PROVIDER)" ...',
        least=1,
        asks="which provider?",
        most=1,
    ),
    Command(
        "set-key",
        "PROVIDER",
        "pi.coding.cli.auth.set_key",
        "store an API key: asked for, or from standard input",
        (
            _ACCOUNT,
            Option("env", "", "NAME=VALUE", "a variable for this provider only", repeat=True),
            _YES,
            JSON,
            HELP,
        ),
        "A key is a literal, !command, $NAME, the name of a variable, or keyring:service/user.\n"
        "  pass show work/openai | pi auth set-key openai@work",
        least=1,
        asks="which provider?",
        most=1,
    ),
    Command(
        "explain",
        "PROVIDER",
        "pi.coding.cli.auth.explain",
        "where the credential comes from, step by step",
        (
            _ACCOUNT,
            Option("run-commands", "", "", "also run its !command, ask the keyring or the cloud"),
            JSON,
            HELP,
        ),
        "Nothing is run and nobody is asked without --run-commands.",
        least=1,
        asks="which provider?",
        most=1,
    ),
)

COMMANDS: dict[str, Command] = {command.name: command for command in _ALL}
"""The sub-commands by name."""
