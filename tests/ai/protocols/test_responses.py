"""The Responses wire and its relatives: requests by the official types, answers by the official
parser, and every edge that services are known to have."""

import json
from typing import Any

import openai
import pytest
from openai.types.responses import ResponseInputParam
from openai.types.responses.response_create_params import ResponseCreateParamsStreaming
from pydantic import TypeAdapter

from conformance.said import Call, Said, model_for
from conformance.wire_openai_responses import events as wire_events
from conformance.wire_openai_responses import write
from pi.ai.events import Done, Error, Fold, Start
from pi.ai.messages import (
    AssistantMessage,
    Context,
    ImageContent,
    Message,
    TextContent,
    ThinkingContent,
    ToolCall,
    ToolDefinition,
    ToolResultMessage,
    Usage,
    UserMessage,
)
from pi.ai.options import Options
from pi.ai.protocols import protocols
from pi.ai.wire.sse import SseParser
from support.server import Reply, Server

API = "openai-responses"
FAMILY = ("openai-responses", "openai-codex-responses", "azure-openai-responses")
IMAGE = ImageContent("iVBORw0KGgo=", "image/png")
TOOL = ToolDefinition(
    "read", "Read a file.", {"type": "object", "properties": {"path": {"type": "string"}}}
)
REASONING = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "hm"}],
    "encrypted_content": "abc",
}


def said(*content: Any, api: str = API, stop: str = "toolUse", **other: Any) -> AssistantMessage:
    fields = {"api": api, "provider": f"{api}-provider", "model": "test-model"} | other
    return AssistantMessage(content, **fields, usage=Usage(), stop_reason=stop, timestamp=1)  # type: ignore[arg-type]


def conversation(api: str = API) -> tuple[Message, ...]:
    return (
        UserMessage((TextContent("look"), TextContent(" "), IMAGE), 1),
        said(
            ThinkingContent("hm", json.dumps(REASONING)),
            TextContent("I read.", '{"v":1,"id":"msg_7","phase":"commentary"}'),
            ToolCall("call_1|fc_1", "read", {"path": "x"}),
            ToolCall("call_2|fc_2", "read", {}),
            api=api,
        ),
        ToolResultMessage("call_1|fc_1", "read", (TextContent("out"), IMAGE), timestamp=2),
        ToolResultMessage("call_2|fc_2", "read", (), is_error=True, timestamp=2),
        said(TextContent("one"), TextContent("two"), stop="stop", api=api),
        UserMessage("and now?", 3),
    )


def body(
    *messages: Message, api: str = API, options: Options | None = None, **model: Any
) -> dict[str, Any]:
    context = Context(messages, ("Be", "brief."), (TOOL,))
    target = model_for(api, **model)
    settled = (options or Options()).settle(target, context)
    return protocols.get(api).encode(target, context, settled).body


REQUEST: TypeAdapter[Any] = TypeAdapter(ResponseCreateParamsStreaming)
INPUT: TypeAdapter[Any] = TypeAdapter(ResponseInputParam)


@pytest.mark.parametrize("api", FAMILY)
@pytest.mark.parametrize("level", ["off", "high"])
@pytest.mark.parametrize("choice", [None, "auto", "required", "read", "none"])
def test_requests_are_valid_by_the_official_types(api: str, level: Any, choice: Any) -> None:
    options = Options(
        thinking=level,
        tool_choice=choice,
        session_id="s" * 80,
        cache_retention="long",
        service_tier="flex",
        temperature=0.5,
    )
    request = body(*conversation(api), api=api, options=options)
    REQUEST.validate_python(request, strict=True)
    INPUT.validate_python(request["input"], strict=True)
    assert len(request["prompt_cache_key"]) == 64
    assert request["store"] is False


