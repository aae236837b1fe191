"""The loop, driven by a scripted model over the ordinary road."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

from pi.agent.agent import Agent
from pi.agent.events import AgentEvent, MessageEnd, ToolExecutionEnd, ToolExecutionUpdate
from pi.agent.hooks import Block, Hooks
from pi.agent.tools import Tool, ToolContext, ToolError, ToolResult
from pi.ai.auth.base import Access
from pi.ai.client import Client, transports
from pi.ai.faux import Answer, FauxTransport, Script, fail, faux_model, text, thinking, tool, wait
from pi.ai.messages import (
    Context,
    ToolCall,
    ToolResultMessage,
    UserMessage,
    text_of,
)
from pi.ai.model import Model
from pi.ai.options import Options


class Echo(Tool):
    """Says what it was given, after a while."""

    name = "echo"
    description = "Echo."
    parameters: ClassVar[dict[str, Any]] = {
        "type": "object",
        "properties": {"say": {"type": "string"}, "delay": {"type": "number"}},
        "required": ["say"],
    }

    def __init__(self) -> None:
        self.running = 0
        self.peak = 0
        self.cancelled = 0

    async def execute(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        self.running += 1
        self.peak = max(self.peak, self.running)
        try:
            context.update(ToolResult.of("working"))
            await asyncio.sleep(arguments.get("delay", 0))
            if arguments["say"] == "boom":
                raise ValueError("a bug")
            if arguments["say"] == "no":
                raise ToolError("can't: ask differently")
            return ToolResult.of(arguments["say"])
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1


class OneByOne(Echo):
    name = "one"
    mode = "sequential"


async def _open(model: Model) -> Access:
    return Access(model, lambda request: request)


@pytest.fixture
def make() -> Iterator[Callable[..., tuple[Agent, FauxTransport, list[AgentEvent]]]]:
    def build(script: Script, *tools: Tool, **kwargs: Any) -> Any:
        transport = FauxTransport(script)
        transports.remove("faux")
        transports.add("faux", transport)
        options = kwargs.pop("options", Options(max_retries=0))
        agent = Agent(Client(authorize=_open), faux_model(), tools=tools, options=options, **kwargs)
        events: list[AgentEvent] = []
        agent.subscribe(events.append)
        return agent, transport, events

    yield build
    transports.remove("faux")


def results(agent: Agent) -> list[ToolResultMessage]:
    return [m for m in agent.messages if isinstance(m, ToolResultMessage)]


def types(events: list[AgentEvent]) -> list[str]:
    return [event.__struct_config__.tag for event in events]  # type: ignore[misc]


async def test_a_plain_answer_has_the_established_events(make: Any) -> None:
    agent, _, events = make([[text("Hello, world", chunk=6)]])
    answer = await agent.prompt("hi")
    assert answer.text == "Hello, world"
    assert answer.stop_reason == "stop"
    assert types(events) == [
        "agent_start",
        "turn_start",
        "message_start",
        "message_end",
        "message_start",
        *["message_update"] * 4,  # start, two deltas, end
        "message_end",
        "turn_end",
        "agent_end",
    ]


async def test_parallel_tools_run_together_and_answer_in_call_order(make: Any) -> None:
    echo = Echo()
    agent, transport, events = make(
        [
            [
                tool("echo", {"say": "slow", "delay": 0.05}, id="a"),
                tool("echo", {"say": "fast"}, id="b"),
            ],
            [text("done")],
        ],
        echo,
    )
    answer = await agent.prompt("go")
    assert echo.peak == 2
    ends = [e.tool_call_id for e in events if isinstance(e, ToolExecutionEnd)]
    assert ends == ["b", "a"], "end events come in the order of completion"
    assert [r.tool_call_id for r in results(agent)] == ["a", "b"]
    assert [text_of(r.content) for r in results(agent)] == ["slow", "fast"]
    assert answer.text == "done"
    assert any(isinstance(e, ToolExecutionUpdate) for e in events)
    assert len(transport.contexts[1].messages) == 4


async def test_one_sequential_tool_makes_the_batch_sequential(make: Any) -> None:
    one = OneByOne()
    call = {"say": "x", "delay": 0.01}
    agent, _, _ = make([[tool("one", call, id="a"), tool("one", call, id="b")], [text("ok")]], one)
    await agent.prompt("go")
    assert one.peak == 1
    assert len(results(agent)) == 2


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (("ecko", {"say": "x"}), "Tool 'ecko' not found. Available: echo"),
        (("echo", {"delay": "soon"}), "say: required, but missing"),
        (("echo", {"delay": "soon"}), "delay: expected number, got 'soon'"),
        (("echo", {"say": "boom"}), "ValueError: a bug"),
        (("echo", {"say": "no"}), "can't: ask differently"),
    ],
)
async def test_a_failed_call_is_an_error_result_and_the_loop_goes_on(
    make: Any, call: tuple[str, dict[str, Any]], expected: str
) -> None:
    agent, _, _ = make([[tool(*call)], [text("I see")]], Echo())
    answer = await agent.prompt("go")
    (result,) = results(agent)
    assert result.is_error
    assert expected in text_of(result.content)
    assert answer.text == "I see"


async def test_arguments_are_converted_where_only_one_meaning_is_possible(make: Any) -> None:
    agent, _, _ = make([[tool("echo", {"say": 5, "delay": "0.001"})], [text("ok")]], Echo())
    await agent.prompt("go")
    assert [text_of(r.content) for r in results(agent)] == ["5"]


async def test_an_error_ends_the_run_and_keeps_what_came(make: Any) -> None:
    agent, _, events = make([[text("Half"), fail("overloaded", "too busy")]])
    agent.follow_up("later")
    answer = await agent.prompt("go")
    assert (answer.stop_reason, answer.error_kind, answer.text) == ("error", "overloaded", "Half")
    assert answer.error_message == "too busy"
    assert [text_of(m.content) for m in agent.inbox.follow_up] == ["later"], "nothing is lost"
    assert types(events)[-1] == "agent_end"


async def test_retry_before_the_first_content_and_never_after(make: Any) -> None:
    options = Options(max_retries=2)
    agent, transport, _ = make(
        [[fail("overloaded", "busy")], [text("Half"), fail("overloaded", "busy")]], options=options
    )
    answer = await agent.prompt("go")
    assert len(transport.contexts) == 2
    assert (answer.text, answer.stop_reason) == ("Half", "error")


async def test_abort_keeps_the_partial_answer_and_the_next_request_is_valid(make: Any) -> None:
    agent, transport, events = make(
        [[thinking("Hm"), text("partial"), wait(30)], [text("fresh")]], Echo()
    )

    def stop(event: AgentEvent) -> None:
        if "message_update" in types([event]) and agent.busy:
            asyncio.get_running_loop().call_later(0.02, agent.abort)

    unsubscribe = agent.subscribe(stop)
    aborted = await agent.prompt("go")
    unsubscribe()
    assert aborted is agent.messages[-1]
    assert (aborted.stop_reason, aborted.text) == ("aborted", "partial")
    assert types(events)[-2:] == ["turn_end", "agent_end"]
    assert (await agent.prompt("again")).text == "fresh"
    assert isinstance(transport.contexts[1].messages[-1], UserMessage)


async def test_abort_while_tools_run_records_a_result_for_every_call(make: Any) -> None:
    echo = Echo()
    agent, _, _ = make(
        [[tool("echo", {"say": "a", "delay": 30}, id="a"), tool("echo", {"say": "b"}, id="b")]],
        echo,
    )

    def stop(event: AgentEvent) -> None:
        if isinstance(event, ToolExecutionEnd) and event.tool_call_id == "b":
            agent.abort()

    agent.subscribe(stop)
    await agent.prompt("go")
    assert echo.cancelled == 1
    first, second = results(agent)
    assert (first.is_error, text_of(first.content)) == (True, "Operation aborted")
    assert (second.is_error, text_of(second.content)) == (False, "b")


async def test_cancelling_whoever_waits_ends_the_run_in_order(make: Any) -> None:
    agent, _, events = make([[text("partial"), wait(30)]])
    task = asyncio.ensure_future(agent.prompt("go"))
    agent.subscribe(lambda event: task.cancel() if types([event]) == ["message_update"] else None)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert types(events)[-1] == "agent_end"
    assert agent.messages[-1].stop_reason == "aborted"  # type: ignore[union-attr]
    assert not agent.busy


async def test_steering_waits_for_the_batch_and_follow_up_for_the_end(make: Any) -> None:
    agent, transport, _ = make(
        [[tool("echo", {"say": "x"})], [text("steered")], [text("followed")]], Echo()
    )
    agent.follow_up("and then?")

    def steer(event: AgentEvent) -> None:
        if isinstance(event, ToolExecutionEnd):
            agent.steer("left!")

    agent.subscribe(steer)
    assert (await agent.prompt("go")).text == "followed"
    roles = [type(m).__name__ for m in transport.contexts[1].messages]
    assert roles == ["UserMessage", "AssistantMessage", "ToolResultMessage", "UserMessage"]
    assert text_of(transport.contexts[2].messages[-1].content) == "and then?"  # type: ignore[arg-type]
    assert not agent.inbox.take_back()


class Guard(Hooks):
    async def before_tool(self, call: ToolCall, arguments: dict[str, Any]) -> Block | None:
        if arguments["say"] == "crash":
            raise RuntimeError("guard broke")
        return Block("not allowed here") if arguments["say"] == "rm" else None

    async def after_tool(
        self, call: ToolCall, result: ToolResult, is_error: bool
    ) -> tuple[ToolResult, bool]:
        return ToolResult.of(text_of(result.content).upper()), is_error


async def test_hooks_block_change_and_fail_closed(make: Any) -> None:
    calls = [tool("echo", {"say": word}, id=word) for word in ("rm", "crash", "fine")]
    agent, _, _ = make([calls, [text("ok")]], Echo(), hooks=[Guard()])
    await agent.prompt("go")
    blocked, crashed, fine = results(agent)
    assert (blocked.is_error, text_of(blocked.content)) == (True, "not allowed here")
    assert crashed.is_error
    assert "guard broke" in text_of(crashed.content)
    assert (fine.is_error, text_of(fine.content)) == (False, "FINE")


async def test_the_run_ends_when_every_tool_asks_for_it(make: Any) -> None:
    class Last(Echo):
        name = "last"

        async def execute(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
            return ToolResult((), terminate=True)

    agent, transport, _ = make([[tool("last", {"say": "x"})]], Last())
    await agent.prompt("go")
    assert len(transport.contexts) == 1


async def test_a_script_may_be_a_function_of_the_context(make: Any) -> None:
    def script(context: Context) -> Answer:
        return [text(f"{len(context.messages)} message(s)")]

    agent, _, _ = make(script)
    assert (await agent.prompt("one")).text == "1 message(s)"
    assert (await agent.prompt("two")).text == "3 message(s)"


async def test_messages_are_recorded_in_the_order_of_the_events(make: Any) -> None:
    agent, _, events = make([[tool("echo", {"say": "x"})], [text("done")]], Echo())
    await agent.prompt("go")
    assert [e.message for e in events if isinstance(e, MessageEnd)] == list(agent.messages)
