"""The screen: how soon there is an editor, how quickly a key is answered, what waiting costs.

`pi` runs in a terminal of its own. A key is answered when its character has come back in a frame.
The first paint has the import of prompt_toolkit as its floor, in turn with it; what a person would
notice (30 ms for a key, a second for a long session) has goals in its own unit.
"""

import fcntl
import json
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.common import PYTHON, Row, environment, in_turn, new_home, pi_command
from bench.provider import provider

TURNS = 3000
KEYS = 300
IDLE = 8.0
FRAME_END = b"\x1b[?2026l"
PATIENCE = 30.0


def run(runs: int) -> Iterator[Row]:
    """All rows of this bench."""
    with new_home() as home:
        cwd = home / "project"
        cwd.mkdir()
        env = environment(home) | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        yield from _first_paint(env, cwd, runs)
        yield _idle(env, cwd)
    with new_home() as home, provider() as url:
        cwd = home / "project"
        cwd.mkdir()
        env = environment(home) | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        session = home / "long.jsonl"
        write_turns(session, cwd)
        _configure(home / "agent", f"{url}/openai/text/4000/5")  # a token every 5 ms
        yield from _long_session(env, cwd, session, runs)


def _first_paint(env: dict[str, str], cwd: Path, runs: int) -> Iterator[Row]:
    def library() -> float:
        start = time.perf_counter()
        subprocess.run([PYTHON, "-c", "import prompt_toolkit"], env=env, cwd=cwd, check=True)
        return (time.perf_counter() - start) * 1e3

    def paint() -> float:
        with _terminal(["--model", "demo"], env, cwd) as screen:
            screen.until(FRAME_END)
            return (time.perf_counter() - screen.started) * 1e3

    def typed() -> float:
        with _terminal(["--model", "demo"], env, cwd) as screen:
            screen.until(FRAME_END)
            screen.press(b"#")
            screen.until(b"#")
            return (time.perf_counter() - screen.started) * 1e3

    took = in_turn({"us": paint, "key": typed, "floor": library}, runs)
    floor = took["floor"], "import prompt_toolkit"
    yield Row("pi, start to the first paint, wall", took["us"], "ms", 1.5, *floor)
    yield Row("pi, start to the first key answered, wall", took["key"], "ms", 2.5, *floor)


def _idle(env: dict[str, str], cwd: Path) -> Row:
    with _terminal(["--model", "demo"], env, cwd) as screen:
        screen.until(b"demo")
        screen.drain(2.0)
        before = _cpu(screen.pid)
        screen.drain(IDLE)
        return Row("pi, doing nothing, CPU", (_cpu(screen.pid) - before) / IDLE * 100, "%", 0.5)


def _long_session(env: dict[str, str], cwd: Path, session: Path, runs: int) -> Iterator[Row]:
    args = ["--session", str(session), "--provider", "bench", "--model", "m"]

    def ready() -> float:
        with _terminal(args, env, cwd) as screen:
            screen.until(b"earlier messages")
            screen.press(b"#")
            screen.until(b"#")
            return (time.perf_counter() - screen.started) * 1e3

    what = f"resume {TURNS:,} turns"
    size = session.stat().st_size >> 20
    took = in_turn({"us": ready}, runs)["us"]
    yield Row(f"{what}, {size} MB, start to an editor in it", took, "ms", 1000)
    with _terminal(args, env, cwd) as screen:
        screen.until(b"earlier messages")
        screen.drain(1.0)
        yield Row(f"{what}, resident memory", _memory(screen.pid), "MB", 120)
        screen.press(b"go\r")
        screen.until(b"word5")
        before, began = _cpu(screen.pid), time.perf_counter()
        echoes = sorted(screen.echo(number) for number in range(KEYS))
        busy = (_cpu(screen.pid) - before) / (time.perf_counter() - began) * 100
        at = "200 tokens/s in it"
        yield Row(f"a key while {at}, median", statistics.median(echoes), "ms")
        yield Row(f"a key while {at}, 99 of 100", echoes[int(KEYS * 0.99)], "ms", 30)
        yield Row(f"CPU while {at}, with keys", busy, "%")