def test_what_the_model_said_goes_back_as_it_came() -> None:
    items = body(*conversation())["input"]
    assert items[0] == {"role": "developer", "content": "Be\n\nbrief."}
    assert [c["type"] for c in items[1]["content"]] == ["input_text", "input_image"]
    assert items[2] == REASONING
    assert (items[3]["id"], items[3]["phase"]) == ("msg_7", "commentary")
    assert [(i["call_id"], i["id"]) for i in items[4:6]] == [("call_1", "fc_1"), ("call_2", "fc_2")]
    assert [i["type"] for i in items[6:8]] == ["function_call_output"] * 2
    assert [p["type"] for p in items[6]["output"]] == ["input_text", "input_image"]
    assert items[7]["output"] == "(no output)"
    assert items[8]["id"] != items[9]["id"], "two texts of one answer have two ids"


def test_of_another_model_only_text_and_calls_remain() -> None:
    items = body(*conversation(), id="another")["input"]
    assert not [i for i in items if i.get("type") == "reasoning"]
    calls = [i for i in items if i.get("type") == "function_call"]
    assert [set(c) & {"id"} for c in calls] == [set(), set()]
    assert [c["call_id"] for c in calls] == ["call_1", "call_2"]
    assert "phase" not in json.dumps(items)


def test_a_signature_that_is_no_json_is_an_old_id() -> None:
    items = body(UserMessage("a", 1), said(TextContent("x", "m" * 80), stop="stop"))["input"]
    assert len(items[-1]["id"]) <= 64
    broken = said(ThinkingContent("hm", "not json"), TextContent("x"), stop="stop")
    assert "reasoning" not in json.dumps(body(UserMessage("a", 1), broken)["input"])


def test_the_least_output_is_sixteen() -> None:
    assert body(UserMessage("a", 1), options=Options(max_tokens=3))["max_output_tokens"] == 16


def test_the_backend_takes_instructions_and_no_limit() -> None:
    request = body(UserMessage("a", 1), api="openai-codex-responses")
    assert request["instructions"] == "Be\n\nbrief."
    assert "max_output_tokens" not in request
    assert request["tools"][0]["strict"] is None
    assert request["parallel_tool_calls"] is True
    assert [i["role"] for i in request["input"]] == ["user"]
    model = model_for("openai-codex-responses")
    empty = protocols.get(model.api).encode(model, Context.of("hi"), Options())
    assert empty.body["instructions"], "an empty prompt is rejected"


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://x/api", "https://x/api/codex/responses"),
        ("https://x/api/", "https://x/api/codex/responses"),
        ("https://x/codex", "https://x/codex/responses"),
        ("https://x/codex/responses", "https://x/codex/responses"),
    ],
)
def test_the_backends_url(base: str, url: str) -> None:
    model = model_for("openai-codex-responses", base)
    assert protocols.get(model.api).encode(model, Context.of("hi"), Options()).url == url


def test_a_base_url_may_carry_a_query() -> None:
    model = model_for("azure-openai-responses", "https://x/openai/v1?api-version=v1")
    request = protocols.get(model.api).encode(model, Context.of("hi"), Options())
    assert request.url == "https://x/openai/v1/responses?api-version=v1"


# -- answers ---------------------------------------------------------------------------------------


def decode(raw: list[Any], api: str = API, **options: Any) -> AssistantMessage:
    """Events, or bytes as they are."""
    model = model_for(api)
    decoder = protocols.get(api).decoder(model, Options(**options), Context())
    fold, parser = Fold(), SseParser()
    fold.add(Start(model.api, model.provider, model.id, 0))
    ends = 0
    pieces = [r if isinstance(r, bytes) else f"data: {json.dumps(r)}\n\n".encode() for r in raw]
    frames = [frame for piece in pieces for frame in parser.feed(piece)] + parser.close()
    for event in [e for f in frames for e in decoder.feed(f)] + decoder.close():
        fold.add(event)
        ends += isinstance(event, Done | Error)
    assert ends == 1
    return fold.message()


