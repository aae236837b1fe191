"""HTTP/1.1 for one purpose: to ask a service and to read its answer while it is written.

This is the door of `pi.ai.wire`: nobody outside knows how requests travel. Every failure is a
`PiError` with one line that names host, port and cause, and never a query or a credential.
"""

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urljoin

import msgspec

from pi._version import __version__
from pi.ai.errors import ConfigError, TransportError
from pi.ai.request import Request
from pi.ai.wire.body import inflater
from pi.ai.wire.connection import Connection, Unanswered
from pi.ai.wire.dial import dial, proxy_refusal
from pi.ai.wire.exchange import Exchange
from pi.ai.wire.head import build_head
from pi.ai.wire.pool import Pool
from pi.ai.wire.proxy import Proxy, choose_proxy
from pi.ai.wire.target import Target, parse_url

__all__ = ["Response", "Transport"]

_MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HARMLESS = frozenset({"accept", "accept-encoding", "accept-language", "user-agent"})
_STALE_SECONDS = 5.0


class Transport:
    """Sends requests and keeps connections for the next ones.

    It may be used by any number of tasks, and in several event loops, each of which has its own
    connections. `aclose` is good manners, not a duty.

    connect_timeout: seconds for name, socket, proxy and TLS together. keep_alive: seconds that a
    connection waits to be used again. env: where proxies and certificates are looked up, by default
    the process environment at the time of the request.
    """

    def __init__(
        self,
        *,
        connect_timeout: float = 15.0,
        keep_alive: float = 60.0,
        env: Mapping[str, str] | None = None,
        user_agent: str = f"pi-for-python/{__version__}",
    ) -> None:
        self._connect_timeout = connect_timeout
        self._keep_alive = keep_alive
        self._env: Mapping[str, str] = os.environ if env is None else env
        self._user_agent = user_agent
        self._pools: dict[asyncio.AbstractEventLoop, Pool] = {}

    async def send(
        self,
        request: Request,
        *,
        timeout: float | None = None,
        idle_timeout: float | None = 300.0,
    ) -> "Response":
        """Send `request` and wait for the head of the answer, whatever its status.

        timeout: seconds until the head, from now. idle_timeout: seconds between two pieces of the
        body. None or 0: no limit. Redirects are followed for GET and HEAD only, and no header that
        could carry a credential goes along to another host. Raises `TransportError`, and
        `ConfigError` for a URL, header, proxy or certificate file that cannot be used.
        """
        deadline = asyncio.timeout(timeout or None)
        try:
            async with deadline:
                return await self._follow(request, idle_timeout or None)
        except TimeoutError:
            if not deadline.expired():
                raise
            label = parse_url(request.url).origin.label
            raise TransportError(f"{label} did not answer within {timeout:g} s") from None

    async def aclose(self) -> None:
        """Close the connections of this event loop that are not in use."""
        pool = self._pools.pop(asyncio.get_running_loop(), None)
        if pool is not None:
            pool.close_idle()
            await asyncio.sleep(0)  # asyncio releases sockets in the next turn of the loop

    def __del__(self) -> None:
        for loop, pool in getattr(self, "_pools", {}).items():
            with suppress(RuntimeError):  # the loop is closed, and so are its connections
                loop.call_soon_threadsafe(pool.close_idle)

    async def _follow(self, request: Request, idle_timeout: float | None) -> "Response":
        redirects = 0
        while True:
            target = parse_url(request.url)
            response = await self._send(request, target, idle_timeout)
            try:
                onward = _redirected(request, target, response)
            except ConfigError:
                response.close()
                raise
            if onward is None:
                return response
            response.finish()
            redirects += 1
            if redirects > _MAX_REDIRECTS:
                raise TransportError(f"{target.origin.label} redirects without end")
            request = onward

    async def _send(
        self, request: Request, target: Target, idle_timeout: float | None
    ) -> "Response":
        proxy = choose_proxy(target.origin, self._env)
        relayed = proxy if proxy is not None and target.origin.scheme == "http" else None
        head = build_head(
            request.method,
            target,
            request.headers,
            len(request.content),
            user_agent=self._user_agent,
            through_proxy=relayed is not None,
            proxy_authorization=relayed.authorization if relayed is not None else None,
        )
        connection, exchange = await self._exchange(request, target, proxy, head)
        if relayed is not None and exchange.status == 407:
            exchange.close()
            raise proxy_refusal(relayed, 407, "", target.origin)
        exchange.idle_timeout = idle_timeout
        return Response(exchange, connection.label)

    async def _exchange(
        self, request: Request, target: Target, proxy: Proxy | None, head: bytes
    ) -> tuple[Connection, Exchange]:
        """Ask on a connection that is at hand, else on a new one.

        A server may close a connection just when it is used again. Then nobody has answered, and
        nobody has worked on the question: it is asked once more on a new connection. What ends
        only after seconds is no such case.
        """
        pool = self._pool()
        key = (target.origin, proxy)
        bodiless = request.method == "HEAD"
        connection = pool.take(key)
        if connection is not None:
            start = pool.loop.time()
            try:
                exchange = await connection.request(head, request.content, bodiless=bodiless)
            except Unanswered:
                if pool.loop.time() - start > _STALE_SECONDS:
                    raise
            else:
                return connection, exchange
        connection = await dial(
            pool,
            target.origin,
            proxy,
            timeout=self._connect_timeout,
            env=self._env,
            user_agent=self._user_agent,
        )
        connection.key = key
        return connection, await connection.request(head, request.content, bodiless=bodiless)

    def _pool(self) -> Pool:
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        if pool is None:
            for other in [other for other in self._pools if other.is_closed()]:
                del self._pools[other]
            pool = self._pools[loop] = Pool(loop, self._keep_alive)
        return pool


