"""The connections of one event loop: those in use, and those that wait to be used again.

The loop may end before they do, with or without good manners. A guard that lies among the loop's
timers is dropped when the loop closes, and takes the connections with it: no warning, no complaint
about a closed loop, and the other side sees the end at once.
"""

import asyncio
import weakref
from collections.abc import Hashable

from pi.ai.wire.connect import Lookups
from pi.ai.wire.connection import Connection

__all__ = ["MAX_IDLE", "Pool"]

MAX_IDLE = 16
"""How many connections to one place wait at the same time."""

_FOREVER = 10 * 365 * 86400.0


class _Guard:
    """Closes the connections of a pool when the loop lets go of it."""

    __slots__ = ("_pool",)

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool

    def __call__(self) -> None:
        """The time that never comes."""

    def __del__(self) -> None:
        if self._pool.loop.is_closed():
            self._pool.bury()


class Pool:
    """Connections of `loop`, by the key under which they were dialled.

    keep_alive: seconds that a connection waits to be used again; 0 for not at all.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, keep_alive: float) -> None:
        self.loop = loop
        self._keep_alive = keep_alive
        self.lookups: Lookups = {}
        self._open: set[Connection] = set()
        self._idle: dict[Hashable, list[Connection]] = {}
        self._guard: weakref.ref[asyncio.TimerHandle] | None = None
        self._sweeper: asyncio.TimerHandle | None = None

    def take(self, key: Hashable) -> Connection | None:
        """The connection that was used last, out of the pool."""
        now = self.loop.time()
        while waiting := self._idle.get(key):
            connection = waiting[-1]
            self.withdraw(connection)
            if not self._expired(connection, now):
                return connection
            connection.abort()
        return None

    def put(self, connection: Connection, *, keep: bool) -> None:
        """Keep a connection for later if it can be used again, or close it."""
        if connection.key is None:
            return  # still being dialled
        waiting = self._idle.setdefault(connection.key, [])
        if not keep or not self._keep_alive or len(waiting) >= MAX_IDLE:
            connection.abort()
            return
        connection.idle_since = self.loop.time()
        waiting.append(connection)
        if self._sweeper is None:
            self._sweeper = self.loop.call_later(self._keep_alive, self._sweep)

    def withdraw(self, connection: Connection) -> None:
        """This connection is not to be used again."""
        waiting = self._idle.get(connection.key)
        if waiting is None:
            return
        if connection in waiting:
            waiting.remove(connection)
        if not waiting:
            del self._idle[connection.key]

    def opened(self, connection: Connection) -> None:
        """A socket was opened."""
        self._open.add(connection)
        if self._guard is None:
            self._guard = weakref.ref(self.loop.call_later(_FOREVER, _Guard(self)))

    def closed(self, connection: Connection) -> None:
        """A socket was closed."""
        self.withdraw(connection)
        self._open.discard(connection)
        if not self._open:
            self._disarm()

    def close_idle(self) -> None:
        """Close what waits, and from now on what would come back."""
        self._keep_alive = 0.0
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        for waiting in list(self._idle.values()):
            for connection in list(waiting):
                connection.abort()
        self._idle.clear()

    def bury(self) -> None:
        """The loop is closed: release every socket."""
        for connection in list(self._open):
            connection.abort()
            connection.bury()
        self._open.clear()
        self._idle.clear()

    def _sweep(self) -> None:
        now = self.loop.time()
        for waiting in list(self._idle.values()):
            for connection in list(waiting):
                if self._expired(connection, now):
                    connection.abort()
        self._sweeper = None
        if self._idle:
            oldest = min(waiting[0].idle_since for waiting in self._idle.values())
            self._sweeper = self.loop.call_at(oldest + self._keep_alive, self._sweep)

    def _disarm(self) -> None:
        handle = self._guard() if self._guard is not None else None
        self._guard = None
        if handle is not None and not self.loop.is_closed():
            handle.cancel()
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None

    def _expired(self, connection: Connection, now: float) -> bool:
        limit = min(self._keep_alive, connection.keep_seconds)
        return connection.lost or now - connection.idle_since >= limit
