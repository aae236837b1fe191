"""Chat Completions requests. The judge of their shape are the types of the official SDK."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from openai.types import chat as types
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming
from pydantic import TypeAdapter

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
from pi.ai.model import Model
from pi.ai.options import Options
from pi.ai.protocols import protocols
from pi.ai.protocols.openai_completions import Compat, OpenAICompletions
from pi.ai.protocols.openai_messages import call_id_rule

READ = ToolDefinition(
    "read", "Read a file.", {"type": "object", "properties": {"path": {"type": "string"}}}
)
PIXEL = ImageContent("iVBORw0KGgo=", "image/png")
_params: TypeAdapter[Any] = TypeAdapter(CompletionCreateParamsStreaming)
_by_role: dict[str, Any] = {
    "system": types.ChatCompletionSystemMessageParam,
    "developer": types.ChatCompletionDeveloperMessageParam,
    "user": types.ChatCompletionUserMessageParam,
    "assistant": types.ChatCompletionAssistantMessageParam,
    "tool": types.ChatCompletionToolMessageParam,
}


def model(compat: Compat | None = None, **changes: Any) -> Model:
    fields: dict[str, Any] = {
        "id": "m-1",
        "name": "M",
        "provider": "p",
        "api": "openai-completions",
        "base_url": "http://127.0.0.1:1/v1",
        "compat": compat or Compat(),
        "input": ("text", "image"),
    }
    return Model(**(fields | changes))


def exhaust(value: Any) -> None:
    """Walk a validated value: pydantic checks the items of an `Iterable` when they are read."""
    if isinstance(value, dict):
        for item in value.values():
            exhaust(item)
    elif isinstance(value, list | tuple | Iterator):
        for item in value:
            exhaust(item)


def judge(body: dict[str, Any], *, extensions: frozenset[str] = frozenset()) -> None:
    """The SDK's types accept the body, and know every field but `extensions`."""
    exhaust(_params.validate_python(body))
    unknown = set(body) - set(CompletionCreateParamsStreaming.__annotations__) - {"messages"}
    for base in CompletionCreateParamsStreaming.__orig_bases__:
        unknown -= set(base.__annotations__)
    for message in body["messages"]:
        unknown |= set(message) - set(_by_role[message["role"]].__annotations__)
    assert unknown <= extensions


def encode(
    messages: str | list[Message],
    target: Model | None = None,
    options: Options | None = None,
    *,
    system: tuple[str, ...] = (),
    tools: tuple[ToolDefinition, ...] = (),
    extensions: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    target = target or model()
    context = Context.of(messages, system=system, tools=tools)
    settled = (options or Options(max_tokens=100)).settle(target, context)
    request = OpenAICompletions().encode(target, context, settled).encoded()
    body = json.loads(request.content)
    judge(body, extensions=extensions)
    return body


def said(*content: Any, **changes: Any) -> AssistantMessage:
    fields: dict[str, Any] = {
        "api": "openai-completions",
        "provider": "p",
        "model": "m-1",
        "usage": Usage(),
        "stop_reason": "stop",
        "timestamp": 2,
    }
    return AssistantMessage(content, **(fields | changes))


def result(call_id: str, *content: Any) -> ToolResultMessage:
    return ToolResultMessage(call_id, "read", content, timestamp=3)


CALL = ToolCall("call_1", "read", {"path": "a\ud83d😀"})


def test_the_protocol_is_on_the_shelf() -> None:
    protocol = protocols.get("openai-completions")
    assert isinstance(protocol, OpenAICompletions)
    assert protocol.Compat is Compat
    assert protocol.framing == "sse"


def test_a_plain_request() -> None:
    context = Context.of("hi", system=("Be brief.", "Be kind."))
    options = Options(max_tokens=100, temperature=0.5).settle(model(), context)
    request = OpenAICompletions().encode(model(), context, options)
    assert request.url == "http://127.0.0.1:1/v1/chat/completions"
    assert request.method == "POST"
    assert {name.lower() for name in request.headers} == {"content-type", "accept"}
    judge(request.body)
    assert request.body == {
        "model": "m-1",
        "messages": [
            {"role": "system", "content": "Be brief.\n\nBe kind."},
            {"role": "user", "content": "hi"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "store": False,
        "max_completion_tokens": 100,
        "temperature": 0.5,
    }


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("http://h/v1/", "http://h/v1/chat/completions"),
        ("http://h/v1?api-version=1", "http://h/v1/chat/completions?api-version=1"),
        ("http://h/v1/chat/completions", "http://h/v1/chat/completions"),
    ],
)
def test_the_address(base: str, url: str) -> None:
    target = model(base_url=base)
    options = Options().settle(target, Context.of("x"))
    assert OpenAICompletions().encode(target, Context.of("x"), options).url == url


def test_a_service_that_takes_nothing_extra() -> None:
    compat = Compat(
        supports_store=False,
        supports_usage_in_streaming=False,
        supports_developer_role=False,
        max_tokens_field="max_tokens",
    )
    body = encode("hi", model(compat, reasoning=True), system=("S",))
    assert body == {
        "model": "m-1",
        "messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "hi"}],
        "stream": True,
        "max_tokens": 100,
    }


def test_reasoning_models_are_told_by_the_developer() -> None:
    body = encode("hi", model(reasoning=True), system=("S",))
    assert body["messages"][0] == {"role": "developer", "content": "S"}


def test_an_unknown_switch_is_an_error() -> None:
    with pytest.raises(msgspec.ValidationError, match="supports_stroe"):
        msgspec.convert({"supports_stroe": True}, Compat)


def test_a_model_made_by_hand_has_the_defaults() -> None:
    assert encode("hi", model(compat=None))["store"] is False


def test_fragments_are_merged_last() -> None:
    target = model(
        reasoning=True,
        thinking={"off": {}, "high": {"reasoning": {"effort": "high"}, "store": True}},
        extra_body={"provider": {"order": ["a"]}, "reasoning": {"exclude": False}},
    )
    options = Options(
        max_tokens=9, thinking="high", extra_body={"provider": {"sort": "price"}, "seed": 7}
    )
    body = encode("hi", target, options, extensions=frozenset({"provider", "reasoning"}))
    assert body["reasoning"] == {"effort": "high", "exclude": False}
    assert body["provider"] == {"order": ["a"], "sort": "price"}
    assert (body["store"], body["seed"]) == (True, 7)
    assert target.extra_body["provider"] == {"order": ["a"]}, "the model is not changed"


def test_service_tier() -> None:
    assert encode("hi", options=Options(service_tier="flex"))["service_tier"] == "flex"


# -- tools ---------------------------------------------------------------------------------------


def test_tools() -> None:
    body = encode("hi", tools=(READ,))
    assert body["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "read",
                "description": "Read a file.",
                "parameters": READ.parameters,
            },
        }
    ]
    assert "tool_choice" not in body


