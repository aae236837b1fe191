"""Responses answers: typed events about output items, as ours.

Items are told apart by `output_index`: some services change item ids from event to event. What an
item's `done` says is authoritative. The answer ends with `response.completed`, `.incomplete` or
`.failed`; without one it was cut off.
https://platform.openai.com/docs/api-reference/responses-streaming
"""

from collections.abc import Callable
from typing import Any, ClassVar, Literal

import msgspec

from pi.ai.errors import ErrorInfo
from pi.ai.model import Model
from pi.ai.protocols.base import Block, Decoder
from pi.ai.protocols.classify import stream_error
from pi.ai.protocols.completions_usage import read_usage
from pi.ai.request import Frame, decode_json

__all__ = ["ResponsesDecoder"]

Json = dict[str, Any]

_STOPS: dict[str, Literal["stop", "length"]] = {
    "completed": "stop",
    "in_progress": "stop",
    "queued": "stop",
    "incomplete": "length",
}


class ResponsesDecoder(Decoder):
    """Reads the events of one answer.

    multipliers: what a service tier does to the price. tier: the tier that was asked for, which
    counts when the service does not name one or calls it `default`.
    """

    def __init__(self, model: Model, *, tier: str | None, multipliers: dict[str, float]) -> None:
        super().__init__(model)
        self._slots: dict[int, Block] = {}
        self._unsigned: dict[int, Json] = {}
        self._tier = tier
        self._multipliers = multipliers

    def on_frame(self, frame: Frame) -> None:
        """One event; types that are not known are left alone."""
        if frame.data == b"[DONE]":
            return
        data: Any = decode_json(frame.data)
        handler = self._handlers.get(data.get("type") or frame.event)
        if handler is not None:
            handler(self, data)

    def _created(self, data: Json) -> None:
        response: Json = data.get("response") or {}
        named = response.get("model")
        self.metadata(
            response_id=response.get("id"),
            response_model=named if named and named != self.model.id else None,
        )

    # -- deltas ------------------------------------------------------------------------------------

    def _text(self, data: Json) -> None:
        index = data.get("output_index", 0)
        block = self._slots.get(index)
        if block is None:
            block = self._slots[index] = self.open_text()
        self.delta(block, data["delta"])

    def _thinking(self, data: Json) -> None:
        index = data.get("output_index", 0)
        block = self._slots.get(index)
        if block is None:
            block = self._slots[index] = self.open_thinking()
        self.delta(block, data["delta"])

    def _next_part(self, data: Json) -> None:
        block = self._slots.get(data.get("output_index", 0))
        if block is not None and block.parts:
            self.delta(block, "\n\n")

    def _arguments(self, data: Json) -> None:
        block = self._slots.get(data.get("output_index", 0))
        if block is not None:
            self.delta(block, data["delta"])

    def _arguments_done(self, data: Json) -> None:
        block = self._slots.get(data.get("output_index", 0))
        if block is not None:
            self._complete(block, data.get("arguments") or "")

    def _complete(self, block: Block, arguments: str) -> None:
        """Send what of the arguments did not come in deltas, if they begin alike."""
        so_far = block.text
        if arguments.startswith(so_far):
            self.delta(block, arguments[len(so_far) :])

    # -- items -------------------------------------------------------------------------------------

    def _added(self, data: Json) -> None:
        self._open_item(data.get("output_index", 0), data["item"])

    def _open_item(self, index: int, item: Json) -> Block | None:
        match item.get("type"):
            case "reasoning":
                block = self.open_thinking()
            case "message":
                block = self.open_text()
            case "function_call":
                block = self.open_tool(_call_id(item), item.get("name") or "")
                self.delta(block, item.get("arguments") or "")
            case _:
                return None  # tools that the service runs itself
        self._slots[index] = block
        return block

    def _done_item(self, data: Json) -> None:
        index, item = data.get("output_index", 0), data["item"]
        block = self._slots.get(index) or self._open_item(index, item)
        if block is None or not block.open:
            return
        match item.get("type"):
            case "reasoning" if not item.get("encrypted_content"):
                self._unsigned[index] = item  # it may still come with the whole response
            case "reasoning":
                self._end_reasoning(block, item)
            case "message":
                block.signature = _signature(item)
                parts = _parts(item, "content")
                text = "".join(part.get("text") or part.get("refusal") or "" for part in parts)
                self.end(block, text or None)
            case "function_call":
                block.id, block.name = _call_id(item), item.get("name") or block.name
                arguments = item.get("arguments") or block.text
                self._complete(block, arguments)
                self.end(block, arguments)
            case _:
                pass

    def _end_reasoning(self, block: Block, item: Json) -> None:
        parts = _parts(item, "summary") or _parts(item, "content")
        block.signature = msgspec.json.encode(item).decode()
        self.end(block, "\n\n".join(part.get("text") or "" for part in parts) or None)

    # -- the end -----------------------------------------------------------------------------------

    def _completed(self, data: Json) -> None:
        response: Json = data.get("response") or {}
        self._settle_reasoning(response)
        self._account(response)
        status = response.get("status") or (
            "incomplete" if data["type"] == "response.incomplete" else "completed"
        )
        details: Json = response.get("incomplete_details") or {}
        reason = details.get("reason")
        if status not in _STOPS:
            self.failed(_failure(response, f"the service ended the answer as {status!r}"))
        elif status == "incomplete" and reason not in (None, "max_output_tokens"):
            self.end_all()
            kind = "refused" if reason == "content_filter" else "protocol"
            self.fail(kind, f"the service ended the answer: {reason}")
        else:
            self._stop(_STOPS[status])

    def _stop(self, reason: Literal["stop", "length"]) -> None:
        calls = [block for block in self.blocks if block.kind == "tool"]
        if reason == "stop" and any(block.open for block in calls):
            self.fail("transport", "the answer ended inside a tool call")
        else:
            self.done("toolUse" if calls and reason == "stop" else reason)

    def _settle_reasoning(self, response: Json) -> None:
        """End the reasoning whose encrypted content did not come with its item."""
        items = _parts(response, "output")
        whole = {item.get("id"): item for item in items if item.get("type") == "reasoning"}
        for index, item in self._unsigned.items():
            self._end_reasoning(self._slots[index], whole.get(item.get("id")) or item)
        self._unsigned.clear()

    def _account(self, response: Json) -> None:
        tier = response.get("service_tier")
        if tier in (None, "auto", "default"):
            tier = self._tier or tier
        usage = read_usage(response.get("usage") or {})
        named = response.get("model")
        self.metadata(
            response_id=response.get("id"),
            response_model=named if named and named != self.model.id else None,
            usage=usage,
            multiplier=self._multipliers.get(tier or "", 1.0),
        )

    def _failed(self, data: Json) -> None:
        response: Json = data.get("response") or {}
        self._settle_reasoning(response)
        if response.get("usage"):
            self._account(response)
        self.failed(_failure(response, "the service failed without saying why"))

    def _error(self, data: Json) -> None:
        self.failed(stream_error(data.get("error") or data))

    _handlers: ClassVar[dict[str, Callable[[Any, Json], None]]] = {
        "response.created": _created,
        "response.output_item.added": _added,
        "response.output_item.done": _done_item,
        "response.output_text.delta": _text,
        "response.refusal.delta": _text,
        "response.reasoning_summary_part.added": _next_part,
        "response.reasoning_summary_text.delta": _thinking,
        "response.reasoning_text.delta": _thinking,
        "response.function_call_arguments.delta": _arguments,
        "response.function_call_arguments.done": _arguments_done,
        "response.completed": _completed,
        "response.incomplete": _completed,
        "response.done": _completed,
        "response.failed": _failed,
        "error": _error,
    }


def _parts(item: Json, name: str) -> list[Json]:
    """A list of objects inside an object, empty if it is null or missing."""
    parts: list[Json] | None = item.get(name)
    return parts or []


def _call_id(item: Json) -> str:
    call_id, item_id = item.get("call_id") or "", item.get("id") or ""
    return f"{call_id}|{item_id}" if item_id else call_id


def _signature(item: Json) -> str | None:
    """What must be replayed of a message besides its text."""
    kept = {key: item[key] for key in ("id", "phase") if item.get(key)}
    return msgspec.json.encode({"v": 1, **kept}).decode() if kept else None


def _failure(response: Json, otherwise: str) -> ErrorInfo:
    if response.get("error"):
        return stream_error(response["error"])
    details: Json = response.get("incomplete_details") or {}
    reason = details.get("reason")
    return stream_error({"message": f"incomplete: {reason}" if reason else otherwise})
