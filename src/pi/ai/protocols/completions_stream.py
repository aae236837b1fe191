"""Chat Completions answers: chunks of deltas, as events.

Services differ most in what they send back, and a client that insists on the original loses calls,
thinking or money. So an answer has one text block, one thinking block and any number of calls, all
open until the end; a chunk may add to any of them, under any of the known names. Only what cannot
be true is an error: no `finish_reason`, an unknown one, or no JSON.
"""

from typing import Any, Literal, cast

import msgspec

from pi.ai.messages import ErrorKind
from pi.ai.model import Model
from pi.ai.protocols.base import Block, Decoder
from pi.ai.protocols.classify import kind_of, stream_error
from pi.ai.protocols.completions_calls import Calls
from pi.ai.protocols.completions_usage import billed_cost, read_usage
from pi.ai.protocols.reasoning_details import ReasoningDetails
from pi.ai.request import Frame

__all__ = ["CompletionsDecoder"]

_REASONS: dict[str, Literal["stop", "length", "toolUse"]] = {
    "stop": "stop",
    "end": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "tool_calls": "toolUse",
    "tool_call": "toolUse",
    "tool_use": "toolUse",
    "function_call": "toolUse",
}
_FAILURES: dict[str, ErrorKind] = {
    "content_filter": "refused",
    "refusal": "refused",
    "safety": "refused",
    "sensitive": "refused",
    "recitation": "refused",
    "prohibited_content": "refused",
    "blocklist": "refused",
    "model_context_window_exceeded": "overflow",
    "insufficient_system_resource": "overloaded",
    "error": "overloaded",
    "network_error": "transport",
    "abort": "transport",
}

_decode = msgspec.json.Decoder().decode


class _Answer:
    """What is known about the answer besides its content."""

    __slots__ = ("broken", "finish_reason", "half", "id", "named", "refusal", "usage")

    def __init__(self) -> None:
        self.named = False
        self.id = ""
        self.finish_reason = ""
        self.refusal = ""
        self.usage: Any = None  # as reported last
        self.broken = ""  # a frame that is no whole JSON, which only the last one may be
        self.half = ""  # a high surrogate whose other half is in a later chunk


