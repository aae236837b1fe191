"""ConverseStream: requests by botocore's own model of the service, and its rules."""

from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from conformance.said import Said, model_for
from conformance.wire_bedrock_converse_stream import frame, write
from pi.ai.events import Done, Error, Event, Fold, Start
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
from pi.ai.protocols.bedrock_converse import BedrockConverseStream, Compat
from pi.ai.wire.eventstream import EventStreamParser

API = "bedrock-converse-stream"
PROTOCOL = BedrockConverseStream()
IMAGE = ImageContent("iVBORw0KGgo=", "image/png")
TOOL = ToolDefinition(
    "read", "Read a file.", {"type": "object", "properties": {"path": {"type": "string"}}}
)


@pytest.fixture(scope="module")
def shape() -> Any:
    service = Loader().load_service_model("bedrock-runtime", "service-2")
    return ServiceModel(service).operation_model("ConverseStream").input_shape


def said(*content: Any, stop: str = "toolUse", **other: Any) -> AssistantMessage:
    fields = {"api": API, "provider": f"{API}-provider", "model": "test-model"} | other
    return AssistantMessage(content, **fields, usage=Usage(), stop_reason=stop, timestamp=1)  # type: ignore[arg-type]


def body(*messages: Message, options: Options | None = None, **model: Any) -> dict[str, Any]:
    context = Context(messages, ("Be brief.",), (TOOL,))
    target = model_for(API, **model)
    settled = (options or Options()).settle(target, context)
    return PROTOCOL.encode(target, context, settled).body


CONVERSATION: tuple[Message, ...] = (
    UserMessage((TextContent("look"), TextContent(" "), IMAGE), 1),
    said(
        ThinkingContent("hm", "c2ln"),
        ThinkingContent("", "cmVk", redacted=True),
        TextContent("I read."),
        ToolCall("a", "read", {"path": "x", "": "never", "deep": [{"": 1, "k": 2}]}),
        ToolCall("b", "read", {}),
    ),
    ToolResultMessage("a", "read", (TextContent("out"), IMAGE), timestamp=2),
    ToolResultMessage("b", "read", (), is_error=True, timestamp=2),
    UserMessage("and now?", 3),
)


@pytest.mark.parametrize("level", ["off", "high"])
@pytest.mark.parametrize("choice", [None, "auto", "required", "read", "none"])
def test_requests_are_valid_by_the_services_own_model(shape: Any, level: Any, choice: Any) -> None:
    options = Options(thinking=level, tool_choice=choice, cache_retention="long", temperature=0.5)
    request = body(*CONVERSATION, options=options)
    report = ParamValidator().validate({"modelId": "m", **request}, shape)
    assert not report.has_errors(), report.generate_report()


def test_results_of_a_turn_share_one_message_and_come_first() -> None:
    messages = body(*CONVERSATION)["messages"]
    assert [m["role"] for m in messages] == ["user", "assistant", "user"]
    kinds = [next(iter(block)) for block in messages[2]["content"]]
    assert kinds == ["toolResult", "toolResult", "text", "cachePoint"]
    first, second = (block["toolResult"] for block in messages[2]["content"][:2])
    assert first["status"] == "success"
    assert (second["status"], second["content"]) == ("error", [{"text": "(no output)"}])


def test_blank_text_and_empty_keys_are_left_out() -> None:
    messages = body(*CONVERSATION)["messages"]
    assert [next(iter(block)) for block in messages[0]["content"]] == ["text", "image"]
    (use,) = (b["toolUse"] for b in messages[1]["content"] if b.get("toolUse", {}).get("input"))
    assert use["input"] == {"path": "x", "deep": [{"k": 2}]}


def test_reasoning_goes_back_as_its_family_takes_it() -> None:
    unsigned = said(ThinkingContent("hm"), TextContent("ok"), stop="stop")
    messages = (UserMessage("a", 1), unsigned, UserMessage("b", 2))
    plain = body(*messages, compat=Compat())["messages"][1]["content"]
    assert plain[0] == {"reasoningContent": {"reasoningText": {"text": "hm"}}}
    signed = body(*CONVERSATION)["messages"][1]["content"]
    assert signed[0]["reasoningContent"]["reasoningText"] == {"text": "hm", "signature": "c2ln"}
    assert signed[1] == {"reasoningContent": {"redactedContent": "cmVk"}}


def test_cache_points_and_their_life() -> None:
    assert body(UserMessage("a", 1))["system"][-1] == {"cachePoint": {"type": "default"}}
    long = body(UserMessage("a", 1), options=Options(cache_retention="long"))
    assert long["messages"][-1]["content"][-1] == {"cachePoint": {"type": "default", "ttl": "1h"}}
    none = body(UserMessage("a", 1), options=Options(cache_retention="none"))
    assert "cachePoint" not in str(none)


def test_a_history_with_calls_declares_their_tools_even_when_none_are_offered() -> None:
    context = Context(CONVERSATION)
    model = model_for(API)
    request = PROTOCOL.encode(model, context, Options().settle(model, context))
    names = [t["toolSpec"]["name"] for t in request.body["toolConfig"]["tools"]]
    assert names == ["read"]


def test_temperature_is_not_sent_while_thinking() -> None:
    quiet = body(UserMessage("a", 1), options=Options(temperature=0.3))
    assert quiet["inferenceConfig"]["temperature"] == 0.3
    loud = body(UserMessage("a", 1), options=Options(temperature=0.3, thinking="high"))
    assert "temperature" not in loud["inferenceConfig"]


