"""From a name to a model."""

from pathlib import Path

import msgspec
import pytest

from pi.ai.catalog import Catalog
from pi.ai.catalog.choose import Choice, choose, initial, scope
from pi.ai.errors import ConfigError


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog()


def pick(catalog: Catalog, pattern: str, *configured: str, provider: str | None = None) -> Choice:
    return choose(catalog, pattern, provider=provider, configured=lambda name: name in configured)


@pytest.mark.parametrize(
    ("pattern", "configured", "key", "level"),
    [
        # exact
        ("anthropic/claude-opus-5", "", "anthropic/claude-opus-5", None),
        ("ANTHROPIC/Claude-Opus-5", "", "anthropic/claude-opus-5", None),
        ("azure/gpt-5.4", "", "azure-openai-responses/gpt-5.4", None),
        ("@cf/moonshotai/kimi-k2.6", "", "cloudflare-workers-ai/@cf/moonshotai/kimi-k2.6", None),
        ("gpt-5.4", "openai", "openai/gpt-5.4", None),
        ("gpt-5.4", "azure-openai-responses", "azure-openai-responses/gpt-5.4", None),
        # a level at the end, and colons that are none
        ("anthropic/claude-opus-5:high", "", "anthropic/claude-opus-5", "high"),
        (
            "us.anthropic.claude-sonnet-4-20250514-v1:0",
            "",
            "amazon-bedrock/us.anthropic.claude-sonnet-4-20250514-v1:0",
            None,
        ),
        (
            "us.anthropic.claude-sonnet-4-20250514-v1:0:max",
            "",
            "amazon-bedrock/us.anthropic.claude-sonnet-4-20250514-v1:0",
            "max",
        ),
        ("openrouter/openai/gpt-5.4:batch", "", "openrouter/openai/gpt-5.4:batch", None),
        ("gpt-5.4:batch:low", "openrouter", "openrouter/openai/gpt-5.4:batch", "low"),
        # parts of names: whoever has a key gets that provider
        ("sonnet", "anthropic", "anthropic/claude-sonnet-5-5", None),
        ("sonnet:high", "anthropic", "anthropic/claude-sonnet-5-5", "high"),
        ("sonnet", "openrouter", "openrouter/anthropic/claude-sonnet-5.5", None),
        ("sonnet", "github-copilot", "github-copilot/claude-sonnet-5.5", None),
        ("sonnet", "amazon-bedrock", "amazon-bedrock/anthropic.claude-sonnet-5-5", None),
        ("sonnet", "", "anthropic/claude-sonnet-5-5", None),
        ("Claude Opus", "anthropic", "anthropic/claude-opus-5-5", None),
        ("haiku-4-5", "anthropic", "anthropic/claude-haiku-4-5", None),
        ("gpt", "openai", "openai/gpt-6.1-sol", None),
        ("mini", "openai", "openai/gpt-5.4-mini", None),
        ("gemini", "google", "google/gemini-4-argon", None),
        ("grok", "xai", "xai/grok-4.7", None),
        ("glm", "zai", "zai/glm-5.3", None),
        # the last part of a gateway's id counts as a whole name
        ("qwen3-coder:high", "openrouter", "openrouter/qwen/qwen3-coder", "high"),
        # a gateway's id that begins with the name of another provider
        ("openai/gpt-5.4", "openai openrouter", "openai/gpt-5.4", None),
        ("openai/gpt-5.4", "openrouter", "openrouter/openai/gpt-5.4", None),
        ("openai/gpt-5.4:low", "openrouter", "openrouter/openai/gpt-5.4", "low"),
        ("openai/gpt-5.4", "openrouter vercel-ai-gateway", "openai/gpt-5.4", None),
        ("openai/gpt-5.4", "", "openai/gpt-5.4", None),
        ("openai/gpt-oss-120b", "groq", "groq/openai/gpt-oss-120b", None),
        ("moonshotai/kimi-latest", "openrouter", "openrouter/~moonshotai/kimi-latest", None),
    ],
)
def test_a_name_means_a_model(
    catalog: Catalog, pattern: str, configured: str, key: str, level: str | None
) -> None:
    choice = pick(catalog, pattern, *configured.split())
    assert (choice.model.key, choice.thinking) == (key, level)
    assert choice.note == ""


def test_a_provider_that_is_named_twice(catalog: Catalog) -> None:
    for pattern in ("gpt-5.4", "openai/gpt-5.4", "OpenAI/GPT-5.4"):
        assert pick(catalog, pattern, provider="OpenAI").model.key == "openai/gpt-5.4"
    inside = pick(catalog, "azure/gpt-5.4:low", provider="azure")
    assert inside.model.key == "azure-openai-responses/gpt-5.4"
    assert inside.thinking == "low"
    gateway = pick(catalog, "openai/gpt-5.4", provider="openrouter")
    assert gateway.model.key == "openrouter/openai/gpt-5.4"


