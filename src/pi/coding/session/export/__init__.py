"""A session for people and for other programs: one HTML page, or the active branch as a file.

Both appear complete or not at all; the session itself is only read. `mask` takes secrets out, which
a session of another program may hold.
"""

import contextlib
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from pi.coding.session.entries import VERSION
from pi.coding.session.errors import SessionError
from pi.coding.session.export.page import page
from pi.coding.session.fork import branch_lines
from pi.coding.session.log import SessionLog

__all__ = ["export_html", "export_jsonl"]

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

Mask = Callable[[bytes], bytes]


def export_html(log: SessionLog, path: Path, mask: Mask = bytes) -> Path:
    """Write all branches as one page that needs nothing else. Gives the path."""
    parts = (_CONTROL.sub("", part).encode("utf-8", "replace") for part in page(log))
    return _write(path, map(mask, parts))


def export_jsonl(log: SessionLog, path: Path, mask: Mask = bytes) -> Path:
    """Write the branch up to the leaf as a session of its own, in one line of descent."""
    if log.leaf is None:
        raise SessionError("there is nothing to export yet: nothing was said")
    header = msgspec.structs.replace(log.header, version=VERSION)
    lines = (msgspec.json.encode(header), *branch_lines(log, log.leaf))
    return _write(path, (mask(line) + b"\n" for line in lines))


def _write(path: Path, parts: Iterable[bytes]) -> Path:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                for part in parts:
                    file.write(part)
            temporary.replace(path)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
    except OSError as error:
        raise SessionError(f"{path} cannot be written: {error.strerror or error}") from error
    return path
