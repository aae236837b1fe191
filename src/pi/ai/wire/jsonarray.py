"""Cuts a JSON body into frames: some services, and proxies before them, stream an array of chunks.

Every element of a top-level array is a frame as soon as it is complete. A body that is one object
is a `DOCUMENT`: no stream at all, but an error or an answer in one piece.
"""

import re

from pi.ai.request import Frame

__all__ = ["DOCUMENT", "JsonArrayParser"]

DOCUMENT = "document"
_STRUCTURE = re.compile(rb'[\[\]{}"]')
_IN_STRING = re.compile(rb'[\\"]')


class JsonArrayParser:
    """Feed it bytes as they come; gives complete elements."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._at: int = 0  # how far the buffer has been looked at
        self._start = -1  # where the element begins that is open
        self._depth = 0
        self._string = False
        self._array: bool | None = None

    def feed(self, data: bytes) -> list[Frame]:
        """The elements that are complete now."""
        self._buffer += data
        if self._array is None:
            head = self._buffer.lstrip(b" \t\r\n\xef\xbb\xbf")
            if not head:
                return []
            self._array = head.startswith(b"[")
        frames: list[Frame] = []
        if self._array:
            while (element := self._next()) is not None:
                frames.append(Frame(element))
            if self._start < 0:
                del self._buffer[: self._at]
                self._at = 0
        return frames

    def close(self) -> list[Frame]:
        """A body that was no array, whole."""
        if self._array is False:
            return [Frame(bytes(self._buffer), DOCUMENT)]
        return []

    def _next(self) -> bytes | None:
        """The next element whose end has arrived. Elements of a stream are objects."""
        buffer = self._buffer
        while True:
            pattern = _IN_STRING if self._string else _STRUCTURE
            found = pattern.search(buffer, self._at)
            if found is None:
                self._at = len(buffer)
                return None
            mark, at = found.group(), found.start()
            if mark == b"\\":
                if at + 1 >= len(buffer):
                    self._at = at
                    return None
                self._at = at + 2
                continue
            self._at = at + 1
            if mark == b'"':
                self._string = not self._string
            elif mark in b"[{":
                self._depth += 1
                if self._depth == 2:
                    self._start = at
            else:
                self._depth -= 1
                if self._depth == 1:
                    element = bytes(buffer[self._start : self._at])
                    self._start = -1
                    return element