def test_the_model_id_is_encoded_into_the_path() -> None:
    model = model_for(API, "https://x", id="us.anthropic.claude-v1:0")
    request = PROTOCOL.encode(model, Context.of("hi"), Options().settle(model, Context.of("hi")))
    assert request.url == "https://x/model/us.anthropic.claude-v1%3A0/converse-stream"


def decode(frames: list[bytes]) -> tuple[AssistantMessage, list[Event]]:
    model = model_for(API)
    decoder = PROTOCOL.decoder(model, Options(), Context())
    fold = Fold()
    fold.add(Start(model.api, model.provider, model.id, 0))
    events = [
        event
        for piece in frames
        for cut in EventStreamParser().feed(piece)
        for event in decoder.feed(cut)
    ]
    events += decoder.close()
    for event in events:
        fold.add(event)
    assert sum(isinstance(e, Done | Error) for e in events) == 1
    return fold.message(), events


def test_metadata_may_come_on_either_side_of_the_stop() -> None:
    frames = write(Said(text="hello", usage=Usage(10, 5, 3, 2, 20)))
    swapped = [*frames[:-2], frames[-1], frames[-2]]
    for order in (frames, swapped):
        message, _ = decode(order)
        assert (message.stop_reason, message.text) == ("stop", "hello")
        assert (message.usage.input, message.usage.cache_read) == (10, 3)
    message, _ = decode(frames[:-1])
    assert message.stop_reason == "stop", "usage may be missing altogether"


def test_hour_long_cache_writes_are_told_apart() -> None:
    usage = {
        "inputTokens": 1,
        "outputTokens": 1,
        "cacheWriteInputTokens": 50,
        "cacheDetails": [{"ttl": "1h", "inputTokens": 20}, {"ttl": "5m", "inputTokens": 30}],
    }
    frames = [*write(Said(text="x"))[:-1], frame("metadata", {"usage": usage})]
    message, _ = decode(frames)
    assert message.usage.cache_write_1h == 20


def test_redacted_reasoning_keeps_its_bytes() -> None:
    at = {"contentBlockIndex": 0}
    frames = [
        frame("messageStart", {"role": "assistant"}),
        frame(
            "contentBlockDelta", {**at, "delta": {"reasoningContent": {"redactedContent": "QUI="}}}
        ),
        frame("contentBlockStop", at),
        frame("messageStop", {"stopReason": "end_turn"}),
    ]
    message, _ = decode(frames)
    assert message.content == (ThinkingContent("", "QUI=", redacted=True),)


def test_tools_that_the_service_runs_itself_are_not_our_calls() -> None:
    at = {"contentBlockIndex": 0}
    use = {"toolUseId": "s", "name": "search", "type": "server_tool_use"}
    frames = [
        frame("contentBlockStart", {**at, "start": {"toolUse": use}}),
        frame("contentBlockDelta", {**at, "delta": {"toolUse": {"input": "{}"}}}),
        frame("contentBlockStop", at),
        frame("contentBlockStart", {"contentBlockIndex": 1, "start": {"toolResult": {}}}),
        frame("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolResult": []}}),
        frame("contentBlockDelta", {"contentBlockIndex": 2, "delta": {"text": "found"}}),
        frame("messageStop", {"stopReason": "end_turn"}),
    ]
    message, _ = decode(frames)
    assert (message.stop_reason, message.text, message.tool_calls) == ("stop", "found", ())


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("throttlingException", "Too many tokens, please wait before trying again.", "rate_limit"),
        ("serviceUnavailableException", "Bedrock is unable to process", "overloaded"),
        ("internalServerException", "oops", "overloaded"),
        ("modelStreamErrorException", "oops", "overloaded"),
        ("validationException", "Input is too long for requested model.", "overflow"),
        ("validationException", "messages.0: bad", "protocol"),
    ],
)
def test_exceptions_in_the_stream_have_a_kind(name: str, text: str, kind: str) -> None:
    frames = [*write(Said(text="half"))[:-3], frame(name, {"message": text}, "exception")]
    message, _ = decode(frames)
    assert (message.stop_reason, message.error_kind) == ("error", kind)
    assert text in (message.error_message or "")
    assert message.text == "half"


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("guardrail_intervened", "refused"),
        ("content_filtered", "refused"),
        ("model_context_window_exceeded", "overflow"),
        ("brand_new", "protocol"),
    ],
)
def test_bad_stop_reasons_are_errors(reason: str, kind: str) -> None:
    frames = [*write(Said(text="x"))[:-2], frame("messageStop", {"stopReason": reason})]
    message, _ = decode(frames)
    assert (message.stop_reason, message.error_kind) == ("error", kind)


def test_no_budget_in_the_middle_of_an_answer_that_another_model_began() -> None:
    call = said(ToolCall("a", "read", {}), model="other")
    loop = (UserMessage("go", 1), call, ToolResultMessage("a", "read", (), timestamp=2))
    thinking = Options(thinking="high")
    fields = "additionalModelRequestFields"
    assert fields not in body(*loop, options=thinking)
    assert fields in body(*loop, UserMessage("now you", 3), options=thinking)
    own = said(ThinkingContent("hm", "c2ln"), ToolCall("a", "read", {}))
    assert fields in body(loop[0], own, loop[2], options=thinking)


def test_the_user_begins() -> None:
    messages = body(said(TextContent("hello"), stop="stop"), UserMessage("hi", 1))["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "user"]
