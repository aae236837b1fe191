"""GenerateContent and the wires that carry it: requests by the official types, and every edge."""

import json
from typing import Any

import pytest
from google.genai import types

from conformance.said import Said, model_for
from conformance.wire_google_generative_ai import chunks
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
from pi.ai.protocols.google_contents import GoogleCompat
from pi.ai.request import Frame

API = "google-generative-ai"
SIGNED = "c2lnbmVk"
IMAGE = ImageContent("iVBORw0KGgo=", "image/png")
TOOL = ToolDefinition(
    "read",
    "Read a file.",
    {
        "type": "object",
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "properties": {
            "path": {"type": "string"},
            "mode": {"const": "fast"},
            "flag": {"const": True},
            "definitions": {"type": "string"},
        },
        "$defs": {"x": {"const": 1}},
    },
)


def said(*content: Any, api: str = API, **other: Any) -> AssistantMessage:
    fields = {"api": api, "provider": f"{api}-provider", "model": "gemini-test"} | other
    return AssistantMessage(content, **fields, usage=Usage(), stop_reason="toolUse", timestamp=1)  # type: ignore[arg-type]


CONVERSATION: tuple[Message, ...] = (
    UserMessage((TextContent("look"), TextContent(" "), IMAGE), 1),
    said(
        ThinkingContent("hm", SIGNED),
        TextContent("I read.", "not base64!"),
        TextContent("", SIGNED),
        ToolCall("a", "read", {"path": "x"}, SIGNED),
        ToolCall("b", "read", {}),
    ),
    ToolResultMessage("a", "read", (TextContent("out"), IMAGE), timestamp=2),
    ToolResultMessage("b", "read", (TextContent("no"),), is_error=True, timestamp=2),
    UserMessage("and now?", 3),
)


def body(
    *messages: Message, api: str = API, options: Options | None = None, **model: Any
) -> dict[str, Any]:
    context = Context(messages, ("Be", "brief."), (TOOL,))
    target = model_for(api, **model)
    settled = (options or Options()).settle(target, context)
    return protocols.get(api).encode(target, context, settled).body


def check(request: dict[str, Any]) -> None:
    """By the official types, which know the names of the wire and refuse others."""
    for content in request["contents"]:
        types.Content.model_validate(content)
    types.Content.model_validate(request["systemInstruction"])
    for tool in request["tools"]:
        types.Tool.model_validate(tool)
    types.GenerationConfig.model_validate(request["generationConfig"])
    types.ToolConfig.model_validate(request.get("toolConfig", {}))


OLD = GoogleCompat(tool_call_ids=False, multimodal_results=False, json_schema=False)


@pytest.mark.parametrize("compat", [GoogleCompat(), OLD], ids=["new", "old"])
@pytest.mark.parametrize("level", ["off", "high"])
@pytest.mark.parametrize("choice", [None, "auto", "required", "read", "none"])
def test_requests_are_valid_by_the_official_types(
    compat: GoogleCompat, level: Any, choice: Any
) -> None:
    options = Options(thinking=level, tool_choice=choice, temperature=0.5)
    check(body(*CONVERSATION, options=options, compat=compat))
    check(body(*CONVERSATION, api="google-vertex", options=options, compat=compat))
    wrapped = body(*CONVERSATION, api="google-gemini-cli", options=options, compat=compat)
    check(wrapped["request"])


def test_signatures_go_back_only_as_base64() -> None:
    parts = body(*CONVERSATION)["contents"][1]["parts"]
    assert parts[0] == {"thought": True, "text": "hm", "thoughtSignature": SIGNED}
    assert parts[1] == {"text": "I read."}
    assert parts[2] == {"text": "", "thoughtSignature": SIGNED}, "an empty part may carry one"
    assert parts[3]["thoughtSignature"] == SIGNED
    assert "thoughtSignature" not in parts[4]


def test_all_results_of_a_turn_share_a_content() -> None:
    contents = body(*CONVERSATION)["contents"]
    assert [c["role"] for c in contents] == ["user", "model", "user", "user"]
    first, second = (p["functionResponse"] for p in contents[2]["parts"])
    assert (first["id"], first["response"]) == ("a", {"output": "out"})
    assert first["parts"][0]["inlineData"]["mimeType"] == "image/png"
    assert second["response"] == {"error": "no"}


