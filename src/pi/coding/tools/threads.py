"""Blocking work beside the event loop.

File work runs in a thread. Work that only looks is abandoned at cancellation: its stop flag is set
and it ends by itself soon after. Work that changes something is waited for, so that nothing is
still being written when its caller goes on.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

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

    The cancellation is raised afterwards, whether the work gave up or had gone too far to.
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
        if not future.cancelled():
            future.exception()  # seen: it has no other reader
        raise
