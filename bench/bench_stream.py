"""What a streamed chunk costs on its way from the socket to a server-sent event.

A loopback server in another process sends chunks as fast as it can, one by one with pauses, and on
many connections at once. Each figure is CPU time of this process, beside a floor measured in the
same run: the same bytes through a bare asyncio protocol that parses nothing and wakes one reader.

    python bench/bench_stream.py [streams]
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable

from pi.ai.request import Request
from pi.ai.wire.http import Transport
from pi.ai.wire.sse import SseParser

DELTA = '{"id":"chatcmpl-123","object":"chat.completion.chunk","created":1700000000,"model":"m",'
DELTA += '"choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}]}'
EVENT = f"data: {DELTA}\n\n".encode()
CHUNK = b"%x\r\n%b\r\n" % (len(EVENT), EVENT)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"

BURST, PACED, PACED_MS = 20_000, 2_000, 1
PARALLEL, PARALLEL_MS = 200, 20


# -- the server ------------------------------------------------------------------------------------


class Sender(asyncio.Protocol):
    """Answers `/<chunks>/<ms>`: so many chunks, so far apart. One timer serves all connections."""

    beats: dict[float, list["Sender"]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if not data.startswith(b"GET /"):
            return
        chunks, ms = data.split(b" ")[1].strip(b"/").split(b"/")
        self.left = int(chunks)
        self.transport.write(HEAD)
        if int(ms) == 0:
            self.transport.write(CHUNK * self.left + LAST)
            return
        pause = int(ms) / 1000
        if pause not in self.beats:
            self.beats[pause] = []
            loop = asyncio.get_running_loop()
            loop.call_later(pause, self.beat, pause, loop.time() + pause)
        self.beats[pause].append(self)

    @classmethod
    def beat(cls, pause: float, when: float) -> None:
        for sender in list(cls.beats[pause]):
            sender.transport.write(CHUNK)
            sender.left -= 1
            if not sender.left:
                sender.transport.write(LAST)
                cls.beats[pause].remove(sender)
        asyncio.get_running_loop().call_at(when + pause, cls.beat, pause, when + pause)


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Sender, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


# -- the floor -------------------------------------------------------------------------------------


class Bare(asyncio.Protocol):
    """Counts bytes and wakes a reader: what any client on asyncio has to do."""

    def __init__(self) -> None:
        self.size = 0
        self.waiter: asyncio.Future[None] | None = None

    def data_received(self, data: bytes) -> None:
        self.size += len(data)
        if self.waiter is not None:
            waiter, self.waiter = self.waiter, None
            waiter.set_result(None)


async def floor(port: int, path: str, chunks: int) -> None:
    loop = asyncio.get_running_loop()
    transport, bare = await loop.create_connection(Bare, "127.0.0.1", port)
    transport.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    whole = len(HEAD) + chunks * len(CHUNK) + len(LAST)
    while bare.size < whole:
        bare.waiter = loop.create_future()
        await bare.waiter
    transport.abort()


# -- ours ------------------------------------------------------------------------------------------


async def body(client: Transport, url: str, chunks: int) -> None:
    response = await client.send(Request(url, {}, method="GET"))
    size = 0
    async for piece in response:
        size += len(piece)
    assert size == chunks * len(EVENT)


async def events(client: Transport, url: str, chunks: int) -> None:
    response = await client.send(Request(url, {}, method="GET"))
    parser, count = SseParser(), 0
    async for piece in response:
        count += len(parser.feed(piece))
    count += len(parser.close())
    assert count == chunks


async def cost(run: Callable[[], Awaitable[None]], chunks: int, times: int = 3) -> float:
    """CPU microseconds a chunk, the best of some runs."""
    best = float("inf")
    for _ in range(times):
        start = time.process_time()
        await run()
        best = min(best, time.process_time() - start)
    return best / chunks * 1e6


async def measure(port: int, streams: int) -> None:
    client = Transport(env={})
    for name, chunks, ms in (("at once", BURST, 0), (f"{PACED_MS} ms apart", PACED, PACED_MS)):
        path = f"/{chunks}/{ms}"
        url = f"http://127.0.0.1:{port}{path}"
        base = await cost(lambda p=path, n=chunks: floor(port, p, n), chunks)
        print(f"{chunks} chunks {name}: floor {base:.2f} us a chunk")
        for label, run in (("body", body), ("events", events)):
            value = await cost(lambda r=run, u=url, n=chunks: r(client, u, n), chunks)
            print(f"  {label:7} {value:6.2f} us a chunk, {value / base:5.2f} x floor")
    path = f"/{PARALLEL}/{PARALLEL_MS}"
    url = f"http://127.0.0.1:{port}{path}"
    ideal = PARALLEL * PARALLEL_MS / 1000
    print(f"{streams} streams of {PARALLEL} chunks {PARALLEL_MS} ms apart, ideal {ideal:g} s")
    for label, one in (
        ("floor", lambda: floor(port, path, PARALLEL)),
        ("events", lambda: events(client, url, PARALLEL)),
    ):
        wall, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(one() for _ in range(streams)))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(
            f"  {label:7} {wall:5.2f} s = {wall / ideal:.2f} x ideal,"
            f" {cpu / streams / PARALLEL * 1e6:6.2f} us CPU a chunk, peak {_peak():.0f} MB"
        )
    await client.aclose()


def _peak() -> float:
    """Peak resident memory of this process in MB."""
    import resource

    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / 1e6 if sys.platform == "darwin" else size / 1e3


def main() -> None:
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve())
        return
    streams = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    server = subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        asyncio.run(measure(int(server.stdout.readline()), streams))
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main()
