"""Connections are used again between the calls of one client, on every wire."""

import asyncio

import pytest

from conformance.said import APIS, Said, model_for, wire
from pi.ai.auth.base import Access
from pi.ai.client import Client
from pi.ai.model import Model
from support.server import Reply, Server


async def _authorize(model: Model) -> Access:
    return Access(model, lambda request: request)


@pytest.mark.parametrize("api", APIS)
async def test_the_next_call_uses_the_same_connection(api: str) -> None:
    module = wire(api)
    headers = {"content-type": module.CONTENT_TYPE}
    # the end of the body comes in a packet of its own, after the last word
    script = Reply([*module.write(Said(text="hello")), 0.02], headers=headers)
    async with Server(script) as server, Client(authorize=_authorize) as client:
        model = model_for(api, server.url)
        for _ in range(3):
            assert (await client.complete(model, "hi")).text == "hello"
            await asyncio.sleep(0.05)
        assert len(server.requests) == 3
        assert server.connections == 1
