"""The slash commands that are built in: one command a file, each loaded when it is first used.

A command is written against `Context`, as one of an extension is. Its module has `run(arguments,
context)` and may have `complete(prefix, context)`. What it cannot do it says in one line.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

from pi.ai.errors import AbortedError, PiError
from pi.coding.api.setup import Completion
from pi.coding.extensions.surface import CommandHandler, Complete, Context, Pi

__all__ = ["BUILT_IN", "BuiltIn", "register_all"]


class BuiltIn(NamedTuple):
    """A command: where it is, what it does, and its arguments, for people.

    completes: its module has `complete`.
    """

    module: str
    description: str
    hint: str = ""
    completes: bool = False


_HERE = "pi.coding.slash."

BUILT_IN: dict[str, BuiltIn] = {
    "help": BuiltIn(_HERE + "help", "the commands there are"),
    "model": BuiltIn(_HERE + "model", "go on with another model", "[NAME]", completes=True),
    "scoped-models": BuiltIn(_HERE + "scoped_models", "choose the models to cycle through"),
    "thinking": BuiltIn(_HERE + "thinking", "think more or less", "[LEVEL]", completes=True),
    "login": BuiltIn(
        _HERE + "login", "sign in, or store a key", "[PROVIDER[@ACCOUNT]]", completes=True
    ),
    "logout": BuiltIn(
        _HERE + "logout", "remove a stored login or key", "[PROVIDER[@ACCOUNT]]", completes=True
    ),
    "settings": BuiltIn(_HERE + "settings", "look at settings and change them", "[TEXT]"),
    "new": BuiltIn(_HERE + "new", "begin another session"),
    "resume": BuiltIn(_HERE + "resume", "go on with another session", "[TEXT]"),
    "tree": BuiltIn(_HERE + "tree", "go on from another place of this session"),
    "fork": BuiltIn(_HERE + "fork", "go on in a new session from before a prompt"),
    "clone": BuiltIn(_HERE + "clone", "go on in a copy of this session"),
    "name": BuiltIn(_HERE + "name", "name this session", "[NAME]"),
    "session": BuiltIn(_HERE + "session", "file, size and use of this session"),
    "cost": BuiltIn(_HERE + "cost", "what this session has cost, by model and prompt"),
    "compact": BuiltIn(_HERE + "compact", "replace what was said by a summary", "[FOCUS]"),
    "copy": BuiltIn(_HERE + "copy", "copy the last answer to the clipboard"),
    "export": BuiltIn(_HERE + "export", "write the session as a page or as JSONL", "[FILE]"),
    "import": BuiltIn(_HERE + "import_", "go on with a copy of a session file", "FILE"),
    "theme": BuiltIn(_HERE + "theme", "choose the colours", "[NAME]", completes=True),
    "hotkeys": BuiltIn(_HERE + "hotkeys", "the keys that do something", "[TEXT]"),
    "trust": BuiltIn(_HERE + "trust", "trust this project's settings and code, or not"),
    "reload": BuiltIn(_HERE + "reload", "read settings, resources, extensions and keys anew"),
    "changelog": BuiltIn(_HERE + "changelog", "what is new", "[all]"),
    "quit": BuiltIn(_HERE + "quit", "end the program"),
    "exit": BuiltIn(_HERE + "quit", "end the program"),
}
"""The commands by name, without the slash. Nothing of them is imported before one is used."""


def register_all(pi: Pi) -> None:
    """Put them into the registry, as an extension would."""
    for name, row in BUILT_IN.items():
        pi.register_command(
            name,
            _runner(name, row),
            description=row.description,
            hint=row.hint,
            complete=_completer(row) if row.completes else None,
        )


def _runner(name: str, row: BuiltIn) -> CommandHandler:
    async def run(arguments: str, context: Context) -> None:
        ui = context.ui  # the context ends with its session; the person stays
        try:
            await import_module(row.module).run(arguments.strip(), context)
        except AbortedError as error:
            ui.notify(error.message)
        except PiError as error:
            ui.notify(f"/{name}: {error.message}", "error")

    return run


def _completer(row: BuiltIn) -> Complete:
    async def complete(prefix: str, context: Context) -> Sequence[Completion]:
        try:
            return await import_module(row.module).complete(prefix, context)
        except PiError:
            return ()

    return complete