def test_strict_and_streamed_tools() -> None:
    target = model(Compat(supports_strict_mode=True, tool_stream=True))
    body = encode("hi", target, tools=(READ,), extensions=frozenset({"tool_stream"}))
    assert body["tools"][0]["function"]["strict"] is False
    assert body["tool_stream"] is True
    assert "tool_stream" not in encode("hi", target)


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("auto", "auto"),
        ("none", "none"),
        ("required", "required"),
        ("read", {"type": "function", "function": {"name": "read"}}),
    ],
)
def test_tool_choice(choice: str, sent: Any) -> None:
    options = Options(tool_choice=choice)
    assert encode("hi", options=options, tools=(READ,))["tool_choice"] == sent
    assert "tool_choice" not in encode("hi", options=options), "there is nothing to choose"


def test_empty_tools_only_where_the_history_needs_them() -> None:
    history: list[Message] = [UserMessage("go"), said(CALL), result("call_1", TextContent("ok"))]
    target = model(Compat(requires_tools_with_tool_history=True))
    assert encode(history, target)["tools"] == []
    assert "tools" not in encode("hi", target)
    assert "tools" not in encode(history)


# -- messages ------------------------------------------------------------------------------------


def messages_of(messages: list[Message], target: Model | None = None) -> list[dict[str, Any]]:
    extensions = frozenset(
        {"reasoning_content", "reasoning", "reasoning_text", "reasoning_details", "name"}
    )
    return encode(messages, target, extensions=extensions)["messages"]


