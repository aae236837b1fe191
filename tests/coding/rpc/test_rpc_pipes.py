"""The pipes of a real process: framing, big lines, ends of all kinds, a reader that stalls."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from support.rpc_process import Rpc, calls, check, chunk, entries_of, says, serving
from support.server import STALL, Reply

linux = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")


async def test_lines_end_at_lf_only(tmp_path: Path) -> None:
    separators = "\u2028 and \u2029 and \x85 and \x0b"
    async with serving(tmp_path, says(separators)) as (_, pi):
        line = json.dumps({"type": "prompt", "message": separators}, ensure_ascii=False)
        await pi.write(b"\r\n  \n" + line.encode() + b"\r\n")
        await pi.until("agent_settled")
        messages = (await pi.data("get_messages"))["messages"]
    assert messages[0]["content"] == separators
    assert messages[1]["content"][0]["text"] == separators


async def test_a_line_of_megabytes(tmp_path: Path) -> None:
    picture = {"type": "image", "data": "x" * 8_000_000, "mimeType": "image/png"}
    async with serving(tmp_path, says("ok")) as (_, pi):
        await pi.prompt("Look", images=[picture])
        messages = (await pi.data("get_messages"))["messages"]
        assert messages[0]["content"][1] == picture


async def test_half_a_surrogate_pair_is_taken(tmp_path: Path) -> None:
    async with serving(tmp_path, says("ok")) as (_, pi):
        await pi.write(b'{"type": "prompt", "message": "\\ud83d and \\ud83d\\ude00"}\n')
        await pi.until("agent_settled")
        messages = (await pi.data("get_messages"))["messages"]
        assert messages[0]["content"] == "? and \U0001f600"


async def test_the_end_of_the_input_answers_what_was_asked_and_ends(tmp_path: Path) -> None:
    async with Rpc(tmp_path) as pi:
        await pi.write(b'{"id": 1, "type": "get_state"}\n{"id": 2, "type": "get_commands"}')
        pi.process.stdin.close()  # type: ignore[union-attr]
        out, _ = await asyncio.wait_for(pi.process.communicate(), 10)
        assert [json.loads(line)["id"] for line in out.splitlines()] == [1, 2]
        assert pi.process.returncode == 0


@pytest.mark.parametrize("how", ["eof", "sigterm", "closed output"])
async def test_an_end_in_the_middle_aborts_and_records(tmp_path: Path, how: str) -> None:
    marker = tmp_path / "still-running"
    slow = calls("bash", command=f"echo begun; sleep 2; touch {marker}")
    async with serving(tmp_path, [slow]) as (_, pi):
        await pi.data("prompt", message="Go")
        await pi.until("tool_execution_update")
        file = Path((await pi.data("get_state"))["sessionFile"])
        if how == "eof":
            code = await pi.end()
        elif how == "sigterm":
            pi.process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(pi.process.communicate(), 10)
            code = pi.process.returncode
        else:
            pi.process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]
            code = await asyncio.wait_for(pi.process.wait(), 10)
        assert code == {"eof": 0, "sigterm": 143, "closed output": 141}[how]
    entries = entries_of(file)
    roles = [e["message"]["role"] for e in entries if e["type"] == "message"]
    assert roles == ["user", "assistant", "toolResult"]
    assert entries[-1]["message"]["isError"]
    assert not marker.exists()


async def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    stubborn = "trap '' TERM; echo begun; sleep 30 & wait; sleep 30"
    async with serving(tmp_path, [calls("bash", command=stubborn)]) as (_, pi):
        await pi.data("prompt", message="Go")
        await pi.until("tool_execution_update")
        pi.process.send_signal(signal.SIGTERM)
        pi.process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(pi.process.communicate(), 5)
        assert pi.process.returncode == 143


def resident(pid: int) -> int:
    """Megabytes of memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1_000_000


def deltas(event: dict[str, Any]) -> int:
    """Characters of text that an event brings."""
    inner = event.get("assistantMessageEvent", {})
    return len(inner["delta"]) if inner.get("type") == "text_delta" else 0


@linux
async def test_a_reader_that_stalls_costs_no_memory_and_loses_nothing(tmp_path: Path) -> None:
    piece = "y" * 100_000
    sent = 0

    async def count() -> None:
        nonlocal sent
        sent += 1

    pieces = [part for _ in range(300) for part in (chunk({"content": piece}), count)]
    async with serving(tmp_path, Reply([*pieces, STALL])) as (_, pi):
        await pi.data("prompt", message="Go")
        transport = pi.process._transport.get_pipe_transport(1)  # type: ignore[attr-defined]
        transport.pause_reading()
        before = sent
        while True:  # until nothing moves any more
            await asyncio.sleep(0.2)
            if sent == before:
                break
            before = sent
        stalled = resident(pi.process.pid)
        assert sent < 150, "the whole answer was taken in although nobody reads"
        assert stalled < 120
        transport.resume_reading()
        got = sum(deltas(event) for event in pi.events)
        while got < 300 * len(piece):
            record = await pi.read()
            assert record["type"] != "agent_end"
            got += deltas(record)
        assert got == 300 * len(piece)
        assert sent == 300
        assert (await pi.ask("abort"))["success"]


@linux
async def test_a_signal_is_heard_while_a_reader_stalls(tmp_path: Path) -> None:
    script = Reply([chunk({"content": "z" * 50_000})] * 200 + [STALL])
    async with serving(tmp_path, script) as (_, pi):
        await pi.data("prompt", message="Go")
        transport = pi.process._transport.get_pipe_transport(1)  # type: ignore[attr-defined]
        transport.pause_reading()
        await asyncio.sleep(0.4)
        pi.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            while pi.process.returncode is None:  # noqa: ASYNC110 (wait() waits for our reading)
                await asyncio.sleep(0.05)
        transport.resume_reading()
        assert pi.process.returncode == 143


async def test_json_mode_keeps_to_the_schema_and_ends_with_settled(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pi.coding.cli.main", "--mode", "json", "--model", "demo", "Show"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        cwd=project,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )
    out, _ = await process.communicate()
    header, *events = [json.loads(line) for line in out.splitlines()]
    assert (header["type"], header["version"]) == ("session", 3)
    for event in events:
        check(event)
    assert events[-1] == {"type": "agent_settled", "aborted": False}
