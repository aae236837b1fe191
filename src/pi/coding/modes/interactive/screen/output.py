"""The terminal's two ends: output held while a frame is made, input that notices a hang-up."""

import os
import select
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from prompt_toolkit.data_structures import Size
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output

from pi.coding.modes.interactive.screen.ground import Seen
from pi.coding.modes.interactive.terminal import Terminal, begin_frame, end_frame

__all__ = ["HeldOutput", "WatchedInput"]


_SIGNS = str.maketrans("─›•·…✓●→↑↓—◦✗│▌×", "->*-.v*>^v--x||x")


class HeldOutput(Vt100_Output):
    """Writes a frame in one piece. A terminal that is gone is told to `lost`, once."""

    def __init__(self, stdout: TextIO, terminal: Terminal, lost: Callable[[], None]) -> None:
        self._fd = stdout.fileno()

        def size() -> Size:
            # no line of ours reaches the last column, so that none is wrapped by the terminal
            return Size(self.window.rows, max(1, self.window.columns - 1))

        super().__init__(stdout, size, term=terminal.term, enable_cpr=False)
        self.depth = ColorDepth.DEPTH_8_BIT
        self.use(terminal)
        self._depth = 0
        self._lost = lost
        self._gone = False

    @property
    def window(self) -> Seen:
        """The window's size, as far as the system has been told."""
        try:
            found = os.get_terminal_size(self._fd)
        except OSError:
            return Seen(81, 24)
        return Seen(max(1, found.columns), max(1, found.lines))

    def use(self, terminal: Terminal) -> None:
        """Write in the colours that the terminal has."""
        depth = ColorDepth.DEPTH_24_BIT if terminal.true_color else ColorDepth.DEPTH_8_BIT
        self._plain = not terminal.unicode
        self.depth = depth if terminal.colors else ColorDepth.DEPTH_1_BIT

    @contextmanager
    def frame(self) -> Iterator[None]:
        """What is written inside is shown at once."""
        self._depth += 1
        if self._depth == 1:
            self.write_raw(begin_frame)
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth:
                self.write_raw(end_frame)
                self.flush()

    def flush(self) -> None:
        """Write what was collected, unless a frame is being made."""
        if self._depth or not self._buffer:
            return
        data = "".join(self._buffer).encode("utf-8", "replace")
        self._buffer = []
        if data == (begin_frame + end_frame).encode() or self._gone:
            return
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._fd, view) :]
            except BlockingIOError:
                select.select([], [self._fd], [])
            except OSError:
                self._gone = True
                self._lost()
                return

    def write(self, data: str) -> None:
        """Write a text; our own signs as a terminal that knows only ASCII shows them."""
        super().write(data.translate(_SIGNS) if self._plain else data)

    def erase_down(self) -> None:
        """Erase from here down; never from the corner, where tmux would keep the whole screen."""
        self.write_raw("\x1b[K\x1b[C\x1b[J\x1b[D")

    def restore(self, sequence: str) -> None:
        """Give the terminal back with lines and an echo, whatever is being written just now."""
        with suppress(OSError):
            os.write(self._fd, f"{end_frame}{sequence}\x1b[?7h\x1b[?25h\x1b[0m\r\n".encode())
        with suppress(termios.error):
            modes = termios.tcgetattr(self._fd)
            modes[0] |= termios.ICRNL | termios.IXON
            modes[3] |= termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN
            termios.tcsetattr(self._fd, termios.TCSANOW, modes)

    def forget_cursor(self) -> None:
        """Another program may have changed whether the cursor is seen."""
        self._cursor_visible = None


class _Reader:
    """Reads as prompt_toolkit's reader does, but a terminal that hung up is the end."""

    def __init__(self, reader: object) -> None:
        self._reader = reader
        self._fd: int = reader.stdin_fd  # type: ignore[attr-defined]
        # Enter that was typed before we had the terminal has come as a line feed
        self._cooked = bool(select.select([self._fd], [], [], 0)[0])

    @property
    def closed(self) -> bool:
        """Whether there will be nothing more."""
        return self._reader.closed  # type: ignore[attr-defined]

    def read(self, count: int = 65536) -> str:
        """What has come. A big paste comes in few pieces."""
        reader = self._reader
        if not select.select([self._fd], [], [], 0)[0]:
            return ""
        try:
            data = os.read(self._fd, count)
        except BlockingIOError:
            return ""
        except OSError:
            data = b""
        if not data:
            reader.closed = True  # type: ignore[attr-defined]
            return ""
        if self._cooked:
            self._cooked, data = False, data.replace(b"\n", b"\r")
        return reader._stdin_decoder.decode(data)  # type: ignore[attr-defined]


class WatchedInput(Vt100Input):
    """Keys from a terminal; closed as soon as the terminal is."""

    def __init__(self, stdin: TextIO) -> None:
        super().__init__(stdin)
        self.stdin_reader = _Reader(self.stdin_reader)  # type: ignore[assignment]
