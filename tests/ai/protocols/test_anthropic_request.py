"""Requests of the Messages API, checked against the types of the official SDK."""

from collections.abc import Iterable
from typing import Any

import anthropic.types
import msgspec
import pytest
from anthropic.types import ContentBlockParam
from anthropic.types.message_create_params import MessageCreateParamsStreaming
from pydantic import ConfigDict, TypeAdapter
from typing_extensions import is_typeddict

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
from pi.ai.model import AuthHeader, Model
from pi.ai.options import Options
from pi.ai.protocols import protocols
from pi.ai.protocols.anthropic_messages import AnthropicCompat, AnthropicMessages

MODEL = Model(
    id="claude-x",
    name="Claude X",
    provider="p",
    api="anthropic-messages",
    base_url="https://api.example.com/",
    reasoning=True,
    input=("text", "image"),
    max_output_tokens=8000,
    compat=AnthropicCompat(),
    thinking={
        "off": {"thinking": {"type": "disabled"}},
        "low": {
            "thinking": {"type": "enabled", "budget_tokens": "$budget", "display": "summarized"}
        },
        "high": {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
    },
)
PICTURE = ImageContent("aGk=", "image/png")
READ = ToolDefinition(
    "read",
    "Read a file.",
    {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
)
GREP = ToolDefinition("grep", "", {"$defs": {"P": {"type": "string"}}, "type": "object"})


def _strict() -> tuple[TypeAdapter[Any], TypeAdapter[Any]]:
    """The SDK's types of a request and of a block; a field that they do not know is an error."""
    for value in vars(anthropic.types).values():
        if is_typeddict(value) and not hasattr(value, "__pydantic_config__"):
            value.__pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[attr-defined]
    return TypeAdapter(MessageCreateParamsStreaming), TypeAdapter(ContentBlockParam)


REQUEST, BLOCK = _strict()


def check(body: Any) -> None:
    """Whether the SDK's types allow a request."""
    consume(REQUEST.validate_python(body))
    for message in body["messages"]:  # the type of a request takes blocks of answers as well
        if not isinstance(message["content"], str):
            for block in message["content"]:
                consume(BLOCK.validate_python(block))


def consume(value: Any) -> None:
    """Walk through the lazy iterators that pydantic makes of `Iterable[...]`."""
    if isinstance(value, dict):
        for item in value.values():
            consume(item)
    elif isinstance(value, Iterable) and not isinstance(value, str):
        for item in value:
            consume(item)


def encode(
    *messages: Message,
    system: tuple[str, ...] = (),
    tools: tuple[ToolDefinition, ...] = (),
    model: Model = MODEL,
    **options: Any,
) -> Any:
    """The request, as it goes over the wire."""
    context = Context(messages or (UserMessage("hi"),), system, tools)
    settled = Options(**options).settle(model, context)
    request = AnthropicMessages().encode(model, context, settled).encoded()
    body = msgspec.json.decode(request.content)
    check(body)
    return request, body


def body_of(*messages: Message, **more: Any) -> Any:
    return encode(*messages, **({"cache_retention": "none"} | more))[1]


def with_compat(**compat: Any) -> Model:
    return msgspec.structs.replace(MODEL, compat=AnthropicCompat(**compat))


def answer(*content: Any, model: str = "claude-x", stop: Any = "toolUse") -> AssistantMessage:
    return AssistantMessage(content, "anthropic-messages", "p", model, Usage(), stop, 1)


def result(call_id: str, *content: Any, error: bool = False) -> ToolResultMessage:
    return ToolResultMessage(call_id, "read", content, error)


def test_the_oracle_rejects_fields_that_it_does_not_know() -> None:
    body = body_of(UserMessage((TextContent("x"),)))
    body["messages"][0]["content"][0]["citation"] = None
    with pytest.raises(ValueError):
        check(body)


def test_it_is_registered() -> None:
    protocol = protocols.get("anthropic-messages")
    assert isinstance(protocol, AnthropicMessages)
    assert protocol.auth_header == AuthHeader("x-api-key", "")


def test_the_smallest_request() -> None:
    request, body = encode(cache_retention="none")
    assert request.url == "https://api.example.com/v1/messages"
    assert request.headers == {
        "content-type": "application/json",
        "accept": "application/json",
        "anthropic-version": "2023-06-01",
    }
    assert body == {
        "model": "claude-x",
        "max_tokens": 8000,
        "stream": True,
        "messages": [{"role": "user", "content": "hi"}],
        "thinking": {"type": "disabled"},
    }


# -- caching -------------------------------------------------------------------------------------


def marks(value: Any) -> int:
    if isinstance(value, dict):
        return ("cache_control" in value) + sum(map(marks, value.values()))
    return sum(map(marks, value)) if isinstance(value, list) else 0


def test_cache_breakpoints() -> None:
    mark = {"type": "ephemeral"}
    _, body = encode(system=("one", " ", "two"), tools=(READ, GREP))
    assert body["system"] == [
        {"type": "text", "text": "one"},
        {"type": "text", "text": "two", "cache_control": mark},
    ]
    assert [tool.get("cache_control") for tool in body["tools"]] == [None, mark]
    assert body["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "hi", "cache_control": mark}]}
    ]


def test_the_breakpoint_is_on_the_last_block_of_the_user() -> None:
    first = UserMessage("first")
    _, body = encode(first, answer(ToolCall("c", "read", {})), result("c", TextContent("x")))
    assert marks(body) == 1
    assert "cache_control" in body["messages"][-1]["content"][-1]
    assert body["messages"][0]["content"] == "first"
    _, body = encode(first, answer(TextContent("prefill"), stop="stop"))
    assert marks(body) == 0


@pytest.mark.parametrize(
    ("retention", "compat", "mark"),
    [
        ("none", {}, None),
        ("long", {}, {"type": "ephemeral", "ttl": "1h"}),
        ("long", {"supports_long_cache_retention": False}, {"type": "ephemeral"}),
    ],
)
def test_cache_retention(retention: Any, compat: Any, mark: Any) -> None:
    _, body = encode(system=("s",), model=with_compat(**compat), cache_retention=retention)
    assert body["system"][0].get("cache_control") == mark
    assert marks(body) == (2 if mark else 0)


def test_a_service_without_breakpoints_on_tools() -> None:
    model = with_compat(supports_cache_control_on_tools=False)
    _, body = encode(system=("s",), tools=(READ,), model=model)
    assert marks(body["tools"]) == 0
    assert marks(body) == 2


# -- tools ---------------------------------------------------------------------------------------


def test_tools() -> None:
    body = body_of(tools=(READ, GREP))
    assert body["tools"] == [
        {
            "name": "read",
            "description": "Read a file.",
            "eager_input_streaming": True,
            "input_schema": READ.parameters,
        },
        {
            "name": "grep",
            "eager_input_streaming": True,
            "input_schema": GREP.parameters | {"properties": {}, "required": []},
        },
    ]


@pytest.mark.parametrize(
    ("choice", "wire"),
    [
        ("auto", {"type": "auto"}),
        ("none", {"type": "none"}),
        ("required", {"type": "any"}),
        ("read", {"type": "tool", "name": "read"}),
    ],
)
def test_tool_choice(choice: str, wire: Any) -> None:
    assert body_of(tools=(READ,), tool_choice=choice)["tool_choice"] == wire
    assert "tool_choice" not in body_of(tool_choice=choice)


def test_canonical_names() -> None:
    model = with_compat(canonical_tool_names=("Read", "Bash"))
    body = body_of(
        answer(ToolCall("c1", "read", {}), ToolCall("c2", "BASH", {}), ToolCall("c3", "grep", {})),
        tools=(READ, GREP),
        tool_choice="read",
        model=model,
    )
    assert [tool["name"] for tool in body["tools"]] == ["Read", "grep"]
    assert [block["name"] for block in body["messages"][0]["content"]] == ["Read", "Bash", "grep"]
    assert body["tool_choice"]["name"] == "Read"


@pytest.mark.parametrize(
    ("name", "wire"),
    [("", "unknown"), ("functions.read:0", "functions_read_0"), ("ü" * 200, "_" * 128)],
)
def test_a_name_that_a_model_made_up_is_replayed_as_one_that_is_allowed(
    name: str, wire: str
) -> None:
    assert body_of(answer(ToolCall("c", name, {})))["messages"][0]["content"][0]["name"] == wire


# -- thinking and the fields that depend on it ----------------------------------------------------


def test_a_budget() -> None:
    request, body = encode(thinking="low", temperature=0.5)
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 2048, "display": "summarized"}
    assert body["max_tokens"] == 8000
    assert "temperature" not in body
    assert request.headers["anthropic-beta"] == "interleaved-thinking-2025-05-14"


def test_a_budget_leaves_room_for_an_answer_or_is_dropped() -> None:
    small = msgspec.structs.replace(MODEL, max_output_tokens=2500)
    body = body_of(thinking="low", model=small)
    assert body["thinking"]["budget_tokens"] == 2500 - 1024
    tiny = msgspec.structs.replace(MODEL, max_output_tokens=2000)
    request, body = encode(thinking="low", model=tiny, temperature=0.5)
    assert "thinking" not in body
    assert body["temperature"] == 0.5
    assert "anthropic-beta" not in request.headers
    large = {"thinking": {"type": "enabled", "budget_tokens": 9000}}
    unsettled = Options(max_tokens=9000, thinking_body=large)
    request = AnthropicMessages().encode(MODEL, Context.of("hi"), unsettled)
    assert request.body["thinking"]["budget_tokens"] < request.body["max_tokens"]


def test_adaptive() -> None:
    request, body = encode(thinking="high", model=with_compat(force_adaptive_thinking=True))
    assert body["thinking"] == {"type": "adaptive"}
    assert body["output_config"] == {"effort": "high"}
    assert "anthropic-beta" not in request.headers


def test_temperature() -> None:
    assert body_of(temperature=0.0)["temperature"] == 0.0
    model = with_compat(supports_temperature=False)
    assert "temperature" not in body_of(temperature=0.0, model=model)


def test_betas() -> None:
    model = with_compat(
        betas=("a-1", "interleaved-thinking-2025-05-14"), supports_eager_tool_input_streaming=False
    )
    request, body = encode(thinking="low", tools=(READ,), model=model)
    assert request.headers["anthropic-beta"] == (
        "a-1,interleaved-thinking-2025-05-14,fine-grained-tool-streaming-2025-05-14"
    )
    assert "eager_input_streaming" not in body["tools"][0]
    request, _ = encode(model=model)
    assert request.headers["anthropic-beta"] == "a-1,interleaved-thinking-2025-05-14"


def test_the_rest_of_the_options() -> None:
    model = msgspec.structs.replace(MODEL, extra_body={"speed": "fast", "thinking": {"x": 1}})
    options = Options(
        max_tokens=77,
        metadata={"user_id": "u", "other": 1},
        service_tier="standard_only",
        extra_body={"stop_sequences": ["END"]},
    )
    body = AnthropicMessages().encode(model, Context.of("hi"), options).body
    assert body["max_tokens"] == 77
    assert body["metadata"] == {"user_id": "u"}
    assert body["service_tier"] == "standard_only"
    assert (body["speed"], body["stop_sequences"]) == ("fast", ["END"])
    assert body["thinking"] == {"x": 1}
    assert "service_tier" not in body_of(service_tier="priority")
    assert "metadata" not in body_of(metadata={"user_id": 5})


def test_data_of_the_catalog_is_accepted() -> None:
    compat = msgspec.convert(
        {
            "supports_strict_tools": True,
            "supports_midconvo_system_messages": True,
            "supports_midconvo_tool_changes": True,
            "supports_midconvo_effort": True,
            "allowed_fallback_models": [{"provider": "p", "model": "m", "cost": {"input": 5}}],
        },
        AnthropicCompat,
    )
    assert compat.allowed_fallback_models[0]["model"] == "m"
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert({"supports_magic": True}, AnthropicCompat)


def test_a_model_without_compat_is_the_original_api() -> None:
    bare = msgspec.structs.replace(MODEL, compat=None)
    assert body_of(tools=(READ,), model=bare) == body_of(tools=(READ,))


# -- messages ------------------------------------------------------------------------------------


def test_user_content() -> None:
    body = body_of(UserMessage((TextContent(" "), PICTURE, TextContent("what?"))), UserMessage("x"))
    assert body["messages"] == [
        {
            "role": "user",
            "content": [
                {
                    "type": "image",
                    "source": {"type": "base64", "media_type": "image/png", "data": "aGk="},
                },
                {"type": "text", "text": "what?"},
            ],
        },
        {"role": "user", "content": "x"},
    ]


def test_assistant_content() -> None:
    body = body_of(
        UserMessage("go"),
        answer(
            ThinkingContent("hm", "sig"),
            ThinkingContent("", "sig2"),
            ThinkingContent("", "data", redacted=True),
            ThinkingContent("unsigned"),
            TextContent("\n"),
            TextContent("text"),
            stop="stop",
        ),
        answer(TextContent(" "), stop="stop"),
        UserMessage("and?"),
    )
    assert body["messages"][1:] == [
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "sig"},
                {"type": "thinking", "thinking": "", "signature": "sig2"},
                {"type": "redacted_thinking", "data": "data"},
                {"type": "text", "text": "unsigned"},
                {"type": "text", "text": "text"},
            ],
        },
        {"role": "user", "content": "and?"},
    ]


