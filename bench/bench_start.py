"""How long until pi does something: the options that only print, and a prompt's way to the wire."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from bench.common import (
    PYTHON,
    Row,
    bill,
    cpu_of,
    environment,
    in_turn,
    new_home,
    node_pi_command,
    peak_mb,
    pi_command,
)

ANSWER = {
    "id": "c",
    "object": "chat.completion.chunk",
    "model": "m",
    "choices": [{"index": 0, "delta": {"content": "hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}

FLOOR = """
import asyncio, ssl, sys

async def main(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST / HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 2\\r\\n\\r\\n{}")
    await reader.readuntil(b"\\r\\n\\r\\n")
    writer.close()

asyncio.run(main(int(sys.argv[1])))
"""


def run(runs: int) -> Iterator[Row]:
    """All rows of this bench."""
    with new_home() as home:
        yield from _printing(home, runs)
    yield from _prompt(runs)


def _printing(home: Path, runs: int) -> Iterator[Row]:
    # a key, so that there is something to list and nobody looks for servers on this machine
    env = environment(home) | {"OPENAI_API_KEY": "test-key"}
    pi, node = pi_command(), node_pi_command()
    rivals = {
        "pass": cpu_of([PYTHON, "-c", "pass"], env),
        "version": cpu_of([*pi, "--version"], env),
        "help": cpu_of([*pi, "--help"], env),
        "models": cpu_of([*pi, "--list-models"], env),
    }
    took = in_turn(rivals, runs)
    floor = took["pass"], "python -c pass"
    yield Row("pi --version, CPU", took["version"], "ms", 2.2, *floor)
    yield Row("pi --help, CPU", took["help"], "ms", 3.3, *floor)
    yield Row("pi --list-models, CPU", took["models"], "ms", 100)
    if node:
        both = {"us": rivals["models"], "node": cpu_of([*node, "--list-models"], env)}
        took = in_turn(both, max(3, runs // 3))
        yield Row("pi --list-models, CPU", took["us"], "ms", 0.15, took["node"], "Pi for Node")


def _prompt(runs: int) -> Iterator[Row]:
    from support.server import BlockingServer, Reply, Seen, sse

    arrived: list[float] = []

    def answer(_: Seen) -> Reply:
        arrived.append(time.perf_counter())
        return Reply(sse([ANSWER], done=True))

    def to_the_wire(argv: list[str], env: dict[str, str], cwd: Path) -> Callable[[], float]:
        def measure() -> float:
            arrived.clear()
            start = time.perf_counter()
            result = bill(argv, env, cwd)
            if result.status or not arrived:
                raise RuntimeError(f"status {result.status}, requests {len(arrived)}: {argv}")
            return (arrived[0] - start) * 1e3

        return measure

    with new_home() as home, BlockingServer(answer) as server:
        env, cwd = environment(home), home / "project"
        cwd.mkdir()
        _configure(home / "agent", server.url)
        prompt = ["--provider", "bench", "--model", "m", "-p", "hello"]
        floor = [PYTHON, "-c", FLOOR, str(server.port)]
        rivals = {
            "floor": to_the_wire(floor, env, cwd),
            "pi": to_the_wire([*pi_command(), *prompt], env, cwd),
        }
        took = in_turn(rivals, runs)
        peak = median(peak_mb([*pi_command(), *prompt], env, cwd) for _ in range(3))
        yield Row(
            "pi -p, start to first request, wall",
            took["pi"],
            "ms",
            1.7,
            took["floor"],
            "asyncio, ssl and connect",
        )
        yield Row("pi -p, peak memory", peak, "MB", 45)
        if node := node_pi_command():
            both = {"us": rivals["pi"], "node": to_the_wire([*node, *prompt], env, cwd)}
            took = in_turn(both, max(3, runs // 3))
            yield Row(
                "pi -p, start to first request, wall",
                took["us"],
                "ms",
                None,
                took["node"],
                "Pi for Node",
            )


def _configure(agent: Path, url: str) -> None:
    agent.mkdir()
    provider = {
        "baseUrl": f"{url}/v1",
        "api": "openai-completions",
        "apiKey": "test-key",
        "models": [{"id": "m"}],
    }
    (agent / "models.json").write_text(json.dumps({"providers": {"bench": provider}}))