def test_two_providers_fit_a_part_of_a_name(catalog: Catalog) -> None:
    choice = pick(catalog, "sonnet", "anthropic", "openrouter")
    assert choice.model.key == "anthropic/claude-sonnet-5-5"
    assert choice.note == (
        "'sonnet' also fits models of openrouter: using anthropic/claude-sonnet-5-5"
    )


def test_two_providers_have_the_whole_name(catalog: Catalog) -> None:
    with pytest.raises(
        ConfigError,
        match=r"more than one of them is set up: write one of openai/gpt-5\.4, azure-openai-resp",
    ):
        pick(catalog, "gpt-5.4", "openai", "azure-openai-responses")
    with pytest.raises(ConfigError, match=r"none of them is set up: write one of openai/gpt-4"):
        pick(catalog, "gpt-4")


@pytest.mark.parametrize("pattern", ["anthropic/zzz:high", "Anthropic/zzz:high"])
def test_a_name_that_nobody_lists_goes_through(catalog: Catalog, pattern: str) -> None:
    choice = pick(catalog, pattern)
    assert choice.model.key == "anthropic/zzz"
    assert choice.thinking == "high"
    assert choice.note == "anthropic does not list 'zzz': it is tried as it is"


def test_a_retired_name_that_is_part_of_a_listed_one(catalog: Catalog) -> None:
    choice = pick(catalog, "grok-4:low", "xai")
    assert (choice.model.key, choice.thinking) == ("xai/grok-4.7", "low")
    assert choice.note == "'grok-4:low' is retired: using xai/grok-4.7"


def test_a_retired_name(catalog: Catalog) -> None:
    with pytest.raises(ConfigError, match=r"'claude-opus-4-1' is retired: use anthropic/claude-op"):
        pick(catalog, "claude-opus-4-1", "anthropic")
    choice = pick(catalog, "anthropic/claude-opus-4-1", "anthropic")
    assert choice.model.key == "anthropic/claude-opus-4-1"
    assert choice.note.startswith(
        "anthropic no longer lists 'claude-opus-4-1' (now: claude-opus-5-5)"
    )


