"""Compaction over the ordinary road: before a prompt, between two turns, when asked for."""

import asyncio
from typing import Any

import pytest
from msgspec import UNSET

from coding.policies.policy_session import SYSTEM, Work, prompts, roles, until
from conformance.said import Said, model_for, wire
from pi.ai.errors import ConfigError, PiError
from pi.ai.faux import Answer, fail, faux_model, text, tool
from pi.ai.messages import (
    AssistantMessage,
    Context,
    TextContent,
    ToolCall,
    ToolResultMessage,
    Usage,
    UserMessage,
)
from pi.ai.model import Model, Price
from pi.coding.api.commands import Abort, Compact, Prompt, SetAutoCompaction
from pi.coding.api.events import (
    CompactionEnd,
    CompactionResult,
    CompactionStart,
    SummarizationRetryAttemptStart,
    SummarizationRetryFinished,
    SummarizationRetryScheduled,
)
from pi.coding.policies.compaction import Compactor
from pi.coding.session.entries import Compaction, UsageEntry
from pi.coding.session.log import SessionLog
from pi.coding.session.stats import count
from support.server import Reply, Seen, Server

SMALL = faux_model(context_window=20_000, max_output_tokens=4000)
TIGHT = {"compaction": {"keepRecentTokens": 2000}}
LONG = "w" * 12_000  # 3000 tokens


def script(*answers: Answer, summary: Any = None) -> Any:
    """Answers in order; requests for summaries get summaries, numbered."""
    left, made = list(answers), [0]

    def answer(context: Context) -> Answer:
        if context.system == (SYSTEM,):
            return left.pop(0)
        made[0] += 1
        if callable(summary):
            return summary(made[0])
        return [text(f"## Goal\nSummary {made[0]}.")]

    return answer


def talk(count: int) -> list[Answer]:
    """So many long answers."""
    return [[text(f"answer {i} {LONG}")] for i in range(count)]


async def test_a_full_window_is_compacted_before_the_next_request() -> None:
    work = Work(script(*talk(5), [text("fresh")]), model=SMALL, settings=TIGHT)
    for i in range(5):
        await work.ask(f"question {i}")
    assert not work.compactions, "15,000 tokens do not need it: the threshold is 15,000"
    answer = await work.ask("question 5")
    assert answer.text == "fresh"
    (entry,) = work.compactions
    assert entry.tokens_before > 15_000
    assert entry.usage
    assert entry.usage.output
    assert entry.details == {"readFiles": [], "modifiedFiles": []}
    sent = work.asked[-1]
    assert "Summary 1." in prompts(sent)[0]
    assert prompts(sent)[-1] == "question 5"
    assert "question 0" not in str(sent)
    start, end = work.heard(CompactionStart, CompactionEnd)
    assert start == CompactionStart("threshold")
    assert end.result.summary == entry.summary
    assert end.result.first_kept_entry_id == entry.first_kept_entry_id
    assert end.result.estimated_tokens_after < 4000 < end.result.tokens_before
    assert (end.aborted, end.will_retry) == (False, False)
    at = work.types.index("compaction_end")
    assert "message_start" in work.types[at:], "and then the answer begins"


async def test_the_threshold_is_what_the_settings_say() -> None:
    for reserve, expected in ((4000, 0), (8500, 1)):
        settings = {"compaction": {"keepRecentTokens": 2000, "reserveTokens": reserve}}
        work = Work(script(*talk(5), [text("x")]), model=SMALL, settings=settings)
        for _ in range(5):
            await work.ask()
        assert len(work.compactions) == expected


async def test_another_budget_for_one_model() -> None:
    override = {"reserveTokens": 8000, "keepRecentTokens": 3500}
    settings = {"compaction": {"modelOverrides": {"faux/faux": override}}}
    work = Work(script(*talk(4), [text("x")]), model=SMALL, settings=settings)
    for i in range(5):
        await work.ask(f"q{i}")
    (entry,) = work.compactions
    assert entry.tokens_before > 12_000
    kept = [i.message for i in work.log.state.items][1:]
    assert roles(kept) == ["user", "assistant", "user", "assistant"], "3000 tokens fit into 3500"


async def test_a_window_smaller_than_the_reserve_is_not_compacted_all_the_time() -> None:
    model = faux_model(context_window=8192, max_output_tokens=1024)
    work = Work(script(*[[text("ok")]] * 8), model=model)
    for _ in range(8):
        await work.ask()
    assert not work.heard(CompactionStart)


