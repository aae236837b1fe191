"""Files of downloads, replaced as a whole: a reader sees the old one or the new one."""

import contextlib
import os
import time
from pathlib import Path

import msgspec

from pi.ai.catalog.downloads import Download
from pi.ai.errors import ConfigError

__all__ = ["clear_leftovers", "encoded", "store"]

_OLD_SECONDS = 600.0


def encoded(file: Download) -> bytes:
    """The bytes of a file: one model a line, so that people can read it."""
    lists = b",\n".join(
        msgspec.json.encode(msgspec.structs.replace(lesson, models=()))[:-1]
        + b',"models":['
        + b",".join(b"\n" + msgspec.json.encode(model) for model in lesson.models)
        + b"\n]}"
        for lesson in file.lists
    )
    provider = msgspec.json.encode(file.provider)
    return b'{"format":%d,"provider":%b,"lists":[\n%b\n]}\n' % (file.format, provider, lists)


def store(folder: Path, file: Download) -> None:
    """Write `folder/<provider>.json`, on disk when this returns. Raises `ConfigError`."""
    target = folder / f"{file.provider}.json"
    temporary = folder / f".{file.provider}.{os.getpid()}.{time.time_ns():x}.tmp"
    try:
        folder.parent.mkdir(0o700, parents=True, exist_ok=True)
        folder.mkdir(exist_ok=True)
        try:
            with temporary.open("xb") as out:
                out.write(encoded(file))
                out.flush()
                os.fsync(out.fileno())
            _rename(temporary, target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ConfigError(f"{target} cannot be written: {error.strerror or error}") from error


def clear_leftovers(folder: Path) -> None:
    """Remove temporary files of updates that were killed."""
    with contextlib.suppress(OSError):
        for path in folder.glob(".*.tmp"):
            if time.time() - path.stat().st_mtime > _OLD_SECONDS:
                path.unlink()


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
