"""What all benches share: run a program and read its bill, run rivals in turn, one row per result.

Every number is a median unless a bench says otherwise, and every floor is measured in the same run
as the value beside it, the two taking turns, so that a busy machine slows both. CPU time is user
plus system of the process, from the kernel; wall time is only used where waiting is the point.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))  # support.server, the loopback server of the tests

PYTHON = sys.executable
NODE_PI = os.environ.get("BENCH_NODE_PI", "")
"""A folder of the npm package `pi-coding-agent`, to be measured beside us; empty: left out."""

NODE = os.environ.get("BENCH_NODE", "node")
"""The Node that runs it; it needs 22 or newer."""


class Row(NamedTuple):
    """A result. With a floor the goal is a ratio to it, without one it is in the row's own unit.

    The value must not exceed the goal; a goal of None is for information only.
    """

    what: str
    value: float
    unit: str
    goal: float | None = None
    floor: float | None = None
    floor_name: str = ""

    @property
    def ratio(self) -> float | None:
        """Value by floor."""
        return self.value / self.floor if self.floor else None

    @property
    def ok(self) -> bool | None:
        """Whether the goal is met; None if there is none."""
        if self.goal is None:
            return None
        return (self.value if self.ratio is None else self.ratio) <= self.goal


class Bill(NamedTuple):
    """What a process has cost. Its output is thrown away; `status` is the exit status."""

    cpu_ms: float
    wall_ms: float
    status: int


def pi_command() -> list[str]:
    """The command `pi` of the interpreter that runs the bench."""
    launcher = Path(sys.prefix, "bin", "pi")
    if launcher.exists():
        return [PYTHON, str(launcher)]
    return [PYTHON, "-c", "import sys; from pi.coding.cli.main import main; sys.exit(main())"]


def node_pi_command() -> list[str] | None:
    """The program for Node, if there is one to compare with."""
    scripts = [Path(NODE_PI, "dist", name) for name in ("bundle/cli.js", "cli.js")]
    found = [str(script) for script in scripts if NODE_PI and script.exists()]
    return [NODE, found[0]] if found else None


def environment(home: Path) -> dict[str, str]:
    """An environment with an empty home and no key, proxy or Python setting in it."""
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "PI_CODING_AGENT_DIR": str(home / "agent"),
        "PI_OFFLINE": "1",
    }


def bill(argv: Sequence[str], env: Mapping[str, str], cwd: Path | None = None) -> Bill:
    """Run a program to its end, with nothing on standard input."""
    null = os.open(os.devnull, os.O_RDWR)
    before = Path.cwd()
    try:
        if cwd is not None:
            os.chdir(cwd)
        start = time.perf_counter()
        actions = [(os.POSIX_SPAWN_DUP2, null, number) for number in (0, 1, 2)]
        pid = os.posix_spawnp(argv[0], argv, env, file_actions=actions)
        _, status, usage = os.wait4(pid, 0)
        wall = time.perf_counter() - start
    finally:
        os.chdir(before)
        os.close(null)
    cpu = usage.ru_utime + usage.ru_stime
    return Bill(cpu * 1e3, wall * 1e3, os.waitstatus_to_exitcode(status))


_PEAK = """
import os, sys
null = os.open(os.devnull, os.O_RDWR)
actions = [(os.POSIX_SPAWN_DUP2, null, number) for number in (0, 1, 2)]
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=actions)
print(os.wait4(pid, 0)[2].ru_maxrss)
"""


def peak_mb(argv: Sequence[str], env: Mapping[str, str], cwd: Path | None = None) -> float:
    """Peak resident memory of a program in MB.

    A process inherits the peak of the one that starts it (Linux counts from before `exec`), so it
    is started by an interpreter that has imported nothing.
    """
    small = [PYTHON, "-I", "-S", "-c", _PEAK, *argv]
    done = subprocess.run(small, env=env, cwd=cwd, stdout=subprocess.PIPE, check=True)
    return int(done.stdout) / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def in_turn(
    rivals: Mapping[str, Callable[[], float]],
    runs: int,
    pick: Callable[[list[float]], float] = statistics.median,
) -> dict[str, float]:
    """What `pick` makes of the runs of each rival, after one round that does not count."""
    taken: dict[str, list[float]] = {name: [] for name in rivals}
    for number in range(runs + 1):
        for name, rival in rivals.items():
            value = rival()
            if number:
                taken[name].append(value)
    return {name: pick(values) for name, values in taken.items()}


def cpu_of(argv: Sequence[str], env: Mapping[str, str]) -> Callable[[], float]:
    """A rival for `in_turn`: CPU of a program in ms. A program that fails stops the bench."""

    def run() -> float:
        result = bill(argv, env)
        if result.status:
            raise RuntimeError(f"exit status {result.status}: {' '.join(argv)}")
        return result.cpu_ms

    return run


@contextmanager
def new_home() -> Iterator[Path]:
    """An empty folder that is gone afterwards."""
    with TemporaryDirectory(prefix="pi-bench-") as folder:
        yield Path(folder)
