"""`pi auth set-key`: store an API key that was typed without echo, or came on standard input.

The key is stored as it was written, so that `!command`, `$NAME` and `keyring:` work. What can be no
key is refused before anything is written.
"""

import re
import sys
from contextlib import suppress

from pi.ai.auth.base import ApiKey, OAuth
from pi.ai.auth.masks import hint
from pi.ai.auth.store import AuthFileError, Transaction
from pi.ai.auth.values import Environment, describe, is_placeholder, missing_variables
from pi.ai.errors import ConfigError
from pi.coding.cli.args import UsageError
from pi.coding.cli.auth.call import Call, Target
from pi.coding.cli.auth.console import ConsoleUI
from pi.coding.cli.auth.running import run_async

__all__ = ["ask_key", "checked_key", "run"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ASSIGNMENT = re.compile(r"(?:export\s+|set\s+)?[A-Z][A-Z0-9_]*=")
_LONGEST = 16384


def run(call: Call) -> int:
    """Store a key; gives the exit code."""
    ui = ConsoleUI(call.args, call.home.env)
    return run_async(lambda: ask_key(call, call.target(), ui))


async def ask_key(call: Call, target: Target, ui: ConsoleUI) -> int:
    """Ask for a key and store it. Raises `ConfigError` for what can be no key."""
    env = _variables(call.args.texts("env"))
    auth = target.row.auth
    if auth.kinds == ("oauth",):
        raise ConfigError(f"{target.label} takes no API keys: pi auth login {target.entry}")
    if auth.kinds == ("none",) and call.home.catalog.user_provider(target.row.id) is None:
        raise ConfigError(f"{target.label} needs no key")
    if sys.stdin is not None and sys.stdin.isatty():
        made = f" (made at {auth.help})" if auth.help else ""
        ui.progress(f"API key for {target.label}{made}. It is not shown while you type.")
        ui.need_somebody("typing a key")
        typed = await ui.prompt("Key:", secret=True)
    else:
        typed = _from_input()
    key = checked_key(typed)
    store = call.resolver.store
    with suppress(AuthFileError):
        if isinstance(store.entry(target.entry), OAuth):
            await ui.confirm(f"A login is stored as {target.entry!r}. Replace it by this key?")

    def change(entries: Transaction) -> None:
        kept: dict[str, str] = {}
        with suppress(AuthFileError):  # a malformed entry is replaced
            old = entries.get(target.entry)
            kept = old.env if isinstance(old, ApiKey) else {}
        entries.put(target.entry, ApiKey(key, {**kept, **env}))

    await store.modify(change)
    _tell(call, target, key)
    return 0


def checked_key(typed: str) -> str:
    """A key as it is to be stored. Raises `ConfigError` if it can be none; it is not repeated."""
    key = typed.strip().removeprefix("\ufeff").strip()
    if len(key) > 1 and key[0] == key[-1] and key[0] in "\"'":
        key = key[1:-1].strip()
    problem = ""
    if not key:
        problem = "there is no key: nothing came in"
    elif "\n" in key or "\r" in key:
        problem = "a key is one line, and there are several"
    elif len(key) > _LONGEST:
        problem = "that is too long for a key"
    elif is_placeholder(key):
        problem = "that is only a placeholder for a key"
    elif _ASSIGNMENT.match(key):
        problem = "that is an assignment: give only what is after the ="
    elif not key.startswith(("!", "keyring:")) and not (key.isascii() and key.isprintable()):
        problem = "that has characters that no key can have"
    elif not key.startswith(("!", "keyring:")) and " " in key:
        problem = "there is a space in it: give the key only"
    if problem:
        raise ConfigError(f"{problem}; nothing was stored")
    return key


def _from_input() -> str:
    data = b"" if sys.stdin is None else sys.stdin.buffer.read(4 * _LONGEST)
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ConfigError("standard input is no text; nothing was stored") from None


def _variables(given: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not _NAME.fullmatch(name):
            raise UsageError(f"--env takes NAME=VALUE, not {name!r}")
        found[name] = value
    return found


def _tell(call: Call, target: Target, key: str) -> None:
    status = call.resolver.status(target.row.id)
    where = call.resolver.store.where
    env = Environment(call.home.env)
    words = describe(key, env)
    text = f"Stored for {target.label}: {words or 'key ' + hint(key)}; in {where}."
    notes = [f"{name} is not set now (write $$ for $)" for name in missing_variables(key, env)]
    notes += [f"{name} is needed besides" for name in status.missing if name not in text]
    for note in dict.fromkeys(notes):
        sys.stderr.write(f"Note: {note}\n")
    call.answer(
        text,
        {
            "provider": target.row.id,
            "account": target.account,
            "method": "api_key",
            "masked": words or hint(key),
            "missing": list(status.missing),
            "file": where,
        },
    )
