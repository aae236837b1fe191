"""Work on a whole conversation: in a thread if it is a long one, so that keys are answered."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Concatenate, ParamSpec, TypeVar

__all__ = ["beside"]

_MANY = 500
"""Messages that take a few milliseconds to go through."""

S = TypeVar("S")
T = TypeVar("T")
P = ParamSpec("P")


async def beside(
    work: Callable[Concatenate[Sequence[S], P], T],
    said: Sequence[S],
    *args: P.args,
    **more: P.kwargs,
) -> T:
    """What the pure function `work` gives for the messages `said`."""
    if len(said) <= _MANY:
        return work(said, *args, **more)
    return await asyncio.to_thread(work, said, *args, **more)
