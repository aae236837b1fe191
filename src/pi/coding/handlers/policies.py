"""Commands to policies: compaction and retries.

Which policies a session has is decided where it is put together; a command to one that is not
there is an error that says so.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar, runtime_checkable

from pi.ai.errors import AbortedError, ConfigError
from pi.coding.api.commands import AbortRetry, Compact, SetAutoCompaction, SetAutoRetry
from pi.coding.api.events import CompactionResult
from pi.coding.handlers.desk import Desk

T = TypeVar("T")

__all__ = [
    "Compactor",
    "Retrier",
    "abort_retry",
    "auto_compaction",
    "compact",
    "set_auto_compaction",
    "set_auto_retry",
    "summarising",
    "switches_from",
]


@runtime_checkable
class Compactor(Protocol):
    """A policy that summarises history. `auto_compaction`: whether it does so by itself."""

    auto_compaction: bool

    async def compact(self, instructions: str | None) -> CompactionResult:
        """Do it now, and tell `compaction_start` and `_end`. Raises `PiError` if it can't be."""
        ...


@runtime_checkable
class Retrier(Protocol):
    """A policy that sends failed requests again. `auto_retry`: whether it does."""

    auto_retry: bool

    def abort_retry(self) -> None:
        """Do not wait for the next attempt."""
        ...


def auto_compaction(desk: Desk) -> bool:
    """Whether history is compacted by itself."""
    compactor = _compactor(desk)
    return compactor is not None and compactor.auto_compaction


async def compact(desk: Desk, command: Compact) -> CompactionResult:
    """End the run, then summarise."""
    compactor = _compactor(desk)
    if compactor is None:
        raise ConfigError("this session has no compaction: nothing was summarised")
    if desk.summary is not None:
        raise ConfigError("a summary is being made already: wait for it, or abort it")
    try:
        return await summarising(desk, lambda: compactor.compact(command.custom_instructions))
    finally:
        desk.go_on()  # what was said meanwhile is not lost when there is no summary


async def summarising(desk: Desk, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """End the run and have a summary made, which an abort ends.

    From this call on, what is said waits for the end of the summary.
    """
    desk.drop_queue()
    desk.summary = task = asyncio.ensure_future(_undisturbed(desk, work))
    try:
        await asyncio.wait([task])
        if task.cancelled():
            raise AbortedError("the summary was aborted")
        return task.result()
    finally:
        task.cancel()
        desk.summary = None


async def _undisturbed(desk: Desk, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    await desk.end_run()
    return await work()


async def set_auto_compaction(desk: Desk, command: SetAutoCompaction) -> None:
    """For this session."""
    compactor = _compactor(desk)
    if compactor is None:
        raise ConfigError("this session has no compaction: there is nothing to switch")
    compactor.auto_compaction = command.enabled


async def set_auto_retry(desk: Desk, command: SetAutoRetry) -> None:
    """For this session."""
    retrier = _retrier(desk)
    if retrier is None:
        raise ConfigError("this session tries nothing again: there is nothing to switch")
    retrier.auto_retry = command.enabled


async def abort_retry(desk: Desk, command: AbortRetry) -> None:
    """End the wait, if there is one."""
    retrier = _retrier(desk)
    if retrier is not None:
        retrier.abort_retry()


def switches_from(old: Desk, new: Desk) -> None:
    """Have the policies of `new` switched on and off as those of `old`."""
    for kind, switch in ((Compactor, "auto_compaction"), (Retrier, "auto_retry")):
        pairs = [[hook for hook in desk.hooks if isinstance(hook, kind)] for desk in (old, new)]
        for before, after in zip(*pairs, strict=False):
            setattr(after, switch, getattr(before, switch))


def _compactor(desk: Desk) -> Compactor | None:
    return next((hook for hook in desk.hooks if isinstance(hook, Compactor)), None)


def _retrier(desk: Desk) -> Retrier | None:
    return next((hook for hook in desk.hooks if isinstance(hook, Retrier)), None)
