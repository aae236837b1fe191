"""The wire "pi-messages": POST {base_url}/messages, answered by the unified events themselves.

The conversation travels in the established JSON form of its messages, the system prompt and the
tools in a first message with the role `system`; translating for a vendor is the service's business.
Thinking is asked for by the level's own name. There is no published reference. This is what the
established program (pi-ai 1.6.0) sends and reads, seen on its wire.
"""

from typing import Any, ClassVar, Literal

import msgspec
from msgspec.structs import replace

from pi.ai.messages import (
    AssistantMessage,
    Context,
    Message,
    ToolCall,
    ToolResultMessage,
    Usage,
)
from pi.ai.model import Model
from pi.ai.options import Options
from pi.ai.protocols.base import Block, Decoder, Protocol
from pi.ai.protocols.classify import kind_of
from pi.ai.protocols.ids import charset_id
from pi.ai.protocols.merge import deep_merge
from pi.ai.protocols.transcript import is_blank, prepare
from pi.ai.request import Frame, Request, decode_json, encode_json

__all__ = ["PiMessages"]

Json = dict[str, Any]

_HEADERS = {"Content-Type": "application/json", "Accept": "text/event-stream"}
_call_id = charset_id(64)  # the service passes them on to vendors
_STOPS: dict[str, Literal["stop", "length", "toolUse"]] = {
    "stop": "stop",
    "length": "length",
    "toolUse": "toolUse",
}


class PiMessages(Protocol):
    """The protocol `pi-messages`."""

    api: ClassVar[str] = "pi-messages"

    def encode(self, model: Model, context: Context, options: Options) -> Request:
        """The request for `context`."""
        messages = [
            _message(message) for message in prepare(context.messages, model, call_id=_call_id)
        ]
        body: Json = {
            "model": model.id,
            "context": {"messages": [*_system(context), *messages]},
            "options": _options(options),
        }
        body = deep_merge(body, options.thinking_body, model.extra_body, options.extra_body)
        base, mark, query = model.base_url.partition("?")
        return Request(f"{base.rstrip('/')}/messages{mark}{query}", dict(_HEADERS), body)

    def decoder(self, model: Model, options: Options, context: Context) -> Decoder:
        """A fresh decoder for one answer."""
        return PiMessagesDecoder(model)


def _system(context: Context) -> list[Json]:
    """The first message: instructions and tools. It has no time of its own."""
    text = "\n\n".join(block for block in context.system if not is_blank(block))
    if not text and not context.tools:
        return []
    message: Json = {"role": "system", "content": text, "timestamp": 0}
    if context.tools:
        message["toolsAdded"] = [msgspec.to_builtins(tool) for tool in context.tools]
    return [message]


def _message(message: Message) -> Json:
    """A message in its stored form, without what is for people or for us only."""
    if isinstance(message, ToolResultMessage):
        message = replace(message, details=msgspec.UNSET)
    elif isinstance(message, AssistantMessage):
        content = tuple(
            replace(part, arguments_error=None) if isinstance(part, ToolCall) else part
            for part in message.content
        )
        message = replace(message, content=content, duration_ms=None)
    return msgspec.to_builtins(message)


def _options(options: Options) -> Json:
    wanted: Json = {}
    if options.temperature is not None:
        wanted["temperature"] = options.temperature
    if options.max_tokens is not None:
        wanted["maxTokens"] = options.max_tokens
    if options.cache_retention != "short":  # which is for the service to choose
        wanted["cacheRetention"] = options.cache_retention
    if options.session_id and options.cache_retention != "none":
        wanted["sessionId"] = options.session_id
    choice = options.tool_choice
    if choice in ("auto", "none", "required"):
        wanted["toolChoice"] = choice
    elif choice:
        wanted["toolChoice"] = {"type": "function", "function": {"name": choice}}
    return wanted


class PiMessagesDecoder(Decoder):
    """Reads the events of one answer."""

    def on_frame(self, frame: Frame) -> None:
        """One event."""
        if frame.data.strip() in (b"", b"[DONE]"):
            return
        event: Json = decode_json(frame.data)
        kind: str = event["type"]
        part, _, step = kind.rpartition("_")
        if kind in ("done", "error"):
            self._end_of_answer(kind, event)
        elif step == "start" and part:
            self._begin(part, event)
        elif step == "delta":
            self.delta(self._block(event), event["delta"])
        elif step == "end":
            self._close(self._block(event), event)

    def _begin(self, part: str, event: Json) -> None:
        if event["contentIndex"] != len(self.blocks):
            raise ValueError(
                f"block {event['contentIndex']} begins where {len(self.blocks)} is due"
            )
        if part == "text":
            self.open_text()
        elif part == "thinking":
            self.open_thinking()
        elif part == "toolcall":
            self.open_tool(event.get("id") or "", event.get("toolName") or "")
        else:
            raise ValueError(f"unknown kind of block {part!r}")

    def _block(self, event: Json) -> Block:
        index = event["contentIndex"]
        if not isinstance(index, int) or not 0 <= index < len(self.blocks):
            raise ValueError(f"there is no block {index!r}")
        return self.blocks[index]

    def _close(self, block: Block, event: Json) -> None:
        if block.kind == "tool":
            call: Json = event.get("toolCall") or {}
            block.id = call.get("id") or block.id
            block.name = call.get("name") or block.name
            block.signature = call.get("thoughtSignature")
            arguments = call.get("arguments")
            self.end(block, None if arguments is None else encode_json(arguments).decode())
            return
        block.signature = event.get("contentSignature")
        block.redacted = bool(event.get("redacted"))
        self.end(block, event.get("content"))

    def _end_of_answer(self, kind: str, event: Json) -> None:
        usage: Json | None = event.get("usage")
        other = event.get("responseModel")
        counted = msgspec.convert({**usage, "cost": {}}, Usage) if usage else None
        self.metadata(
            response_id=event.get("responseId"),
            response_model=other if other != self.model.id else None,
            usage=counted,
            billed=_bill(usage or {}),
        )
        reason: str = event.get("reason") or ""
        if kind == "error":
            message = event.get("errorMessage") or f"the service ended the answer ({reason})"
            aborted = reason == "aborted"
            self.fail("transport" if aborted else kind_of(message), message)
        elif reason in _STOPS:
            self.done(_STOPS[reason])
        else:
            self.fail("protocol", f"the service ended the answer for an unknown reason {reason!r}")


def _bill(usage: Json) -> float | None:
    """What the service says that the answer cost, in dollars; None if it does not say."""
    cost: Json = usage.get("cost") or {}
    return cost.get("total") or None
