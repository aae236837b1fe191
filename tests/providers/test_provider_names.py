"""Names and addresses as users know them: aliases, retired models, their own `models.json`."""

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.said import APIS
from pi.ai.catalog import Catalog
from pi.ai.catalog.choose import choose
from pi.ai.client import Client
from pi.ai.errors import ConfigError
from pi.ai.model import Model
from pi.ai.options import Options
from providers.calling import CONTEXT, Caller, answer_on
from providers.table import KEY
from support.server import Seen, Server


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog()


def test_azure_has_two_names(catalog: Catalog) -> None:
    assert catalog.provider("azure").id == "azure-openai-responses"
    assert catalog.find("azure/gpt-4") == catalog.find("azure-openai-responses/gpt-4")


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("amazon-bedrock", "us.anthropic.claude-sonnet-4-20250514-v1:0"),
        ("cloudflare-workers-ai", "@cf/moonshotai/kimi-k2.6"),
        ("azure-openai-responses", "gpt-4"),
        ("azure-openai-responses", "gpt-4o"),
    ],
)
def test_models_of_the_first_description_are_still_there(
    catalog: Catalog, provider: str, model: str
) -> None:
    choice = choose(catalog, model, provider=provider, configured=lambda _: True)
    assert (choice.model.provider, choice.model.id) == (provider, model)
    assert choice.note == ""


@pytest.mark.parametrize(
    "key",
    [
        "openai-codex/gpt-5.5",
        "github-copilot/gpt-5.4",
        "cerebras/zai-glm-4.7",
        "xai/grok-4.20-0309-reasoning",
        "fireworks/accounts/fireworks/models/kimi-k2p6",
        "zai/glm-5.1",
        "opencode-go/kimi-k2.6",
    ],
)
def test_first_defaults_that_are_gone_name_a_successor(catalog: Catalog, key: str) -> None:
    with pytest.raises(ConfigError, match=r"is retired: use (\S+)$") as caught:
        catalog.find(key)
    successor = caught.value.message.rpartition(" ")[2]
    assert catalog.find(successor).provider == key.partition("/")[0]


def test_every_provider_starts_with_a_model_that_exists(catalog: Catalog) -> None:
    for provider, row in catalog.providers.items():
        assert catalog.model(provider, row.default_model).id == row.default_model


# -- models.json -----------------------------------------------------------------------------------

PATHS = {
    "anthropic-messages": "/base/v1/messages",
    "azure-openai-responses": "/base/responses",
    "bedrock-converse-stream": "/base/model/my%2Fmodel/converse-stream",
    "google-gemini-cli": "/base/v1internal:streamGenerateContent?alt=sse",
    "google-generative-ai": "/base/models/my/model:streamGenerateContent?alt=sse",
    "google-vertex": "/base/publishers/google/models/my/model:streamGenerateContent?alt=sse",
    "mistral-conversations": "/base/v1/chat/completions",
    "openai-codex-responses": "/base/codex/responses",
    "openai-completions": "/base/chat/completions",
    "openai-responses": "/base/responses",
    "pi-messages": "/base/messages",
}
HEADERS = {
    "anthropic-messages": ("x-api-key", KEY),
    "azure-openai-responses": ("api-key", KEY),
    "google-generative-ai": ("x-goog-api-key", KEY),
    "google-vertex": ("x-goog-api-key", KEY),
}
BEARER = ("authorization", f"Bearer {KEY}")


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


async def use(path: Path, providers: Any, model: str, env: dict[str, str], api: str) -> Seen:
    """The request for a model of a user with these providers in `models.json`."""
    caller = Caller(env, models_json=path)
    async with (
        Server(answer_on(api)) as server,
        Client(authorize=caller.resolver.authorize, find=caller.catalog.find) as client,
    ):
        write(path, json.dumps({"providers": providers}).replace("SERVER", server.url))
        found: Model = client.model(model)
        assert not caller.catalog.problems
        message = await client.complete(found, CONTEXT, Options())
        assert message.stop_reason == "toolUse"
        (seen,) = server.requests
        return seen


@pytest.mark.parametrize("api", APIS)
async def test_a_server_of_ones_own_may_speak_any_wire(api: str, tmp_path: Path) -> None:
    mine = {"baseUrl": "SERVER/base", "api": api, "apiKey": KEY, "models": [{"id": "my/model"}]}
    seen = await use(tmp_path / "models.json", {"mine": mine}, "mine/my/model", {}, api)
    assert seen.path == PATHS[api]
    name, value = HEADERS.get(api, BEARER)
    assert seen.headers[name] == value
    others = {"authorization", "x-api-key", "api-key", "x-goog-api-key"} - {name}
    assert not others & seen.headers.keys()


@pytest.mark.parametrize(
    ("key", "api", "env", "path"),
    [
        ("openai/gpt-5.4", "openai-responses", {"OPENAI_API_KEY": KEY}, "/p/responses"),
        (
            "anthropic/claude-sonnet-4-5",
            "anthropic-messages",
            {"ANTHROPIC_API_KEY": KEY},
            "/p/v1/messages",
        ),
        (
            "google-vertex/gemini-4-argon",
            "google-vertex",
            {"GOOGLE_CLOUD_API_KEY": KEY},
            "/p/v1/publishers/google/models/gemini-4-argon:streamGenerateContent?alt=sse",
        ),
        (
            "azure/gpt-4.1",
            "azure-openai-responses",
            {"AZURE_OPENAI_API_KEY": KEY},
            "/p/responses?api-version=v1",
        ),
        (
            "amazon-bedrock/amazon.nova-pro-v1:0",
            "bedrock-converse-stream",
            {"AWS_BEARER_TOKEN_BEDROCK": KEY, "AWS_REGION": "eu-west-1"},
            "/p/model/amazon.nova-pro-v1%3A0/converse-stream",
        ),
    ],
)
async def test_a_provider_may_be_sent_to_another_address(
    key: str, api: str, env: dict[str, str], path: str, tmp_path: Path
) -> None:
    provider = key.partition("/")[0]
    providers = {provider: {"baseUrl": "SERVER/p"}}
    seen = await use(tmp_path / "models.json", providers, key, env, api)
    assert seen.path == path
