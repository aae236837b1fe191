"""Signing in and storing keys, whoever asks for it: `pi auth` and `/login` are both this.

Whatever could prevent saving is found out before anybody signs in, and nothing is written before a
login is complete: giving up at any step leaves everything as it was.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from msgspec import Struct

from pi.ai.auth.base import ApiKey, Credential, LoginFlow, LoginUI, OAuth
from pi.ai.auth.flows import flows
from pi.ai.auth.mistakes import flow_called
from pi.ai.auth.store import AuthFileError, Credentials, Transaction, entry_name
from pi.ai.auth.values import is_placeholder
from pi.ai.catalog.schema import ProviderRow
from pi.ai.errors import ConfigError, PiError
from pi.coding.home import Home

__all__ = [
    "Person",
    "Target",
    "checked_account",
    "checked_key",
    "need_key_provider",
    "sign_in",
    "store_key",
    "stored_for",
    "takes_key",
    "withheld_models",
]

_LONGEST_ACCOUNT = 64
_LONGEST_KEY = 16384
_ASSIGNMENT = re.compile(r"(?:export\s+|set\s+)?[A-Z][A-Z0-9_]*=")


class Person(LoginUI, Protocol):
    """Who signs in."""

    async def confirm(self, question: str) -> None:
        """Ask for a yes. Raises `AbortedError` for anything else."""
        ...


class Target(Struct, frozen=True):
    """A provider, and the named account of it if one is meant."""

    row: ProviderRow
    account: str | None

    @property
    def entry(self) -> str:
        """The name of its stored credential."""
        return entry_name(self.row.id, self.account)

    @property
    def label(self) -> str:
        """The name for people."""
        return f"{self.row.name} ({self.entry})"


def checked_account(account: str, at: str = "") -> str:
    """An account name as it was typed; "" for the unnamed one. Raises `ConfigError`.

    at: the `@` before it, if it was written as `provider@account`.
    """
    if not account and at:
        raise ConfigError("the account is missing after @")
    good = all(char.isalnum() or char in "._+-@" for char in account)
    if not good or account.startswith("@") or len(account) > _LONGEST_ACCOUNT:
        raise ConfigError(
            f"an account is a short name of letters, digits and . _ + - @, not {account!r}"
        )
    return account


# -- logins ----------------------------------------------------------------------------------------


async def sign_in(home: Home, target: Target, person: Person) -> OAuth | ApiKey:
    """Sign in with the provider's login and keep what it gives.

    Raises `AbortedError` if the person gives up, and as `LoginFlow.login` does.
    """
    row, store = target.row, home.resolver.store
    if not row.auth.login:
        raise ConfigError(f"{row.name} has no login of its own; it takes an API key")
    if row.auth.login not in flows:
        raise ConfigError(f"no login flow {row.auth.login!r} is installed")
    if row.notice:
        person.progress(f"{row.name}: {row.notice}")
        await person.confirm("Log in all the same?")
    if isinstance(stored_for(store, target), ApiKey):  # it may be the only copy
        await person.confirm(f"A key is stored as {target.entry!r}. Replace it by the login?")
    async with store.locked():
        pass  # a file or folder that cannot be written is told before the login, not after it
    with flow_called(row.auth.login):
        credential = await flows.get(row.auth.login).login(person)
    _need_credential(row.auth.login, credential)
    await store.put(row.id, credential, target.account)
    return credential


def _need_credential(flow: str, given: object) -> None:
    if not isinstance(given, OAuth | ApiKey):
        kind = type(given).__name__
        raise ConfigError(f"the login flow {flow} gave no OAuth or ApiKey, but a value of {kind}")


def stored_for(store: Credentials, target: Target) -> Credential | None:
    """What is stored under that name; a malformed entry is no loss, and counts as none."""
    with suppress(AuthFileError):
        return store.entry(target.entry)
    return None


def withheld_models(home: Home, target: Target, tell: Callable[[str], None]) -> frozenset[str]:
    """The ids of the provider's models that the stored login is known not to give.

    tell: hears of a login flow that cannot say; nothing is held back then.
    """
    row = target.row
    stored = stored_for(home.resolver.store, target)
    if not isinstance(stored, OAuth) or row.auth.login not in flows:
        return frozenset()
    flow = flows.get(row.auth.login)
    if type(flow).offers is LoginFlow.offers:
        return frozenset()  # it gives all
    found: set[str] = set()
    for model_id in home.catalog.ids(row.id):
        try:
            model = home.catalog.model(row.id, model_id)
        except ConfigError:  # a wire that we lack
            found.add(model_id)
            continue
        try:
            with flow_called(row.auth.login):
                offered = flow.offers(model, stored)
        except PiError as error:
            tell(error.message)
            return frozenset()
        if not offered:
            found.add(model_id)
    return frozenset(found)


# -- keys ------------------------------------------------------------------------------------------


def takes_key(row: ProviderRow) -> bool:
    """Whether there are API keys for the provider."""
    return row.auth.kinds not in (("oauth",), ("none",))


def need_key_provider(home: Home, target: Target, login: str) -> None:
    """Raise `ConfigError` if the provider takes no keys. login: how one signs in instead."""
    kinds = target.row.auth.kinds
    if kinds == ("oauth",):
        raise ConfigError(f"{target.label} takes no API keys: {login} {target.entry}")
    if kinds == ("none",) and home.catalog.user_provider(target.row.id) is None:
        raise ConfigError(f"{target.label} needs no key")


def checked_key(typed: str) -> str:
    """A key as it is to be stored. Raises `ConfigError` if it can be none; it is not repeated.

    It is stored as it was written, so that `!command`, `$NAME` and `keyring:` work.
    """
    key = typed.strip().removeprefix("\ufeff").strip()
    if len(key) > 1 and key[0] == key[-1] and key[0] in "\"'":
        key = key[1:-1].strip()
    problem = ""
    if not key:
        problem = "there is no key: nothing came in"
    elif "\n" in key or "\r" in key:
        problem = "a key is one line, and there are several"
    elif len(key) > _LONGEST_KEY:
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


async def store_key(
    store: Credentials, target: Target, key: str, env: dict[str, str] | None = None
) -> None:
    """Keep a key. Variables that were stored with the one before stay, beside those of `env`."""

    def change(entries: Transaction) -> None:
        kept: dict[str, str] = {}
        with suppress(AuthFileError):  # a malformed entry is replaced
            old = entries.get(target.entry)
            kept = old.env if isinstance(old, ApiKey) else {}
        entries.put(target.entry, ApiKey(key, {**kept, **(env or {})}))

    await store.modify(change)
