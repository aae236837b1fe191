"""What extensions cost at start: an empty folder, installed packages, ten small extensions."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.common import Row, cpu_of, environment, in_turn, new_home, pi_command

SMALL = '''
"""A small extension."""

from pi.extensions import Block, Context, Pi, ToolCallEvent


def extension(pi: Pi) -> None:
    def tool_{n}(path: str, limit: int = 3) -> str:
        """Look at something.

        Args:
            path: where
        """
        return path * limit

    async def command(arguments: str, context: Context) -> None:
        context.ui.notify(arguments)

    @pi.on("tool_call")
    def guard(event: ToolCallEvent, context: Context) -> Block | None:
        return Block("no") if "secret" in str(event.arguments) else None

    pi.register_tool(tool_{n})
    pi.register_command("command-{n}", command, description="says it")
'''


def run(runs: int) -> Iterator[Row]:
    """All rows of this bench."""
    with new_home() as home:
        yield from _looking(home, runs)
    with new_home() as home:
        yield from _loading(home, runs)


def _looking(home: Path, runs: int) -> Iterator[Row]:
    """In one process, as a start does it: modules are imported, nothing was looked at before."""
    from pi.coding.extensions.find import find_extensions
    from pi.coding.extensions.runtime import Runtime

    agent, cwd = home / "agent", home / "project"
    (agent / "extensions").mkdir(parents=True)
    cwd.mkdir()

    def look() -> float:
        start = time.perf_counter()
        runtime = Runtime()
        found = find_extensions(agent, cwd, trusted=True)
        assert not found
        assert not runtime.loaded
        return (time.perf_counter() - start) * 1e3

    first = look()
    yield Row("extensions: looking for installed packages, the first time", first, "ms")
    taken = median(look() for _ in range(runs * 10))
    yield Row("extensions: an empty folder at start", taken, "ms", 1.0)

    for number in range(10):
        (agent / "extensions" / f"e{number}.py").write_text(SMALL.replace("{n}", str(number)))

    async def load() -> float:
        start = time.perf_counter()
        runtime = Runtime()
        await runtime.load(find_extensions(agent, cwd))
        took = (time.perf_counter() - start) * 1e3
        assert not runtime.notes
        runtime.unload()
        return took

    took = median(asyncio.run(load()) for _ in range(runs))
    yield Row("extensions: ten small ones, loaded", took, "ms", 60)


def _loading(home: Path, runs: int) -> Iterator[Row]:
    """Whole programs, with and without."""
    env, folder = environment(home), home / "agent" / "extensions"
    folder.mkdir(parents=True)
    many = home / "many"
    many.mkdir()
    for number in range(10):
        (many / f"e{number}.py").write_text(SMALL.replace("{n}", str(number)))
    prompt = [*pi_command(), "--model", "demo", "--no-session", "-nt", "-p", "hello"]
    rivals = {
        "none": cpu_of([*prompt, "-ne"], env),
        "empty": cpu_of(prompt, env),
        "ten": cpu_of([*prompt, "-e", str(many)], env),
    }
    took = in_turn(rivals, runs)
    none = took["none"]
    yield Row("pi -p with an empty folder, CPU added", took["empty"] - none, "ms")
    yield Row("pi -p with ten small extensions, CPU added", took["ten"] - none, "ms", 60)
