"""Where credentials are kept: `auth.json`, or a dictionary in memory.

Reading takes no lock and notices what other processes wrote. There is one way of writing: take the
lock, read again, change, replace the file as a whole (`pi.ai.auth.file`). What this program does
not know, other providers and unknown fields, is kept as it stands. An entry is named
`<provider>`, or `<provider>@<account>` for a further account of the same provider.
"""

import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from pi.ai.auth.base import ApiKey, Credential, OAuth
from pi.ai.auth.file import AuthFileError, Entries, EntryFile
from pi.ai.auth.lock import FileLock

__all__ = [
    "AuthFileError",
    "CredentialStore",
    "Credentials",
    "MemoryStore",
    "Transaction",
    "entry_name",
]

T = TypeVar("T")


def entry_name(provider: str, account: str | None = None) -> str:
    """The name of an entry: `provider`, or `provider@account`."""
    return f"{provider}@{account}" if account else provider


class Transaction:
    """The entries as they are under the lock, and the changes to be saved by `commit`."""

    def __init__(self, entries: Entries, where: str, save: Callable[[Entries], None]) -> None:
        self._entries = entries
        self._where = where
        self._save = save
        self._changed = False

    def names(self) -> tuple[str, ...]:
        """All entry names, in file order."""
        return tuple(self._entries)

    def get(self, name: str) -> Credential | None:
        """The credential of that entry. Raises `AuthFileError` if the entry is malformed."""
        return _decode(self._entries, name, self._where)

    def put(self, name: str, credential: Credential) -> None:
        """Add or replace an entry. Unknown fields of a replaced key stay."""
        entry = _encode(credential)
        if isinstance(credential, ApiKey):
            old = _fields(self._entries.get(name))
            if old.get("type") == "api_key":
                entry = {k: v for k, v in old.items() if k not in ("key", "env")} | entry
        self._entries[name] = msgspec.Raw(msgspec.json.encode(entry))
        self._changed = True

    def remove(self, name: str) -> bool:
        """Remove an entry; False if there was none."""
        self._changed |= name in self._entries
        return self._entries.pop(name, None) is not None

    def commit(self) -> None:
        """Save the changes, if there are any."""
        if self._changed:
            self._save(self._entries)
            self._changed = False


class Credentials:
    """What every store can do. Subclasses say how entries are read and locked."""

    where: str = ""
    """Names the store in messages."""

    # -- reading -----------------------------------------------------------------------------------

    @property
    def problem(self) -> AuthFileError | None:
        """Why the store could not be read last time, if so; the last good state is in use then."""
        return None

    def names(self) -> tuple[str, ...]:
        """All entry names, in file order; those of unknown providers too."""
        return tuple(name for name in self._read() if name != "$schema")

    def snapshot(self) -> Entries:
        """All entries as they are stored now, as JSON; equal as long as nothing changed."""
        return dict(self._read())

    def get(self, provider: str, account: str | None = None) -> Credential | None:
        """The credential of a provider. Raises `AuthFileError` if it cannot be read."""
        return self.entry(entry_name(provider, account))

    def entry(self, name: str) -> Credential | None:
        """The credential of the entry of that name. Raises `AuthFileError`."""
        return _decode(self._read(), name, self.where)

    def accounts(self, provider: str) -> tuple[str, ...]:
        """The named accounts of a provider, without the unnamed one."""
        prefix = f"{provider}@"
        return tuple(n.removeprefix(prefix) for n in self._read() if n.startswith(prefix))

    # -- writing -----------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def locked(self) -> AsyncGenerator[Transaction, None]:
        """Hold the lock. Nothing is saved but by `Transaction.commit`."""
        yield self._transaction(None)

    async def modify(self, change: Callable[[Transaction], T]) -> T:
        """Apply `change` to the entries as they are under the lock, and save the result."""
        async with self.locked() as transaction:
            result = change(transaction)
            transaction.commit()
            return result

    def modify_sync(self, change: Callable[[Transaction], T]) -> T:
        """The blocking twin of `modify`."""
        transaction = self._transaction(None)
        result = change(transaction)
        transaction.commit()
        return result

    async def put(self, provider: str, credential: Credential, account: str | None = None) -> None:
        """Save one credential."""
        await self.modify(lambda entries: entries.put(entry_name(provider, account), credential))

    async def remove(self, provider: str, account: str | None = None) -> bool:
        """Remove one credential; False if there was none, in which case nothing is written."""
        if entry_name(provider, account) not in self.names():
            return False
        return await self.modify(lambda entries: entries.remove(entry_name(provider, account)))

    # -- for subclasses ----------------------------------------------------------------------------

    def _read(self) -> Entries:
        raise NotImplementedError

    def _transaction(self, lock: FileLock | None) -> Transaction:
        raise NotImplementedError


