"""The HTTP server on the loopback that a browser comes back to at the end of a login.

It answers GET on one path, each connection once, and leaves nothing behind: when it is closed
there is no listener, no connection and no task, whatever the browser still holds open.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

from pi.ai.auth.oauth.page import Page

__all__ = ["CallbackServer"]

_HEAD_SECONDS = 10.0
_MAX_HEAD = 32 * 1024
_MAX_FIELDS = 50

Visit = Callable[[dict[str, list[str]]], Awaitable[Page]]


class CallbackServer:
    """Calls `visit` with the query of every GET on `path`, and shows the page it returns."""

    def __init__(self, path: str, visit: Visit) -> None:
        self.path = path
        self.port = 0
        self._visit = visit
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> None:
        """Listen. Raises `OSError` if the port is taken or the host is not of this machine."""
        self._server = await asyncio.start_server(self._connected, host, port, limit=_MAX_HEAD)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        if self._server is not None:
            self._server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer), name="login callback")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            page = await self._answer(reader)
            if page is not None:
                writer.write(page.response())
                await writer.drain()
            writer.close()
        except (ConnectionError, asyncio.CancelledError):
            writer.transport.abort()
            raise
        finally:
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader) -> Page | None:
        try:
            async with asyncio.timeout(_HEAD_SECONDS):  # browsers open spare connections
                head = await reader.readuntil(b"\r\n\r\n")
        except (TimeoutError, asyncio.IncompleteReadError):
            return None
        except asyncio.LimitOverrunError:
            return Page(400, "This is not an answer to a login.")
        method, _, rest = head.split(b"\r\n", 1)[0].decode("latin-1").partition(" ")
        try:
            target = urlsplit(rest.partition(" ")[0])
            query = parse_qs(target.query, max_num_fields=_MAX_FIELDS)
        except ValueError:
            return Page(400, "This is not an answer to a login.")
        if target.path != self.path:
            return Page(404, "There is nothing here.")
        if method != "GET":
            return Page(405, "Only GET is answered here.")
        return await self._visit(query)
