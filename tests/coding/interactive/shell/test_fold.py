"""Events become blocks, in order, and stored messages too."""

import json
from typing import Any

import pytest

from pi.agent.events import (
    AgentEnd,
    MessageEnd,
    MessageStart,
    MessageUpdate,
    ToolExecutionEnd,
    ToolExecutionStart,
    ToolExecutionUpdate,
)
from pi.ai import events as e
from pi.ai.messages import (
    AssistantMessage,
    TextContent,
    ThinkingContent,
    ToolCall,
    ToolResultMessage,
    Usage,
    UserMessage,
)
from pi.coding.api import events as s
from pi.coding.api.answers import BashResult
from pi.coding.modes.interactive.fold import Fold
from pi.coding.modes.interactive.linear.words import say_block
from pi.coding.modes.interactive.paint import painter_of
from pi.coding.modes.interactive.paint.plain import plain
from pi.coding.modes.interactive.replay import find_elsewhere, last_blocks
from pi.coding.modes.interactive.signals import ended_by
from pi.coding.modes.interactive.view import (
    CommandBlock,
    Look,
    NoticeBlock,
    SummaryBlock,
    TextBlock,
    ThinkingBlock,
    ToolBlock,
    UserBlock,
)


def answer(
    *content: Any, stop: Any = "stop", error: Any = None, kind: Any = None
) -> AssistantMessage:
    return AssistantMessage(
        content, "a", "p", "m", Usage(), stop, 1, error_message=error, error_kind=kind
    )


def stream(fold: Fold, *events: Any) -> None:
    for event in events:
        fold.add(MessageUpdate(Usage(), event))


def notices(fold: Fold) -> list[str]:
    return [block.text for block in fold.blocks if isinstance(block, NoticeBlock)]


def test_an_answer_as_it_is_streamed() -> None:
    fold = Fold()
    fold.add(MessageStart(UserMessage("hello")))
    fold.add(MessageStart(answer(stop="pending")))
    stream(fold, e.ThinkingStart(0), e.ThinkingDelta(0, "hm"), e.ThinkingEnd(0, "hm"))
    stream(fold, e.TextStart(1), e.TextDelta(1, "Hel"), e.TextDelta(1, "lo"))
    user, thinking, text = fold.blocks
    assert isinstance(user, UserBlock)
    assert not user.open
    assert isinstance(thinking, ThinkingBlock)
    assert not thinking.open
    assert isinstance(text, TextBlock)
    assert text.open
    assert text.text == "Hello"
    fold.add(MessageEnd(answer(ThinkingContent("hm"), TextContent("Hello"))))
    assert not text.open
    assert len(fold.blocks) == 3


def test_thinking_that_ends_with_the_answer_does_not_hold_the_text_back() -> None:
    """Some wires end every part when the stream ends (and may go on with an earlier one)."""
    fold = Fold()
    fold.add(MessageStart(answer(stop="pending")))
    stream(fold, e.ThinkingStart(0), e.ThinkingDelta(0, "hm"))
    stream(fold, e.TextStart(1), e.TextDelta(1, "One. "))
    thinking, text = fold.blocks
    assert (thinking.open, text.open) == (False, True)
    stream(fold, e.ThinkingDelta(0, ", well"), e.TextDelta(1, "Two."))
    stream(fold, e.ThinkingEnd(0, "hm, well"), e.TextEnd(1, "One. Two. Three."))
    fold.add(MessageEnd(answer(ThinkingContent("hm, well"), TextContent("One. Two. Three."))))
    shown = [(type(b), b.text) for b in fold.blocks if isinstance(b, TextBlock)]
    assert shown == [
        (ThinkingBlock, "hm"),
        (TextBlock, "One. "),
        (ThinkingBlock, ", well"),
        (TextBlock, "Two. Three."),
    ]
    assert not any(block.open for block in fold.blocks)


