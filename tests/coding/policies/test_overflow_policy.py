"""Requests that do not fit: told by the service in its own words, or not told at all."""

import re
from typing import Any

import pytest

from coding.policies.policy_session import SYSTEM, Work, prompts, roles
from conformance.said import Said, model_for, wire
from pi.agent.events import TurnEnd
from pi.ai.faux import Answer, fail, faux_model, text, tool
from pi.ai.messages import AssistantMessage, Context, Usage
from pi.ai.model import Model
from pi.coding.api.events import AutoRetryStart, CompactionEnd, CompactionStart
from support.server import Reply, Seen, Server, json_reply

TIGHT = {"compaction": {"keepRecentTokens": 2000}}
LONG = "w" * 12_000  # 3000 tokens
FULL = fail("overflow", "prompt is too long")
LARGE = faux_model(context_window=200_000, max_output_tokens=4000)

TEXTS: dict[str, tuple[int, Any]] = {
    "openai-completions": (
        400,
        {
            "error": {
                "message": "This model's maximum context length is 128000 tokens.",
                "code": "context_length_exceeded",
                "type": "invalid_request_error",
            }
        },
    ),
    "openai-responses": (
        400,
        {
            "error": {
                "message": "Your input exceeds the context window of this model.",
                "code": "context_length_exceeded",
            }
        },
    ),
    "anthropic-messages": (
        400,
        {
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "message": "prompt is too long: 215007 tokens > 200000 maximum",
            },
        },
    ),
    "google-generative-ai": (
        400,
        {
            "error": {
                "code": 400,
                "status": "INVALID_ARGUMENT",
                "message": "The input token count (1200000) exceeds the maximum number of tokens"
                " allowed (1048575).",
            }
        },
    ),
    "mistral-conversations": (
        400,
        {
            "object": "error",
            "message": "Prompt contains 40961 tokens, too large for model with"
            " 32768 maximum context length",
            "code": "3051",
        },
    ),
}


def script(*answers: Answer, summary: str = "## Goal\nAll of it.") -> Any:
    left = list(answers)

    def answer(context: Context) -> Answer:
        return left.pop(0) if context.system == (SYSTEM,) else [text(summary)]

    return answer


async def talk(work: Work, count: int) -> None:
    for i in range(count):
        await work.ask(f"question {i}")


def talks(count: int) -> list[Answer]:
    return [[text(f"answer {i} {LONG}")] for i in range(count)]


async def test_it_is_compacted_and_asked_again() -> None:
    work = Work(script(*talks(4), [FULL], [text("there")]), model=LARGE, settings=TIGHT)
    await talk(work, 4)
    answer = await work.ask("question 4")
    assert answer.text == "there"
    assert work.heard(CompactionStart) == [CompactionStart("overflow")]
    (end,) = work.heard(CompactionEnd)
    assert end.will_retry
    assert not work.heard(AutoRetryStart), "that is no retry of the same request"
    sent = work.asked[-1]
    assert "All of it." in prompts(sent)[0]
    assert prompts(sent)[-1] == "question 4"
    assert "assistant" not in roles(sent.messages), "the failed answer is not in it"
    assert work.types.count("agent_start") == work.types.count("agent_settled") == 5


async def test_once_for_each_thing_the_user_says() -> None:
    again = [*talks(4), [FULL], [FULL], *talks(3), [FULL], [text("there")]]
    work = Work(script(*again), model=LARGE, settings=TIGHT)
    await talk(work, 4)
    answer = await work.ask("more")
    assert (answer.stop_reason, answer.error_kind) == ("error", "overflow")
    first, second = work.heard(CompactionEnd)
    assert first.will_retry
    assert "although history was compacted for it already" in second.error_message
    assert len(work.asked) == 6
    await talk(work, 3)
    assert (await work.ask("and more")).text == "there"


