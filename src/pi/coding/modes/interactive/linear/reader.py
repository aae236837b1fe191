"""Lines that somebody types, read without a thread and without touching the terminal's own editing.

Lines that arrive together were pasted: as a prompt they are one text, to a dialog they are one
answer each.
"""

import asyncio
import codecs
import os
import select
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

__all__ = ["LineReader"]

_CHUNK = 1 << 16


class LineReader:
    """Reads a file descriptor. `None` is the end of the input."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lines: deque[str] = deque()
        self._rest = ""
        self._ended = False
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._waiting: asyncio.Future[None] | None = None
        self._watching = False

    def start(self) -> None:
        """Begin to read."""
        loop = asyncio.get_running_loop()
        try:
            loop.add_reader(self._fd, self._read)
            self._watching = True
        except PermissionError:  # a file, which is always ready
            while not self._ended:
                self._read()

    def stop(self) -> None:
        """Read no more."""
        if self._watching:
            self._watching = False
            asyncio.get_running_loop().remove_reader(self._fd)

    async def text(self, *, single: Callable[[], bool]) -> str | None:
        """The next text: a line, or all lines of something that was pasted.

        A backslash at the end of a line goes on in the next one. single: asked when there is a
        line; it is given alone if somebody waits for just a line.
        """
        first = await self._next()
        if first is None or single():
            return first
        lines = [first]
        while lines[-1].endswith("\\") or (self._lines and not _alone(first)):
            more = await self._next()
            if lines[-1].endswith("\\"):
                lines[-1] = lines[-1][:-1]
            if more is None:
                break
            lines.append(more)
        return "\n".join(lines)

    def hidden(self) -> AbstractContextManager[None]:
        """While it is entered, the terminal shows nothing of what is typed."""
        return _hidden(self._fd)

    async def _next(self) -> str | None:
        while not self._lines:
            if self._ended:
                return None
            self._waiting = asyncio.get_running_loop().create_future()
            try:
                await self._waiting
            finally:
                self._waiting = None
        return self._lines.popleft()

    def _read(self) -> None:
        self._take()
        while self._watching and not self._ended and select.select([self._fd], [], [], 0)[0]:
            self._take()
        if self._ended:
            self.stop()
        if self._waiting is not None and not self._waiting.done() and (self._lines or self._ended):
            self._waiting.set_result(None)

    def _take(self) -> None:
        try:
            data = os.read(self._fd, _CHUNK)
        except BlockingIOError:
            return
        except OSError:  # the terminal is gone
            data = b""
        self._rest += self._decoder.decode(data, not data)
        *lines, self._rest = self._rest.split("\n")
        self._lines += (line.rstrip("\r") for line in lines)
        if not data:
            self._ended = True
            if self._rest:
                self._lines.append(self._rest)
                self._rest = ""


def _alone(line: str) -> bool:
    """Whether a line is a command of its own, whatever comes with it."""
    return line.startswith(("/", "!")) or not line.strip()


@contextmanager
def _hidden(fd: int) -> Iterator[None]:
    if os.name == "nt" or not os.isatty(fd):
        yield
        return
    import termios

    before = termios.tcgetattr(fd)
    quiet = list(before)
    quiet[3] = int(quiet[3]) & ~termios.ECHO
    termios.tcsetattr(fd, termios.TCSADRAIN, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)
