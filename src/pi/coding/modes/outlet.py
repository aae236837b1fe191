"""Lines of JSON to whoever reads our standard output.

A reader that stalls stalls us: nothing is kept for it in memory, a write waits until there is room.
While it waits, signals are still heard. A reader that has left is noticed, once, even if there is
nothing to write; what is written after that goes nowhere.
"""

import asyncio
import os
import select
import stat
import time
from collections.abc import Callable
from typing import Any

import msgspec

__all__ = ["Outlet", "json_line"]

_PIECE = 4096
"""Bytes that a pipe surely takes once it says that there is room (PIPE_BUF)."""

_TURN_MS = 100
_GRACE = 1.0
"""Seconds without progress after which a reader is given up, once we are told to end."""

_encode = msgspec.json.Encoder(enc_hook=str).encode


def json_line(value: Any) -> bytes:
    """A value as one line of JSON with its newline. Half a surrogate pair stays an escape."""
    try:
        return _encode(value) + b"\n"
    except UnicodeEncodeError:
        import json  # only for texts that are none

        return json.dumps(msgspec.to_builtins(value, enc_hook=str)).encode() + b"\n"


class Outlet:
    """Writes to a file descriptor.

    lost: called once when the reader has left. ending: whether somebody told us to end, so that a
    reader that does not read is not waited for much longer.
    """

    def __init__(
        self,
        fd: int,
        *,
        lost: Callable[[], None] | None = None,
        ending: Callable[[], bool] = lambda: False,
    ) -> None:
        self._fd = fd
        self._lost = lost
        self._ending = ending
        self._poll = _poll(fd)
        self.closed = False

    def write(self, data: bytes) -> None:
        """Write all of `data`, however long it takes."""
        if self.closed:
            return
        rest = memoryview(data)
        try:
            while rest and self._has_room():
                try:
                    rest = rest[os.write(self._fd, rest[: self._most]) :]
                except BlockingIOError:  # somebody made our end non-blocking
                    continue
        except OSError:
            self._close()
        else:
            if rest:
                self._close()

    def watch(self) -> None:
        """Notice from now on when the reader leaves, where the system tells."""
        mode = os.fstat(self._fd).st_mode
        if self._poll is not None and (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
            asyncio.get_running_loop().add_reader(self._fd, self._stirred)

    def unwatch(self) -> None:
        """Notice it only when something is written."""
        asyncio.get_running_loop().remove_reader(self._fd)

    def _stirred(self) -> None:
        self.unwatch()  # data or half an end would be told again and again
        gone = select.POLLERR | select.POLLHUP
        if not self.closed and any(events & gone for _, events in self._poll.poll(0)):
            self._close()

    @property
    def _most(self) -> int:
        return _PIECE if self._poll else 1 << 30

    def _has_room(self) -> bool:
        """Wait for room. False if the reader is given up."""
        if self._poll is None:
            return True
        since = 0.0
        while not self._poll.poll(_TURN_MS):
            if self._ending():
                since = since or time.monotonic()
                if time.monotonic() - since > _GRACE:
                    return False
        return True

    def _close(self) -> None:
        self.closed = True
        if self._lost is not None:
            self._lost()


def _poll(fd: int) -> Any:
    """What says when there is room; None where there is no such thing (Windows)."""
    if not hasattr(select, "poll"):
        return None
    poll = select.poll()
    poll.register(fd, select.POLLOUT)
    return poll
