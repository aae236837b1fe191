"""The client over real sockets, as long as the service behaves."""

import asyncio
import zlib
from collections.abc import Iterable

import pytest

from pi._version import __version__
from pi.ai.errors import ConfigError, TransportError
from pi.ai.request import Request
from pi.ai.wire.http import Response, Transport
from support.server import Reply, Seen, Server

TEXT = {"content-type": "text/plain"}


def get(url: str, **headers: str) -> Request:
    return Request(url, headers, method="GET")


def post(url: str, content: bytes = b"{}", **headers: str) -> Request:
    return Request(url, headers, content=content)


async def whole(response: Response) -> bytes:
    return b"".join([piece async for piece in response])


def raw(*lines: bytes, body: bytes = b"", **more: object) -> Reply:
    return Reply(body, raw=b"\r\n".join((*lines, b"", b"")), **more)  # type: ignore[arg-type]


# -- requests --------------------------------------------------------------------------------------


async def test_what_is_missing_is_filled_in() -> None:
    async with Server(Reply(b"ok")) as server:
        await (await Transport().send(post(f"{server.url}/v1/x?a=1", b'{"m":1}'))).read()
    (seen,) = server.requests
    assert (seen.method, seen.path, seen.body) == ("POST", "/v1/x?a=1", b'{"m":1}')
    assert seen.headers == {
        "host": f"127.0.0.1:{server.port}",
        "user-agent": f"pi-for-python/{__version__}",
        "accept-encoding": "gzip, deflate",
        "content-length": "7",
    }


async def test_what_is_given_is_kept_but_the_length_is_true() -> None:
    given = {"Host": "h", "User-Agent": "me", "Accept-Encoding": "identity", "X-Key": " v "}
    async with Server(Reply(b"ok")) as server:
        request = Request(server.url, given | {"Content-Length": "99"}, content=b"four")
        await (await Transport().send(request)).read()
    (seen,) = server.requests
    assert seen.path == "/"
    assert seen.headers == {name.lower(): value.strip() for name, value in given.items()} | {
        "content-length": "4"
    }


async def test_a_large_body_arrives_whole() -> None:
    body = bytes(range(256)) * 20_000
    async with Server(Reply(b"ok")) as server:
        assert await (await Transport().send(post(server.url, body))).read() == b"ok"
    assert server.requests[0].body == body


@pytest.mark.parametrize("value", ["a\r\nX: b", "a\nb", "a\rb", "a\0b", "key\u2019", "\x7f"])
async def test_a_header_cannot_smuggle(value: str) -> None:
    with pytest.raises(ConfigError, match="header Authorization") as caught:
        await Transport().send(post("http://127.0.0.1:9/", Authorization=value))
    assert value not in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\r\n"])
async def test_a_header_name_is_a_token(name: str) -> None:
    with pytest.raises(ConfigError, match="not a valid name"):
        await Transport().send(Request("http://127.0.0.1:9/", {name: "x"}))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "must start with http"),
        ("api.example.com/v1", "must start with http"),
        ("ftp://user:secret@x/", "must start with http"),
        ("http://", "no host name"),
        ("http://:80/?key=secret", "no host name"),
        ("http://h:99999/?key=secret", "port"),
        ("http://h:secret/", "port"),
        ("http://[::1/?secret", "malformed"),
        ("http://h/a b?secret", "a space"),
        ("http://h/\r\nX:secret", "control character"),
        ("http://\u00e9" + "x" * 80 + "/?secret", "not valid"),
        ("http://a..b/?secret", "not a valid host name"),
    ],
)
async def test_a_bad_url_is_one_clear_line(url: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        await Transport().send(get(url))
    assert "secret" not in caught.value.message
    assert "\n" not in caught.value.message


async def test_user_name_and_password_of_a_url() -> None:
    async with Server(Reply(b"ok")) as server:
        url = f"http://me:p%40ss@127.0.0.1:{server.port}"
        client = Transport()
        await (await client.send(get(url))).read()
        await (await client.send(get(url, Authorization="Bearer test-key"))).read()
    assert server.requests[0].headers["authorization"] == "Basic bWU6cEBzcw=="
    assert server.requests[1].headers["authorization"] == "Bearer test-key"


async def test_ipv6_and_names() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        host = head.split(b"Host: ")[1].split(b"\r\n")[0]
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(host) + host)
        writer.close()

    try:
        server = await asyncio.start_server(answer, "::1", 0)
    except OSError:
        pytest.skip("no IPv6 on this machine")
    async with server:
        port = server.sockets[0].getsockname()[1]
        response = await Transport().send(get(f"http://[::1]:{port}/"))
        assert await response.read() == f"[::1]:{port}".encode()
    async with Server(Reply(b"ok")) as plain:  # on 127.0.0.1 only: ::1 is tried and left
        response = await Transport().send(get(f"http://localhost:{plain.port}/"))
        assert await response.read() == b"ok"


