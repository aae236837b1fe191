"""What a service or the net between does wrong: one `TransportError`, one line, never a hang."""

import asyncio
import re
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from pi.ai.errors import TransportError
from pi.ai.request import Request
from pi.ai.wire.http import Response, Transport
from support.faults import STREAM_FAULTS
from support.server import CUT, RESET, STALL, Reply, Seen, Server

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def post(url: str, content: bytes = b"{}") -> Request:
    return Request(f"{url}/v1?key=secret", {"Authorization": "Bearer secret"}, content=content)


def get(url: str) -> Request:
    return Request(url, {}, method="GET")


@asynccontextmanager
async def scripted(talk: Talk) -> AsyncIterator[str]:
    """A server of a few lines, for what `Server` is too well-behaved to do."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())  # type: ignore[arg-type]
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def check(error: TransportError, *words: str) -> None:
    """The line names host and port and says why, and no more."""
    assert re.search(r"127\.0\.0\.1:\d+|\[::1\]:\d+|\.invalid:\d+", error.message)
    assert "\n" not in error.message
    assert "secret" not in error.message
    for word in words:
        assert word in error.message
    assert error.kind == "transport"


async def until_it_breaks(response: Response) -> tuple[bytes, TransportError]:
    got = b""
    try:
        async for piece in response:
            got += piece
    except TransportError as error:
        return got, error
    raise AssertionError("the body ended well")


# -- no connection ---------------------------------------------------------------------------------


def closed_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


async def test_refused() -> None:
    with pytest.raises(TransportError) as caught:
        await Transport().send(post(f"http://127.0.0.1:{closed_port()}"))
    check(caught.value, "cannot connect to", "connection refused (is the server running?)")


async def test_refused_at_every_address() -> None:
    port = closed_port()
    with pytest.raises(TransportError, match=f"^cannot connect to localhost:{port}: connection r"):
        await Transport().send(post(f"http://localhost:{port}"))


async def test_no_such_name() -> None:
    with pytest.raises(TransportError) as caught:
        await Transport().send(post("https://no-such-host.invalid"))
    check(caught.value, "no-such-host.invalid:443", "name")


async def test_connect_timeout() -> None:
    with socket.socket() as sock:  # accepts nobody, and its queue is full
        sock.bind(("127.0.0.1", 0))
        sock.listen(0)
        others = [socket.socket() for _ in range(4)]
        for other in others:
            other.setblocking(False)
            other.connect_ex(sock.getsockname())
        start = time.perf_counter()
        url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        with pytest.raises(TransportError) as caught:
            await Transport(connect_timeout=0.1).send(post(url))
        assert time.perf_counter() - start < 20, "the system itself waits for minutes"
        for other in others:
            other.close()
    check(caught.value, "no connection within 0.1 s")


# -- no answer -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply([RESET], raw=b""), "reset the connection before it answered"),
        (Reply([CUT], raw=b""), "closed the connection before it answered"),
        (Reply([CUT], raw=b"HTTP/1.1 200 OK\r\nContent-T"), "closed the connection before it"),
        (Reply(raw=b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "did not answer in HTTP/1.1"),
        (Reply(raw=b"\x15\x03\x01\x00\x02\x02\x16"), "https:// instead of http://"),
        (Reply(raw=b"HTTP/2 200\r\n\r\n"), "did not answer in HTTP/1.1"),
        (Reply(raw=b"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nz"), "unasked"),
        (Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"), "HTTP"),
        (Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nx"), "content-encoding br"),
        (Reply([b"x: " + b"y" * 9000 + b"\r\n"] * 40, raw=b"HTTP/1.1 200 OK\r\n"), "without end"),
    ],
)
async def test_no_usable_head(reply: Reply, words: str) -> None:
    async with Server(reply) as server:
        with pytest.raises(TransportError) as caught:
            await Transport().send(post(server.url))
        check(caught.value, words)
        assert len(server.requests) == 1


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\n"])
async def test_header_timeout(start: bytes) -> None:
    async with Server(Reply([STALL], raw=start)) as server:
        with pytest.raises(TransportError) as caught:
            await Transport().send(post(server.url), timeout=0.05)
        check(caught.value, "did not answer within 0.05 s")
        await server.wait_hang_up()


async def test_a_slow_head_is_waited_for() -> None:
    async with Server(Reply([0.05, b"200 OK\r\nContent-Length: 0\r\n\r\n"], raw=b"HTTP/1.1 ")) as s:
        assert (await Transport().send(post(s.url), timeout=2)).status == 200


# -- half an answer --------------------------------------------------------------------------------

STREAM = b"".join(b"data: %d\n\n" % i for i in range(50))
ENDS = {
    "cut_in_the_middle": "closed the connection in the middle of its answer",
    "cut_before_the_end": "closed the connection in the middle of its answer",
    "reset": "reset the connection in the middle of its answer",
    "short_of_its_length": "closed the connection in the middle of its answer",
    "gzip_cut": "closed the connection in the middle of its answer",
    "stall": "sent nothing for 0.05 s",
}


@pytest.mark.parametrize("fault", ENDS)
async def test_a_body_that_breaks_off(fault: str) -> None:
    async with Server(STREAM_FAULTS[fault](STREAM)) as server:
        response = await Transport().send(post(server.url), idle_timeout=0.05)
        got, error = await until_it_breaks(response)
        check(error, ENDS[fault])
        assert fault == "gzip_cut" or len(got) >= len(STREAM) // 2 - 1
        assert STREAM.startswith(got)
        with pytest.raises(TransportError):  # and it stays broken
            await anext(response)


@pytest.mark.parametrize(
    ("framing", "words"),
    [
        (b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n", "broke the framing"),
        (b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", "broke the framing"),
        (b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", "broken compressed body"),
        (b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08", "too early"),
        (b"Content-Encoding: deflate\r\nContent-Length: 1\r\n\r\n\x78", "too early"),
    ],
)
async def test_a_body_that_is_wrong(framing: bytes, words: str) -> None:
    async with Server(Reply(raw=b"HTTP/1.1 200 OK\r\n" + framing)) as server:
        response = await Transport().send(post(server.url))
        with pytest.raises(TransportError) as caught:
            await response.read()
        check(caught.value, words)


async def test_the_idle_time_counts_from_the_last_piece() -> None:
    pieces = [item for i in range(8) for item in (0.03, b"%d" % i)]
    async with Server(Reply([*pieces, STALL])) as server:
        response = await Transport().send(post(server.url), idle_timeout=0.1)
        got, error = await until_it_breaks(response)
        check(error, "sent nothing for 0.1 s")
        assert got == b"01234567"


async def test_a_slow_reader_is_no_silent_service() -> None:
    async with Server(Reply([b"a", b"b" * 2_000_000])) as server:
        response = await Transport().send(post(server.url), idle_timeout=0.03)
        size = len(await anext(response))
        await asyncio.sleep(0.15)
        async for piece in response:
            size += len(piece)
        assert size == 2_000_001


# -- connections from the pool ---------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 20_000_000])
@pytest.mark.parametrize("end", ["close", "reset"])
async def test_a_stale_connection_is_replaced(
    end: str, size: int, caplog: pytest.LogCaptureFixture
) -> None:
    """The server drops the connection when it sees a second request on it, without a word."""
    asked: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        await reader.readexactly(size)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await reader.readuntil(b"\r\n\r\n")
        if end == "reset":
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async with scripted(talk) as url:
        client = Transport()
        for _ in range(3):
            assert await (await client.send(post(url, bytes(size)))).read() == b"ok"
    assert len(asked) == 3
    assert not caplog.records


async def test_a_connection_that_ended_while_idle_is_not_used() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async with scripted(talk) as url:
        client = Transport()
        for _ in range(3):
            assert await (await client.send(post(url))).read() == b"ok"
            await asyncio.sleep(0.01)


async def test_a_new_connection_is_not_tried_twice() -> None:
    async with Server(Reply([CUT], raw=b"")) as server:
        with pytest.raises(TransportError):
            await Transport().send(post(server.url))
        assert len(server.requests) == 1


async def test_an_answer_that_began_is_not_asked_for_again() -> None:
    def reply(seen: Seen) -> Reply:
        return Reply(b"ok") if seen.path == "/ok" else Reply([CUT], raw=b"HTTP/1.1 2")

    async with Server(reply) as server:
        client = Transport()
        await (await client.send(get(f"{server.url}/ok"))).read()
        with pytest.raises(TransportError, match="before it answered"):
            await client.send(get(f"{server.url}/cut"))
        assert len(server.requests) == 2


@pytest.mark.parametrize("junk", [b"x", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad"])
@pytest.mark.parametrize("pause", [False, True])
async def test_an_answer_to_nothing_is_never_taken_for_the_next_one(
    junk: bytes, pause: bool
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"
            if pause:
                writer.write(answer)
                await asyncio.sleep(0.01)
                writer.write(junk)
            else:
                writer.write(answer + junk)

    async with scripted(talk) as url:
        client = Transport()
        for _ in range(3):
            assert await (await client.send(get(url))).read() == b"good"
            await asyncio.sleep(0.03)


async def test_an_answer_before_the_request_is_sent() -> None:
    """A refusal of a body that is too large comes while most of it is still to be written."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nlong")
        await asyncio.sleep(10)

    async with scripted(talk) as url:
        client = Transport()
        for _ in range(2):
            response = await client.send(post(url, bytes(50_000_000)), timeout=2)
            assert response.status == 413
            assert await response.read() == b"long"
