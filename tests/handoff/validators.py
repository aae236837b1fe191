"""Whether a vendor would take a request: its own validator, and the rules that this does not know.

`check(api, body, sees=...)` raises `AssertionError` or the validator's own error.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import takewhile
from typing import Any

import anthropic.types
from anthropic.types import ContentBlockParam
from anthropic.types.message_create_params import MessageCreateParamsStreaming
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from google.genai import types as genai
from mistralai.client.models import ChatCompletionStreamRequest
from openai.types import chat
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming
from openai.types.responses import ResponseInputParam
from openai.types.responses.response_create_params import ResponseCreateParamsStreaming
from pydantic import ConfigDict, TypeAdapter
from typing_extensions import is_typeddict

__all__ = ["check"]

Json = dict[str, Any]
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def check(api: str, body: Json, *, sees: bool) -> None:
    """Raise if the vendor would refuse `body`. sees: whether the model takes images."""
    text = json.dumps(body)
    assert json.loads(text) == body, "the body is plain JSON"
    if not sees:
        assert "iVBORw0KGgo" not in text
        assert "/9j/4AAQ" not in text
    _CHECKS[api](body)


def said(text: Any) -> None:
    """Text that a vendor takes for text."""
    assert isinstance(text, str)
    assert text.strip(), "blank text"


def exhaust(value: Any) -> None:
    """Walk a validated value: pydantic checks the items of an `Iterable` when they are read."""
    if isinstance(value, dict):
        for item in value.values():
            exhaust(item)
    elif isinstance(value, list | tuple | Iterator):
        for item in value:
            exhaust(item)


def paired(
    calls: list[tuple[str, str]],
    results: list[str],
    seen: set[str],
    names: re.Pattern[str] = NAME,
) -> None:
    """The results right behind an answer are those of its calls, in order, each once."""
    assert [call_id for call_id, _ in calls] == results
    for call_id, name in calls:
        assert call_id
        assert call_id not in seen, "an id is used once"
        seen.add(call_id)
        assert names.fullmatch(name), name


# -- chat completions, and Mistral's ---------------------------------------------------------------

_chat: TypeAdapter[Any] = TypeAdapter(CompletionCreateParamsStreaming)
_roles: dict[str, Any] = {
    "system": chat.ChatCompletionSystemMessageParam,
    "developer": chat.ChatCompletionDeveloperMessageParam,
    "user": chat.ChatCompletionUserMessageParam,
    "assistant": chat.ChatCompletionAssistantMessageParam,
    "tool": chat.ChatCompletionToolMessageParam,
}
_EXTENSIONS = {"reasoning_content", "reasoning", "reasoning_text", "reasoning_details", "name"}


def _completions(body: Json) -> None:
    exhaust(_chat.validate_python(body))
    for message in body["messages"]:
        known = _roles[message["role"]].__annotations__
        assert set(message) <= set(known) | _EXTENSIONS
    _chat_rules(body["messages"])


def _mistral(body: Json) -> None:
    parsed = ChatCompletionStreamRequest.model_validate(body)
    assert len(parsed.messages) == len(body["messages"])
    _chat_rules(body["messages"])
    last = ""
    for message in body["messages"]:
        # https://github.com/avante-corp/avante.nvim/pull/2695 shows the service's words
        assert (last, message["role"]) != ("tool", "user"), "Unexpected role 'user' after 'tool'"
        last = message["role"]
        for call in message.get("tool_calls", ()):
            assert re.fullmatch("[A-Za-z0-9]{9}", call["id"])
        if last == "tool":
            assert NAME.fullmatch(message["name"])


def _chat_rules(messages: list[Json]) -> None:
    seen: set[str] = set()
    at = 0
    while at < len(messages):
        message = messages[at]
        at += 1
        role, content = message["role"], message.get("content")
        assert role != "tool", "a result that answers nothing"
        if role in ("system", "developer"):
            assert at == 1
        _chat_content(content, required=role != "assistant" or not message.get("tool_calls"))
        assert role == "user" or not _has_image(content)
        calls = message.get("tool_calls", [])
        for call in calls:
            assert isinstance(json.loads(call["function"]["arguments"]), dict)
        results = messages[at : at + len(calls)]
        for result in results:
            _chat_content(result["content"], required=True)
        ids = [result.get("tool_call_id") for result in results]
        paired([(call["id"], call["function"]["name"]) for call in calls], ids, seen)
        at += len(calls)


def _chat_content(content: Any, *, required: bool) -> None:
    if content is None or content == "":
        assert not required, "an empty message"
    elif isinstance(content, str):
        said(content)
    else:
        assert content
        for part in content:
            if part["type"] == "text":
                said(part["text"])
            elif part["type"] == "thinking":
                for thought in part["thinking"]:
                    said(thought["text"])


def _has_image(content: Any) -> bool:
    return isinstance(content, list) and any(part["type"] == "image_url" for part in content)


# -- responses -------------------------------------------------------------------------------------

_responses: TypeAdapter[Any] = TypeAdapter(ResponseCreateParamsStreaming)
_input: TypeAdapter[Any] = TypeAdapter(ResponseInputParam)


def _items(body: Json) -> None:
    exhaust(_responses.validate_python(body, strict=True))
    exhaust(_input.validate_python(body["input"], strict=True))
    items = body["input"]
    ids = [item["id"] for item in items if "id" in item]
    assert len(ids) == len(set(ids)), "an item stands here twice"
    assert all(0 < len(item_id) <= 64 for item_id in ids)
    assert items[-1].get("type") in (None, "function_call_output")
    seen: set[str] = set()
    calls: list[tuple[str, str]] = []
    for at, item in enumerate(items):
        kind = item.get("type")
        if kind == "function_call":
            assert isinstance(json.loads(item["arguments"]), dict)
            assert item.get("id", "fc_").startswith("fc_")
            calls.append((item["call_id"], item["name"]))
        elif kind == "function_call_output":
            if items[at - 1].get("type") != kind:
                outputs = list(
                    takewhile(lambda i: i.get("type") == "function_call_output", items[at:])
                )
                paired(calls, [output["call_id"] for output in outputs], seen)
                calls = []
            assert item["output"]
        elif kind == "reasoning":
            # "Item 'rs_…' of type 'reasoning' was provided without its required following item"
            assert items[at + 1].get("type") in ("reasoning", "message", "function_call")
            assert item.get("encrypted_content") or item.get("content"), "nothing is stored"
        else:
            assert kind == "message" or not calls
            assert item["content"]
            if not isinstance(item["content"], str):
                for part in item["content"]:
                    if "text" in part:
                        said(part["text"])
    assert not calls


# -- messages --------------------------------------------------------------------------------------


@cache
def _anthropic_types() -> tuple[TypeAdapter[Any], TypeAdapter[Any]]:
    """The SDK's types of a request and of a block; a field that they do not know is an error."""
    for value in vars(anthropic.types).values():
        if is_typeddict(value) and not hasattr(value, "__pydantic_config__"):
            value.__pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[attr-defined]
    return TypeAdapter(MessageCreateParamsStreaming), TypeAdapter(ContentBlockParam)


