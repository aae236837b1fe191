"""Reading what processes write into a pipe, whether or not anybody waits for it.

The pipe is ours and not the event loop's transport, so that it can outlive the command: a process
left in the background can go on writing without being killed for it.
"""

import asyncio
import os
import sys
from collections.abc import Callable

__all__ = ["Pump"]

_CHUNK = 64 * 1024
_PAUSE = 0.05


class Pump:
    """Calls `on_data` for every chunk, in the event loop. `ended` is done when no writer is left.

    Bytes are read one chunk at a time between other work of the loop, so endless output cannot
    starve it. `write_end` is for the child; call `start` when the child has it.
    """

    def __init__(
        self, on_data: Callable[[bytes], None], *, threaded: bool = sys.platform == "win32"
    ) -> None:
        self.on_data = on_data
        self._loop = asyncio.get_running_loop()
        self._read_end, self.write_end = os.pipe()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self.last_data = 0.0  # time of the loop
        self._relaxed = False
        self._threaded = threaded  # pipes cannot be watched on Windows

    def start(self) -> None:
        """Give up our writing end and begin to read."""
        os.close(self.write_end)
        self.write_end = -1
        if self._threaded:
            import threading

            threading.Thread(target=self._read_in_thread, daemon=True).start()
        else:
            os.set_blocking(self._read_end, False)
            self._loop.add_reader(self._read_end, self._readable)

    def read_waiting(self) -> None:
        """Take what lies in the pipe at this moment (at most its usual size)."""
        if self._threaded:
            return
        for _ in range(16):
            if self._read_end < 0 or not self._readable():
                return

    def relax(self) -> None:
        """From now on read slowly: nobody looks at it, the writers shall only not get stuck."""
        self._relaxed = True

    def close(self) -> None:
        """Stop reading. A process that still writes will be told that nobody listens."""
        if self.write_end >= 0:
            os.close(self.write_end)
            self.write_end = -1
        if self._read_end >= 0 and not self._threaded:
            if not self._loop.is_closed():
                self._loop.remove_reader(self._read_end)
            os.close(self._read_end)
            self._read_end = -1
        if not self.ended.done() and not self._loop.is_closed():
            self.ended.set_result(None)

    def __del__(self) -> None:
        self.close()

    def _readable(self) -> bool:
        """Take one chunk; whether there may be another one."""
        try:
            data = os.read(self._read_end, _CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        self._take(data)
        if data and self._relaxed:
            self._loop.remove_reader(self._read_end)
            self._loop.call_later(_PAUSE, self._resume)
        return bool(data)

    def _resume(self) -> None:
        if self._read_end >= 0:
            self._loop.add_reader(self._read_end, self._readable)

    def _take(self, data: bytes) -> None:
        if not data:
            self.close()
            return
        self.last_data = self._loop.time()
        self.on_data(data)

    def _read_in_thread(self) -> None:
        """Where pipes cannot be watched (Windows): ends with the last writer."""
        data = b"-"
        while data:
            try:
                data = os.read(self._read_end, _CHUNK)
            except OSError:
                data = b""
            try:
                self._loop.call_soon_threadsafe(self._take, data)
            except RuntimeError:  # the loop is closed: nobody wants to know
                break
        os.close(self._read_end)
        self._read_end = -1
