"""Replacing a file so that at any moment it is wholly the old one or wholly the new one.

The new bytes go to a temporary file in the same folder, are flushed to the disk and take the name
of the old file, with its mode, owner and extended attributes. Symbolic links are followed; a hard
link becomes a file of its own, so that a package manager's shared store is never changed. What
cannot be replaced (a device, a file mounted by itself, a file in a folder that may not be written)
is written in place instead.
"""

import errno
import os
import stat
from pathlib import Path

from pi.coding.tools.threads import Stop

__all__ = ["Cancelled", "replace"]

_NOT_REPLACEABLE = {errno.EBUSY, errno.EXDEV, errno.EACCES, errno.EPERM, errno.EROFS}


class Cancelled(Exception):
    """The stop flag was set before the change was made; the file is as it was."""


def replace(path: Path, data: bytes, stop: Stop | None = None) -> None:
    """Make `data` the content of the file at `path`.

    Raises `OSError`, with the file unchanged unless it had to be written in place, or `Cancelled`.
    """
    real = Path(os.path.realpath(path))
    try:
        old = real.stat()
    except FileNotFoundError:
        old = None
    if old is not None:
        if stat.S_ISDIR(old.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not os.access(real, os.W_OK):  # a rename would get around a read-only file
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        if not stat.S_ISREG(old.st_mode):
            _write_in_place(real, data)
            return
    try:
        temporary = _write_beside(real, data, old)
    except OSError as error:
        if old is None or error.errno not in _NOT_REPLACEABLE:
            raise
        _write_in_place(real, data)
        return
    try:
        if stop is not None and stop.is_set():
            raise Cancelled
        temporary.replace(real)
    except OSError as error:
        if old is None or error.errno not in _NOT_REPLACEABLE:
            raise
        _write_in_place(real, data)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(real.parent)


def _write_beside(real: Path, data: bytes, old: os.stat_result | None) -> Path:
    """A temporary file next to `real` with `data` and the looks of `old`, on the disk."""
    temporary = real.with_name(f".pi-{os.urandom(8).hex()}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    # A new file gets what the umask leaves; a private one must never be readable, not even now.
    number = os.open(temporary, flags, 0o666 if old is None else 0o600)
    try:
        with open(number, "wb") as file:  # noqa: PTH123 (a descriptor, not a path)
            file.write(data)
            file.flush()
            if old is not None:
                _copy_looks(real, old, number)
            os.fsync(number)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _copy_looks(real: Path, old: os.stat_result, number: int) -> None:
    """Owner, mode and extended attributes (ACLs among them), as far as the system lets us."""
    if not hasattr(os, "fchown"):
        return
    new = os.fstat(number)
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        try:
            os.fchown(number, old.st_uid, old.st_gid)
        except OSError:
            # Somebody else's file: replacing it would take it away from its owner.
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(real)) from None
    if hasattr(os, "listxattr"):
        try:
            for name in os.listxattr(real):
                os.setxattr(number, name, os.getxattr(real, name))
        except OSError:
            pass  # file systems differ in what they keep; the content matters more
    os.fchmod(number, stat.S_IMODE(old.st_mode))


def _write_in_place(real: Path, data: bytes) -> None:
    if stat.S_ISFIFO(real.stat().st_mode):
        raise OSError(errno.EINVAL, "it is a named pipe", str(real))
    with real.open("r+b" if real.is_file() else "wb", buffering=0) as file:
        view = memoryview(data)
        while view:
            view = view[file.write(view) or 0 :]
        if real.is_file():
            file.truncate(len(data))
            os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the new name last, where folders can be flushed."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    try:
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return
    try:
        os.fsync(number)
    except OSError:
        pass
    finally:
        os.close(number)
