"""Signals that end the program, also when the loop does not come to hear of them.

A handler of the loop waits for the loop. Code of an extension that never gives the turn back would
keep a signal from being heard for ever: it is interrupted after a while, and if that does not help,
the program ends at once. Only native code that keeps the interpreter's lock can prevent that.
"""

import asyncio
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

__all__ = ["BlockedError", "Signals", "ended_by"]

_PATIENCE = 1.5
"""Seconds in which the loop has to hear of a signal."""
_LAST = 4.0
"""Seconds that are left when code was interrupted."""
_OURS = ("asyncio", "selectors.py")


def ended_by(number: int) -> str:
    """Why a run ended, when a signal ends the program."""
    return f"Stopped by {signal.Signals(number).name}"


class BlockedError(RuntimeError):
    """Raised in code that has kept the loop from hearing of a signal."""


class Signals:
    """heard: called by the loop with the signal's number. end: ends the program, in any thread."""

    def __init__(self, heard: Callable[[int], None], end: Callable[[int], None]) -> None:
        self._heard, self._end = heard, end
        self._loop = asyncio.get_running_loop()
        self._main = threading.get_ident()
        self._unheard = self._stuck = False
        self._before: dict[int, object] = {}

    def listen(self, *names: str) -> None:
        """Take these signals from now on, where the system has them."""
        if threading.current_thread() is not threading.main_thread():
            return
        for name in names:
            number = getattr(signal, name, None)
            if number is not None:
                self._before[number] = signal.signal(number, self._take)

    def stop(self) -> None:
        """Leave them as they were."""
        while self._before:
            number, before = self._before.popitem()
            signal.signal(number, before)  # type: ignore[arg-type]

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self._stuck:
            if not _between(frame):
                name = signal.Signals(number).name
                raise BlockedError(f"stopped by {name}: it kept pi from ending")
            return
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._hear, number)
            if not self._unheard:
                self._unheard = True
                threading.Thread(target=self._watch, args=(number,), daemon=True).start()

    def _hear(self, number: int) -> None:
        self._unheard = self._stuck = False
        self._heard(number)

    def _watch(self, number: int) -> None:
        """In a thread: see to it that the loop hears."""
        for seconds in (_PATIENCE, _LAST):
            time.sleep(seconds)
            if not self._unheard or self._loop.is_closed():
                return
            if not self._stuck:
                self._stuck = True
                signal.pthread_kill(self._main, number)
        self._end(number)


def _between(frame: FrameType | None) -> bool:
    """Whether the loop itself is at work just now, and about to hear."""
    return frame is None or any(part in frame.f_code.co_filename for part in _OURS)
