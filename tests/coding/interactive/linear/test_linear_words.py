"""Answers and tools in words: nothing is said twice, nothing of the text is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pi.agent.events import MessageEnd, MessageStart, MessageUpdate, ToolExecutionStart
from pi.ai import events as e
from pi.ai.messages import AssistantMessage, TextContent, ToolCall, Usage
from pi.coding.modes.interactive.linear.teller import Teller
from pi.coding.modes.interactive.linear.words import Prose, say_block, say_call
from pi.coding.modes.interactive.view import ToolBlock


def said(text: str) -> list[str]:
    prose = Prose()
    return [*prose.feed(text), *prose.end()]


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("# Title", ["Title"]),
        ("a **bold** and *slanted* `code`", ["a bold and slanted code"]),
        ("[docs](https://x.test/a)", ["docs (https://x.test/a)"]),
        ("snake_case_name and 2*3*4", ["snake_case_name and 2*3*4"]),
        ("```python\nx = '**'\n```", ["Code, python:", "x = '**'", "End of code."]),
        ("```\nnever closed", ["Code:", "never closed", "End of code."]),
        ("one\n\n\n\ntwo", ["one", "", "two"]),
        ("| a | b |\n|---|---|\n| 1 | 2 |", ["| a | b |", "| 1 | 2 |"]),
    ],
)
def test_markdown_is_said_without_its_marks(markdown: str, words: list[str]) -> None:
    assert said(markdown) == words


@given(st.text(alphabet="ab*`#\n -[](){}", max_size=80), st.lists(st.integers(1, 9)))
def test_how_an_answer_is_cut_changes_nothing(text: str, sizes: list[int]) -> None:
    prose, found, at = Prose(), [], 0
    for size in sizes:
        found += prose.feed(text[at : at + size])
        at += size
    found += prose.feed(text[at:])
    assert found + prose.end() == said(text)


def test_a_tool_says_what_it_does_and_how_it_ended() -> None:
    block = ToolBlock(name="bash", arguments={"command": "ls\n  -la"}, state="running")
    assert say_call(block) == "Running bash: ls -la"
    block.state, block.duration_ms, block.open = "failed", 2300, False
    block.content = [{"type": "text", "text": "\n".join(map(str, range(40)))}]
    lines = say_block(block)
    assert lines[0] == "bash failed after 2s."
    assert lines[1] == "28 lines of output left out, then:"
    assert lines[-1] == "39"


@pytest.mark.parametrize("arguments", [None, [], {"command": 3}, {"x": {}}])
def test_odd_arguments_are_said_all_the_same(arguments: object) -> None:
    assert say_call(ToolBlock(name="odd", arguments=arguments)) == "Running odd."  # type: ignore[arg-type]


def test_the_end_of_a_cut_output_is_counted_whole() -> None:
    text = "\n".join(f"line {number}" for number in range(8001, 10_001))
    text += "\n\n[Lines 8001-10000 of 10000. Whole output: /tmp/x.log]"
    block = ToolBlock(name="bash", state="done", content=[{"type": "text", "text": text}])
    block.details = {"truncation": {"totalLines": 10_000, "outputLines": 2000}}
    lines = say_block(block)
    assert lines[:2] == ["bash done.", "9988 lines of output left out, then:"]
    assert lines[-2:] == ["line 10000", "Whole output: /tmp/x.log"]
    assert len(lines) == 15


def test_read_counts_lines_of_the_file() -> None:
    text = "a\nb\n\n[3 more lines. Go on with offset=3.]"
    block = ToolBlock(name="read", state="done", content=[{"type": "text", "text": text}])
    assert say_block(block) == ["read done: 2 lines."]


def test_text_before_a_call_is_said_once_when_the_call_begins() -> None:
    lines: list[str] = []
    teller = Teller(lines.append)
    text, call = TextContent("First this."), ToolCall("1", "ls", {"path": "."})
    whole = AssistantMessage((text, call), "a", "p", "m", Usage(), "toolUse", 1)
    teller.hear(MessageStart(replace(whole, content=(), stop_reason="pending")))
    for event in (
        e.TextStart(0),
        e.TextDelta(0, "First this."),
        e.ToolCallStart(1, "1", "ls"),
        e.ToolCallDelta(1, '{"path": "."}'),
        e.TextEnd(0, "First this."),
        e.ToolCallEnd(1, call),
    ):
        teller.hear(MessageUpdate(Usage(), event))
    teller.hear(MessageEnd(whole))
    teller.hear(ToolExecutionStart("1", "ls", {"path": "."}))
    assert lines == ["Pi:", "First this.", "Running ls: ."]
