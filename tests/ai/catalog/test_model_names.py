"""What is read out of the names of models."""

import pytest

from pi.ai.catalog.names import base, family, is_dated, is_variant, version


@pytest.mark.parametrize(
    ("name", "words", "number", "dated", "variant"),
    [
        ("claude-sonnet-5-5", "claude sonnet", 5.5, False, False),
        ("claude-opus-4-20250514", "claude opus", 4.0, True, False),
        ("us.anthropic.claude-opus-4-6-v1", "claude opus", 4.6, False, False),
        ("anthropic.claude-3-5-haiku-20241022-v1:0", "claude haiku", 3.5, True, False),
        ("gpt-4o-2024-05-13", "gpt", 4.0, True, False),
        ("gpt-4-0314", "gpt", 4.0, True, False),
        ("openai/gpt-5.4-mini:batch", "gpt mini batch", 5.4, False, True),
        ("accounts/fireworks/models/qwen3p8-2p4t-a95b", "qwen", 3.8, False, False),
        ("@cf/openai/gpt-oss-20b", "gpt oss", 0.0, False, False),
        ("mistral-large-2512", "mistral large", 0.0, True, False),
        ("grok-4.20", "grok", 4.2, False, False),
        ("k3-256k", "", 3.0, False, False),
        ("llama-3.3-70b-instruct", "llama instruct", 3.3, False, False),
        ("", "", 0.0, False, False),
    ],
)
def test_names(name: str, words: str, number: float, dated: bool, variant: bool) -> None:
    assert family(name) == frozenset(words.split())
    assert version(name) == number
    assert is_dated(name) == dated
    assert is_variant(name) == variant


def test_the_vendor_is_no_part_of_a_name() -> None:
    assert base("accounts/fireworks/models/Kimi-K3") == "kimi-k3"
    assert base("us.meta.llama3-3-70b") == "llama3-3-70b"
    assert base("gpt-5.4") == "gpt-5.4"