def finished(status: str = "completed", **fields: Any) -> dict[str, Any]:
    usage = {"input_tokens": 100, "output_tokens": 10, "total_tokens": 110}
    response = {"id": "r", "status": status, "usage": usage, "output": [], **fields}
    return {"type": f"response.{status}", "response": response}


def item(kind: str, index: int, **fields: Any) -> list[dict[str, Any]]:
    at = {"output_index": index}
    return [
        {"type": "response.output_item.added", **at, "item": {"type": kind, "id": f"i{index}"}},
        {
            "type": "response.output_item.done",
            **at,
            "item": {"type": kind, "id": f"i{index}", **fields},
        },
    ]


async def test_the_official_parser_reads_the_same() -> None:
    answer = Said("Hello 🌍", "thinking", [Call("c1", "read", {"path": "é"})], "toolUse")
    async with Server(Reply(write(answer))) as server:
        client = openai.AsyncOpenAI(api_key="test-key", base_url=server.url)
        theirs = [
            event.response
            async for event in await client.responses.create(model="m", input="x", stream=True)
            if event.type == "response.completed"
        ]
        await client.close()
    ours = decode(list(write(answer)))
    assert theirs[0].usage is not None
    assert theirs[0].usage.total_tokens == ours.usage.total_tokens
    assert theirs[0].id == ours.response_id


def test_incomplete_is_length_with_its_usage() -> None:
    text = item("message", 0, content=[{"type": "output_text", "text": "cut"}])
    details = {"incomplete_details": {"reason": "max_output_tokens"}}
    message = decode([*text, finished("incomplete", **details)])
    assert (message.stop_reason, message.text, message.usage.input) == ("length", "cut", 100)


def test_incomplete_for_another_reason_is_an_error() -> None:
    details = {"incomplete_details": {"reason": "content_filter"}}
    message = decode([finished("incomplete", **details)])
    assert (message.stop_reason, message.error_kind) == ("error", "refused")


@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "code": "rate_limit_exceeded", "message": "slow down", "param": None},
        {"type": "error", "error": {"code": "rate_limit_exceeded", "message": "slow down"}},
        {
            "type": "response.failed",
            "response": {"error": {"code": "rate_limit_exceeded", "message": "slow down"}},
        },
    ],
    ids=["flat", "nested", "failed"],
)
def test_errors_in_every_shape(event: dict[str, Any]) -> None:
    message = decode([*wire_events(Said(text="half"))[:-2], event])
    assert (message.stop_reason, message.error_kind) == ("error", "rate_limit")
    assert message.error_message == "slow down"
    assert message.text == "half"


def test_a_refusal_is_text() -> None:
    events = [
        *item("message", 0, content=[{"type": "refusal", "refusal": "I can't."}])[:1],
        {"type": "response.refusal.delta", "output_index": 0, "delta": "I can't."},
        item("message", 0, content=[{"type": "refusal", "refusal": "I can't."}])[1],
        finished(),
    ]
    assert decode(events).text == "I can't."


def test_arguments_that_come_only_at_the_end() -> None:
    call = {"call_id": "c", "name": "read", "arguments": '{"path": "x"}'}
    message = decode([*item("function_call", 0, **call), finished()])
    assert message.tool_calls == (ToolCall("c|i0", "read", {"path": "x"}),)
    assert message.stop_reason == "toolUse"


def test_a_call_that_never_ends_is_an_error() -> None:
    added = item("function_call", 0)[:1]
    message = decode([*added, finished()])
    assert (message.stop_reason, message.error_kind) == ("error", "transport")


def test_reasoning_texts_of_open_models() -> None:
    delta = {"type": "response.reasoning_text.delta", "output_index": 0, "delta": "raw"}
    done = item("reasoning", 0, content=[{"type": "reasoning_text", "text": "raw"}])
    message = decode([done[0], delta, done[1], finished()])
    (thinking,) = message.content
    assert isinstance(thinking, ThinkingContent)
    assert thinking.thinking == "raw"


