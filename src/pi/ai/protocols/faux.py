"""A scripted protocol, public, for tests and demonstrations: no key, no network, real events.

`install(script)` gives a `Model` whose answers are made by `script`: a list of answers used one
after the other, or a function from the `Context` to an answer. An answer is a list of parts made by
`text`, `thinking`, `tool`, `fail` and `wait`. Everything else is the ordinary road: the request is
encoded, a transport of its own scheme answers with server-sent events, a decoder reads them.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from pi.ai.messages import Context, Usage, text_of
from pi.ai.model import Model, Price
from pi.ai.options import Options, estimate_tokens
from pi.ai.protocols.base import Block, Decoder, Protocol
from pi.ai.request import Frame, Request

__all__ = [
    "Answer",
    "Faux",
    "FauxTransport",
    "Part",
    "Script",
    "fail",
    "faux_model",
    "text",
    "thinking",
    "tool",
    "wait",
]


class Part(Struct, frozen=True, omit_defaults=True):
    """One part of an answer, as it travels. `chunks` are the deltas in which it is sent."""

    kind: str
    chunks: tuple[str, ...] = ()
    id: str = ""
    name: str = ""
    seconds: float = 0.0
    status: str = ""


Answer = Sequence[Part]
Script = Sequence[Answer] | Callable[[Context], Answer]


def text(content: str, *, chunk: int = 24) -> Part:
    """Text, sent `chunk` characters at a time."""
    return Part("text", _cut(content, chunk))


def thinking(content: str, *, chunk: int = 24) -> Part:
    """Thinking, sent `chunk` characters at a time."""
    return Part("thinking", _cut(content, chunk))


def tool(name: str, arguments: dict[str, Any], *, id: str = "", chunk: int = 24) -> Part:  # noqa: A002
    """A tool call, its arguments sent `chunk` characters of JSON at a time."""
    return Part("tool", _cut(msgspec.json.encode(arguments).decode(), chunk), id, name)


def fail(kind: str, message: str) -> Part:
    """End the answer with an error of that kind."""
    return Part("fail", (message,), name=kind)


def wait(seconds: float) -> Part:
    """Send nothing for a while."""
    return Part("wait", seconds=seconds)


def _cut(content: str, size: int) -> tuple[str, ...]:
    return tuple(content[i : i + size] for i in range(0, len(content), size))


def faux_model(
    id: str = "faux",  # noqa: A002
    *,
    provider: str = "faux",
    base_url: str = "faux:",
    cost: Price | None = None,
    **fields: Any,
) -> Model:
    """A model of this protocol. `base_url` is the scheme under which its transport stands."""
    return Model(
        id=id,
        name=fields.pop("name", id),
        provider=provider,
        api="faux",
        base_url=base_url,
        cost=cost or Price(),
        cost_basis=fields.pop("cost_basis", "free"),
        input=fields.pop("input", ("text", "image")),
        **fields,
    )


class Faux(Protocol):
    """The protocol: the body of a request is the context, frames are parts."""

    api = "faux"

    def encode(self, model: Model, context: Context, options: Options) -> Request:
        """The request. `options` do not matter to a script."""
        return Request(model.base_url, {}, {"context": msgspec.to_builtins(context)})

    def decoder(self, model: Model, options: Options, context: Context) -> "FauxDecoder":
        """A decoder that counts tokens by the rule of thumb of `estimate_tokens`."""
        return FauxDecoder(model, estimate_tokens(context))


class FauxDecoder(Decoder):
    """Reads parts."""

    def __init__(self, model: Model, input_tokens: int) -> None:
        super().__init__(model)
        self._input = input_tokens
        self._block: Block | None = None
        self._reason = "stop"
        self._letters = 0

    def on_frame(self, frame: Frame) -> None:
        """One chunk of one part: `open`, `delta`, `fail` or `end`."""
        data = msgspec.json.decode(frame.data)
        match frame.event:
            case "open":
                self._open_part(data)
            case "delta":
                assert self._block is not None
                self._letters += len(data)
                self.delta(self._block, data)
            case "close":
                assert self._block is not None
                self.end(self._block)
            case "fail":
                self.fail(data["kind"], data["message"])
            case "end":
                output = -(-self._letters // 4)
                usage = Usage(self._input, output, 0, 0, self._input + output)
                self.metadata(response_id="faux", usage=usage)
                self.done("toolUse" if self._reason == "toolUse" else "stop")
            case _:
                raise ValueError(f"unknown frame {frame.event}")

    def _open_part(self, part: dict[str, str]) -> None:
        match part["kind"]:
            case "text":
                self._block = self.open_text()
            case "thinking":
                self._block = self.open_thinking()
            case _:
                self._reason = "toolUse"
                call_id = part.get("id") or f"call_{len(self.blocks) + 1}"
                self._block = self.open_tool(call_id, part["name"])


class FauxTransport:
    """Answers requests of one script. Put it on `pi.ai.client.transports` under a scheme."""

    def __init__(self, script: Script, *, pause: float = 0.0) -> None:
        self._script = script
        self._pause = pause
        self.contexts: list[Context] = []

    def __call__(self) -> "FauxTransport":
        return self

    async def send(
        self, request: Request, *, timeout: float | None = None, idle_timeout: float | None = None
    ) -> "FauxResponse":
        """The next answer of the script."""
        context = msgspec.convert(msgspec.json.decode(request.content)["context"], Context)
        self.contexts.append(context)
        if callable(self._script):
            answer = self._script(context)
        else:
            turn = len(self.contexts) - 1
            if turn >= len(self._script):
                last = text_of(context.messages[-1].content) if context.messages else ""  # type: ignore[arg-type]
                answer = [fail("config", f"the script has no answer {turn + 1} (to {last!r})")]
            else:
                answer = self._script[turn]
        return FauxResponse(answer, self._pause)

    async def aclose(self) -> None:
        """Nothing is open."""


class FauxResponse:
    """The answer as server-sent events."""

    status = 200

    def __init__(self, answer: Answer, pause: float) -> None:
        self.headers = {"content-type": "text/event-stream"}
        self._answer = answer
        self._pause = pause
        self._closed = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._answer:
            if part.kind == "wait":
                await self._sleep(part.seconds)
            elif part.kind == "fail":
                yield _event("fail", {"kind": part.name, "message": "".join(part.chunks)})
                return
            else:
                yield _event("open", {"kind": part.kind, "id": part.id, "name": part.name})
                for chunk in part.chunks:
                    await self._sleep(self._pause)
                    yield _event("delta", chunk)
                yield _event("close", None)
            if self._closed.is_set():
                return
        yield _event("end", None)

    async def read(self, limit: int = 1_000_000) -> bytes:
        """The whole body."""
        return b"".join([chunk async for chunk in self])

    def close(self) -> None:
        """Stop sending."""
        self._closed.set()

    async def _sleep(self, seconds: float) -> None:
        if seconds:
            await asyncio.wait([asyncio.ensure_future(self._closed.wait())], timeout=seconds)


def _event(name: str, data: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode(data))
