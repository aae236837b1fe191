"""One change of a file at a time.

Changes of the same file run in the order in which they were asked for, changes of different files
side by side. The same file means the same real path. A place is held until the reading and writing
have really ended, cancelled or not. Tools of extensions that change files should go through here.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from pi.coding.tools.threads import Stop, settling

__all__ = ["exclusive", "mutate"]

T = TypeVar("T")


class _Place:
    """The lock of one file, and how many hold it or wait for it."""

    __slots__ = ("lock", "users")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.users = 0


_places: dict[tuple[int, str], _Place] = {}


def _real(path: Path) -> str:
    return os.path.normcase(os.path.realpath(path))


@asynccontextmanager
async def exclusive(path: Path) -> AsyncGenerator[None]:
    """Hold the only right to change the file at `path`; first come, first served."""
    # The real path is looked up before anything is awaited: this is what keeps the order.
    key = (id(asyncio.get_running_loop()), _real(path))
    place = _places.setdefault(key, _Place())
    place.users += 1
    try:
        async with place.lock:
            yield
    finally:
        place.users -= 1
        if not place.users:
            del _places[key]


async def mutate(path: Path, work: Callable[[Stop], T]) -> T:
    """Run the blocking `work`, which changes the file at `path`, in a thread and in turn.

    `work` should look at its stop flag before it makes its change final.
    """
    async with exclusive(path):
        return await settling(work)