class CompletionsDecoder(Decoder):
    """Reads the chunks of one answer.

    finish_reason_required: whether an answer without one was cut off.
    multiplier: what the service tier that was asked for does to the price.
    """

    def __init__(
        self,
        model: Model,
        *,
        finish_reason_required: bool = True,
        multiplier: float = 1.0,
    ) -> None:
        super().__init__(model)
        self._finish_reason_required = finish_reason_required
        self._multiplier = multiplier
        self._answer = _Answer()
        self._text: Block | None = None
        self._thinking: Block | None = None
        self._calls = Calls(self)
        self._details = ReasoningDetails()

    def on_frame(self, frame: Frame) -> None:
        """One chunk."""
        if self._answer.broken:
            self._fail_as_no_json(self._answer.broken)
            return
        try:
            chunk = _decode(frame.data)
        except (msgspec.DecodeError, UnicodeError):
            chunk = self._odd_frame(frame.data.strip())
            if chunk is None:
                return
        if not isinstance(chunk, dict):
            self.failed(stream_error(chunk))
            return
        data = cast("dict[str, Any]", chunk)
        if data.get("error") or frame.event == "error" or data.get("object") == "error":
            self.failed(stream_error(data))
            return
        if not self._answer.named:
            self._name(data)
        choices = data.get("choices")
        if choices:
            self._choice(choices[0])
        usage = data.get("usage")
        if usage:
            self._count(usage)

    def on_close(self) -> None:
        """The body ended without the customary `[DONE]`."""
        if self._answer.finish_reason or not self._finish_reason_required:
            self._finish()

    # -- frames that are no plain JSON -----------------------------------------------------------

    def _odd_frame(self, data: bytes) -> Any:
        """The JSON of a frame with lone surrogates; None for a frame that is dealt with."""
        if not data:
            return None
        if data == b"[DONE]":
            self._finish()
            return None
        import json  # for the few frames that msgspec refuses

        try:
            return self._joined(json.loads(data))
        except ValueError:
            text = data.decode("utf-8", "replace")
            if text.startswith(("{", "[")):
                self._answer.broken = text  # if nothing follows, the stream was cut right here
            else:
                self._fail_as_no_json(text)
            return None

    def _fail_as_no_json(self, text: str) -> None:
        shown = text if len(text) <= 200 else f"{text[:200]}…"
        self.fail(kind_of(text), f"the service sent something that is no JSON: {shown!r}")

    def _joined(self, value: Any) -> Any:
        """`value` without lone surrogates.

        Services that count UTF-16 units cut characters in two; the halves come in two chunks.
        """
        if isinstance(value, str):
            if value.isascii():
                return value
            if "\udc00" <= value[0] <= "\udfff":
                value, self._answer.half = self._answer.half + value, ""
            if "\ud800" <= value[-1] <= "\udbff":
                self._answer.half = value[-1]
            return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
        if isinstance(value, dict):
            items = cast("dict[str, Any]", value)
            return {key: self._joined(item) for key, item in items.items()}
        if isinstance(value, list):
            return [self._joined(item) for item in cast("list[Any]", value)]
        return value

    # -- what a chunk says -----------------------------------------------------------------------

    def _name(self, chunk: dict[str, Any]) -> None:
        response_id, model = _word(chunk.get("id")), _word(chunk.get("model"))
        if response_id or model:
            self._answer.named = True
            self._answer.id = response_id
            other = model if model != self.model.id else ""
            self.metadata(response_id=response_id or None, response_model=other or None)

    def _choice(self, choice: dict[str, Any]) -> None:
        delta: dict[str, Any] | None = choice.get("delta")
        if delta is None and not self.blocks:
            delta = choice.get("message")  # a whole answer, from a service that does not stream
        if delta:
            self._delta(delta)
        if choice.get("error"):
            self.failed(stream_error({"error": choice["error"]}))
            return
        reason = choice.get("finish_reason")
        if reason:
            self._answer.finish_reason = self._answer.finish_reason or reason
        usage = choice.get("usage")
        if usage:
            self._count(usage)

    def _delta(self, delta: dict[str, Any]) -> None:
        """Thinking first: a chunk that holds both is where thinking goes over into text."""
        field = "reasoning_content"
        thought = delta.get(field)
        if not thought:
            field = "reasoning"
            thought = delta.get(field)
            if not thought:
                field = "reasoning_text"
                thought = delta.get(field)
        details = delta.get("reasoning_details")
        if details:
            shown = self._details.add(details)
            self._think(thought if isinstance(thought, str) else shown, field)
        elif thought and isinstance(thought, str):
            self._think(thought, field)
        content = delta.get("content")
        if content:
            if isinstance(content, str):
                self._say(content)
            else:
                self._parts(content)
        calls = delta.get("tool_calls")
        if calls:
            self._calls.add(calls)
        refusal = delta.get("refusal")
        if refusal:
            self._answer.refusal += refusal

    def _say(self, text: str) -> None:
        block = self._text
        if block is None:
            block = self._text = self.open_text()
        self.delta(block, text)

    def _think(self, text: str, field: str) -> None:
        block = self._thinking
        if block is None:
            block = self._thinking = self.open_thinking()
            block.signature = field
        self.delta(block, text)

    def _parts(self, content: Any) -> None:
        """Content as a list of parts, of which thinking may be one."""
        for part in cast("list[Any]", content if isinstance(content, list) else [content]):
            if isinstance(part, str):
                self._say(part)
                continue
            text, thought = part.get("text"), part.get("thinking")
            if isinstance(text, str):
                self._say(text)
            elif isinstance(thought, str):
                self._think(thought, "")
            elif thought:
                self._think("".join(inner["text"] for inner in thought), "")

    def _count(self, usage: dict[str, Any]) -> None:
        """Usage is always that of the whole answer so far, however often it is sent."""
        if usage == self._answer.usage:
            return
        self._answer.usage = usage
        counted = read_usage(usage)
        if counted is not None:
            self.metadata(usage=counted, multiplier=self._multiplier, billed=billed_cost(usage))

    # -- the end ---------------------------------------------------------------------------------

    def _finish(self) -> None:
        reason = self._answer.finish_reason
        if not reason and self._finish_reason_required:
            self.fail("transport", "the stream ended without a finish_reason")
            return
        if self._answer.refusal:
            self.fail("refused", self._answer.refusal.strip())
            return
        end = _REASONS.get(reason.lower() or "stop")
        if end is None:
            self._fail_for(reason)
            return
        if end != "length":  # some say "stop" after calls, and some announce calls and make none
            end = "toolUse" if self._calls.blocks else "stop"
        if reason and reason not in ("stop", "length", "tool_calls"):
            self.metadata(raw_stop_reason=reason)
        if self._thinking is not None:
            self._thinking.signature = self._details.signature() or self._thinking.signature or None
        self._calls.finish(self._answer.id, cut_off=end == "length")
        self.done(end)

    def _fail_for(self, reason: str) -> None:
        self.metadata(raw_stop_reason=reason)
        kind = _FAILURES.get(reason.lower()) or kind_of("", code=reason)
        who = "a content filter" if kind == "refused" else "the service"
        self.fail(kind, f"{who} ended the answer (finish_reason {reason!r})")


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""
