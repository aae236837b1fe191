"""Messages and tools in the words of the Messages API (https://docs.claude.com/en/api/messages).

The API takes a strict alternation: text must not be blank, the results of a turn stand in one user
message, and the result of a failed call holds text only. Here a prepared transcript becomes that.
"""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from pi.ai.messages import (
    AssistantMessage,
    ImageContent,
    Message,
    TextContent,
    ThinkingContent,
    ToolCall,
    ToolDefinition,
    ToolResultMessage,
    UserContent,
    UserMessage,
    text_of,
)
from pi.ai.protocols.object_schema import object_schema
from pi.ai.protocols.transcript import is_blank

__all__ = ["AnthropicCompat", "cached", "encode_messages", "encode_tools", "wire_name"]

_Json = dict[str, Any]
_NO_OUTPUT = "(no output)"
_ONLY_IMAGES = "(the image is the result)"


class AnthropicCompat(Struct, frozen=True, forbid_unknown_fields=True):
    """What a service does differently; the defaults are the original API.

    force_adaptive_thinking: the model thinks between tool calls without a beta header.
    allow_empty_signature: replay unsigned thinking as thinking with an empty signature.
    canonical_tool_names: spellings that replace those of tools with the same letters, whatever
    their case; replies are mapped back. betas: always sent in `anthropic-beta`.
    The fields from `supports_strict_tools` on are data about the service that nothing uses yet.
    """

    supports_eager_tool_input_streaming: bool = True
    supports_long_cache_retention: bool = True
    supports_cache_control_on_tools: bool = True
    supports_temperature: bool = True
    force_adaptive_thinking: bool = False
    allow_empty_signature: bool = False
    canonical_tool_names: tuple[str, ...] = ()
    betas: tuple[str, ...] = ()
    supports_strict_tools: bool = False
    supports_midconvo_system_messages: bool = False
    supports_midconvo_tool_changes: bool = False
    supports_midconvo_effort: bool = False
    allowed_fallback_models: tuple[dict[str, Any], ...] = ()


def encode_tools(tools: Iterable[ToolDefinition], compat: AnthropicCompat) -> list[_Json]:
    """The tools of a request."""
    encoded: list[_Json] = []
    for tool in tools:
        item: _Json = {"name": wire_name(tool.name, compat)}
        if not is_blank(tool.description):
            item["description"] = tool.description
        if compat.supports_eager_tool_input_streaming:
            item["eager_input_streaming"] = True
        encoded.append(item | {"input_schema": object_schema(tool.parameters)})
    return encoded


def encode_messages(messages: Iterable[Message], compat: AnthropicCompat) -> list[_Json]:
    """The messages of a request, from a prepared transcript."""
    encoded: list[_Json] = []
    results: list[ToolResultMessage] = []
    for message in messages:
        if isinstance(message, ToolResultMessage):
            results.append(message)
            continue
        if results:
            encoded.append(_message("user", _results(results)))
            results = []
        if isinstance(message, UserMessage):
            content = message.content
            text_or_blocks = content if isinstance(content, str) else _blocks(content)
            encoded.append(_message("user", text_or_blocks))
        else:
            encoded.append(_message("assistant", _answer(message, compat)))
    if results:
        encoded.append(_message("user", _results(results)))
    return [message for message in encoded if message["content"]]


def cached(blocks: list[_Json], mark: _Json | None) -> list[_Json]:
    """`blocks` with a cache breakpoint on the last one."""
    if mark is None or not blocks:
        return blocks
    return [*blocks[:-1], {**blocks[-1], "cache_control": mark}]


def wire_name(name: str, compat: AnthropicCompat) -> str:
    """The name under which a service knows a tool."""
    for canonical in compat.canonical_tool_names:
        if canonical.lower() == name.lower():
            return canonical
    return name


def _message(role: str, content: str | list[_Json]) -> _Json:
    return {"role": role, "content": content}


def _blocks(content: Iterable[UserContent]) -> list[_Json]:
    blocks: list[_Json] = []
    for block in content:
        if isinstance(block, ImageContent):
            blocks.append(_image(block))
        elif not is_blank(block.text):
            blocks.append(_text(block.text))
    return blocks


def _text(text: str) -> _Json:
    return {"type": "text", "text": text}


def _image(image: ImageContent) -> _Json:
    source = {"type": "base64", "media_type": image.mime_type, "data": image.data}
    return {"type": "image", "source": source}


def _answer(message: AssistantMessage, compat: AnthropicCompat) -> list[_Json]:
    blocks: list[_Json] = []
    for block in message.content:
        match block:
            case ToolCall():
                blocks.append(_call(block, compat))
            case ThinkingContent():
                blocks += _thinking(block, compat)
            case TextContent() if not is_blank(block.text):
                blocks.append(_text(block.text))
            case _:
                pass
    return blocks


def _call(call: ToolCall, compat: AnthropicCompat) -> _Json:
    name = wire_name(call.name, compat)
    return {"type": "tool_use", "id": call.id, "name": name, "input": call.arguments}


def _thinking(block: ThinkingContent, compat: AnthropicCompat) -> list[_Json]:
    signature = block.thinking_signature or ""
    if block.redacted:
        return [{"type": "redacted_thinking", "data": signature}] if signature else []
    if signature or compat.allow_empty_signature:
        return [{"type": "thinking", "thinking": block.thinking, "signature": signature}]
    return [] if is_blank(block.thinking) else [_text(block.thinking)]


def _results(results: list[ToolResultMessage]) -> list[_Json]:
    """One user message: all results, then the images that may not stand inside them."""
    blocks: list[_Json] = []
    images: list[_Json] = []
    for result in results:
        content: str | list[_Json] = text_of(result.content)
        if is_blank(content):
            content = _NO_OUTPUT
        pictures = [_image(block) for block in result.content if isinstance(block, ImageContent)]
        if pictures and result.is_error:
            images += pictures
        elif pictures:
            content = _blocks(result.content)
            if len(content) == len(pictures):
                content = [_text(_ONLY_IMAGES), *content]
        blocks.append(
            {
                "type": "tool_result",
                "tool_use_id": result.tool_call_id,
                "content": content,
                "is_error": result.is_error,
            }
        )
    return blocks + images
