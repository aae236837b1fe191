"""`pi auth set-key`: store an API key that was typed without echo, or came on standard input.

The key is stored as it was written, so that `!command`, `$NAME` and `keyring:` work. What can be no
key is refused before anything is written.
"""

import re
import sys

from pi.ai.auth.base import OAuth
from pi.ai.auth.masks import hint
from pi.ai.auth.values import Environment, describe, missing_variables
from pi.ai.errors import ConfigError
from pi.coding.cli.args import UsageError
from pi.coding.cli.auth.call import Call
from pi.coding.cli.auth.console import ConsoleUI
from pi.coding.cli.auth.running import run_async
from pi.coding.setup.credentials import (
    Target,
    checked_key,
    need_key_provider,
    store_key,
    stored_for,
)

__all__ = ["ask_key", "run"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST = 16384


def run(call: Call) -> int:
    """Store a key; gives the exit code."""
    ui = ConsoleUI(call.args, call.home.env)
    return run_async(lambda: ask_key(call, call.target(), ui))


async def ask_key(call: Call, target: Target, ui: ConsoleUI) -> int:
    """Ask for a key and store it. Raises `ConfigError` for what can be no key."""
    env = _variables(call.args.texts("env"))
    auth = target.row.auth
    need_key_provider(call.home, target, "pi auth login")
    if sys.stdin is not None and sys.stdin.isatty():
        made = f" (made at {auth.help})" if auth.help else ""
        ui.progress(f"API key for {target.label}{made}. It is not shown while you type.")
        ui.need_somebody("typing a key")
        typed = await ui.prompt("Key:", secret=True)
    else:
        typed = _from_input()
    key = checked_key(typed)
    store = call.resolver.store
    if isinstance(stored_for(store, target), OAuth):
        await ui.confirm(f"A login is stored as {target.entry!r}. Replace it by this key?")
    await store_key(store, target, key, env)
    _tell(call, target, key)
    return 0


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