def test_user_messages() -> None:
    sent = messages_of(
        [
            UserMessage("plain"),
            UserMessage((TextContent("one"),)),
            UserMessage((TextContent("look"), TextContent(" "), PIXEL)),
            UserMessage(()),
            UserMessage((TextContent("bad \ud83d half"), TextContent("x"))),
        ]
    )
    url = {"url": "data:image/png;base64,iVBORw0KGgo="}
    assert [message["content"] for message in sent] == [
        "plain",
        "one",
        [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": url}],
        [{"type": "text", "text": "bad  half"}, {"type": "text", "text": "x"}],
    ]


def test_an_answer_is_one_string_and_its_calls() -> None:
    answer = said(TextContent("Let"), TextContent("\n\n"), TextContent(" me."), CALL)
    sent = messages_of([UserMessage("go"), answer, result("call_1", TextContent("ok"))])
    assert sent[1] == {
        "role": "assistant",
        "content": "Let me.",
        "tool_calls": [
            {
                "id": "call_1",
                "type": "function",
                "function": {"name": "read", "arguments": '{"path":"a😀"}'},
            }
        ],
    }
    assert sent[2] == {"role": "tool", "tool_call_id": "call_1", "content": "ok"}


def test_an_answer_without_text() -> None:
    history: list[Message] = [UserMessage("go"), said(CALL), result("call_1", TextContent("ok"))]
    assert messages_of(history)[1]["content"] is None
    strict = model(Compat(requires_non_null_assistant_content=True))
    assert messages_of(history, strict)[1]["content"] == ""


def test_an_answer_of_nothing_is_left_out() -> None:
    signed = ThinkingContent("hm", "reasoning_content")
    for answer in (said(TextContent(" ")), said(signed), said()):
        assert len(messages_of([UserMessage("a"), answer, UserMessage("b")])) == 2
        strict = model(Compat(requires_non_null_assistant_content=True))
        assert len(messages_of([UserMessage("a"), answer, UserMessage("b")], strict)) == 2


def test_tool_results() -> None:
    second = ToolCall("call_2", "read", {})
    sent = messages_of(
        [
            UserMessage("go"),
            said(CALL, second),
            result("call_1", TextContent("one"), PIXEL, TextContent("two")),
            result("call_2"),
        ]
    )
    assert sent[2]["content"].startswith("one\n")
    assert sent[2]["content"].endswith("two")
    assert sent[3]["content"] == "(no output)"
    assert [part["type"] for part in sent[4]["content"]] == ["text", "image_url"]
    assert (sent[4]["role"], len(sent)) == ("user", 5)


def test_tool_results_with_a_name_and_a_bridge() -> None:
    target = model(
        Compat(requires_tool_result_name=True, requires_assistant_after_tool_result=True)
    )
    history: list[Message] = [
        UserMessage("go"),
        said(CALL),
        result("call_1", PIXEL),
        said(TextContent("seen"), CALL),
        result("call_1", TextContent("ok")),
        UserMessage("next"),
    ]
    sent = messages_of(history, target)
    roles = [message["role"] for message in sent]
    assert roles == [
        *("user", "assistant", "tool", "assistant", "user"),
        *("assistant", "tool", "assistant", "user"),
    ]
    assert sent[1]["content"] == ""
    assert sent[2]["name"] == "read"
    assert sent[3]["content"]


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "reasoning_text"])
def test_thinking_goes_back_under_the_name_it_came_with(field: str) -> None:
    answer = said(ThinkingContent("a", field), ThinkingContent("b", field), TextContent("x"))
    assert messages_of([UserMessage("go"), answer])[1] == {
        "role": "assistant",
        "content": "x",
        field: "a\nb",
    }


@pytest.mark.parametrize("signature", [None, "", "role", "EqoBsig", "{broken", '{"extra":1}'])
def test_thinking_of_unknown_origin_is_left_out(signature: str | None) -> None:
    answer = said(ThinkingContent("a", signature), TextContent("x"))
    assert messages_of([UserMessage("go"), answer])[1] == {"role": "assistant", "content": "x"}


def test_reasoning_details_go_back_whole() -> None:
    details = [
        {"type": "reasoning.text", "text": "a"},
        {"type": "reasoning.encrypted", "data": "Z"},
    ]
    answer = said(ThinkingContent("a", json.dumps(details)), TextContent("x"))
    sent = messages_of([UserMessage("go"), answer])[1]
    assert sent == {"role": "assistant", "content": "x", "reasoning_details": details}
    old = ToolCall("call_1", "read", {}, json.dumps(details[1]))
    sent = messages_of([UserMessage("go"), said(old), result("call_1")])[1]
    assert sent["reasoning_details"] == [details[1]]


def test_what_came_with_a_call_goes_back_with_it() -> None:
    kept = {"extra_content": {"vendor": {"signature": "Z"}}}
    call = ToolCall("call_1", "read", {}, json.dumps(kept))
    sent = messages_of([UserMessage("go"), said(call), result("call_1")])[1]
    assert sent["tool_calls"][0]["extra_content"] == kept["extra_content"]
    assert "reasoning_details" not in sent


def test_thinking_as_text() -> None:
    target = model(Compat(requires_thinking_as_text=True))
    answer = said(
        ThinkingContent("a", "reasoning"), ThinkingContent("b"), TextContent("x"), TextContent("y")
    )
    assert messages_of([UserMessage("go"), answer], target)[1] == {
        "role": "assistant",
        "content": [{"type": "text", "text": text} for text in ("a\n\nb", "x", "y")],
    }


def test_reasoning_content_on_every_answer_of_a_reasoning_model() -> None:
    compat = Compat(requires_reasoning_content_on_assistant_messages=True)
    history: list[Message] = [
        UserMessage("go"),
        said(TextContent("x")),
        UserMessage("on"),
        said(ThinkingContent("hm", "reasoning_content"), TextContent("y")),
    ]
    sent = messages_of(history, model(compat, reasoning=True))
    assert [m.get("reasoning_content") for m in sent] == [None, "", None, "hm"]
    assert "reasoning_content" not in messages_of(history, model(compat))[1]


