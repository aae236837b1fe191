"""Contexts of megabytes: the request is written beside the event loop, and is the same request."""

import asyncio
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.said import APIS, Said, model_for, wire
from pi.ai.auth.base import Access
from pi.ai.client import Client
from pi.ai.messages import (
    AssistantMessage,
    Context,
    ImageContent,
    Message,
    TextContent,
    ToolCall,
    ToolResultMessage,
    Usage,
    UserMessage,
)
from pi.ai.options import Options, is_large
from pi.ai.protocols import protocols
from pi.ai.request import Request, encode_json
from support.server import Reply, Server

LARGE = UserMessage("large " * 400_000)
MANY = tuple(UserMessage(f"{n}") for n in range(600))
CALL = AssistantMessage(
    (ToolCall("c", "write", {"lines": ["x" * 1_500_000, "y" * 1_500_000]}),),
    "faux",
    "faux",
    "faux",
    Usage(),
    "toolUse",
    1,
)


@pytest.mark.parametrize(
    ("messages", "large"),
    [
        ((), False),
        ((UserMessage("hi"),), False),
        (MANY[:400], False),
        (MANY, True),
        ((UserMessage("hi"), LARGE), True),
        ((UserMessage((TextContent("look"), ImageContent("aGk=" * 600_000, "image/png"))),), True),
        ((CALL,), True),
        ((ToolResultMessage("c", "read", (TextContent("x" * 3_000_000),)),), True),
    ],
)
def test_what_is_large(messages: tuple[Message, ...], large: bool) -> None:
    assert is_large(messages) == large


json_data = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(json_data)
def test_pieces_are_the_same_bytes(body: Any) -> None:
    if body is not None:
        request = Request("http://127.0.0.1:1", {}, body)
        assert request.encoded(in_pieces=True).content == encode_json(body)


def test_half_a_surrogate_pair_is_dropped_in_pieces_too() -> None:
    body = {"messages": [{"text": "a\ud800b"}, {"text": "whole"}], "k\udfff": 1}
    request = Request("http://127.0.0.1:1", {}, body)
    assert request.encoded(in_pieces=True).content == encode_json(body)


class Signer:
    """Notes in which thread requests are signed, and holds them there until it is let go."""

    def __init__(self, *, held: bool = False) -> None:
        self.threads: list[int] = []
        self.go = threading.Event()
        self.signing = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        if not held:
            self.go.set()

    def __call__(self, request: Request) -> Request:
        self.threads.append(threading.get_ident())
        self._loop.call_soon_threadsafe(self.signing.set)
        assert self.go.wait(30)
        return request

    def client(self) -> Client:
        async def authorize(model: Any) -> Access:
            return Access(model, self)

        return Client(authorize=authorize)


@pytest.mark.parametrize("api", APIS)
async def test_every_wire_sends_the_same_from_a_thread(api: str) -> None:
    def reply(seen: Any) -> Reply:
        module = wire(api)
        return Reply(module.write(Said("fine")), headers={"content-type": module.CONTENT_TYPE})

    async with Server(reply) as server:
        model, context = model_for(api, server.url), Context((LARGE, *MANY[:3]), ("Be good.",))
        signer = Signer()
        async with signer.client() as client:
            answer = await client.complete(model, context)
    assert answer.text == "fine"
    (thread,) = signer.threads
    assert thread != threading.get_ident()
    settled = Options().settle(model, context)
    assert server.requests[0].body == encode_json(
        protocols.get(api).encode(model, context, settled).body
    )


async def test_a_small_request_stays_where_it_is() -> None:
    api = "openai-completions"
    async with Server(lambda seen: Reply(wire(api).write(Said("fine")))) as server:
        signer = Signer()
        async with signer.client() as client:
            await client.complete(model_for(api, server.url), "hi")
    assert signer.threads == [threading.get_ident()]


@pytest.mark.parametrize("how", ["abort", "cancel"])
async def test_it_can_be_aborted_while_it_is_written(how: str) -> None:
    async with Server([]) as server:
        signer = Signer(held=True)
        async with signer.client() as client:
            model = model_for("openai-completions", server.url)
            async with client.stream(model, Context((LARGE,))) as stream:
                reading = asyncio.ensure_future(stream.message())
                await signer.signing.wait()
                if how == "abort":
                    stream.abort()
                    message = await reading
                else:
                    reading.cancel()
                    with pytest.raises(asyncio.CancelledError):
                        await reading
                    message = stream.partial
                assert message.stop_reason == "aborted"
                signer.go.set()
    assert not server.requests


async def test_a_hook_still_sees_the_request_on_the_loop() -> None:
    seen: list[int] = []

    def on_request(request: Request) -> Request:
        seen.append(threading.get_ident())
        return Request(request.url, request.headers, {"replaced": True})

    api = "openai-completions"
    fine = Reply(wire(api).write(Said("fine")))
    async with Server(lambda seen: fine) as server, Signer().client() as client:
        model = model_for(api, server.url)
        await client.complete(model, Context((LARGE,)), Options(on_request=on_request))
    assert seen == [threading.get_ident()]
    assert server.requests[0].json == {"replaced": True}
