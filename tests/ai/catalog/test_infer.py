"""Recognising a server by its URL."""

import json
from pathlib import Path

import pytest

from pi.ai.catalog import Catalog, packaged
from pi.ai.catalog.draft import draft
from pi.ai.catalog.infer import infer, inferred_rules
from pi.ai.catalog.schema import ModelFacts

DRAWN = (
    "compat",
    "headers",
    "session_headers",
    "context_headers",
    "auth_header",
    "extra_body",
    "thinking",
)


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("https://api.deepseek.com/beta", "deepseek"),
        ("https://API.DeepSeek.com", "deepseek"),
        ("https://api.z.ai/api/paas/v4", "zai"),
        ("https://user@api.openai.com:443/v1?x=1", "openai"),
        ("https://my-name.openai.azure.com/openai/v1", "azure-openai-responses"),
        ("https://europe-west4-aiplatform.googleapis.com/v1", "google-vertex"),
        ("https://bedrock-runtime.us-west-2.amazonaws.com", "amazon-bedrock"),
        ("https://opencode.ai/inference/go/openai/v1", "opencode-go"),
        ("https://opencode.ai/inference/openai/v1", "opencode"),
        ("https://opencode.ai/inference/gopher", "opencode"),
        ("https://api.business.githubcopilot.com", "github-copilot"),
    ],
)
def test_a_known_host(url: str, provider: str) -> None:
    row = infer(url, packaged.rows())
    assert row is not None
    assert row.id == provider


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8080/v1",
        "https://api.openai.com.evil.invalid/v1",
        "https://notdeepseek.com/v1",
        "https://proxy.invalid/api.openai.com",
        "",
        "no url at all",
    ],
)
def test_any_other_host(url: str) -> None:
    assert infer(url, packaged.rows()) is None
    assert inferred_rules(url, packaged.rows()) == ()


def test_rules_come_without_the_providers_url() -> None:
    rules = inferred_rules("https://bedrock-runtime.eu-west-1.amazonaws.com", packaged.rows())
    assert rules
    assert all(rule.base_url is None for rule in rules)


def test_a_host_without_a_provider() -> None:
    (rule,) = inferred_rules("https://llm.chutes.ai/v1", packaged.rows())
    assert rule.api == "openai-completions"
    assert rule.compat["max_tokens_field"] == "max_tokens"


HOSTS = [(row.id, host) for row in packaged.rows().providers for host in row.hosts]


@pytest.mark.parametrize(("provider", "host"), HOSTS)
def test_a_bare_url_gets_what_its_host_needs(tmp_path: Path, provider: str, host: str) -> None:
    """The entry names a URL and ids; switches, headers and thinking are the provider's own."""
    rows = packaged.rows()
    url = f"https://{host.replace('*', 'x')}"
    row = infer(url, rows)
    assert row is not None
    known = {item.id: item for item in rows.providers}[provider]
    assert row.id == provider or row.base_urls == known.base_urls
    ids = [row.default_model or "some-model", "acme/new-model"]
    for api in row.base_urls:
        entry = {"baseUrl": url, "api": api, "apiKey": "k", "models": [{"id": id} for id in ids]}
        path = tmp_path / "models.json"
        path.write_text(json.dumps({"providers": {"mine": entry}}))
        catalog = Catalog(path)
        for id in ids:
            ours = catalog.merged("mine", id)
            theirs = draft(row, ModelFacts(id=id, api=api), rows.wires)
            assert ours.base_url == url
            for field in DRAWN:
                assert getattr(ours, field) == getattr(theirs, field), (id, field)


def test_a_model_with_a_url_of_its_own_goes_by_that(tmp_path: Path) -> None:
    models = [{"id": "plain"}, {"id": "glm[x]", "baseUrl": "https://api.z.ai/api/paas/v4"}]
    entry = {"baseUrl": "https://gateway.invalid/v1", "api": "openai-completions", "models": models}
    path = tmp_path / "models.json"
    path.write_text(json.dumps({"providers": {"mine": entry}}))
    catalog = Catalog(path)
    assert catalog.merged("mine", "plain").compat == {}
    assert catalog.merged("mine", "glm[x]").compat["supports_store"] is False


def test_every_provider_recognises_its_own_urls() -> None:
    """Where two plans share a host, either will do: they share their rules too."""
    for row in packaged.rows().providers:
        for url in filter(None, row.base_urls.values()):
            found = infer(url.replace("{location}", "us-east5"), packaged.rows())
            assert found is not None, url
            assert found.id == row.id or found.base_urls == row.base_urls