def _messages(body: Json) -> None:
    request, block_type = _anthropic_types()
    exhaust(request.validate_python(body))
    messages = body["messages"]
    assert messages
    seen: set[str] = set()
    pending: list[tuple[str, str]] = []
    for message in messages:
        content = message["content"]
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        assert content
        for block in content:
            exhaust(block_type.validate_python(block))
            if block["type"] == "text":
                said(block["text"])
        kinds = [block["type"] for block in content]
        results = [b["tool_use_id"] for b in content if b["type"] == "tool_result"]
        assert kinds[: len(results)] == ["tool_result"] * len(results), "results come first"
        if message["role"] == "assistant":
            assert not pending
            pending = [(b["id"], b["name"]) for b in content if b["type"] == "tool_use"]
            assert all(re.fullmatch("[a-zA-Z0-9_-]{1,64}", call_id) for call_id, _ in pending)
        else:
            paired(pending, results, seen)
            pending = []
            for block in content:
                if block["type"] == "tool_result" and block["is_error"]:
                    assert '"type": "image"' not in json.dumps(block["content"]), "text only"
    assert not pending
    if body.get("thinking", {}).get("type") == "enabled":
        _starts_with_thinking(messages, "tool_result", ("thinking", "redacted_thinking"))


def _starts_with_thinking(messages: list[Json], result: str, thinking: tuple[str, ...]) -> None:
    """What a service says that expects it: "When `thinking` is enabled, a final `assistant` message
    must start with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result`
    blocks)".
    """
    first: Json | None = None
    for message in reversed(messages):
        content = message["content"]
        if message["role"] == "assistant":
            first = message
        elif result not in json.dumps(content) or any("text" in block for block in content):
            break  # what the user says begins a new turn
    if first is not None and messages[-1]["role"] == "user":
        block = first["content"][0]
        assert block.get("type") in thinking or set(block) & set(thinking)


