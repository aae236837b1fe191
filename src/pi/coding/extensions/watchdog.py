"""Says which line of an extension keeps everything else from going on.

One thread for an event loop in which extensions are loaded; without extensions there is none. It
looks once in a while where the loop is. What it has to say goes to standard error at once, for the
loop itself could not tell anybody.
"""

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["TooLong", "Watchdog", "give_up", "line_of", "own_of", "watchdog"]

_HINT = 3.0
_PATIENCE = 5.0


class TooLong(BaseException):
    """Raised in the code of an extension that takes too long to load."""


class _Loading:
    """An extension that is being loaded. thread: that of its plain function."""

    def __init__(self, path: Path, own: str, thread: threading.Thread, limit: float) -> None:
        self.path = path
        self.own = own
        self.thread = thread
        self.limit = limit
        self.since = time.monotonic()
        self.told = False
        self.ended = False


class _Beat:
    """Something the loop has to do, if it goes on."""

    def __init__(self) -> None:
        self.since = time.monotonic()
        self.heard = threading.Event()
        self.told = False


class Watchdog:
    """Watches the event loop that is running now.

    hint: seconds after which a person is told what the start waits for. patience: seconds that an
    extension may keep the loop later on. pulse: seconds between two looks. say: hears a line.
    """

    def __init__(
        self,
        *,
        hint: float = _HINT,
        patience: float = _PATIENCE,
        pulse: float = 1.0,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self._limits = (hint, patience, pulse)
        self._say = say or _to_stderr
        self._loop = asyncio.get_running_loop()
        self._ident = threading.get_ident()
        self._files: tuple[str, ...] = ()
        self._told: set[str] = set()
        self._loading: _Loading | None = None
        self._beat: _Beat | None = None
        self._lock = threading.Lock()
        threading.Thread(target=self._watch, name="pi watchdog", daemon=True).start()

    @contextmanager
    def loading(self, path: Path, thread: threading.Thread, limit: float) -> Iterator[None]:
        """While an extension is loaded, which may take that many seconds. Raises `TooLong`."""
        own = own_of(path)
        if own not in self._files:
            self._files = (*self._files, own)
        loading = _Loading(path, own, thread, limit)
        self._loading = loading
        try:
            yield
        finally:
            with self._lock:
                self._loading = None
            if loading.ended:
                _let_it_come()

    # -- in the thread -----------------------------------------------------------------------------

    def _watch(self) -> None:
        pulse = self._limits[2]
        while not self._loop.is_closed():
            time.sleep(pulse)
            with self._lock:
                loading = self._loading
                if loading is not None:
                    self._look_at(loading)
            if loading is None:
                self._look()
        _DOGS.pop(self._loop, None)

    def _look_at(self, loading: _Loading) -> None:
        taken = time.monotonic() - loading.since
        here = line_of(self._ident, (loading.own,))
        if taken >= self._limits[0] and not loading.told:
            loading.told = True
            where = here or line_of(loading.thread.ident, (loading.own,)) or loading.path
            self._say(f"{where} is blocking the start")
        if taken >= loading.limit and here and not loading.ended:
            loading.ended = True
            give_up(self._ident, TooLong)

    def _look(self) -> None:
        """Whether the loop stands still in an extension, which is told once."""
        if self._beat is not None and self._beat.heard.is_set():
            self._beat = None
        where = line_of(self._ident, self._files)
        if not where:
            return
        beat = self._beat
        if beat is None:
            beat = self._beat = _Beat()
            with suppress(RuntimeError):  # it was closed meanwhile
                self._loop.call_soon_threadsafe(beat.heard.set)
        elif time.monotonic() - beat.since >= self._limits[1] and not beat.told:
            beat.told = True
            if where not in self._told:
                self._told.add(where)
                self._say(
                    f"{where} is blocking pi: nothing else goes on until it returns"
                    " (await what takes long, or do it with asyncio.to_thread)"
                )


_DOGS: dict[asyncio.AbstractEventLoop, Watchdog] = {}


def watchdog() -> Watchdog:
    """That of the event loop that is running now."""
    loop = asyncio.get_running_loop()
    if loop not in _DOGS:
        _DOGS[loop] = Watchdog()
    return _DOGS[loop]


def own_of(path: Path) -> str:
    """How the names of an extension's own files begin."""
    return str(path.parent if path.name == "__init__.py" else path)


def line_of(ident: int | None, own: tuple[str, ...]) -> str:
    """The innermost line in those files at which a thread is; "" if it is not in them."""
    frame = sys._current_frames().get(ident or 0)
    while frame is not None:
        if frame.f_code.co_filename.startswith(own):
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


def give_up(ident: int, error: type[BaseException]) -> None:
    """Have an error raised where a thread is."""
    from ctypes import c_ulong, py_object, pythonapi  # for what loops without end

    pythonapi.PyThreadState_SetAsyncExc(c_ulong(ident), py_object(error))


def _let_it_come() -> None:
    """Have a `TooLong` that was asked for and not raised yet raised here, where it does no harm.

    Taking it back instead would leave the interpreter told that there is something to raise:
    CPython 3.11 then stands still for good as soon as a function is traced (as for coverage).
    """
    with suppress(TooLong):
        for _ in range(100):  # it comes where a loop goes round
            pass


def _to_stderr(text: str) -> None:
    with suppress(OSError, ValueError):
        sys.stderr.write(f"Warning: {text}\n")
        sys.stderr.flush()