async def test_not_again_right_after() -> None:
    work = Work(script(*talk(5), *[[text("short")]] * 4), model=SMALL, settings=TIGHT)
    for i in range(9):
        await work.ask(f"q{i}")
    assert len(work.compactions) == 1, "usage from before the compaction says nothing any more"


async def test_between_tool_results_and_the_next_request() -> None:
    calls = [[tool("big", {"size": 16_000}, id=f"c{i}")] for i in range(6)]
    work = Work(script(*calls, [text("done")]), model=SMALL, settings=TIGHT)
    answer = await work.ask("read a lot, the *exact* words")
    assert answer.text == "done"
    assert len(work.compactions) >= 1
    assert work.types.count("agent_start") == 1, "it is the same run"
    at = work.types.index("compaction_start")
    assert work.types[at - 1] == "turn_end"
    first = work.compactions[0]
    assert "> read a lot, the *exact* words" in first.summary, "a summary cannot lose the request"
    for context in work.asked:
        assert sum(len(str(m)) for m in context.messages) // 4 < 16_000
        kinds = roles(context.messages)
        assert kinds[0] == "user"
        assert kinds[1:2] != ["toolResult"]


async def test_only_the_active_branch_is_summarised() -> None:
    work = Work(script(*talk(7)), model=SMALL, settings=TIGHT)
    await work.ask("common")
    place = work.log.leaf
    assert place is not None
    await work.ask("ABANDONED")
    work.log.move(place.id)
    for i in range(4):
        await work.ask(f"q{i}")
    await work.ask("last")
    assert work.compactions
    assert "common" in work.summarised[0]
    assert "ABANDONED" not in str(work.transport.contexts[3:])


async def test_a_split_turn_has_two_summaries() -> None:
    calls = [[tool("big", {"size": 14_000}, id=f"c{i}")] for i in range(4)]
    work = Work(
        script([text("hello " + LONG)], *calls, [text("done")]), model=SMALL, settings=TIGHT
    )
    await work.ask("first things")
    await work.ask("then the work")
    entry = work.compactions[0]
    assert "Summary 1." in entry.summary
    assert "Summary 2." in entry.summary
    assert "> then the work" in entry.summary
    history, prefix = work.summarised[:2]
    assert "first things" in history
    assert "then the work" not in history
    assert "then the work" in prefix
    assert "first things" not in prefix


async def test_the_earlier_summary_is_brought_up_to_date() -> None:
    settings = {"compaction": {"keepRecentTokens": 3500}}
    work = Work(script(*talk(12)), model=SMALL, settings=settings)
    for i in range(10):
        await work.ask(f"question {i}")
    first, second = work.compactions
    assert "Summary 1." in first.summary
    assert "Summary 2." in second.summary
    again = work.summarised[1]
    assert "<previous-summary>\n## Goal\nSummary 1." in again
    kept = work.log.tree.get(first.first_kept_entry_id)
    assert kept is not None
    assert "question 4" in str(work.log.entry(kept))
    assert "question 4" in again, "what the first one kept is in the second summary"
    assert "question 3" not in again, "and what is in the first summary is not told again"


async def test_files_are_carried_from_summary_to_summary() -> None:
    log = SessionLog.memory("/project")
    work = Work(script(*talk(12)), model=SMALL, settings=TIGHT, log=log)
    calls = (
        ToolCall("1", "read", {"path": "a.py"}),
        ToolCall("2", "edit", {"path": "b.py"}),
        ToolCall("3", "read", {"path": "b.py"}),
        ToolCall("4", "read", {"path": "gone.py"}),
    )
    log.append_message(UserMessage("look"))
    log.append_message(AssistantMessage(calls, "faux", "faux", "faux", Usage(), "toolUse", 1))
    for call in calls:
        content = (TextContent("x"),)
        log.append_message(ToolResultMessage(call.id, call.name, content, call.id == "4"))
    for i in range(11):
        await work.ask(f"q{i}")
    first, second = work.compactions[:2]
    expected = {"readFiles": ["a.py"], "modifiedFiles": ["b.py"]}
    assert first.details == second.details == expected
    assert first.summary.endswith(
        "<read-files>\na.py\n</read-files>\n\n<modified-files>\nb.py\n</modified-files>"
    )
    assert second.summary.count("<read-files>") == 1
    assert "<read-files>" not in work.summarised[1], "the model is not asked to copy the lists"


# -- when somebody asks for it ---------------------------------------------------------------------