def test_older_models_take_images_beside_results_and_no_ids() -> None:
    old = GoogleCompat(tool_call_ids=False, multimodal_results=False)
    contents = body(*CONVERSATION, compat=old)["contents"]
    assert "id" not in json.dumps(contents)
    assert [c["role"] for c in contents] == ["user", "model", "user", "user", "user"]
    assert any("inlineData" in part for part in contents[3]["parts"])


def test_const_is_said_as_enum_and_names_of_properties_are_left_alone() -> None:
    (tool,) = body(*CONVERSATION)["tools"][0]["functionDeclarations"]
    schema = tool["parametersJsonSchema"]
    assert schema["properties"]["mode"] == {"enum": ["fast"]}
    assert schema["properties"]["flag"] == {"const": True}
    assert schema["$defs"] == {"x": {"enum": [1]}}
    (tool,) = body(*CONVERSATION, compat=GoogleCompat(json_schema=False))["tools"][0][
        "functionDeclarations"
    ]
    assert set(tool["parameters"]) == {"type", "properties"}
    assert "definitions" in tool["parameters"]["properties"]


@pytest.mark.parametrize(
    ("api", "base", "url"),
    [
        (API, "https://x/v1beta/", "https://x/v1beta/models/gemini-test"),
        ("google-vertex", "https://x/v1", "https://x/v1/publishers/google/models/gemini-test"),
    ],
)
def test_urls(api: str, base: str, url: str) -> None:
    request = protocols.get(api).encode(model_for(api, base), Context.of("hi"), Options())
    assert request.url == f"{url}:streamGenerateContent?alt=sse"


def test_the_envelope_of_code_assist() -> None:
    options = Options(session_id="s1")
    extra = {"project": "p1", "requestType": "agent", "userAgent": "other"}
    wrapped = body(*CONVERSATION, api="google-gemini-cli", options=options, extra_body=extra)
    assert (wrapped["project"], wrapped["userAgent"]) == ("p1", "other")
    assert wrapped["request"]["sessionId"] == "s1"
    again = body(*CONVERSATION, api="google-gemini-cli", options=options)
    shorter = body(CONVERSATION[0], api="google-gemini-cli", options=options)
    assert wrapped["requestId"] == again["requestId"] != shorter["requestId"]


# -- answers ---------------------------------------------------------------------------------------


def decode(*raw: dict[str, Any], api: str = API) -> AssistantMessage:
    model = model_for(api)
    decoder = protocols.get(api).decoder(model, Options(), Context())
    fold = Fold()
    fold.add(Start(model.api, model.provider, model.id, 0))
    ends = 0
    events = [e for r in raw for e in decoder.feed(Frame(json.dumps(r).encode()))]
    for event in events + decoder.close():
        fold.add(event)
        ends += isinstance(event, Done | Error)
    assert ends == 1
    return fold.message()


def parts(*items: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": list(items)}}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], "responseId": "r1"}


def test_calls_without_ids_get_their_own() -> None:
    call = {"functionCall": {"name": "read"}}
    twin = {"functionCall": {"name": "read", "id": "x", "args": {}}}
    message = decode(parts(call, call, twin, twin, finish="STOP"))
    assert [c.arguments for c in message.tool_calls] == [{}] * 4
    assert len({c.id for c in message.tool_calls}) == 4
    assert message.stop_reason == "toolUse"
    other = decode({**parts(call, finish="STOP"), "responseId": "r2"})
    assert other.tool_calls[0].id != message.tool_calls[0].id


def test_a_signature_on_an_empty_part_is_kept() -> None:
    message = decode(
        parts({"text": "hm", "thought": True}),
        parts({"text": "answer"}),
        parts({"text": "", "thoughtSignature": SIGNED}, finish="STOP"),
    )
    assert message.content == (ThinkingContent("hm"), TextContent("answer", SIGNED))


def test_an_empty_part_makes_no_block() -> None:
    call = {"functionCall": {"name": "read", "args": {"path": "x"}}}
    assert len(decode(parts(call), parts({"text": ""}, finish="STOP")).content) == 1


def test_the_reason_may_come_before_the_last_chunk() -> None:
    usage = {"usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 1}}
    message = decode(parts({"text": "a"}, finish="STOP"), parts({"text": "b"}), usage)
    assert (message.text, message.stop_reason, message.usage.input) == ("ab", "stop", 9)


def test_usage_counts_thoughts_as_output_and_cache_apart() -> None:
    wire = {
        "promptTokenCount": 100,
        "cachedContentTokenCount": 40,
        "candidatesTokenCount": 10,
        "thoughtsTokenCount": 5,
    }
    usage = decode({**parts({"text": "x"}, finish="STOP"), "usageMetadata": wire}).usage
    assert (usage.input, usage.cache_read, usage.output, usage.reasoning) == (60, 40, 15, 5)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("SAFETY", "refused"),
        ("RECITATION", "refused"),
        ("MALFORMED_FUNCTION_CALL", "protocol"),
        ("SOMETHING_NEW", "protocol"),
    ],
)
def test_bad_reasons_are_errors_even_with_calls(reason: str, kind: str) -> None:
    call = {"functionCall": {"name": "read", "args": {}}}
    message = decode(parts({"text": "half"}, call, finish=reason))
    assert (message.stop_reason, message.error_kind) == ("error", kind)
    assert message.text == "half"
    assert reason in (message.error_message or "")


