"""Retries after content and before it, over the ordinary road; nobody really waits."""

import asyncio

import pytest

from coding.policies.policy_session import Work, until
from conformance.said import Said, model_for, wire
from pi.ai.faux import Answer, fail, text, tool
from pi.ai.messages import AssistantMessage
from pi.coding.api.commands import Abort, AbortRetry, Prompt, SetAutoRetry
from pi.coding.api.events import AgentSettled, AutoRetryEnd, AutoRetryStart, Notice
from pi.coding.policies.retry import Retry, delay_before
from pi.coding.session.entries import ContextEdit
from pi.coding.settings import ProviderRetrySettings, RetrySettings
from support.server import Reply, Seen, Server, json_reply

BROKEN: Answer = [text("half an ans"), fail("transport", "connection lost")]
BUSY: Answer = [fail("overloaded", "busy")]


async def test_an_answer_that_broke_off_is_asked_for_again() -> None:
    work = Work([BROKEN, BROKEN, [text("whole")]])
    answer = await work.ask()
    assert answer.text == "whole"
    assert work.clock.slept == [2.0, 4.0]
    starts = work.heard(AutoRetryStart)
    assert starts == [
        AutoRetryStart(1, 3, 2000, "connection lost"),
        AutoRetryStart(2, 3, 4000, "connection lost"),
    ]
    assert work.heard(AutoRetryEnd) == [AutoRetryEnd(True, 2)]
    assert work.types[-1] == "agent_settled"


async def test_the_failed_answer_stays_in_the_log_and_out_of_the_request() -> None:
    work = Work([BROKEN, [text("whole")], [text("more")]])
    await work.ask()
    await work.ask("and then?")
    said = [i.message for i in work.log.state.items if isinstance(i.message, AssistantMessage)]
    assert [m.stop_reason for m in said] == ["error", "stop", "stop"]
    assert sum(isinstance(entry, ContextEdit) for entry in work.entries) == 1
    for context in work.transport.contexts:
        assert all(not isinstance(m, AssistantMessage) or m.text for m in context.messages)
        assert "half an ans" not in str(context)


async def test_one_count_for_the_client_and_the_policy() -> None:
    work = Work([BUSY, BUSY, BROKEN, BROKEN, [text("never asked for")]])
    answer = await work.ask()
    assert answer.stop_reason == "error"
    assert len(work.transport.contexts) == 4, "the first attempt and three retries, no more"
    assert [e.attempt for e in work.heard(AutoRetryStart)] == [1, 2, 3]
    assert work.clock.slept == [2.0, 4.0, 8.0], "and one schedule"
    assert work.heard(AutoRetryEnd) == [AutoRetryEnd(False, 3, "connection lost")]


async def test_what_fails_before_its_first_word_leaves_no_trace_when_it_helps() -> None:
    work = Work([BUSY, [text("well")]])
    assert (await work.ask()).text == "well"
    assert work.heard(AutoRetryStart, AutoRetryEnd) == [
        AutoRetryStart(1, 3, 2000, "busy"),
        AutoRetryEnd(True, 1),
    ]
    assert not [e for e in work.entries if isinstance(e, ContextEdit)]


async def test_attempts_before_the_first_word_are_not_repeated_by_the_policy() -> None:
    work = Work([BUSY] * 9)
    answer = await work.ask()
    assert (answer.stop_reason, answer.error_message) == ("error", "busy")
    assert len(work.transport.contexts) == 4
    assert work.heard(AutoRetryEnd) == [AutoRetryEnd(False, 3, "busy")]


@pytest.mark.parametrize("kind", ["auth", "quota", "refused", "protocol", "config", "aborted"])
async def test_only_the_kind_decides(kind: str) -> None:
    script = [[text("some"), fail(kind, "500 timeout, overloaded, try again later: 429")]]
    work = Work(script)
    await work.ask()
    assert len(work.transport.contexts) == 1
    assert not work.heard(AutoRetryStart, AutoRetryEnd)


@pytest.mark.parametrize("kind", ["rate_limit", "overloaded", "transport"])
async def test_kinds_that_pass_are_retried_whatever_they_say(kind: str) -> None:
    work = Work([[text("some"), fail(kind, "nothing you would look for")], [text("ok")]])
    assert (await work.ask()).text == "ok"


