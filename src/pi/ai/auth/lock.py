"""The lock that every writer of a shared file takes, in this program and in the older Node one.

It is the directory `<file>.lock`, made with mkdir (atomic on every file system) and kept young by
its holder, who renews its mtime. A lock whose mtime stood still for `stale` seconds was left behind
by a crash and may be taken. The form is that of https://github.com/moxystudio/node-proper-lockfile
so that both programs can run side by side; the directory must therefore stay empty.
"""

import contextlib
import os
import time
from collections.abc import Generator
from pathlib import Path
from types import TracebackType

from pi.ai.errors import ConfigError

__all__ = ["FileLock", "LockError"]

_FIRST_DELAY = 0.01
_LONGEST_DELAY = 0.25
_WINDOWS_DENIALS = 50

_Mark = tuple[int, int]


class LockError(ConfigError):
    """The lock was not to be had in time, or it was lost while it was held."""


class FileLock:
    """Locks `target` for one `with` or `async with` block. Not reentrant; make one per use.

    The holder renews the lock every `stale / 15` seconds from a thread of its own, so that neither
    a busy event loop nor a slow request makes it look abandoned. `stale` and `patience` (how long
    to wait for somebody else's lock) are in seconds; `patience` exceeds `stale`, so that a crash of
    another process delays but never fails a caller. Cancelling a waiting caller leaves no trace.
    """

    def __init__(self, target: Path, *, stale: float = 30.0, patience: float = 45.0) -> None:
        self.path = target.with_name(target.name + ".lock")
        self.stale = stale
        self.patience = patience
        self._keeper: _Keeper | None = None

    def __enter__(self) -> "FileLock":
        for delay in self._attempts():
            time.sleep(delay)
        return self

    async def __aenter__(self) -> "FileLock":
        import asyncio  # 50 ms, which users of the blocking form need not pay

        for delay in self._attempts():
            await asyncio.sleep(delay)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._release()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._release()

    def ensure(self) -> None:
        """Raise `LockError` unless the lock is still ours (a suspended machine can lose it)."""
        if self._keeper is None or not self._keeper.owns():
            raise LockError(f"{self.path} was taken over by another process; nothing was written")

    def _attempts(self) -> Generator[float, None, None]:
        """Tries to take the lock and yields the pauses between the tries."""
        watch = _Watch(self.path, self.stale)
        deadline = time.monotonic() + self.patience
        delay, denied = _FIRST_DELAY, 0
        while True:
            try:
                self.path.mkdir(0o700)
            except FileExistsError:
                if watch.abandoned() and watch.remove():
                    continue
            except PermissionError as error:
                # Windows refuses a name whose removal is still under way
                denied += 1
                if os.name != "nt" or denied > _WINDOWS_DENIALS:
                    raise self._refused(error) from error
            except OSError as error:
                raise self._refused(error) from error
            else:
                self._hold()
                return
            if time.monotonic() > deadline:
                raise LockError(
                    f"{self.path} is held by another process since more than"
                    f" {self.patience:.0f} s; if none is running, remove that directory"
                )
            yield delay * (0.5 + os.urandom(1)[0] / 512)  # jitter; `random` costs 4 ms to import
            delay = min(delay * 2, _LONGEST_DELAY)

    def _refused(self, error: OSError) -> LockError:
        return LockError(
            f"{self.path.with_suffix('')} cannot be written:"
            f" its lock {self.path.name} cannot be made ({error.strerror or error})"
        )

    def _hold(self) -> None:
        try:
            self._keeper = _Keeper(self.path, self.stale / 15)
        except BaseException:
            self.path.rmdir()
            raise

    def _release(self) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.stop()


class _Keeper:
    """Keeps the mtime of a held lock young."""

    def __init__(self, path: Path, interval: float) -> None:
        import threading

        self._path = path
        self._interval = interval
        self._guard = threading.Lock()
        self._stopped = threading.Event()
        self._mark = self._renew()
        self._thread = threading.Thread(target=self._run, name="pi-lock", daemon=True)
        self._thread.start()

    def owns(self) -> bool:
        """Whether the lock is as we left it."""
        with self._guard:
            return _mark(self._path) == self._mark

    def stop(self) -> None:
        """Stop renewing, and remove the lock if it is still ours."""
        self._stopped.set()
        self._thread.join()
        if self.owns():
            with contextlib.suppress(OSError):
                self._path.rmdir()

    def _renew(self) -> _Mark:
        now = time.time_ns()
        os.utime(self._path, ns=(now, now))
        mark = _mark(self._path)  # what the file system made of it
        if mark is None:
            raise LockError(f"{self._path} disappeared while it was being taken")
        return mark

    def _run(self) -> None:
        while not self._stopped.wait(self._interval):
            with self._guard:
                if _mark(self._path) != self._mark:
                    return
                # a passing failure is no loss: `owns` looks at the directory itself
                with contextlib.suppress(OSError, LockError):
                    self._mark = self._renew()


class _Watch:
    """Looks at somebody else's lock, to tell a living holder from a crashed one."""

    def __init__(self, path: Path, stale: float) -> None:
        self._path = path
        self._stale = stale
        self._seen: _Mark | None = None
        self._since = 0.0

    def abandoned(self) -> bool:
        """Whether the lock stood still for `stale` seconds.

        An old mtime counts only after it was watched for a moment: when a suspended machine wakes
        up, the holder must get the chance to renew it. A clock that was set back is no obstacle,
        because standing still for all of `stale` under our eyes counts too.
        """
        mark, now = _mark(self._path), time.monotonic()
        if mark is None or mark != self._seen:
            self._seen, self._since = mark, now
            return False
        watched = now - self._since
        old = time.time() - mark[0] / 1e9 > self._stale
        return watched > self._stale or (old and watched > self._stale / 12)

    def remove(self) -> bool:
        """Remove the abandoned lock; False if somebody else was faster."""
        with _guarded(self._path.parent) as free:
            if not free or _mark(self._path) != self._seen:
                return False
            try:
                self._path.rmdir()
            except FileNotFoundError:
                return True
            except OSError as error:
                raise LockError(
                    f"{self._path} was left behind and cannot be removed"
                    f" ({error.strerror}); remove it by hand"
                ) from None
            return True


def _mark(path: Path) -> _Mark | None:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_mtime_ns, stat.st_ino


@contextlib.contextmanager
def _guarded(folder: Path) -> Generator[bool, None, None]:
    """Lets one process at a time remove an abandoned lock, where the system has such a guard.

    Without it two waiting processes could both judge a lock abandoned, and the slower one remove
    the lock that the faster one has just made.
    """
    try:
        import fcntl  # not on Windows
    except ImportError:
        yield True
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        except OSError:
            pass  # a file system without flock
        yield True
    finally:
        os.close(handle)