def test_calls_of_one_answer_keep_their_order_whichever_ends_first() -> None:
    fold = Fold()
    one, two = ToolCall("1", "bash", {"command": "a"}), ToolCall("2", "bash", {"command": "b"})
    fold.add(MessageStart(answer(stop="pending")))
    stream(fold, e.ToolCallStart(0, "1", "bash"), e.ToolCallDelta(0, '{"command": "a'))
    first = fold.blocks[0]
    assert isinstance(first, ToolBlock)
    assert first.arguments == {"command": "a"}
    assert first.state == "writing"
    stream(fold, e.ToolCallEnd(0, one), e.ToolCallStart(1, "2", "bash"), e.ToolCallEnd(1, two))
    fold.add(MessageEnd(answer(one, two, stop="toolUse")))
    for call in (one, two):
        fold.add(ToolExecutionStart(call.id, "bash", call.arguments))
    partial = {"content": [{"type": "text", "text": "so far"}]}
    fold.add(ToolExecutionUpdate("1", "bash", {}, partial))
    fold.add(ToolExecutionEnd("2", "bash", {"content": []}, is_error=False, duration_ms=5))
    second = fold.blocks[1]
    assert isinstance(second, ToolBlock)
    assert (first.open, first.state, second.open, second.state) == (True, "running", False, "done")
    assert first.content[0]["text"] == "so far"
    fold.add(ToolExecutionEnd("1", "bash", {"content": []}, is_error=True))
    assert (first.open, first.state) == (False, "failed")
    assert fold.calls == []


def test_a_call_that_never_runs_is_closed_by_its_result() -> None:
    fold = Fold()
    call = ToolCall("1", "nosuch", {})
    fold.add(MessageEnd(answer(call, stop="toolUse")))
    fold.add(MessageEnd(ToolResultMessage("1", "nosuch", (TextContent("unknown tool"),), True)))
    (block,) = fold.blocks
    assert isinstance(block, ToolBlock)
    assert block.state == "failed"
    assert not block.open
    assert block.content[0]["text"] == "unknown tool"


def test_an_answer_that_was_not_streamed() -> None:
    fold = Fold()
    fold.add(MessageEnd(answer(TextContent("whole"))))
    (block,) = fold.blocks
    assert isinstance(block, TextBlock)
    assert block.text == "whole"
    assert not block.open


def test_an_error_is_said_once_and_not_while_it_is_tried_again() -> None:
    fold = Fold()
    failed = answer(stop="error", error="503 try later", kind="overloaded")
    fold.add(MessageEnd(failed))
    fold.add(AgentEnd((failed,), will_retry=True))
    fold.add(s.AutoRetryStart(1, 1, 10, "503 try later"))
    assert notices(fold) == []
    fold.add(MessageEnd(failed))
    fold.add(s.AutoRetryEnd(success=False, attempt=1, final_error="503 try later"))
    fold.add(AgentEnd((failed,)))
    fold.add(s.AgentSettled(aborted=False))
    assert notices(fold) == ["Error after 1 retry: p: 503 try later"]


def test_a_refused_key_names_login() -> None:
    fold = Fold()
    failed = answer(stop="error", error="401 no", kind="auth")
    fold.add(MessageEnd(failed))
    fold.add(AgentEnd((failed,)))
    assert "/login" in notices(fold)[0]


def test_an_abort_closes_what_is_open() -> None:
    fold = Fold()
    fold.add(MessageStart(answer(stop="pending")))
    stream(fold, e.TextStart(0), e.TextDelta(0, "half"), e.ToolCallStart(1, "1", "bash"))
    fold.add(MessageEnd(answer(TextContent("half"), stop="aborted")))
    fold.add(s.AgentSettled(aborted=True))
    assert not any(block.open for block in fold.blocks)
    assert notices(fold) == ["Operation aborted"]


def test_a_command_of_the_user_stays_open_when_a_run_ends() -> None:
    fold = Fold()
    block = fold.command("make", excluded=True)
    fold.add(s.BashExecutionUpdate("some output"))
    fold.add(s.AgentSettled(aborted=False))
    assert block.open
    assert block.output == ["some output"]
    fold.command_ended(block, BashResult("all output", 2))
    assert not block.open
    assert block.exit_code == 2
    assert block.output == ["all output"]


def test_compaction() -> None:
    fold = Fold()
    fold.add(s.CompactionEnd(reason="manual", result=s.CompactionResult("summary", "id", 900)))
    fold.add(s.CompactionEnd(reason="manual", aborted=True))
    fold.add(s.CompactionEnd(reason="manual", error_message="no"))
    summary, *_ = fold.blocks
    assert isinstance(summary, SummaryBlock)
    assert summary.tokens_before == 900
    assert notices(fold)[1] == "Compaction failed: no"


def test_changed_blocks_are_named() -> None:
    fold = Fold()
    fold.add(MessageStart(answer(stop="pending")))
    assert fold.add(MessageUpdate(Usage(), e.TextStart(0))) == fold.blocks
    assert fold.add(MessageUpdate(Usage(), e.TextDelta(0, "x"))) == fold.blocks
    assert fold.add(MessageUpdate(Usage(), e.Metadata())) == []


