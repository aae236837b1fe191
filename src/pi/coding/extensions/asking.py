"""Calls the handlers of extensions, plain or async, and keeps their mistakes away from the rest.

Who asks is answered by one handler after the other. Who only tells does not wait: plain functions
are called at once, async ones one after the other beside the run, which waits for them before its
next request and at its end.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextvars import ContextVar
from inspect import isawaitable, iscoroutine
from typing import Any

from pi.ai.errors import PiError
from pi.coding.extensions.calling import kept
from pi.coding.extensions.given import describe, wrong_field
from pi.coding.extensions.load import place_of
from pi.coding.extensions.shelf import HandlerRow, Owner, Shelf
from pi.coding.extensions.surface import Context
from pi.coding.extensions.waiting import GivenUp, WaitKind, Waits
from pi.coding.extensions.watchdog import own_of

__all__ = ["Asker", "Failed", "handling", "made", "words_of"]

Tell = Callable[[Owner, str, str], None]
"""Says what an extension did wrong: whose, at what, in one line."""

_HANDLING: ContextVar["asyncio.Task[Any] | None"] = ContextVar("_HANDLING", default=None)


def handling() -> bool:
    """Whether a handler is what calls now: it must not wait for the run that waits for it."""
    task = _HANDLING.get()
    return task is not None and task is asyncio.current_task()


def made(name: str, *fields: Any) -> Any:
    """The event of that name."""
    from pi.coding.extensions.events import EVENTS  # takes milliseconds, and most hear none

    return EVENTS[name].type(*fields)


def words_of(error: BaseException, owner: Owner) -> str:
    """What went wrong, in one line, with its place. An error of ours that the extension raises
    itself is what it wants to say: then it is the message alone."""
    trace, own = error.__traceback__, own_of(owner.path)
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    raised_in = own if trace is None else trace.tb_frame.f_code.co_filename
    if isinstance(error, PiError) and raised_in.startswith(own):
        return error.message
    return place_of(error, owner.path)


class Failed(Exception):
    """A handler that guards something has failed."""


class Asker:
    """The handlers of one session. tell: hears what they did wrong. waits: sees who takes long."""

    def __init__(self, shelf: Shelf, context: Context, tell: Tell, waits: Waits) -> None:
        self._shelf = shelf
        self._context = context
        self._tell = tell
        self._waits = waits
        self._nonsense: set[tuple[str, str]] = set()
        self._waiting: deque[tuple[HandlerRow, str, Awaitable[Any]]] = deque()
        self._worker: asyncio.Task[None] | None = None

    def rows(self, event: str) -> Iterable[HandlerRow]:
        """Who hears an event."""
        return tuple(self._shelf.handlers.get(event, ()))

    async def ask(
        self,
        row: HandlerRow,
        name: str,
        event: Any,
        *,
        guards: bool = False,
        kind: WaitKind = "run",
    ) -> Any:
        """The answer of one handler; None if it failed. Raises `Failed` instead if it guards, and
        `GivenUp` if nobody wants to wait for it any longer."""
        token = _HANDLING.set(asyncio.current_task())
        try:
            with kept():
                answer = row.handler(event, self._context)
            if isawaitable(answer):
                answer = await self._waits.until(row.owner, name, answer, kind)
        except GivenUp:
            raise
        except Exception as error:
            words = self.failed(row.owner, name, error)
            if guards:
                raise Failed(words) from error
            return None
        finally:
            _HANDLING.reset(token)
        wrong = wrong_field(answer)
        if wrong:
            place = describe(row.handler, row.owner.words)
            words = f"{place}: {wrong}"
            if (place, name) not in self._nonsense:  # most answer so every time
                self._nonsense.add((place, name))
                self._tell(row.owner, name, words)
            if guards:
                raise Failed(words)
            return None
        return answer

    def hear(self, name: str, event: Any) -> None:
        """Tell all who hear it, without waiting."""
        for row in self.rows(name):
            try:
                with kept():
                    answer = row.handler(event, self._context)
            except Exception as error:
                self.failed(row.owner, name, error)
                continue
            if isawaitable(answer):
                self._waiting.append((row, name, answer))
                if self._worker is None:
                    self._worker = asyncio.ensure_future(self._work())

    async def caught_up(self) -> None:
        """Wait for the async handlers of what was told so far, unless one of them is asking."""
        worker = self._worker
        if worker is not None and worker is not asyncio.current_task() and not handling():
            try:
                await asyncio.wait([worker])
            except asyncio.CancelledError:  # who ends the run does not want to wait for these
                self._waits.give_up("told")
                raise

    async def close(self, patience: float) -> None:
        """Wait for what was told, but not for ever."""
        worker = self._worker
        if worker is not None and worker is not asyncio.current_task():
            await asyncio.wait([worker], timeout=patience)
            worker.cancel()
        for _, _, answer in self._waiting:
            if iscoroutine(answer):
                answer.close()
        self._waiting.clear()

    def failed(self, owner: Owner, what: str, error: BaseException) -> str:
        """Tell what went wrong; gives the words."""
        words = words_of(error, owner)
        self._tell(owner, what, words)
        return words

    async def _work(self) -> None:
        try:
            while self._waiting:
                row, name, answer = self._waiting.popleft()
                token = _HANDLING.set(asyncio.current_task())
                try:
                    await self._waits.until(row.owner, name, answer, "told")
                except GivenUp:
                    continue
                except Exception as error:
                    self.failed(row.owner, name, error)
                finally:
                    _HANDLING.reset(token)
        finally:
            self._worker = None
