"""What one call costs through the whole library: client, protocol, wire, events delivered.

Each job runs in a process of its own (`python -m bench.bench_client JOB URL`), which measures
itself after its imports and prints what it found; the floor of a stream is the same bytes taken off
the socket by a bare asyncio reader in the same process.
"""

import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import median
from urllib.parse import urlsplit

from bench.common import PYTHON, ROOT, Row
from bench.provider import HEAD, arguments, frames, provider

from pi.ai.auth.base import Access, header_signer
from pi.ai.client import Client
from pi.ai.events import Done, TextDelta, ToolCallDelta
from pi.ai.messages import ToolCall
from pi.ai.model import Model
from pi.ai.options import Options

CHUNKS, PACED = 20_000, 1_000
PARALLEL, EACH, APART = 1_000, 200, 20
WIRES = {"openai": "openai-completions", "anthropic": "anthropic-messages"}


def run(runs: int) -> Iterator[Row]:
    """All rows of this bench."""
    runs = max(3, runs // 3)
    with provider() as url:
        for wire in WIRES:
            took = [_job("text", f"{url}/{wire}/text/{CHUNKS}/0")["us"] for _ in range(runs)]
            yield Row(f"stream of {CHUNKS} chunks, {wire}, CPU a chunk", median(took), "us", 20)
            paced = [_job("text", f"{url}/{wire}/text/{PACED}/1") for _ in range(runs)]
            value, floor = (median(one[key] for one in paced) for key in ("us", "floor_us"))
            yield Row("  with a pause after each", value, "us", None, floor, "bare asyncio reader")
        yield from _tool_calls(url, runs)
        (one,) = [_job("parallel", f"{url}/openai/text/{EACH}/{APART}")]
        what = f"{PARALLEL} streams of {EACH} chunks {APART} ms apart"
        # the answer has a few frames more than chunks of text
        ideal = (len(frames("openai", "text", EACH)) + 1) * APART / 1e3
        yield Row(f"{what}, wall", one["wall"], "s", 1.4, ideal, "the pauses")
        yield Row("  peak memory", one["peak_mb"], "MB", 150)


def _tool_calls(url: str, runs: int) -> Iterator[Row]:
    for wire in WIRES:
        kb = {
            size: median(
                _job("tool", f"{url}/{wire}/tool/{size << 10}/0")["seconds"] for _ in range(runs)
            )
            for size in (256, 1024)
        }
        yield Row(f"256 KB of arguments, read at each delta, {wire}, CPU", kb[256], "s", 0.35)
        yield Row("  1 MB of them", kb[1024], "s", 6, kb[256], "256 KB of them")


def _job(job: str, url: str) -> dict[str, float]:
    done = subprocess.run(
        [PYTHON, "-m", "bench.bench_client", job, url], cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().rpartition("\n")[2])
    return json.loads(done.stdout)


# -- in the process of a job -----------------------------------------------------------------------


async def _authorize(model: Model) -> Access:
    return Access(model, header_signer(model, "test-key"))


def _model(url: str) -> Model:
    from pi.ai.protocols import protocols

    api = WIRES[url.split("/")[3]]
    compat = protocols.get(api).Compat()
    return Model(id="m", name="m", provider="bench", api=api, base_url=url, compat=compat)


async def _text(url: str) -> dict[str, float]:
    *_, wire, what, number, _ = url.split("/")
    chunks = int(number)
    size = len(HEAD) + sum(map(len, frames(wire, what, chunks)))
    async with Client(authorize=_authorize) as client:
        model = _model(url)
        await _read(client, _model(url.replace(f"/{number}/", "/10/")))  # load what it needs
        start = time.process_time()
        deltas = await _read(client, model)
        spent = time.process_time() - start
    assert deltas == chunks, deltas
    start = time.process_time()
    await _floor(url, size)
    floor = time.process_time() - start
    return {"us": spent / chunks * 1e6, "floor_us": floor / chunks * 1e6}


async def _read(client: Client, model: Model) -> int:
    deltas = 0
    async with client.stream(model, "hello", Options(max_retries=0)) as stream:
        async for event in stream:
            if type(event) is TextDelta:
                deltas += 1
    assert type(event) is Done, event
    return deltas


async def _floor(url: str, left: int) -> None:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(f"GET {parts.path} HTTP/1.1\r\n\r\n".encode())
    while left:
        left -= len(await reader.read(1 << 16))
    writer.close()


async def _tool(url: str) -> dict[str, float]:
    size = int(url.split("/")[5])
    async with Client(authorize=_authorize) as client:
        start = time.process_time()
        async with client.stream(_model(url), "hello", Options(max_retries=0)) as stream:
            async for event in stream:
                if type(event) is ToolCallDelta:
                    stream.fold.arguments(event.content_index)
        spent = time.process_time() - start
        (call,) = (await stream.message()).content
    assert isinstance(call, ToolCall)
    assert call.arguments == json.loads(arguments(size))
    return {"seconds": spent}


async def _parallel(url: str) -> dict[str, float]:
    async with Client(authorize=_authorize) as client:
        model = _model(url)
        start = time.perf_counter()
        counts = await asyncio.gather(*(_read(client, model) for _ in range(PARALLEL)))
        wall = time.perf_counter() - start
    assert set(counts) == {EACH}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"wall": wall, "peak_mb": peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)}


if __name__ == "__main__":
    jobs = {"text": _text, "tool": _tool, "parallel": _parallel}
    print(json.dumps(asyncio.run(jobs[sys.argv[1]](sys.argv[2]))))
