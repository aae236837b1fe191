"""Full logs of long outputs, in a folder that only its owner can look into.

The folder is made at the first long output; logs older than a week are removed then.
"""

import os
import stat
from pathlib import Path
from typing import Protocol

__all__ = ["LogFile", "LogFilter", "log_folder"]

_MAX_BYTES = 256 * 1024 * 1024
_MAX_AGE = 7 * 24 * 3600
_NAME = "pi-bash-{}.log"


class LogFilter(Protocol):
    """What the bytes of a log go through before they are written."""

    def feed(self, data: bytes, /) -> bytes:
        """What can be written now."""
        ...

    def finish(self) -> bytes:
        """The rest."""
        ...


class LogFile:
    """A log being written: the bytes as they came, up to a bound. Write errors end it silently."""

    def __init__(self, through: LogFilter | None = None) -> None:
        self._filter = through
        self.path = log_folder() / _NAME.format(os.urandom(8).hex())
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        self._number = os.open(self.path, flags, 0o600)
        self._left = _MAX_BYTES
        self.complete = True

    def write(self, data: bytes) -> None:
        """Add `data`, as far as there is room."""
        self._write(data if self._filter is None else self._filter.feed(data))

    def _write(self, data: bytes) -> None:
        if len(data) > self._left:
            data = data[: self._left]
            self.complete = False
        try:
            while data and self._number >= 0:
                written = os.write(self._number, data)
                self._left -= written
                data = data[written:]
        except OSError:  # a full disk must not end the command
            self.complete = False
            self.close()

    def close(self) -> None:
        """Give the descriptor back; the file stays."""
        if self._number >= 0 and self._filter is not None:
            through, self._filter = self._filter, None
            self._write(through.finish())
        if self._number >= 0:
            os.close(self._number)
            self._number = -1

    def remove(self) -> None:
        """Close and delete: nobody was told about it."""
        self.close()
        self.path.unlink(missing_ok=True)

    def __del__(self) -> None:
        self.close()


def log_folder() -> Path:
    """The private folder for logs; made if need be. Raises `OSError`."""
    from tempfile import gettempdir, mkdtemp  # slow to import

    user = os.getuid() if hasattr(os, "getuid") else "user"
    folder = Path(gettempdir()) / f"pi-bash-{user}"
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if not _is_private(folder):  # somebody else made it: the name can be guessed
            return Path(mkdtemp(prefix="pi-bash-"))
    _remove_old(folder)
    return folder


def _is_private(folder: Path) -> bool:
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode):
        return False
    if not hasattr(os, "getuid"):
        return True
    return status.st_uid == os.getuid() and not status.st_mode & 0o077


def _remove_old(folder: Path) -> None:
    from time import time

    try:
        for path in folder.iterdir():
            if path.lstat().st_mtime < time() - _MAX_AGE:
                path.unlink(missing_ok=True)
    except OSError:
        pass  # another pi is tidying, too
