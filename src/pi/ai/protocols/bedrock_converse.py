"""Amazon Bedrock's ConverseStream: `POST {base_url}/model/{id}/converse-stream`.

The answer is an AWS event stream, not server-sent events. What differs between the model families
behind it (signed reasoning, cache points) are switches of `Compat`; how the request is signed and
which region it goes to is the credential's business.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import quote

from msgspec import Struct

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
    UserContent,
    UserMessage,
)
from pi.ai.model import Model
from pi.ai.options import Options
from pi.ai.protocols.base import Decoder, Protocol
from pi.ai.protocols.bedrock_stream import BedrockDecoder
from pi.ai.protocols.ids import charset_id
from pi.ai.protocols.merge import deep_merge
from pi.ai.protocols.transcript import is_blank, prepare
from pi.ai.request import Request

__all__ = ["BedrockConverseStream", "Compat"]

_EMPTY = {"text": "(no output)"}
_FORMATS = {"image/jpeg": "jpeg", "image/png": "png", "image/gif": "gif", "image/webp": "webp"}

Json = dict[str, Any]


class Compat(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """cache_points: prompt caching by `cachePoint`. supports_long_cache_retention: with `ttl`.

    signed_reasoning: reasoning is replayed with its signature, and without one as text; other
    families reject the field. supports_images_in_error_results: images may stand in a tool result
    whose status is `error`. supports_strict_mode: tools may carry `strict`.
    """

    cache_points: bool = False
    supports_long_cache_retention: bool = True
    signed_reasoning: bool = False
    supports_images_in_error_results: bool = True
    supports_strict_mode: bool = False


class BedrockConverseStream(Protocol):
    """The protocol `bedrock-converse-stream`."""

    api: ClassVar[str] = "bedrock-converse-stream"
    framing: ClassVar[Any] = "eventstream"
    Compat: ClassVar[type[Struct]] = Compat

    def encode(self, model: Model, context: Context, options: Options) -> Request:
        """The request for `context`."""
        compat = model.compat if isinstance(model.compat, Compat) else Compat()
        prepared = prepare(context.messages, model, call_id=charset_id(64), user_first=True)
        messages = _messages(prepared, compat)
        body: Json = {"messages": messages}
        system: list[Json] = [{"text": block} for block in context.system if not is_blank(block)]
        if compat.cache_points and options.cache_retention != "none":
            point = _cache_point(compat, options)
            if system:
                system.append(point)
            if messages and messages[-1]["role"] == "user":
                messages[-1]["content"].append(point)
        if system:
            body["system"] = system
        inference: Json = {}
        if options.max_tokens is not None:
            inference["maxTokens"] = options.max_tokens
        if options.temperature is not None and options.thinking in (None, "off"):
            inference["temperature"] = options.temperature
        if inference:
            body["inferenceConfig"] = inference
        tools = _tool_config(context.tools, prepared, options.tool_choice)
        if tools:
            body["toolConfig"] = tools
        if options.metadata:
            body["requestMetadata"] = {k: str(v) for k, v in options.metadata.items()}
        thinking = options.thinking_body
        if _resumes_without_reasoning(messages):
            thinking = _not_by_budget(thinking)
        body = deep_merge(body, thinking, model.extra_body, options.extra_body)
        url = f"{model.base_url.rstrip('/')}/model/{quote(model.id, safe='')}/converse-stream"
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/vnd.amazon.eventstream",
        }
        return Request(url, headers, body)

    def decoder(self, model: Model, options: Options, context: Context) -> Decoder:
        """A fresh decoder for one answer."""
        return BedrockDecoder(model)


def _cache_point(compat: Compat, options: Options) -> Json:
    point = {"type": "default"}
    if options.cache_retention == "long" and compat.supports_long_cache_retention:
        point["ttl"] = "1h"
    return {"cachePoint": point}


def _resumes_without_reasoning(messages: list[Json]) -> bool:
    """Whether the last answer is to go on after tool results, and did not begin with reasoning.

    The models refuse to think in the middle of an answer that another model has begun.
    """
    begun: Json | None = None
    for message in reversed(messages):
        if message["role"] == "assistant":
            begun = message
        elif any("text" in block for block in message["content"]):
            break  # what the user says begins a new turn
    return begun is not None and "reasoningContent" not in begun["content"][0]


def _not_by_budget(fragment: Json) -> Json:
    """The thinking fragment without a budget; adaptive thinking may begin anywhere."""
    fields: Json = fragment.get("additionalModelRequestFields") or {}
    if fields.get("thinking", {}).get("type") != "enabled":
        return fragment
    return {}


def _messages(messages: Sequence[Message], compat: Compat) -> list[Json]:
    """Roles have to alternate, so neighbours of one role become one message."""
    out: list[Json] = []
    for message in messages:
        match message:
            case UserMessage():
                role, content = "user", _user(message)
            case AssistantMessage():
                role, content = "assistant", _assistant(message, compat)
            case ToolResultMessage():
                role, content = "user", _result(message, compat)
        if not content:
            continue
        if out and out[-1]["role"] == role:
            out[-1]["content"] += content
        else:
            out.append({"role": role, "content": content})
    for entry in out:
        if entry["role"] == "user":  # results of a turn come before whatever else the user says
            entry["content"].sort(key=_results_first)
    return out


def _results_first(block: Json) -> bool:
    return "toolResult" not in block


def _user(message: UserMessage) -> list[Json]:
    if isinstance(message.content, str):
        return [{"text": message.content}]
    return _parts(message.content)


def _parts(content: Sequence[UserContent]) -> list[Json]:
    parts: list[Json] = []
    for block in content:
        if isinstance(block, ImageContent):
            parts.append(
                {
                    "image": {
                        "format": _FORMATS.get(block.mime_type, "png"),
                        "source": {"bytes": block.data},
                    }
                }
            )
        elif not is_blank(block.text):
            parts.append({"text": block.text})
    return parts


def _assistant(message: AssistantMessage, compat: Compat) -> list[Json]:
    content: list[Json] = []
    for block in message.content:
        match block:
            case TextContent():
                if not is_blank(block.text):
                    content.append({"text": block.text})
            case ThinkingContent():
                content += _reasoning(block, compat)
            case ToolCall():
                use = {
                    "toolUseId": block.id,
                    "name": block.name,
                    "input": _no_empty_keys(block.arguments),
                }
                content.append({"toolUse": use})
    return content


def _reasoning(block: ThinkingContent, compat: Compat) -> list[Json]:
    if block.redacted:
        return [{"reasoningContent": {"redactedContent": block.thinking_signature or ""}}]
    if compat.signed_reasoning and block.thinking_signature:
        signed = {"text": block.thinking, "signature": block.thinking_signature}
        return [{"reasoningContent": {"reasoningText": signed}}]
    if is_blank(block.thinking):
        return []
    if compat.signed_reasoning:
        return [{"text": block.thinking}]
    return [{"reasoningContent": {"reasoningText": {"text": block.thinking}}}]


def _result(message: ToolResultMessage, compat: Compat) -> list[Json]:
    parts = _parts(message.content)
    moved: list[Json] = []
    if message.is_error and not compat.supports_images_in_error_results:
        moved = [part for part in parts if "image" in part]
        parts = [part for part in parts if "image" not in part]
    result = {
        "toolUseId": message.tool_call_id,
        "content": parts or [_EMPTY],
        "status": "error" if message.is_error else "success",
    }
    return [{"toolResult": result}, *moved]


def _tool_config(
    tools: Sequence[ToolDefinition], messages: Sequence[Message], choice: str | None
) -> Json | None:
    """The tools. A history with calls is rejected without any, so those are declared by name."""
    used = {
        call.name: {"type": "object"}
        for message in messages
        if isinstance(message, AssistantMessage)
        for call in message.tool_calls
    }
    if not used and (not tools or choice == "none"):
        return None
    specs = [_spec(tool.name, tool.description, tool.parameters) for tool in tools] or [
        _spec(name, "No longer available.", schema) for name, schema in used.items()
    ]
    config: Json = {"tools": specs}
    match choice:
        case None | "none":
            pass
        case "auto":
            config["toolChoice"] = {"auto": {}}
        case "required":
            config["toolChoice"] = {"any": {}}
        case name:
            config["toolChoice"] = {"tool": {"name": name}}
    return config


def _spec(name: str, description: str, schema: Json) -> Json:
    spec: Json = {"name": name, "inputSchema": {"json": schema}}
    if description:
        spec["description"] = description
    return {"toolSpec": spec}


def _no_empty_keys(value: Any) -> Any:
    """`value` without properties of an empty name, which the service rejects."""
    if isinstance(value, dict):
        return {k: _no_empty_keys(v) for k, v in value.items() if k}  # type: ignore[union-attr]
    if isinstance(value, list):
        return [_no_empty_keys(item) for item in value]  # type: ignore[union-attr]
    return value