# -- GenerateContent -------------------------------------------------------------------------------


_GOOGLE_NAME = re.compile("[A-Za-z0-9_.:-]{1,64}")


def _generate(body: Json) -> None:
    contents = body["contents"]
    for content in contents:
        genai.Content.model_validate(content)
    genai.GenerationConfig.model_validate(body["generationConfig"])
    if "systemInstruction" in body:
        genai.Content.model_validate(body["systemInstruction"])
    assert contents
    assert contents[0]["role"] == "user", "a model does not begin"
    seen: set[str] = set()
    pending: list[Json] = []
    last = ""
    for content in contents:
        parts = content["parts"]
        assert parts
        for part in parts:
            if "text" in part and "thoughtSignature" not in part:
                said(part["text"])
        responses = [p["functionResponse"] for p in parts if "functionResponse" in p]
        if content["role"] == "model":
            assert not pending
            assert last == "user", "calls come right after the user"
            pending = [p["functionCall"] for p in parts if "functionCall" in p]
            assert not responses
        elif pending or responses:
            assert len(responses) == len(parts), "all results of a turn stand in one content"
            names = [call["name"] for call in pending]
            assert names == [response["name"] for response in responses]
            calls = [(call["id"], call["name"]) for call in pending]
            paired(calls, [response["id"] for response in responses], seen, _GOOGLE_NAME)
            pending = []
        last = content["role"]
    assert not pending
    for content in reversed(contents):
        calls = [p for p in content["parts"] if "functionCall" in p]
        if content["role"] == "user" and "functionResponse" not in content["parts"][0]:
            break
        # "Function call is missing a thought_signature in functionCall parts"
        assert not calls or any("thoughtSignature" in part for part in calls)


# -- Converse --------------------------------------------------------------------------------------


@cache
def _converse_shape() -> Any:
    service = Loader().load_service_model("bedrock-runtime", "service-2")
    return ServiceModel(service).operation_model("ConverseStream").input_shape


def _converse(body: Json) -> None:
    shape = _converse_shape()
    report = ParamValidator().validate({"modelId": "m", **body}, shape)
    assert not report.has_errors(), report.generate_report()
    for name, value in body.items():
        _patterns(value, shape.members[name])
    assert '""' not in re.sub(r'"(?:[^"\\]|\\.)+"', "x", json.dumps(_inputs(body)))
    seen: set[str] = set()
    pending: list[tuple[str, str]] = []
    last = "assistant"
    for message in body["messages"]:
        assert message["role"] != last, "roles take turns, and the user begins"
        last = message["role"]
        content = message["content"]
        assert content
        for block in content:
            if "text" in block:
                said(block["text"])
        results = [b["toolResult"] for b in content if "toolResult" in b]
        assert all("toolResult" in block for block in content[: len(results)])
        if last == "assistant":
            uses = [b["toolUse"] for b in content if "toolUse" in b]
            pending = [(use["toolUseId"], use["name"]) for use in uses]
        else:
            paired(pending, [result["toolUseId"] for result in results], seen)
            pending = []
            for result in results:
                assert result["content"]
    assert not pending
    used = any("toolUse" in b for m in body["messages"] for b in m["content"])
    assert "toolConfig" in body or not used, "a history with calls needs tools"
    fields = body.get("additionalModelRequestFields", {})
    if fields.get("thinking", {}).get("type") == "enabled":
        _starts_with_thinking(body["messages"], "toolResult", ("reasoningContent",))


