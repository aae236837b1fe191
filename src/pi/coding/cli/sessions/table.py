"""The sub-commands of `pi sessions` as a table."""

from pi.coding.cli.options import Option
from pi.coding.cli.subcommands import HELP, JSON, Command

__all__ = ["COMMANDS"]

_DIR = Option("session-dir", "", "DIR", "where sessions are kept")
_ALL = Option("all", "-a", "", "of all projects, not only of this folder")
_WHICH = "SESSION is a path, an id, or the beginning of an id (`pi sessions list` shows them)."

_ROWS = (
    Command(
        "list",
        "",
        "pi.coding.cli.sessions.list",
        "the sessions of this folder",
        (_ALL, _DIR, JSON, HELP),
        most=0,
    ),
    Command(
        "search",
        "WORDS",
        "pi.coding.cli.sessions.search",
        "the sessions in which that was said",
        (_ALL, _DIR, JSON, HELP),
        'All words must occur, in any order; `"a phrase"` as it stands; `re:PATTERN` is a regular\n'
        "expression. Exit code 1: nothing was found.",
        least=1,
    ),
    Command(
        "rename",
        "SESSION NAME",
        "pi.coding.cli.sessions.rename",
        "name a session; the name '' takes it away",
        (_DIR, JSON, HELP),
        _WHICH,
        least=2,
    ),
    Command(
        "delete",
        "SESSION ...",
        "pi.coding.cli.sessions.delete",
        "remove sessions, into the trash if there is one",
        (Option("yes", "-y", "", "do not ask"), _DIR, JSON, HELP),
        _WHICH,
        least=1,
    ),
    Command(
        "export",
        "SESSION [FILE]",
        "pi.coding.cli.sessions.export",
        "write a session as a page, or its branch as .jsonl",
        (_DIR, JSON, HELP),
        f"Without FILE it is pi-session-NAME.html in this folder.\n{_WHICH}",
        least=1,
        most=2,
    ),
)

COMMANDS: dict[str, Command] = {command.name: command for command in _ROWS}
"""The sub-commands by name."""
