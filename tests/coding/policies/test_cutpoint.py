"""Where conversations are cut: whatever was said, what is kept is a request that services take."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.said import APIS, model_for
from pi.ai.messages import (
    AssistantMessage,
    Context,
    Message,
    TextContent,
    ToolCall,
    ToolResultMessage,
    Usage,
    UserMessage,
)
from pi.ai.options import Options
from pi.ai.protocols import protocols
from pi.coding.policies.cutpoint import choose, places, turn_start, unanswered
from pi.coding.policies.size import is_told, tokens_of
from pi.coding.session.context import to_llm
from pi.coding.session.entries import AgentMessage, BashExecution, CustomMessage

USER = UserMessage("please " * 10, 1)
SHELL = BashExecution("ls", "a\nb", 0, timestamp=1)
NOTE = CustomMessage("note", "an extension says so", timestamp=1)


def says(text: str, *ids: str, stop: str = "") -> AssistantMessage:
    calls = tuple(ToolCall(i, "read", {"path": "a"}) for i in ids)
    reason: Any = stop or ("toolUse" if ids else "stop")
    content = (*((TextContent(text),) if text else ()), *calls)
    return AssistantMessage(content, "faux", "faux", "faux", Usage(), reason, 1)


def result(call_id: str, size: int = 4) -> ToolResultMessage:
    return ToolResultMessage(call_id, "read", (TextContent("r" * size),), timestamp=1)


@st.composite
def conversations(draw: st.DrawFn) -> list[AgentMessage]:
    """What sessions hold: turns with parallel calls, failures, and words between them."""
    messages: list[AgentMessage] = []
    count = 0
    for _ in range(draw(st.integers(1, 8))):
        kind = draw(st.sampled_from(["user", "answer", "work", "failed", "shell", "note"]))
        match kind:
            case "user":
                messages.append(UserMessage("u" * draw(st.integers(1, 400)), 1))
            case "answer":
                messages.append(says("a" * draw(st.integers(1, 400))))
            case "failed":
                stop = draw(st.sampled_from(["error", "aborted"]))
                messages.append(
                    says("broken", *(["lost"] if draw(st.booleans()) else []), stop=stop)
                )
            case "shell":
                messages.append(SHELL)
            case "note":
                messages.append(NOTE)
            case _:
                ids = [f"call{count + i}" for i in range(draw(st.integers(1, 3)))]
                count += len(ids)
                messages.append(says("w" * draw(st.integers(0, 40)), *ids))
                results: list[AgentMessage] = [
                    result(i, draw(st.sampled_from([4, 40, 4000]))) for i in ids
                ]
                if draw(st.booleans()):  # somebody spoke between the results
                    results.insert(
                        draw(st.integers(0, len(results))), draw(st.sampled_from([NOTE, SHELL]))
                    )
                messages.extend(results)
    return messages


def cut_of(messages: Sequence[AgentMessage], keep: int, room: int) -> int:
    tokens = [tokens_of(message) for message in messages]
    return choose(tokens, places(messages), unanswered(messages), keep, room)


@given(conversations(), st.integers(0, 1200), st.integers(0, 1200))
@settings(max_examples=300)
def test_calls_and_results_stay_together(
    messages: list[AgentMessage], keep: int, room: int
) -> None:
    cut = cut_of(messages, keep, room)
    kept = messages[cut:]
    if kept and cut:
        assert not isinstance(kept[0], ToolResultMessage)
    calls = {c.id for m in kept if isinstance(m, AssistantMessage) for c in m.tool_calls}
    gone = {
        c.id for m in messages[:cut] if isinstance(m, AssistantMessage) for c in m.tool_calls
    } - {"lost"}
    for message in kept:
        if isinstance(message, ToolResultMessage):
            assert message.tool_call_id in calls
    for message in messages[:cut]:
        if isinstance(message, ToolResultMessage):
            assert message.tool_call_id in gone


@given(conversations(), st.integers(0, 1200), st.integers(0, 1200))
@settings(max_examples=300)
def test_what_nobody_has_answered_is_kept(
    messages: list[AgentMessage], keep: int, room: int
) -> None:
    cut = cut_of(messages, keep, room)
    for index in reversed(range(len(messages))):
        message = messages[index]
        if isinstance(message, AssistantMessage | ToolResultMessage) and is_told(message):
            break
        if isinstance(message, UserMessage):
            assert index >= cut


@given(conversations(), st.integers(0, 1200), st.integers(0, 1200))
@settings(max_examples=300)
def test_as_much_is_kept_as_the_budget_allows(
    messages: list[AgentMessage], keep: int, room: int
) -> None:
    tokens = [tokens_of(message) for message in messages]
    found = places(messages)
    last = unanswered(messages)
    cut = choose(tokens, found, last, keep, room)
    if sum(tokens) <= keep:
        assert cut == 0
    for place in [p for p in found if p < min(cut, last)]:
        assert sum(tokens[place:]) > keep, "an earlier place would have kept more"
    if last == len(messages):
        assert sum(tokens[cut:]) <= max(keep, room)


@pytest.mark.parametrize("api", APIS)
@given(conversations(), st.integers(0, 600))
@settings(max_examples=25)
def test_every_wire_can_carry_what_is_kept(
    api: str, messages: list[AgentMessage], keep: int
) -> None:
    cut = cut_of(messages, keep, keep * 2)
    told = [m for m in map(to_llm, messages[cut:]) if m is not None]
    context: list[Message] = [UserMessage("The summary.", 1), *told]
    model = model_for(api)
    options = Options().settle(model, Context(tuple(context)))
    body = protocols.get(api).encode(model, Context(tuple(context)), options).body
    assert "There is no result" not in str(body), "no call has lost its result"


@given(conversations(), st.integers(0, 600))
@settings(max_examples=200)
def test_chat_completions_see_each_result_right_after_its_call(
    messages: list[AgentMessage], keep: int
) -> None:
    cut = cut_of(messages, keep, keep * 2)
    told = [m for m in map(to_llm, messages[cut:]) if m is not None]
    model = model_for("openai-completions")
    context = Context((UserMessage("The summary.", 1), *told))
    body = protocols.get(model.api).encode(model, context, Options().settle(model, context)).body
    waiting: list[str] = []
    for said in body["messages"]:
        if said["role"] == "tool":
            assert said["tool_call_id"] in waiting
            waiting.remove(said["tool_call_id"])
        else:
            assert not waiting, "all calls are answered before anything else is said"
            waiting = [call["id"] for call in said.get("tool_calls", ())]
    assert not waiting


def test_places() -> None:
    messages = [USER, says("", "a", "b"), result("a"), SHELL, result("b"), says("done"), NOTE, USER]
    assert places(messages) == [1, 5, 6, 7]
    assert unanswered(messages) == 6
    assert unanswered(messages[:6]) == 6
    assert unanswered([USER, says("x", stop="error")]) == 0, "a failure is no answer"


def test_a_large_last_result_is_kept_if_there_is_room_and_summarised_if_not() -> None:
    messages = [USER, says("", "a"), result("a", 4000)]
    assert cut_of(messages, 100, 2000) == 1
    assert cut_of(messages, 100, 500) == 3, "nothing is kept"
    assert cut_of([*messages, USER], 100, 500) == 3, "but what the user says is"


def test_turns() -> None:
    messages = [USER, says("", "a"), result("a"), says("", "b"), result("b"), USER, says("x")]
    assert turn_start(messages, 3) == 0
    assert turn_start(messages, 5) is None
    assert turn_start(messages, 6) == 5
    assert turn_start(messages, 7) is None, "the model was done"
    assert turn_start(messages[:5], 5) == 0, "the model was at work"
    assert turn_start(messages[1:5], 2) is None, "the beginning is in the last summary"