def test_ids_of_other_models_are_made_to_fit() -> None:
    pair = "call_abc|fc_" + "x" * 400
    long = "toolu_" + "y" * 60
    for call_id, limit in ((pair, None), (pair, 20), (long, 40)):
        foreign = said(ToolCall(call_id, "read", {}), provider="other")
        sent = messages_of(
            [UserMessage("go"), foreign, result(call_id, TextContent("ok"))],
            model(Compat(max_call_id_length=limit)),
        )
        (call,) = sent[1]["tool_calls"]
        assert call["id"] == sent[2]["tool_call_id"]
        assert len(call["id"]) <= (limit or 40)
        assert "|" not in call["id"]
    same = said(ToolCall(long, "read", {}))
    sent = messages_of([UserMessage("go"), same], model(Compat(max_call_id_length=40)))
    assert sent[1]["tool_calls"][0]["id"] == long, "the model's own ids are never rewritten"


def test_ids_stay_different() -> None:
    rule = call_id_rule(40)
    ids = {rule("x" * 60 + str(n)) for n in range(50)} | {
        rule(f"c|fc_{'z' * 50}{n}") for n in range(9)
    }
    assert len(ids) == 59
    assert rule("short") == "short"
    assert call_id_rule(None)("x" * 500) == "x" * 500


# -- prompt caching ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("retention", "long_allowed", "sent"),
    [
        ("none", True, {}),
        ("short", True, {"prompt_cache_key": "s" * 64}),
        ("long", True, {"prompt_cache_key": "s" * 64, "prompt_cache_retention": "24h"}),
        ("long", False, {"prompt_cache_key": "s" * 64}),
    ],
)
def test_cache_key_and_retention(retention: Any, long_allowed: bool, sent: dict[str, str]) -> None:
    target = model(Compat(prompt_cache_key=True, supports_long_cache_retention=long_allowed))
    body = encode("hi", target, Options(session_id="s" * 80, cache_retention=retention))
    assert {key: body[key] for key in body if key.startswith("prompt_cache")} == sent


def test_no_cache_key_unless_the_service_knows_it() -> None:
    assert "prompt_cache_key" not in encode("hi", options=Options(session_id="s"))


@pytest.mark.parametrize("allowed", [True, False])
def test_long_retention_names_the_session_where_it_is_known(allowed: bool) -> None:
    target = model(Compat(supports_long_cache_retention=allowed))
    body = encode("hi", target, Options(session_id="s", cache_retention="long"))
    assert body.get("prompt_cache_key") == ("s" if allowed else None)


def marked(body: dict[str, Any]) -> list[Any]:
    """The places of cache markers: role and text of a message, or the name of a tool."""
    places: list[Any] = []
    for message in body["messages"]:
        if isinstance(message["content"], list):
            places += [
                (message["role"], part["text"])
                for part in message["content"]
                if "cache_control" in part
            ]
    places += [t["function"]["name"] for t in body.get("tools", []) if "cache_control" in t]
    return places


def test_cache_markers() -> None:
    target = model(Compat(cache_control=True))
    other = ToolDefinition("other", "", {"type": "object"})
    history: list[Message] = [
        UserMessage((TextContent("a"), TextContent("b"), PIXEL)),
        said(CALL),
    ]
    body = encode(history, target, system=("S",), tools=(other, READ))
    assert marked(body) == [
        ("system", "S"),
        ("tool", body["messages"][-1]["content"][0]["text"]),
        "read",
    ]
    body = encode(history[:1], target)
    assert marked(body) == [("user", "b")]
    assert body["messages"][0]["content"][1]["cache_control"] == {"type": "ephemeral"}
    body = encode([*history, result("call_1", TextContent("r")), said(TextContent("x"))], target)
    assert marked(body) == [("assistant", "x")]


@pytest.mark.parametrize(
    ("long_allowed", "marker"),
    [(True, {"type": "ephemeral", "ttl": "1h"}), (False, {"type": "ephemeral"})],
)
def test_cache_markers_that_last(long_allowed: bool, marker: dict[str, str]) -> None:
    target = model(Compat(cache_control=True, supports_long_cache_retention=long_allowed))
    body = encode("hi", target, Options(cache_retention="long"))
    assert body["messages"][0]["content"][0]["cache_control"] == marker
    assert "prompt_cache_retention" not in body


def test_no_cache_markers_when_nothing_is_to_be_kept() -> None:
    target = model(Compat(cache_control=True))
    assert marked(encode("hi", target, Options(cache_retention="none"), tools=(READ,))) == []
