"""Conversations over a real process: tools, steering, abort, and sessions that take turns."""

import asyncio
import json
from pathlib import Path

from support.rpc_process import END, calls, chunk, entries_of, header_of, says, serving
from support.server import STALL, Reply, Seen


def said(seen: Seen) -> str:
    """The text of the last message of a request."""
    content = seen.json["messages"][-1]["content"]
    return content if isinstance(content, str) else content[0]["text"]


def types(events: list) -> list[str]:
    return [event["type"] for event in events]


async def test_a_turn_with_a_tool_in_the_established_order(tmp_path: Path) -> None:
    script = [calls("bash", command="echo hi"), says("It says ", "hi")]
    async with serving(tmp_path, script) as (_, pi):
        events = await pi.prompt("Run it")
        assert await pi.end() == 0
    seen = [kind for kind in types(events) if kind not in ("message_update", "queue_update")]
    assert seen == [
        "agent_start",
        "turn_start",
        *["message_start", "message_end"] * 2,
        "tool_execution_start",
        *["tool_execution_update"] * seen.count("tool_execution_update"),
        "tool_execution_end",
        "message_start",
        "message_end",
        "turn_end",
        "turn_start",
        "message_start",
        "message_end",
        "turn_end",
        "agent_end",
        "agent_settled",
    ]
    deltas = [e["assistantMessageEvent"] for e in events if e["type"] == "message_update"]
    assert "".join(d["delta"] for d in deltas if d["type"] == "text_delta") == "It says hi"
    assert all("partial" not in delta and "message" not in delta for delta in deltas)
    end = next(event for event in events if event["type"] == "tool_execution_end")
    assert end["result"]["content"][0]["text"].strip() == "hi"
    assert not end["isError"]
    assert events[-1] == {"type": "agent_settled", "aborted": False}


async def test_steering_and_follow_up_are_delivered_once_in_their_place(tmp_path: Path) -> None:
    def answer(seen: Seen) -> Reply:
        return calls("bash", command="sleep 0.3") if said(seen) == "Go" else says("ok")

    async with serving(tmp_path, answer) as (_, pi):
        first = await pi.data("prompt", message="Go")
        assert first == {"disposition": "started"}
        await pi.until("tool_execution_start")
        refused = await pi.ask("prompt", message="Now?")
        assert not refused["success"]
        assert "steer" in refused["error"]
        assert await pi.data("steer", message="Left") == {"disposition": "queued"}
        queued = await pi.data("prompt", message="Later", streamingBehavior="followUp")
        assert queued == {"disposition": "queued"}
        state = await pi.data("get_state")
        assert (state["isStreaming"], state["pendingMessageCount"]) == (True, 2)
        await pi.until("agent_settled")
        messages = (await pi.data("get_messages"))["messages"]
    roles = [(m["role"], m["content"] if m["role"] == "user" else "") for m in messages]
    assert [role for role, _ in roles] == [
        *("user", "assistant", "toolResult"),
        *("user", "assistant", "user", "assistant"),
    ]
    assert [text for role, text in roles if role == "user"] == ["Go", "Left", "Later"]
    queues = [e for e in pi.events if e["type"] == "queue_update"]
    assert [(q["steering"], q["followUp"]) for q in queues] == [
        (["Left"], []),
        (["Left"], ["Later"]),
        ([], ["Later"]),
        ([], []),
    ]


