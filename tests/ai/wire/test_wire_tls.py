"""TLS against an authority made for the test: what is trusted, what is not, and how it is said."""

import asyncio
import datetime
import shutil
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest
from wire_certificates import Authority

from pi.ai.errors import AbortedError, ConfigError, TransportError
from pi.ai.request import Request
from pi.ai.wire import trust
from pi.ai.wire.http import Transport
from support.server import CUT, RESET, STALL, BlockingServer, Reply, Server


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def tls(authority: Authority) -> ssl.SSLContext:
    return authority.server("127.0.0.1", "localhost")


def client(authority: Authority, **more: float) -> Transport:
    return Transport(env={"SSL_CERT_FILE": str(authority.path)}, **more)  # type: ignore[arg-type]


def post(url: str, content: bytes = b"{}") -> Request:
    return Request(url, {}, content=content)


# -- it works --------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_requests_on_one_connection(authority: Authority, version: ssl.TLSVersion) -> None:
    context = authority.server("127.0.0.1")
    context.maximum_version = context.minimum_version = version
    async with Server(lambda seen: Reply([seen.body, b"!"]), tls=context) as server:
        transport = client(authority)
        for size in (1, 100_000, 10_000_000):
            body = bytes(range(250)) * (size // 250) or b"x"
            assert await (await transport.send(post(server.url, body))).read(1 << 30) == body + b"!"
        assert server.connections == 1
        await transport.aclose()


@pytest.mark.parametrize("split", [1, 3])
async def test_pieces_come_as_they_are_sent(
    authority: Authority, tls: ssl.SSLContext, split: int
) -> None:
    go = asyncio.Event()
    async with Server(Reply([b"one", go.wait, b"two"], split=split), tls=tls) as server:
        response = await client(authority).send(post(server.url))
        got = b""
        while got != b"one":
            got += await anext(response)
        go.set()
        assert await response.read() == b"two"


async def test_names_are_checked_too(authority: Authority, tls: ssl.SSLContext) -> None:
    async with Server(Reply(b"ok"), tls=tls) as server:
        response = await client(authority).send(post(f"https://localhost:{server.port}"))
        assert await response.read() == b"ok"


async def test_a_fast_service_waits_for_a_slow_reader(
    authority: Authority, tls: ssl.SSLContext
) -> None:
    async with Server(Reply(bytes(50_000_000)), tls=tls) as server:
        response = await client(authority).send(post(server.url))
        size = len(await anext(response))
        await asyncio.sleep(0.1)
        waiting = len(await anext(response))
        assert waiting < 2_000_000
        size += waiting
        async for piece in response:
            size += len(piece)
        assert size == 50_000_000


async def test_a_folder_of_certificates(
    authority: Authority, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    shutil.copy(authority.path, tmp_path / f"{authority.hashed_name()}.0")
    async with Server(Reply(b"ok"), tls=tls) as server:
        transport = Transport(env={"SSL_CERT_DIR": str(tmp_path)})
        assert await (await transport.send(post(server.url))).read() == b"ok"


# -- it does not -----------------------------------------------------------------------------------


async def test_an_unknown_authority(tls: ssl.SSLContext) -> None:
    async with Server(Reply(b"ok"), tls=tls) as server:
        with pytest.raises(TransportError) as caught:
            await Transport(env={}).send(post(f"{server.url}/?key=secret"))
    message = caught.value.message
    assert message.startswith(f"cannot connect to 127.0.0.1:{server.port}: its certificate is not")
    assert "set SSL_CERT_FILE" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("names", "lifetime", "words"),
    [
        (("other.test",), 1, "its certificate is not for 127.0.0.1"),
        (("127.0.0.1",), -1, "its certificate has expired"),
    ],
)
async def test_a_wrong_certificate(
    authority: Authority, names: tuple[str, ...], lifetime: int, words: str
) -> None:
    context = authority.server(*names, lifetime=datetime.timedelta(days=lifetime))
    async with Server(Reply(b"ok"), tls=context) as server:
        with pytest.raises(TransportError, match=words):
            await client(authority).send(post(server.url))


async def test_tls_to_a_server_without(authority: Authority) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(TransportError, match="it does not speak TLS; is it http://"):
            await client(authority).send(post(url))


@pytest.mark.parametrize("hold", [0.0, 10.0])
async def test_a_handshake_that_ends_or_hangs(authority: Authority, hold: float) -> None:
    gone = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        if hold:
            await reader.read()
            gone.set()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        words = "no connection within 0.1 s" if hold else "closed the connection in the TLS hand"
        with pytest.raises(TransportError, match=words):
            await client(authority, connect_timeout=0.1 if hold else 5.0).send(post(url))
        if hold:
            await asyncio.wait_for(gone.wait(), 1)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply([b"abc", CUT]), "in the middle of its answer"),
        (Reply([b"abc", RESET]), "in the middle of its answer"),
        (Reply([b"abc", STALL]), "sent nothing for 0.05 s"),
    ],
)
async def test_a_body_that_breaks_off(
    authority: Authority, tls: ssl.SSLContext, reply: Reply, words: str
) -> None:
    async with Server(reply, tls=tls) as server:
        response = await client(authority).send(post(server.url), idle_timeout=0.05)
        assert await anext(response) == b"abc"
        with pytest.raises(TransportError, match=words):
            await anext(response)


