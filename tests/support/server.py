"""A loopback HTTP/1.1 server that says exactly what a test wants, byte for byte.

    async with Server(Reply(sse([{"a": 1}, "[DONE]"]))) as server:
        ...  # talk to server.url
    assert server.requests[0].json["model"] == "m"

The script is one `Reply` (the answer to everything), a list of them (one per request, in order; a
request too many is answered 599 and raises when the server closes), or a function from `Seen` to
`Reply`, plain or async. `Reply` and its pieces are in `replies.py` and can be imported from here.
Nothing here sleeps unless the script says so. `BlockingServer` is the same in a thread of its own,
for tests that start a program.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Awaitable, Callable
from typing import Self

from support.replies import (
    CUT,
    RESET,
    STALL,
    End,
    Reply,
    Script,
    Seen,
    Tunnel,
    gzipped,
    json_reply,
    sse,
    stopped,
)

__all__ = [
    "CUT",
    "RESET",
    "STALL",
    "BlockingServer",
    "Reply",
    "Seen",
    "Server",
    "Tunnel",
    "json_reply",
    "sse",
]


class _HangUp(Exception):
    """The client is gone, or the script ended the connection."""


class _Connection(asyncio.Protocol):
    def __init__(self, server: "Server") -> None:
        self.server, self.buffer = server, bytearray()
        self.more, self.gone, self.writable = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.writable.set()
        self.sink: Callable[[bytes], object] = self.buffer.extend

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(1, 0)  # with 0 a TLS transport never resumes
        self.number, self.server.connections = self.server.connections, self.server.connections + 1
        self.server._open.add(self)
        self.task = asyncio.ensure_future(self.serve())

    def data_received(self, data: bytes) -> None:
        self.sink(data)
        self.more.set()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def eof_received(self) -> None:
        self.connection_lost(None)  # nobody who talks to a model half-closes

    def connection_lost(self, exc: Exception | None) -> None:
        for event in (self.gone, self.more, self.writable):
            event.set()

    async def serve(self) -> None:
        try:
            while await self.answer():
                pass
        except (_HangUp, ConnectionError):
            pass
        except Exception as error:
            self.server.failures.append(error)
        finally:
            self.server._open.discard(self)
            self.transport.close()

    async def until(self, mark: bytes) -> bytes:
        while mark not in self.buffer:
            await self.wait_more()
        return await self.exactly(self.buffer.index(mark) + len(mark))

    async def exactly(self, count: int) -> bytes:
        while len(self.buffer) < count:
            await self.wait_more()
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    async def wait_more(self) -> None:
        if self.gone.is_set():
            raise _HangUp
        self.more.clear()
        await self.more.wait()

    async def read_request(self) -> Seen:
        first, *lines = (await self.until(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
        method, path, _ = first.split(" ", 2)
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        if "chunked" in headers.get("transfer-encoding", ""):
            body = b""
            while size := int(await self.until(b"\r\n"), 16):
                body += (await self.exactly(size + 2))[:-2]
            await self.until(b"\r\n")
        else:
            body = await self.exactly(int(headers.get("content-length", 0)))
        return Seen(method, path, headers, body, self.number)

    async def answer(self) -> bool:
        seen = await self.read_request()
        self.server.requests.append(seen)
        reply = await self.server._reply(seen)
        if isinstance(reply, Tunnel):
            await self.tunnel(reply)
        try:
            await self.send_reply(reply, head_only=seen.method == "HEAD")
        except _HangUp:
            if self.gone.is_set():
                self.server.hang_ups += 1
                self.server._hung_up.set()
            raise
        return reply.keep_alive and reply.framing != "close" and reply.raw is None

    async def tunnel(self, tunnel: Tunnel) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", tunnel.port)
        with contextlib.closing(writer):
            self.sink = writer.write
            await self.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            while data := await reader.read(65536):
                await self.write(data)
        raise _HangUp

    async def send_reply(self, reply: Reply, *, head_only: bool) -> None:
        whole = [reply.body] if isinstance(reply.body, bytes) else list(reply.body)
        framing = reply.framing or ("length" if isinstance(reply.body, bytes) else "chunked")
        pieces, headers = gzipped(whole) if reply.gzip else whole, dict(reply.headers)
        if reply.gzip:
            headers["content-encoding"] = "gzip"
        if framing == "length":
            headers["content-length"] = str(sum(len(p) for p in pieces if isinstance(p, bytes)))
        elif framing == "chunked":
            headers["transfer-encoding"] = "chunked"
        if framing == "close" or not reply.keep_alive:
            headers["connection"] = "close"
        lines = [f"HTTP/1.1 {reply.status} Scripted", *(f"{k}: {v}" for k, v in headers.items())]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        await self.write(head if reply.raw is None else reply.raw, reply.split)
        chunked = framing == "chunked" and reply.raw is None
        for piece in [] if head_only else stopped(pieces, reply):
            if isinstance(piece, bytes):
                frame = b"%x\r\n%b\r\n" % (len(piece), piece) if chunked and piece else piece
                await self.write(frame, reply.split)
            else:
                await self.act(piece)
        if chunked and not head_only:
            await self.write(b"0\r\n\r\n", reply.split)

    async def write(self, data: bytes, split: int | None = None) -> None:
        step = split or len(data) or 1
        for start in range(0, len(data), step):
            if self.gone.is_set():
                raise _HangUp
            self.transport.write(data[start : start + step])
            await self.writable.wait()
            if split:
                await asyncio.sleep(0)

    async def act(self, piece: float | End | Callable[[], Awaitable[object]]) -> None:
        if piece is RESET:
            await asyncio.sleep(0.02)  # a reset may overtake what was sent before it
            sock = self.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
        if piece is RESET or piece is CUT:
            raise _HangUp
        if isinstance(piece, float | int):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.gone.wait(), piece)
        elif piece is STALL:
            await self.gone.wait()
        elif not isinstance(piece, End):
            await piece()
        if self.gone.is_set():
            raise _HangUp


class Server:
    """The server, as an async context manager. `tls` is a server-side context.

    requests: what was asked, in order. connections: how many were made. hang_ups: how often the
    client left before a reply was complete; `wait_hang_up` waits for the first.
    """

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None) -> None:
        self.script, self.tls = script, tls
        self.requests: list[Seen] = []
        self.failures: list[Exception] = []
        self.connections = self.hang_ups = self.port = 0
        self._open: set[_Connection] = set()
        self._hung_up = asyncio.Event()

    @property
    def url(self) -> str:
        """Scheme, host and port, without a slash at the end."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def open_connections(self) -> int:
        """How many connections are open now."""
        return len(self._open)

    async def wait_hang_up(self, seconds: float = 2) -> None:
        """Return when a client has left before its reply was complete."""
        await asyncio.wait_for(self._hung_up.wait(), seconds)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        connection = lambda: _Connection(self)  # noqa: E731
        self._server = await loop.create_server(connection, "127.0.0.1", 0, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        tasks = [connection.task for connection in self._open]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # transports close in the next turn of the loop
        if self.failures:
            raise self.failures[0]

    async def _reply(self, seen: Seen) -> Reply | Tunnel:
        if isinstance(self.script, Reply):
            return self.script
        if callable(self.script):
            reply = self.script(seen)
            return reply if isinstance(reply, Reply | Tunnel) else await reply
        if len(self.requests) <= len(self.script):
            return self.script[len(self.requests) - 1]
        self.failures.append(AssertionError(f"a request too many: {seen.method} {seen.path}"))
        return json_reply({"error": {"message": "the test's script has run out"}}, 599)


class BlockingServer:
    """`Server` in a thread with its own loop: `with BlockingServer(script) as server: ...`."""

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None) -> None:
        self._script, self._tls = script, tls

    def __enter__(self) -> Server:
        ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main(ready)), daemon=True)
        self._thread.start()
        ready.wait()
        return self.server

    async def _main(self, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with Server(self._script, tls=self._tls) as self.server:
                ready.set()
                await self._stop.wait()
        except Exception as error:
            self._failure = error

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)
        if self._failure is not None:
            raise self._failure
