"""Lines from a pipe, split at LF only, without taking in more than is worked off.

U+2028 and its kin are part of a line. A thread does the reading, because regular files and Windows
pipes cannot be watched; it waits while enough is on its way.
"""

import asyncio
import os
import threading
from collections.abc import AsyncIterator

__all__ = ["LONGEST", "LineSplitter", "read_lines"]

LONGEST = 1 << 28
"""Bytes; a longer line is left out."""

_CHUNK = 1 << 16
_AHEAD = 8


class LineSplitter:
    """Feed bytes, get lines without LF and without a CR before it. None stands for a long line."""

    def __init__(self, longest: int = LONGEST) -> None:
        self._longest = longest
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[bytes | None]:
        """The lines that end in `data`."""
        *ends, rest = data.split(b"\n")
        found: list[bytes | None] = []
        for end in ends:
            self._keep(end)
            found.append(self._take())
        self._keep(rest)
        return found

    def close(self) -> list[bytes | None]:
        """The last line, if its LF is missing."""
        return [self._take()] if self._size else []

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._longest:
            self._parts.clear()
        elif part:
            self._parts.append(part)

    def _take(self) -> bytes | None:
        line = b"".join(self._parts)
        too_long = self._size > self._longest
        self._parts.clear()
        self._size = 0
        return None if too_long else line.removesuffix(b"\r")


async def read_lines(fd: int) -> AsyncIterator[bytes | None]:
    """The lines that come from a file descriptor, until its end."""
    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[bytes] = asyncio.Queue()
    room = threading.Semaphore(_AHEAD)

    def read() -> None:
        data = b"-"
        while data:
            room.acquire()
            try:
                data = os.read(fd, _CHUNK)
            except OSError:
                data = b""
            try:
                loop.call_soon_threadsafe(chunks.put_nowait, data)
            except RuntimeError:  # the loop is closed: nobody wants to know
                return

    threading.Thread(target=read, name="pi-stdin", daemon=True).start()
    splitter = LineSplitter()
    while data := await chunks.get():
        room.release()
        for line in splitter.feed(data):
            yield line
    for line in splitter.close():
        yield line