def test_a_service_that_does_not_sign() -> None:
    model = with_compat(allow_empty_signature=True)
    body = body_of(answer(ThinkingContent("unsigned"), stop="stop"), model=model)
    assert body["messages"][0]["content"] == [
        {"type": "thinking", "thinking": "unsigned", "signature": ""}
    ]


def test_results_of_a_turn_are_one_message() -> None:
    calls = [ToolCall(name, "read", {"path": name}) for name in ("c1", "c2", "c3")]
    body = body_of(
        answer(*calls),
        result("c1", TextContent("a"), TextContent("b")),
        result("c2"),
        UserMessage("stop"),
    )
    assistant, results, user = body["messages"]
    assert assistant["content"][0] == {
        "type": "tool_use",
        "id": "c1",
        "name": "read",
        "input": {"path": "c1"},
    }
    assert results["role"] == "user"
    first, second, third = results["content"]
    assert first == {
        "type": "tool_result",
        "tool_use_id": "c1",
        "content": "a\nb",
        "is_error": False,
    }
    assert second["content"] == "(no output)"
    assert (third["tool_use_id"], third["is_error"]) == ("c3", True)
    assert user == {"role": "user", "content": "stop"}


def test_images_in_results() -> None:
    calls = [ToolCall(name, "read", {}) for name in ("c1", "c2", "c3")]
    body = body_of(
        answer(*calls),
        result("c1", TextContent("see"), PICTURE),
        result("c2", PICTURE, error=True),
        result("c3", PICTURE),
    )
    first, second, third, image = body["messages"][1]["content"]
    assert [block["type"] for block in first["content"]] == ["text", "image"]
    assert (second["content"], second["is_error"]) == ("(no output)", True)
    assert [block["type"] for block in third["content"]] == ["text", "image"]
    assert image["type"] == "image"


