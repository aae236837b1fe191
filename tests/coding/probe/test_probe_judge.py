"""Judgements over answers: what was recorded from real servers, read as pi reads it."""

import asyncio
from typing import Any

import probe_spoken as spoken
import pytest

from pi.coding.probe import judge
from pi.coding.probe import questions as q
from pi.coding.probe.answer import Answer
from pi.coding.probe.ask import Asker
from pi.coding.probe.listing import Listed, limit_in_error, limit_in_props, read_list
from support.server import STALL, Reply, Server, json_reply, sse

CHAT = "openai-completions"


def heard(reply: Reply, api: str = CHAT, timeout: float = 5, **settings: Any) -> Answer:
    """The answer to a question that a server answers with `reply`."""

    async def main() -> Answer:
        async with Server(reply) as server:
            asker = Asker(timeout=timeout)
            model = q.model_for(api, server.url, "m", {})
            answer = await asker.ask(q.question(model, **settings))
            await asker.aclose()
            return answer

    return asyncio.run(main())


PLAIN = heard(spoken.said("O", "K", usage=(28, 2)))


def test_a_streamed_answer() -> None:
    finding = judge.streaming(PLAIN)
    assert (finding.verdict, finding.detail) == ("yes", "2 pieces")
    assert judge.usage(PLAIN).detail == "28 in, 2 out"
    assert judge.key_needed(PLAIN, given=False).verdict == "no"


def test_an_answer_in_one_piece_is_no_stream_but_works() -> None:
    assert judge.streaming(heard(spoken.said("OK"))).verdict == "partly"


def test_a_whole_document_is_no_answer() -> None:
    whole = {"choices": [{"message": {"content": "OK"}, "finish_reason": "stop"}]}
    finding = judge.streaming(heard(json_reply(whole)))
    assert "instead of a stream" in finding.detail
    assert finding.verdict != "yes"


def test_a_stream_without_end() -> None:
    body = [sse([spoken.chunk({"content": "x"})]), STALL]
    answer = heard(Reply(body, headers={"content-type": "text/event-stream"}), timeout=0.3)
    assert answer.endless
    assert judge.streaming(answer).verdict == "no"


def test_a_silent_server_is_no_refusal() -> None:
    answer = heard(Reply([STALL], raw=b""), timeout=0.2)
    assert answer.silent
    assert judge.accepted(answer).verdict == "unknown"


def test_no_token_counts() -> None:
    assert judge.usage(heard(spoken.said("O", "K"))).verdict == "ignored"


@pytest.mark.parametrize(
    ("count", "reason", "verdict"),
    [(8, "length", "yes"), (3, "stop", "yes"), (47, "stop", "ignored")],
)
def test_a_limit_is_heeded_or_not(count: int, reason: str, verdict: str) -> None:
    words = [f"{number}," for number in range(count)]
    assert judge.token_limit(heard(spoken.said(*words, reason=reason)), 8).verdict == verdict


def test_a_limit_that_is_ignored_is_not_waited_for() -> None:
    answer = heard(spoken.said(*["x"] * 500), pieces=48)
    assert answer.endless
    assert answer.pieces < 500
    assert judge.token_limit(answer, 8).verdict == "ignored"


def test_a_timeout_tells_nothing_about_the_limit() -> None:
    body = [sse([spoken.chunk({"content": "x"})]), STALL]
    answer = heard(Reply(body, headers={"content-type": "text/event-stream"}), timeout=0.3)
    assert judge.token_limit(answer, 8).verdict == "unknown"


def test_a_role_that_is_refused_ignored_or_taken() -> None:
    refused = heard(json_reply(spoken.PYTHON_NO_DEVELOPER, 500))
    assert judge.developer_role(refused, PLAIN).verdict == "no"
    ignored = heard(spoken.said("O", "K", usage=(28, 2)))
    assert judge.developer_role(ignored, PLAIN).verdict == "ignored"
    taken = heard(spoken.said("O", "K", usage=(48, 2)))
    assert judge.developer_role(taken, PLAIN).verdict == "yes"


def test_pictures() -> None:
    assert "mmproj" in judge.images(heard(json_reply(spoken.LLAMA_NO_IMAGES, 500)), PLAIN).detail
    seen = heard(spoken.said("O", "K", usage=(113, 2)))
    assert judge.images(seen, PLAIN) == judge.Finding("yes", "85 tokens")
    assert judge.images(PLAIN, PLAIN).verdict == "ignored"
    assert judge.images(heard(spoken.said("O", "K")), PLAIN).verdict == "partly"


