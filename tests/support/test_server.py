"""The server that other tests trust."""

import asyncio
import gzip
import http.client
import urllib.request

import pytest

from support.faults import FAULTS, STREAM_FAULTS
from support.server import (
    CUT,
    RESET,
    STALL,
    BlockingServer,
    Reply,
    Server,
    Tunnel,
    json_reply,
    sse,
)

HEAD_END = b"\r\n\r\n"


async def ask(server: Server, body: bytes = b"{}") -> bytes:
    """All that comes back on one connection, until the server ends it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        writer.write(b"POST /x HTTP/1.1\r\nX-A: b\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        return await asyncio.wait_for(reader.read(), 2)
    finally:
        writer.close()


async def test_it_records_what_was_asked() -> None:
    async with Server(Reply(b"abc", framing="close")) as server:
        assert (await ask(server, b'{"a": 1}')).endswith(HEAD_END + b"abc")
    (seen,) = server.requests
    assert (seen.method, seen.path, seen.headers["x-a"], seen.json) == ("POST", "/x", "b", {"a": 1})


async def test_chunks_in_single_bytes() -> None:
    async with Server(Reply([b"abc", 0.01, b"de"], keep_alive=False, split=1)) as server:
        assert (await ask(server)).endswith(HEAD_END + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")


async def test_gzip() -> None:
    async with Server(Reply([b"abc", b"de"], framing="close", gzip=True)) as server:
        head, _, body = (await ask(server)).partition(HEAD_END)
    assert b"content-encoding: gzip" in head
    assert gzip.decompress(body) == b"abcde"


async def test_cut_and_reset() -> None:
    async with Server([Reply([b"abc"] * 9, cut_at=4), Reply([b"ab", RESET]), Reply([CUT])]) as s:
        assert (await ask(s)).endswith(b"3\r\nabc\r\n1\r\na\r\n")
        with pytest.raises(ConnectionResetError):
            await ask(s)
        assert (await ask(s)).endswith(HEAD_END)


async def test_a_client_that_leaves_is_noticed() -> None:
    async with Server(Reply([b"abc", STALL])) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        await reader.readuntil(b"abc")
        assert (server.open_connections, server.hang_ups) == (1, 0)
        writer.close()
        await server.wait_hang_up()
        assert server.hang_ups == 1


async def test_a_tunnel() -> None:
    async with (
        Server(Reply(b"hello", framing="close")) as server,
        Server(lambda _: Tunnel(server.port)) as proxy,
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"CONNECT example.test:443 HTTP/1.1\r\n\r\n")
        await reader.readuntil(HEAD_END)
        writer.write(b"GET /y HTTP/1.1\r\n\r\n")
        assert (await reader.read()).endswith(b"hello")
        writer.close()
    assert (proxy.requests[0].path, server.requests[0].path) == ("example.test:443", "/y")


async def test_a_request_too_many_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="too many"):  # noqa: PT012, raised by the exit
        async with Server([]) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            assert b" 599 " in await reader.readline()
            writer.close()


def test_it_serves_other_threads_and_keeps_connections() -> None:
    with BlockingServer([json_reply(1), json_reply(2)]) as server:
        client = http.client.HTTPConnection("127.0.0.1", server.port)
        for answer in (b"1", b"2"):
            client.request("POST", "/", b"{}")
            assert client.getresponse().read() == answer
        client.close()
    assert server.connections == 1


def test_server_sent_events() -> None:
    assert sse(["a\nb", ("n", {"k": "é"})], done=True) == (
        'data: a\ndata: b\n\nevent: n\ndata: {"k": "é"}\n\ndata: [DONE]\n\n'.encode()
    )


@pytest.mark.parametrize("name", [n for n in FAULTS if n[0].isdigit()])
def test_faults_with_an_answer_have_the_status_they_are_named_after(name: str) -> None:
    with BlockingServer(FAULTS[name]) as server:
        client = http.client.HTTPConnection("127.0.0.1", server.port)
        client.request("GET", "/")
        assert client.getresponse().status == int(name[:3])
        client.close()


@pytest.mark.parametrize("name", sorted(STREAM_FAULTS))
def test_stream_faults_never_deliver_the_whole(name: str) -> None:
    whole = sse([{"n": n} for n in range(50)], done=True)
    with BlockingServer(STREAM_FAULTS[name](whole)) as server:
        request = urllib.request.Request(server.url, headers={"accept-encoding": "gzip"})
        with urllib.request.urlopen(request, timeout=0.2) as response:
            try:
                got = response.read()
            except http.client.IncompleteRead as error:
                got = error.partial
            except OSError:
                got = b""
    assert len(got) < len(whole)
