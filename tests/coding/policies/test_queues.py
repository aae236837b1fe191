"""What the user says while a run goes on: nothing is lost, nothing is said twice.

While tools run, while an answer fails, while a retry is waited for, during a compaction, and when
the run is aborted; one at a time and all at once.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from coding.policies.policy_session import SYSTEM, Work, until
from pi.agent.events import MessageUpdate
from pi.agent.inbox import Inbox
from pi.ai.errors import PiError
from pi.ai.faux import Answer, fail, faux_model, text, tool, wait
from pi.ai.messages import Context, UserMessage
from pi.coding.api.commands import (
    Abort,
    ClearQueue,
    Compact,
    FollowUp,
    NavigateTree,
    Prompt,
    Steer,
)
from pi.coding.api.events import AgentSettled, CompactionStart
from pi.coding.policies.retry import Retry
from pi.coding.session.entries import BashExecution

MODEL = faux_model(context_window=20_000, max_output_tokens=4000)
TIGHT = {"compaction": {"keepRecentTokens": 2000}}
LONG = "w" * 12_000
BROKEN: Answer = [text("half"), fail("transport", "gone")]


@pytest.fixture(params=["one-at-a-time", "all"])
def mode(request: pytest.FixtureRequest) -> Iterator[Any]:
    return request.param


def script(*answers: Answer, summary: Answer) -> Any:
    left = list(answers)

    def answer(context: Context) -> Answer:
        return left.pop(0) if context.system == (SYSTEM,) else summary

    return answer


def said(work: Work) -> list[str]:
    """What the user said, in the order of the log."""
    messages = [entry.message for entry in work.entries if hasattr(entry, "message")]
    return [str(m.content)[:20] for m in messages if isinstance(m, UserMessage)]


def asked(work: Work, index: int) -> list[str]:
    """What the user says in a request for an answer, summaries left out."""
    messages = work.asked[index].messages
    return [
        m.content for m in messages if isinstance(m, UserMessage) and isinstance(m.content, str)
    ]


def begin(work: Work, words: str = "go") -> "asyncio.Future[Any]":
    return asyncio.ensure_future(work.session.send(Prompt(words)))


async def test_steering_waits_for_the_whole_batch_of_tools(mode: Any) -> None:
    calls = [tool("big", {}, id="a"), tool("big", {}, id="b")]
    work = Work([calls, [text("x")], [text("y")]], inbox=Inbox(steering_mode=mode))
    work.tool.gate = asyncio.Event()
    running = begin(work)
    await work.tool.running.wait()
    await work.session.send(Steer("s1"))
    await work.session.send(Steer("s2"))
    work.tool.gate.set()
    await running
    kinds = [m.__struct_config__.tag for m in work.asked[1].messages]  # type: ignore[misc]
    assert kinds[:4] == ["user", "assistant", "toolResult", "toolResult"]
    if mode == "all":
        assert asked(work, 1) == ["go", "s1", "s2"]
    else:
        assert asked(work, 1) == ["go", "s1"]
        assert asked(work, 2) == ["go", "s1", "s2"]
    assert said(work) == ["go", "s1", "s2"]


async def test_follow_ups_wait_until_the_model_is_done(mode: Any) -> None:
    work = Work(
        [[tool("big", {})], [text("x")], [text("y")], [text("z")]], inbox=Inbox(follow_up_mode=mode)
    )
    work.tool.gate = asyncio.Event()
    running = begin(work)
    await work.tool.running.wait()
    await work.session.send(FollowUp("f1"))
    await work.session.send(FollowUp("f2"))
    work.tool.gate.set()
    await running
    assert asked(work, 1) == ["go"]
    assert asked(work, 2) == (["go", "f1", "f2"] if mode == "all" else ["go", "f1"])
    assert said(work) == ["go", "f1", "f2"]


async def test_after_an_error_the_queue_waits_for_the_next_prompt() -> None:
    work = Work([[text("a"), fail("auth", "no")], [text("b")], [text("c")]])

    def steer(event: Any) -> None:
        if type(event).__name__ == "MessageUpdate" and not work.session.inbox.waiting:
            work.session.inbox.steering.append(UserMessage("later"))

    leave = work.session.subscribe(steer)
    await work.ask()
    leave()
    assert work.session.inbox.waiting, "it was not lost"
    assert len(work.asked) == 1
    await work.ask("again")
    assert said(work) == ["go", "again", "later"]
    assert not work.session.inbox.waiting


async def test_during_the_wait_for_a_retry() -> None:
    work = Work([BROKEN, [text("ok")], [text("and that")]])
    work.clock.hold = True
    running = begin(work)
    await until(lambda: work.hook(Retry).waiting)
    await work.session.send(Steer("s"))
    await work.session.send(FollowUp("f"))
    work.clock.release.set()
    await running
    assert asked(work, 1) == ["go", "s"], "it goes in before the request is repeated"
    assert asked(work, 2) == ["go", "s", "f"]
    assert said(work) == ["go", "s", "f"]


async def test_when_all_retries_fail_nothing_queued_is_lost() -> None:
    work = Work([*[BROKEN] * 4, [text("ok")], [text("f is answered")]])
    work.clock.hold = True
    running = begin(work)
    await until(lambda: work.hook(Retry).waiting)
    await work.session.send(FollowUp("f"))
    work.clock.release.set()
    await running
    assert len(work.asked) == 4
    assert [m.content for m in work.session.inbox.follow_up] == ["f"]
    await work.ask("again")
    assert said(work) == ["go", "again", "f"]


async def full(work: Work) -> None:
    """Fill the window so far that the next prompt is compacted."""
    for i in range(5):
        await work.ask(f"q{i}")


def slow_summary() -> Answer:
    return [text("S"), fail("overloaded", "busy")]


async def test_during_a_compaction_in_a_run() -> None:
    answers = [[text(f"a{i} {LONG}")] for i in range(5)]
    first = iter([slow_summary()])
    left = [*answers, [text("x")], [text("y")]]

    def answer(context: Context) -> Answer:
        if context.system == (SYSTEM,):
            return left.pop(0)
        return next(first, [text("notes")])

    work = Work(answer, model=MODEL, settings=TIGHT)
    await full(work)
    work.clock.hold = True
    running = begin(work)
    await until(lambda: work.clock.slept)
    assert work.heard(CompactionStart)
    await work.session.send(Steer("s"))
    await work.session.send(FollowUp("f"))
    work.clock.release.set()
    await running
    assert len(work.compactions) == 1
    assert asked(work, 5)[-2:] == ["go", "s"], "the request after the compaction has it already"
    assert asked(work, 6)[-3:] == ["go", "s", "f"]
    assert said(work)[5:] == ["go", "s", "f"]


@pytest.mark.parametrize("notes", ["notes", ""])
async def test_during_a_compaction_by_hand(notes: str) -> None:
    """What is said meanwhile waits for it, and is then answered, even if it fails."""
    answers = [[text(f"a{i} {LONG}")] for i in range(4)]
    first = iter([slow_summary()])
    left = [*answers, [text("x")], [text("y")]]

    def answer(context: Context) -> Answer:
        if context.system == (SYSTEM,):
            return left.pop(0)
        return next(first, [text(notes)])

    work = Work(answer, model=MODEL, settings=TIGHT)
    for i in range(4):
        await work.ask(f"q{i}")
    work.clock.hold = True
    compacting = asyncio.ensure_future(work.session.send(Compact()))
    await until(lambda: work.clock.slept)
    await work.session.send(Prompt("meanwhile"))
    await work.session.send(FollowUp("and that"))
    work.clock.release.set()
    if notes:
        await compacting
    else:
        with pytest.raises(PiError):
            await compacting
    await until(lambda: not work.session.busy and not work.session.inbox.waiting)
    assert said(work)[4:] == ["meanwhile", "and that"]
    assert asked(work, 4)[-1:] == ["meanwhile"]
    assert ("notes" in str(work.asked[4].messages[0])) == bool(notes)


async def test_one_summary_at_a_time() -> None:
    """A second command neither ends the first summary nor begins another one beside it."""
    first = iter([slow_summary()])
    left = [[text(f"a{i} {LONG}")] for i in range(4)]

    def answer(context: Context) -> Answer:
        if context.system == (SYSTEM,):
            return left.pop(0)
        return next(first, [text("notes")])

    work = Work(answer, model=MODEL, settings=TIGHT)
    for i in range(4):
        await work.ask(f"q{i}")
    work.clock.hold = True
    compacting = asyncio.ensure_future(work.session.send(Compact()))
    await until(lambda: work.clock.slept)
    await work.session.send(FollowUp("meanwhile"))
    left.append([text("x")])
    with pytest.raises(PiError, match="a summary is being made already"):
        await work.session.send(Compact())
    assert [str(m.content) for m in work.session.inbox.follow_up] == ["meanwhile"]
    work.clock.release.set()
    assert "notes" in (await compacting).summary
    await until(lambda: not work.session.busy and not work.session.inbox.waiting)
    assert len(work.compactions) == 1
    assert said(work)[4:] == ["meanwhile"]


async def test_being_throttled_is_no_reason_to_compact() -> None:
    answers = [[text(f"a{i} {LONG}")] for i in range(4)]
    why = "too many tokens a minute, in this context window"
    throttled: Answer = [text("half"), fail("rate_limit", why)]
    work = Work([*answers, throttled, [text("ok")]], model=MODEL, settings=TIGHT)
    for i in range(4):
        await work.ask(f"q{i}")
    assert (await work.ask("more")).text == "ok"
    assert len(work.clock.slept) == 1
    assert not work.heard(CompactionStart)


@pytest.mark.parametrize("later", range(5))
@pytest.mark.parametrize("busy", [False, True])
async def test_a_prompt_right_after_a_compaction_by_hand_is_answered(
    later: int, busy: bool
) -> None:
    """Nobody waits for the answer to the first command before sending the second one."""
    work = Work([[text("a"), *([wait(60)] if busy else [])], [text("b")], [text("c")]])
    if busy:
        running = begin(work, "one")
        await until(lambda: work.heard(MessageUpdate))
    else:
        running = asyncio.ensure_future(work.ask("one"))
        await running
    compacting = asyncio.ensure_future(work.session.send(Compact()))
    for _ in range(later):
        await asyncio.sleep(0)
    await work.session.submit(Prompt("two", streaming="followUp"))
    with pytest.raises(PiError, match="nothing to compact"):
        await compacting
    await running
    await until(lambda: not work.session.busy and not work.session.inbox.waiting)
    if later or not busy:  # else it belongs to the run that the compaction ends
        assert said(work) == ["one", "two"]
    if later:
        assert work.log.state.messages[-1].text == "b"  # type: ignore[union-attr]


async def test_during_a_branch_summary() -> None:
    first = iter([slow_summary()])
    left = [[text("a")], [text("b")], [text("x")]]

    def answer(context: Context) -> Answer:
        if context.system == (SYSTEM,):
            return left.pop(0)
        return next(first, [text("notes")])

    work = Work(answer, model=MODEL, settings={"retry": {"baseDelayMs": 1}})
    await work.ask("one")
    place = work.log.leaf
    assert place is not None
    await work.ask("two")
    going = asyncio.ensure_future(work.session.send(NavigateTree(place.id, summarize=True)))
    await until(lambda: len(work.transport.contexts) == 3)
    await work.session.send(Prompt("meanwhile"))
    await going
    for _ in range(100):
        if len(work.asked) == 3 and not work.session.busy:
            break
        await asyncio.sleep(0.001)
    assert said(work) == ["one", "meanwhile"]
    assert "notes" in str(work.asked[2].messages)


@pytest.mark.parametrize("where", ["answer", "tool", "retry", "compaction"])
async def test_abort_clears_what_belongs_to_the_run(where: str) -> None:
    answers: dict[str, list[Answer]] = {
        "answer": [[text("a"), wait(60), text("b")]],
        "tool": [[tool("big", {})]],
        "retry": [BROKEN],
        "compaction": [[text(f"a{i} {LONG}")] for i in range(5)],
    }
    work = Work(
        script(*answers[where], [text("fresh")], summary=slow_summary()),
        model=MODEL,
        settings=TIGHT,
    )
    work.clock.hold = True
    work.tool.gate = asyncio.Event()
    if where == "compaction":
        await full(work)
    running = begin(work)
    ready = {
        "answer": lambda: "message_update" in work.types,
        "tool": lambda: work.tool.running.is_set(),
        "retry": lambda: work.hook(Retry).waiting,
        "compaction": lambda: bool(work.clock.slept),
    }
    for _ in range(200):
        if ready[where]():
            break
        await asyncio.sleep(0.001)
    await work.session.send(Steer("s"))
    await work.session.send(FollowUp("f"))
    await work.session.send(Abort())
    await running
    assert not work.session.inbox.waiting
    assert not work.session.busy
    work.clock.hold = False
    answer = await work.ask("something else")
    assert answer.text == "fresh"
    assert "s" not in said(work)
    assert "f" not in said(work)
    assert work.types[-1] == "agent_settled"


async def test_when_it_is_settled_everything_is_recorded_and_nothing_goes_on() -> None:
    work = Work([[tool("big", {})], [text("x")]])
    work.tool.gate = asyncio.Event()
    seen: list[tuple[bool, str]] = []

    def hear(event: Any) -> None:
        if isinstance(event, AgentSettled):
            seen.append((work.session.busy, type(work.log.state.transcript[-1]).__name__))

    work.session.subscribe(hear)
    running = begin(work)
    await work.tool.running.wait()
    work.session.record(BashExecution("ls", "during the run"))
    work.tool.gate.set()
    await running
    assert seen == [(False, "BashExecution")]


async def test_what_is_taken_back_is_given_back_once() -> None:
    work = Work([[tool("big", {})], [text("x")]])
    work.tool.gate = asyncio.Event()
    running = begin(work)
    await work.tool.running.wait()
    await work.session.send(Steer("s"))
    await work.session.send(FollowUp("f"))
    taken = await work.session.send(ClearQueue())
    assert (taken.steering, taken.follow_up) == (("s",), ("f",))
    taken = await work.session.send(ClearQueue())
    assert (taken.steering, taken.follow_up) == ((), ())
    work.tool.gate.set()
    await running
    assert said(work) == ["go"]


async def test_everybody_sees_the_queue_as_it_is() -> None:
    work = Work([[tool("big", {})], [text("x")], [text("y")]])
    work.tool.gate = asyncio.Event()
    running = begin(work)
    await work.tool.running.wait()
    await work.session.send(Steer("s"))
    await work.session.send(FollowUp("f"))
    work.tool.gate.set()
    await running
    seen = [(e.steering, e.follow_up) for e in work.events if type(e).__name__ == "QueueUpdate"]
    assert seen == [(("s",), ()), (("s",), ("f",)), ((), ("f",)), ((), ())]