async def test_the_count_starts_anew_with_every_answer() -> None:
    call = [tool("big", {}, id="a")]
    work = Work([BROKEN, call, BROKEN, BROKEN, [text("done")], BROKEN, [text("again")]])
    await work.ask()
    await work.ask()
    assert [e.attempt for e in work.heard(AutoRetryStart)] == [1, 1, 2, 1]
    assert [e.attempt for e in work.heard(AutoRetryEnd)] == [1, 2, 1]


async def test_a_run_that_failed_leaves_the_whole_count_to_the_next() -> None:
    work = Work([*[BROKEN] * 4, BROKEN, [text("ok")]])
    assert (await work.ask()).stop_reason == "error"
    assert (await work.ask()).text == "ok"
    assert [e.attempt for e in work.heard(AutoRetryStart)] == [1, 2, 3, 1]


@pytest.mark.parametrize("broken", [BROKEN, BUSY])
async def test_abort_while_waiting_leaves_nothing_behind(broken: Answer) -> None:
    work = Work([broken, [text("fresh")]])
    work.clock.hold = True
    asking = asyncio.ensure_future(work.session.send(Prompt("go")))
    await until(lambda: work.clock.slept)
    assert work.hook(Retry).waiting
    await work.session.send(Abort())
    await asking
    assert not work.hook(Retry).waiting
    assert work.heard(AutoRetryEnd, AgentSettled) == [
        AutoRetryEnd(False, 1, "aborted"),
        AgentSettled(True),
    ]
    assert len(work.transport.contexts) == 1
    last = work.log.state.items[-1].message
    assert isinstance(last, AssistantMessage)
    assert last.stop_reason == ("error" if broken is BROKEN else "aborted")
    work.clock.hold = False
    assert (await work.ask("again")).text == "fresh"


@pytest.mark.parametrize("broken", [BROKEN, BUSY])
async def test_giving_up_a_retry_ends_the_run_with_the_error(broken: Answer) -> None:
    work = Work([broken, [text("fresh")]])
    work.clock.hold = True
    asking = asyncio.ensure_future(work.session.send(Prompt("go")))
    await until(lambda: work.hook(Retry).waiting)
    await work.session.send(AbortRetry())
    answer = await asking
    assert answer.stop_reason == "error"
    ends = work.heard(AutoRetryEnd)
    assert [(e.success, e.attempt) for e in ends] == [(False, 1)]
    assert work.heard(AgentSettled) == [AgentSettled(False)]
    work.clock.hold = False
    assert (await work.ask()).text == "fresh"


async def test_it_can_be_switched_off() -> None:
    work = Work([BROKEN, BUSY, BROKEN, [text("ok")]], settings={"retry": {"enabled": False}})
    assert (await work.ask()).stop_reason == "error"
    assert (await work.ask()).stop_reason == "error"
    assert not work.heard(AutoRetryStart)
    await work.session.send(SetAutoRetry(True))
    assert (await work.ask()).text == "ok"


def test_delays() -> None:
    settings = RetrySettings(
        base_delay_ms=1000,
        max_agent_delay_ms=6000,
        provider=ProviderRetrySettings(max_retry_delay_ms=30_000),
    )
    assert [delay_before(settings, n, None) for n in (1, 2, 3, 4, 999)] == [1, 2, 4, 6, 6]
    assert delay_before(settings, 3, 29.5) == 29.5, "what the service asks for counts"
    assert delay_before(settings, 1, 31) is None
    patient = RetrySettings(provider=ProviderRetrySettings(max_retry_delay_ms=0))
    assert delay_before(patient, 1, 3600) == 3600, "0 is no limit"


@pytest.mark.parametrize(
    ("asked", "slept", "notice"),
    [("7", [7.0], []), ("7200", [], ["retry.provider.maxRetryDelayMs"])],
)
async def test_what_a_service_asks_for(asked: str, slept: list[float], notice: list[str]) -> None:
    busy = json_reply({"error": {"message": "slow down"}}, 429, headers={"retry-after": asked})
    good = Reply(wire("openai-completions").write(Said(text="ok")))

    def script(seen: Seen) -> Reply:
        return good if len(server.requests) > 1 else busy

    async with Server(script) as server:
        work = Work(None, model=model_for("openai-completions", server.url))
        answer = await work.ask()
        await work.client.aclose()
    assert work.clock.slept == slept
    assert answer.stop_reason == ("stop" if slept else "error")
    told = work.heard(Notice)
    assert len(told) == len(notice)
    assert all(word in event.message for word, event in zip(notice, told, strict=True))