async def test_in_the_middle_of_a_run() -> None:
    calls = [[tool("big", {"size": 12_000}, id=f"c{i}")] for i in range(4)]
    work = Work(script(*calls, [FULL], [text("done")]), model=LARGE, settings=TIGHT)
    assert (await work.ask("work")).text == "done"
    sent = work.asked[-1]
    assert "> work" in prompts(sent)[0]
    assert len(work.compactions) == 1


async def test_nothing_can_shrink() -> None:
    work = Work(script([text("small")], [FULL]), model=LARGE, settings=TIGHT)
    await work.ask("hi")
    answer = await work.ask("x" * 1200)
    assert answer.stop_reason == "error"
    assert len(work.asked) == 2
    assert len(work.transport.contexts) == 2, "no summary was made of 300 tokens"
    (end,) = work.heard(CompactionEnd)
    assert "only about" in end.error_message
    assert "smaller than the 200,000 tokens" in end.error_message
    assert "contextWindow in models.json" in end.error_message


async def test_it_says_which_message_is_too_large_and_by_how_much() -> None:
    """The window that was learnt is no reason to refuse a message, only to name it afterwards."""

    def answer(context: Context) -> Answer:
        if context.system != (SYSTEM,):
            return [text("notes")]
        return [FULL] if len(str(context.messages)) > 40_000 else [text("a " + LONG)]

    work = Work(answer, model=LARGE, settings=TIGHT)
    await talk(work, 5)
    asked = len(work.transport.contexts)
    await work.ask("x" * 400_000)
    assert len(work.transport.contexts) == asked + 1, "no summary was tried"
    end = work.heard(CompactionEnd)[-1]
    assert re.fullmatch(
        r"the request does not fit into faux/faux, and a summary cannot make it smaller: your"
        r" message has about 100,\d\d\d tokens; all of it is about \d\d,\d\d\d more than the window"
        r" of \d\d,\d\d\d\. Shorten it or use a model with a larger window\. It is left out of what"
        r" the model is told from here on\.",
        end.error_message,
    )
    assert (await work.ask("shorter")).stop_reason == "stop"


async def test_a_tool_result_that_is_too_large_is_summarised() -> None:
    call = [tool("big", {"size": 1_000_000}, id="c")]
    work = Work(script(call, [text("done")]), model=LARGE, settings=TIGHT)
    assert (await work.ask("look")).text == "done"
    (entry,) = work.compactions
    sent = work.asked[-1]
    assert roles(sent.messages) == ["user"]
    assert "> look" in entry.summary
    assert len(str(sent)) < 5000


async def test_an_overflow_of_another_model_is_not_ours() -> None:
    other = faux_model("other", context_window=200_000)
    work = Work(
        script(*talks(4), [FULL]),
        model=LARGE,
        settings=TIGHT,
        find=lambda provider, model_id: other if model_id == "other" else LARGE,
    )
    await talk(work, 4)

    def switch(event: Any) -> None:
        if isinstance(event, TurnEnd) and event.message.stop_reason == "error":
            work.log.append_model_change("faux", "other")

    work.session.subscribe(switch)
    await work.ask("q4")
    assert not work.compactions


async def test_the_window_that_a_server_really_has_is_learnt() -> None:
    """A local server was started with a smaller window than the catalog knows."""

    def answer(context: Context) -> Answer:
        if context.system != (SYSTEM,):
            return [text("notes")]
        size = len(str(context.messages))
        return [FULL] if size > 40_000 else [text("a " + LONG)]

    work = Work(answer, model=LARGE, settings=TIGHT)
    for i in range(14):
        assert (await work.ask(f"q{i}")).stop_reason == "stop"
    reasons = [event.reason for event in work.heard(CompactionStart)]
    assert reasons[0] == "overflow"
    assert set(reasons[1:]) == {"threshold"}, "after the first time nothing has to fail any more"


