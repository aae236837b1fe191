"""One answer in progress, between the HTTP parser that fills it and the reader that empties it.

This is the hot path. Between the parser and the reader stand a list and a single future: a piece of
the body costs an append, and a wake-up if somebody waits. A reader takes all that has come at once.
"""

import asyncio
from contextlib import suppress
from typing import Protocol

from pi.ai.errors import AbortedError, PiError, TransportError

__all__ = ["HIGH_WATER", "Carrier", "Exchange"]

HIGH_WATER = 256 * 1024
"""Bytes of body that may lie unread before the socket is no longer read."""

_FINISH_SECONDS = 1.0
_FINISH_BYTES = 64 * 1024


class Carrier(Protocol):
    """What an exchange needs of its connection; see `pi.ai.wire.connection.Connection`."""

    label: str
    loop: asyncio.AbstractEventLoop

    def parsed(self) -> tuple[int, bool]: ...
    def done(self, exchange: "Exchange", /) -> None: ...
    def abort(self) -> None: ...
    def shut(self) -> None: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def resume_writing(self) -> None: ...


class Exchange:
    """The answer to one request. `status` is 0 until the head has come.

    bodiless: no body follows, whatever the headers say (HEAD, CONNECT). heard: whether a byte of
    the answer came. ended: whether all of it did. keep_alive: whether the connection may be used
    again after it.
    """

    __slots__ = (
        "_bodiless",
        "_connection",
        "_dropped",
        "_failure",
        "_interim",
        "_size",
        "_timer",
        "_waiter",
        "_waiting_since",
        "chunks",
        "ended",
        "headers",
        "heard",
        "idle_timeout",
        "keep_alive",
        "reason",
        "status",
    )

    def __init__(self, connection: Carrier, *, bodiless: bool = False) -> None:
        self._connection = connection
        self._bodiless = bodiless
        self._dropped = self._interim = False
        self._failure: PiError | None = None
        self._size = 0
        self._timer: asyncio.TimerHandle | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._waiting_since = 0.0
        self.chunks: list[bytes] = []
        self.ended = self.heard = self.keep_alive = False
        self.headers: dict[str, str] = {}
        self.idle_timeout: float | None = None
        self.reason = b""
        self.status = 0

    # -- what the parser calls ---------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """The parser has seen the first byte of an answer."""
        self.heard = True
        if self.ended:
            self._connection.abort()  # an answer to nothing: what else may come on this connection?

    def on_status(self, reason: bytes) -> None:
        """The reason phrase, whole or in part."""
        self.reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        if self.status:
            return  # a trailer
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1").strip()
        known = self.headers.get(key)
        self.headers[key] = text if known is None else f"{known}, {text}"

    def on_headers_complete(self) -> None:
        """The head is complete; a 1xx head is none yet."""
        status, self.keep_alive = self._connection.parsed()
        if status == 101:
            # The place for WebSocket: an exchange that asked for an upgrade takes the pipe here.
            self.fail(TransportError(f"{self._connection.label} switched protocols unasked"))
            self._connection.abort()
        elif status < 200:
            self._interim = True
        else:
            self.status = status
            self._connection.resume_writing()
            if self._bodiless:
                self._end()
            self._wake()

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        self._size += len(data)
        if self._dropped:
            if self._size > _FINISH_BYTES:
                self._connection.abort()
            return
        self.chunks.append(data)
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(None)
        if self._size > HIGH_WATER:
            self._connection.pause_reading()

    def on_message_complete(self) -> None:
        """The answer is complete."""
        if self._interim:
            self._interim = False
            self.headers.clear()
            self.reason = b""
        elif self.status and not self.ended:
            self._end()

    # -- what the connection calls -----------------------------------------------------------------

    @property
    def until_close(self) -> bool:
        """Whether the body ends where the connection does."""
        headers = self.headers
        return (
            bool(self.status)
            and "content-length" not in headers
            and not headers.get("transfer-encoding", "").lower().endswith("chunked")
        )

    def end(self) -> None:
        """The connection has closed, and that is the end of the body."""
        if not self.ended and self._failure is None:
            self.keep_alive = False
            self._end()

    def fail(self, failure: PiError) -> None:
        """Nothing more will come."""
        if not self.ended and self._failure is None:
            self._failure = failure
            self._stop_timer()
            self._wake()

    # -- what a reader calls -----------------------------------------------------------------------

    async def head(self) -> None:
        """Wait until status and headers are there."""
        while not self.status:
            await self._wait()

    async def read(self) -> bytes:
        """What has come since the last call, at least a byte; nothing at the end of the body."""
        chunks = self.chunks
        while not chunks:
            if self.ended and self._failure is None:
                return b""
            await self._wait()
        data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        chunks.clear()
        if self._size > HIGH_WATER:
            self._connection.resume_reading()
        self._size = 0
        return data

    def close(self) -> None:
        """Read no more. The socket is closed at once unless the answer is complete."""
        if self._failure is None:
            self._failure = AbortedError("the response was closed while it was read")
        self.chunks.clear()
        self._stop_timer()
        self._wake()
        if not self.ended:
            self._connection.abort()

    def forget(self) -> None:
        """Close from wherever the garbage collector happens to run."""
        if self.ended or self._failure is not None:
            return
        connection = self._connection
        loop = connection.loop
        try:
            here = asyncio.get_running_loop() is loop
        except RuntimeError:
            here = False
        if here or loop.is_closed():
            self.close()
        else:
            connection.shut()
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self.close)

    def finish(self) -> None:
        """Read no more, but let the rest of a short body pass so that the connection can stay."""
        if self.ended or self._failure is not None:
            self.close()
            return
        self._dropped = True
        self._failure = AbortedError("the response was closed while it was read")
        self.chunks.clear()
        self._stop_timer()
        if self._size > HIGH_WATER:
            self._connection.resume_reading()
        self._size = 0
        self._timer = self._connection.loop.call_later(_FINISH_SECONDS, self._connection.abort)

    # -- inside ------------------------------------------------------------------------------------

    def _end(self) -> None:
        self.ended = True
        self._stop_timer()
        self._connection.done(self)
        self._wake()

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if not waiter.done() and not self._connection.loop.is_closed():
                waiter.set_result(None)

    async def _wait(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._waiter is not None:
            raise RuntimeError("two tasks read the same response")
        loop = self._connection.loop
        waiter = self._waiter = loop.create_future()
        self._waiting_since = loop.time()
        if self._timer is None and self.status and self.idle_timeout:
            self._timer = loop.call_later(self.idle_timeout, self._check_idle)
        try:
            await waiter
        except asyncio.CancelledError:
            self._waiter = None
            self.close()
            raise

    def _check_idle(self) -> None:
        """Time out a reader that waits too long. One timer serves the whole body."""
        assert self.idle_timeout
        loop, left = self._connection.loop, self.idle_timeout
        self._timer = None
        if self._waiter is not None:
            left = self._waiting_since + self.idle_timeout - loop.time()
            if left <= 0.0:
                label = self._connection.label
                self.fail(TransportError(f"{label} sent nothing for {self.idle_timeout:g} s"))
                self._connection.abort()
                return
        self._timer = loop.call_later(left, self._check_idle)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
