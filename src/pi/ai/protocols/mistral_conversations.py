"""Mistral's chat wire: `POST {base_url}/v1/chat/completions`, with thinking as parts of content.

Like Chat Completions, but for what matters here: ids of calls have exactly nine letters or digits,
an image is a string, results may hold images, and reasoning is a part beside text.
https://docs.mistral.ai/api/#tag/chat
"""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from msgspec import Struct

from pi.ai.messages import (
    AssistantMessage,
    Context,
    ImageContent,
    Message,
    TextContent,
    ThinkingContent,
    ToolCall,
    ToolResultMessage,
    UserContent,
    UserMessage,
)
from pi.ai.model import Model
from pi.ai.options import Options
from pi.ai.protocols.base import Decoder, Protocol
from pi.ai.protocols.ids import exact_id
from pi.ai.protocols.merge import deep_merge
from pi.ai.protocols.mistral_stream import MistralDecoder
from pi.ai.protocols.transcript import is_blank, prepare
from pi.ai.request import Request, encode_json

__all__ = ["MistralCompat", "MistralConversations"]

Json = dict[str, Any]

_HEADERS = {"Content-Type": "application/json", "Accept": "text/event-stream"}
_ID = exact_id(9)
_BRIDGE = "I have read the tool results."


class MistralCompat(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """prompt_cache_key: the session is named in `prompt_cache_key`."""

    prompt_cache_key: bool = True


class MistralConversations(Protocol):
    """The protocol `mistral-conversations`."""

    api: ClassVar[str] = "mistral-conversations"
    Compat: ClassVar[type[Struct]] = MistralCompat

    def encode(self, model: Model, context: Context, options: Options) -> Request:
        """The request for `context`."""
        compat = model.compat if isinstance(model.compat, MistralCompat) else MistralCompat()
        body: Json = {
            "model": model.id,
            "stream": True,
            "messages": [
                *_system(context),
                *_messages(prepare(context.messages, model, call_id=_ID)),
            ],
        }
        if context.tools:
            body["tools"] = [
                {
                    "type": "function",
                    "function": {
                        "name": tool.name,
                        "description": tool.description,
                        "parameters": tool.parameters,
                        "strict": False,
                    },
                }
                for tool in context.tools
            ]
            if options.tool_choice is not None:
                body["tool_choice"] = _choice(options.tool_choice)
        if options.max_tokens is not None:
            body["max_tokens"] = options.max_tokens
        if options.temperature is not None:
            body["temperature"] = options.temperature
        if compat.prompt_cache_key and options.session_id and options.cache_retention != "none":
            body["prompt_cache_key"] = options.session_id
        body = deep_merge(body, options.thinking_body, model.extra_body, options.extra_body)
        base, mark, query = model.base_url.partition("?")
        url = f"{base.rstrip('/').removesuffix('/v1')}/v1/chat/completions{mark}{query}"
        return Request(url, dict(_HEADERS), body)

    def decoder(self, model: Model, options: Options, context: Context) -> Decoder:
        """A fresh decoder for one answer."""
        return MistralDecoder(model)


def _choice(choice: str) -> Any:
    if choice in ("auto", "none", "required", "any"):
        return choice
    return {"type": "function", "function": {"name": choice}}


def _system(context: Context) -> list[Json]:
    text = "\n\n".join(block for block in context.system if not is_blank(block))
    return [{"role": "system", "content": text}] if text else []


def _messages(messages: Iterable[Message]) -> list[Json]:
    out: list[Json] = []
    for message in messages:
        if isinstance(message, UserMessage) and out and out[-1]["role"] == "tool":
            # the service refuses a user after a tool ("Unexpected role 'user' after role 'tool'")
            out.append({"role": "assistant", "content": _BRIDGE})
        match message:
            case UserMessage(content=str() as text):
                out.append({"role": "user", "content": text})
            case UserMessage(content=content):
                out.append({"role": "user", "content": _parts(content)})  # type: ignore[arg-type]
            case AssistantMessage():
                out += _answer(message)
            case ToolResultMessage():
                out.append(_result(message))
    return out


def _parts(content: Sequence[UserContent]) -> list[Json]:
    parts: list[Json] = []
    for block in content:
        if isinstance(block, ImageContent):
            url = f"data:{block.mime_type};base64,{block.data}"
            parts.append({"type": "image_url", "image_url": url})
        elif not is_blank(block.text):
            parts.append({"type": "text", "text": block.text})
    return parts


def _answer(message: AssistantMessage) -> list[Json]:
    parts: list[Json] = []
    calls: list[Json] = []
    for block in message.content:
        match block:
            case TextContent():
                if not is_blank(block.text):
                    parts.append({"type": "text", "text": block.text})
            case ThinkingContent():
                if not is_blank(block.thinking):
                    thought = [{"type": "text", "text": block.thinking}]
                    parts.append({"type": "thinking", "thinking": thought})
            case ToolCall():
                arguments = encode_json(block.arguments).decode()
                function = {"name": block.name, "arguments": arguments}
                calls.append({"id": block.id, "type": "function", "function": function})
    answer: Json = {"role": "assistant"}
    if parts:
        answer["content"] = parts
    if calls:
        answer["tool_calls"] = calls
    return [answer] if len(answer) > 1 else []


def _result(message: ToolResultMessage) -> Json:
    parts = _parts(message.content) or [{"type": "text", "text": "(no output)"}]
    if message.is_error:
        parts.insert(0, {"type": "text", "text": "[the tool failed]"})
    return {
        "role": "tool",
        "tool_call_id": message.tool_call_id,
        "name": message.tool_name,
        "content": parts,
    }
