"""What lists show of sessions, remembered: a file that has not changed is not read again.

The memory is a cache that anybody may delete. It is only believed for a file of the same size and
time of change, is written as a whole, and what goes wrong with it is nobody's concern.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from pi.coding.session.listing import SessionInfo, read_info

__all__ = ["SessionIndex"]


class _Row(Struct, frozen=True, array_like=True):
    """A session as it was at `changed` (ns), when its file had `size` bytes."""

    changed: int
    size: int
    id: str
    cwd: str
    name: str | None
    parent_session: str | None
    created: int
    modified: int
    message_count: int
    first_message: str


class _Known(Struct, frozen=True):
    """The whole file. version: of what is remembered about a session."""

    version: int = 0
    rows: dict[str, _Row] = {}


_VERSION = 1
_decode = msgspec.json.Decoder(_Known).decode


class SessionIndex:
    """Reads sessions for lists. path: where to remember them; None remembers nothing on disk."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._rows: dict[str, _Row] | None = None

    def infos(self, files: Iterable[str]) -> Iterator[SessionInfo]:
        """What lists show of these files; those that are no sessions are left out."""
        known = self._known()
        fresh = False
        for file in files:
            try:
                stat = os.stat(file)  # noqa: PTH116 (a thousand `Path`s take longer)
            except OSError:
                continue
            row = known.get(file)
            if row is not None and (row.changed, row.size) == (stat.st_mtime_ns, stat.st_size):
                yield _info(file, row)
                continue
            info = read_info(Path(file))
            fresh = True
            if info is not None:
                known[file] = _row(info, stat.st_mtime_ns, stat.st_size)
                yield info
        if fresh:
            self._save(known)

    def _known(self) -> dict[str, _Row]:
        if self._rows is None:
            self._rows = {}
            if self._path is not None:
                with contextlib.suppress(OSError, ValueError, RecursionError):
                    found = _decode(self._path.read_bytes())
                    if found.version == _VERSION:
                        self._rows = found.rows
        return self._rows

    def _save(self, known: dict[str, _Row]) -> None:
        for name in [name for name in known if not os.path.exists(name)]:  # noqa: PTH110 (many)
            del known[name]
        if self._path is None:
            return
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}.tmp")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(handle, "wb") as file:  # noqa: PTH123 (of a descriptor)
                file.write(msgspec.json.encode(_Known(_VERSION, known)))
            temporary.replace(self._path)
        except OSError:  # a folder that cannot be written: lists take longer
            with contextlib.suppress(OSError):
                temporary.unlink()


def _info(file: str, row: _Row) -> SessionInfo:
    return SessionInfo(
        file,
        row.id,
        row.cwd,
        row.name,
        row.parent_session,
        row.created,
        row.modified,
        row.message_count,
        row.first_message,
    )


def _row(info: SessionInfo, changed: int, size: int) -> _Row:
    return _Row(
        changed,
        size,
        info.id,
        info.cwd,
        info.name,
        info.parent_session,
        info.created,
        info.modified,
        info.message_count,
        info.first_message,
    )
