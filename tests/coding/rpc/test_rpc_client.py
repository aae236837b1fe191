"""`pi.rpc.Client` with real processes: typed answers, events, dialogs, and ends of all kinds."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import pi
from pi.agent.events import ToolExecutionEnd
from pi.coding.api import commands as c
from pi.coding.api.events import AgentSettled, SessionInfoChanged
from pi.coding.api.ui import NoUser
from pi.rpc import RpcError, UnknownEvent
from support.rpc_process import chunk, says, use_service
from support.server import STALL, BlockingServer, Reply, Server


@pytest.fixture
def place(tmp_path: Path) -> dict[str, Any]:
    """Where a process runs."""
    (tmp_path / "project").mkdir()
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    return {"cwd": tmp_path / "project", "env": env}


@asynccontextmanager
async def serving_client(
    script: Any, home: Path, place: dict[str, Any]
) -> AsyncIterator[pi.rpc.Client]:
    """A scripted service and a client whose process talks to it."""
    async with (
        Server(script) as server,
        pi.rpc.Client(use_service(home, server.url), **place) as client,
    ):
        yield client


async def test_a_conversation_with_tools(place: dict[str, Any]) -> None:
    async with pi.rpc.Client(["--model", "demo"], **place) as client:
        assert "running" in repr(client)
        tools: list[str] = []
        async for event in client.stream("Show me"):
            if isinstance(event, ToolExecutionEnd):
                tools.append(event.tool_name)
        assert tools == ["bash", "bash", "write", "bash", "edit", "bash"]
        assert event == AgentSettled(False)
        state = await client.state()
        assert (state.model.id, state.message_count) == ("demo", 14)
        assert (await client.stats()).tool_calls == 6
        assert len(await client.messages()) == 14
        entries = await client.entries()
        assert entries == [*entries[:3], *await client.entries(entries[2]["id"])]
        assert (await client.last_text() or "").startswith("Done")
        assert (await client.export("page.html")).exists()
        heard: list[Any] = []
        stop = client.subscribe(heard.append)
        await client.send(c.SetName("A talk"))
        stop()
        assert heard == [SessionInfoChanged("A talk")]
        output: list[str] = []
        assert (await client.bash("echo hi", listen=output.append)).output == "hi"
        assert output == ["hi\n"]
        with pytest.raises(RpcError, match="nobody"):
            await client.set_model("nobody", "nothing")
        assert await client.aclose() == 0
        with pytest.raises(pi.TransportError):
            await client.state()


async def test_steering_abort_and_failures(tmp_path: Path, place: dict[str, Any]) -> None:
    replies = [
        Reply([chunk({"content": "slow"}), STALL]),
        Reply(b'{"error": {"message": "bad key"}}', 401),
        says("fine"),
    ]
    async with serving_client(replies, tmp_path, place) as client:
        prompting = asyncio.ensure_future(client.prompt("Go"))
        await asyncio.wait_for(_first_text(client), 5)
        await client.steer("x")
        await client.follow_up("y")
        assert (await client.state()).pending_message_count == 2
        queued = await client.clear_queue()
        assert (queued.steering, queued.follow_up) == (("x",), ("y",))
        await client.abort()
        with pytest.raises(pi.AbortedError):
            await prompting
        assert (await client.messages())[-1]["stopReason"] == "aborted"
        with pytest.raises(pi.AuthError, match="bad key"):
            await client.prompt("Go")
        answer = await client.prompt("Go")
        assert answer is not None
        assert answer.text == "fine"


async def _first_text(client: pi.rpc.Client) -> None:
    seen = asyncio.Event()
    stop = client.subscribe(lambda event: "TextDelta" in repr(event) and seen.set())
    await seen.wait()
    stop()


async def test_a_process_that_cannot_begin_says_why(place: dict[str, Any]) -> None:
    with pytest.raises(pi.TransportError, match="unknown model 'no-such'"):
        async with pi.rpc.Client(["--model", "no-such"], **place):
            pass
    with pytest.raises(pi.TransportError, match="cannot be started"):
        async with pi.rpc.Client(command=["/no/such/program"], **place):
            pass


async def test_a_process_that_dies_leaves_nobody_waiting(
    tmp_path: Path, place: dict[str, Any]
) -> None:
    async with serving_client(
        Reply([chunk({"content": "slow"}), STALL]), tmp_path, place
    ) as client:
        prompting = asyncio.ensure_future(client.prompt("Go"))
        bash = asyncio.ensure_future(client.bash("sleep 30"))
        await asyncio.wait_for(_first_text(client), 5)
        client._process._process.kill()  # type: ignore[union-attr]
        for task in (prompting, bash):
            with pytest.raises(pi.TransportError, match="ended with code -9"):
                await asyncio.wait_for(task, 5)


FAKE = """
import json, sys
def say(**record):
    print(json.dumps(record), flush=True)
