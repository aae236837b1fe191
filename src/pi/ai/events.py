"""Stream events: what happens while a model answers, as frozen deltas.

A stream is `start`, then for each content block `*_start`, `*_delta`*, `*_end`, and exactly one
terminal event, `done` or `error`. `metadata` may come anywhere between. `content_index` is the
position of the block in the final message; blocks may be open at the same time.

No event carries the message so far. `Fold` is the only builder of an assistant message: feed it
the events, ask it for the message whenever you want one.
"""

from typing import Any, ClassVar, Literal

import msgspec
from msgspec import Struct

from pi.ai.errors import ErrorInfo
from pi.ai.messages import (
    AssistantContent,
    AssistantMessage,
    StopReason,
    TextContent,
    ThinkingContent,
    ToolCall,
    Usage,
    now_ms,
)
from pi.ai.partial_json import PartialJson

__all__ = [
    "Done",
    "Error",
    "Event",
    "Fold",
    "Metadata",
    "Start",
    "TextDelta",
    "TextEnd",
    "TextStart",
    "ThinkingDelta",
    "ThinkingEnd",
    "ThinkingStart",
    "ToolCallDelta",
    "ToolCallEnd",
    "ToolCallStart",
]


class Start(Struct, frozen=True, tag_field="type", tag="start", rename="camel"):
    """The service accepted the request. `timestamp` is when it was sent (ms since the epoch)."""

    api: str
    provider: str
    model: str
    timestamp: int


class TextStart(Struct, frozen=True, tag_field="type", tag="text_start", rename="camel"):
    """A text block opens."""

    content_index: int


class TextDelta(Struct, frozen=True, tag_field="type", tag="text_delta", rename="camel"):
    """Text to append to its block."""

    content_index: int
    delta: str


class TextEnd(
    Struct, frozen=True, tag_field="type", tag="text_end", rename="camel", omit_defaults=True
):
    """The block is complete; `content` is authoritative and may differ from the joined deltas."""

    content_index: int
    content: str
    text_signature: str | None = None


class ThinkingStart(Struct, frozen=True, tag_field="type", tag="thinking_start", rename="camel"):
    """A thinking block opens."""

    content_index: int


class ThinkingDelta(Struct, frozen=True, tag_field="type", tag="thinking_delta", rename="camel"):
    """Thinking to append to its block."""

    content_index: int
    delta: str


class ThinkingEnd(
    Struct, frozen=True, tag_field="type", tag="thinking_end", rename="camel", omit_defaults=True
):
    """The block is complete; `content` is authoritative."""

    content_index: int
    content: str
    thinking_signature: str | None = None
    redacted: bool = False


class ToolCallStart(Struct, frozen=True, tag_field="type", tag="toolcall_start", rename="camel"):
    """A tool call opens. `id` and `tool_name` may still be empty if the service sends them late."""

    content_index: int
    id: str
    tool_name: str


class ToolCallDelta(Struct, frozen=True, tag_field="type", tag="toolcall_delta", rename="camel"):
    """JSON text to append to the arguments of its call."""

    content_index: int
    delta: str


class ToolCallEnd(Struct, frozen=True, tag_field="type", tag="toolcall_end", rename="camel"):
    """The call is complete."""

    content_index: int
    tool_call: ToolCall


class Metadata(
    Struct, frozen=True, tag_field="type", tag="metadata", rename="camel", omit_defaults=True
):
    """Facts about the answer as they become known. `usage` is cumulative and replaces earlier."""

    response_id: str | None = None
    response_model: str | None = None
    usage: Usage | None = None
    raw_stop_reason: str | None = None


class Done(Struct, frozen=True, tag_field="type", tag="done"):
    """The answer is complete."""

    reason: Literal["stop", "length", "toolUse"]


class Error(Struct, frozen=True, tag_field="type", tag="error"):
    """The answer ended early. What arrived before stays in the message."""

    reason: Literal["error", "aborted"]
    error: ErrorInfo


Event = (
    Start
    | TextStart
    | TextDelta
    | TextEnd
    | ThinkingStart
    | ThinkingDelta
    | ThinkingEnd
    | ToolCallStart
    | ToolCallDelta
    | ToolCallEnd
    | Metadata
    | Done
    | Error
)


class _TextBlock:
    __slots__ = ("final", "parts")

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.final: TextContent | None = None

    def content(self) -> TextContent:
        return self.final or TextContent("".join(self.parts))


class _ThinkingBlock:
    __slots__ = ("final", "parts")

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.final: ThinkingContent | None = None

    def content(self) -> ThinkingContent:
        return self.final or ThinkingContent("".join(self.parts))


class _ToolBlock:
    __slots__ = ("final", "id", "json", "name")

    def __init__(self, call_id: str, name: str) -> None:
        self.id = call_id
        self.name = name
        self.json = PartialJson()
        self.final: ToolCall | None = None

    def content(self) -> ToolCall:
        if self.final is not None:
            return self.final
        arguments: dict[str, Any] = msgspec.to_builtins(self.json.value())
        return ToolCall(
            self.id,
            self.name,
            arguments,
            arguments_error="the call was cut off while it was written",
        )


