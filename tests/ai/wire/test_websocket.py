"""WebSocket as a transport, against the server of the library's authors."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from conformance.said import Call, Said, model_for
from conformance.wire_openai_responses import events, write
from pi.ai.auth.base import Access, header_signer
from pi.ai.client import Client
from pi.ai.model import Model
from pi.ai.options import Options
from support.server import Reply, Server, Tunnel

API = "openai-codex-responses"
SAID = Said("Hello 🌍", "hm", [Call("c1", "read", {"path": "x"})], "toolUse")


async def _authorize(model: Model) -> Access:
    return Access(model, header_signer(model, "test-key"))


class Spoken:
    """What the server has seen."""

    def __init__(self) -> None:
        self.url = ""
        self.headers: list[dict[str, str]] = []
        self.bodies: list[dict[str, Any]] = []
        self.closed = asyncio.Event()


@asynccontextmanager
async def speaking(*answers: list[Any]) -> AsyncIterator[Spoken]:
    """A server that answers each message with the next list of events."""
    spoken, left = Spoken(), list(answers)

    async def handle(connection: ServerConnection) -> None:
        assert connection.request is not None
        spoken.headers.append({k.lower(): v for k, v in connection.request.headers.raw_items()})
        try:
            async for message in connection:
                spoken.bodies.append(json.loads(message))
                for event in left.pop(0):
                    if event is None:
                        await connection.close(1011, "out of order")
                        return
                    await connection.send(json.dumps(event))
        except ConnectionClosed:
            spoken.closed.set()

    async with serve(handle, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        spoken.url = f"http://127.0.0.1:{port}"
        yield spoken


async def test_an_answer_over_a_websocket_and_the_next_on_the_same() -> None:
    options = Options(transport="websocket", session_id="s1", max_retries=0)
    async with speaking(events(SAID), events(Said("again"))) as spoken:
        async with Client(authorize=_authorize) as client:
            model = model_for(API, spoken.url)
            first = await client.complete(model, "hi", options)
            second = await client.complete(model, "more", options)
        assert (first.text, second.text) == (SAID.text, "again")
        assert first.tool_calls[0].arguments == {"path": "x"}
        assert len(spoken.headers) == 1, "the connection is kept"
        assert spoken.bodies[0]["type"] == "response.create"
        assert spoken.bodies[0]["model"] == "test-model"
        assert spoken.headers[0]["authorization"] == "Bearer test-key"
        assert spoken.headers[0]["openai-beta"] == "responses_websockets=2026-02-06"
        assert "content-type" not in spoken.headers[0]


async def test_through_the_proxy_of_the_environment() -> None:
    options = Options(transport="websocket", max_retries=0)
    async with speaking(events(SAID)) as spoken:
        port = int(spoken.url.rpartition(":")[2])
        async with Server(lambda seen: Tunnel(port)) as proxy:
            env = {"HTTP_PROXY": f"http://me:pass@127.0.0.1:{proxy.port}"}
            async with Client(authorize=_authorize, wires={"ws": {"env": env}}) as client:
                answer = await client.complete(model_for(API, "http://api.test"), "hi", options)
    assert answer.text == SAID.text
    (connect,) = proxy.requests
    assert (connect.method, connect.path) == ("CONNECT", "api.test:80")
    assert connect.headers["proxy-authorization"] == "Basic bWU6cGFzcw=="


async def test_auto_falls_back_when_nobody_speaks_it() -> None:
    async with Server(Reply(write(Said("plain")))) as server:
        async with Client(authorize=_authorize) as client:
            model = model_for(API, server.url)
            options = Options(transport="auto", max_retries=0)
            texts = [(await client.complete(model, "hi", options)).text for _ in range(2)]
        upgrades = [seen for seen in server.requests if "upgrade" in seen.headers]
        assert texts == ["plain", "plain"]
        assert len(upgrades) == 1, "what failed is not tried again at once"
        assert server.requests[-1].headers["openai-beta"] == "responses=experimental"
        assert "type" not in server.requests[-1].json


async def test_after_content_there_is_no_second_try() -> None:
    half = events(Said("half an answer"))[:4]
    async with speaking([*half, None]) as spoken, Client(authorize=_authorize) as client:
        model = model_for(API, spoken.url)
        async with client.stream(model, "hi", Options(transport="auto")) as stream:
            message = await stream.message()
    assert (message.stop_reason, message.error_kind) == ("error", "transport")
    assert message.text
    assert "1011" in (message.error_message or "")
    assert len(spoken.bodies) == 1


async def test_abort_closes_the_connection() -> None:
    async with speaking(events(Said("first words and more"))[:4]) as spoken:
        async with (
            Client(authorize=_authorize) as client,
            client.stream(
                model_for(API, spoken.url), "hi", Options(transport="websocket")
            ) as stream,
        ):
            async for _ in stream:
                if stream.partial.text:
                    stream.abort()
        await asyncio.wait_for(spoken.closed.wait(), 1)
    assert stream.partial.stop_reason == "aborted"


async def test_silence_is_a_timeout() -> None:
    options = Options(transport="websocket", idle_timeout=0.1, max_retries=0)
    async with (
        speaking(events(SAID)[:1]) as spoken,
        Client(authorize=_authorize) as client,
        client.stream(model_for(API, spoken.url), "hi", options) as stream,
    ):
        message = await stream.message()
    assert (message.error_kind, message.stop_reason) == ("transport", "error")
    assert "0.1 s" in (message.error_message or "")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://no-such-host.invalid"])
async def test_no_way_to_the_service(url: str) -> None:
    options = Options(transport="websocket", max_retries=0)
    async with (
        Client(authorize=_authorize) as client,
        client.stream(model_for(API, url), "hi", options) as stream,
    ):
        message = await stream.message()
    assert message.error_kind == "transport"
    assert "no WebSocket" in (message.error_message or "")