@pytest.mark.parametrize(
    ("pattern", "provider", "message"),
    [
        ("clude-sonet", None, r"unknown model 'clude-sonet'; nearest: claude-sonnet"),
        ("gpt-4o:bogus", None, r"unknown model 'gpt-4o:bogus'; nearest: gpt-4o"),
        ("", None, r"unknown model ''"),
        ("anthropic/", None, r"the model is missing after anthropic/"),
        ("x", "nobody", r"unknown provider 'nobody'"),
        ("", "groq", r"the model is missing after groq/"),
    ],
)
def test_errors_say_what_to_do(
    catalog: Catalog, pattern: str, provider: str | None, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        pick(catalog, pattern, "anthropic", "openai", provider=provider)


def test_provider_ids_with_slashes(tmp_path: Path) -> None:
    path = tmp_path / "models.json"
    own = {
        "baseUrl": "http://localhost:1/v1",
        "api": "openai-completions",
        "models": [{"id": "qwen/qwen3-coder:exacto"}, {"id": "big/7b"}],
    }
    path.write_bytes(msgspec.json.encode({"providers": {"my/lab": own, "my": own}}))
    catalog = Catalog(path)
    assert pick(catalog, "my/lab/big/7b").model.key == "my/lab/big/7b"
    assert pick(catalog, "my/big/7b").model.provider == "my"
    choice = pick(catalog, "qwen3-coder:exacto:high", "my")
    assert choice.model.key == "my/qwen/qwen3-coder:exacto"
    assert choice.thinking == "high"


# -- the first model -------------------------------------------------------------------------------


def first(catalog: Catalog, *configured: str, default: str = "") -> Choice | None:
    provider, _, model = default.partition("/")
    return initial(
        catalog,
        configured=lambda name: name in configured,
        settings_provider=provider or None,
        settings_model=model or None,
    )


@pytest.mark.parametrize(
    ("configured", "default", "key"),
    [
        ("groq openai", "", "openai/gpt-6.1-sol"),
        ("amazon-bedrock groq", "", "groq/openai/gpt-oss-120b"),
        ("groq openai", "groq/llama-3.1-8b-instant", "groq/llama-3.1-8b-instant"),
    ],
)
def test_the_first_model(catalog: Catalog, configured: str, default: str, key: str) -> None:
    choice = first(catalog, *configured.split(), default=default)
    assert choice is not None
    assert choice.model.key == key
    assert choice.note == ""


@pytest.mark.parametrize(
    ("default", "note"),
    [
        ("anthropic/claude-opus-5", "anthropic/claude-opus-5, the default model, is not used: "),
        ("openai/gpt-5-codex", "the default model is not used: openai/gpt-5-codex is retired"),
        ("nobody/x", "nobody/x, the default model, is not used: nobody is not set up"),
    ],
)
def test_a_default_that_cannot_be_used(catalog: Catalog, default: str, note: str) -> None:
    choice = first(catalog, "openai", default=default)
    assert choice is not None
    assert choice.model.key == "openai/gpt-6.1-sol"
    assert choice.note.startswith(note)


def test_no_credentials_no_model(catalog: Catalog) -> None:
    assert first(catalog) is None


def unspoken(tmp_path: Path) -> Catalog:
    """A catalog with a provider whose wire nobody speaks."""
    own = {"baseUrl": "http://localhost:1", "api": "telepathy", "models": [{"id": "m"}]}
    path = tmp_path / "models.json"
    path.write_bytes(msgspec.json.encode({"providers": {"lab": own}}))
    return Catalog(path)


def test_a_wire_that_nobody_speaks_is_no_choice(tmp_path: Path) -> None:
    assert first(unspoken(tmp_path), "lab") is None


# -- scopes ----------------------------------------------------------------------------------------


def keys(catalog: Catalog, patterns: list[str], *configured: str) -> list[str]:
    found = scope(catalog, patterns, lambda name: name in configured)
    return [choice.model.key for choice in found.choices]


def test_a_star_stands_for_slashes_too(catalog: Catalog) -> None:
    assert len(keys(catalog, ["cloudflare-workers-ai/*"], "cloudflare-workers-ai")) == 19
    assert len(keys(catalog, ["OPENROUTER/*"], "openrouter")) == 403
    assert len(keys(catalog, ["*"], "groq", "xai")) == 11
    assert len(keys(catalog, ["gpt-6*"], "openai", "openai-codex", "openrouter")) == 10


def test_a_scope_keeps_the_users_order_and_the_first_level(catalog: Catalog) -> None:
    patterns = ["opus:high", "anthropic/claude-*-5-5:low", "", "anthropic/claude-haiku-5-5"]
    found = scope(catalog, patterns, lambda name: name == "anthropic")
    assert [(choice.model.id, choice.thinking) for choice in found.choices] == [
        ("claude-opus-5-5", "high"),
        ("claude-haiku-5-5", "low"),
        ("claude-sonnet-5-5", "low"),
    ]
    assert found.warnings == ()


def test_only_providers_with_credentials_are_in_a_scope(catalog: Catalog) -> None:
    found = scope(catalog, ["anthropic/*", "zzz", ""], lambda name: name == "openai")
    assert found.choices == ()
    assert found.warnings == (
        "no usable model matches 'anthropic/*'",
        "no usable model matches 'zzz'",
    )


def test_a_wrong_level_in_a_scope_is_ignored_with_a_warning(catalog: Catalog) -> None:
    found = scope(catalog, ["gpt-4o:bogus"], lambda name: name == "openai")
    (choice,) = found.choices
    assert (choice.model.id, choice.thinking) == ("gpt-4o", None)
    assert found.warnings == ("'bogus' in 'gpt-4o:bogus' is no thinking level: ignored",)


def test_a_name_of_several_providers_puts_all_of_them_in_a_scope(catalog: Catalog) -> None:
    usable = ("openai", "azure-openai-responses")
    found = scope(catalog, ["gpt-5.4:low"], lambda name: name in usable)
    assert [choice.model.provider for choice in found.choices] == list(usable)
    assert {choice.thinking for choice in found.choices} == {"low"}
    assert found.warnings == (
        "'gpt-5.4:low' is a model of several providers: "
        "openai/gpt-5.4, azure-openai-responses/gpt-5.4",
    )


def test_models_that_cannot_be_used_are_left_out_with_one_warning(tmp_path: Path) -> None:
    found = scope(unspoken(tmp_path), ["lab/*"], lambda name: name == "lab")
    assert found.choices == ()
    (warning,) = found.warnings
    assert "speaks 'telepathy'" in warning


def test_brackets_in_an_id_are_no_glob(tmp_path: Path) -> None:
    path = tmp_path / "models.json"
    own = {
        "baseUrl": "http://localhost:1/v1",
        "api": "openai-completions",
        "models": [{"id": "model[1m]"}, {"id": "model1"}],
    }
    path.write_bytes(msgspec.json.encode({"providers": {"lab": own}}))
    assert keys(Catalog(path), ["model[1m]"], "lab") == ["lab/model[1m]"]
