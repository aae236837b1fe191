"""The catalog as an object: finding, adding, and what it costs."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from pi.ai.catalog import Catalog
from pi.ai.catalog.schema import AuthRow, ModelFacts, ModelRule, ProviderRow
from pi.ai.errors import ConfigError
from pi.ai.faux import faux_model
from pi.ai.model import Price


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog()


def test_a_model_is_made_once(catalog: Catalog) -> None:
    assert catalog.model("openai", "gpt-5.4") is catalog.model("openai", "gpt-5.4")


def test_providers_stand_in_order_of_rank(catalog: Catalog) -> None:
    assert list(catalog.providers)[:2] == ["anthropic", "openai"]


@pytest.mark.parametrize("name", ["azure", "AZURE", "Azure-OpenAI-Responses"])
def test_providers_are_found_by_alias_and_in_any_case(catalog: Catalog, name: str) -> None:
    assert catalog.provider(name).id == "azure-openai-responses"


def test_an_unknown_provider_names_the_nearest(catalog: Catalog) -> None:
    with pytest.raises(ConfigError, match=r"unknown provider 'antropic'; nearest: anthropic"):
        catalog.provider("antropic")
    assert catalog.find_provider("antropic") is None


def test_an_unknown_model_names_the_nearest(catalog: Catalog) -> None:
    with pytest.raises(ConfigError, match=r"'claude-sonet-5' of anthropic; nearest: claude-sonn"):
        catalog.model("anthropic", "claude-sonet-5")


def test_a_retired_model_says_what_to_use(catalog: Catalog) -> None:
    message = "anthropic/claude-opus-4-1 is retired: use anthropic/claude-opus-5-5"
    with pytest.raises(ConfigError, match=message):
        catalog.model("anthropic", "claude-opus-4-1")
    assert catalog.retired("anthropic", "claude-opus-5-5") is None


def test_a_key_is_provider_and_id(catalog: Catalog) -> None:
    assert catalog.find("openrouter/openai/gpt-5.4").id == "openai/gpt-5.4"
    assert catalog.find("cloudflare-workers-ai/@cf/moonshotai/kimi-k2.6").provider == (
        "cloudflare-workers-ai"
    )
    with pytest.raises(ConfigError, match="write provider/model"):
        catalog.find("gpt-5.4")


def test_a_custom_id_takes_after_its_nearest_relative(catalog: Catalog) -> None:
    model = catalog.custom("anthropic", "claude-opus-6")
    assert (model.id, model.name, model.unverified) == ("claude-opus-6", "claude-opus-6", True)
    assert model.cost == Price()
    assert model.cost_basis == "unknown"
    assert model.context_window == 1_000_000
    assert model.thinking["high"]["thinking"]["type"] == "adaptive"
    arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"
    profile = catalog.custom("amazon-bedrock", arn)
    assert profile.id == arn
    assert profile.thinking["high"] == {}


# -- extensions ------------------------------------------------------------------------------------

ROW = ProviderRow(
    id="corp/eu",
    name="Corp",
    api="openai-completions",
    base_urls={"openai-completions": "https://llm.corp.invalid/v1"},
    aliases=("corp",),
    default_model="small",
    auth=AuthRow(env=("CORP_KEY",)),
    rules=(ModelRule(headers={"X-Corp": "1"}, compat={"supports_store": False}),),
)


def test_an_extension_adds_a_provider() -> None:
    catalog = Catalog()
    before = len(catalog.index())
    catalog.add_provider(ROW, [ModelFacts(id="small", levels="off high")], owner="ext")
    model = catalog.find("corp/eu/small")
    assert (model.provider, model.headers) == ("corp/eu", {"X-Corp": "1"})
    assert not model.compat.supports_store
    assert catalog.provider("corp").id == "corp/eu"
    assert len(catalog.index()) == before + 1
    with pytest.raises(ConfigError, match="of other is not added: ext has one of that name"):
        catalog.add_provider(ROW, [], owner="other")
    catalog.remove_provider("corp/eu")
    assert len(catalog.index()) == before
    assert catalog.find_provider("corp") is None


def test_an_extension_replaces_a_packaged_provider_until_it_goes() -> None:
    catalog = Catalog()
    row = msgspec.structs.replace(
        catalog.provider("openai"), base_urls={"openai-responses": "https://proxy.invalid/v1"}
    )
    catalog.add_provider(row, owner="ext")
    assert len(catalog.ids("openai")) == 44
    assert catalog.model("openai", "gpt-5.4").base_url == "https://proxy.invalid/v1"
    catalog.add_provider(row, [ModelFacts(id="only")], owner="ext")
    assert catalog.ids("openai") == ["only"]
    catalog.remove_provider("openai")
    assert catalog.model("openai", "gpt-5.4").base_url == "https://api.openai.com/v1"


def test_models_json_holds_for_ready_made_models_too(tmp_path: Path) -> None:
    path = tmp_path / "models.json"
    overrides = {"demo": {"modelOverrides": {"demo": {"name": "Renamed", "contextWindow": 5}}}}
    path.write_bytes(msgspec.json.encode({"providers": overrides}))
    catalog = Catalog(path)
    ready = faux_model("demo", provider="demo", base_url="demo:", context_window=7)
    catalog.add_provider(ProviderRow(id="demo", name="Demo"), [ready], owner="ext")
    model = catalog.model("demo", "demo")
    assert (model.name, model.context_window) == ("Renamed", 5)
    assert model == msgspec.structs.replace(
        ready, name="Renamed", context_window=5, compat=model.compat
    )


# -- cost ------------------------------------------------------------------------------------------


def test_looking_up_a_model_again_makes_nothing(catalog: Catalog) -> None:
    first = catalog.model("openrouter", "openai/gpt-5.4")
    assert catalog.model("openrouter", "openai/gpt-5.4") is first


def test_lists_load_no_wire_and_nothing_heavy() -> None:
    code = """
import sys
from pi.ai.catalog import Catalog
from pi.ai.catalog.table import table
catalog = Catalog()
assert len(table(catalog.index())) > 100_000
assert catalog.provider("azure").name
heavy = {"tomllib", "dataclasses", "json", "difflib", "logging", "asyncio"}
print(sorted(heavy & {*sys.modules}), sorted(n for n in sys.modules if "protocols" in n))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] []", done.stdout