def test_a_blocked_prompt_is_a_refusal() -> None:
    message = decode({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})
    assert (message.stop_reason, message.error_kind) == ("error", "refused")


def test_no_reason_to_stop_is_a_cut_stream() -> None:
    message = decode(parts({"text": "half"}))
    assert (message.stop_reason, message.error_kind) == ("error", "transport")


def test_an_error_inside_the_stream() -> None:
    error = {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}
    message = decode(parts({"text": "half"}), error)
    assert (message.stop_reason, message.error_kind, message.text) == (
        "error",
        "overloaded",
        "half",
    )


def test_wrapped_chunks() -> None:
    wrapped = [{"response": chunk} for chunk in chunks(Said("hello", "hm"))]
    message = decode({"traceId": "only"}, *wrapped, api="google-gemini-cli")
    assert (message.text, message.stop_reason) == ("hello", "stop")


def test_the_user_begins_and_answers_in_a_row_are_one() -> None:
    messages = (said(TextContent("a")), said(TextContent("b"), ToolCall("c", "read", {})))
    contents = body(*messages, ToolResultMessage("c", "read", (), timestamp=2))["contents"]
    assert [content["role"] for content in contents] == ["user", "model", "user"]
    assert [next(iter(part)) for part in contents[1]["parts"]] == ["text", "text", "functionCall"]


def test_thinking_that_says_and_signs_nothing_is_left_out() -> None:
    empty = said(ThinkingContent("", "not base64!"), ThinkingContent("", SIGNED), TextContent("x"))
    parts = body(UserMessage("a", 1), empty, UserMessage("b", 2))["contents"][1]["parts"]
    assert parts == [{"thought": True, "text": "", "thoughtSignature": SIGNED}, {"text": "x"}]


def test_names_of_calls_may_have_dots_and_colons() -> None:
    calls = said(ToolCall("c", "default_api:read", {}), ToolCall("d", "my tool", {}))
    contents = body(UserMessage("a", 1), calls)["contents"]
    named = [part["functionCall"]["name"] for part in contents[1]["parts"]]
    assert named == ["default_api:read", "my_tool"]
    assert [part["functionResponse"]["name"] for part in contents[2]["parts"]] == named


STAND_IN = "skip_thought_signature_validator"


def test_unsigned_calls_of_the_turn_that_goes_on_carry_a_stand_in() -> None:
    """Without a signature the service refuses them; in earlier turns it does not ask."""
    other = said(ToolCall("a", "read", {}), ToolCall("b", "read", {}), model="other")
    own = said(ToolCall("c", "read", {}, SIGNED), ToolCall("d", "read", {}))
    results = [ToolResultMessage(name, "read", (), timestamp=1) for name in "abcd"]
    running = (UserMessage("go", 1), other, *results[:2], own, *results[2:])
    contents = body(*running)["contents"]
    signed = [[p.get("thoughtSignature") for p in c["parts"]] for c in contents]
    assert signed == [[None], [STAND_IN, None], [None, None], [SIGNED, None], [None, None]]
    check(body(*running))
    assert STAND_IN not in json.dumps(body(*running, UserMessage("now you", 2)))
    for compat in (GoogleCompat(tool_call_ids=False), GoogleCompat(unsigned_calls="")):
        assert STAND_IN not in json.dumps(body(*running, compat=compat))
