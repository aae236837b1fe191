"""A scripted model, public, for tests and demonstrations: no key, no network, real events.

A script is a list of answers used one after the other, or a function from the `Context` to an
answer. An answer is a list of parts made by `text`, `thinking`, `tool`, `fail` and `wait`. All the
rest is the ordinary road: the request is encoded by the protocol `faux`, a transport standing under
its own URL scheme answers with server-sent events, a decoder reads them.

    client, model = scripted([[text("Hello")]])
    await client.complete(model, "hi")
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from itertools import count
from typing import Any

import msgspec
from msgspec import Struct

from pi.ai.auth.base import Access
from pi.ai.client import Client, transports
from pi.ai.messages import Context, UserMessage, text_of
from pi.ai.model import Model, Price
from pi.ai.request import Request
from pi.ai.stream import Transport

__all__ = [
    "Answer",
    "FauxTransport",
    "Part",
    "Script",
    "fail",
    "faux_client",
    "faux_model",
    "scripted",
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


def tool(name: str, arguments: dict[str, Any], *, id: str = "", chunk: int = 24) -> Part:
    """A tool call, its arguments sent `chunk` characters of JSON at a time."""
    return Part("tool", _cut(msgspec.json.encode(arguments).decode(), chunk), id, name)


def fail(kind: str, message: str) -> Part:
    """End the answer with an error of that kind."""
    return Part("fail", (message,), name=kind)


def wait(seconds: float) -> Part:
    """Send nothing for a while."""
    return Part("wait", seconds=seconds)


def faux_client(script: Script, *, pause: float = 0.0) -> Client:
    """A client without credentials that reaches models of this protocol only.

    pause: seconds before each chunk.
    """
    return _FauxClient(FauxTransport(script, pause=pause))


class _FauxClient(Client):
    """A client with one transport."""

    def __init__(self, transport: "FauxTransport") -> None:
        super().__init__(authorize=_no_credential)
        self._script = transport

    def transport(self, url: str) -> Transport:
        return self._script


async def _no_credential(model: Model) -> Access:
    return Access(model, lambda request: request)


def _cut(content: str, size: int) -> tuple[str, ...]:
    return tuple(content[i : i + size] for i in range(0, len(content), size))


def faux_model(
    id: str = "faux",
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


def scripted(script: Script, **fields: Any) -> tuple[Client, Model]:
    """A client and the model that follows `script`; `fields` are those of the `Model`."""
    scheme = f"faux{next(_numbers)}"
    transports.add(scheme, FauxTransport(script))
    return Client(authorize=_open), faux_model(base_url=f"{scheme}:", **fields)


_numbers = count(1)


async def _open(model: Model) -> Access:
    return Access(model, lambda request: request)


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
                answer = [fail("config", f"the script has no answer {turn + 1}{_to(context)}")]
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

    def finish(self) -> None:
        """Nothing more will be read."""

    def close(self) -> None:
        """Stop sending."""
        self._closed.set()

    async def _sleep(self, seconds: float) -> None:
        if seconds:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closed.wait(), seconds)


def _event(name: str, data: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode(data))


def _to(context: Context) -> str:
    asked = [m for m in context.messages if isinstance(m, UserMessage)]
    return f" (to {text_of(asked[-1].content)!r})" if asked else ""
