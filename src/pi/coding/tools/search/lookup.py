"""Searching files line by line, as ripgrep does it, and telling it in ripgrep's words.

Events are those of `rg --json` (https://docs.rs/grep-printer/latest/grep_printer/struct.JSON.html),
as far as they are needed, so that both engines have one reader.
"""

import codecs
import re
import warnings
from collections import deque
from collections.abc import Callable
from typing import Any, BinaryIO

from pi.coding.tools.search.globs import POSIX_CLASSES

__all__ = ["Emit", "compile_pattern", "required_literal", "search_file"]

Emit = Callable[[dict[str, Any]], None]

_MAX_LINE = 16 * 1024 * 1024
_MAX_SHOWN = 2000


def compile_pattern(pattern: str, *, literal: bool, ignore_case: bool) -> re.Pattern[str]:
    """The pattern for one line. Raises `re.error`."""
    if literal:
        pattern = re.escape(pattern)
    else:
        for name, characters in POSIX_CLASSES.items():
            pattern = pattern.replace(f"[:{name}:]", characters)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `re` warns of sets that may mean something else one day
        return re.compile(pattern, re.IGNORECASE if ignore_case else 0)


def required_literal(pattern: str, *, literal: bool, ignore_case: bool) -> bytes | None:
    """Bytes without which no line can match, to pass over most files quickly."""
    if ignore_case:
        return None
    if literal:
        return pattern.encode("utf-8", "replace")
    if re.search(r"[|(\[\\{]", pattern):
        return None
    runs = re.findall(r"[A-Za-z0-9_ ,;:=<>@#%&'\"/-]+(?![*?])", pattern)
    return max(runs, key=len, default="").encode()


def search_file(
    file: BinaryIO,
    name: str,
    pattern: re.Pattern[str],
    context: int,
    needed: bytes | None,
    emit: Emit,
) -> None:
    """Emit the matching lines of a file and `context` lines around each; nothing if binary."""
    head = file.read(8192)
    codec = _codec(head)
    if codec == "utf-8":
        if b"\0" in head or _has_no_use(file, needed):
            return
        file.seek(3 if head.startswith(codecs.BOM_UTF8) else 0)
    else:
        file.seek(2)
    search = pattern.search
    before: deque[tuple[int, str]] = deque(maxlen=context)
    after = 0
    begun = False
    for number, line in enumerate(_lines(file, codec), 1):
        if search(line):
            if not begun:
                begun = True
                emit({"type": "begin", "data": {"path": {"text": name}}})
            for earlier in before:
                emit(_event("context", name, *earlier))
            before.clear()
            emit(_event("match", name, number, line))
            after = context
        elif after:
            after -= 1
            emit(_event("context", name, number, line))
        elif context:
            before.append((number, line))
    if begun:
        emit({"type": "end", "data": {"path": {"text": name}, "binary_offset": None}})


def _has_no_use(file: BinaryIO, needed: bytes | None) -> bool:
    """Whether a look at all bytes shows that the file is binary or cannot match."""
    import mmap

    try:
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return data.find(b"\0") >= 0 or bool(needed and data.find(needed) < 0)
    except (ValueError, OSError):  # empty, or a file that cannot be mapped
        return False


def _codec(head: bytes) -> str:
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    return "utf-16-be" if head.startswith(codecs.BOM_UTF16_BE) else "utf-8"


def _lines(file: BinaryIO, codec: str) -> Any:
    """The lines without their breaks; of endless ones the beginning."""
    if codec != "utf-8":
        for line in codecs.getreader(codec)(file, "replace").read().split("\n"):
            yield line.removesuffix("\r")
        return
    whole = True
    while raw := file.readline(_MAX_LINE):
        if whole:
            yield raw.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "replace")
        whole = raw.endswith(b"\n")


def _event(kind: str, name: str, number: int, line: str) -> dict[str, Any]:
    lines = {"text": line[:_MAX_SHOWN]}
    return {"type": kind, "data": {"path": {"text": name}, "lines": lines, "line_number": number}}
