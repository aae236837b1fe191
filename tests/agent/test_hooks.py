"""Where the loop asks its hooks, and what their answers do."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from pi.agent.agent import Agent
from pi.agent.events import AgentEvent, TurnEnd
from pi.agent.hooks import Hooks
from pi.agent.tools import Tool, ToolContext, ToolResult
from pi.ai.auth.base import Access
from pi.ai.client import Client, transports
from pi.ai.errors import AbortedError
from pi.ai.faux import FauxTransport, Script, fail, faux_model, text, tool
from pi.ai.messages import AssistantMessage, Message, ToolResultMessage, UserMessage
from pi.ai.model import Model
from pi.ai.options import Options


class Ping(Tool):
    name = "ping"
    description = "Ping."
    parameters = {"type": "object", "properties": {}}

    async def execute(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        return ToolResult.of("pong")


class Diary(Hooks):
    """Writes down what it was asked, and may stop a turn."""

    def __init__(self) -> None:
        self.pages: list[str] = []
        self.stop_at = 99
        self.again = 0
        self.agent: Agent | None = None

    def on_run_start(self) -> None:
        self.pages.append("start")

    async def before_turn(self) -> str | None:
        self.pages.append("before_turn")
        return "enough" if self.pages.count("before_turn") >= self.stop_at else None

    def call_options(self, options: Options) -> Options:
        self.pages.append("options")
        return options

    async def before_request(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        self.pages.append(f"request {len(messages)}")
        return messages

    async def after_answer(self, message: AssistantMessage) -> bool:
        self.pages.append("answer")
        self.again -= 1
        return self.again >= 0

    async def after_turn(
        self, message: AssistantMessage, results: tuple[ToolResultMessage, ...]
    ) -> str | None:
        self.pages.append(f"turn {len(results)}")
        return None

    async def after_error(self, message: AssistantMessage) -> bool:
        self.pages.append("error")
        self.again -= 1
        return self.again >= 0

    async def before_end(self) -> None:
        self.pages.append("before_end")

    def on_run_end(self) -> None:
        self.pages.append("end")


async def _open(model: Model) -> Access:
    return Access(model, lambda request: request)


@pytest.fixture
def diary() -> Diary:
    return Diary()


@pytest.fixture
def make(diary: Diary) -> Iterator[Any]:
    def build(script: Script, *hooks: Hooks) -> tuple[Agent, FauxTransport, list[AgentEvent]]:
        transport = FauxTransport(script)
        transports.remove("faux")
        transports.add("faux", transport)
        agent = Agent(
            Client(authorize=_open),
            faux_model(),
            tools=[Ping()],
            options=Options(max_retries=0),
            hooks=[diary, *hooks],
        )
        events: list[AgentEvent] = []
        agent.subscribe(events.append)
        return agent, transport, events

    yield build
    transports.remove("faux")


def types(events: list[AgentEvent]) -> list[str]:
    return [event.__struct_config__.tag for event in events]  # type: ignore[misc]


async def test_the_order_of_a_run(make: Any, diary: Diary) -> None:
    agent, _, _ = make([[tool("ping", {})], [text("done")]])
    await agent.prompt("go")
    assert diary.pages == [
        "start",
        *["before_turn", "request 1", "options", "answer", "turn 1"],
        *["before_turn", "request 3", "options", "answer", "turn 0"],
        "before_end",
        "end",
    ]


async def test_a_reason_before_a_turn_ends_the_run_in_order(make: Any, diary: Diary) -> None:
    agent, transport, events = make([[tool("ping", {})], [text("done")]])
    diary.stop_at = 2
    agent.follow_up("and then?")
    answer = await agent.prompt("go")
    assert len(transport.contexts) == 1
    assert answer.tool_calls
    assert isinstance(agent.messages[-1], ToolResultMessage), "every call has its result"
    assert [m.content for m in agent.inbox.follow_up] == ["and then?"], "nothing was lost"
    assert types(events)[-2:] == ["turn_end", "agent_end"], "no turn was begun in vain"
    assert "before_end" not in diary.pages
    assert diary.pages[-1] == "end"


async def test_nothing_is_asked_when_the_first_turn_is_held_back(make: Any, diary: Diary) -> None:
    agent, transport, events = make([[text("x")]])
    diary.stop_at = 1
    agent.steer("wait")
    with pytest.raises(AbortedError):
        await agent.prompt("go")
    assert not transport.contexts
    assert [m.content for m in agent.messages] == ["go"], "the prompt was said"
    assert agent.inbox.waiting
    assert types(events)[-1] == "agent_end"


async def test_what_is_queued_while_a_hook_is_at_work_goes_in_after_it(make: Any) -> None:
    class Slow(Hooks):
        async def before_turn(self) -> str | None:
            if len(transport.contexts) == 1:
                await asyncio.sleep(0)
                agent.steer("in time")
            return None

        async def before_end(self) -> None:
            if len(transport.contexts) == 2:
                agent.follow_up("one more")

    agent, transport, events = make([[tool("ping", {})], [text("a")], [text("b")]], Slow())
    await agent.prompt("go")
    said = [m.content for m in agent.messages if isinstance(m, UserMessage)]
    assert said == ["go", "in time", "one more"]
    assert len(transport.contexts) == 3
    assert types(events).count("agent_start") == types(events).count("agent_end") == 1
    assert types(events).count("turn_start") == types(events).count("turn_end") == 3


async def test_what_is_taken_back_meanwhile_is_not_missed(make: Any) -> None:
    class Thief(Hooks):
        async def before_turn(self) -> str | None:
            agent.inbox.take_back()
            return None

    agent, transport, _ = make([[text("a")]], Thief())
    agent.follow_up("never mind")
    answer = await agent.prompt("go")
    assert answer.text == "a"
    assert len(transport.contexts) == 1, "there was nothing left to ask"


async def test_asking_again(make: Any, diary: Diary) -> None:
    other = Diary()
    agent, transport, events = make([[tool("ping", {})], [text("better")]], other)
    diary.again = 1
    answer = await agent.prompt("go")
    assert answer.text == "better"
    assert other.pages.count("answer") == 2, "the others hear of it all the same"
    assert not [m for m in agent.messages if isinstance(m, ToolResultMessage)], "it was not done"
    assert types(events).count("turn_start") == types(events).count("turn_end") == 2
    assert len(transport.contexts) == 2


async def test_steering_goes_in_before_a_request_is_repeated(make: Any, diary: Diary) -> None:
    agent, transport, _ = make([[text("x"), fail("transport", "gone")], [text("ok")]])
    diary.again = 1
    leave = agent.subscribe(lambda e: speak() if isinstance(e, TurnEnd) else None)

    def speak() -> None:
        leave()
        agent.steer("also")

    answer = await agent.prompt("go")
    assert answer.text == "ok"
    asked = [m.content for m in transport.contexts[1].messages if isinstance(m, UserMessage)]
    assert asked == ["go", "also"]


@pytest.mark.parametrize("script", [[[fail("auth", "no key")]], [[text("hello")]]])
async def test_the_end_is_always_told(make: Any, diary: Diary, script: Script) -> None:
    agent, _, events = make(script)
    await agent.prompt("go")
    assert diary.pages[-1] == "end"
    assert types(events)[-1] == "agent_end"


async def test_the_end_is_told_when_a_run_is_cancelled(make: Any, diary: Diary) -> None:
    class Stuck(Hooks):
        async def before_turn(self) -> str | None:
            await asyncio.sleep(60)
            return None

    agent, transport, events = make([[text("x")]], Stuck())
    asking = asyncio.ensure_future(agent.prompt("go"))
    await asyncio.sleep(0.01)
    agent.abort()
    with pytest.raises(AbortedError):
        await asking
    assert diary.pages[-1] == "end"
    assert types(events)[-1] == "agent_end"
    assert not transport.contexts