class Response:
    """An answer whose head has come. Iterate it for the body, in the pieces in which it comes.

    headers: lower-case names; repeated ones are joined with a comma. Iteration raises
    `TransportError` if the connection breaks, goes silent, or ends before the body does, and
    `AbortedError` if `close` was called meanwhile. A response that is dropped is closed.
    """

    def __init__(self, exchange: Exchange, label: str) -> None:
        self._exchange = exchange
        self.status: int = exchange.status
        self.reason = exchange.reason.decode("latin-1")
        self.headers: dict[str, str] = exchange.headers
        try:
            self._inflater = inflater(self.headers.get("content-encoding", ""), label)
        except TransportError:
            self.close()
            raise

    def __aiter__(self) -> "Response":
        return self

    async def __anext__(self) -> bytes:
        inflate = self._inflater
        if inflate is None:
            data = await self._exchange.read()
            if data:
                return data
            raise StopAsyncIteration
        try:
            while True:
                data = b"" if inflate.pending else await self._exchange.read()
                if not data and not inflate.pending:
                    inflate.finish()
                    raise StopAsyncIteration
                piece = inflate.feed(data)
                if piece:
                    return piece
        except TransportError:
            self.close()
            raise

    async def read(self, limit: int = 1_000_000) -> bytes:
        """The body, or its first `limit` bytes; then the response is closed."""
        pieces: list[bytes] = []
        size = 0
        try:
            async for piece in self:
                pieces.append(piece)
                size += len(piece)
                if size >= limit:
                    break
        finally:
            self.close()
        return b"".join(pieces)[:limit]

    def close(self) -> None:
        """Read no more. Unless the body is complete the socket is closed before this returns."""
        self._exchange.close()

    def finish(self) -> None:
        """Read no more, but keep the connection for the next request if the body ends soon.

        For a reader who knows that only the end of the body is missing. A body that still goes on
        after a second or 64 KiB is closed.
        """
        self._exchange.finish()

    def __del__(self) -> None:
        exchange = getattr(self, "_exchange", None)
        if exchange is not None:
            exchange.forget()


def _redirected(request: Request, target: Target, response: Response) -> Request | None:
    """The request to make instead, None if the response is the answer."""
    location = response.headers.get("location")
    if response.status not in _REDIRECTS or not location or request.method not in ("GET", "HEAD"):
        return None
    url = urljoin(request.url, location)
    headers = request.headers
    if parse_url(url, what=f"redirect of {target.origin.label}").origin != target.origin:
        headers = {name: value for name, value in headers.items() if name.lower() in _HARMLESS}
    return msgspec.structs.replace(request, url=url, headers=headers)
