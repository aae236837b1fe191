"""Windows from a thousand tokens to a million: limits make sense, no decision goes in circles."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from coding.policies.policy_session import SYSTEM, Work
from pi.ai.errors import ContextOverflowError
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
from pi.ai.options import estimate_tokens
from pi.coding.api.events import CompactionEnd, CompactionStart
from pi.coding.policies.cutpoint import unanswered
from pi.coding.policies.plan import plan
from pi.coding.policies.size import Limits, limits, measure, tokens_of
from pi.coding.session.log import SessionLog
from pi.coding.settings import CompactionOverride, CompactionSettings

windows = st.integers(1000, 1_000_000)
reserves = st.integers(0, 2_000_000) | st.just(16_384)
tokens = st.integers(0, 2_000_000)


def found(window: int, reserve: int, extended: int = 0, learnt: int | None = None) -> Limits:
    model = faux_model(context_window=window)
    model = replace(model, extended_context_window=extended or None)
    return limits(CompactionSettings(reserve_tokens=reserve), model, window=learnt)


@given(windows, reserves, st.integers(0, 1_000_000), st.none() | st.integers(0, 2_000_000), tokens)
def test_nothing_is_negative(
    window: int, reserve: int, extended: int, learnt: int | None, overhead: int
) -> None:
    it = found(window, reserve, extended, learnt)
    assert 0 < it.threshold <= it.window <= it.hard <= max(window, extended)
    assert 0 <= it.reserve <= reserve
    assert it.hard * 3 / 4 <= it.largest <= it.hard
    assert it.largest >= it.threshold or it.hard == it.window
    assert 0 <= it.least_room <= it.room(overhead) <= it.largest
    if learnt is None:
        assert it.hard >= window


@given(windows, windows, reserves, tokens)
def test_a_larger_window_takes_no_less(one: int, two: int, reserve: int, overhead: int) -> None:
    small, large = found(min(one, two), reserve), found(max(one, two), reserve)
    assert small.threshold <= large.threshold
    assert small.largest <= large.largest
    assert small.room(overhead) <= large.room(overhead)


@given(windows, reserves, reserves, tokens, tokens)
def test_more_to_keep_free_or_to_say_first_leaves_no_more_room(
    window: int, one: int, two: int, less: int, more: int
) -> None:
    small, large = found(window, max(one, two)), found(window, min(one, two))
    assert small.largest <= large.largest
    less, more = sorted((less, more))
    assert large.room(more) <= large.room(less)
    override = {"faux/faux": CompactionOverride(reserve_tokens=one)}
    settings = CompactionSettings(reserve_tokens=two, model_overrides=override)
    assert limits(settings, faux_model(context_window=window)) == found(window, one)


# -- what is planned -------------------------------------------------------------------------------


@st.composite
def sessions(draw: st.DrawFn) -> SessionLog:
    """Conversations of turns with sizes from nothing to more than any window."""
    log = SessionLog.memory("/project")
    size = st.sampled_from([0, 10, 1000, 30_000, 400_000, 3_000_000])
    for number in range(draw(st.integers(1, 6))):
        log.append_message(UserMessage("u" * (1 + draw(size)), number))
        kind = draw(st.sampled_from(["answer", "work", "failed", "nothing"]))
        if kind == "nothing":
            continue
        reason: Any = {"answer": "stop", "work": "toolUse", "failed": "error"}[kind]
        call = (ToolCall(f"c{number}", "read", {}),) if kind == "work" else ()
        content = (TextContent("a" * (1 + draw(size))), *call)
        log.append_message(
            AssistantMessage(content, "faux", "faux", "faux", Usage(), reason, number)
        )
        if call:
            result = (TextContent("r" * draw(size)),)
            log.append_message(ToolResultMessage(f"c{number}", "read", result, timestamp=number))
    return log


@given(sessions(), windows, reserves, st.sampled_from(["threshold", "overflow"]), tokens)
def test_a_plan_makes_a_conversation_smaller_and_keeps_what_has_room(
    log: SessionLog, window: int, reserve: int, reason: Any, overhead: int
) -> None:
    """So what a compaction leaves behind is never cause for the same compaction again."""
    items, it = log.state.projection, found(window, reserve)
    size = measure(items, Context((), ("s" * overhead,)))
    planned = plan(items, size, it, reason)
    if isinstance(planned, str):
        return
    ids = [item.node.id for item in items]
    cut = ids.index(planned.first_kept) if planned.first_kept else len(ids)
    assert len(planned.history) + len(planned.prefix) == cut
    replaced = sum(tokens_of(item.message) for item in items[:cut])
    assert replaced > 0
    newest = unanswered([item.message for item in items])
    kept = [tokens_of(item.message) for item in items[cut:]]
    if cut > newest:
        assert sum(kept) <= it.room(size.overhead) < sum(kept) + replaced


# -- whole sessions --------------------------------------------------------------------------------

FULL = fail("overflow", "prompt is too long")


@pytest.mark.parametrize("window", [1000, 4000, 8192, 32_768, 200_000, 1_000_000])
@pytest.mark.parametrize("really", [1.0, 0.5, 0.1])
@pytest.mark.parametrize("reserve", [0, 16_384, 500_000])
async def test_at_most_one_summary_of_each_kind_for_a_prompt(
    window: int, really: float, reserve: int
) -> None:
    """Before a request, and once more if the service finds it too large all the same."""

    real = max(1000, window * really)

    def answer(context: Context) -> Answer:
        if context.system != (SYSTEM,):
            return [text("notes")]
        if estimate_tokens(context) > real:
            return [FULL]
        last = context.messages[-1]
        if isinstance(last, UserMessage) and "work" in str(last.content)[:4]:
            return [tool("big", {"size": window}, id=f"c{len(context.messages)}")]
        return [text("a" * (window // 4))]

    settings = {"compaction": {"reserveTokens": reserve}}
    model = faux_model(context_window=window, max_output_tokens=window // 8)
    work = Work(answer, model=model, settings=settings)
    for size in (0.1, 0.5, 1, 2, 3, 5, 0.1, 2, 2, 0.1):
        for word in ("say", "work"):
            before = len(work.transport.contexts), len(work.events)
            try:
                await work.ask(word + "x" * int(window * size))
            except ContextOverflowError:
                assert (len(work.transport.contexts), len(work.events)) == before
                continue
            said = work.events[before[1] :]
            starts = [event.reason for event in said if isinstance(event, CompactionStart)]
            made = [e for e in said if isinstance(e, CompactionEnd) and e.result]
            turns = 3 if word == "work" else 2
            assert starts.count("overflow") <= 2, "one that helps, one that says that nothing does"
            assert len(made) <= turns
            assert len(work.asked) - before[0] <= len(work.transport.contexts)
            assert len(work.transport.contexts) - before[0] <= 2 * turns + 3 * len(made) + 2
    answer_at_last = await work.ask("hi")
    assert answer_at_last.stop_reason == "stop", "whatever was said before, it goes on"
