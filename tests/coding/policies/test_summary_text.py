"""The pure parts of a summary: limits, sizes, a conversation as text, files."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pi.ai.faux import faux_model
from pi.ai.messages import (
    AssistantMessage,
    Context,
    ImageContent,
    TextContent,
    ThinkingContent,
    ToolCall,
    ToolResultMessage,
    Usage,
    UserMessage,
)
from pi.coding.policies.files import Files, files_in, files_of, without_lists
from pi.coding.policies.size import limits, measure, scale_of
from pi.coding.policies.written import shorten, write_down
from pi.coding.session.entries import (
    AgentMessage,
    BashExecution,
    BranchSummaryMessage,
    CompactionSummaryMessage,
    CustomMessage,
    SystemMessage,
)
from pi.coding.session.scan import Node
from pi.coding.session.state import Item
from pi.coding.settings import CompactionOverride, CompactionSettings


def answer(*content: Any, usage: Usage | None = None, stop: Any = "stop") -> AssistantMessage:
    return AssistantMessage(content, "faux", "faux", "m", usage or Usage(), stop, 1)


def items(*messages: AgentMessage) -> list[Item]:
    return [Item(Node("message", str(i), None, "", 0, 0, i), m) for i, m in enumerate(messages)]


@pytest.mark.parametrize(
    ("window", "reserve", "threshold"),
    [
        (200_000, 16_384, 183_616),
        (65_536, 16_384, 49_152),
        (32_768, 16_384, 24_576),
        (8192, 16_384, 6144),
        (2048, 16_384, 1536),
        (8192, 6000, 2192),
        (8192, 9000, 2048),
        (128_000, 127_000, 32_000),
        (128_000, 0, 128_000),
        (1, 16_384, 1),
    ],
)
def test_the_threshold_is_always_positive(window: int, reserve: int, threshold: int) -> None:
    chosen = CompactionSettings(reserve_tokens=reserve)
    assert limits(chosen, faux_model(context_window=window)).threshold == threshold


def test_each_value_of_an_override_counts_by_itself() -> None:
    overrides = {"faux/faux": CompactionOverride(keep_recent_tokens=7)}
    chosen = CompactionSettings(reserve_tokens=5000, model_overrides=overrides)
    found = limits(chosen, faux_model(context_window=100_000))
    assert (found.reserve, found.keep) == (5000, 7)
    assert limits(chosen, faux_model("other", context_window=100_000)).keep == 20_000


def test_a_window_that_grows_at_a_higher_price() -> None:
    model = faux_model(context_window=200_000, extended_context_window=1_000_000)
    found = limits(CompactionSettings(), model)
    assert (found.threshold, found.hard) == (183_616, 1_000_000)


def test_sizes() -> None:
    used = Usage(900, 50, 40, 10, 1000)
    prompt = Context((), ("s" * 400,))
    said = [UserMessage("u" * 40), answer(TextContent("a"), usage=used), UserMessage("v" * 400)]
    assert measure(items(said[0]), prompt).tokens == 110
    assert measure(items(*said), prompt).tokens == 1100, "counted by the service, then estimated"
    broken = answer(TextContent("z" * 4000), usage=Usage(5000, 1, 0, 0, 5001), stop="error")
    assert measure(items(*said, broken), prompt).tokens == 1100, "no request holds what broke off"
    summary = CompactionSummaryMessage("c" * 40, 1, 1)
    moved = [Item(Node("compaction", "c", None, "", 0, 0, 9), summary), *items(*said)]
    assert measure(moved, prompt).tokens < 300, "a count from before a compaction is no count"
    picture = UserMessage((ImageContent("AAAA", "image/png"),))
    assert measure(items(picture), prompt).tokens == 1300


def test_what_a_token_is_to_the_service() -> None:
    said = [UserMessage("u" * 4000), answer(TextContent("a"), usage=Usage(3000, 0, 0, 0, 3000))]
    assert scale_of(items(*said), 0) == pytest.approx(3, rel=0.01)
    assert scale_of(items(said[0]), 0) == 1, "nobody has counted"
    short = [UserMessage("u"), answer(TextContent("a"), usage=Usage(300, 0, 0, 0, 300))]
    assert scale_of(items(*short), 0) == 1, "too little to say anything"
    cheap = answer(TextContent("a"), usage=Usage(100, 0, 0, 0, 100))
    assert scale_of(items(said[0], cheap), 0) == 1
    dear = answer(TextContent("a"), usage=Usage(90_000, 0, 0, 0, 90_000))
    assert scale_of(items(said[0], dear), 0) == 4


def test_a_conversation_as_text() -> None:
    calls = (ToolCall("1", "read", {"path": "a.py", "limit": 3}), ToolCall("2", "bash", {}))
    said: list[AgentMessage] = [
        SystemMessage("SYSTEM"),
        CompactionSummaryMessage("before", 1),
        UserMessage((TextContent("look"), ImageContent("AAAA", "image/png"))),
        answer(ThinkingContent("THINKING"), TextContent("I look."), *calls),
        ToolResultMessage("1", "read", (TextContent("r" * 5000),)),
        ToolResultMessage("2", "bash", (), is_error=True),
        answer(TextContent("BROKEN"), stop="error"),
        BashExecution("ls", "a\nb", 0),
        BashExecution("HIDDEN", "x", 0, exclude_from_context=True),
        CustomMessage("note", "by the way"),
        BranchSummaryMessage("elsewhere", "x"),
    ]
    text = write_down(said, 100_000)
    assert "[User]: look\n(an image)" in text
    assert '[Assistant]: I look.\n\n[Assistant called]: read(path="a.py", limit=3); bash()' in text
    assert "characters left out" in text
    assert text.count("r" * 100) < 2000 / 100
    assert "[Result: Error of bash]: (nothing)" in text
    assert "[Summary of what was before]: before" in text
    assert "[Summary of another branch]: elsewhere" in text
    assert "[Note of note]: by the way" in text
    for hidden in ("SYSTEM", "THINKING", "BROKEN", "HIDDEN"):
        assert hidden not in text
    assert "Result" not in write_down(said, 100_000, results=False)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 5000)), max_size=30), st.integers(100, 9000)
)
@settings(max_examples=80)
def test_it_fits_into_its_room(said: list[tuple[bool, int]], room: int) -> None:
    messages: list[AgentMessage] = [
        UserMessage("u" * size)
        if user
        else ToolResultMessage("1", "read", (TextContent("r" * size),))
        for user, size in said
    ]
    assert len(write_down(messages, room)) <= room


def test_shortening_keeps_both_ends() -> None:
    text = "begin" + "x" * 1000 + "end"
    short = shorten(text, 200)
    assert len(short) <= 200
    assert short.startswith("begin")
    assert short.endswith("end")
    assert "characters left out" in short
    assert shorten("abc", 3) == "abc"
    assert len(shorten(text, 10)) <= 50


def test_files() -> None:
    calls = [
        ToolCall("1", "read", {"path": "b"}),
        ToolCall("2", "write", {"path": "c"}),
        ToolCall("3", "read", {"path": "c"}),
        ToolCall("4", "read", {"path": ["no path"]}),
        ToolCall("5", "edit", {"path": "failed"}),
        ToolCall("6", "bash", {"path": "x"}),
    ]
    failed = ToolResultMessage("5", "edit", (), is_error=True)
    found = files_in([answer(*calls), failed]) | files_of({"readFiles": ["a", 5], "x": 1})
    assert found.details == {"readFiles": ["a", "b"], "modifiedFiles": ["c"]}
    assert files_of("of another program") == files_of({"readFiles": "a"}) == Files()
    assert without_lists(f"notes\n\n{found.text}") == "notes"
    assert Files().text == ""
    many = Files(frozenset(f"f{i:03}" for i in range(250)))
    assert "… and 50 more" in many.text
