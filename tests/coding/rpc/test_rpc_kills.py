"""A program that is ended at any point loses no work: the session opens, and goes on.

Each point is reached for sure (the request has come, the tool has begun), then the signal is sent.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from pi.coding.session.log import SessionLog
from support.replies import Script
from support.rpc_process import Record, Rpc, calls, chunk, entries_of, says, serving
from support.server import STALL, Reply, Seen

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")

SIGNALS = ["SIGKILL", "SIGTERM", "SIGHUP"]
BIG = "".join(f"line {number}\n" for number in range(200_000))


def said(seen: Seen) -> str:
    content = seen.json["messages"][-1]["content"]
    return content if isinstance(content, str) else content[0]["text"]


def script(point: str) -> Script:
    """A service that answers the first prompt, and stands still at the point in the second."""

    def answer(seen: Seen) -> Reply:
        if "the second prompt" not in said(seen):
            if "<transcript>" in said(seen):
                return Reply([STALL])
            return says("An answer to remember.")
        if point == "first token":
            return Reply([STALL])
        if point == "stream":
            return Reply([chunk({"content": "Half of an "}), STALL])
        if point == "tool":
            return calls("bash", command="echo $$ > pid; echo begun; sleep 100")
        return calls("edit", path="big.txt", edits=[{"oldText": "line 7\n", "newText": "seven\n"}])

    return answer


async def reach(point: str, pi: Rpc, server: Any, project: Path) -> None:
    """Have the program stand at that point."""
    asked = len(server.requests)
    if point == "compaction":
        await pi.send("compact")
        await pi.until("compaction_start")
    else:
        await pi.data("prompt", message="This is the second prompt.")
    if point in ("first token", "compaction"):
        while len(server.requests) == asked:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    elif point == "stream":
        await pi.until(lambda r: "Half of" in str(r.get("assistantMessageEvent", "")))
    elif point == "tool":
        await pi.until(lambda r: "begun" in str(r.get("partialResult", "")))
    else:
        await pi.until("tool_execution_start")


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


async def is_over(pid: int) -> None:
    async with asyncio.timeout(10):
        while is_running(pid):  # noqa: ASYNC110 (no child of ours)
            await asyncio.sleep(0.005)


def said_by_users(path: str) -> list[Any]:
    entries: list[Record] = entries_of(path)
    messages = [entry["message"] for entry in entries if entry["type"] == "message"]
    return [message["content"] for message in messages if message["role"] == "user"]


@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("point", ["first token", "stream", "tool", "edit", "compaction"])
async def test_a_killed_program_loses_no_work(tmp_path: Path, point: str, name: str) -> None:
    settings = tmp_path / ".pi" / "agent" / "settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text('{"compaction": {"keepRecentTokens": 1, "reserveTokens": 1000}}')
    project = tmp_path / "project"
    project.mkdir()
    (project / "big.txt").write_text(BIG)
    async with serving(tmp_path, script(point)) as (server, pi):
        await pi.prompt("This is the first prompt.")
        path = (await pi.data("get_state"))["sessionFile"]
        await reach(point, pi, server, project)
        pi.process.send_signal(getattr(signal, name))
        await asyncio.wait_for(pi.process.communicate(), 10)
        number = int(getattr(signal, name))
        assert pi.process.returncode == (-9 if name == "SIGKILL" else 128 + number)

        prompts = ["This is the first prompt."]
        prompts += ["This is the second prompt."] if point != "compaction" else []
        assert said_by_users(path) == prompts
        log = SessionLog.open(path)
        assert not any("read in part" in note for note in log.notes)
        assert (project / "big.txt").read_text() in (BIG, BIG.replace("line 7\n", "seven\n", 1))
        left = [item.name for item in project.iterdir()]
        assert sorted(left) == sorted({"big.txt"} | ({"pid"} if point == "tool" else set()))
        if point == "tool":
            shell = int((project / "pid").read_text())
            if name == "SIGKILL":  # somebody else ends it, a moment later
                await is_over(shell)
            assert not is_running(shell)
        async with Rpc(tmp_path, ("--session", path)) as again:
            events = await again.prompt("Go on.")
            assert "An answer to remember." in str(events)
            assert said_by_users(path) == [*prompts, "Go on."]


async def test_two_programs_in_one_session_lose_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path, lambda seen: says(f"Re: {said(seen)}")) as (_, one):
        await one.prompt("begun")
        path = (await one.data("get_state"))["sessionFile"]
        async with Rpc(tmp_path, ("--session", path)) as other:
            await other.data("get_state")  # it has read the session
            for number in range(3):
                await asyncio.gather(one.prompt(f"one {number}"), other.prompt(f"other {number}"))
            mine = [m["content"] for m in await user_messages(one)]
            theirs = [m["content"] for m in await user_messages(other)]
            assert await one.end() == 0
            assert await other.end() == 0
    assert mine == ["begun", "one 0", "one 1", "one 2"]
    assert theirs == ["begun", "other 0", "other 1", "other 2"]
    assert sorted(said_by_users(path)) == sorted({*mine, *theirs})
    log = SessionLog.open(path)
    assert [note for note in log.notes if "read" in note] == []


async def user_messages(pi: Rpc) -> list[Record]:
    messages = (await pi.data("get_messages"))["messages"]
    return [message for message in messages if message["role"] == "user"]
