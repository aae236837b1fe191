"""What sessions cost: opening a large one, appending to it, going elsewhere in it, listing many.

The large session has 10,000 messages in 56 MB; its floor is msgspec decoding the same messages from
the same file, so what is above 1 is the scan, the tree and the fold. The floor of an append is the
same message encoded and written with the bare system calls; of the appends of a run, the median
counts. Nothing here waits, so wall time of this process is taken, and the best of the runs counts:
other programs on the machine can only add to it. The memory is that of a program that opens the
session. With BENCH_NODE_PI (a
version with `dist/core/session-manager.js`, such as 0.70.6) Pi for Node opens the same file.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import median

import msgspec
from bench.common import NODE, NODE_PI, PYTHON, Row, environment, in_turn, new_home, peak_mb

from pi.ai.messages import TextContent, ToolResultMessage, UserMessage
from pi.coding.session.entries import AgentMessage
from pi.coding.session.index import SessionIndex
from pi.coding.session.lines import lines
from pi.coding.session.log import SessionLog
from pi.coding.session.store import SessionStore
from pi.coding.slash.tree_rows import nodes_of, rows

MESSAGES = 10_000
LISTED = 1000
BRANCHED = 12_000
"""Messages of 3,000 turns."""
APPENDS = 500
RESULT = ToolResultMessage("call", "bash", (TextContent("some output\n" * 430),))

OPEN = """
import gc, sys, time
from pi.coding.session.log import SessionLog
gc.disable()  # as at every start of pi
start = time.perf_counter()
len(SessionLog.open(sys.argv[1]).state.messages)
print((time.perf_counter() - start) * 1000)
"""

OPEN_NODE = """
const { SessionManager } = await import(process.argv[1]);
const start = performance.now();
SessionManager.open(process.argv[2]).buildSessionContext();
console.log(performance.now() - start);
"""


class Line(msgspec.Struct):
    """The one field that the floor decodes."""

    message: AgentMessage | None = None


def run(runs: int) -> Iterator[Row]:
    """All rows of this bench."""
    with new_home() as home:
        large = home / "large.jsonl"
        write_session(large, MESSAGES)
        size = large.stat().st_size >> 20
        took = _best({"us": opening(large), "floor": decoding(large)}, runs)
        what = f"open a session, {MESSAGES:,} messages, {size} MB"
        yield Row(what, took["us"], "ms", 2.5, took["floor"], "decode its messages")
        peak = peak_mb([PYTHON, "-c", OPEN, str(large)], environment(home))
        yield Row(f"{what}, peak memory", peak, "MB", 100)
        yield from _beside_node(what, large, environment(home), runs)
        took = _best({"us": appending(home / "us"), "floor": writing(home / "floor")}, runs)
        what = "append a message of 5 KB"
        yield Row(what, took["us"], "us", 4, took["floor"], "encode, open, write, close")
        yield Row(what, took["us"], "us", 60)
        yield Row("append a prompt, with fsync", appending_prompts(home / "prompts"), "us")
        yield from _going(home / "branched.jsonl", runs)
        yield from _listing(home / "list", runs)


def _best(rivals: Mapping[str, Callable[[], float]], runs: int) -> dict[str, float]:
    return in_turn(rivals, runs, min)


def _beside_node(what: str, path: Path, env: dict[str, str], runs: int) -> Iterator[Row]:
    """The same in new processes, ours and that of Pi for Node, if it is there."""
    module = Path(NODE_PI, "dist/core/session-manager.js")
    if not NODE_PI or not module.exists():
        return
    ours = [PYTHON, "-c", OPEN, str(path)]
    node = [NODE, "--input-type=module", "-e", OPEN_NODE, module.resolve().as_uri(), str(path)]
    took = _best({"us": saying(ours, env), "node": saying(node, env)}, runs)
    yield Row(f"{what}, new process", took["us"], "ms", 0.6, took["node"], "Pi for Node")


def _going(path: Path, runs: int) -> Iterator[Row]:
    """From the end of a long session to before its middle, and back."""
    write_session(path, BRANCHED)
    log = SessionLog.open(path)
    ends = [log.tree.nodes[BRANCHED // 2 - 1].id, log.tree.nodes[-1].id]

    def go() -> None:
        for end in ends:
            log.move(end)

    log.move(ends[0])
    took = _best({"us": timed(go, 500)}, runs)["us"]
    yield Row(f"go to another branch, {BRANCHED:,} messages", took, "ms", 20)
    leaf = log.tree.nodes[BRANCHED - 1].id

    def look() -> None:
        read = nodes_of(map(msgspec.Raw, lines(log, log.tree.nodes)))
        rows(read, leaf, mode="default", folded=set())

    took = _best({"us": timed(look), "floor": decoding(path)}, runs)
    what = f"rows of /tree, {BRANCHED:,} messages"
    yield Row(what, took["us"], "ms", 2.5, took["floor"], "decode its messages")


def _listing(root: Path, runs: int) -> Iterator[Row]:
    index = root / "cache" / "sessions.json"
    store = SessionStore(root, "/project", index=SessionIndex(index))
    store.folder.mkdir(parents=True)
    files = [store.folder / f"{number}.jsonl" for number in range(LISTED)]
    for path in files:
        write_session(path, 20)
    size = sum(path.stat().st_size for path in files) >> 20
    plain = SessionStore(root, "/project")

    def first() -> None:
        SessionStore(root, "/project").sessions()

    took = _best({"us": timed(first), "floor": timed(lambda: reading(files))}, runs)
    what = f"list {LISTED:,} sessions, {size} MB"
    yield Row(f"{what}, first time", took["us"], "ms", 5, took["floor"], "read their lines")
    store.sessions()

    def again() -> None:
        SessionStore(root, "/project", index=SessionIndex(index)).sessions()

    took = _best({"us": timed(again), "floor": timed(lambda: looking(files))}, runs)
    yield Row(f"{what}, in a new process", took["us"], "ms", 50)
    yield Row(f"{what}, in a new process", took["us"], "ms", 5, took["floor"], "stat them")
    yield Row("most recent of them", _best({"us": timed(plain.most_recent)}, runs)["us"], "ms")


def write_session(path: Path, messages: int) -> None:
    """A session with a tool call in every second answer, as they grow in use."""
    now = time.time_ns() // 1_000_000
    usage = dict.fromkeys(("input", "output", "cacheRead", "cacheWrite", "totalTokens"), 1)
    cost = dict.fromkeys(("input", "output", "cacheRead", "cacheWrite", "total"), 0.1)
    text = 'def f(x):\n    return "é", x  # some code\n'
    answer = {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": text * 20, "thinkingSignature": "s" * 300},
            {"type": "text", "text": text * 40},
            {"type": "toolCall", "id": "c", "name": "bash", "arguments": {"command": text * 5}},
        ],
        "api": "a",
        "provider": "p",
        "model": "m",
        "usage": usage | {"cost": cost},
        "stopReason": "toolUse",
        "timestamp": now,
    }
    blocks = [{"type": "text", "text": text * 310}]
    result = {"role": "toolResult", "toolCallId": "c", "toolName": "bash", "content": blocks}
    said = [
        {"role": "user", "content": text * 10, "timestamp": now},
        answer,
        result | {"isError": False, "timestamp": now},
        answer | {"stopReason": "stop"},
    ]
    moment = "2025-01-31T12:00:00.000Z"
    header = {"type": "session", "version": 3, "id": path.stem, "timestamp": moment}
    with path.open("wb") as file:
        file.write(_line(header | {"cwd": "/project"}))
        for number in range(messages):
            place = {"id": f"{number:08x}", "parentId": f"{number - 1:08x}" if number else None}
            entry = {"type": "message"} | place | {"timestamp": moment}
            file.write(_line(entry | {"message": said[number % 4]}))


def _line(data: object) -> bytes:
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def timed(work: Callable[[], object], scale: float = 1e3) -> Callable[[], float]:
    """A rival for `in_turn`: how long `work` takes, in ms unless scaled."""

    def measure() -> float:
        start = time.perf_counter()
        work()
        return (time.perf_counter() - start) * scale

    return measure


def saying(argv: list[str], env: dict[str, str]) -> Callable[[], float]:
    """A rival for `in_turn`: the number that a program prints."""

    def measure() -> float:
        return float(subprocess.run(argv, env=env, check=True, capture_output=True).stdout)

    return measure


def opening(path: Path) -> Callable[[], float]:
    """Opening the session and asking for what the model is told."""
    return timed(lambda: SessionLog.open(path).state.messages)


def decoding(path: Path) -> Callable[[], float]:
    """The floor of opening."""
    decode = msgspec.json.Decoder(Line).decode

    def work() -> list[Line]:
        with path.open("rb", buffering=1 << 20) as file:
            return [decode(line) for line in file]

    return timed(work)


def appending(folder: Path) -> Callable[[], float]:
    """Microseconds for each append."""
    log = SessionLog.create(folder, "/project")
    log.append_message(UserMessage("begin"))
    return median_of(lambda: log.append_message(RESULT))


def writing(folder: Path) -> Callable[[], float]:
    """The floor of appending."""
    folder.mkdir()
    path = folder / "floor.jsonl"

    def work() -> None:
        data = msgspec.json.encode(RESULT) + b"\n"
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(handle, data)
        os.close(handle)

    return median_of(work)


def median_of(work: Callable[[], object]) -> Callable[[], float]:
    """A rival for `in_turn`: the median of many times that `work` takes, in us."""

    def measure() -> float:
        once = timed(work, 1e6)
        return median(once() for _ in range(APPENDS))

    return measure


def appending_prompts(folder: Path) -> float:
    """Microseconds for each prompt, which is on the disk before the request is sent."""
    log = SessionLog.create(folder, "/project")
    log.append_message(UserMessage("begin"))
    start = time.perf_counter()
    for _ in range(20):
        log.append_message(UserMessage("x" * 500))
    return (time.perf_counter() - start) * 1e6 / 20


def looking(files: list[Path]) -> int:
    """The floor of listing what is remembered."""
    return sum(path.stat().st_size for path in files)


def reading(files: list[Path]) -> int:
    """The floor of listing."""
    count = 0
    for path in files:
        with path.open("rb", buffering=1 << 18) as file:
            for _ in file:
                count += 1
    return count
