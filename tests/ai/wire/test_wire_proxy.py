"""Proxies: which one is chosen, what it is told, and how its refusals are named."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from wire_certificates import Authority

from pi.ai.errors import ConfigError, PiError
from pi.ai.request import Request
from pi.ai.wire.http import Transport
from pi.ai.wire.proxy import choose_proxy
from pi.ai.wire.target import parse_url
from support.server import CUT, STALL, Reply, Seen, Server, Tunnel

# -- which proxy -----------------------------------------------------------------------------------


def chosen(url: str, **env: str) -> str | None:
    proxy = choose_proxy(parse_url(url).origin, env)
    return None if proxy is None else f"{proxy.variable} {proxy.origin.scheme} {proxy.origin.label}"


@pytest.mark.parametrize(
    ("url", "env", "expected"),
    [
        ("https://a.test", {}, None),
        ("https://a.test", {"HTTPS_PROXY": "http://p:1"}, "HTTPS_PROXY http p:1"),
        ("https://a.test", {"https_proxy": "http://p:1"}, "https_proxy http p:1"),
        ("https://a.test", {"https_proxy": "q:2", "HTTPS_PROXY": "p:1"}, "https_proxy http q:2"),
        ("https://a.test", {"https_proxy": "", "HTTPS_PROXY": "p:1"}, "HTTPS_PROXY http p:1"),
        ("https://a.test", {"HTTP_PROXY": "http://p:1"}, None),
        ("http://a.test", {"HTTPS_PROXY": "http://p:1"}, None),
        ("http://a.test", {"HTTP_PROXY": "http://p:1"}, "HTTP_PROXY http p:1"),
        ("http://a.test", {"HTTP_PROXY": "p:1", "REQUEST_METHOD": "GET"}, None),
        ("http://a.test", {"ALL_PROXY": "p:1"}, "ALL_PROXY http p:1"),
        ("http://a.test", {"all_proxy": "https://p"}, "all_proxy https p:443"),
        ("http://a.test", {"ALL_PROXY": "p:1", "http_proxy": "q:2"}, "http_proxy http q:2"),
        ("http://a.test", {"ALL_PROXY": "http://p"}, "ALL_PROXY http p:80"),
        ("http://a.test", {"ALL_PROXY": "http://[::1]:3"}, "ALL_PROXY http [::1]:3"),
        ("http://localhost:1234", {"ALL_PROXY": "p:1"}, None),
        ("http://api.localhost", {"ALL_PROXY": "p:1"}, None),
        ("http://127.0.0.1", {"ALL_PROXY": "p:1"}, None),
        ("http://127.1.2.3", {"ALL_PROXY": "p:1"}, None),
        ("http://[::1]:80", {"ALL_PROXY": "p:1"}, None),
        ("http://[::ffff:127.0.0.1]", {"ALL_PROXY": "p:1"}, None),
        ("http://mylocalhost", {"ALL_PROXY": "p:1"}, "ALL_PROXY http p:1"),
    ],
)
def test_the_variable_that_counts(url: str, env: dict[str, str], expected: str | None) -> None:
    assert chosen(url, **env) == expected


@pytest.mark.parametrize(
    ("url", "no_proxy", "direct"),
    [
        ("https://a.test", "*", True),
        ("https://a.test", "b.test, *", True),
        ("https://a.test", "a.test", True),
        ("https://A.test", "a.TEST", True),
        ("https://x.a.test", "a.test", True),
        ("https://x.a.test", ".a.test", True),
        ("https://x.a.test", "*.a.test", True),
        ("https://a.test", ".a.test", True),
        ("https://a.test", "a.test.", True),
        ("https://a.test.", "a.test", True),
        ("https://xa.test", "a.test", False),
        ("https://a.test", "x.a.test", False),
        ("https://a.test.evil", "a.test", False),
        ("https://a.test", "b.test,,  a.test", True),
        ("https://a.test", "b.test a.test", True),
        ("https://a.test", "", False),
        ("https://a.test", ".", False),
        ("https://a.test", "a.test:443", True),
        ("https://a.test", "a.test:8443", False),
        ("https://a.test:8443", "a.test:8443", True),
        ("http://10.1.2.3", "10.1.2.3", True),
        ("http://10.1.2.3:81", "10.1.2.3:81", True),
        ("http://10.1.2.3", "10.1.2.3:81", False),
        ("http://10.1.2.3", "10.0.0.0/8", True),
        ("http://11.1.2.3", "10.0.0.0/8", False),
        ("http://10.1.2.3", "10.9.9.9/8", True),
        ("http://10.1.2.3", "0.0.0.0/0", True),
        ("http://10.1.2.3", "2.3", False),
        ("http://10.1.2.3", "10.0.0.0/99", False),
        ("http://[fd00::1]", "fd00::/8", True),
        ("http://[fd00::1]", "fd00::1", True),
        ("http://[fd00::1]", "[fd00::1]", True),
        ("http://[fd00::1]:81", "[fd00:0::1]:81", True),
        ("http://[fd00::1]", "[fd00::1]:81", False),
        ("http://[fd00::1]", "10.0.0.0/8", False),
        ("https://a.test", "10.0.0.0/8", False),
    ],
)
def test_no_proxy(url: str, no_proxy: str, direct: bool) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        assert (chosen(url, ALL_PROXY="p:1", **{name: no_proxy}) is None) == direct


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("socks5://u:secret@p:1080", r"ALL_PROXY names a socks5:// proxy"),
        ("http://u:secret@:80", "the proxy in ALL_PROXY has no host name"),
        ("http://u:secret@p:port", "the proxy in ALL_PROXY is not valid: its port"),
        ("http://u:sec ret@p", "the proxy in ALL_PROXY contains a space"),
    ],
)
async def test_a_proxy_that_cannot_be_used(value: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        await Transport(env={"ALL_PROXY": value}).send(Request("https://a.test/", {}))
    assert "secret" not in caught.value.message


# -- through a proxy -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
async def origin(authority: Authority) -> AsyncIterator[Server]:
    """The service that goes by the name of `api.test`."""
    context = authority.server("api.test")
    async with Server(lambda seen: Reply([b"<", seen.body, b">"]), tls=context) as server:
        yield server


def client(authority: Authority, proxy: str, **more: float) -> Transport:
    env = {"SSL_CERT_FILE": str(authority.path), "HTTPS_PROXY": proxy, "HTTP_PROXY": proxy}
    return Transport(env=env, **more)  # type: ignore[arg-type]


def post(url: str = "https://api.test/v1?key=secret") -> Request:
    return Request(url, {"Authorization": "Bearer secret"}, content=b"{}")


@pytest.mark.parametrize("credentials", ["", "me:p%40ss@"])
@pytest.mark.parametrize("secure", [False, True], ids=["http proxy", "https proxy"])
async def test_https_is_tunnelled(
    authority: Authority, origin: Server, credentials: str, secure: bool
) -> None:
    tls = authority.server("127.0.0.1") if secure else None
    async with Server(lambda seen: Tunnel(origin.port), tls=tls) as proxy:
        url = f"{'https' if secure else 'http'}://{credentials}127.0.0.1:{proxy.port}"
        transport = client(authority, url)
        for _ in range(3):
            assert await (await transport.send(post())).read() == b"<{}>"
        await transport.aclose()
    (connect,) = proxy.requests
    assert (connect.method, connect.path) == ("CONNECT", "api.test:443")
    assert connect.headers["host"] == "api.test:443"
    assert connect.headers.get("proxy-authorization") == (
        "Basic bWU6cEBzcw==" if credentials else None
    )
    assert "authorization" not in connect.headers
    assert origin.connections == 1
    for seen in origin.requests:
        assert (seen.path, seen.headers["host"]) == ("/v1?key=secret", "api.test")
        assert "proxy-authorization" not in seen.headers


async def test_http_is_relayed(authority: Authority) -> None:
    async with Server(Reply(b"ok")) as proxy:
        transport = client(authority, f"http://me:pass@127.0.0.1:{proxy.port}")
        for _ in range(2):
            response = await transport.send(post("http://api.test:8080/v1?a=1"))
            assert await response.read() == b"ok"
        assert proxy.connections == 1
    for seen in proxy.requests:
        assert (seen.method, seen.path) == ("POST", "http://api.test:8080/v1?a=1")
        assert seen.headers["host"] == "api.test:8080"
        assert seen.headers["proxy-authorization"] == "Basic bWU6cGFzcw=="


async def test_loopback_and_exempt_hosts_are_asked_directly(authority: Authority) -> None:
    async with Server(Reply(b"direct")) as server:
        env = {"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "unused.test"}
        response = await Transport(env=env).send(post(server.url))
        assert await response.read() == b"direct"
    assert server.requests[0].path == "/"


async def refusal(transport: Transport, request: Request) -> PiError:
    with pytest.raises(PiError) as caught:
        await transport.send(request, timeout=2)
    message = caught.value.message
    assert "\n" not in message
    assert "secret" not in message
    return caught.value


def refuse(status: int) -> Reply:
    return Reply(b"<html>", status, {"proxy-authenticate": "Basic"})


async def test_a_proxy_that_wants_a_password(authority: Authority) -> None:
    async with Server(refuse(407)) as proxy:
        for url in ("https://api.test/", "http://api.test/"):
            name = url.partition(":")[0].upper() + "_PROXY"
            bare = client(authority, f"http://127.0.0.1:{proxy.port}")
            error = await refusal(bare, post(url))
            assert error.kind == "config"
            assert error.message == (
                f"the proxy 127.0.0.1:{proxy.port} ({name}) wants a password (407);"
                " write it as http://user:password@host:port"
            )
            wrong = client(authority, f"http://me:secret@127.0.0.1:{proxy.port}")
            error = await refusal(wrong, post(url))
            assert "refuses the user name and password (407)" in error.message


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (refuse(403), "did not connect to api.test:443: 403 Scripted"),
        (refuse(502), "did not connect to api.test:443: 502 Scripted"),
        (Reply([CUT], raw=b""), "closed the connection before it answered"),
        (Reply(raw=b"SSH-2.0\r\n"), "did not answer in HTTP/1.1"),
    ],
)
async def test_a_proxy_that_does_not_connect(
    authority: Authority, reply: Reply, words: str
) -> None:
    async with Server(reply) as proxy:
        error = await refusal(client(authority, f"http://127.0.0.1:{proxy.port}"), post())
        assert error.kind == "transport"
        assert error.message.startswith(f"the proxy 127.0.0.1:{proxy.port} (HTTPS_PROXY) ")
        assert words in error.message


async def test_a_proxy_that_is_not_there(authority: Authority) -> None:
    async with Server(Reply(b"")) as gone:
        pass
    error = await refusal(client(authority, f"http://127.0.0.1:{gone.port}"), post())
    name = f"the proxy 127.0.0.1:{gone.port} (HTTPS_PROXY)"
    assert error.message.startswith(f"cannot connect to {name}: connection refused")


async def test_a_proxy_that_hangs(authority: Authority) -> None:
    async with Server(Reply([STALL], raw=b"")) as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        error = await refusal(client(authority, url, connect_timeout=0.1), post())
        assert "no connection within 0.1 s" in error.message
        assert "through the proxy" in error.message
        await proxy.wait_hang_up(0.05)


async def test_a_certificate_behind_a_proxy(authority: Authority, origin: Server) -> None:
    async with Server(lambda seen: Tunnel(origin.port)) as proxy:
        transport = client(authority, f"http://127.0.0.1:{proxy.port}")
        error = await refusal(transport, post("https://other.test/"))
        assert "cannot connect to other.test:443 through the proxy" in error.message
        assert "its certificate is not for other.test" in error.message


async def test_a_plain_proxy_called_https(authority: Authority) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        error = await refusal(client(authority, f"https://127.0.0.1:{port}"), post())
        assert f"the proxy 127.0.0.1:{port} (HTTPS_PROXY): it does not speak TLS" in error.message


@pytest.mark.parametrize("secure", [False, True])
async def test_cancelling_is_heard_by_the_proxy(authority: Authority, secure: bool) -> None:
    context = authority.server("api.test", "127.0.0.1")
    gone = asyncio.Event()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        there, back = await asyncio.open_connection("127.0.0.1", origin.port)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")

        async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                sink.write(data)

        down = asyncio.ensure_future(copy(there, writer))
        with suppress(ConnectionError):
            await copy(reader, back)
        gone.set()
        down.cancel()
        back.close()
        writer.close()

    tls = context if secure else None
    async with Server(Reply([b"a", STALL]), tls=context) as origin:
        proxy = await asyncio.start_server(relay, "127.0.0.1", 0, ssl=tls)
        url = f"http{'s' if secure else ''}://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
        response = await client(authority, url).send(post())
        assert await anext(response) == b"a"
        reader = asyncio.ensure_future(anext(response))
        await asyncio.sleep(0)
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        await asyncio.wait_for(gone.wait(), 0.05)
        await origin.wait_hang_up(0.05)
        proxy.close()


async def test_proxies_do_not_share_connections(authority: Authority) -> None:
    env = {"NO_PROXY": ""}

    async def answer(seen: Seen) -> Reply:
        return Reply(seen.path.encode())

    async with Server(answer) as one, Server(answer) as two:
        transport = Transport(env=env)
        for proxy in (one, two, one, two):
            env["HTTP_PROXY"] = f"127.0.0.1:{proxy.port}"
            await (await transport.send(post("http://api.test/"))).read()
        assert len(one.requests) == len(two.requests) == 2
        assert one.connections == two.connections == 1
