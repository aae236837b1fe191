"""Recognising a server by its URL."""

import pytest

from pi.ai.catalog import packaged
from pi.ai.catalog.infer import infer, inferred_rules


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


def test_every_provider_recognises_its_own_urls() -> None:
    """Where two plans share a host, either will do: they share their rules too."""
    for row in packaged.rows().providers:
        for url in filter(None, row.base_urls.values()):
            found = infer(url.replace("{location}", "us-east5"), packaged.rows())
            assert found is not None, url
            assert found.id == row.id or found.base_urls == row.base_urls
