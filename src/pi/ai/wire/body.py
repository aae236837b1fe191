"""Undoing the compression of a body, piece by piece, each as soon as it has come."""

import zlib
from typing import Any

from pi.ai.errors import TransportError

__all__ = ["Inflater", "inflater"]

_PIECE = 1024 * 1024
"""Most bytes that one step makes, so that a small body cannot blow up memory at once."""

_GZIP = ("gzip", "x-gzip")


def inflater(encoding: str, label: str) -> "Inflater | None":
    """What undoes a `content-encoding`, None if there is nothing to undo.

    Raises `TransportError` for an encoding that was not offered; `label` is who sent it.
    """
    names = [name for name in encoding.lower().replace(",", " ").split() if name != "identity"]
    if not names:
        return None
    if len(names) > 1 or names[0] not in (*_GZIP, "deflate"):
        raise TransportError(
            f"{label} sent a body with content-encoding {', '.join(names)[:80]}, which was not"
            " asked for"
        )
    return Inflater(label, gzip=names[0] in _GZIP)


class Inflater:
    """Inflates gzip and both things that are called deflate: with a zlib header and without."""

    __slots__ = ("_gzip", "_label", "_machine", "_rest", "pending")

    def __init__(self, label: str, *, gzip: bool) -> None:
        self._label = label
        self._gzip = gzip
        self._machine: Any = None  # zlib's decompressor, whose type has no public name
        self._rest = b""
        self.pending = False
        """Whether `feed(b"")` can give more."""

    def feed(self, data: bytes) -> bytes:
        """What `data` inflates to, as far as it is known; at most about a megabyte."""
        if self._rest:
            data, self._rest = self._rest + data, b""
        machine = self._machine
        if machine is None:
            if len(data) < 2:
                self._rest = data
                return b""
            machine = self._machine = zlib.decompressobj(_wbits(data, gzip=self._gzip))
        if machine.eof:
            data = data.lstrip(b"\0") if self._gzip else b""
            if not data:
                return b""
            machine = self._machine = zlib.decompressobj(31)  # a gzip file may have many members
        try:
            out = machine.decompress(data, _PIECE)
        except zlib.error:
            raise TransportError(f"{self._label} sent a broken compressed body") from None
        self._rest = machine.unconsumed_tail
        if machine.eof and self._gzip:
            self._rest = machine.unused_data.lstrip(b"\0")  # zeros may pad it
        self.pending = bool(self._rest) or (len(out) == _PIECE and not machine.eof)
        return out

    def finish(self) -> None:
        """The body has ended. Raises `TransportError` if the compressed data has not."""
        if self._rest or (self._machine is not None and not self._machine.eof):
            raise TransportError(f"{self._label} ended a compressed body too early")


def _wbits(data: bytes, *, gzip: bool) -> int:
    """What zlib wants to know of data that starts with these two bytes."""
    if gzip:
        return 31
    return 15 if data[0] & 15 == 8 and (data[0] << 8 | data[1]) % 31 == 0 else -15