print("a stray line")
for line in sys.stdin:
    command = json.loads(line)
    if command["type"] == "extension_ui_response":
        say(type="answered", **{k: v for k, v in command.items() if k not in ("type", "id")})
        continue
    if command["type"] == "get_state":
        say(type="response", id="another", command="get_state", success=True)
        cost = dict.fromkeys(("input", "output", "cacheRead", "cacheWrite"), 0)
        model = dict.fromkeys(("id", "name", "api", "provider", "baseUrl"), "m")
        model.update(reasoning=False, input=[], contextWindow=1, maxTokens=1, cost=cost, later=1)
        data = {"model": model, "thinkingLevel": "off", "sessionId": "s", "newField": 1}
        data.update(dict.fromkeys(("isStreaming", "isCompacting", "autoCompactionEnabled"), False))
        data.update(dict.fromkeys(("messageCount", "pendingMessageCount"), 0))
        data.update(dict.fromkeys(("steeringMode", "followUpMode"), "all"))
        say(type="response", id=command["id"], command="get_state", success=True, data=data)
    elif command["type"] == "get_tree":
        deep = "[" * 5000 + "]" * 5000
        line = '{"id":"%s","type":"response","success":true,"data":%s}'
        print(line % (command["id"], deep), flush=True)
    else:
        ask = {"type": "extension_ui_request", "id": "1"}
        say(**ask, method="select", title="t", options=["a", "b"])
        say(**ask, method="confirm", title="t", message="m")
        say(**ask, method="input", title="t")
        say(**ask, method="editor", title="t", prefill="p")
        say(**ask, method="notify", message="n", notifyType="info")
        say(**ask, method="unheard_of")
        say(type="brand_new", x=1)
        say(type="response", id=command["id"], command="abort", success=True)
"""


class Person(NoUser):
    """Answers dialogs."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def select(self, title: str, options: Any, *, timeout: float | None = None) -> str | None:
        return options[1]

    async def confirm(self, title: str, message: str, *, timeout: float | None = None) -> bool:
        return True

    async def editor(self, title: str, *, prefill: str = "") -> str | None:
        return prefill + "!"

    def notify(self, message: str, level: Any = "info") -> None:
        self.told.append(message)


async def test_dialogs_new_things_and_stray_lines(tmp_path: Path, place: dict[str, Any]) -> None:
    fake = tmp_path / "fake.py"
    fake.write_text(FAKE)
    person = Person()
    async with pi.rpc.Client(command=[sys.executable, str(fake)], ui=person, **place) as client:
        assert (await client.state()).session_id == "s"
        heard: list[Any] = []
        client.subscribe(heard.append)
        await client.abort()
        async with asyncio.timeout(5):
            while len(heard) < 5:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert UnknownEvent("brand_new", {"type": "brand_new", "x": 1}) in heard
        answers = [e.data for e in heard if e.type == "answered"]
        assert answers == [
            {"type": "answered", "value": "b"},
            {"type": "answered", "confirmed": True},
            {"type": "answered", "cancelled": True},
            {"type": "answered", "value": "p!"},
        ]
        assert person.told == ["n"]
        with pytest.raises(RpcError, match="get_entries"):
            await client.send(c.GetTree())


def test_the_blocking_twin(tmp_path: Path, place: dict[str, Any]) -> None:
    with BlockingServer(says("ok")) as server:
        arguments = use_service(tmp_path, server.url)
        with pi.rpc.Client.blocking(arguments, **place) as client:
            answer = client.prompt("Hi")
            assert answer is not None
            assert answer.text == "ok"
            assert [type(e).__name__ for e in client.stream("Hi")][-1] == "AgentSettled"
            assert client.state().message_count == 4
            assert client.bash("echo x").output == "x"
            assert client.close() == 0


def test_both_twins_have_the_same_methods() -> None:
    def names(kind: type) -> set[str]:
        return {name for name in dir(kind) if not name.startswith("_")}

    only_async, only_blocking = {"aclose", "blocking"}, {"close"}
    assert names(pi.rpc.Client) - only_async == names(pi.rpc.BlockingClient) - only_blocking


def test_a_tree_as_deep_as_a_long_session_is_written(tmp_path: Path) -> None:
    """The other end may be able to read it."""
    from pi.ai.messages import UserMessage
    from pi.coding.session.lines import tree_json
    from pi.coding.session.log import SessionLog

    log = SessionLog.memory(tmp_path)
    for number in range(5000):
        log.append_message(UserMessage(str(number)))
    data = tree_json(log)
    assert data.count(b'"children":[') == 5000
    assert data.count(b"[") == data.count(b"]")