def test_two_calls_whose_arguments_come_in_pieces() -> None:
    deltas = [*spoken.call(0, '{"word"', ': "red"}'), *spoken.call(1, '{"word": "blue"}')]
    answer = heard(spoken.stream(*deltas, reason="tool_calls"), context=q.with_tools())
    assert judge.calls(answer).verdict == "yes"
    assert judge.parallel_calls(answer).detail == "2 calls"
    assert judge.streamed_arguments(answer).detail == "2 pieces"


def test_one_whole_call() -> None:
    deltas = spoken.call(0, '{"word": "red"}')
    answer = heard(spoken.stream(*deltas, reason="tool_calls"), context=q.with_tools())
    assert judge.parallel_calls(answer).verdict == "unknown"
    assert judge.streamed_arguments(answer).verdict == "no"


def test_a_call_with_broken_arguments() -> None:
    deltas = spoken.call(0, '{"word": red')
    answer = heard(spoken.stream(*deltas, reason="tool_calls"), context=q.with_tools())
    assert judge.calls(answer).verdict == "partly"


def test_no_call() -> None:
    assert judge.calls(PLAIN).verdict == "unknown"


@pytest.mark.parametrize(
    ("reply", "api", "verdict", "detail"),
    [
        (spoken.stream({"reasoning_content": "Hm."}), CHAT, "yes", "reasoning_content"),
        (spoken.stream({"reasoning": "Hm."}), CHAT, "yes", "reasoning"),
        (spoken.messages_stream(), "anthropic-messages", "yes", "thinking"),
        (spoken.said("<think>Hm.</think>", "OK"), CHAT, "partly", "<think>"),
        (spoken.said("O", "K"), CHAT, "no", "none"),
    ],
)
def test_where_thinking_is(reply: Reply, api: str, verdict: str, detail: str) -> None:
    finding = judge.thinking([heard(reply, api)])
    assert finding.verdict == verdict
    assert detail in finding.detail


def test_errors_and_names() -> None:
    unknown = heard(json_reply(spoken.PROXY_NO_MODEL, 400))
    assert judge.model_name(unknown).verdict == "yes"
    assert judge.error_shape(unknown).detail == "400, error.message, understood as config"
    assert judge.model_name(PLAIN).verdict == "ignored"
    assert judge.error_shape(heard(json_reply({"detail": "Not Found"}, 422))).detail.startswith(
        "422, detail"
    )
    keyless = heard(json_reply(spoken.PROXY_NO_KEY, 401))
    assert judge.key_needed(keyless, given=True).verdict == "yes"


def test_what_is_no_model() -> None:
    page = Reply(b"<html>hello</html>", headers={"content-type": "text/html"})
    assert judge.no_model_here(heard(page))
    assert judge.no_model_here(heard(json_reply(spoken.NOT_FOUND, 404)))
    missing = {"error": {"message": "model 'm' not found, try pulling it first"}}
    assert not judge.no_model_here(heard(json_reply(missing, 404)))


def test_lists() -> None:
    assert read_list(spoken.LLAMA_MODELS) == [Listed("tiny.gguf", 32768)]
    assert read_list(spoken.PROXY_MODELS)[1] == Listed("behind", 8192, 4096)
    google = {"models": [{"name": "models/gemini-x", "inputTokenLimit": 1000}]}
    assert read_list(google) == [Listed("gemini-x", 1000)]
    assert not read_list({"detail": "Not Found"})
    assert not read_list([1, None, {"id": 3}])
    assert not Listed("text-embedding-3-small").chats
    assert limit_in_props({"default_generation_settings": {"n_ctx": 4096}}) == 4096
    assert limit_in_props(["nonsense"]) == 0


@pytest.mark.parametrize(
    ("message", "limit"),
    [
        (spoken.LLAMA_TOO_LONG["error"]["message"], 32768),
        (spoken.PYTHON_TOO_LONG["error"]["message"], 32768),
        ("prompt is too long: 210000 tokens > 200000 maximum", 200000),
        ("the file is too long", 0),
    ],
)
def test_the_limit_in_the_words_of_an_error(message: str, limit: int) -> None:
    assert limit_in_error(message) == limit