class MemoryStore(Credentials):
    """Credentials that live as long as the object."""

    where = "the credentials in memory"

    def __init__(self, entries: Mapping[str, Credential] = {}) -> None:
        self._entries: Entries = {}
        for name, credential in entries.items():
            self._entries[name] = msgspec.Raw(msgspec.json.encode(_encode(credential)))

    def _read(self) -> Entries:
        return self._entries

    def _transaction(self, lock: FileLock | None) -> Transaction:
        before = dict(self._entries)

        def save(entries: Entries) -> None:
            # only what this transaction changed: others may have committed while it was open
            for name in before.keys() | entries.keys():
                if name not in entries:
                    self._entries.pop(name, None)
                elif before.get(name) is not entries[name]:
                    self._entries[name] = entries[name]

        return Transaction(dict(before), self.where, save)


class CredentialStore(Credentials):
    """The credentials in the file `path`. Making one touches no disk.

    File and folder are made, for nobody but the user to read, when something is saved first.
    `stale` and `patience` are those of `FileLock`.
    """

    def __init__(self, path: str | Path, *, stale: float = 30.0, patience: float = 45.0) -> None:
        self.file = EntryFile(Path(path))
        self.where = str(path)
        self._lock_times = (stale, patience)

    @property
    def problem(self) -> AuthFileError | None:
        with contextlib.suppress(AuthFileError):
            self.file.read()
        return self.file.problem

    def _read(self) -> Entries:
        return self.file.read()

    @contextlib.asynccontextmanager
    async def locked(self) -> AsyncGenerator[Transaction, None]:
        async with self._lock() as lock:
            yield self._transaction(lock)

    def modify_sync(self, change: Callable[[Transaction], T]) -> T:
        with self._lock() as lock:
            transaction = self._transaction(lock)
            result = change(transaction)
            transaction.commit()
            return result

    def _lock(self) -> FileLock:
        stale, patience = self._lock_times
        return FileLock(self.file.prepare(), stale=stale, patience=patience)

    def _transaction(self, lock: FileLock | None) -> Transaction:
        def save(entries: Entries) -> None:
            self.file.replace(entries, lock)

        return Transaction(self.file.read_for_change(), self.where, save)


_type = msgspec.json.Decoder(dict[str, Any])


def _fields(raw: msgspec.Raw | None) -> dict[str, Any]:
    if raw is None:
        return {}
    try:
        return _type.decode(raw)
    except msgspec.ValidationError:
        return {}


def _decode(entries: Entries, name: str, where: str) -> Credential | None:
    raw = entries.get(name)
    if raw is None:
        return None
    try:
        fields = _type.decode(raw)
        match fields.get("type"):
            case "api_key":
                return msgspec.convert(fields, ApiKey)
            case "oauth":
                return _oauth(fields)
            case _:
                problem = 'its "type" is neither "api_key" nor "oauth"'
    except msgspec.ValidationError as error:
        problem = str(error)
    raise AuthFileError(f"the entry {name!r} of {where} is malformed: {problem}")


def _oauth(fields: dict[str, Any]) -> OAuth:
    known = {key: fields.get(key) for key in ("type", "refresh", "access", "expires")}
    if isinstance(known["expires"], float):
        known["expires"] = int(known["expires"])
    extra = {key: value for key, value in fields.items() if key not in known}
    return msgspec.convert({**known, "extra": extra}, OAuth)


def _encode(credential: Credential) -> dict[str, Any]:
    if isinstance(credential, ApiKey):
        return msgspec.to_builtins(credential)
    return {
        "type": "oauth",
        "refresh": credential.refresh,
        "access": credential.access,
        "expires": credential.expires,
        **credential.extra,
    }