async def test_abort_ends_the_run_and_drops_what_belonged_to_it(tmp_path: Path) -> None:
    def answer(seen: Seen) -> Reply:
        return Reply([chunk({"content": "slow"}), STALL]) if said(seen) == "Go" else says("fine")

    async with serving(tmp_path, answer) as (server, pi):
        await pi.data("prompt", message="Go")
        await pi.until(lambda e: e.get("assistantMessageEvent", {}).get("type") == "text_delta")
        await pi.data("steer", message="never said")
        assert (await pi.ask("abort"))["success"]
        assert pi.events[-1] == {"type": "agent_settled", "aborted": True}
        state = await pi.data("get_state")
        assert (state["isStreaming"], state["pendingMessageCount"]) == (False, 0)
        await pi.prompt("Again")
        await server.wait_hang_up()
        messages = (await pi.data("get_messages"))["messages"]
    assert [m["role"] for m in messages] == ["user", "assistant"] * 2
    assert messages[1]["stopReason"] == "aborted"
    assert messages[1]["content"] == [{"type": "text", "text": "slow"}]
    assert "never said" not in json.dumps([seen.json for seen in server.requests])


async def test_a_prompt_and_its_abort_at_once_leave_the_prompt_on_disk(tmp_path: Path) -> None:
    async with serving(tmp_path, Reply([chunk({"content": "x"}), STALL])) as (_, pi):
        await pi.send("prompt", message="Remember me")
        await pi.ask("abort")
        state = await pi.data("get_state")
        assert pi.events[-1] == {"type": "agent_settled", "aborted": True}
        await pi.end()
    assert "Remember me" in str(entries_of(state["sessionFile"]))


async def test_compact_and_a_prompt_in_one_write_are_both_carried_out(tmp_path: Path) -> None:
    async with serving(tmp_path, says("ok")) as (_, pi):
        await pi.prompt("One")
        await pi.write(b'{"type": "compact"}\n{"type": "prompt", "message": "Two"}\n')
        await pi.until("agent_settled")
        texts = (await pi.data("get_fork_messages"))["messages"]
        assert [text["text"] for text in texts] == ["One", "Two"]
        assert (await pi.data("get_messages"))["messages"][-1]["stopReason"] == "stop"
        assert not (await pi.data("get_state"))["isStreaming"]


async def test_another_session_during_a_tool_leaves_no_call_unanswered(tmp_path: Path) -> None:
    async with serving(tmp_path, [calls("bash", command="echo begun; sleep 100")]) as (_, pi):
        await pi.data("prompt", message="Go")
        await pi.until("tool_execution_update")
        file = (await pi.data("get_state"))["sessionFile"]
        await pi.data("new_session")
        messages = [e["message"] for e in entries_of(file) if e["type"] == "message"]
        assert [message["role"] for message in messages] == ["user", "assistant", "toolResult"]
        assert messages[2]["isError"]
        assert (await pi.data("get_state"))["messageCount"] == 0


async def test_a_failure_of_the_service_is_told_in_the_message(tmp_path: Path) -> None:
    error = Reply(b'{"error": {"message": "no such thing"}}', 400)
    async with serving(tmp_path, error) as (_, pi):
        events = await pi.prompt("Go")
        assert events[-1] == {"type": "agent_settled", "aborted": False}
        last = (await pi.data("get_messages"))["messages"][-1]
        assert last["stopReason"] == "error"
        assert "no such thing" in last["errorMessage"]