async def test_by_hand() -> None:
    work = Work(script(*talk(3)), model=SMALL, settings=TIGHT)
    for i in range(3):
        await work.ask(f"q{i}")
    result = await work.session.send(Compact("the colours"))
    assert isinstance(result, CompactionResult)
    assert result.tokens_before > 9000
    assert "the colours" in work.summarised[0]
    assert work.heard(CompactionStart) == [CompactionStart("manual")]
    assert work.log.state.compaction is not None
    with pytest.raises(ConfigError, match="nothing to compact: the conversation is short enough"):
        await work.session.send(Compact())


async def test_nothing_to_compact() -> None:
    work = Work(script([text("hi")]), model=SMALL)
    with pytest.raises(ConfigError, match="nothing was said"):
        await work.session.send(Compact())
    await work.ask("hello")
    with pytest.raises(ConfigError, match=r"about .* tokens, of which the newest"):
        await work.session.send(Compact())
    assert not work.heard(CompactionStart), "no summary was tried"


async def test_one_at_a_time() -> None:
    work = Work(
        script(*talk(3), summary=lambda _: [text("S"), fail("overloaded", "busy")]),
        model=SMALL,
        settings=TIGHT,
    )
    for i in range(3):
        await work.ask(f"q{i}")
    work.clock.hold = True
    compactor = work.hook(Compactor)
    first = asyncio.ensure_future(compactor.compact())
    await until(lambda: work.clock.slept)
    assert compactor.busy
    with pytest.raises(ConfigError, match="already"):
        await compactor.compact()
    first.cancel()
    await asyncio.wait([first])
    assert not compactor.busy


async def test_abort_ends_it() -> None:
    work = Work(
        script(*talk(3), summary=lambda _: [text("S"), fail("overloaded", "busy")]),
        model=SMALL,
        settings=TIGHT,
    )
    for i in range(3):
        await work.ask(f"q{i}")
    work.clock.hold = True
    asking = asyncio.ensure_future(work.session.send(Compact()))
    await until(lambda: work.clock.slept)
    await work.session.send(Abort())
    with pytest.raises(PiError):
        await asking
    end = work.heard(CompactionEnd)[-1]
    assert (end.aborted, end.error_message) == (True, UNSET)
    assert not work.compactions
    assert not work.hook(Compactor).busy


async def test_abort_in_a_run_ends_both() -> None:
    work = Work(
        script(
            *talk(5),
            [text("later")],
            summary=lambda n: [text("S"), fail("overloaded", "busy")] if n == 1 else [text("S")],
        ),
        model=SMALL,
        settings=TIGHT,
    )
    for i in range(5):
        await work.ask(f"q{i}")
    work.clock.hold = True
    asking = asyncio.ensure_future(work.session.send(Prompt("q5")))
    await until(lambda: work.clock.slept)
    await work.session.send(Abort())
    await asking
    assert work.types[-2:] == ["agent_end", "agent_settled"]
    assert len(work.asked) == 5
    work.clock.hold = False
    assert (await work.ask("q6")).text == "later"
    assert prompts(work.asked[-1])[-2:] == ["q5", "q6"], "the prompt that was said is not lost"


# -- when it fails ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ([fail("quota", "no money")], "no money"),
        ([text("  \n")], "the model wrote no summary"),
        ([tool("big", {})], "the model wrote no summary"),
        ([], "the model wrote no summary"),
    ],
)
async def test_a_failure_is_told_and_nothing_else_happens(broken: Answer, reason: str) -> None:
    work = Work(
        script(*talk(5), [text("on")], [text("and on")], summary=lambda _: broken),
        model=SMALL,
        settings=TIGHT,
    )
    for i in range(5):
        await work.ask(f"q{i}")
    assert (await work.ask("q5")).text == "on"
    end = work.heard(CompactionEnd)[-1]
    assert reason in end.error_message
    assert (end.aborted, end.will_retry) == (False, False)
    assert not work.compactions
    assert "q0" in str(work.asked[-1])


async def test_in_one_run_it_fails_only_once() -> None:
    calls = [[tool("big", {"size": 14_000}, id=f"c{i}")] for i in range(6)]
    work = Work(
        script(*calls, [text("done")], summary=lambda _: [text("")]), model=SMALL, settings=TIGHT
    )
    assert (await work.ask()).text == "done"
    assert len(work.summarised) == 1


async def test_a_summary_that_failed_is_paid_for_all_the_same() -> None:
    model = faux_model(context_window=20_000, max_output_tokens=4000, cost=Price(1000.0, 1000.0))
    work = Work(
        script(*talk(5), [text("on")], summary=lambda _: [text("")]), model=model, settings=TIGHT
    )
    for i in range(6):
        await work.ask(f"q{i}")
    (booked,) = [entry for entry in work.entries if isinstance(entry, UsageEntry)]
    assert (booked.kind, booked.provider, booked.model) == ("compaction", "faux", "faux")
    assert booked.usage.cost.total > 0
    answers = [i.message for i in work.log.state.items if isinstance(i.message, AssistantMessage)]
    total = sum(m.usage.cost.total for m in answers) + booked.usage.cost.total
    assert count(work.log).usage.cost.total == pytest.approx(total)


