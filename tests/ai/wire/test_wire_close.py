"""Ending early, on purpose or not: the other side knows at once, and nothing is printed."""

import asyncio
import gc
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pi.ai.errors import AbortedError, TransportError
from pi.ai.request import Request
from pi.ai.wire.http import Response, Transport
from support.server import STALL, BlockingServer, Reply, Seen, Server

SOON = 0.05
"""Seconds in which the other side must have noticed; it takes a fraction of a millisecond."""

ENDLESS = Reply([b"data: 1\n\n", STALL])


def get(url: str) -> Request:
    return Request(url, {}, method="GET")


async def started(server: Server, client: Transport | None = None) -> Response:
    response = await (client or Transport()).send(get(server.url))
    assert await anext(response) == b"data: 1\n\n"
    return response


async def test_close() -> None:
    async with Server(ENDLESS) as server:
        response = await started(server)
        response.close()
        await server.wait_hang_up(SOON)
        with pytest.raises(AbortedError):
            await anext(response)
        response.close()


async def test_close_needs_no_turn_of_the_loop() -> None:
    with BlockingServer(ENDLESS) as server:
        response = await Transport().send(get(server.url))
        await anext(response)
        response.close()
        end = time.perf_counter() + 1
        while not server.hang_ups and time.perf_counter() < end:
            time.sleep(0.001)  # noqa: ASYNC251  this loop is to stand still
        assert server.hang_ups == 1
        await asyncio.sleep(0)


async def test_close_wakes_a_reader() -> None:
    async with Server(ENDLESS) as server:
        response = await started(server)
        reader = asyncio.ensure_future(anext(response))
        await asyncio.sleep(0)
        response.close()
        with pytest.raises(AbortedError):
            await reader
        await server.wait_hang_up(SOON)


async def test_cancel_while_the_body_is_read() -> None:
    async with Server(ENDLESS) as server:
        response = await started(server)
        reader = asyncio.ensure_future(response.read())
        await asyncio.sleep(0.01)
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        await server.wait_hang_up(SOON)
        with pytest.raises(AbortedError):
            await anext(response)


async def test_cancel_before_the_head() -> None:
    asked = asyncio.Event()

    def reply(seen: Seen) -> Reply:
        asked.set()
        return Reply([STALL], raw=b"")

    async with Server(reply) as server:
        sender = asyncio.ensure_future(Transport().send(get(server.url)))
        await asked.wait()
        sender.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sender
        await server.wait_hang_up(SOON)


async def test_cancel_while_a_large_body_is_sent() -> None:
    gone = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.05)
        try:
            await reader.read(-1)
        except ConnectionError:
            pass
        finally:
            gone.set()
            writer.close()

    async with await asyncio.start_server(hold, "127.0.0.1", 0, limit=1000) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        request = Request(url, {}, content=bytes(50_000_000))
        sender = asyncio.ensure_future(Transport().send(request))
        await asyncio.sleep(0.02)
        sender.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sender
        await asyncio.wait_for(gone.wait(), 1)


async def test_two_readers_are_a_mistake() -> None:
    async with Server(ENDLESS) as server:
        response = await started(server)
        first = asyncio.ensure_future(anext(response))
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="two tasks"):
            await anext(response)
        first.cancel()


async def test_a_response_that_is_dropped_is_closed() -> None:
    async with Server(ENDLESS) as server:
        response = await started(server)
        del response
        await server.wait_hang_up(SOON)


async def test_a_response_that_is_dropped_in_another_thread_is_closed() -> None:
    async with Server(ENDLESS) as server:
        held = [await started(server)]
        thread = threading.Thread(target=held.clear)
        thread.start()
        thread.join()
        await server.wait_hang_up(SOON)


async def test_a_client_that_is_dropped_closes_what_is_idle_and_no_more() -> None:
    go = asyncio.Event()
    async with Server(lambda seen: Reply([b"a", go.wait, b"b"])) as server:
        client = Transport()
        response = await client.send(get(server.url))
        del client
        await asyncio.sleep(0.01)
        go.set()
        assert await response.read() == b"ab"
        await asyncio.sleep(0.01)
        assert server.open_connections == 0


