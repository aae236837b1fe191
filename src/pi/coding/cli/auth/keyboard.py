"""Lines that somebody types at the terminal, without standing in the way of anything else.

A thread reads the terminal, so that waiting for a line can be cancelled at any moment; it holds no
lock and does not keep the program from ending. What is typed before a question is not its answer.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from pi.ai.errors import AbortedError

__all__ = ["Keyboard"]

_ERASE, _KILL, _END = "\x7f\b", "\x15", "\x04"


class Keyboard:
    """The terminal at the file descriptor `fd`."""

    def __init__(self, fd: int = 0, encoding: str = "utf-8") -> None:
        self._fd = fd
        self._encoding = encoding
        self._typed = ""
        self._hidden = False
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._thread: threading.Thread | None = None

    async def line(self, *, hidden: bool = False) -> str:
        """The next line, without surrounding white space; `hidden`: it is not shown.

        Raises `AbortedError` at the end of the input (Ctrl+D).
        """
        if self._thread is None:
            hear = asyncio.get_running_loop().call_soon_threadsafe
            self._thread = threading.Thread(target=self._read, args=(hear,), daemon=True)
            self._thread.start()
        self._typed = ""
        while not self._lines.empty():
            self._lines.get_nowait()
        if not hidden:
            return self._checked(await self._lines.get())
        with self._without_echo():
            self._hidden = True
            try:
                return self._checked(await self._lines.get())
            finally:
                self._hidden = False

    def _checked(self, line: str | None) -> str:
        if line is None:
            raise AbortedError("nothing was typed; nothing was changed")
        return line.strip()

    def _read(self, hear: Callable[..., object]) -> None:
        while True:
            try:
                data = os.read(self._fd, 65536)
            except OSError:  # the terminal is gone
                data = b""
            try:
                hear(self._feed, data.decode(self._encoding, "replace"))
            except RuntimeError:  # nobody waits any more
                return
            if not data:
                return

    def _feed(self, text: str) -> None:
        if not text:
            self._lines.put_nowait(None)
        for char in text:
            if char in "\r\n":
                self._lines.put_nowait(self._typed)
                self._typed = ""
            elif not self._hidden:
                self._typed += char
            elif char in _ERASE:
                self._typed = self._typed[:-1]
            elif char == _KILL:
                self._typed = ""
            elif char == _END:
                self._lines.put_nowait(self._typed or None)
                self._typed = ""
            else:
                self._typed += char

    @contextmanager
    def _without_echo(self) -> Generator[None, None, None]:
        """No echo, and no limit on the length of a line, which a long key may exceed."""
        try:
            import termios  # not on Windows
        except ImportError:
            with _without_windows_echo(self._fd):
                yield
            return
        before = termios.tcgetattr(self._fd)
        quiet: list[Any] = [*before[:6], list(before[6])]
        quiet[3] &= ~(termios.ECHO | termios.ICANON)
        termios.tcsetattr(self._fd, termios.TCSADRAIN, quiet)
        try:
            yield
        finally:
            termios.tcsetattr(self._fd, termios.TCSADRAIN, before)


@contextmanager
def _without_windows_echo(fd: int) -> Generator[None, None, None]:
    import ctypes
    import msvcrt

    kernel: Any = ctypes.windll.kernel32  # type: ignore[attr-defined]
    handle = msvcrt.get_osfhandle(fd)  # type: ignore[attr-defined]
    mode = ctypes.c_ulong()
    kernel.GetConsoleMode(handle, ctypes.byref(mode))
    kernel.SetConsoleMode(handle, mode.value & ~0x0004)
    try:
        yield
    finally:
        kernel.SetConsoleMode(handle, mode.value)
