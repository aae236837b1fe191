"""What every wire protocol is: a pure translator.

A protocol turns (model, context, settled options) into a `Request`, and the frames of the answer
into events. It does no I/O, reads no environment and no clock, and never sees a provider's name:
what is special about a provider is data on the model (`model.compat`, `model.thinking`, …).

`Decoder` does the bookkeeping that all wires share: numbering blocks, closing them, pricing usage,
and the promise that a stream ends in exactly one `done` or `error`, whatever the service sends.
"""

from typing import Any, ClassVar, Literal

import msgspec
from msgspec import Struct

from pi.ai.errors import ErrorInfo
from pi.ai.events import (
    Done,
    Error,
    Event,
    Metadata,
    TextDelta,
    TextEnd,
    TextStart,
    ThinkingDelta,
    ThinkingEnd,
    ThinkingStart,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
)
from pi.ai.messages import Context, ErrorKind, ToolCall, Usage
from pi.ai.model import AuthHeader, Model
from pi.ai.options import Options
from pi.ai.partial_json import parse_arguments
from pi.ai.protocols.classify import classify
from pi.ai.request import Frame, Request

__all__ = ["Block", "Decoder", "NoCompat", "Protocol"]

Framing = Literal["sse", "eventstream"]

_UNEXPECTED = (
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    ArithmeticError,  # int(inf), from a number like 1e999
    RecursionError,  # JSON nested without end
    msgspec.MsgspecError,
)


class NoCompat(Struct, frozen=True, forbid_unknown_fields=True):
    """For protocols without switches."""


class Protocol:
    """A wire protocol. Stateless; one instance serves every call.

    api: its name. framing: how the body is cut into frames. Compat: the struct of its switches,
    whose defaults are the protocol's standard behaviour. auth_header: how a key travels unless the
    provider says otherwise.
    """

    api: ClassVar[str]
    framing: ClassVar[Framing] = "sse"
    Compat: ClassVar[type[Struct]] = NoCompat
    auth_header: ClassVar[AuthHeader] = AuthHeader()

    def encode(self, model: Model, context: Context, options: Options) -> Request:
        """The request for `context`. `options` are settled (`Options.settle`)."""
        raise NotImplementedError

    def decoder(self, model: Model, options: Options, context: Context) -> "Decoder":
        """A fresh decoder for one answer."""
        raise NotImplementedError

    def failure(self, status: int, headers: dict[str, str], body: bytes) -> ErrorInfo:
        """What an answer with an HTTP error status means. Header names are lower case."""
        return classify(status, headers, body)


class Block:
    """A content block that is being written. `parts` are its deltas."""

    __slots__ = ("extra", "id", "index", "kind", "name", "open", "parts", "redacted", "signature")

    def __init__(self, index: int, kind: Literal["text", "thinking", "tool"]) -> None:
        self.index = index
        self.kind = kind
        self.parts: list[str] = []
        self.open = True
        self.signature: str | None = None
        self.redacted = False
        self.id = ""
        self.name = ""
        self.extra: Any = None

    @property
    def text(self) -> str:
        """All deltas joined."""
        return "".join(self.parts)


class Decoder:
    """Turns frames into events. Subclasses write `on_frame` and `on_close` with the verbs below.

    The verbs append to the events that the running `feed` or `close` returns. After a terminal
    event nothing more comes out.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.blocks: list[Block] = []
        self.usage: Usage | None = None
        self.finished = False
        self._out: list[Event] = []

    # -- the outside -----------------------------------------------------------------------------

    def feed(self, frame: Frame) -> list[Event]:
        """The events of one frame."""
        if self.finished:
            return []
        out = self._out = []
        try:
            self.on_frame(frame)
        except _UNEXPECTED as error:
            if frame.cut:
                self.fail("transport", "the stream ended inside a message")
            else:
                self.fail("protocol", f"the service sent something unexpected: {error!r}")
        return out

    def close(self) -> list[Event]:
        """The events of the end of the body: a terminal one if there was none yet."""
        if self.finished:
            return []
        out = self._out = []
        try:
            self.on_close()
        except _UNEXPECTED as error:
            self.fail("protocol", f"the service sent something unexpected: {error!r}")
        if not self.finished:
            self.fail("transport", "the stream ended before the answer was complete")
        return out

    # -- for subclasses ----------------------------------------------------------------------------

    def on_frame(self, frame: Frame) -> None:
        """Handle one frame."""
        raise NotImplementedError

    def on_close(self) -> None:
        """Handle the end of the body; by default an unfinished answer is an error."""

    def open_text(self) -> Block:
        """Open a text block."""
        block = self._open("text")
        self._out.append(TextStart(block.index))
        return block

    def open_thinking(self, *, redacted: bool = False) -> Block:
        """Open a thinking block."""
        block = self._open("thinking")
        block.redacted = redacted
        self._out.append(ThinkingStart(block.index))
        return block

    def open_tool(self, call_id: str, name: str) -> Block:
        """Open a tool call; id and name may be filled in on the block later."""
        block = self._open("tool")
        block.id, block.name = call_id, name
        self._out.append(ToolCallStart(block.index, call_id, name))
        return block

    def delta(self, block: Block, text: str) -> None:
        """Append text, thinking or argument JSON to an open block. Empty text is left out."""
        if not text or not block.open:
            return
        block.parts.append(text)
        kind = block.kind
        if kind == "text":
            self._out.append(TextDelta(block.index, text))
        elif kind == "thinking":
            self._out.append(ThinkingDelta(block.index, text))
        else:
            self._out.append(ToolCallDelta(block.index, text))

    def end(self, block: Block, content: str | None = None) -> None:
        """Close a block once. `content`, if given, replaces the joined deltas."""
        if not block.open:
            return
        block.open = False
        text = block.text if content is None else content
        if block.kind == "text":
            self._out.append(TextEnd(block.index, text, block.signature))
        elif block.kind == "thinking":
            self._out.append(ThinkingEnd(block.index, text, block.signature, block.redacted))
        else:
            arguments, problem = parse_arguments(text)
            call = ToolCall(block.id, block.name, arguments, block.signature, problem)
            self._out.append(ToolCallEnd(block.index, call))

    def end_all(self) -> None:
        """Close every open block, in order."""
        for block in self.blocks:
            self.end(block)

    def metadata(
        self,
        *,
        response_id: str | None = None,
        response_model: str | None = None,
        usage: Usage | None = None,
        multiplier: float = 1.0,
        billed: float | None = None,
        raw_stop_reason: str | None = None,
    ) -> None:
        """Report facts. `usage` is priced here; `multiplier` and `billed` as in `Price.of`."""
        if usage is not None:
            usage = self.usage = self.model.cost.of(usage, multiplier=multiplier, billed=billed)
        self._out.append(Metadata(response_id, response_model, usage, raw_stop_reason))

    def done(self, reason: Literal["stop", "length", "toolUse"]) -> None:
        """Close all blocks and end the stream well."""
        if not self.finished:
            self.end_all()
            self.finished = True
            self._out.append(Done(reason))

    def fail(
        self,
        kind: ErrorKind,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        """End the stream with an error. What arrived stays; open blocks stay as they are."""
        self.failed(ErrorInfo(kind, message, status, retry_after))

    def failed(self, info: ErrorInfo) -> None:
        """End the stream with an error that is already described."""
        if not self.finished:
            self.finished = True
            self._out.append(Error("aborted" if info.kind == "aborted" else "error", info))

    def _open(self, kind: Literal["text", "thinking", "tool"]) -> Block:
        block = Block(len(self.blocks), kind)
        self.blocks.append(block)
        return block