def test_summary_parts_are_paragraphs() -> None:
    part = {"type": "response.reasoning_summary_part.added", "output_index": 0}
    delta = {"type": "response.reasoning_summary_text.delta", "output_index": 0}
    summary = [{"type": "summary_text", "text": text} for text in ("one", "two")]
    added, done = item("reasoning", 0, summary=summary, encrypted_content="e")
    events = [added, part, {**delta, "delta": "one"}, part, {**delta, "delta": "two"}, done]
    (thinking,) = decode([*events, finished()]).content
    assert isinstance(thinking, ThinkingContent)
    assert thinking.thinking == "one\n\ntwo"
    assert json.loads(thinking.thinking_signature or "")["encrypted_content"] == "e"


def test_encrypted_reasoning_that_comes_with_the_whole_response() -> None:
    whole = {"type": "reasoning", "id": "i0", "summary": [], "encrypted_content": "late"}
    events = [*item("reasoning", 0, summary=[]), finished(output=[whole])]
    (thinking,) = decode(events).content
    assert isinstance(thinking, ThinkingContent)
    assert json.loads(thinking.thinking_signature or "")["encrypted_content"] == "late"


@pytest.mark.parametrize(
    ("asked", "answered", "factor"),
    [(None, None, 1), ("flex", None, 0.5), ("priority", "default", 2), (None, "flex", 0.5)],
)
def test_a_service_tier_changes_the_price(asked: Any, answered: Any, factor: float) -> None:
    plain = decode([finished()]).usage.cost.total
    message = decode([finished(service_tier=answered)], service_tier=asked)
    assert message.usage.cost.total == pytest.approx(plain * factor)


def test_a_stream_without_an_end_is_an_error() -> None:
    message = decode(wire_events(Said(text="half"))[:-1])
    assert (message.stop_reason, message.error_kind, message.text) == ("error", "transport", "half")


def test_a_used_up_plan_says_which_and_for_how_long() -> None:
    error = {
        "type": "usage_limit_reached",
        "message": "The usage limit has been reached",
        "plan_type": "plus",
        "resets_in_seconds": 1800,
    }
    reply = json.dumps({"error": error}).encode()
    info = protocols.get("openai-codex-responses").failure(429, {}, reply)
    assert info.kind == "quota"
    assert info.message.endswith("(plus plan), usable again in 30 min")


def replayed(*content: Any) -> list[dict[str, Any]]:
    return body(UserMessage("a", 1), said(*content, stop="length"), UserMessage("b", 2))["input"]


def test_reasoning_that_nothing_follows_is_left_out() -> None:
    """The API: "Item of type 'reasoning' was provided without its required following item"."""
    thought = ThinkingContent("hm", json.dumps(REASONING))
    assert [i.get("type") for i in replayed(thought)] == [None, None, None]
    kinds = [i.get("type") for i in replayed(thought, TextContent("x"), thought)]
    assert kinds[2:-1] == ["reasoning", "message"]


@pytest.mark.parametrize("kept", [True, False])
def test_reasoning_that_the_service_would_have_to_remember_is_left_out(kept: bool) -> None:
    """Nothing is stored there. Without its reasoning an item must not carry the service's id."""
    item = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": None}
    if kept:
        item["content"] = [{"type": "reasoning_text", "text": "hm"}]
    items = replayed(
        ThinkingContent("hm", json.dumps(item)),
        TextContent("x", '{"v":1,"id":"msg_7","phase":"commentary"}'),
        ToolCall("call_1|fc_1", "read", {}),
    )
    assert ("reasoning" in [i.get("type") for i in items]) is kept
    (text,) = (i for i in items if i.get("type") == "message")
    (call,) = (i for i in items if i.get("type") == "function_call")
    assert (text["id"] == "msg_7") is kept
    assert text["phase"] == "commentary"
    assert call.get("id") == ("fc_1" if kept else None)
    assert call["call_id"] == "call_1"
