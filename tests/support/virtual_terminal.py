"""A real `pi` in a terminal of its own: what is typed goes in, what is seen comes out.

    async with VirtualTerminal(home, "--model", "demo") as terminal:
        await terminal.shows("demo")
        terminal.type("hello\\r")

The terminal is pyte's, with scrollback; `screen` are the rows that are seen, `everything` also what
was scrolled away. Nothing here sleeps: waiting means reading until something is seen.
"""

import asyncio
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import pyte

__all__ = ["VirtualTerminal"]

_UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[[0-9;]*t")
_PATIENCE = 20.0


class VirtualTerminal:
    """`pi` with these arguments. `written`: all bytes that it has sent."""

    def __init__(
        self,
        home: Path,
        *args: str,
        columns: int = 80,
        rows: int = 24,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        argv: list[str] | None = None,
    ) -> None:
        self.home, self.args = home, args
        self.display = pyte.HistoryScreen(columns, rows, history=20_000, ratio=0.5)
        self.written = bytearray()
        self._stream = pyte.ByteStream(self.display)
        self._env = dict(env or {})
        self._cwd = cwd or home / "project"
        self._argv = argv or [sys.executable, "-m", "pi.coding.cli.main"]
        self._news = asyncio.Event()
        self._rest = b""
        self.closed = False

    async def __aenter__(self) -> Self:
        self._cwd.mkdir(parents=True, exist_ok=True)
        self.master, slave = pty.openpty()
        self._set_size(self.display.columns, self.display.lines)
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "PI_OFFLINE": "1",
            **self._env,
        }
        self.process = subprocess.Popen(  # noqa: ASYNC220
            [*self._argv, *self.args],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=self._cwd,
            env=env,
            preexec_fn=_own_terminal,
        )
        os.close(slave)
        os.set_blocking(self.master, False)
        asyncio.get_running_loop().add_reader(self.master, self._read)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        await asyncio.to_thread(self.process.wait)
        self.close()

    def close(self) -> None:
        """Pull the plug."""
        if not self.closed:
            self.closed = True
            asyncio.get_running_loop().remove_reader(self.master)
            os.close(self.master)

    # -- in ----------------------------------------------------------------------------------------

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self.master, text.encode())

    def paste(self, text: str) -> None:
        """Paste a text."""
        self.type(f"\x1b[200~{text}\x1b[201~")

    def resize(self, columns: int, rows: int) -> None:
        """Change the window."""
        self.display.resize(rows, columns)
        self._set_size(columns, rows)

    def _set_size(self, columns: int, rows: int) -> None:
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, size)

    def signal(self, name: str) -> None:
        """Send the program a signal."""
        self.process.send_signal(getattr(signal, name))

    # -- out ---------------------------------------------------------------------------------------

    @property
    def screen(self) -> list[str]:
        """The rows that are seen, without blanks at their ends, down to the last one used."""
        rows = [row.rstrip() for row in self.display.display]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    @property
    def scrollback(self) -> list[str]:
        """What was scrolled away at the top."""
        columns = self.display.columns
        return [
            "".join(row[x].data for x in range(columns)).rstrip()
            for row in self.display.history.top
        ]

    @property
    def everything(self) -> list[str]:
        """All rows from the first one on."""
        return [*self.scrollback, *self.screen]

    @property
    def text(self) -> str:
        """All rows, as one text."""
        return "\n".join(self.everything)

    @property
    def cursor(self) -> tuple[int, int]:
        """Column and row."""
        return self.display.cursor.x, self.display.cursor.y

    def settings(self) -> list[Any]:
        """The modes of the line discipline, as `termios` gives them."""
        return termios.tcgetattr(self.master)

    def _read(self) -> None:
        try:
            data = os.read(self.master, 1 << 16)
        except BlockingIOError:
            return
        except OSError:  # the program has ended
            asyncio.get_running_loop().remove_reader(self.master)
            self._news.set()
            return
        self.written += data
        data = self._rest + data
        cut = data.rfind(b"\x1b", max(0, len(data) - 16))  # half a sequence waits for its rest
        if cut >= 0 and not re.match(rb"\x1b(\[[^@-~]*[@-~]|[^\[])", data[cut:], re.DOTALL):
            data, self._rest = data[:cut], data[cut:]
        else:
            self._rest = b""
        self._stream.feed(_UNKNOWN_TO_PYTE.sub(b"", data))
        if self.written.rfind(b"\x1b[?2026h") <= self.written.rfind(b"\x1b[?2026l"):
            self._news.set()  # no frame is half drawn

    # -- waiting -----------------------------------------------------------------------------------

    async def until(self, seen: Callable[[Self], bool], what: str = "") -> None:
        """Wait until that is seen."""
        try:
            async with asyncio.timeout(_PATIENCE):
                while not seen(self):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            picture = "\n".join(self.everything[-60:])
            raise AssertionError(f"never seen: {what or seen}\n{picture}") from None

    async def shows(self, text: str) -> None:
        """Wait until a text is seen on the screen."""
        await self.until(lambda t: any(text in row for row in t.screen), repr(text))

    async def hides(self, text: str) -> None:
        """Wait until a text is not on the screen any more."""
        await self.until(lambda t: not any(text in row for row in t.screen), f"no {text!r}")

    async def ended(self) -> int:
        """Wait for the end; gives the exit code."""
        async with asyncio.timeout(_PATIENCE):
            code = await asyncio.to_thread(self.process.wait)
            await asyncio.sleep(0)
        self._read_rest()
        return code

    def _read_rest(self) -> None:
        while not self.closed:
            before = len(self.written)
            self._read()
            if len(self.written) == before:
                return


def _own_terminal() -> None:
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
