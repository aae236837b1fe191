"""What a streamed chunk costs on every wire: client, protocol, wire, events delivered.

The answers are those of the conformance table (`tests/conformance`). Every job runs in a process of
its own (`python -m bench.bench_protocols JOB URL`), which measures itself after its imports; the
service is another process (`python -m bench.bench_protocols serve`).
"""

import asyncio
import gc
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import pairwise
from statistics import median
from urllib.parse import urlsplit

from bench import provider
from bench.common import PYTHON, ROOT, Row
from bench.provider import HEAD, arguments

from conformance.said import APIS, Call, Said, model_for, wire
from pi.ai.auth.base import Access, header_signer
from pi.ai.client import Client
from pi.ai.events import Done, TextDelta, ToolCallDelta
from pi.ai.messages import (
    AssistantMessage,
    Context,
    Message,
    TextContent,
    ToolCall,
    ToolResultMessage,
    Usage,
    UserMessage,
)
from pi.ai.model import Model
from pi.ai.options import Options
from pi.ai.protocols import protocols
from pi.ai.request import encode_json

CHUNKS = 20_000
PARALLEL, EACH, APART = 1_000, 200, 20
TEXT_PIECE, TOOL_PIECE = 5, 20
GOALS = {"bedrock-converse-stream": 30.0}
WHOLE_CALLS = ("google-gemini-cli", "google-generative-ai", "google-vertex")
"""Wires on which a call arrives in one piece."""
LARGE = {5: 2.0, 20: 1.0}
"""Megabytes of a context, and the goal: of 5 MB as much is the first use of a thread."""
FAMILIES = ("openai-completions", "openai-responses", "bedrock-converse-stream")
"""One wire of each way to cut a body and to tell blocks apart."""


