"""What older versions left behind, brought to where it belongs now.

Runs before the credentials are read. It costs one look at the folder when there is nothing to do;
nothing is overwritten, and what cannot be moved stays where it is and is told.
"""

import contextlib
import os
from pathlib import Path
from typing import Any

import msgspec

from pi.ai.errors import PiError
from pi.coding.session.listing import read_header
from pi.coding.session.names import folder_name
from pi.coding.settings_file import save

__all__ = ["migrate"]

_BOM = b"\xef\xbb\xbf"


def migrate(folder: Path) -> tuple[str, ...]:
    """Bring the user's folder up to date. Gives what was done and what failed, for people."""
    try:
        names = set(os.listdir(folder))  # noqa: PTH208 (names are all we want)
    except OSError:
        return ()
    notes: list[str] = []
    if "auth.json" not in names and names & {"oauth.json", "settings.json"}:
        _move_credentials(folder, notes)
    if "commands" in names and "prompts" not in names:
        with contextlib.suppress(OSError):
            (folder / "commands").rename(folder / "prompts")
            notes.append("prompt templates were moved from commands/ to prompts/")
    strays = sorted(name for name in names if name.endswith(".jsonl"))
    moved = sum(_move_session(folder, folder / name) for name in strays)
    if moved:
        notes.append(f"{moved} session{'s' if moved > 1 else ''} moved to sessions/")
    return tuple(notes)


def _move_credentials(folder: Path, notes: list[str]) -> None:
    """`oauth.json` and `apiKeys` of the settings become `auth.json`."""
    logins = _object(folder / "oauth.json")
    keys = _object(folder / "settings.json").get("apiKeys")
    found: dict[str, Any] = {
        provider: {"type": "oauth", **login}
        for provider, login in logins.items()
        if isinstance(login, dict)
    }
    if isinstance(keys, dict):
        for provider, key in keys.items():
            if isinstance(key, str):
                found.setdefault(provider, {"type": "api_key", "key": key})
    if not found:
        return
    try:
        _write_new(folder / "auth.json", msgspec.json.format(msgspec.json.encode(found), indent=2))
    except FileExistsError:
        return  # another process was faster
    except OSError as error:
        notes.append(f"credentials could not be moved to {folder / 'auth.json'}: {error.strerror}")
        return
    notes.append(f"credentials were moved to auth.json: {', '.join(found)}")
    if logins:
        with contextlib.suppress(OSError):
            (folder / "oauth.json").rename(folder / "oauth.json.migrated")
    if isinstance(keys, dict):
        try:
            save(folder / "settings.json", {"apiKeys": None})
        except PiError as error:
            notes.append(error.message)


def _move_session(folder: Path, path: Path) -> bool:
    """Version 0.30.0 kept sessions beside the settings."""
    header = read_header(path)
    if header is None or not header.cwd:
        return False
    target = folder / "sessions" / folder_name(header.cwd)
    try:
        target.mkdir(0o700, parents=True, exist_ok=True)
        if (target / path.name).exists():
            return False
        path.rename(target / path.name)
    except OSError:
        return False
    return True


def _object(path: Path) -> dict[str, Any]:
    try:
        data = msgspec.json.decode(path.read_bytes().removeprefix(_BOM))
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _write_new(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with open(handle, "wb") as file:  # noqa: PTH123 (of a descriptor)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
