"""`pi.Session` as a program uses it: async and blocking, in memory and on disk, with own tools."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pi
from pi.agent.events import MessageUpdate, ToolExecutionEnd
from pi.agent.hooks import Block, Hooks
from pi.ai.faux import Script, fail, faux_client, faux_model, text, tool, wait
from pi.ai.messages import ImageContent
from pi.coding.api.commands import GetEntries
from pi.coding.api.events import AgentSettled
from pi.coding.sdk import BlockingSession

MODEL = faux_model()


@pytest.fixture
def scripted(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Options of a session whose model plays a script."""

    def options(script: Script, **more: Any) -> dict[str, Any]:
        client = faux_client(script, pause=more.pop("pause", 0.0))
        return {"model": MODEL, "client": client, "cwd": tmp_path, **more}

    return options


def contexts(options: dict[str, Any]) -> list[pi.Context]:
    """What the model was given."""
    return options["client"].transport("faux:").contexts


async def test_a_conversation(scripted: Any) -> None:
    async with pi.Session(**scripted([[text("Hello")], [text("Again")]])) as session:
        assert repr(session) == "<pi.Session faux/faux, 0 messages>"
        answer = await session.prompt("Hi")
        assert isinstance(answer, pi.AssistantMessage)
        assert answer.text == "Hello"
        assert (await session.prompt("Hi")).text == "Again"
        assert [type(m).__name__ for m in session.messages] == [
            *("UserMessage", "AssistantMessage") * 2
        ]
        assert session._repr_markdown_() == "> Hi\n\nHello\n\n> Hi\n\nAgain"
        assert session.path is None
        stats = await session.stats()
        assert (stats.user_messages, stats.assistant_messages) == (2, 2)


async def test_nothing_happens_before_it_is_used(scripted: Any, tmp_path: Path) -> None:
    session = pi.Session(**scripted([[text("Hello")]], save=True))
    assert "not open" in repr(session)
    assert session.messages == ()
    with pytest.raises(pi.ConfigError, match="not open"):
        _ = session.state
    assert (await session.prompt("Hi")).text == "Hello"  # opens by itself
    await session.aclose()
    await session.aclose()


async def test_own_tools_plain_and_async(scripted: Any) -> None:
    seen: list[Any] = []

    def add(a: int, b: int = 1) -> int:
        """Add."""
        seen.append(threading.current_thread() is threading.main_thread())
        return a + b

    @pi.tool(name="shout")
    async def shout_out(word: str) -> str:
        return word.upper()

    script = [
        [tool("add", {"a": "2"}, id="1"), tool("shout", {"word": "hi"}, id="2")],
        [text("done")],
    ]
    events: list[Any] = []
    options = scripted(script, tools=[add, shout_out, "read"])
    async with pi.Session(**options) as session:
        session.subscribe(events.append)
        await session.prompt("Go")
    ended = [e for e in events if isinstance(e, ToolExecutionEnd)]
    assert {e.tool_name: e.result["content"][0]["text"] for e in ended} == {
        "add": "3",
        "shout": "HI",
    }
    assert seen == [False]
    offered = [d.name for d in contexts(options)[0].tools]
    assert offered == ["read", "add", "shout"]


async def test_no_tools_and_the_usual_ones(scripted: Any) -> None:
    for tools, names in ((None, ["read", "bash", "edit", "write"]), ([], [])):
        options = scripted([[text("x")]], tools=tools)
        async with pi.Session(**options) as session:
            await session.prompt("Hi")
            assert [d.name for d in contexts(options)[0].tools] == names


async def test_events_of_a_prompt(scripted: Any) -> None:
    async with pi.Session(**scripted([[text("Hello there", chunk=4)]])) as session:
        deltas = []
        async for event in session.stream("Hi"):
            if (
                isinstance(event, MessageUpdate)
                and event.assistant_message_event.__class__.__name__ == "TextDelta"
            ):
                deltas.append(event.assistant_message_event.delta)
        assert deltas == ["Hell", "o th", "ere"]
        assert event == AgentSettled(False)


async def test_leaving_the_events_early_aborts(scripted: Any) -> None:
    async with pi.Session(**scripted([[text("slow " * 99)]], pause=0.02)) as session:
        stream = session.stream("Hi")
        async for event in stream:
            if isinstance(event, MessageUpdate):
                break
        await stream.aclose()
        assert session.messages[-1].stop_reason == "aborted"
        assert not session.state.streaming


async def test_steering_while_it_works(scripted: Any) -> None:
    script = [[wait(0.05), tool("nothing", {}, id="1")], [text("a")], [text("b")]]
    async with pi.Session(**scripted(script, tools=[])) as session:
        running = asyncio.ensure_future(session.prompt("Go"))
        await asyncio.sleep(0.01)
        await session.steer("Left")
        await session.follow_up("Later")
        assert (await running).text == "b"
        texts = [m.content for m in session.messages if isinstance(m, pi.UserMessage)]
        assert texts == ["Go", "Left", "Later"]


async def test_an_abort_and_a_failure_are_errors_and_it_goes_on(scripted: Any) -> None:
    script = [[text("slow " * 99)], [fail("quota", "no money left")], [text("fine")]]
    async with pi.Session(**scripted(script, pause=0.02)) as session:
        running = asyncio.ensure_future(session.prompt("Go"))
        await asyncio.sleep(0.1)
        await session.abort()
        with pytest.raises(pi.AbortedError):
            await running
        assert session.messages[-1].stop_reason == "aborted"
        with pytest.raises(pi.QuotaError, match="no money left"):
            await session.prompt("Go")
        assert (await session.prompt("Go", ImageContent("aGk=", "image/png"))).text == "fine"


