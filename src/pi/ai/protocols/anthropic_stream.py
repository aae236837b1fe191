"""The answer of the Messages API: named events about numbered content blocks.

Blocks are known by the service's own index and may be open at the same time; blocks that are none
of ours (server tools and their results) are passed over. An answer is complete with `message_stop`
only. Reference: https://docs.claude.com/en/docs/build-with-claude/streaming
"""

import json
from collections.abc import Callable
from typing import Any, ClassVar, Literal, cast

import msgspec

from pi.ai.messages import Usage
from pi.ai.model import Model
from pi.ai.partial_json import parse_arguments
from pi.ai.protocols.base import Block, Decoder
from pi.ai.protocols.classify import stream_error
from pi.ai.request import Frame, encode_json

__all__ = ["AnthropicDecoder"]

_Json = dict[str, Any]

_REASONS: dict[str, Literal["stop", "length", "toolUse"]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "tool_use": "toolUse",
}
_PLAIN = ("end_turn", "max_tokens", "tool_use")
_FIELDS = {
    "text_delta": ("text", "text"),
    "thinking_delta": ("thinking", "thinking"),
    "input_json_delta": ("tool", "partial_json"),
}
_decode = msgspec.json.Decoder().decode


class AnthropicDecoder(Decoder):
    """Reads the events of one answer.

    own_names: from lower-case names of tools to the caller's spelling; empty if names are not
    changed on the wire.
    """

    def __init__(self, model: Model, own_names: dict[str, str]) -> None:
        super().__init__(model)
        self._own_names = own_names
        self._by_index: dict[Any, Block | None] = {}
        self._counts: dict[str, int] = {}
        self._message_id: str | None = None
        self._stop: str | None = None
        self._explanation = ""
        self._half = ""  # the first half of a character whose second comes with the next delta

    def on_frame(self, frame: Frame) -> None:
        """Handle one event. Its data names the type; the event's name counts only without it."""
        try:
            data = _decode(frame.data)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            data = self._mended(frame)
            if data is None:
                return
        kind = "error" if frame.event == "error" else data.get("type") or frame.event
        if kind == "content_block_delta":
            self._delta(data)
        elif kind in self._handlers:
            self._handlers[kind](self, data)

    def _mended(self, frame: Frame) -> _Json | None:
        """The data of a frame that is not strict JSON; None if it says nothing."""
        if frame.event and frame.event not in self._handlers:
            return None
        text = frame.data.decode("utf-8", "replace")
        if frame.event == "error":
            self.failed(stream_error(text))
            return None
        if text.strip() in ("", "[DONE]"):
            return None
        data, problem = parse_arguments(text)
        if problem:
            self.fail("transport", f"the stream broke inside an event: {text[:200]}")
            return None
        if data.get("type") == "content_block_delta" and "\\u" in text:
            return self._with_halves(text, data)
        return data

    def _with_halves(self, text: str, data: _Json) -> _Json:
        """`data` with its text made whole, if the service cut between two UTF-16 surrogates."""
        try:
            raw = json.loads(text, strict=False)["delta"]
        except ValueError:
            return data
        for name in ("text", "thinking", "partial_json"):
            if isinstance(raw.get(name), str):
                piece = self._half + raw[name]
                self._half = piece[-1] if "\ud800" <= piece[-1:] < "\udc00" else ""
                whole = piece.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
                data["delta"][name] = whole
        return data

    # -- content ---------------------------------------------------------------------------------

    def _start_block(self, data: _Json) -> None:
        index = data.get("index")
        self._finish(self._by_index.get(index))
        self._by_index[index] = self._open_block(data["content_block"])

    def _open_block(self, content: _Json) -> Block | None:
        """A new block with what its start already says; None for blocks that are not ours."""
        match content["type"]:
            case "text":
                block = self.open_text()
                self.delta(block, content.get("text") or "")
            case "thinking":
                block = self.open_thinking()
                self.delta(block, content.get("thinking") or "")
                block.signature = content.get("signature") or None
            case "redacted_thinking":
                block = self.open_thinking(redacted=True)
                block.signature = content["data"]
            case "tool_use":
                name: str = content["name"]
                call_id = content.get("id") or f"call_{len(self.blocks)}"
                block = self.open_tool(call_id, self._own_names.get(name.lower(), name))
                block.extra = content.get("input")
            case _:
                return None
        return block

    def _delta(self, data: _Json) -> None:
        delta = data["delta"]
        field = _FIELDS.get(delta["type"])
        block = self._by_index.get(data.get("index"))
        if field is None:
            if delta["type"] == "signature_delta" and block is not None:
                block.signature = (block.signature or "") + delta["signature"]
            return
        kind, name = field
        if block is None:
            block = self._unannounced(data.get("index"), kind)
        if block is not None and block.kind == kind:
            self.delta(block, delta[name] or "")

    def _unannounced(self, index: Any, kind: str) -> Block | None:
        """A block for a delta without `content_block_start`; None if the block is not ours."""
        if index in self._by_index:
            return None
        if kind == "tool":
            raise ValueError("arguments of a tool call that was never started")
        block = self.open_text() if kind == "text" else self.open_thinking()
        self._by_index[index] = block
        return block

    def _stop_block(self, data: _Json) -> None:
        self._finish(self._by_index.get(data.get("index")))

    def _finish(self, block: Block | None) -> None:
        if block is None:
            return
        if block.kind == "tool" and block.extra and not block.parts:
            self.delta(block, encode_json(block.extra).decode())
        self.end(block)

    # -- the message -----------------------------------------------------------------------------

    def _start_message(self, data: _Json) -> None:
        message = data["message"]
        message_id = message.get("id") or ""
        if self._message_id is not None:
            if message_id in ("", self._message_id):
                return  # some gateways say it twice
            if self.blocks:
                # A proxy lost its upstream and put a second answer behind the cut one; signed
                # thinking of both in one message would be rejected when it is replayed.
                self.fail("transport", "a second answer began before the first was complete")
                return
        self._message_id = message_id
        _count(self._counts, message.get("usage"))
        response_model = message.get("model")
        self.metadata(
            response_id=message_id or None,
            response_model=response_model if response_model != self.model.id else None,
            usage=self._usage(),
        )
        for content in message.get("content") or ():
            self._finish(self._open_block(content))
        self._stop = message.get("stop_reason")

    def _change_message(self, data: _Json) -> None:
        delta: _Json = data.get("delta") or {}
        self._stop = delta.get("stop_reason") or self._stop
        details: _Json = delta.get("stop_details") or {}
        self._explanation = details.get("explanation") or self._explanation
        _count(self._counts, data.get("usage"))
        raw = None if self._stop in _PLAIN else self._stop
        self.metadata(usage=self._usage(), raw_stop_reason=raw)

    def _stop_message(self, data: _Json) -> None:
        for block in self._by_index.values():
            self._finish(block)
        reason = _REASONS.get(self._stop or "")
        if reason is not None:
            self.done(reason)
        elif self._stop in ("refusal", "sensitive"):
            self.fail("refused", self._explanation or "the model refused to answer")
        elif self._stop == "model_context_window_exceeded":
            self.fail("overflow", "the context window is full (model_context_window_exceeded)")
        elif self._stop is None:
            self.fail("protocol", "the answer ended without a stop reason")
        else:
            self.fail("protocol", f"unknown stop reason {self._stop!r}")

    def _error(self, data: _Json) -> None:
        self.failed(stream_error(data))

    def _usage(self) -> Usage | None:
        return _usage(self._counts) if self._counts else None

    _handlers: ClassVar[dict[str, Callable[["AnthropicDecoder", _Json], None]]] = {
        "message_start": _start_message,
        "content_block_start": _start_block,
        "content_block_delta": _delta,
        "content_block_stop": _stop_block,
        "message_delta": _change_message,
        "message_stop": _stop_message,
        "error": _error,
    }


def _count(counts: dict[str, int], usage: Any) -> None:
    """Take the counts that are there: they are cumulative, and null means nothing new."""
    if not isinstance(usage, dict):
        return
    fields = cast("_Json", usage)
    for part in (fields, fields.get("cache_creation"), fields.get("output_tokens_details")):
        for name, value in cast("_Json", part or {}).items():
            if isinstance(value, int | float):
                counts[name] = int(value)


def _usage(counts: dict[str, int]) -> Usage:
    hour = counts.get("ephemeral_1h_input_tokens")
    parts = (hour or 0) + counts.get("ephemeral_5m_input_tokens", 0)
    fresh, output = counts.get("input_tokens", 0), counts.get("output_tokens", 0)
    read = counts.get("cache_read_input_tokens", 0)
    written = counts.get("cache_creation_input_tokens", parts)
    return Usage(
        fresh,
        output,
        read,
        written,
        fresh + output + read + written,
        cache_write_1h=msgspec.UNSET if hour is None else hour,
        reasoning=counts.get("thinking_tokens", msgspec.UNSET),
    )
