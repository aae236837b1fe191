"""ConverseStream answers: AWS event-stream frames, as events.

Text and reasoning blocks have no start event: the first delta opens them. `metadata` with the usage
comes before or after `messageStop`; the answer is complete when both were seen or the body ends
after `messageStop`.
"""

from typing import Any, Literal

import msgspec

from pi.ai.messages import ErrorKind, Usage
from pi.ai.model import Model
from pi.ai.protocols.base import Block, Decoder
from pi.ai.protocols.classify import kind_of
from pi.ai.request import Frame, decode_json

__all__ = ["BedrockDecoder"]

Stop = Literal["stop", "length", "toolUse"]

_STOPS: dict[str, Stop] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "toolUse",
}
_FAILURES: dict[str, tuple[ErrorKind, str]] = {
    "model_context_window_exceeded": ("overflow", "the context window is full"),
    "guardrail_intervened": ("refused", "a guardrail intervened"),
    "content_filtered": ("refused", "the content filter stopped the answer"),
    "malformed_model_output": ("protocol", "the model wrote something malformed"),
    "malformed_tool_use": ("protocol", "the model wrote a malformed tool call"),
}
_PREFIXES = {
    "internalServerException": "Internal server error",
    "modelStreamErrorException": "Model stream error",
    "validationException": "Validation error",
    "throttlingException": "Throttling error",
    "serviceUnavailableException": "Service unavailable",
}


class BedrockDecoder(Decoder):
    """Reads the frames of one answer."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._by_index: dict[int, Block] = {}
        self._not_ours: set[int] = set()
        self._stop: str | None = None

    def on_frame(self, frame: Frame) -> None:
        """One frame; types that are not known are left alone."""
        data: Any = decode_json(frame.data) if frame.data else {}
        match frame.event:
            case "contentBlockDelta":
                self._on_delta(data["contentBlockIndex"], data["delta"])
            case "contentBlockStart":
                self._on_start(data["contentBlockIndex"], data.get("start") or {})
            case "contentBlockStop":
                block = self._by_index.get(data["contentBlockIndex"])
                if block is not None:
                    self.end(block)
            case "messageStop":
                self._stop = data.get("stopReason") or ""
                self._finish(complete=self.usage is not None)
            case "metadata":
                self._on_metadata(data)
                self._finish(complete=self._stop is not None)
            case event if event.startswith(("exception:", "error:")):
                self._on_exception(event.partition(":")[2], data, frame)
            case _:
                pass

    def on_close(self) -> None:
        """The body has ended: after `messageStop` that is well, even without usage."""
        self._finish(complete=self._stop is not None)

    def _on_start(self, index: int, start: dict[str, Any]) -> None:
        use = start.get("toolUse")
        if use is None:
            return
        if use.get("type") == "server_tool_use":  # the service runs it itself
            self._not_ours.add(index)
        else:
            self._by_index[index] = self.open_tool(use["toolUseId"], use["name"])

    def _on_delta(self, index: int, delta: dict[str, Any]) -> None:
        if index in self._not_ours:
            return
        block = self._by_index.get(index)
        text = delta.get("text")
        if text is not None:
            if block is None:
                block = self._by_index[index] = self.open_text()
            self.delta(block, text)
        elif "toolUse" in delta:
            if block is None:
                raise ValueError("a tool call's input without its start")
            self.delta(block, delta["toolUse"].get("input") or "")
        elif "reasoningContent" in delta:
            self._on_reasoning(index, block, delta["reasoningContent"])

    def _on_reasoning(self, index: int, block: Block | None, part: dict[str, Any]) -> None:
        redacted = part.get("redactedContent")
        if block is None:
            block = self._by_index[index] = self.open_thinking(redacted=redacted is not None)
        if redacted is not None:
            block.signature = (block.signature or "") + redacted
        if part.get("signature"):
            block.signature = (block.signature or "") + part["signature"]
        self.delta(block, part.get("text") or "")

    def _on_metadata(self, data: dict[str, Any]) -> None:
        wire: dict[str, Any] = data.get("usage") or {}
        read = wire.get("cacheReadInputTokens") or 0
        write = wire.get("cacheWriteInputTokens") or 0
        fresh, output = wire.get("inputTokens") or 0, wire.get("outputTokens") or 0
        hour = sum(
            detail.get("inputTokens") or 0
            for detail in wire.get("cacheDetails") or ()
            if detail.get("ttl") == "1h"
        )
        usage = Usage(fresh, output, read, write, fresh + output + read + write)
        if hour:
            usage = msgspec.structs.replace(usage, cache_write_1h=hour)
        self.metadata(usage=usage)

    def _on_exception(self, name: str, data: dict[str, Any], frame: Frame) -> None:
        headers = frame.headers or {}
        message = data.get("message") or data.get("Message") or headers.get(":error-message")
        text = str(message or name)
        prefix = _PREFIXES.get(name, name)
        self.fail(kind_of(text, code=name), f"{prefix}: {text}" if prefix else text)

    def _finish(self, *, complete: bool) -> None:
        stop = self._stop
        if not complete or stop is None:
            return
        if stop in _STOPS:
            calls = any(block.kind == "tool" for block in self.blocks)
            reason = _STOPS[stop]
            self.done("toolUse" if reason == "stop" and calls else reason)
        elif stop in _FAILURES:
            kind, text = _FAILURES[stop]
            self.end_all()
            self.fail(kind, f"{text} ({stop})")
        else:
            self.fail("protocol", f"the service stopped with an unknown reason: {stop!r}")
