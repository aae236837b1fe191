"""A program at a terminal of its own, and the person who types there."""

import os
import pty
import select
import signal
import subprocess
import termios
import time
from pathlib import Path


class Terminal:
    """Runs `command` with standard input and error at a terminal; standard output is a pipe."""

    def __init__(self, command: list[str], env: dict[str, str], cwd: Path) -> None:
        self.master, end = pty.openpty()
        self.process = subprocess.Popen(
            command,
            stdin=end,
            stdout=subprocess.PIPE,
            stderr=end,
            env=env,
            cwd=cwd,
            start_new_session=True,
        )
        os.close(end)
        self.shown = ""
        self._read = 0

    def expect(self, text: str, seconds: float = 10) -> str:
        """Wait until `text` is shown after what was expected last; what came before it."""
        deadline = time.monotonic() + seconds
        while (at := self.shown.find(text, self._read)) < 0:
            left = deadline - time.monotonic()
            assert left > 0, f"{text!r} was not shown: {self.shown!r}"
            self._more(min(left, 0.2))
        before, self._read = self.shown[self._read : at], at + len(text)
        return before

    def type(self, text: str) -> None:
        """Type a line, and Enter."""
        os.write(self.master, f"{text}\n".encode())

    @property
    def echoes(self) -> bool:
        """Whether what is typed is shown."""
        return bool(termios.tcgetattr(self.master)[3] & termios.ECHO)

    def interrupt(self) -> None:
        """Ctrl+C."""
        self.process.send_signal(signal.SIGINT)

    def end(self, seconds: float = 10) -> tuple[int, str]:
        """Wait for the end: exit code and standard output."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + seconds
        while self._more(0.02) or self.process.poll() is None:
            assert time.monotonic() < deadline, f"still running: {self.shown!r}"
            time.sleep(0.005)
        out = self.process.stdout.read().decode()
        return self.process.wait(), out

    def close(self) -> None:
        """Clear away."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        os.close(self.master)

    def _more(self, seconds: float) -> bool:
        """Read what was shown; False if that is nothing."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:  # how Linux says that nobody has the other end
            return False
        self.shown += data.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(data)