async def test_hooks_are_asked(scripted: Any) -> None:
    class NoShell(Hooks):
        async def before_tool(self, call: pi.ToolCall, arguments: dict[str, Any]) -> Block | None:
            return Block("not today") if call.name == "bash" else None

    script = [[tool("bash", {"command": "touch x"}, id="1")], [text("ok")]]
    async with pi.Session(**scripted(script, hooks=[NoShell()])) as session:
        await session.prompt("Go")
        assert session.messages[2].content[0].text == "not today"


async def test_a_session_on_disk_goes_on(scripted: Any, tmp_path: Path) -> None:
    async with pi.Session(**scripted([[text("one")]], save=True, name="Work")) as session:
        await session.prompt("Hi")
        path, session_id = session.path, session.id
        assert path is not None
        assert path.exists()
    async with pi.Session(**scripted([[text("two")]], save=True, resume=True)) as session:
        assert (session.id, session.state.name) == (session_id, "Work")
        await session.prompt("Hi")
        assert len(session.messages) == 4
        await session.clone()
        assert session.id != session_id
        entries = await session.send(GetEntries())
        assert entries.leaf_id
        assert "Hi" in bytes(entries.entries[-2]).decode()
        page = await session.export(tmp_path / "x.html")
        assert page.stat().st_size > 5000
        await session.switch(path)
        assert session.id == session_id
        await session.new()
        assert session.messages == ()
    own = tmp_path / "deep" / "own.jsonl"
    async with pi.Session(**scripted([[text("three")]], save=own)) as session:
        await session.prompt("Hi")
        assert session.path == own
        assert own.exists()


async def test_models_of_ones_own(scripted: Any) -> None:
    other = faux_model("other")
    async with pi.Session(**scripted([[text("x")]], models=[other])) as session:
        assert (await session.set_model(other)).id == "other"
        assert (await session.prompt("Hi")).model == "other"
        assert session.model == other
        assert await session.set_thinking("high") == "off"
        with pytest.raises(pi.ConfigError):
            await session.set_model("nobody/nothing")


async def test_a_session_without_a_credential_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(pi.AuthError, match="no credential"):
        async with pi.Session("anthropic/claude-sonnet-4-5", cwd=tmp_path) as session:
            await session.prompt("Hi")


async def test_commands_and_limits(scripted: Any) -> None:
    options = scripted([[text("x")]])
    async with pi.Session(**options) as session:
        result = await session.bash("echo hi")
        assert (result.output, result.exit_code) == ("hi", 0)
        await session.prompt("Look")
        assert "echo hi" in str(contexts(options)[0].messages[0])
        queued = await session.clear_queue()
        assert queued.steering == ()
        with pytest.raises(pi.ConfigError, match="compact"):
            await session.compact()


def test_the_blocking_twin(scripted: Any) -> None:
    options = scripted([[text("one")], [text("two", chunk=1)], [text("three")]])
    with pi.Session.blocking(**options) as session:
        assert isinstance(session, BlockingSession)
        assert session.prompt("Hi").text == "one"
        kinds = [type(event).__name__ for event in session.stream("Hi")]
        assert kinds[0] == "AgentStart"
        assert kinds[-1] == "AgentSettled"
        assert kinds.count("MessageUpdate") >= 3
        assert len(session.messages) == 4
        assert repr(session) == "<pi.Session.blocking faux/faux, 4 messages>"
        assert session._repr_markdown_().startswith("> Hi")
        assert session.stats().assistant_messages == 2
        assert session.state.streaming is False


def test_a_blocking_prompt_can_be_aborted_from_another_thread(scripted: Any) -> None:
    with pi.Session.blocking(**scripted([[text("slow " * 99)]], pause=0.02)) as session:
        threading.Timer(0.1, session.abort).start()
        with pytest.raises(pi.AbortedError):
            session.prompt("Go")


async def test_the_blocking_twin_works_where_a_loop_runs(scripted: Any) -> None:
    """As in a notebook, whose cells run inside a loop."""
    with pi.Session.blocking(**scripted([[text("one")]])) as session:
        assert session.prompt("Hi").text == "one"


def test_a_blocking_call_in_its_own_loop_is_an_error(scripted: Any) -> None:
    """It would wait for itself."""
    told: list[str] = []

    async def ask_again() -> str:
        try:
            return session.prompt("Hi").text
        except pi.ConfigError as error:
            told.append(error.message)
            raise

    def ask_plainly() -> str:
        return repr(session.stats().tool_calls)

    script = [[tool("ask_again", {}), tool("ask_plainly", {}, id="2")], [text("done")]]
    with pi.Session.blocking(**scripted(script, tools=[ask_again, ask_plainly])) as session:
        assert session.prompt("Go").text == "done"
        _, _, refused, plain, _ = session.messages
        assert refused.is_error
        assert not plain.is_error
    assert told[0].startswith("this code runs in the event loop")
    assert "\n" not in told[0]


def test_both_twins_have_the_same_methods() -> None:
    def names(kind: type) -> set[str]:
        return {name for name in dir(kind) if not name.startswith("_")}

    only_async = {"aclose", "blocking", "use_ui", "notes", "id"}
    only_blocking = {"close", "session"}
    assert names(pi.Session) - only_async == names(BlockingSession) - only_blocking