async def test_a_summary_that_does_not_fit_is_asked_for_with_less() -> None:
    sizes: list[int] = []

    def answer(context: Context) -> Answer:
        size = len(str(context.messages))
        if context.system != (SYSTEM,):
            sizes.append(size)
            return [FULL] if size > 20_000 else [text("notes")]
        return [FULL] if size > 60_000 else [text("a " + LONG)]

    work = Work(answer, model=LARGE, settings=TIGHT)
    for i in range(7):
        assert (await work.ask(f"q{i}")).stop_reason == "stop"
    assert len(work.compactions) == 1
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] <= 20_000 < sizes[0]


# -- over real sockets -----------------------------------------------------------------------------


@pytest.mark.parametrize("api", sorted(TEXTS))
async def test_the_words_of_services(api: str) -> None:
    status, body = TEXTS[api]
    said: list[str] = []

    def reply(seen: Seen) -> Reply:
        body_text = seen.body.decode()
        if "hand-over notes" in body_text:
            said.append("summary")
            return good("## Goal\nAll of it.")
        if len(body_text) > 40_000:
            said.append("too large")
            return json_reply(body, status)
        said.append("answer")
        return good("fine")

    def good(words: str) -> Reply:
        module = wire(api)
        return Reply(module.write(Said(text=words)), headers={"content-type": module.CONTENT_TYPE})

    async with Server(reply) as server:
        work = Work(None, model=model_for(api, server.url), settings=TIGHT)
        for _ in range(4):
            await work.ask(LONG)
        await work.client.aclose()
    assert said == ["answer"] * 3 + ["too large", "summary", "answer"]
    assert work.heard(CompactionStart) == [CompactionStart("overflow")]


async def test_a_rate_limit_in_tokens_is_no_overflow() -> None:
    api = "openai-completions"
    limit = json_reply(
        {"error": {"message": "Rate limit reached: too many tokens per minute. Slow down."}}, 429
    )

    def reply(seen: Seen) -> Reply:
        return limit if len(server.requests) == 4 else Reply(wire(api).write(Said(text="fine")))

    async with Server(reply) as server:
        work = Work(None, model=model_for(api, server.url), settings=TIGHT)
        for _ in range(4):
            assert (await work.ask(LONG)).text == "fine"
        await work.client.aclose()
    assert not work.heard(CompactionStart)
    assert len(work.heard(AutoRetryStart)) == 1


@pytest.mark.parametrize(
    ("stop", "used", "limit", "expected"),
    [
        ("length", 14_990, 4000, "all of it"),
        ("length", 9_000, 4000, "cut"),
        ("length", 14_990, 10, "cut"),  # it has reached its own limit
        ("stop", 16_100, 4000, "all of it"),  # more than the window: the service has cut something
        ("stop", 15_900, 4000, "cut"),
    ],
)
async def test_an_answer_that_suffered_from_a_full_window(
    stop: str, used: int, limit: int, expected: str
) -> None:
    """It is asked for again after a compaction, though the service reports no error."""
    api = "openai-completions"
    answers = iter(["one", "two", "cut", "all of it"])

    def reply(seen: Seen) -> Reply:
        if "hand-over notes" in seen.body.decode():
            return Reply(wire(api).write(Said(text="notes")))
        words = next(answers)
        reason = stop if words == "cut" else "stop"
        usage = Usage(used, 10, 0, 0, used + 10) if words == "cut" else Usage(100, 10, 0, 0, 110)
        return Reply(wire(api).write(Said(text=words, stop=reason, usage=usage)))

    async with Server(reply) as server:
        model: Model = model_for(api, server.url, context_window=16_000, max_output_tokens=limit)
        work = Work(None, model=model, settings=TIGHT)
        await work.ask("a" * 9000)
        await work.ask("b" * 9000)
        answer = await work.ask("c")
        await work.client.aclose()
    assert answer.text == expected
    messages = [item.message for item in work.log.state.projection]
    told = [message.text for message in messages if isinstance(message, AssistantMessage)]
    assert ("cut" in told) == (expected == "cut")
    reasons = [event.reason for event in work.heard(CompactionStart)]
    assert reasons == ([] if expected == "cut" else ["overflow"])