# -- answers ---------------------------------------------------------------------------------------


async def test_status_reason_and_headers() -> None:
    reply = raw(
        b"HTTP/1.1 429 Slow Down",
        b"X-One: 1",
        b"x-two:  a ",
        b"X-TWO:b",
        b"X-Empty:",
        b"Content-Length: 4",
        body=b"wait",
    )
    async with Server(reply) as server:
        response = await Transport().send(post(server.url))
        assert (response.status, response.reason) == (429, "Slow Down")
        assert response.headers["x-one"] == "1"
        assert response.headers["x-two"] == "a, b"
        assert response.headers["x-empty"] == ""
        assert await response.read() == b"wait"


BODIES: dict[str, Reply] = {
    "length": Reply(b"hello world"),
    "chunked": Reply([b"hel", b"lo ", b"world"]),
    "close": Reply([b"hello ", b"world"], framing="close"),
    "http/1.0": raw(b"HTTP/1.0 200 OK", body=b"hello world", framing="close"),
    "gzip": Reply([b"hello ", b"world"], gzip=True),
    "gzip close": Reply([b"hello ", b"world"], gzip=True, framing="close"),
    "trailer": raw(
        b"HTTP/1.1 200 OK",
        b"Transfer-Encoding: chunked",
        body=b"6;x=y\r\nhello \r\n5\r\nworld\r\n0\r\nX-Sum: 1\r\nStatus: 500\r\n\r\n",
    ),
    "interim": raw(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x",
        b"\r\nHTTP/1.1 200 OK",
        b"Content-Length: 11",
        body=b"hello world",
    ),
}


@pytest.mark.parametrize("split", [None, 1, 2, 7])
@pytest.mark.parametrize("kind", BODIES)
async def test_bodies_in_every_framing_and_split(kind: str, split: int | None) -> None:
    reply = BODIES[kind]
    reply = Reply(**(vars(reply) | {"split": split}))
    async with Server(reply) as server:
        response = await Transport().send(post(server.url))
        assert response.status == 200
        assert await whole(response) == b"hello world"
        assert "link" not in response.headers
        assert "x-sum" not in response.headers


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
async def test_answers_without_a_body(method: str, status: int) -> None:
    head = [b"HTTP/1.1 %d X" % status]
    if method == "HEAD":
        head.append(b"Content-Length: 500")

    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"\r\n".join((*head, b"", b"")))
        await reader.read()
        writer.close()

    connections = 0
    async with await asyncio.start_server(reply, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        client = Transport()
        for _ in range(2):
            response = await client.send(Request(url, {}, method=method))
            assert response.status == status
            assert await response.read() == b""
        await client.aclose()
    assert connections == 1


def deflated(data: bytes, wbits: int) -> bytes:
    packer = zlib.compressobj(wbits=wbits)
    return packer.compress(data) + packer.flush()


TWO_MEMBERS = deflated(b"hello ", 31) + deflated(b"world", 31) + b"\0\0"


@pytest.mark.parametrize("split", [None, 1, 3])
@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", deflated(b"hello world", 31)),
        ("GZIP", TWO_MEMBERS),
        ("x-gzip", deflated(b"hello world", 31)),
        ("deflate", deflated(b"hello world", 15)),
        ("deflate", deflated(b"hello world", -15)),
        ("identity", b"hello world"),
    ],
)
async def test_encodings(encoding: str, body: bytes, split: int | None) -> None:
    reply = Reply(body, headers=TEXT | {"content-encoding": encoding}, split=split)
    async with Server(reply) as server:
        assert await whole(await Transport().send(get(server.url))) == b"hello world"


