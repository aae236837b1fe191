"""Puts an entry into `models.json`: first as a difference to look at, then for good.

The file is read once for the difference and again under its lock before it is written; if it has
changed in between, nothing is written, because nobody has seen what would be.
"""

import difflib
import os
from pathlib import Path
from typing import Any

from msgspec import Struct

from pi.ai.auth.lock import FileLock
from pi.ai.catalog.jsonc import JsoncError, decode
from pi.ai.catalog.jsonc_edit import merge
from pi.ai.errors import ConfigError

__all__ = ["Change", "planned", "save"]


class Change(Struct, frozen=True):
    """What would be written. `before` is None if there is no file yet."""

    path: Path
    before: str | None
    after: str

    @property
    def nothing(self) -> bool:
        """Whether the file says all of it already."""
        return self.before == self.after

    def diff(self) -> str:
        """The difference, in the usual form."""
        name = self.path.name
        lines = difflib.unified_diff(
            (self.before or "").removeprefix("\ufeff").splitlines(),
            self.after.removeprefix("\ufeff").splitlines(),
            name if self.before is not None else "/dev/null",
            name,
            lineterm="",
        )
        return "\n".join(lines)


def planned(path: Path, name: str, entry: dict[str, Any]) -> Change:
    """The change that puts `entry` under `name`. Raises `ConfigError` for a file that is broken."""
    target = Path(os.path.realpath(path))
    before = _text(target, path)
    if before is not None:
        _check(before, path)
    try:
        after = merge(before or "", ("providers", name), entry)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}; it is left alone: mend it first") from None
    return Change(target, before, after)


def save(change: Change) -> None:
    """Write it. Raises `ConfigError` if the file has changed, or cannot be written."""
    path = change.path
    try:
        path.parent.mkdir(0o700, parents=True, exist_ok=True)
        with FileLock(path, stale=10.0, patience=12.0) as lock:
            if _text(path, path) != change.before:
                raise ConfigError(f"{path} was changed meanwhile; nothing was written: try again")
            _write(path, change.after.encode(), lock)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror or error}") from error


def _text(target: Path, shown: Path) -> str | None:
    try:
        return target.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise ConfigError(f"{shown} is not UTF-8; it is left alone: mend it first") from None
    except OSError as error:
        raise ConfigError(f"{shown} cannot be read: {error.strerror or error}") from None


def _check(text: str, path: Path) -> None:
    """Raise `ConfigError` unless it is an object, with an object of providers if any."""
    if not text.removeprefix("\ufeff").strip():
        return
    try:
        data = decode(text)
    except JsoncError as error:
        raise ConfigError(f"{path} {error}; it is left alone: mend it first") from None
    providers = data.get("providers", {}) if isinstance(data, dict) else None
    if not isinstance(providers, dict):
        what = "providers is no object" if isinstance(data, dict) else "it holds no object"
        raise ConfigError(f"{path}: {what}; it is left alone: mend it first")


def _write(path: Path, data: bytes, lock: FileLock) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(temporary, flags, 0o600), "wb") as file:  # noqa: PTH123 (a descriptor)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            temporary.chmod(path.stat().st_mode & 0o777)
        lock.ensure()
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
