"""How much work a long conversation is: lines that are run are counted, not seconds."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from pi.ai.messages import (
    AssistantMessage,
    Message,
    TextContent,
    ToolCall,
    ToolResultMessage,
    Usage,
    UserMessage,
)
from pi.ai.model import Model
from pi.ai.protocols import transcript
from pi.ai.protocols.ids import charset_id, exact_id
from pi.ai.protocols.transcript import prepare

MODEL = Model(id="m", name="M", provider="p", api="a", base_url="http://localhost")


def conversation(
    size: int, *, origin: str, turns: bool, ids: Callable[[int], str]
) -> list[Message]:
    """So many calls, each in a turn of its own or all in one, with their results."""
    calls = [ToolCall(ids(number), "read", {}) for number in range(size)]
    results = [
        ToolResultMessage(item.id, "read", (TextContent(str(number)),), timestamp=1)
        for number, item in enumerate(calls)
    ]
    said: list[Message] = [UserMessage("go on", 1)]
    groups = [[number] for number in range(size)] if turns else [list(range(size))]
    for group in groups:
        content = tuple(calls[number] for number in group)
        said.append(AssistantMessage(content, "a", origin, "m", Usage(), "toolUse", 1))
        said += [results[number] for number in group]
    return said


def lines_run(work: Callable[[], Any]) -> int:
    """The lines of the module that were run meanwhile."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        if frame.f_code.co_filename != transcript.__file__:
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("origin", ["p", "elsewhere"])
@pytest.mark.parametrize("turns", [True, False], ids=["many turns", "one turn"])
@pytest.mark.parametrize(
    "ids",
    [lambda number: "same", lambda number: f"id{number}", lambda number: f"{number % 3}|{number}"],
    ids=["equal", "different", "equal before the bar"],
)
@pytest.mark.parametrize("rule", [charset_id(64), exact_id(9), lambda text: "one"])
def test_twice_the_calls_are_twice_the_work(
    origin: str, turns: bool, ids: Callable[[int], str], rule: Callable[[str], str]
) -> None:
    took: list[int] = []
    for size in (100, 200):
        messages = conversation(size, origin=origin, turns=turns, ids=ids)

        def work(messages: list[Message] = messages) -> None:
            made = prepare(messages, MODEL, call_id=rule)
            sent = [
                call.id for m in made if isinstance(m, AssistantMessage) for call in m.tool_calls
            ]
            results = [m for m in made if isinstance(m, ToolResultMessage)]
            assert len(set(sent)) == len(sent) == len(results)
            assert [m.tool_call_id for m in results] == sent
            assert [m.content[0] for m in results] == [
                TextContent(str(number)) for number in range(len(sent))
            ]

        took.append(lines_run(work))
    assert took[1] < 2.2 * took[0], took
