"""`auth.json` as a file: read without a lock, replaced as a whole.

A file that is no valid JSON is never written over. A symbolic link stays one, and mode, owner and
access list of an existing file stay as somebody set them; a new file is readable by its owner only.
"""

import contextlib
import os
import re
import time
from collections.abc import Generator
from pathlib import Path

import msgspec

from pi.ai.auth.lock import FileLock
from pi.ai.errors import ConfigError

__all__ = ["AuthFileError", "Entries", "EntryFile"]

Entries = dict[str, msgspec.Raw]
"""Entry name to the JSON text of the entry, so that what is unknown stays as it was written."""

_decoder = msgspec.json.Decoder(Entries)
_encoder = msgspec.json.Encoder()
_BOM = b"\xef\xbb\xbf"


class AuthFileError(ConfigError):
    """The credential file cannot be read or written. The message names it and says where."""


class EntryFile:
    """The file `path`, and what was read from it last."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem: AuthFileError | None = None
        self._revision: tuple[int, int, int] | None = None
        self._entries: Entries | None = None

    def read(self) -> Entries:
        """The entries, read again when the file changed. Do not change the result.

        When the file became unreadable, the last good state goes on to be used and `problem` says
        why; if there was none, that is raised.
        """
        revision = _revision(self.path)
        if revision != self._revision or self._entries is None:
            self._revision = revision
            try:
                self._entries = self._load()
                self.problem = None
            except AuthFileError as error:
                self.problem = error
        if self._entries is None:
            raise self.problem or AuthFileError(f"{self.path} cannot be read")
        return self._entries

    def read_for_change(self) -> Entries:
        """A copy of the entries as they are now; for a caller that holds the lock."""
        try:
            return self._load(patient=False)
        except AuthFileError as error:
            raise AuthFileError(f"{error}; nothing was saved and the file is left alone") from None

    def prepare(self) -> Path:
        """Make the folder of the file that is to be written, and return that file."""
        target = Path(os.path.realpath(self.path))
        with self._saving():
            missing = target.parent
            folders: list[Path] = []
            while not missing.exists():
                folders.append(missing)
                missing = missing.parent
            for folder in reversed(folders):
                folder.mkdir(0o700, exist_ok=True)
        return target

    def replace(self, entries: Entries, lock: FileLock | None = None) -> None:
        """Write `entries`, on disk when this returns. Only for the holder of `lock`."""
        target = self.prepare()
        data = msgspec.json.format(_encoder.encode(entries), indent=2)
        with self._saving():
            _write(target, data, lock)
            _remove_leftovers(target)
        self._entries, self._revision, self.problem = entries, _revision(self.path), None

    @contextlib.contextmanager
    def _saving(self) -> Generator[None, None, None]:
        try:
            yield
        except OSError as error:
            raise AuthFileError(
                f"credentials cannot be saved in {self.path}: {error.strerror or error}"
            ) from error

    def _load(self, *, patient: bool = True) -> Entries:
        """Read and parse.

        The older program writes in place while it holds the lock, so that a reader can meet half a
        file: a patient one then waits a moment for the rest.
        """
        lock = Path(os.path.realpath(self.path) + ".lock")
        for _ in range(15 if patient else 0):
            try:
                entries = self._parse()
                if entries or not lock.exists():
                    return entries
            except AuthFileError:
                if not lock.exists():
                    break
            time.sleep(0.01)
        return self._parse()

    def _parse(self) -> Entries:
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise AuthFileError(f"{self.path} cannot be read: {error.strerror or error}") from error
        data = data.removeprefix(_BOM)
        if not data.strip():
            return {}
        try:
            return _decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise AuthFileError(f"{self.path}{_place(data, error)}") from None


_BINARY = getattr(os, "O_BINARY", 0)  # Windows would translate line ends


def _revision(path: Path) -> tuple[int, int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _place(data: bytes, error: Exception) -> str:
    """Line, column and reason of a JSON error."""
    text = str(error)
    if isinstance(error, msgspec.ValidationError):
        return f" must hold one JSON object of credentials ({text})"
    found = re.search(r"\(byte (\d+)\)", text)
    before = data[: int(found[1])] if found else data
    line = before.count(b"\n") + 1
    column = len(before) - (before.rfind(b"\n") + 1) + 1
    reason = re.sub(r"^JSON is malformed: | \(byte \d+\)$", "", text)
    return f" is no valid JSON: line {line}, column {column}: {reason}"


def _write(target: Path, data: bytes, lock: FileLock | None) -> None:
    """Put `data` into a new file beside `target` and move it there."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.{time.time_ns():x}.tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 (of a descriptor)
            file.write(data)
            file.flush()
            _copy_rights(target, temporary)
            os.fsync(file.fileno())
        if lock is not None:
            lock.ensure()
        _rename(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _copy_rights(source: Path, target: Path) -> None:
    """Give `target` mode, owner and access list of an existing `source`."""
    try:
        stat = source.stat()
    except FileNotFoundError:
        return
    target.chmod(stat.st_mode & 0o7777)
    if hasattr(os, "chown"):
        with contextlib.suppress(OSError):  # the owner counts when root runs the program
            os.chown(target, stat.st_uid, stat.st_gid)
    if hasattr(os, "listxattr"):
        names: list[str] = []
        with contextlib.suppress(OSError):  # a file system without attributes
            names = os.listxattr(source)
        for name in names:
            with contextlib.suppress(OSError):  # some may be set by the system only
                os.setxattr(target, name, os.getxattr(source, name))


def _rename(source: Path, target: Path) -> None:
    for _ in range(20):
        try:
            source.replace(target)
            return
        except PermissionError:
            if os.name != "nt":
                raise
            time.sleep(0.02)  # somebody is reading the file
    source.replace(target)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # not every file system can
            os.fsync(handle)
    finally:
        os.close(handle)


def _remove_leftovers(target: Path) -> None:
    """Remove temporary files of writers that crashed: they hold credentials."""
    with contextlib.suppress(OSError):
        for path in target.parent.glob(f".{target.name}.*.tmp"):
            if time.time() - path.stat().st_mtime > 60:
                path.unlink()