def _inputs(body: Json) -> list[Any]:
    """The names in all inputs of tools."""

    def names(value: Any) -> Iterable[str]:
        if isinstance(value, dict):
            for name, item in value.items():
                yield name
                yield from names(item)
        elif isinstance(value, list):
            for item in value:
                yield from names(item)

    uses = [b["toolUse"] for m in body["messages"] for b in m["content"] if "toolUse" in b]
    return [name for use in uses for name in names(use["input"])]


def _patterns(value: Any, shape: Any) -> None:
    """The service's own patterns and lengths, which botocore does not check."""
    if shape.type_name == "structure" and isinstance(value, dict) and not shape.is_document_type:
        for name, item in value.items():
            _patterns(item, shape.members[name])
    elif shape.type_name == "list":
        for item in value:
            _patterns(item, shape.member)
    elif shape.type_name == "string":
        pattern = shape.metadata.get("pattern")
        assert pattern is None or re.fullmatch(pattern, value), f"{value!r} is no {shape.name}"
        assert len(value) <= shape.metadata.get("max", len(value))


# -- the unified messages --------------------------------------------------------------------------

_TEXT = {"type", "text", "textSignature"}
_PARTS: dict[str, set[str]] = {
    "text": _TEXT,
    "image": {"type", "data", "mimeType"},
    "thinking": {"type", "thinking", "thinkingSignature", "redacted"},
    "toolCall": {"type", "id", "name", "arguments", "thoughtSignature"},
}
_UNIFIED: dict[str, set[str]] = {
    "system": {"role", "content", "timestamp", "toolsAdded"},
    "user": {"role", "content", "timestamp"},
    "assistant": {
        *("role", "content", "api", "provider", "model", "usage", "stopReason", "timestamp"),
        *("responseId", "responseModel", "rawStopReason"),
    },
    "toolResult": {"role", "toolCallId", "toolName", "content", "isError", "timestamp"},
}
_KINDS = {
    "system": set[str](),
    "user": {"text", "image"},
    "assistant": {"text", "thinking", "toolCall"},
    "toolResult": {"text", "image"},
}
"""As the declarations of pi-ai 1.6.0 have them: https://www.npmjs.com/package/@earendil-works/pi-ai"""


def _unified(body: Json) -> None:
    assert set(body) == {"model", "context", "options"}
    assert set(body["context"]) == {"messages"}
    seen: set[str] = set()
    pending: list[tuple[str, str]] = []
    results: list[str] = []
    for number, message in enumerate(body["context"]["messages"]):
        role = message["role"]
        assert set(message) <= _UNIFIED[role], message
        assert (role == "system") == (number == 0)
        if role != "toolResult":
            paired(pending, results, seen)
            pending, results = [], []
        content = message["content"]
        for part in [] if isinstance(content, str) else content:
            assert part["type"] in _KINDS[role]
            assert set(part) <= _PARTS[part["type"]], part
            if part["type"] == "toolCall":
                pending.append((part["id"], part["name"]))
        if role == "toolResult":
            results.append(message["toolCallId"])
    paired(pending, results, seen)


_CHECKS: dict[str, Callable[[Json], None]] = {
    "anthropic-messages": _messages,
    "azure-openai-responses": _items,
    "bedrock-converse-stream": _converse,
    "google-gemini-cli": lambda body: _generate(body["request"]),
    "google-generative-ai": _generate,
    "google-vertex": _generate,
    "mistral-conversations": _mistral,
    "openai-codex-responses": _items,
    "openai-completions": _completions,
    "openai-responses": _items,
    "pi-messages": _unified,
}
