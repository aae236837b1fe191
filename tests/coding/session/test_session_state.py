"""The fold: what a model is told at a leaf, and that growing and reading again give the same."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from session_data import HEADER, answer, assistant, entry, message, user, write

from pi.ai.messages import (
    AssistantMessage,
    ImageContent,
    TextContent,
    ToolResultMessage,
    UserMessage,
    text_of,
)
from pi.coding.session.context import shell_text, to_llm
from pi.coding.session.entries import (
    BashExecution,
    BranchSummary,
    BranchSummaryMessage,
    Compaction,
    CompactionSummaryMessage,
    ContextEdit,
    Custom,
    CustomMessage,
    CustomMessageEntry,
    SystemMessage,
)
from pi.coding.session.log import SessionLog


def told(log: SessionLog) -> list[str]:
    return [
        m.text if isinstance(m, AssistantMessage) else text_of(m.content)
        for m in log.state.messages
    ]


def opened(tmp_path: Path, *items: Any) -> SessionLog:
    return SessionLog.open(write(tmp_path / "s.jsonl", HEADER, *items))


def test_compaction_stands_for_what_came_before_the_kept_entries(tmp_path: Path) -> None:
    log = opened(
        tmp_path,
        message("a", None, user("1")),
        message("b", "a", assistant("2")),
        message("c", "b", user("3")),
        entry("compaction", "d", "c", summary="S", firstKeptEntryId="b", tokensBefore=5),
        message("e", "d", user("4")),
    )
    summary, *rest = told(log)
    assert "<summary>\nS\n</summary>" in summary
    assert rest == ["2", "3", "4"]
    assert log.state.compaction is not None
    assert log.state.compaction.tokens_before == 5
    assert log.state.model == ("provider", "model")


def test_second_compaction_keeps_what_the_first_kept(tmp_path: Path) -> None:
    log = opened(
        tmp_path,
        message("a", None, user("1")),
        message("b", "a", user("2")),
        entry("compaction", "c", "b", summary="S1", firstKeptEntryId="b", tokensBefore=5),
        message("d", "c", user("3")),
        entry("compaction", "e", "d", summary="S2", firstKeptEntryId="b", tokensBefore=5),
    )
    summary, *rest = told(log)
    assert "S2" in summary
    assert rest == ["2", "3"]


def test_model_and_level_count_from_before_a_compaction(tmp_path: Path) -> None:
    log = opened(
        tmp_path,
        entry("thinking_level_change", "l", None, thinkingLevel="high"),
        message("a", "l", assistant("1", model="answered")),
        entry("model_change", "b", "a", provider="p", modelId="chosen"),
        message("c", "b", user("2")),
        entry("compaction", "d", "c", summary="S", firstKeptEntryId="d", tokensBefore=5),
    )
    assert log.state.model == ("p", "chosen")
    assert log.state.thinking_level == "high"
    assert len(log.state.messages) == 1


def test_kept_entries_lost_to_damage_leave_the_rest(tmp_path: Path) -> None:
    log = opened(
        tmp_path,
        message("a", None, user("1")),
        b'{"type":"message","id":"b","parentId":"a","mess',
        message("c", "b", user("3")),
        entry("compaction", "d", "c", summary="S", firstKeptEntryId="b", tokensBefore=5),
    )
    assert told(log)[1:] == ["3"]
    assert log.notes == [
        "unreadable text was left out: line 3",
        "1 entry without their parent became roots",
    ]


def test_unreadable_compaction_replaces_nothing(tmp_path: Path) -> None:
    log = opened(
        tmp_path,
        message("a", None, user("1")),
        entry("compaction", "b", "a", firstKeptEntryId="a"),
        message("c", "b", user("2")),
    )
    assert told(log) == ["1", "2"]
    assert log.notes == ["entry b (compaction) can only be read in part"]


def test_context_edits_change_only_what_the_model_sees(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path, "/p")
    first = log.append_message(UserMessage("secret"))
    reply = log.append_message(answer("long"))
    result = log.append_message(ToolResultMessage("c", "bash", (TextContent("big"),)))
    extra = log.append(CustomMessageEntry("ext", "injected"))
    before = log.leaf
    for target, replacement in (
        (first, {"content": "edited"}),
        (reply, {"content": "short"}),
        (result, {"content": [{"type": "text", "text": "small"}, {"type": "strange"}]}),
        (extra, None),
    ):
        log.append(ContextEdit(target.id, replacement))
    expected = ["edited", "short", "small"]
    assert log.path is not None
    assert told(log) == told(SessionLog.open(log.path)) == expected
    assert log.state.transcript[0] == UserMessage("secret", log.state.transcript[0].timestamp)
    log.append(ContextEdit(first.id, {"content": "edited again"}))
    assert told(log)[0] == "edited again"
    log.move(before.id if before else None)
    assert told(log) == ["secret", "long", "big", "injected"]


def test_system_prompts_in_a_transcript_are_not_messages(tmp_path: Path) -> None:
    system = {"role": "system", "content": "", "sections": {"a": "b", "c": None}, "timestamp": 1}
    log = opened(tmp_path, message("a", None, system), message("b", "a", user("1")))
    assert told(log) == ["1"]
    assert log.state.transcript[0] == SystemMessage("", {"a": "b", "c": None}, 1)
    assert log.notes == []


def test_name_and_labels_are_those_of_the_whole_file(tmp_path: Path) -> None:
    log = opened(
        tmp_path,
        message("a", None, user("1")),
        entry("session_info", "n", "a", name="first"),
        entry("label", "l", "n", targetId="a", label="mark"),
        entry("label", "m", "l", targetId="n", label="gone"),
        entry("label", "o", "m", targetId="n"),
        entry("session_info", "q", "a", name=" second "),
    )
    assert log.state.name == "second"
    assert log.state.labels == {"a": "mark"}
    log.append_name("")
    log.append_label("a", "")
    assert log.path is not None
    assert log.state.name is SessionLog.open(log.path).state.name is None
    assert log.state.labels == SessionLog.open(log.path).state.labels == {}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (UserMessage("x", 1), UserMessage("x", 1)),
        (SystemMessage("x"), None),
        (CustomMessage("e", "x", False, {}, 7), UserMessage("x", 7)),
        (CustomMessage("e", (ImageContent("a", "image/png"),), timestamp=7),
         UserMessage((ImageContent("a", "image/png"),), 7)),
        (BashExecution("ls", "", exclude_from_context=True), None),
    ],
)  # fmt: skip
def test_messages_for_the_model(message: Any, expected: Any) -> None:
    assert to_llm(message) == expected


def test_summaries_for_the_model() -> None:
    for summary in (CompactionSummaryMessage("S\n", 9, 5), BranchSummaryMessage("S\n", None, 5)):
        said = to_llm(summary)
        assert isinstance(said, UserMessage)
        assert said.timestamp == 5
        assert text_of(said.content).endswith("\n\n<summary>\nS\n</summary>")


def test_shell_commands_for_the_model() -> None:
    assert shell_text(BashExecution("ls", "a\n", 0)).endswith("`ls`\n\n```\na\n```")
    assert shell_text(BashExecution("x", "", None)).endswith("It printed nothing.")
    assert "\n````\n```\n````\n" in shell_text(BashExecution("x", "```", 1)) + "\n"
    assert shell_text(BashExecution("x", "a", 3)).endswith("Exit code: 3")
    assert shell_text(BashExecution("x", "a", cancelled=True)).endswith("The user stopped it.")
    cut = BashExecution("x", "a", 0, truncated=True, full_output_path="/tmp/o")
    assert shell_text(cut).endswith("/tmp/o")


_STEP = st.one_of(
    st.tuples(st.just("user"), st.text(max_size=5)),
    st.tuples(st.just("answer"), st.sampled_from(["m1", "m2"])),
    st.tuples(st.just("shell"), st.booleans()),
    st.tuples(st.just("custom"), st.text(max_size=3)),
    st.tuples(st.just("ignored"), st.none()),
    st.tuples(st.just("model"), st.sampled_from(["m1", "m2"])),
    st.tuples(st.just("level"), st.sampled_from(["low", "high"])),
    st.tuples(st.just("name"), st.text(max_size=4)),
    st.tuples(st.just("label"), st.integers(0, 30)),
    st.tuples(st.just("compact"), st.integers(0, 30)),
    st.tuples(st.just("edit"), st.integers(0, 30)),
    st.tuples(st.just("omit"), st.integers(0, 30)),
    st.tuples(st.just("move"), st.integers(-1, 30)),
    st.tuples(st.just("leave"), st.integers(-1, 30)),
)


def _do(log: SessionLog, step: str, value: Any) -> None:
    nodes = [n for n in log.tree.nodes if n.type != "custom"]
    on_branch = list(log.branch)
    match step:
        case "user":
            log.append_message(UserMessage(value))
        case "answer":
            log.append_message(answer("text", model=value))
        case "shell":
            log.append_message(BashExecution("ls", "x", 0, exclude_from_context=value))
        case "custom":
            log.append(CustomMessageEntry("ext", value))
        case "ignored":
            log.append(Custom("ext", [1]))
        case "model":
            log.append_model_change("p", value)
        case "level":
            log.append_thinking_level(value)
        case "name":
            log.append_name(value)
        case "label" if nodes:
            log.append_label(nodes[value % len(nodes)].id, "mark")
        case "compact":
            kept = on_branch[value % len(on_branch)].id if on_branch else ""
            log.append(Compaction("summary", kept, 1))
        case "edit" | "omit" if on_branch:
            replacement = {"content": "new"} if step == "edit" else None
            log.append(ContextEdit(on_branch[value % len(on_branch)].id, replacement))
        case "move" | "leave" if nodes:
            target = None if value < 0 else nodes[value % len(nodes)].id
            if step == "move":
                log.move(target)
            else:
                log.move_with_summary(target, BranchSummary("", "left"))


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_STEP, max_size=25))
def test_growing_and_reading_again_give_the_same(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Any]]
) -> None:
    log = SessionLog.create(tmp_path_factory.mktemp("s"), "/p")
    log.append_message(UserMessage("begin"))
    for step, value in steps:
        _do(log, step, value)
    assert log.path is not None
    again = SessionLog.open(log.path)
    assert again.notes == []
    assert again.state.messages == log.state.messages
    assert again.state.model == log.state.model
    assert again.state.thinking_level == log.state.thinking_level
    assert again.state.compaction == log.state.compaction
    assert again.state.name == log.state.name
    assert again.state.labels == log.state.labels
    assert [n.id for n in again.branch] == [n.id for n in log.branch]
    assert [n.parent for n in again.tree.nodes] == [n.parent for n in log.tree.nodes]


def test_going_back_and_on_and_to_another_branch(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path, "/p")
    log.append_model_change("p", "first")
    ends = [log.append_message(UserMessage(text)).id for text in "abcdef"]
    log.append_thinking_level("high")
    log.move(ends[2])
    assert (told(log), log.state.thinking_level) == (["a", "b", "c"], None)
    log.append_model_change("p", "second")
    side = log.append_message(UserMessage("x")).id
    for target, said, model in (
        (ends[5], "abcdef", "first"),
        (side, "abcx", "second"),
        (ends[0], "a", "first"),
        (None, "", None),
        (side, "abcx", "second"),
    ):
        log.move(target)
        assert told(log) == list(said)
        assert log.state.model == (model and ("p", model))
        assert [item.node.id for item in log.state.items] == [
            node.id for node in log.branch if node.type == "message"
        ]
