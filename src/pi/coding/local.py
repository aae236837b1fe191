"""Model servers on this machine, found by their usual ports when nothing else is set up.

Asked only when there is no credential for anything, each with one short request to loopback; what
answers becomes the provider `local`. Its models are known by name only.
"""

import asyncio
from typing import Any

import msgspec
from msgspec import Struct

from pi.ai.catalog import Catalog
from pi.ai.catalog.schema import AuthRow, ProviderRow
from pi.ai.errors import PiError
from pi.ai.model import Model
from pi.ai.request import Request

__all__ = ["LOCAL", "PORTS", "add_local", "find_local_models"]

PORTS = {11434: "Ollama", 1234: "LM Studio", 8080: "llama.cpp", 8000: "vLLM"}
"""Where the servers listen unless told otherwise."""

LOCAL = ProviderRow(
    id="local", name="A server on this machine", auth=AuthRow(kinds=("none",)), default_model=""
)
_PATIENCE = 0.4


class _Listed(Struct):
    id: str


class _List(Struct):
    data: list[_Listed]


async def find_local_models(ports: dict[int, str] = PORTS) -> list[Model]:
    """The models of all servers that answer, in the order of the ports."""
    from pi.ai.wire.http import Transport  # the wire is loaded when it is used

    transport = Transport()
    try:
        found = await asyncio.gather(*(_ask(transport, *server) for server in ports.items()))
    finally:
        await transport.aclose()
    return [model for models in found for model in models]


async def add_local(catalog: Catalog) -> None:
    """Offer what answers as the provider `local`; nothing happens if that is there already."""
    if "local" not in catalog.providers:
        models = await find_local_models()
        if models:
            catalog.add_provider(LOCAL, models, owner="pi")


async def _ask(transport: Any, port: int, server: str) -> list[Model]:
    base_url = f"http://127.0.0.1:{port}/v1"
    request = Request(f"{base_url}/models", {"Accept": "application/json"}, method="GET")
    try:
        async with asyncio.timeout(_PATIENCE):
            response = await transport.send(request, timeout=_PATIENCE)
            body = await response.read()
        if response.status != 200:
            return []
        listed = msgspec.json.decode(body, type=_List)
    except (PiError, TimeoutError, msgspec.MsgspecError):
        return []
    return [_model(item.id, base_url, server) for item in listed.data]


def _model(model_id: str, base_url: str, server: str) -> Model:
    from pi.ai.protocols import protocols

    compat: dict[str, Any] = {
        "supports_store": False,
        "supports_developer_role": False,
        "max_tokens_field": "max_tokens",
        "supports_long_cache_retention": False,
    }
    return Model(
        id=model_id,
        name=f"{model_id} ({server})",
        provider="local",
        api="openai-completions",
        base_url=base_url,
        cost_basis="free",
        unverified=True,
        compat=msgspec.convert(compat, protocols.get("openai-completions").Compat),
    )
