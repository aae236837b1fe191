"""Mistral's chat wire: requests by the official types, and the edges of its answers."""

import json
import re
from typing import Any

import pytest
from mistralai.client.models import ChatCompletionStreamRequest, CompletionChunk

from conformance.said import Call, Said, model_for
from conformance.wire_mistral_conversations import write
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
from pi.ai.protocols.mistral_conversations import MistralConversations
from pi.ai.request import Frame
from pi.ai.wire.sse import SseParser

API = "mistral-conversations"
PROTOCOL = MistralConversations()
IMAGE = ImageContent("iVBORw0KGgo=", "image/png")
TOOL = ToolDefinition("read", "Read a file.", {"type": "object", "properties": {}})
CONVERSATION: tuple[Message, ...] = (
    UserMessage((TextContent("look"), IMAGE), 1),
    AssistantMessage(
        (
            ThinkingContent("hm"),
            TextContent("I read."),
            ToolCall("call_with_a_long_id_1", "read", {"path": "é"}),
            ToolCall("call_with_a_long_id_2", "read", {}),
        ),
        "openai-completions",
        "elsewhere",
        "other",
        Usage(),
        "toolUse",
        1,
    ),
    ToolResultMessage("call_with_a_long_id_1", "read", (TextContent("out"), IMAGE), timestamp=2),
    ToolResultMessage("call_with_a_long_id_2", "read", (), is_error=True, timestamp=2),
    UserMessage("and now?", 3),
)


def body(*messages: Message, options: Options | None = None, **model: Any) -> dict[str, Any]:
    context = Context(messages, ("Be", "brief."), (TOOL,))
    target = model_for(API, **model)
    return PROTOCOL.encode(target, context, (options or Options()).settle(target, context)).body


@pytest.mark.parametrize("level", ["off", "high"])
@pytest.mark.parametrize("choice", [None, "auto", "required", "read", "none"])
def test_requests_are_valid_by_the_official_types(level: Any, choice: Any) -> None:
    options = Options(thinking=level, tool_choice=choice, temperature=0.5, session_id="s1")
    request = body(*CONVERSATION, options=options)
    parsed = ChatCompletionStreamRequest.model_validate(request)
    again = json.loads(parsed.model_dump_json(by_alias=True, exclude_unset=True))
    assert set(request) <= set(again) | {"prompt_cache_key"}
    assert len(again["messages"]) == len(request["messages"])
    assert request["prompt_cache_key"] == "s1"


def test_foreign_ids_become_nine_letters_and_stay_paired() -> None:
    messages = body(*CONVERSATION)["messages"]
    calls = [call["id"] for call in messages[2]["tool_calls"]]
    assert all(re.fullmatch("[A-Za-z0-9]{9}", call_id) for call_id in calls)
    assert len(set(calls)) == 2
    assert [m["tool_call_id"] for m in messages[3:5]] == calls


def test_an_image_is_a_string_and_may_stand_in_a_result() -> None:
    messages = body(*CONVERSATION)["messages"]
    assert messages[1]["content"][1]["image_url"].startswith("data:image/png;base64,")
    assert [p["type"] for p in messages[3]["content"]] == ["text", "image_url"]
    assert [p["text"] for p in messages[4]["content"]] == ["[the tool failed]", "(no output)"]


@pytest.mark.parametrize("base", ["https://x", "https://x/", "https://x/v1"])
def test_the_url(base: str) -> None:
    request = PROTOCOL.encode(model_for(API, base), Context.of("hi"), Options())
    assert request.url == "https://x/v1/chat/completions"


def decode(*raw: Any) -> AssistantMessage:
    model = model_for(API)
    decoder = PROTOCOL.decoder(model, Options(), Context())
    fold = Fold()
    fold.add(Start(model.api, model.provider, model.id, 0))
    ends = 0
    frames = [Frame(r if isinstance(r, bytes) else json.dumps(r).encode()) for r in raw]
    for event in [e for f in frames for e in decoder.feed(f)] + decoder.close():
        fold.add(event)
        ends += isinstance(event, Done | Error)
    assert ends == 1
    return fold.message()


def delta(finish: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"id": "c", "choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


def test_our_fixture_is_what_the_official_types_call_a_chunk() -> None:
    said = Said("Hello", "hm", [Call("abcdefghi", "read", {"a": 1})], "toolUse")
    for frame in SseParser().feed(b"".join(write(said)[:-1])):
        CompletionChunk.model_validate_json(frame.data)


def test_empty_text_between_pieces_of_a_call_changes_nothing() -> None:
    def piece(text: str, **more: Any) -> dict[str, Any]:
        call = {"index": 0, "function": {"name": "", "arguments": text}, **more}
        return delta(content="", tool_calls=[call])

    first = piece('{"q":', id="abcdefghi")
    first["choices"][0]["delta"]["tool_calls"][0]["function"]["name"] = "find"
    message = decode(first, delta(content=""), piece(" 1}"), delta("tool_calls", content=""))
    assert message.content == (ToolCall("abcdefghi", "find", {"q": 1}),)
    assert message.stop_reason == "toolUse"


def test_thinking_is_one_block_and_text_another() -> None:
    def thought(text: str) -> dict[str, Any]:
        return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}

    message = decode(
        delta(content=[thought("a")]),
        delta(content=""),
        delta(content=[thought("b"), {"type": "text", "text": "c"}]),
        delta("stop", content="d"),
        b"[DONE]",
    )
    assert message.content == (ThinkingContent("ab"), TextContent("cd"))


@pytest.mark.parametrize(
    "cached",
    [
        {"num_cached_tokens": 30},
        {"prompt_tokens_details": {"cached_tokens": 30}},
        {"prompt_token_details": {"cached_tokens": 30}},
    ],
)
def test_cached_tokens_in_every_spelling(cached: dict[str, Any]) -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105, **cached}
    counted = decode({**delta("stop", content="x"), "usage": usage}).usage
    assert (counted.input, counted.cache_read, counted.output) == (70, 30, 5)


def test_errors_and_cut_streams() -> None:
    error = {"object": "error", "message": "Service tier capacity exceeded", "code": "3505"}
    assert decode(delta(content="half"), error).error_kind is not None
    assert decode(delta(content="half")).error_kind == "transport"
    assert decode(delta("error", content="half")).error_kind == "overloaded"
    assert decode(delta("model_length", content="half")).stop_reason == "length"


def test_a_user_never_comes_right_after_a_tool() -> None:
    roles = [message["role"] for message in body(*CONVERSATION)["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "tool", "assistant", "user"]
    assert [m["role"] for m in body(*CONVERSATION[:-1])["messages"]] == roles[:-2]
