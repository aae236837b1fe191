"""What a stored login makes of a request: our flows, the catalog's rows, the resolver."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from pi.ai.auth.base import Access, OAuth
from pi.ai.auth.flows import BUILT_IN
from pi.ai.auth.resolve import Resolver
from pi.ai.auth.store import MemoryStore
from pi.ai.catalog import Catalog
from pi.ai.request import Request

FAR = 2**53 - 1
EXTRAS: dict[str, dict[str, Any]] = {
    "openai-codex": {"accountId": "acc"},
    "google-gemini-cli": {"projectId": "p"},
    "google-antigravity": {"projectId": "p"},
}
TOKENS = {
    "anthropic": "sk-ant-oat01-test-token",
    "github-copilot": "tid=x;proxy-ep=proxy.business.githubcopilot.com;st=1",
}


async def access(provider: str, models_json: Path | None = None) -> Access:
    catalog = Catalog(models_json)
    token = TOKENS.get(provider, "test-access-token")
    login = OAuth("test-refresh-token", token, FAR, EXTRAS.get(provider, {}))
    resolver = Resolver(catalog, MemoryStore({provider: login}), env={})
    row = catalog.provider(provider)
    return await resolver.authorize(catalog.model(provider, row.default_model))


def headers(found: Access) -> dict[str, str]:
    """The headers as they are sent: those of the model, then the signer's."""
    request = Request(found.model.base_url, {}).with_headers(dict(found.model.headers))
    return {name.lower(): value for name, value in found.signer(request).headers.items()}


@pytest.mark.parametrize("provider", sorted(BUILT_IN))
async def test_every_login_is_a_bearer_token_and_masked(provider: str) -> None:
    found = await access(provider)
    token = TOKENS.get(provider, "test-access-token")
    assert headers(found)["authorization"] == f"Bearer {token}"
    assert "x-api-key" not in headers(found)
    assert {token, "test-refresh-token"} <= set(found.secrets)


def test_every_row_with_a_login_has_a_flow() -> None:
    rows = Catalog().providers.values()
    named = {row.auth.login for row in rows if row.auth.login}
    assert named == set(BUILT_IN)
    assert all("oauth" in row.auth.kinds for row in rows if row.auth.login)


def test_who_restricts_other_programs_says_so() -> None:
    rows = Catalog().providers
    for provider in ("anthropic", "google-gemini-cli", "google-antigravity", "github-copilot"):
        assert rows[provider].notice


async def test_anthropic() -> None:
    found = await access("anthropic")
    assert found.system_prefix == ("You are Claude Code, Anthropic's official CLI for Claude.",)
    assert headers(found)["x-app"] == "cli"
    assert found.model.compat.betas[:2] == ("claude-code-20250219", "oauth-2025-04-20")


async def test_openai_codex() -> None:
    sent = headers(await access("openai-codex"))
    assert sent["chatgpt-account-id"] == "acc"
    assert sent["originator"] == "pi"


async def test_github_copilot() -> None:
    found = await access("github-copilot")
    assert found.model.base_url == "https://api.business.githubcopilot.com"
    assert headers(found)["copilot-integration-id"] == "vscode-chat"
    assert found.model.context_headers["X-Initiator"] == "initiator"


@pytest.mark.parametrize("provider", ["google-gemini-cli", "google-antigravity"])
async def test_google(provider: str) -> None:
    found = await access(provider)
    assert found.model.extra_body["project"] == "p"


@pytest.mark.parametrize("provider", ["openai-codex", "google-antigravity", "github-copilot"])
async def test_the_user_has_the_last_word_about_headers(provider: str, tmp_path: Path) -> None:
    own = {
        "openai-codex": {"originator": "me", "chatgpt-account-id": "mine"},
        "google-antigravity": {"User-Agent": "me"},
        "github-copilot": {"Editor-Version": "me"},
    }[provider]
    path = tmp_path / "models.json"
    path.write_bytes(msgspec.json.encode({"providers": {provider: {"headers": own}}}))
    sent = headers(await access(provider, path))
    assert {name.lower(): value for name, value in own.items()}.items() <= sent.items()


async def test_the_user_has_the_last_word_about_the_address(tmp_path: Path) -> None:
    path = tmp_path / "models.json"
    own = {"providers": {"github-copilot": {"baseUrl": "http://127.0.0.1:4141"}}}
    path.write_bytes(msgspec.json.encode(own))
    assert (await access("github-copilot", path)).model.base_url == "http://127.0.0.1:4141"