class _Screen:
    """`pi` in a terminal. `started`: when it was, in seconds of the performance counter."""

    def __init__(self, pid: int, master: int) -> None:
        self.pid = pid
        self.started = time.perf_counter()
        self._master = master
        self._seen = bytearray()

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self._master, keys)

    def until(self, wanted: bytes) -> None:
        """Wait until that was sent, from here on."""
        deadline = time.perf_counter() + PATIENCE
        while wanted not in self._seen:
            if time.perf_counter() > deadline:
                raise RuntimeError(f"never seen: {wanted!r} in {bytes(self._seen[-2000:])!r}")
            self._read(0.5)
        self._seen.clear()

    def drain(self, seconds: float) -> None:
        """Read for a while what comes."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self._read(left)
        self._seen.clear()

    def echo(self, number: int) -> float:
        """Milliseconds from a key to its character."""
        if number % 50 == 0:
            self.press(b"\x15")  # a new line
            self.drain(0.3)
        self.drain(0.01)
        start = time.perf_counter()
        self.press(b"\xc3\xa4")
        self.until(b"\xc3\xa4")
        return (time.perf_counter() - start) * 1e3

    def _read(self, patience: float) -> None:
        if select.select([self._master], [], [], patience)[0]:
            self._seen += os.read(self._master, 1 << 16)


@contextmanager
def _terminal(args: list[str], env: dict[str, str], cwd: Path) -> Iterator[_Screen]:
    master, slave = pty.openpty()
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    process = subprocess.Popen(
        [*pi_command(), *args],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=env,
        cwd=cwd,
        start_new_session=True,
    )
    os.close(slave)
    try:
        yield _Screen(process.pid, master)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        os.close(master)


def write_turns(path: Path, cwd: Path) -> None:
    """A session in which every other turn reads a file: about 9 KB a turn."""
    usage = dict.fromkeys(("input", "output", "cacheRead", "cacheWrite", "totalTokens"), 1)
    usage |= {"cost": dict.fromkeys(("input", "output", "cacheRead", "cacheWrite", "total"), 0.1)}
    fixed = {"role": "assistant", "api": "openai-completions", "provider": "bench", "model": "m"}
    fixed |= {"usage": usage, "timestamp": 1}
    prose = "Some *words* about `code`, and why it is so.\n\n" * 30
    output = [{"type": "text", "text": "a line of some file\n" * 300}]
    said: list[Mapping[str, object]] = []
    for turn in range(TURNS):
        said.append({"role": "user", "content": f"question {turn}", "timestamp": 1})
        if turn % 2:
            call = {"type": "toolCall", "id": f"c{turn}", "name": "read"}
            call |= {"arguments": {"path": f"file{turn}.py"}}
            said.append(fixed | {"content": [call], "stopReason": "toolUse"})
            result = {"role": "toolResult", "toolCallId": f"c{turn}", "toolName": "read"}
            said.append(result | {"content": output, "isError": False, "timestamp": 1})
        said.append(fixed | {"content": [{"type": "text", "text": prose}], "stopReason": "stop"})
    moment = "2025-01-31T12:00:00.000Z"
    header = {"type": "session", "version": 3, "id": path.stem, "timestamp": moment}
    with path.open("w") as file:
        file.write(json.dumps(header | {"cwd": str(cwd)}) + "\n")
        for number, message in enumerate(said):
            place = {"id": f"{number:08x}", "parentId": f"{number - 1:08x}" if number else None}
            entry = {"type": "message"} | place | {"timestamp": moment, "message": message}
            file.write(json.dumps(entry, separators=(",", ":")) + "\n")


def _configure(agent: Path, url: str) -> None:
    """A model whose window holds the session, so that nothing is summarised."""
    agent.mkdir(exist_ok=True)
    provider = {
        "baseUrl": f"{url}/v1",
        "api": "openai-completions",
        "apiKey": "test-key",
        "models": [{"id": "m", "contextWindow": 100_000_000}],
    }
    (agent / "models.json").write_text(json.dumps({"providers": {"bench": provider}}))


def _cpu(pid: int) -> float:
    """Seconds of user and system time so far."""
    if sys.platform == "linux":
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    shown = subprocess.check_output(["ps", "-o", "time=", "-p", str(pid)], text=True).strip()
    parts = [float(part) for part in shown.replace("-", ":").split(":")]
    return sum(part * 60**power for power, part in enumerate(reversed(parts)))


def _memory(pid: int) -> float:
    """Resident memory in MB."""
    shown = subprocess.check_output(["ps", "-o", "rss=", "-p", str(pid)], text=True)
    return int(shown) / 1024
