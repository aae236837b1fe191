"""Calls a model as a user's program does, and sees what goes over the wire.

The request is sent to a server on this machine instead of the provider's host; its URL as it would
have been is kept. Everything else is the real thing: catalog, credentials, client, sockets.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from conformance.said import Call, Said, wire
from pi.ai.auth.base import Credential
from pi.ai.auth.resolve import Resolver
from pi.ai.auth.store import MemoryStore
from pi.ai.catalog import Catalog
from pi.ai.client import Client
from pi.ai.messages import (
    AssistantMessage,
    Context,
    Message,
    TextContent,
    ToolCall,
    ToolDefinition,
    ToolResultMessage,
    Usage,
    UserMessage,
)
from pi.ai.model import Model
from pi.ai.options import Options
from pi.ai.request import Request
from support.server import Reply, Seen, Server

__all__ = ["ANSWER", "CONTEXT", "TOOL", "Caller", "answer_on"]

TOOL = ToolDefinition(
    "read",
    "Read a file.",
    {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
)
CALL = ToolCall("call_1", "read", {"path": "x"})
HISTORY: tuple[Message, ...] = (
    UserMessage("look", 1),
    AssistantMessage(
        (TextContent("I read."), CALL), "faux", "elsewhere", "other", Usage(), "toolUse", 2
    ),
    ToolResultMessage("call_1", "read", (TextContent("fine"),), timestamp=3),
    UserMessage("and now?", 4),
)
CONTEXT = Context(HISTORY, ("Be brief.",), (TOOL,))
ANSWER = Said(
    text="Here it is.",
    thinking="Let me see.",
    calls=[Call("call_a1B2c3", "read", {"path": "ß.txt"})],
    stop="toolUse",
    usage=Usage(100, 40, 30, 20, 190),
)


def answer_on(api: str, said: Said = ANSWER) -> Reply:
    """`said` as the wire `api` says it."""
    module = wire(api)
    return Reply(module.write(said), headers={"content-type": module.CONTENT_TYPE})


class Caller:
    """One user: an environment, stored credentials, perhaps a `models.json`."""

    def __init__(
        self,
        env: Mapping[str, str] = {},
        stored: Mapping[str, Credential] = {},
        models_json: Path | None = None,
    ) -> None:
        self.catalog = Catalog(models_json)
        self.resolver = Resolver(self.catalog, MemoryStore(stored), env=dict(env))
        self.urls: list[str] = []
        self.requests: list[Seen] = []

    async def call(
        self,
        provider: str,
        model: str,
        *options: Options,
        reply: Reply | None = None,
        context: Context = CONTEXT,
    ) -> list[AssistantMessage]:
        """The answers to one request for each of `options`, one after the other."""
        target = self.catalog.model(provider, model)
        return await self.call_model(target, *options, reply=reply, context=context)

    async def call_model(
        self,
        target: Model,
        *options: Options,
        reply: Reply | None = None,
        context: Context = CONTEXT,
    ) -> list[AssistantMessage]:
        """The same for a model that is already chosen."""
        script = reply or answer_on(target.api)
        answers: list[AssistantMessage] = []
        async with Server(script) as server, Client(authorize=self.resolver.authorize) as client:

            def here(request: Request) -> Request:
                self.urls.append(request.url)
                parts = urlsplit(request.url)
                path = parts.path + (f"?{parts.query}" if parts.query else "")
                return msgspec.structs.replace(request, url=server.url + path)

            for asked in options:
                asked = msgspec.structs.replace(asked, on_request=here, max_retries=0)
                async with client.stream(target, context, asked) as stream:
                    answers.append(await stream.message())
        self.requests += server.requests
        await self.resolver.aclose()
        return answers

    def seen(self, at: int = -1) -> tuple[str, Seen, Any]:
        """URL, request and body of a call."""
        request = self.requests[at]
        return self.urls[at], request, request.json