async def test_a_body_that_ends_with_the_connection(
    authority: Authority, tls: ssl.SSLContext
) -> None:
    async with Server(Reply([b"abc", b"def"], framing="close"), tls=tls) as server:
        assert await (await client(authority).send(post(server.url))).read() == b"abcdef"


async def test_bytes_that_are_no_tls(authority: Authority, tls: ssl.SSLContext) -> None:
    """Something between the two ends writes into the connection."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", origin.port)

        async def forth() -> None:
            while data := await reader.read(65536):
                back.write(data)

        task = asyncio.ensure_future(forth())
        size = 0
        while data := await there.read(65536):
            size += len(data)
            writer.write(data)
            if size > 100_000:
                writer.write(b"\x17\x03\x03\x00\x20" + bytes(32))
                break
        task.cancel()
        back.close()
        writer.close()

    async with Server(Reply([b"x" * 60_000, b"y" * 60_000, STALL]), tls=tls) as origin:
        server = await asyncio.start_server(relay, "127.0.0.1", 0)
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        response = await client(authority).send(post(url), idle_timeout=2)
        with pytest.raises(TransportError, match="broke the TLS connection"):
            await response.read()
        server.close()


# -- endings ---------------------------------------------------------------------------------------


async def test_close_and_cancel_are_heard_at_once(
    authority: Authority, tls: ssl.SSLContext
) -> None:
    for cancel in (False, True):
        async with Server(Reply([b"a", STALL]), tls=tls) as server:
            response = await client(authority).send(post(server.url))
            assert await anext(response) == b"a"
            reader = asyncio.ensure_future(anext(response))
            await asyncio.sleep(0)
            if cancel:
                reader.cancel()
            else:
                response.close()
            with pytest.raises((asyncio.CancelledError, AbortedError)):
                await reader
            await server.wait_hang_up(0.05)


@pytest.mark.parametrize("ending", ["asyncio.run(main())", "run_by_hand()"])
def test_a_program_that_forgets_to_close_ends_in_silence(
    authority: Authority, tls: ssl.SSLContext, ending: str
) -> None:
    program = f"""
import asyncio, gc, sys
from pi.ai.request import Request
from pi.ai.wire.http import Transport
kept = []
async def main():
    client = Transport(env={{"SSL_CERT_FILE": sys.argv[2]}})
    response = await client.send(Request(sys.argv[1], {{}}, method="GET"))
    assert await anext(response) == b"a"
    kept.extend([client, response])
def run_by_hand():
    loop = asyncio.new_event_loop()
    loop.run_until_complete(main())
    loop.close()
    kept.clear()
    gc.collect()
{ending}
"""
    with BlockingServer(Reply([b"a", STALL]), tls=tls) as server:
        command = [sys.executable, "-X", "dev", "-W", "error", "-c", program]
        command += [server.url, str(authority.path)]
        done = subprocess.run(command, capture_output=True, timeout=20, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        end = time.perf_counter() + 1
        while server.open_connections and time.perf_counter() < end:
            time.sleep(0.001)
        assert server.open_connections == 0


# -- what is trusted -------------------------------------------------------------------------------


async def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    missing, empty = tmp_path / "missing.pem", tmp_path / "empty.pem"
    empty.write_text("nothing")
    for env, words in (
        ({"SSL_CERT_FILE": str(missing)}, f"SSL_CERT_FILE cannot be read: {missing}"),
        ({"SSL_CERT_FILE": str(empty)}, f"SSL_CERT_FILE holds no certificates.*: {empty}"),
        ({"SSL_CERT_DIR": str(missing)}, f"SSL_CERT_DIR names no directory: {missing}"),
    ):
        async with Server(Reply(b"ok")) as server:
            with pytest.raises(ConfigError, match=words):
                await Transport(env=env).send(post(f"https://127.0.0.1:{server.port}"))


def test_the_context_is_made_once(authority: Authority) -> None:
    env = {"SSL_CERT_FILE": str(authority.path)}
    first = trust.client_context(env)
    assert trust.client_context(dict(env)) is first
    assert trust.client_context({}) is not first
    assert first.verify_mode is ssl.CERT_REQUIRED
    assert first.check_hostname
    assert first.minimum_version is ssl.TLSVersion.TLSv1_2


def test_the_first_usable_bundle_is_taken(authority: Authority, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("nothing")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    files = (str(tmp_path / "missing.pem"), str(broken), str(authority.path))
    trust.load_first(context, files, str(tmp_path / "no-folder"))
    assert context.cert_store_stats()["x509_ca"] == 1
    with pytest.raises(ConfigError, match=r"no CA certificates.*SSL_CERT_FILE"):
        trust.load_first(context, files[:2], str(tmp_path))