async def test_a_fast_service_waits_for_a_slow_reader() -> None:
    """Neither memory nor the socket holds more than some hundred KiB of an unread body."""
    chunk = bytes(65536)
    sent = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (640 * 65536))
        for _ in range(640):
            writer.write(chunk)
            await writer.drain()
            sent += len(chunk)
        writer.close()

    async with await asyncio.start_server(flood, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        response = await Transport().send(get(url))
        size = len(await anext(response))
        await asyncio.sleep(0.2)
        stuck = sent
        await asyncio.sleep(0.05)
        assert sent == stuck < 20_000_000  # the kernel's buffers, and 256 KiB of ours
        waiting = len(await anext(response))
        assert waiting < 1_000_000
        async for piece in response:
            waiting += len(piece)
        assert size + waiting == 640 * 65536


# -- loops that end --------------------------------------------------------------------------------

PROGRAM = """
import asyncio, gc, sys
from pi.ai.request import Request
from pi.ai.wire.http import Transport

url = sys.argv[1]
kept = []

async def ask(client):
    response = await client.send(Request(url, {}, method="GET"))
    assert await anext(response) == b"data: 1\\n\\n"
    return response

%s
"""

ENDINGS = {
    "asyncio.run, nothing closed": """
async def main():
    client = Transport()
    kept.extend([client, await ask(client)])
asyncio.run(main())
""",
    "asyncio.run, everything dropped": """
async def main():
    await ask(Transport())
asyncio.run(main())
""",
    "a loop closed by hand": """
loop = asyncio.new_event_loop()
kept.append(loop.run_until_complete(ask(Transport())))
loop.close()
kept.clear()
""",
    "dropped while the loop stands still": """
loop = asyncio.new_event_loop()
response = loop.run_until_complete(ask(Transport()))
del response
gc.collect()
loop.close()
""",
    "dropped after the loop was closed": """
loop = asyncio.new_event_loop()
client = Transport()
response = loop.run_until_complete(ask(client))
loop.close()
response.close()
del response, client
gc.collect()
""",
    "one client in many loops": """
client = Transport()
for _ in range(5):
    async def main():
        kept.append(await ask(client))
    asyncio.run(main())
assert len(client._pools) == 1
""",
    "a loop in a daemon thread, never closed": """
import threading
loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, daemon=True).start()
client = Transport()
response = asyncio.run_coroutine_threadsafe(ask(client), loop).result()
""",
    "an error in the middle": """
async def main():
    client = Transport()
    kept.append(await ask(client))
    raise SystemExit(0)
asyncio.run(main())
""",
    "a task that still reads": """
async def main():
    async def read(response):
        async for _ in response:
            pass
    for _ in range(3):
        kept.append(asyncio.ensure_future(read(await ask(Transport()))))
    await asyncio.sleep(0.01)
asyncio.run(main())
""",
    "debug mode": """
async def main():
    kept.append(await ask(Transport()))
asyncio.run(main(), debug=True)
""",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_program_that_forgets_to_close_ends_in_silence(ending: str) -> None:
    with BlockingServer(ENDLESS) as server:
        program = [sys.executable, "-X", "dev", "-W", "error", "-c", PROGRAM % ENDINGS[ending]]
        done = subprocess.run([*program, server.url], capture_output=True, timeout=20, check=False)
        end = time.perf_counter() + 2
        while server.open_connections and time.perf_counter() < end:
            time.sleep(0.01)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        assert server.open_connections == 0


def test_the_other_side_hears_of_a_closed_loop_at_once() -> None:
    with BlockingServer(ENDLESS) as server:
        loop = asyncio.new_event_loop()
        response = loop.run_until_complete(started(server))
        loop.close()
        end = time.perf_counter() + 1
        while server.open_connections and time.perf_counter() < end:
            time.sleep(0.001)
        assert server.open_connections == 0
        with pytest.raises((AbortedError, TransportError)):
            asyncio.run(response.read())


def test_one_client_serves_loops_in_many_threads() -> None:
    with BlockingServer(lambda seen: Reply([seen.path.encode()] * 3)) as server:
        client = Transport()
        got: list[bytes] = []

        async def ask(i: int) -> None:
            for _ in range(5):
                got.append(await (await client.send(get(f"{server.url}/{i}"))).read())

        threads = [threading.Thread(target=lambda i=i: asyncio.run(ask(i))) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(got) == sorted(b"/%d" % i * 3 for i in range(8) for _ in range(5))


async def test_nothing_stays_behind_a_request() -> None:
    """Neither connections nor timers nor cycles grow with the number of requests."""

    async def alive() -> int:
        await asyncio.sleep(0.01)
        gc.collect()
        return sum("pi.ai.wire" in str(type(thing).__module__) for thing in gc.get_objects())

    async with Server(lambda seen: Reply([b"x"], keep_alive=False)) as server:
        client = Transport()
        for _ in range(3):
            await (await client.send(get(server.url))).read()
        before = await alive()
        for _ in range(50):
            await (await client.send(get(server.url))).read()
        assert await alive() <= before
        loop = asyncio.get_running_loop()
        assert len(loop._scheduled) < 120  # type: ignore[attr-defined]  asyncio sweeps at 100


def test_the_stress_script_still_runs() -> None:
    script = Path(__file__).parents[3] / "bench" / "exit_stress.py"
    done = subprocess.run(
        [sys.executable, str(script), "8"], capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
