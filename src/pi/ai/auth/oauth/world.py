"""What a login uses of the world: requests, environment variables, clocks.

Tests put their own clock and environment in its place. Every request is bounded, body included,
and nothing is opened before the first one.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from pi.ai.auth.kinds import Reply
from pi.ai.auth.values import Environment
from pi.ai.errors import TransportError
from pi.ai.request import Request

__all__ = ["World"]


class World:
    """The surroundings of one login flow.

    env: environment variables, by default those of the process at each use. timeout: seconds for
    one request. patience: seconds that a user has to finish a login in the browser. now: seconds
    since the epoch. clock and sleep: for waiting, in seconds.
    """

    def __init__(
        self,
        *,
        env: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        patience: float = 300.0,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.env = Environment(env)
        self.timeout = timeout
        self.patience = patience
        self.now = now
        self.clock = clock
        self.sleep = sleep
        self._transport: Any = None

    async def send(self, request: Request) -> Reply:
        """Send a request and read the answer. Raises `TransportError`."""
        try:
            async with asyncio.timeout(self.timeout):
                response = await self._sender().send(request)
                return Reply(response.status, response.headers, await response.read())
        except TimeoutError:
            host = urlsplit(request.url).hostname
            raise TransportError(f"{host} did not answer within {self.timeout:g} s") from None

    async def aclose(self) -> None:
        """Close the connections that are not in use; further requests open new ones."""
        if self._transport is not None:
            await self._transport.aclose()

    def _sender(self) -> Any:
        if self._transport is None:
            from pi.ai.wire.http import Transport  # HTTP is only paid for when it is needed

            self._transport = Transport(env=self.env.process)
        return self._transport