async def test_sessions_take_turns_under_one_process(tmp_path: Path) -> None:
    def answer(seen: Seen) -> Reply:
        return Reply([chunk({"content": "slow"}), STALL]) if said(seen) == "Wait" else says("ok")

    async with serving(tmp_path, answer) as (_, pi):
        await pi.prompt("One")
        await pi.prompt("Two")
        first = await pi.data("get_state")
        prompts = (await pi.data("get_fork_messages"))["messages"]
        assert [p["text"] for p in prompts] == ["One", "Two"]

        assert await pi.data("fork", entryId=prompts[1]["entryId"]) == {
            "text": "Two",
            "cancelled": False,
        }
        forked = await pi.data("get_state")
        assert forked["messageCount"] == 2
        assert forked["sessionId"] != first["sessionId"]
        header = header_of(forked["sessionFile"])
        assert header["parentSession"] == first["sessionFile"]

        assert await pi.data("switch_session", sessionPath=first["sessionFile"]) == {
            "cancelled": False
        }
        assert (await pi.data("get_state"))["messageCount"] == 4

        # a run that is going on is ended and recorded before the session is left
        await pi.data("prompt", message="Wait")
        await pi.until(lambda e: e.get("assistantMessageEvent", {}).get("type") == "text_delta")
        await pi.data("new_session", parentSession=first["sessionFile"])
        assert any(e == {"type": "agent_settled", "aborted": True} for e in pi.events)
        fresh = await pi.data("get_state")
        assert (fresh["messageCount"], fresh["model"]["id"]) == (0, "m1")
        last = [e for e in entries_of(first["sessionFile"]) if e["type"] == "message"][-1]
        assert last["message"]["stopReason"] == "aborted"

        assert not (await pi.ask("clone"))["success"]
        await pi.prompt("Three")
        await pi.data("clone")
        assert (await pi.data("get_state"))["messageCount"] == 2

        for path in (tmp_path / "nothing.jsonl", tmp_path / ".pi/agent/models.json"):
            refused = await pi.ask("switch_session", sessionPath=str(path))
            assert not refused["success"]
            assert path.name in refused["error"]
        assert (await pi.data("get_state"))["messageCount"] == 2
        refused = await pi.ask("fork", entryId="nothing")
        assert not refused["success"]
        assert await pi.end() == 0


async def test_a_session_in_memory_leaves_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path, says("ok"), "--no-session") as (_, pi):
        await pi.prompt("One")
        assert "sessionFile" not in await pi.data("get_state")
        await pi.data("clone")
        assert (await pi.data("get_state"))["messageCount"] == 2
        await pi.data("new_session")
        await pi.prompt("Two")
        await pi.end()
    assert not list(tmp_path.rglob("*.jsonl"))  # noqa: ASYNC240


async def test_commands_of_the_user(tmp_path: Path) -> None:
    async with serving(tmp_path, [says("ok"), says("ok")]) as (server, pi):
        run = await pi.send("bash", command="printf 'a\\n\\033[31mb\\033[0m'; exit 3")
        record = await pi.until(lambda e: e["type"] == "response")
        assert record["id"] == run
        assert record["data"] == {
            "output": "a\nb",
            "exitCode": 3,
            "cancelled": False,
            "truncated": False,
        }
        updates = [e for e in pi.events if e["type"] == "bash_execution_update"]
        assert {e["id"] for e in updates} == {run}
        assert "".join(e["delta"] for e in updates) == "a\nb"
        await pi.data("bash", command="echo secret", excludeFromContext=True)
        await pi.prompt("Look")

        slow = await pi.send("bash", command="echo begun; sleep 30")
        await pi.until("bash_execution_update")
        second = await pi.ask("bash", command="echo too much")
        assert "already" in second["error"]
        await pi.data("get_state")
        await pi.send("abort_bash")
        ended = await pi.until(lambda e: e.get("id") == slow and e["type"] == "response")
        assert ended["data"]["cancelled"]
        assert "exitCode" not in ended["data"]
        roles = [m["role"] for m in (await pi.data("get_messages"))["messages"]]
        assert roles == [*["bashExecution"] * 2, "user", "assistant", "bashExecution"]
    told = json.dumps(server.requests[0].json)
    assert "printf" in told
    assert "secret" not in told


async def test_a_command_during_a_run_is_recorded_after_it(tmp_path: Path) -> None:
    gate = asyncio.Event()
    slow = Reply([chunk({"content": "a"}), gate.wait, END])
    async with serving(tmp_path, [slow]) as (_, pi):
        await pi.data("prompt", message="Go")
        await pi.until("message_update")
        await pi.data("bash", command="echo hi")
        messages = (await pi.data("get_messages"))["messages"]
        assert [m["role"] for m in messages] == ["user"]
        gate.set()
        await pi.until("agent_settled")
        messages = (await pi.data("get_messages"))["messages"]
        assert [m["role"] for m in messages] == ["user", "assistant", "bashExecution"]