_Block = _TextBlock | _ThinkingBlock | _ToolBlock


class Fold:
    """Builds an assistant message from events, one at a time.

    `message()` may be asked for at any time and costs as much as the message is long; the last call
    after a terminal event gives the final message. Deltas cost no more than a list append.
    """

    def __init__(self, *, api: str = "", provider: str = "", model: str = "") -> None:
        self._api, self._provider, self._model = api, provider, model
        self._timestamp = now_ms()
        self._blocks: dict[int, _Block] = {}
        self._usage = Usage()
        self._response_id: str | None = None
        self._response_model: str | None = None
        self._raw_stop_reason: str | None = None
        self._stop: StopReason = "pending"
        self._error: ErrorInfo | None = None
        self._ended_at: int | None = None

    @property
    def usage(self) -> Usage:
        """The latest usage that the service reported."""
        return self._usage

    @property
    def finished(self) -> bool:
        """Whether a terminal event was added."""
        return self._stop != "pending"

    def add(self, event: Event) -> None:
        """Take one event."""
        self._handlers[type(event)](self, event)

    def arguments(self, content_index: int) -> dict[str, Any]:
        """The arguments of a tool call as far as they have been written.

        The result is a live view: it is valid until the next event, and must not be changed.
        Reading it after every delta costs time linear in the length of the arguments.
        """
        block = self._blocks[content_index]
        assert isinstance(block, _ToolBlock)
        return block.final.arguments if block.final else block.json.value()

    def message(self) -> AssistantMessage:
        """The message so far; `stop_reason` is `pending` until a terminal event was added."""
        content: list[AssistantContent] = [
            self._blocks[index].content() for index in sorted(self._blocks)
        ]
        error = self._error
        return AssistantMessage(
            content=tuple(content),
            api=self._api,
            provider=self._provider,
            model=self._model,
            usage=self._usage,
            stop_reason=self._stop,
            timestamp=self._timestamp,
            response_id=self._response_id,
            response_model=self._response_model,
            error_message=error.message if error else None,
            error_kind=error.kind if error else None,
            retry_after=error.retry_after if error else None,
            raw_stop_reason=self._raw_stop_reason,
            duration_ms=None if self._ended_at is None else self._ended_at - self._timestamp,
        )

    def _start(self, event: Start) -> None:
        self._api, self._provider, self._model = event.api, event.provider, event.model
        self._timestamp = event.timestamp

    def _text_start(self, event: TextStart) -> None:
        self._blocks[event.content_index] = _TextBlock()

    def _thinking_start(self, event: ThinkingStart) -> None:
        self._blocks[event.content_index] = _ThinkingBlock()

    def _delta(self, event: TextDelta | ThinkingDelta) -> None:
        self._blocks[event.content_index].parts.append(event.delta)  # type: ignore[union-attr]

    def _text_end(self, event: TextEnd) -> None:
        block = self._blocks[event.content_index]
        block.final = TextContent(event.content, event.text_signature)  # type: ignore[assignment]

    def _thinking_end(self, event: ThinkingEnd) -> None:
        block = self._blocks[event.content_index]
        block.final = ThinkingContent(  # type: ignore[assignment]
            event.content, event.thinking_signature, event.redacted
        )

    def _tool_start(self, event: ToolCallStart) -> None:
        self._blocks[event.content_index] = _ToolBlock(event.id, event.tool_name)

    def _tool_delta(self, event: ToolCallDelta) -> None:
        self._blocks[event.content_index].json.feed(event.delta)  # type: ignore[union-attr]

    def _tool_end(self, event: ToolCallEnd) -> None:
        self._blocks[event.content_index].final = event.tool_call  # type: ignore[assignment]

    def _metadata(self, event: Metadata) -> None:
        self._response_id = event.response_id or self._response_id
        self._response_model = event.response_model or self._response_model
        self._usage = event.usage or self._usage
        self._raw_stop_reason = event.raw_stop_reason or self._raw_stop_reason

    def _done(self, event: Done) -> None:
        self._stop = event.reason
        self._ended_at = now_ms()

    def _failed(self, event: Error) -> None:
        self._stop = event.reason
        self._error = event.error
        self._ended_at = now_ms()

    _handlers: ClassVar[dict[type, Any]] = {
        Start: _start,
        TextStart: _text_start,
        TextDelta: _delta,
        TextEnd: _text_end,
        ThinkingStart: _thinking_start,
        ThinkingDelta: _delta,
        ThinkingEnd: _thinking_end,
        ToolCallStart: _tool_start,
        ToolCallDelta: _tool_delta,
        ToolCallEnd: _tool_end,
        Metadata: _metadata,
        Done: _done,
        Error: _failed,
    }