def test_foreign_ids_are_mended() -> None:
    long = "call_1|fc_" + "+" * 400
    call = ToolCall(long, "read", {})
    body = body_of(answer(call, model="another"), result(long, TextContent("x")))
    call_id = body["messages"][0]["content"][0]["id"]
    assert call_id == body["messages"][1]["content"][0]["tool_use_id"]
    assert len(call_id) == 64
    assert call_id.startswith("call_1_fc__")


def test_lone_surrogates_are_dropped() -> None:
    request, body = encode(
        UserMessage("a\ud83db"),
        answer(ToolCall("c", "read", {"p\udc00": ["\ud83d", 1]})),
        result("c", TextContent("\udc00")),
        system=("\ud800",),
        cache_retention="none",
    )
    assert "system" not in body
    assert body["messages"][0]["content"] == "ab"
    assert body["messages"][1]["content"][0]["input"] == {"p": ["", 1]}
    assert body["messages"][2]["content"][0]["content"] == "(no output)"
    assert request.content.isascii()


LOOP = (UserMessage("go"), answer(ToolCall("c1", "read", {}), model="other"), result("c1"))


def test_no_budget_in_the_middle_of_an_answer_that_another_model_began() -> None:
    """The API: "a final `assistant` message must start with a thinking block"."""
    assert "thinking" not in body_of(*LOOP, thinking="low")
    assert body_of(*LOOP, UserMessage("now you"), thinking="low")["thinking"]["type"] == "enabled"
    assert body_of(*LOOP, thinking="high")["thinking"]["type"] == "adaptive"
    assert body_of(*LOOP, thinking="off")["thinking"]["type"] == "disabled"


@pytest.mark.parametrize("redacted", [True, False])
def test_own_thinking_at_the_beginning_of_the_turn_is_enough(redacted: bool) -> None:
    thought = ThinkingContent("", "c2ln", redacted)
    own = (
        UserMessage("go"),
        answer(thought, ToolCall("c1", "read", {})),
        result("c1"),
        answer(ToolCall("c2", "read", {})),
        result("c2"),
    )
    assert body_of(*own, thinking="low")["thinking"]["type"] == "enabled"
    assert "thinking" not in body_of(*own[:1], *own[3:], thinking="low")
