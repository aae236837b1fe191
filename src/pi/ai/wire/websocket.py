"""WebSocket as a transport: a request is one text message, an answer is many.

It fits where HTTP does: the answer's messages come out as server-sent events, so that the same
framer and decoder read them. A connection whose answer is complete is kept for the next request of
the same session and credential. The protocol itself is the library `websockets`, loaded when used.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from typing import Any

from msgspec import Struct

from pi.ai.errors import ConfigError, TransportError
from pi.ai.request import Request
from pi.ai.wire.proxy import choose_proxy
from pi.ai.wire.target import parse_url
from pi.ai.wire.trust import client_context

__all__ = ["WebSocketResponse", "WebSocketTransport"]

_CONNECT_SECONDS = 15.0
_IDLE_SECONDS = 300.0
_LONGEST_LIFE = 55 * 60.0

Key = tuple[str, tuple[tuple[str, str], ...]]


class _Kept(Struct):
    connection: Any
    opened: float
    since: float


class WebSocketTransport:
    """Sends requests whose URL is `ws:` or `wss:`. What failed is not tried again for a while.

    connect_timeout: seconds until it is open; None: no limit. env: where proxies and certificates
    are looked up, by default the process environment.
    """

    def __init__(
        self,
        *,
        connect_timeout: float | None = _CONNECT_SECONDS,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._connect_timeout = connect_timeout
        self._env: Mapping[str, str] = os.environ if env is None else env
        self._kept: dict[Key, list[_Kept]] = {}
        self._failed: dict[str, float] = {}

    async def send(
        self, request: Request, *, timeout: float | None = None, idle_timeout: float | None = 300.0
    ) -> "WebSocketResponse":
        """Send the content as one message. Raises `TransportError` if nobody takes it."""
        key = (request.url, tuple(sorted(request.headers.items())))
        kept = self._take(key)
        now = asyncio.get_running_loop().time()
        if kept is None:
            if now - self._failed.get(request.url, -_IDLE_SECONDS) < _IDLE_SECONDS:
                raise TransportError("no WebSocket to the service: it failed a moment ago")
            kept = _Kept(await self._connect(request), now, now)
        response = WebSocketResponse(self, key, kept, idle_timeout)
        try:
            await kept.connection.send(request.content.decode())
        except Exception as error:
            response.close()
            raise TransportError(f"the WebSocket was closed: {_why(error)}") from None
        return response

    async def aclose(self) -> None:
        """Close the connections that are kept."""
        for group in self._kept.values():
            for kept in group:
                kept.connection.transport.abort()
        self._kept.clear()

    def keep(self, key: Key, kept: _Kept) -> None:
        """Keep a connection whose answer is complete."""
        kept.since = asyncio.get_running_loop().time()
        self._kept.setdefault(key, []).append(kept)

    def _take(self, key: Key) -> _Kept | None:
        now = asyncio.get_running_loop().time()
        group = self._kept.get(key, [])
        while group:
            kept = group.pop()
            young = now - kept.since < _IDLE_SECONDS and now - kept.opened < _LONGEST_LIFE
            if young and kept.connection.state.name == "OPEN":
                return kept
            kept.connection.transport.abort()
        return None

    async def _connect(self, request: Request) -> Any:
        try:
            from websockets.asyncio.client import connect
        except ImportError:
            raise ConfigError(
                "WebSocket needs a package: pip install 'pi-for-python[websocket]'"
            ) from None
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _OF_HTTP}
        secure = request.url.startswith("wss:")
        target = parse_url(request.url.replace("ws", "http", 1))
        proxy = choose_proxy(target.origin, self._env)
        try:
            return await connect(
                request.url,
                additional_headers=headers,
                user_agent_header=None,
                ssl=client_context(self._env) if secure else None,
                proxy=proxy.url if proxy is not None else None,
                open_timeout=self._connect_timeout,
                max_size=None,
                compression=None,
            )
        except Exception as error:
            self._failed[request.url] = asyncio.get_running_loop().time()
            raise TransportError(f"no WebSocket to the service: {_why(error)}") from None


_OF_HTTP = frozenset({"accept", "content-type", "content-length"})


class WebSocketResponse:
    """The messages of one answer, as server-sent events."""

    status = 200

    def __init__(
        self, transport: WebSocketTransport, key: Key, kept: _Kept, idle_timeout: float | None
    ) -> None:
        self.headers = {"content-type": "text/event-stream"}
        self._transport = transport
        self._key = key
        self._kept = kept
        self._idle_timeout = idle_timeout
        self._over = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while not self._over:
            try:
                async with asyncio.timeout(self._idle_timeout):
                    message: str | bytes = await self._kept.connection.recv()
            except TimeoutError:
                raise TransportError(
                    f"the service sent nothing for {self._idle_timeout:g} s"
                ) from None
            except Exception as error:
                if self._over:
                    return
                raise TransportError(f"the WebSocket was closed: {_why(error)}") from None
            data = message.encode() if isinstance(message, str) else message
            yield b"data: %b\n\n" % data.replace(b"\r", b" ").replace(b"\n", b" ")

    async def read(self, limit: int = 1_000_000) -> bytes:
        """The events joined, at most `limit` bytes."""
        body = b""
        async for piece in self:
            body += piece
            if len(body) >= limit:
                break
        return body[:limit]

    def finish(self) -> None:
        """The answer is complete: keep the connection."""
        if not self._over:
            self._over = True
            self._transport.keep(self._key, self._kept)

    def close(self) -> None:
        """Close the connection at once."""
        if not self._over:
            self._over = True
            self._kept.connection.transport.abort()


def _why(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
