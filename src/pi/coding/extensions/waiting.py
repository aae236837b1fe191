"""Waiting for what extensions do: told once if it takes long, given up if somebody says so.

An extension may wait for a service that never answers. After a while the person is told which line
of which file that is; an abort ends the wait, whether a run hangs on it or something else that was
asked for. The time in which a handler waits for a person, or for a run that it has asked for, does
not count.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal

from pi.ai.errors import AbortedError
from pi.coding.extensions.calling import kept
from pi.coding.extensions.shelf import Owner
from pi.coding.extensions.watchdog import own_of

__all__ = ["GivenUp", "WaitKind", "Waits", "uncounted"]

WaitKind = Literal["run", "told", "asked", "command"]
"""Who waits: a run; a run for what was told only; another command; the person's slash command."""

_INNERMOST: ContextVar["_Wait | None"] = ContextVar("_INNERMOST", default=None)


class GivenUp(AbortedError):
    """Somebody did not want to wait for an extension any longer."""


class Waits:
    """What one session waits for.

    tell: hears one line, once for each thing that takes long. ends: how a person ends it. slow:
    seconds after which they are told.
    """

    def __init__(self, tell: Callable[[str], None], ends: str, slow: float) -> None:
        self.slow = slow
        self._tell = tell
        self._ends = ends
        self._open: list[_Wait] = []
        self._told: set[tuple[str, str]] = set()

    async def until(
        self, owner: Owner, what: str, answer: Awaitable[Any], kind: WaitKind = "run"
    ) -> Any:
        """What comes of an answer. what: as people know it. Raises `GivenUp`, what it raises."""
        wait = _Wait(self, owner, what, answer, kind)
        self._open.append(wait)
        token = _INNERMOST.set(wait)
        wait.resume()
        try:
            with kept():
                found = await answer
        except BaseException:
            if wait.forgiven():
                raise GivenUp(wait.words) from None
            raise
        finally:
            wait.pause()
            _INNERMOST.reset(token)
            self._open.remove(wait)
        if wait.forgiven():  # it went on all the same
            raise GivenUp(wait.words)
        return found

    def holds(self) -> bool:
        """Whether something else than a run waits for an extension."""
        return any(wait.kind in ("asked", "command") for wait in self._open)

    def give_up(self, *kinds: WaitKind) -> None:
        """Wait no longer for what is of these kinds, but for the one that says so itself."""
        own: set[int] = set()
        inner = _INNERMOST.get()
        while inner is not None:
            own.add(id(inner))
            inner = inner.outer
        for wait in tuple(self._open):
            if wait.kind in kinds and id(wait) not in own:
                wait.give_up()

    def late(self, wait: "_Wait") -> None:
        """Tell that something takes long."""
        told = (str(wait.owner.path), wait.what)
        if told not in self._told:
            self._told.add(told)
            self._tell(
                f"{wait.place}: {wait.what} has been waiting for {self.slow:g} s and pi waits for"
                f" it: {self._ends} gives it up"
            )


@contextmanager
def uncounted() -> Iterator[None]:
    """While a handler waits for somebody who takes as long as they take."""
    waits: list[_Wait] = []
    wait = _INNERMOST.get()
    while wait is not None:
        waits.append(wait)
        wait = wait.outer
    for wait in waits:
        wait.pause()
    try:
        yield
    finally:
        for wait in waits:
            wait.resume()


class _Wait:
    """One handler that is being waited for. outer: the one inside which it was called."""

    def __init__(
        self, waits: Waits, owner: Owner, what: str, answer: Awaitable[Any], kind: WaitKind
    ) -> None:
        self.owner = owner
        self.what = what
        self.kind = kind
        self.outer = _INNERMOST.get()
        self._waits = waits
        self._answer = answer
        self._task = asyncio.current_task()
        self._paused = 1
        self._timer: asyncio.TimerHandle | None = None
        self._given_up = False

    @property
    def place(self) -> str:
        """The line of the extension at which it waits; its file if that is not known."""
        own, found = own_of(self.owner.path), ""
        inner: Any = self._answer
        while inner is not None:
            frame = getattr(inner, "cr_frame", None)
            if frame is not None and frame.f_code.co_filename.startswith(own):
                found = f"{frame.f_code.co_filename}:{frame.f_lineno}"
            inner = getattr(inner, "cr_await", None)
        return found or str(self.owner.path)

    @property
    def words(self) -> str:
        """That it was given up."""
        return f"given up: {self.what} of {self.owner.path} was still waiting"

    def pause(self) -> None:
        """Do not count the time from now on."""
        self._paused += 1
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def resume(self) -> None:
        """Count again, from nothing."""
        self._paused -= 1
        if self._paused == 0:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._waits.slow, self._waits.late, self)

    def give_up(self) -> None:
        """End it, if it has not ended."""
        if self._task is not None and not self._given_up:
            self._given_up = True
            self._task.cancel()

    def forgiven(self) -> bool:
        """Whether it was given up and nobody else wants the task to end; it goes on then."""
        if not self._given_up or self._task is None:
            return False
        self._given_up = False
        return self._task.uncancel() == 0