def test_the_end_of_a_conversation() -> None:
    call = ToolCall("1", "read", {"path": "a"})
    messages = [
        UserMessage("first"),
        answer(TextContent("one")),
        UserMessage("second"),
        answer(call, stop="toolUse"),
        ToolResultMessage("1", "read", (TextContent("text"),), False),
        answer(TextContent("two")),
    ]
    blocks, left_out = last_blocks(messages, 2)
    assert left_out == 2
    kinds = [type(block) for block in blocks]
    assert kinds == [UserBlock, ToolBlock, TextBlock]
    assert isinstance(blocks[1], ToolBlock)
    assert blocks[1].content[0]["text"] == "text"
    assert blocks[1].state == "done"
    assert not any(block.open for block in blocks)
    assert last_blocks(messages, 100)[1] == 0


def test_an_error_of_a_service_names_the_provider() -> None:
    fold = Fold()
    for text in ("401 Incorrect API key", "p.test closed the connection"):
        message = answer(stop="error", error=text, kind="auth")
        fold.add(MessageEnd(message))
        fold.add(AgentEnd((message,)))
    advice = " (/login signs in or stores another key)"
    assert notices(fold) == [
        f"Error: p: 401 Incorrect API key{advice}",
        f"Error: p.test closed the connection{advice}",
    ]


def test_what_a_signal_has_stopped_says_so() -> None:
    fold = Fold()
    fold.ending = ended_by(15)
    fold.add(MessageEnd(answer(stop="aborted")))
    assert notices(fold) == ["Stopped by SIGTERM"]


def failed(text: str, *content: TextContent) -> AssistantMessage:
    return answer(*content, stop="error", error=text, kind="transport")


def test_a_cut_answer_that_was_asked_again_reads_as_it_did_then() -> None:
    cut = "gone in the middle"
    messages = [
        UserMessage("go"),
        failed(cut),
        failed(cut, TextContent("half")),
        answer(TextContent("whole")),
        UserMessage("again"),
        failed(cut, TextContent("half")),
        failed(cut),
    ]
    blocks, _ = last_blocks(messages, 100)
    said = [block.text for block in blocks if isinstance(block, NoticeBlock)]
    assert said == [
        "(cut off, asked again)",
        "(cut off, asked again)",
        f"Error after 1 retry: {cut} (is the network up? Send the prompt again when it is)",
    ]


def test_a_call_without_a_result_is_no_failed_one() -> None:
    calls = [ToolCall("1", "read", {"path": "a"}), ToolCall("2", "bash", {"command": "ls"})]
    blocks, _ = last_blocks([UserMessage("go"), answer(*calls, stop="toolUse")], 5)
    result = {"type": "message", "message": {"role": "toolResult", "toolCallId": "2"}}
    find_elsewhere(blocks, [b'{"type":"label"}', b'{"toolCallId":3}', json.dumps(result).encode()])
    states = [block.state for block in blocks if isinstance(block, ToolBlock)]
    assert states == ["missing", "elsewhere"]
    assert say_block(blocks[2]) == ["bash: its result is on another branch."]
    assert plain(blocks[1])[1:] == ["(it has no result)"]
    painted = painter_of(blocks[2], Look(style=lambda token: token)).settle(60)
    rows = ["".join(text for _, text in line) for line in painted]
    assert rows == ["◦ $ ls", "  (its result is on another branch)"]
    assert "error" not in {style for line in painted for style, _ in line}


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ({"role": "bashExecution", "command": "ls", "output": "a", "exitCode": 1}, CommandBlock),
        ({"role": "compactionSummary", "summary": "x", "tokensBefore": 3}, SummaryBlock),
        ({"role": "branchSummary", "summary": "x", "fromId": "1"}, SummaryBlock),
    ],
)
def test_messages_that_are_no_models(message: dict, kind: type) -> None:
    (block,), left_out = last_blocks([message], 5)
    assert isinstance(block, kind)
    assert left_out == 0


def test_a_skill_is_shown_as_it_was_typed() -> None:
    text = '<skill name="x" location="/a">\nbody\n</skill>\n\nwords'
    fold = Fold()
    fold.add(MessageStart(UserMessage(text)))
    assert isinstance(fold.blocks[0], UserBlock)
    assert fold.blocks[0].text == "/skill:x words"


def test_events_nobody_shows_change_nothing() -> None:
    fold = Fold()
    assert fold.add(s.QueueUpdate((), ())) == []
