"""Names and sockets. The standard library's name lookup is replaced; all sockets are real."""

import asyncio
import socket
import subprocess
import sys
import time
from typing import Any

import pytest

from pi.ai.errors import TransportError
from pi.ai.request import Request
from pi.ai.wire.connect import open_socket
from pi.ai.wire.http import Transport
from support.server import Reply, Server

REAL = socket.getaddrinfo


class Names:
    """A name service that knows `service.test` and counts its questions."""

    def __init__(self, *addresses: tuple[str, int], delay: float = 0.0) -> None:
        self.addresses, self.delay, self.asked = addresses, delay, 0

    def __call__(self, host: str, port: int, *args: Any, flags: int = 0, **more: Any) -> Any:
        if host != "service.test" or flags & socket.AI_NUMERICHOST:
            return REAL(host, port, *args, flags=flags, **more)
        self.asked += 1
        time.sleep(self.delay)
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (address, number),
            )
            for address, number in self.addresses
        ]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Names:
    names = Names()
    monkeypatch.setattr(socket, "getaddrinfo", names)
    return names


def closed_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@pytest.fixture
def silent() -> Any:
    """An address where nobody answers: a listener whose queue is full."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen(0)
        others = [socket.socket() for _ in range(4)]
        for other in others:
            other.setblocking(False)
            other.connect_ex(sock.getsockname())
        yield sock.getsockname()
        for other in others:
            other.close()


async def test_a_refused_address_is_left_at_once(names: Names) -> None:
    async with Server(Reply(b"ok")) as server:
        names.addresses = (("127.0.0.1", closed_port()), ("127.0.0.1", server.port))
        taken = []
        for _ in range(5):
            start = time.perf_counter()
            assert (await Transport().send(Request("http://service.test/", {}))).status == 200
            taken.append(time.perf_counter() - start)
        assert min(taken) < 0.2, "the quarter of a second of a silent address was waited for"


async def test_a_silent_address_is_raced_after_a_quarter_of_a_second(
    names: Names, silent: tuple[str, int]
) -> None:
    async with Server(Reply(b"ok")) as server:
        names.addresses = (silent, ("127.0.0.1", server.port), ("127.0.0.1", closed_port()))
        start = time.perf_counter()
        assert (await Transport().send(Request("http://service.test/", {}))).status == 200
        assert 0.2 < time.perf_counter() - start < 20


async def test_a_silent_address_is_waited_for_when_the_others_fail(
    names: Names, silent: tuple[str, int]
) -> None:
    names.addresses = (silent, ("127.0.0.1", closed_port()))
    with pytest.raises(TransportError, match=r"no connection within 0\.4 s"):
        await Transport(connect_timeout=0.4).send(Request("http://service.test/", {}))


async def test_families_take_turns(names: Names) -> None:
    names.addresses = (("::1", closed_port()), ("::1", closed_port()), ("127.0.0.1", 0))
    async with Server(Reply(b"ok")) as server:
        names.addresses = (*names.addresses[:2], ("127.0.0.1", server.port))
        assert (await Transport().send(Request("http://service.test/", {}))).status == 200


async def test_many_requests_ask_for_a_name_once(names: Names) -> None:
    async with Server(lambda seen: Reply(b"ok")) as server:
        names.addresses, names.delay = (("127.0.0.1", server.port),), 0.05
        client = Transport()
        await asyncio.gather(*(client.send(Request("http://service.test/", {})) for _ in range(30)))
        assert names.asked == 1


async def test_one_who_gives_up_takes_nothing_from_the_others(names: Names) -> None:
    async with Server(lambda seen: Reply(b"ok")) as server:
        names.addresses, names.delay = (("127.0.0.1", server.port),), 0.05
        client = Transport()
        first, second = (
            asyncio.ensure_future(client.send(Request("http://service.test/", {})))
            for _ in range(2)
        )
        await asyncio.sleep(0.01)
        first.cancel()
        assert (await second).status == 200
        assert first.cancelled()


async def test_no_socket_is_lost_however_it_is_cancelled(
    names: Names, silent: tuple[str, int], recwarn: pytest.WarningsRecorder
) -> None:
    async with Server(Reply(b"ok")) as server:
        names.addresses = (("127.0.0.1", closed_port()), ("127.0.0.1", server.port))
        for turns in range(12):
            task = asyncio.ensure_future(open_socket({}, "service.test", 80))
            for _ in range(turns):
                await asyncio.sleep(0)
            await asyncio.sleep(0.002 if turns % 2 else 0)
            if not task.cancel():
                task.result().close()
            await asyncio.gather(task, return_exceptions=True)
            del task
        await asyncio.sleep(0.01)
        assert server.open_connections == 0
    assert not recwarn.list


def test_a_name_service_that_hangs_holds_up_no_exit() -> None:
    program = """
import asyncio, socket, time
from pi.ai.request import Request
from pi.ai.wire.http import Transport

numeric = socket.getaddrinfo
def hang(*args, flags=0, **more):
    if flags & socket.AI_NUMERICHOST:
        return numeric(*args, flags=flags, **more)
    time.sleep(60)
socket.getaddrinfo = hang

async def main():
    try:
        await Transport(connect_timeout=0.1).send(Request("http://service.test/", {}))
    except Exception as error:
        print(error)
asyncio.run(main())
"""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", program], capture_output=True, timeout=20, check=False
    )
    assert time.perf_counter() - start < 15
    assert done.stdout.strip().decode() == (
        "cannot connect to service.test:80: no connection within 0.1 s"
    )
    assert (done.returncode, done.stderr) == (0, b"")