async def test_a_compressed_piece_is_there_as_soon_as_it_has_come() -> None:
    go = asyncio.Event()
    async with Server(Reply([b"data: 1\n\n", go.wait, b"data: 2\n\n"], gzip=True)) as server:
        response = await Transport().send(post(server.url))
        assert await anext(response) == b"data: 1\n\n"
        go.set()
        assert await whole(response) == b"data: 2\n\n"


@pytest.mark.parametrize("size", [1 << 20, (1 << 20) + 1, 5_000_000])
async def test_a_small_body_that_inflates_comes_in_bounded_pieces(size: int) -> None:
    for wbits, encoding in ((31, "gzip"), (15, "deflate"), (-15, "deflate")):
        body = deflated(bytes(size), wbits)
        async with Server(Reply(body, headers={"content-encoding": encoding})) as server:
            sizes = [len(piece) async for piece in await Transport().send(get(server.url))]
        assert sum(sizes) == size
        assert max(sizes) <= 1 << 20


async def test_read_stops_at_its_limit() -> None:
    async with Server(lambda seen: Reply([b"x" * 1000] * 50)) as server:
        client = Transport()
        assert await (await client.send(get(server.url))).read(1500) == b"x" * 1500
        assert len(await (await client.send(get(server.url))).read()) == 50_000


# -- connections that stay -------------------------------------------------------------------------


async def test_a_connection_is_used_again() -> None:
    async with Server(lambda seen: Reply([seen.path.encode()])) as server:
        client = Transport()
        for i in range(5):
            assert await (await client.send(get(f"{server.url}/{i}"))).read() == b"/%d" % i
        assert server.connections == 1
        await client.aclose()
        await asyncio.sleep(0.01)
        assert server.open_connections == 0


async def test_a_response_need_not_be_read_to_give_its_connection_back() -> None:
    async with Server(Reply(b"short")) as server:
        client = Transport()
        for _ in range(3):
            response = await client.send(get(server.url))
            await asyncio.sleep(0.01)
            response.close()
        assert server.connections == 1


@pytest.mark.parametrize("reply", [Reply(b"x", keep_alive=False), BODIES["http/1.0"]])
async def test_a_connection_that_the_server_ends_is_not_used_again(reply: Reply) -> None:
    async with Server(reply) as server:
        client = Transport()
        for _ in range(2):
            await (await client.send(get(server.url))).read()
        assert server.connections == 2


async def test_a_keep_alive_time_that_is_over_is_respected() -> None:
    async with Server(Reply(b"x", headers={"keep-alive": "timeout=1, max=5"})) as server:
        client = Transport()
        await (await client.send(get(server.url))).read()
        await asyncio.sleep(0.02)  # a second less than the server says is nothing
        await (await client.send(get(server.url))).read()
        assert server.connections == 2


async def test_connections_are_kept_for_a_while() -> None:
    async with Server(lambda seen: Reply(b"x")) as server:
        client = Transport(keep_alive=0.1)
        for _ in range(3):
            await (await client.send(get(server.url))).read()
            await asyncio.sleep(0.06)
        assert server.connections == 1
        await asyncio.sleep(0.15)
        assert server.open_connections == 0
        client = Transport(keep_alive=0)
        await (await client.send(get(server.url))).read()
        await asyncio.sleep(0.01)
        assert server.open_connections == 0


