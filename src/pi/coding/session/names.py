"""Names on disk: session ids, entry ids, timestamps, file and folder names.

They are the established ones, so that every program that knows the format finds the sessions of
the others. A folder name does not tell its project (`/a-b` and `/a/b` share one): the header of
each session does.
"""

import os
import re
import time
from collections.abc import Container
from functools import lru_cache

from pi.coding.session.errors import SessionError

__all__ = [
    "check_session_id",
    "file_name",
    "folder_name",
    "iso_time",
    "new_entry_id",
    "new_session_id",
    "parse_time",
]

_LONGEST_NAME = 255
"""Bytes in a file name on the usual file systems."""

_SESSION_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


def new_session_id() -> str:
    """A UUID of version 7, which sorts by time (https://www.rfc-editor.org/rfc/rfc9562)."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def check_session_id(session_id: str) -> str:
    """The id itself. Raises `SessionError` if it cannot be part of a file name everywhere."""
    if _SESSION_ID.fullmatch(session_id):
        return session_id
    raise SessionError(
        f"session id {session_id!r} is not possible: use letters, digits, '.', '_' and '-',"
        " with a letter or digit at both ends"
    )


def new_entry_id(taken: Container[str]) -> str:
    """Eight hexadecimal digits that are not taken."""
    while (entry_id := os.urandom(4).hex()) in taken:
        pass
    return entry_id


def iso_time(ms: int | None = None) -> str:
    """Milliseconds since the epoch, or now, as `2025-01-31T12:00:00.000Z`."""
    seconds, rest = divmod(time.time_ns() // 1_000_000 if ms is None else ms, 1000)
    return f"{_to_the_second(seconds)}.{rest:03}Z"


@lru_cache(maxsize=1)  # many entries are of the same second
def _to_the_second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def parse_time(text: str) -> int:
    """Milliseconds since the epoch; 0 if the text is no time."""
    from datetime import UTC, datetime  # only for summaries, custom messages and lists

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return 0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def file_name(timestamp: str, session_id: str) -> str:
    """The file name of a session begun at `timestamp` (ISO)."""
    return f"{re.sub('[:.]', '-', timestamp)}_{session_id}.jsonl"


def folder_name(cwd: str) -> str:
    """The name of the folder that holds the sessions of the absolute path `cwd`."""
    inner = re.sub(r"[/\\:]", "-", re.sub(r"^[/\\]", "", cwd))
    name = f"--{inner}--"
    if len(name.encode(errors="surrogateescape")) <= _LONGEST_NAME:
        return name
    from hashlib import sha256  # no other program can name this folder, so the name is ours

    digest = sha256(cwd.encode(errors="surrogateescape")).hexdigest()[:16]
    return f"--{inner.encode(errors='replace')[:200].decode(errors='ignore')}-{digest}--"
