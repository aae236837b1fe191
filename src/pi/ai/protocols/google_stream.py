"""GenerateContent answers: chunks of parts, as events.

A part says itself whether it is thought. A call comes whole. The reason to stop may come before the
last chunk, so an answer is complete when the body ends after one.
https://ai.google.dev/api/generate-content#GenerateContentResponse
"""

from typing import Any

import msgspec

from pi.ai.messages import ErrorKind, Usage
from pi.ai.model import Model
from pi.ai.protocols.base import Block, Decoder
from pi.ai.protocols.classify import stream_error
from pi.ai.protocols.ids import short_hash
from pi.ai.request import Frame, decode_json, encode_json

__all__ = ["GoogleDecoder"]

Json = dict[str, Any]

_REFUSALS = frozenset(
    {
        "BLOCKLIST",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
        "IMAGE_SAFETY",
        "JAILBREAK",
        "MODEL_ARMOR",
        "PROHIBITED_CONTENT",
        "RECITATION",
        "SAFETY",
        "SPII",
    }
)


class GoogleDecoder(Decoder):
    """Reads the chunks of one answer. `wrapped`: each chunk stands in a member `response`."""

    def __init__(self, model: Model, *, wrapped: bool = False) -> None:
        super().__init__(model)
        self._wrapped = wrapped
        self._current: Block | None = None
        self._reason: str | None = None
        self._response_id = ""

    def on_frame(self, frame: Frame) -> None:
        """One chunk."""
        if frame.data == b"[DONE]":
            return
        data: Any = decode_json(frame.data)
        if "error" in data:
            self.failed(stream_error(data))
        elif not self._wrapped:
            self._chunk(data)
        elif data.get("response"):
            self._chunk(data["response"])

    def _chunk(self, chunk: Json) -> None:
        response_id = chunk.get("responseId")
        if response_id and not self._response_id:
            self._response_id = response_id
            version = chunk.get("modelVersion")
            named = version if version and version != self.model.id else None
            self.metadata(response_id=response_id, response_model=named)
        candidates: list[Json] = chunk.get("candidates") or []
        if candidates:
            candidate = candidates[0]
            content: Json = candidate.get("content") or {}
            parts: list[Json] = content.get("parts") or []
            for part in parts:
                self._part(part)
            self._reason = candidate.get("finishReason") or self._reason
        if chunk.get("usageMetadata"):
            self._usage(chunk["usageMetadata"])
        feedback: Json = chunk.get("promptFeedback") or {}
        if feedback.get("blockReason"):
            why = feedback.get("blockReasonMessage") or feedback["blockReason"]
            self.fail("refused", f"the service blocked the prompt: {why}")

    def _part(self, part: Json) -> None:
        signature = part.get("thoughtSignature")
        if "functionCall" in part:
            self._call(part["functionCall"], signature)
        elif isinstance(part.get("text"), str):
            self._text(part["text"], signature, thought=part.get("thought") is True)

    def _text(self, text: str, signature: str | None, *, thought: bool) -> None:
        if not text and not signature:
            return
        kind = "thinking" if thought else "text"
        block = self._current
        if block is None or block.kind != kind:
            if block is not None:
                self.end(block)
            block = self._current = self.open_thinking() if thought else self.open_text()
        self.delta(block, text)
        block.signature = signature or block.signature

    def _call(self, call: Json, signature: str | None) -> None:
        if self._current is not None:
            self.end(self._current)
            self._current = None
        taken = {block.id for block in self.blocks}
        call_id = call.get("id") or ""
        if not call_id or call_id in taken:
            # the same in every replay of these bytes, and another in every other answer
            call_id = f"call_{short_hash(f'{self._response_id}/{len(self.blocks)}', 16)}"
        block = self.open_tool(call_id, call.get("name") or "")
        block.signature = signature
        self.delta(block, encode_json(call.get("args") or {}).decode())
        self.end(block)

    def _usage(self, wire: Json) -> None:
        def count(name: str) -> int:
            return wire.get(name) or 0

        cached = count("cachedContentTokenCount")
        prompt = count("promptTokenCount") + count("toolUsePromptTokenCount")
        thoughts = count("thoughtsTokenCount")
        output = count("candidatesTokenCount") + thoughts
        fresh = max(0, prompt - cached)
        usage = Usage(fresh, output, cached, 0, fresh + cached + output)
        if thoughts:
            usage = msgspec.structs.replace(usage, reasoning=thoughts)
        self.metadata(usage=usage)

    def on_close(self) -> None:
        """The body has ended: with a reason to stop that is the end of the answer."""
        reason = self._reason
        if reason is None:
            return
        if reason == "STOP":
            self.done("toolUse" if any(b.kind == "tool" for b in self.blocks) else "stop")
        elif reason == "MAX_TOKENS":
            self.done("length")
        else:
            self.end_all()
            kind: ErrorKind = "refused" if reason in _REFUSALS else "protocol"
            self.fail(kind, f"the service stopped the answer: {reason}")