def run(runs: int) -> Iterator[Row]:
    """All rows of this bench."""
    runs = max(3, runs // 3)
    with _service() as url:
        for api in APIS:
            took = [_job("text", f"{url}/{api}/text/{CHUNKS}/0")["us"] for _ in range(runs)]
            goal = GOALS.get(api, 20.0)
            yield Row(f"{api}, CPU a chunk of text", median(took), "us", goal)
        for api in APIS:
            if api not in WHOLE_CALLS:
                yield from _tool_calls(api, url, runs)
        for api in FAMILIES:
            yield from _parallel_rows(api, url)
        for api in FAMILIES:
            yield from _large_rows(api, url, runs)


def _tool_calls(api: str, url: str, runs: int) -> Iterator[Row]:
    kb = {
        size: median(
            _job("tool", f"{url}/{api}/tool/{size << 10}/0")["seconds"] for _ in range(runs)
        )
        for size in (256, 1024)
    }
    yield Row(f"{api}, 256 KB of arguments, CPU", kb[256], "s", 0.35)
    yield Row("  1 MB of them", kb[1024], "s", 6, kb[256], "256 KB of them")


def _large_rows(api: str, url: str, runs: int) -> Iterator[Row]:
    """How long keys wait for a request that is being written and sent, at worst."""
    for size, goal in LARGE.items():
        jobs = [_job("large", f"{url}/{api}/text/10/0?{size}") for _ in range(runs)]
        held, floor = (median(job[name] for job in jobs) for name in ("held", "floor"))
        what = f"{api}, {size} MB of context, the loop stands still for"
        yield Row(what, held, "ms", goal, floor, "writing the JSON at once")


def _parallel_rows(api: str, url: str) -> Iterator[Row]:
    path = f"{url}/{api}/text/{EACH}/{APART}"
    bare, ours = _job("bare", path), _job("parallel", path)
    ideal = (len(_frames(api, "text", EACH)) + 1) * APART / 1e3
    yield Row(f"{api}, {PARALLEL} streams at once, wall", ours["wall"], "s", 1.4, ideal, "pauses")
    yield Row("  the same with bare asyncio readers", bare["wall"], "s", None, ideal, "pauses")
    yield Row("  CPU a chunk", ours["us"], "us", None, bare["us"], "bare asyncio readers")
    yield Row("  peak memory", ours["peak_mb"], "MB", 150)


# -- the service -----------------------------------------------------------------------------------


@cache
def _frames(api: str, what: str, count: int) -> list[bytes]:
    """An answer with so many chunks of text, or a call with so many bytes of arguments."""
    if what == "text":
        said = Said(text="words" * count, piece=TEXT_PIECE)
    else:
        call = Call("aB3dE5gH9", "write", json.loads(arguments(count)))
        said = Said(calls=[call], stop="toolUse", piece=TOOL_PIECE)
    found = wire(api).write(said)
    return [b"%x\r\n%b\r\n" % (len(frame), frame) for frame in found] + [b"0\r\n\r\n"]


@contextmanager
def _service() -> Iterator[str]:
    command = [PYTHON, "-m", "bench.bench_protocols", "serve"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.communicate()


def _serve() -> None:
    provider.frames = _frames
    asyncio.run(provider._serve())


# -- in the process of a job -----------------------------------------------------------------------


def _job(job: str, url: str) -> dict[str, float]:
    command = [PYTHON, "-m", "bench.bench_protocols", job, url]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().rpartition("\n")[2])
    return json.loads(done.stdout)


async def _authorize(model: Model) -> Access:
    return Access(model, header_signer(model, "test-key"))


def _model(url: str) -> Model:
    return model_for(url.split("/")[3], url)


async def _read(client: Client, model: Model) -> int:
    deltas = 0
    async with client.stream(model, "hello", Options(max_retries=0)) as stream:
        async for event in stream:
            if type(event) is TextDelta:
                deltas += 1
    assert type(event) is Done, event
    return deltas


async def _text(url: str) -> dict[str, float]:
    async with Client(authorize=_authorize) as client:
        model = _model(url)
        await _read(client, _model(url.replace(f"/{CHUNKS}/", "/10/")))  # load what it needs
        start = time.process_time()
        deltas = await _read(client, model)
        spent = time.process_time() - start
    assert deltas == CHUNKS, deltas
    return {"us": spent / CHUNKS * 1e6}


async def _tool(url: str) -> dict[str, float]:
    size = int(url.split("/")[5])
    reads = 0
    async with Client(authorize=_authorize) as client:
        start = time.process_time()
        async with client.stream(_model(url), "hello", Options(max_retries=0)) as stream:
            async for event in stream:
                if type(event) is ToolCallDelta:
                    stream.fold.arguments(event.content_index)
                    reads += 1
        spent = time.process_time() - start
        (call,) = (await stream.message()).content
    assert isinstance(call, ToolCall)
    assert call.arguments == json.loads(arguments(size))
    assert reads > size / (TOOL_PIECE + 5)
    return {"seconds": spent}


async def _large(url: str) -> dict[str, float]:
    """The longest time between two beats of a heart that should beat every millisecond, in ms."""
    context = Context(tuple(_conversation(int(url.partition("?")[2]) << 20)))
    model, options = _model(url.partition("?")[0]), Options(max_retries=0)
    body = protocols.get(model.api).encode(model, context, options.settle(model, context)).body
    start = time.perf_counter()
    encode_json(body)
    floor = time.perf_counter() - start
    gc.collect()
    gc.freeze()  # as the program does
    beats: list[float] = []

    async def heart() -> None:
        while True:
            beats.append(time.perf_counter())
            await asyncio.sleep(0.001)

    async with Client(authorize=_authorize) as client:
        await _read(client, model)  # load what it needs
        beating = asyncio.ensure_future(heart())
        async with client.stream(model, context, options) as stream:
            answer = await stream.message()
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating
    assert answer.stop_reason == "stop", answer
    held = max(after - before for before, after in pairwise(beats))
    return {"held": held * 1e3, "floor": floor * 1e3}


def _conversation(size: int) -> Iterator[Message]:
    """A question, and files that are read and written in turn, a few kilobytes each."""
    yield UserMessage("Go through all of them.")
    code = 'def some_function(argument):\n    return "value" + argument\n' * 40
    for number in range(size // len(code) // 2):
        call = ToolCall(f"call{number:05}", "write", {"path": "a.py", "content": code})
        said = (TextContent("The next one."), call)
        yield AssistantMessage(said, "faux", "faux", "faux", Usage(), "toolUse", 1)
        yield ToolResultMessage(call.id, "write", (TextContent(code),), timestamp=1)


async def _parallel(url: str) -> dict[str, float]:
    async with Client(authorize=_authorize) as client:
        model = _model(url)
        return await _at_once(lambda: _read(client, model))


async def _bare(url: str) -> dict[str, float]:
    """The floor: the same streams taken off their sockets by asyncio's own readers."""
    parts = urlsplit(url)
    api = url.split("/")[3]
    whole = len(HEAD) + sum(map(len, _frames(api, "text", EACH)))

    async def read() -> int:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(f"GET {parts.path} HTTP/1.1\r\n\r\n".encode())
        left = whole
        while left:
            left -= len(await reader.read(1 << 16))
        writer.close()
        return EACH

    return await _at_once(read)


async def _at_once(one: object) -> dict[str, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    counts = await asyncio.gather(*(one() for _ in range(PARALLEL)))  # type: ignore[operator]
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    assert set(counts) == {EACH}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "wall": wall,
        "us": cpu / PARALLEL / EACH * 1e6,
        "peak_mb": peak / (1 << 20 if sys.platform == "darwin" else 1 << 10),
    }


if __name__ == "__main__":
    jobs = {"text": _text, "tool": _tool, "parallel": _parallel, "bare": _bare, "large": _large}
    if sys.argv[1] == "serve":
        _serve()
    else:
        print(json.dumps(asyncio.run(jobs[sys.argv[1]](sys.argv[2]))))
