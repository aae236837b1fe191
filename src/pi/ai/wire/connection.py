"""One connection: bytes from the socket into the parser, requests into the socket.

A connection carries one exchange at a time. It is closed by `abort`, which shuts the socket down
before it returns, so that the other side knows at once even if this event loop never runs again.
"""

import asyncio
import socket
import ssl
from collections.abc import Hashable
from contextlib import suppress
from typing import Any, Protocol, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from pi.ai.errors import TransportError
from pi.ai.wire.connect import Lookups
from pi.ai.wire.exchange import Exchange
from pi.ai.wire.tls import Pipe, TlsLayer

__all__ = ["Connection", "Home", "Unanswered"]

_SLICE = 256 * 1024
_MAX_HEAD = 256 * 1024


class Unanswered(TransportError):
    """The connection ended before a single byte of the answer."""


class Home(Protocol):
    """What a connection needs of its pool; see `pi.ai.wire.pool.Pool`."""

    loop: asyncio.AbstractEventLoop
    lookups: Lookups

    def opened(self, connection: "Connection", /) -> None: ...
    def closed(self, connection: "Connection", /) -> None: ...
    def put(self, connection: "Connection", /, *, keep: bool) -> None: ...
    def withdraw(self, connection: "Connection", /) -> None: ...


class Connection(asyncio.Protocol):
    """An HTTP/1.1 connection. `label` names the other end in messages.

    key: under what it comes back to its pool, None while it is dialled. pipe: where requests are
    written to; `dial` puts TLS layers there. idle_since: when it came back, in loop time.
    keep_seconds: how long the server says it keeps it.
    """

    def __init__(self, pool: Home, label: str) -> None:
        self.pool = pool
        self.loop = pool.loop
        self.label = label
        self.key: Hashable = None
        self.pipe: Pipe | None = None
        self.lost = False
        self.idle_since = self.keep_seconds = 0.0
        self._transport: asyncio.Transport | None = None
        self._parser: HttpResponseParser | None = None
        self._exchange: Exchange | None = None
        self._sending = False
        self._writable: asyncio.Future[None] | None = None
        self._head_bytes = 0

    # -- a request ---------------------------------------------------------------------------------

    async def request(self, head: bytes, body: bytes = b"", *, bodiless: bool = False) -> Exchange:
        """Send a request and wait for the head of its answer. Raises `TransportError`."""
        exchange = self._exchange = Exchange(self, bodiless=bodiless)
        self._parser = HttpResponseParser(exchange)
        self._head_bytes = 0
        try:
            if self.lost:
                raise self._ended(exchange, None)
            await self._send(head, body, exchange)
            await exchange.head()
        except BaseException:
            self.abort()
            raise
        return exchange

    async def _send(self, head: bytes, body: bytes, exchange: Exchange) -> None:
        pipe = self.pipe
        assert pipe is not None
        if len(body) <= _SLICE:
            pipe.write(head + body)
            return
        self._sending = True
        pipe.write(head)
        view = memoryview(body)
        for start in range(0, len(body), _SLICE):
            while self._writable is not None and not exchange.status:
                await self._writable
            if pipe.is_closing() or exchange.status:
                return  # answered before it was sent: the rest is not wanted
            pipe.write(view[start : start + _SLICE])
        self._sending = False

    def parsed(self) -> tuple[int, bool]:
        """Status and keep-alive of the head that the parser has just read."""
        assert self._parser is not None
        return self._parser.get_status_code(), self._parser.should_keep_alive()

    def done(self, exchange: Exchange) -> None:
        """The answer is complete: back to the pool, or closed if it cannot be used again."""
        self._parser = self._exchange = None
        if self.lost:
            return
        self.resume_reading()
        self.keep_seconds = _keep_seconds(exchange.headers.get("keep-alive", ""))
        self.pool.put(self, keep=exchange.keep_alive and not self._sending)

    def cover(self, layer: TlsLayer) -> None:
        """Put a TLS layer between this connection and what it wrote to until now."""
        below, self.pipe = self.pipe, layer
        if isinstance(below, TlsLayer):
            below.above = layer
        elif self._transport is not None:
            self._transport.set_protocol(layer)

    # -- closing -----------------------------------------------------------------------------------

    def abort(self) -> None:
        """Close the socket now. Harmless if it is closed."""
        self.pool.withdraw(self)
        self._parser = None
        self.shut()
        if self.loop.is_closed():
            self.bury()
        elif self._transport is not None:
            self._transport.abort()

    def shut(self) -> None:
        """Tell the other side that this is the end. Safe in any thread."""
        transport = self._transport
        if transport is not None:
            with suppress(OSError, TypeError, AttributeError):  # closed; a loop without sockets
                transport.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    def bury(self) -> None:
        """Release the socket although the loop is closed and can call nobody any more.

        asyncio has no public way to do this: on a closed loop `abort` fails halfway, and the
        transport warns when it is collected.
        """
        transport = cast("Any", self._transport)
        if transport is None:
            return
        with suppress(RuntimeError):
            transport.abort()
        release = getattr(transport, "_call_connection_lost", None)
        if release is not None:
            release(None)

    # -- what the transport calls ------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = self.pipe = transport
        self.pool.opened(self)
        sock = transport.get_extra_info("socket")
        for level, option, value in _KEEPALIVE:
            with suppress(OSError, AttributeError):
                sock.setsockopt(level, option, value)

    def data_received(self, data: bytes) -> None:
        parser = self._parser
        if parser is None:
            self.abort()  # nobody asked
            return
        try:
            parser.feed_data(data)
        except HttpParserUpgrade:
            pass  # the exchange has seen status 101 and said what it thinks of it
        except HttpParserError as error:
            self._refuse(data, error)
        else:
            exchange = self._exchange
            if exchange is not None and not exchange.status:
                self._head_bytes += len(data)
                if self._head_bytes > _MAX_HEAD:
                    exchange.fail(TransportError(f"{self.label} sent headers without end"))
                    self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self._transport = self.pipe = None
        self.resume_writing()
        self.pool.closed(self)
        exchange, self._exchange, self._parser = self._exchange, None, None
        if exchange is None:
            return
        if exc is None and exchange.until_close:
            exchange.end()
        else:
            exchange.fail(self._ended(exchange, exc))

    def pause_writing(self) -> None:
        if self._writable is None:
            self._writable = self.loop.create_future()

    def resume_writing(self) -> None:
        writable, self._writable = self._writable, None
        if writable is not None and not writable.done() and not self.loop.is_closed():
            writable.set_result(None)

    # -- flow --------------------------------------------------------------------------------------

    def pause_reading(self) -> None:
        """Leave what comes in the socket."""
        if self.pipe is not None:
            self.pipe.pause_reading()

    def resume_reading(self) -> None:
        """Read from the socket again."""
        if self.pipe is not None:
            self.pipe.resume_reading()

    # -- what went wrong ---------------------------------------------------------------------------

    def _refuse(self, data: bytes, error: HttpParserError) -> None:
        exchange = self._exchange
        if exchange is not None:
            if exchange.status:
                text = f"{self.label} broke the framing of its answer: {error}"
            elif data[:2] in (b"\x15\x03", b"\x16\x03"):
                text = f"{self.label} speaks TLS; is it https:// instead of http://?"
            else:
                text = f"{self.label} did not answer in HTTP/1.1: {error}"
            exchange.fail(TransportError(text))
        self.abort()

    def _ended(self, exchange: Exchange, exc: Exception | None) -> TransportError:
        if isinstance(exc, ssl.SSLError):
            verb = f"broke the TLS connection ({(exc.reason or 'error').lower().replace('_', ' ')})"
        elif isinstance(exc, TimeoutError):
            verb = "is out of reach: the connection timed out"
        elif exc is not None:
            verb = "reset the connection"
        else:
            verb = "closed the connection"
        if exchange.status:
            return TransportError(f"{self.label} {verb} in the middle of its answer")
        kind = TransportError if exchange.heard else Unanswered
        return kind(f"{self.label} {verb} before it answered")


def _keep_seconds(keep_alive: str) -> float:
    """The `timeout` of a Keep-Alive header, less a second for the way; without one, no limit."""
    for part in keep_alive.split(","):
        name, _, value = part.partition("=")
        if name.strip().lower() == "timeout" and value.strip().isdigit():
            return float(value) - 1.0
    return float("inf")


_KEEPALIVE = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
for _name, _value in (
    ("TCP_KEEPIDLE", 60),
    ("TCP_KEEPALIVE", 60),  # what macOS calls the same
    ("TCP_KEEPINTVL", 15),
    ("TCP_KEEPCNT", 4),
):
    if hasattr(socket, _name):
        _KEEPALIVE.append((socket.IPPROTO_TCP, getattr(socket, _name), _value))
"""A peer that has vanished is noticed after two minutes, even while nobody times it out."""