async def test_a_summary_is_asked_for_again() -> None:
    def summary(n: int) -> Answer:
        return [text("half"), fail("transport", "terminated")] if n < 3 else [text("whole")]

    work = Work(script(*talk(5), [text("on")], summary=summary), model=SMALL, settings=TIGHT)
    for i in range(6):
        await work.ask(f"q{i}")
    (entry,) = work.compactions
    assert entry.summary == "whole"
    assert work.clock.slept == [2.0, 4.0]
    found = work.heard(
        SummarizationRetryScheduled, SummarizationRetryAttemptStart, SummarizationRetryFinished
    )
    assert found == [
        SummarizationRetryScheduled(1, 3, 2000, "terminated"),
        SummarizationRetryAttemptStart("compaction", "threshold"),
        SummarizationRetryScheduled(2, 3, 4000, "terminated"),
        SummarizationRetryAttemptStart("compaction", "threshold"),
        SummarizationRetryFinished(),
    ]


async def test_a_cut_off_summary_is_no_summary() -> None:
    api = "openai-completions"
    module = wire(api)

    def reply(seen: Seen) -> Reply:
        if "hand-over notes" in seen.body.decode():
            return Reply(module.write(Said(text="## Goal\nhalf of", stop="length")))
        return Reply(module.write(Said(text="fine", usage=Usage(30_000, 5, 0, 0, 30_005))))

    async with Server(reply) as server:
        model = model_for(api, server.url, context_window=32_000)
        work = Work(None, model=model, settings=TIGHT)
        for i in range(3):
            work.log.append_message(UserMessage(f"question {i} {LONG}"))
            await work.ask(f"q{i}")
        await work.client.aclose()
    assert "cut off" in work.heard(CompactionEnd)[0].error_message
    assert not work.compactions


async def test_it_can_be_switched_off() -> None:
    work = Work(
        script(*talk(8)),
        model=SMALL,
        settings={"compaction": {"enabled": False, "keepRecentTokens": 2000}},
    )
    for _ in range(6):
        await work.ask()
    assert not work.heard(CompactionStart)
    assert await work.session.send(Compact()), "by hand it works all the same"
    await work.session.send(SetAutoCompaction(True))
    assert work.hook(Compactor).auto_compaction


async def test_with_a_next_prompt_to_come_the_end_of_a_run_is_used() -> None:
    work = Work(script(*talk(5), [text("x")]), model=SMALL, settings=TIGHT, eager=True)
    for i in range(5):
        await work.ask(f"q{i}")
    assert len(work.compactions) == 1
    assert work.types[-4:] == ["compaction_start", "compaction_end", "agent_end", "agent_settled"]


async def test_the_entry_is_read_back_as_it_was(tmp_path: Any) -> None:
    log = SessionLog.create(tmp_path, tmp_path)
    work = Work(script(*talk(5), [text("fresh")]), model=SMALL, settings=TIGHT, log=log)
    for i in range(6):
        await work.ask(f"q{i}")
    assert log.path is not None
    again = SessionLog.open(log.path)
    assert again.state.messages == log.state.messages
    (entry,) = [e for _, e in again.entries() if isinstance(e, Compaction)]
    assert entry == work.compactions[0]


async def test_summaries_of_scripts_in_which_a_letter_is_a_token() -> None:
    """The service counts three times what we estimate: what is kept is measured its way."""
    api = "openai-completions"
    module = wire(api)

    def reply(seen: Seen) -> Reply:
        size = letters(seen.json)
        said = Said(text="好" * 600, usage=Usage(size, 600, 0, 0, size + 600))
        return Reply(module.write(said))

    async with Server(reply) as server:
        model: Model = model_for(api, server.url, context_window=16_000, max_output_tokens=2000)
        work = Work(None, model=model, settings={"compaction": {"keepRecentTokens": 4000}})
        for _ in range(30):
            await work.ask("你" * 600)
            assert work.log.state.items
        await work.client.aclose()
    assert work.compactions
    assert max(letters(seen.json) for seen in server.requests) < 16_000


def letters(body: Any) -> int:
    """Letters in a request."""
    return sum(len(str(message["content"])) for message in body["messages"])