async def test_few_idle_connections_are_kept() -> None:
    go = asyncio.Event()
    async with Server(lambda seen: Reply([b"a", go.wait, b"b"])) as server:
        client = Transport()
        responses = [await client.send(get(server.url)) for _ in range(20)]
        assert server.open_connections == 20
        go.set()
        for response in responses:
            assert await response.read() == b"ab"
        await asyncio.sleep(0.02)
        assert server.open_connections == 16


async def test_finish_lets_the_end_of_a_body_pass() -> None:
    go = asyncio.Event()
    async with Server(lambda seen: Reply([b"data: [DONE]\n\n", go.wait])) as server:
        client = Transport()
        first = await client.send(get(server.url))
        assert await anext(first) == b"data: [DONE]\n\n"
        first.finish()
        go.set()
        await asyncio.sleep(0.02)
        await (await client.send(get(server.url))).read()
        assert server.connections == 1


async def test_finish_does_not_wait_for_a_long_body() -> None:
    async with Server(Reply([b"x" * 10_000] * 10_000)) as server:
        response = await Transport().send(get(server.url))
        response.finish()
        await server.wait_hang_up()


async def test_many_at_once() -> None:
    async with Server(lambda seen: Reply([seen.body] * 3)) as server:
        client = Transport()

        async def one(i: int) -> bytes:
            return await (await client.send(post(server.url, b"%d," % i))).read()

        got = await asyncio.gather(*(one(i) for i in range(100)))
        assert got == [b"%d," % i * 3 for i in range(100)]


# -- redirects -------------------------------------------------------------------------------------


def redirecting(locations: Iterable[str]) -> object:
    left = list(locations)

    def reply(seen: Seen) -> Reply:
        if left:
            return Reply(b"moved", 302, {"location": left.pop(0)})
        return Reply(b"here")

    return reply


async def test_get_follows_redirects_and_keeps_its_headers_at_home() -> None:
    async with Server(redirecting(["/b", "?c=1", "../d"])) as server:  # type: ignore[arg-type]
        request = get(f"{server.url}/a", Authorization="Bearer test-key")
        response = await Transport().send(request)
        assert await response.read() == b"here"
    assert [seen.path for seen in server.requests] == ["/a", "/b", "/b?c=1", "/d"]
    assert all(seen.headers["authorization"] for seen in server.requests)


async def test_no_credential_goes_to_another_host() -> None:
    async with Server(Reply(b"here")) as other:
        reply = Reply(b"", 307, {"location": f"{other.url}/x"})
        async with Server(reply) as server:
            headers = {"Authorization": "Bearer test-key", "x-api-key": "test-key", "Accept": "a/b"}
            response = await Transport().send(Request(server.url, headers, method="GET"))
            assert await response.read() == b"here"
    assert other.requests[0].headers.keys() == {"host", "accept", "user-agent", "accept-encoding"}


async def test_redirects_end() -> None:
    async with Server(redirecting(["/again?key=secret"] * 9)) as server:  # type: ignore[arg-type]
        with pytest.raises(TransportError, match="redirects without end") as caught:
            await Transport().send(get(server.url))
    assert len(server.requests) == 6
    assert "secret" not in caught.value.message


async def test_post_is_not_redirected() -> None:
    async with Server(Reply(b"moved", 308, {"location": "/b"})) as server:
        response = await Transport().send(post(server.url))
        assert (response.status, response.headers["location"]) == (308, "/b")
        assert await response.read() == b"moved"


@pytest.mark.parametrize("location", ["gopher://x/", "http://h:bad/", "/a b"])
async def test_a_redirect_to_nowhere(location: str) -> None:
    async with Server(Reply(b"", 302, {"location": location})) as server:
        with pytest.raises(ConfigError, match=r"redirect of 127\.0\.0\.1"):
            await Transport().send(get(server.url))
