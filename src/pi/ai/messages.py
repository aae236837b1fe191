"""Messages: what is said in a conversation, as frozen data.

Everything here is a value. A message never changes after it was made; a stream in progress is an
accumulating `pi.ai.events.Fold`, not a half-filled message. JSON is the established camelCase form
(`to_json`, `message_from_json`), read and written without loss of any field named here.

Timestamps are milliseconds since the Unix epoch.
"""

import time
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

__all__ = [
    "AssistantContent",
    "AssistantMessage",
    "Context",
    "Cost",
    "ErrorKind",
    "ImageContent",
    "Message",
    "StopReason",
    "TextContent",
    "ThinkingContent",
    "ToolCall",
    "ToolDefinition",
    "ToolResultMessage",
    "Usage",
    "UserContent",
    "UserMessage",
    "message_from_json",
    "now_ms",
    "text_of",
    "to_json",
]

StopReason = Literal["pending", "stop", "length", "toolUse", "error", "aborted", "deferred"]

ErrorKind = Literal[
    "auth",
    "rate_limit",
    "overloaded",
    "quota",
    "overflow",
    "refused",
    "transport",
    "protocol",
    "config",
    "aborted",
]


def now_ms() -> int:
    """Milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000


class TextContent(Struct, frozen=True, tag="text", rename="camel", omit_defaults=True):
    """A run of text. `text_signature` is opaque provider state that must be replayed unchanged."""

    text: str
    text_signature: str | None = None


class ThinkingContent(Struct, frozen=True, tag="thinking", rename="camel", omit_defaults=True):
    """Reasoning shown by a model.

    `thinking_signature` is opaque provider state; `redacted` marks reasoning of which the provider
    hands out only that state.
    """

    thinking: str
    thinking_signature: str | None = None
    redacted: bool = False


class ImageContent(Struct, frozen=True, tag="image", rename="camel"):
    """An image: `data` is base64 without a `data:` prefix, `mime_type` such as `image/png`."""

    data: str
    mime_type: str


class ToolCall(Struct, frozen=True, tag="toolCall", rename="camel", omit_defaults=True):
    """A tool call. `arguments` is always an object.

    When the model's arguments were no valid JSON object, `arguments` is empty (or what could be
    read of it) and `arguments_error` says why; such a call is answered with an error, not executed.
    """

    id: str
    name: str
    arguments: dict[str, Any]
    thought_signature: str | None = None
    arguments_error: str | None = None


UserContent = TextContent | ImageContent
AssistantContent = TextContent | ThinkingContent | ToolCall


class Cost(Struct, frozen=True, rename="camel"):
    """US dollars. `total` is the provider's own bill where it reports one."""

    input: float = 0.0
    output: float = 0.0
    cache_read: float = 0.0
    cache_write: float = 0.0
    total: float = 0.0
    total_from_provider: bool | msgspec.UnsetType = msgspec.UNSET


class Usage(Struct, frozen=True, rename="camel"):
    """Tokens of one answer.

    `input` never includes cached tokens, `output` includes reasoning. `cache_write_1h` is the part
    of `cache_write` written with one hour of retention, `reasoning` the part of `output` spent on
    reasoning, where the provider tells.
    """

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    total_tokens: int = 0
    cost: Cost = Cost()
    cache_write_1h: int | msgspec.UnsetType = field(default=msgspec.UNSET, name="cacheWrite1h")
    reasoning: int | msgspec.UnsetType = msgspec.UNSET


class UserMessage(Struct, frozen=True, tag_field="role", tag="user"):
    """What the user said: plain text, or a sequence of text and images."""

    content: str | tuple[UserContent, ...]
    timestamp: int = field(default_factory=now_ms)


class AssistantMessage(
    Struct, frozen=True, tag_field="role", tag="assistant", rename="camel", omit_defaults=True
):
    """One answer of a model, with where it came from and what it cost.

    `error_kind` and `retry_after` (seconds) are set with `stop_reason` `error`.
    `raw_stop_reason` is the provider's own word where it says more than ours.
    """

    content: tuple[AssistantContent, ...]
    api: str
    provider: str
    model: str
    usage: Usage
    stop_reason: StopReason
    timestamp: int
    response_id: str | None = None
    response_model: str | None = None
    error_message: str | None = None
    error_kind: ErrorKind | None = None
    retry_after: float | None = None
    raw_stop_reason: str | None = None
    duration_ms: int | None = None

    @property
    def text(self) -> str:
        """All text blocks joined, without thinking."""
        return "".join(block.text for block in self.content if isinstance(block, TextContent))

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tool calls in the order in which the model made them."""
        return tuple(block for block in self.content if isinstance(block, ToolCall))


class ToolResultMessage(Struct, frozen=True, tag_field="role", tag="toolResult", rename="camel"):
    """What a tool returned for the call `tool_call_id`. `details` is for people, not models."""

    tool_call_id: str
    tool_name: str
    content: tuple[UserContent, ...]
    is_error: bool = False
    details: Any = msgspec.UNSET
    timestamp: int = field(default_factory=now_ms)


Message = UserMessage | AssistantMessage | ToolResultMessage


class ToolDefinition(Struct, frozen=True):
    """A tool as a model sees it. `parameters` is a JSON Schema whose root is an object."""

    name: str
    description: str
    parameters: dict[str, Any]


class Context(Struct, frozen=True):
    """All that a model is given for one call.

    `system` holds the system prompt as one or more blocks; wires without blocks join them with a
    blank line.
    """

    messages: tuple[Message, ...] = ()
    system: tuple[str, ...] = ()
    tools: tuple[ToolDefinition, ...] = ()

    @staticmethod
    def of(
        messages: "str | UserMessage | Context | list[Message] | tuple[Message, ...]",
        *,
        system: str | tuple[str, ...] = (),
        tools: tuple[ToolDefinition, ...] = (),
    ) -> "Context":
        """Make a context from whatever is at hand: a prompt, one message, many, or a context."""
        if isinstance(messages, Context):
            return messages
        if isinstance(messages, str):
            messages = (UserMessage(messages),)
        elif isinstance(messages, UserMessage):
            messages = (messages,)
        blocks = (system,) if isinstance(system, str) else tuple(system)
        return Context(tuple(messages), tuple(b for b in blocks if b), tuple(tools))


_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def to_json(value: Struct) -> bytes:
    """The established JSON form of a message or one of its parts."""
    return _encoder.encode(value)


def message_from_json(data: bytes | str | dict[str, Any]) -> Message:
    """Read a message from JSON text or from already decoded JSON.

    Raises `msgspec.ValidationError` when it is no message of a known role.
    """
    if isinstance(data, dict):
        return msgspec.convert(data, Message)
    return _decoder.decode(data)


def text_of(content: str | tuple[UserContent, ...]) -> str:
    """The text of user or tool-result content, images left out."""
    if isinstance(content, str):
        return content
    return "\n".join(block.text for block in content if isinstance(block, TextContent))
