"""Blocking work beside the event loop.

File work runs in a thread. Work that only looks is abandoned at cancellation: its stop flag is set
and it ends by itself soon after. Work that changes something is waited for, so that nothing is
still being written when its caller goes on.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from pi.agent.tools import ToolError

__all__ = ["Stop", "looking", "settling"]

Stop = threading.Event
"""Set when the caller was cancelled; long work looks at it between steps."""

T = TypeVar("T")


async def looking(work: Callable[[Stop], T]) -> T:
    """Run `work` in a thread. On cancellation its stop flag is set and nobody waits for it."""
    stop = Stop()
    future = asyncio.get_running_loop().run_in_executor(None, work, stop)
    try:
        return await future
    except asyncio.CancelledError:
        stop.set()
        raise


async def settling(work: Callable[[Stop], T]) -> T:
    """Run `work` in a thread. On cancellation its stop flag is set and its end is awaited.

    Afterwards the cancellation is raised if the work gave up, and `ToolError` if it was too late:
    the model has to know of a change that was made.
    """
    stop = Stop()
    future = asyncio.get_running_loop().run_in_executor(None, work, stop)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        stop.set()
        while not future.done():
            try:
                await asyncio.wait([future])
            except asyncio.CancelledError:
                continue  # asked again: still, the write has to end first
        if future.exception() is None:
            raise ToolError("Stopped, but the change had already been made.") from None
        raise
