"""Answers on Mistral's chat wire: chunks whose content is text, or parts of text and thinking."""

from typing import Any, Literal

from pi.ai.model import Model
from pi.ai.protocols.base import Block, Decoder
from pi.ai.protocols.classify import stream_error
from pi.ai.protocols.completions_calls import Calls
from pi.ai.protocols.completions_usage import read_usage
from pi.ai.request import Frame, decode_json

__all__ = ["MistralDecoder"]

Json = dict[str, Any]

_STOPS: dict[str, Literal["stop", "length", "toolUse"]] = {
    "stop": "stop",
    "length": "length",
    "model_length": "length",
    "tool_calls": "toolUse",
}


class MistralDecoder(Decoder):
    """Reads the chunks of one answer. Empty text opens no block: it would split the thinking."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._current: Block | None = None
        self._calls = Calls(self)
        self._reason: str | None = None
        self._response_id = ""

    def on_frame(self, frame: Frame) -> None:
        """One chunk."""
        if frame.data == b"[DONE]":
            self._finish()
            return
        chunk: Json = decode_json(frame.data)
        if chunk.get("object") == "error" or chunk.get("error"):
            self.failed(stream_error(chunk))
            return
        if chunk.get("id") and not self._response_id:
            self._response_id = chunk["id"]
            named = chunk.get("model")
            other = named if named != self.model.id else None
            self.metadata(response_id=self._response_id, response_model=other)
        choices: list[Json] = chunk.get("choices") or []
        for choice in choices[:1]:
            self._delta(choice.get("delta") or {})
            self._reason = choice.get("finish_reason") or self._reason
        if chunk.get("usage"):
            self._count(chunk["usage"])

    def on_close(self) -> None:
        """The body ended without the customary `[DONE]`."""
        self._finish()

    def _delta(self, delta: Json) -> None:
        content: Any = delta.get("content")
        if isinstance(content, str):
            self._write("text", content)
        else:
            parts: list[Json] = content or []
            for part in parts:
                if part.get("type") == "text":
                    self._write("text", part.get("text") or "")
                elif part.get("type") == "thinking":
                    thoughts: list[Json] = part.get("thinking") or []
                    for thought in thoughts:
                        self._write("thinking", thought.get("text") or "")
        calls: list[Json] = delta.get("tool_calls") or []
        for call in calls:
            if call.get("id") == "null":  # a literal, in the place of an id that is known already
                call["id"] = ""
        self._calls.add(calls)

    def _write(self, kind: Literal["text", "thinking"], text: str) -> None:
        if not text:
            return
        block = self._current
        if block is None or block.kind != kind:
            block = self._current = self.open_text() if kind == "text" else self.open_thinking()
        self.delta(block, text)

    def _count(self, wire: Json) -> None:
        details: Json = (
            wire.get("prompt_tokens_details")
            or wire.get("prompt_token_details")
            or {"cached_tokens": wire.get("num_cached_tokens") or 0}
        )
        self.metadata(usage=read_usage({**wire, "prompt_tokens_details": details}))

    def _finish(self) -> None:
        reason = self._reason
        if reason is None:
            return
        if reason == "error":
            self.fail("overloaded", "the service ended the answer with an error")
            return
        stop = _STOPS.get(reason, "stop")
        self._calls.finish(self._response_id, cut_off=stop == "length")
        self.done("toolUse" if stop == "stop" and self._calls.blocks else stop)
