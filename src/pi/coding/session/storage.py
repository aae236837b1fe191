"""Where the lines of a session are kept: a file that only grows, or memory.

One append is one write of whole lines at the end of the file. A file whose last line is torn gets
its newline first. A new file appears all at once, and only when `publish` is called, so that
looking at an empty session leaves nothing behind. Folders and files are for their owner only. What
a program left that was killed while it made a new file is removed when the next one is made.
"""

import contextlib
import errno
import os
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from pi.coding.session.errors import SessionError

__all__ = ["FileStorage", "MemoryStorage", "publish"]

_BINARY = getattr(os, "O_BINARY", 0)  # Windows would translate line ends
_TEMPORARY = r"\..+\.jsonl\.\d+\.tmp"
_STALE = 3600.0
"""Seconds after which nobody is still writing a new file."""


class MemoryStorage:
    """Lines in memory. Offsets count as in a file."""

    def __init__(self, data: bytes = b"") -> None:
        self.pending: bytearray | None = bytearray(data)
        self.end = len(data)

    def append(self, data: bytes, *, sync: bool = False) -> tuple[int, bytes]:
        """Add whole lines. Gives their offset, and what others had added before them."""
        assert self.pending is not None
        start = self.end
        self.pending += data
        self.end = len(self.pending)
        return start, b""

    def withdraw(self, end: int) -> None:
        """Take back what was appended after the offset `end`."""
        assert self.pending is not None
        del self.pending[end:]
        self.end = end

    def read(self, spans: Iterable[tuple[int, int]]) -> Iterator[bytes]:
        """The bytes at each (offset, size)."""
        assert self.pending is not None
        for start, size in spans:
            yield bytes(self.pending[start : start + size])


class FileStorage(MemoryStorage):
    """Lines in `path`; kept in memory until `publish`, unless the file `exists` already.

    end: how much of the file is known. complete: whether that ends in a newline.
    """

    def __init__(
        self, path: Path, *, exists: bool = False, end: int = 0, complete: bool = True
    ) -> None:
        super().__init__()
        self.path = path
        self.complete = complete
        if exists:
            self.pending = None
            self.end = end

    def publish(self) -> None:
        """Make the file of what was appended so far. Raises `SessionError`, and nothing changed."""
        if self.pending is None:
            return
        publish(self.path, (bytes(self.pending),))
        self.pending = None

    def append(self, data: bytes, *, sync: bool = False) -> tuple[int, bytes]:
        """Add whole lines; with `sync` they are on the disk when this returns.

        Gives their offset, and what others had added before them. Raises `SessionError` when they
        could not be written; then they are not part of the session.
        """
        if self.pending is not None:
            return super().append(data)
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_APPEND | _BINARY)
        except OSError as error:
            raise self._failed(error) from error
        try:
            return self._write(handle, data, sync)
        except OSError as error:
            self.complete = False
            raise self._failed(error) from error
        finally:
            os.close(handle)

    def read(self, spans: Iterable[tuple[int, int]]) -> Iterator[bytes]:
        """The bytes at each (offset, size). Raises `SessionError` if the file is gone."""
        if self.pending is not None:
            yield from super().read(spans)
            return
        try:
            with self.path.open("rb", buffering=1 << 18) as file:
                for start, size in spans:
                    file.seek(start)
                    yield file.read(size)
        except OSError as error:
            raise SessionError(
                f"session {self.path} can no longer be read: {error.strerror or error}"
            ) from error

    def _write(self, handle: int, data: bytes, sync: bool) -> tuple[int, bytes]:
        size = os.fstat(handle).st_size
        if size < self.end:
            raise SessionError(
                f"session {self.path} was cut or replaced by another program: nothing was"
                " written; open it again to go on"
            )
        if size > self.end or (size and not self.complete):
            os.lseek(handle, size - 1, os.SEEK_SET)
            self.complete = os.read(handle, 1) == b"\n"
        lead = b"" if self.complete else b"\n"
        rest = memoryview(lead + data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        end = os.lseek(handle, 0, os.SEEK_CUR)
        if sync:
            _sync(handle)
        start = end - len(data)
        foreign = b""
        if start - len(lead) > self.end:
            os.lseek(handle, self.end, os.SEEK_SET)
            foreign = _read(handle, start - self.end)
        self.end, self.complete = end, True
        return start, foreign

    def _failed(self, error: OSError) -> SessionError:
        return SessionError(
            f"session {self.path} cannot be written: {error.strerror or error};"
            " what was to be added is not kept"
        )


def publish(path: Path, parts: Iterable[bytes], *, replace: bool = False) -> None:
    """Write a new file that appears complete or not at all, in folders for the owner only.

    A file that is there already is an error, unless it is empty or `replace` is set.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        _make_folder(path.parent)
        try:
            _write_new(temporary, parts)
            _move(temporary, path, replace=replace or _is_empty(path))
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
        _sync_folder(path.parent)
        _sweep(path.parent)
    except OSError as error:
        raise SessionError(
            f"session {path} cannot be written: {error.strerror or error};"
            " what was to be added is not kept"
        ) from error


def _write_new(path: Path, parts: Iterable[bytes]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY, 0o600)
    with open(handle, "wb", buffering=1 << 20) as file:  # noqa: PTH123 (of a descriptor)
        for part in parts:
            file.write(part)
        file.flush()
        _sync(file.fileno())


def _move(source: Path, target: Path, *, replace: bool) -> None:
    if not replace:
        try:
            os.link(source, target)
            return
        except OSError:  # it exists, or the file system has no links
            if target.exists():
                raise SessionError(
                    f"session {target} exists already; nothing was written"
                ) from None
    source.replace(target)


def _is_empty(path: Path) -> bool:
    try:
        return path.stat().st_size == 0
    except OSError:
        return False


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(0o700, exist_ok=True)


def _read(handle: int, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0 and (part := os.read(handle, size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _sync(handle: int) -> None:
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS):
            raise  # anything but a file system that cannot


def _sweep(folder: Path) -> None:
    """Remove new files that were never finished."""
    for name in os.listdir(folder):  # noqa: PTH208 (a thousand `Path`s take longer)
        if name.startswith(".") and re.fullmatch(_TEMPORARY, name):
            with contextlib.suppress(OSError):
                if folder.joinpath(name).stat().st_mtime < time.time() - _STALE:
                    folder.joinpath(name).unlink()


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
