"""A summary of the branch that is left, for going on elsewhere in the tree."""

from typing import Any

import pytest

from coding.policies.policy_session import Work, prompts
from pi.ai.errors import PiError
from pi.ai.faux import fail, faux_model, text
from pi.ai.messages import AssistantMessage, TextContent, ToolCall, ToolResultMessage, Usage
from pi.coding.api.events import SummarizationRetryAttemptStart, SummarizationRetryScheduled
from pi.coding.policies.branch_summary import left_behind, summarize_branch
from pi.coding.session.entries import BranchSummary, UsageEntry
from pi.coding.session.log import SessionLog
from pi.coding.session.stats import count

MODEL = faux_model(context_window=50_000, max_output_tokens=4000)
NOTES = [text("## Goal\nThe old way.")]


def used(name: str, path: str, number: str) -> list[Any]:
    call = ToolCall(number, name, {"path": path})
    answer = AssistantMessage((call,), "faux", "faux", "faux", Usage(), "toolUse", int(number))
    result = ToolResultMessage(number, name, (TextContent("SECRET RESULT"),), timestamp=1)
    return [answer, result]


async def test_what_was_left_is_told_where_one_goes_on() -> None:
    work = Work([[text("shared")], [text("tried")], NOTES, [text("on")]], model=MODEL)
    await work.ask("common")
    fork = work.log.leaf
    assert fork is not None
    await work.ask("the old way")
    for message in (*used("read", "a.py", "1"), *used("edit", "b.py", "2")):
        work.log.append_message(message)
    left = work.log.leaf
    summary = await summarize_branch(work.session, fork.id, focus="names")
    assert summary is not None
    assert left is not None
    assert summary.from_id == left.id
    assert summary.details == {"readFiles": ["a.py"], "modifiedFiles": ["b.py"]}
    assert summary.summary.startswith("## Goal\nThe old way.")
    assert "<modified-files>\nb.py\n</modified-files>" in summary.summary
    assert summary.usage
    (request,) = work.summarised
    assert "the old way" in request
    assert "names" in request
    assert "common" not in request, "what both branches share is still there"
    assert "SECRET RESULT" not in request
    work.log.move_with_summary(fork.id, summary)
    await work.ask("the new way")
    sent = prompts(work.asked[-1])
    assert sent[0] == "common"
    assert "The old way." in sent[1]
    assert sent[2] == "the new way"
    assert count(work.log).usage.input >= summary.usage.input  # type: ignore[union-attr]


async def test_nothing_was_said_there() -> None:
    work = Work([[text("x")]], model=MODEL)
    await work.ask("hi")
    leaf = work.log.leaf
    assert leaf is not None
    assert await summarize_branch(work.session, leaf.id) is None
    work.log.append_label(leaf.id, "here")
    assert await summarize_branch(work.session, leaf.id) is None


async def test_the_newest_part_of_a_long_branch() -> None:
    work = Work([NOTES], model=MODEL, settings={"branchSummary": {"reserveTokens": 20_000}})
    for i in range(20):
        message = TextContent(f"step {i} " + "w" * 8000)
        answer = AssistantMessage((message,), "faux", "faux", "faux", Usage(), "stop", i)
        work.log.append_message(answer)
    assert await summarize_branch(work.session, None) is not None
    (request,) = work.summarised
    told = [i for i in range(20) if f"step {i} " in request]
    assert told == list(range(told[0], 20)), "30,000 tokens from the end"
    assert len(told) == 14


async def test_summaries_of_branches_of_the_branch_are_in_it() -> None:
    work = Work([[text("a")], NOTES], model=MODEL)
    await work.ask("q")
    inner = BranchSummary("x", "INNER", {"readFiles": ["deep.py"], "modifiedFiles": []})
    work.log.append(inner)
    summary = await summarize_branch(work.session, None)
    assert summary is not None
    assert summary.details["readFiles"] == ["deep.py"]
    assert "INNER" in work.summarised[0]


async def test_what_fails_is_tried_again_and_then_told() -> None:
    busy = [fail("overloaded", "busy")]
    work = Work([[text("a")], busy, NOTES, [text("b"), fail("quota", "no money")]], model=MODEL)
    await work.ask("q")
    assert await summarize_branch(work.session, None, sleep=work.clock) is not None
    assert work.heard(SummarizationRetryScheduled, SummarizationRetryAttemptStart) == [
        SummarizationRetryScheduled(1, 3, 2000, "busy"),
        SummarizationRetryAttemptStart("branchSummary"),
    ]
    with pytest.raises(PiError, match="no money"):
        await summarize_branch(work.session, None, sleep=work.clock)
    assert not [e for e in work.entries if isinstance(e, BranchSummary)]
    assert not [e for e in work.entries if isinstance(e, UsageEntry)], "it has cost nothing"


def test_where_two_branches_part() -> None:
    log = SessionLog.memory("/project")
    nodes = [log.append_message(TextMessage(i)) for i in range(4)]
    log.move(nodes[1].id)
    other = log.append_message(TextMessage(9))
    assert [n.id for n in left_behind(log, nodes[3].id)] == [other.id]
    assert [n.id for n in left_behind(log, nodes[1].id)] == [other.id]
    assert len(left_behind(log, None)) == 3
    assert left_behind(log, other.id) == []


def TextMessage(number: int) -> AssistantMessage:  # noqa: N802
    content = (TextContent(str(number)),)
    return AssistantMessage(content, "faux", "faux", "faux", Usage(), "stop", number)
