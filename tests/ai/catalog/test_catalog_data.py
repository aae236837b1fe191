"""The packaged data: every model loads, and the files that are read are those that were written."""

import shutil
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from pi.ai.catalog import Catalog, packaged
from pi.ai.catalog.compile import compile_rows, encode_rows
from pi.ai.catalog.draft import template_of
from pi.ai.catalog.thinking import parse_levels
from pi.ai.catalog.update.row import SourceRow
from pi.ai.errors import ConfigError
from pi.ai.model import LEVELS, Model
from pi.ai.protocols import protocols

PROVIDERS = [row.id for row in packaged.rows().providers]


@cache
def speaks(api: str) -> bool:
    """Whether the protocol is there to be loaded."""
    if api not in protocols:
        return False
    try:
        protocols.get(api)
    except ModuleNotFoundError as error:
        missing = error.name or ""
    else:
        return True
    assert missing.startswith("pi.ai.protocols.")  # not written yet, and nothing else
    return False


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog()


def test_there_are_44_providers_and_all_their_models(catalog: Catalog) -> None:
    assert len(PROVIDERS) == 44
    assert sum(len(catalog.ids(name)) for name in PROVIDERS) == len(packaged.index().rows) > 1500


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_model_loads(catalog: Catalog, provider: str) -> None:
    row = catalog.provider(provider)
    assert row.default_model in catalog.ids(provider)
    for model_id in catalog.ids(provider):
        raw = catalog.merged(provider, model_id)
        assert raw.api in row.base_urls
        template_of(raw.thinking, packaged.rows().wires)
        assert 0 < raw.facts.max_output_tokens <= raw.facts.context_window
        assert "text" in raw.facts.input
        if not speaks(raw.api):
            continue
        model = catalog.model(provider, model_id)
        kind = protocols.get(raw.api).Compat
        assert isinstance(model.compat, kind)
        assert raw.compat.keys() <= {*kind.__struct_fields__}, model_id
        assert model.key == f"{provider}/{model_id}"
        check(model)


def check(model: Model) -> None:
    """What holds for every model."""
    assert model.thinking
    assert list(model.thinking) == [level for level in LEVELS if level in model.thinking]
    assert model.reasoning == (model.thinking_levels != ("off",))
    assert "$effort" not in str(model.thinking)
    assert "$enabled" not in str(model.thinking)
    prices = [model.cost, *model.cost.tiers]
    assert all(min(p.input, p.output, p.cache_read, p.cache_write) >= 0 for p in prices)
    above = [tier.input_tokens_above for tier in model.cost.tiers]
    assert above == sorted(above)
    assert model.cost_basis in {
        "metered",
        "subscription",
        "subscription-unpriced",
        "free",
        "unknown",
    }
    if model.base_url:
        assert urlsplit(model.base_url).scheme == "https"


def test_every_wire_is_spoken() -> None:
    apis = {
        fact.api or row.api
        for row in packaged.rows().providers
        for fact in packaged.facts(row.id).values()
    }
    assert apis <= {*protocols}


def test_providers_json_is_made_from_the_toml_files() -> None:
    """If this fails, run `python scripts/build_catalog.py`."""
    fresh = encode_rows(compile_rows(packaged.DATA))
    assert (packaged.DATA / "providers.json").read_bytes() == fresh


def test_the_index_says_what_the_models_say(catalog: Catalog) -> None:
    rows = {row.key: row for row in packaged.index().rows}
    for provider in PROVIDERS:
        for model_id, fact in packaged.facts(provider).items():
            row = rows.pop(f"{provider}/{model_id}")
            assert row.name == (fact.name or model_id)
            assert row.context_window == fact.context_window
            assert row.max_output_tokens == fact.max_output_tokens
            assert row.thinking == any(level != "off" for level in parse_levels(fact.levels))
            assert row.images == ("image" in fact.input)
            assert (row.input_price, row.output_price) == (fact.cost.input, fact.cost.output)
    assert not rows


def test_every_retired_model_leads_to_a_listed_one(catalog: Catalog) -> None:
    retired = packaged.index().retired
    assert sum(map(len, retired.values())) >= 443
    for provider, entries in retired.items():
        listed = {*catalog.ids(provider)}
        assert not {*entries} & listed
        assert {*entries.values()} <= listed


def test_no_switch_is_named_after_a_vendor() -> None:
    names = {word for row in packaged.rows().providers for word in row.id.split("-")}
    names -= {"ai", "plan", "token", "coding", "go", "cn", "cli", "individual", "responses"}
    names -= {"gateway", "workers"}
    templates = packaged.rows().wires.templates
    used = {
        word
        for row in packaged.rows().providers
        for rule in row.rules
        for switch in rule.compat
        for word in switch.split("_")
    }
    used |= {word for template in templates for word in template.replace("_", "-").split("-")}
    assert not used & names


def test_provider_data_names_no_protocol_code() -> None:
    """A login flow is named by the provider that it belongs to."""
    for row in packaged.rows().providers:
        assert bool(row.auth.login) == ("oauth" in row.auth.kinds)
        assert row.auth.login in ("", row.id)
        assert "aws" in row.auth.kinds or row.auth.env or "oauth" in row.auth.kinds


RESTRICTED = ("anthropic", "google-gemini-cli", "google-antigravity", "openai-codex")


@pytest.mark.parametrize("provider", RESTRICTED)
def test_logins_that_terms_restrict_carry_a_notice(catalog: Catalog, provider: str) -> None:
    notice = catalog.provider(provider).notice
    assert len(notice) > 40
    assert "\n" not in notice


# -- the TOML compiler -----------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("wires.toml", "thinking.toml"):
        shutil.copy(packaged.DATA / name, tmp_path)
    (tmp_path / "providers").mkdir()
    return tmp_path


GOOD = """
id = "one"
name = "One"
api = "openai-completions"
[base_urls]
openai-completions = "https://one.invalid/v1"
"""


def test_one_toml_is_a_provider(folder: Path) -> None:
    (folder / "providers/one.toml").write_text(GOOD)
    rows = compile_rows(folder)
    assert [row.id for row in rows.providers] == ["one"]
    assert msgspec.json.decode(encode_rows(rows))["providers"][0]["name"] == "One"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD + "[auth]\nenvv = []", r"one\.toml: .*unknown field `envv`.*\$\.auth"),
        (GOOD + "[[rules]]\nheader = {}", r"one\.toml: .*unknown field `header`.*rules\[0\]"),
        (GOOD + '[[rules]]\nthinking = "loud"', r"one\.toml: rules\[0\]\.thinking: 'loud'"),
        (GOOD + '[[rules]]\napi = "faux"', r"one\.toml: rules\[0\]\.api: 'faux'"),
        (GOOD.replace('"One"', "1"), r"one\.toml: Expected `str`, got `int` - at `\$\.name`"),
        (GOOD.replace('"one"', '"two"'), r"one\.toml: id: 'two' is not the name of the file"),
        (GOOD.replace("api =", "#"), r"one\.toml: api: '' is not in wires\.toml"),
        ("id =", r"one\.toml: "),
    ],
)
def test_a_mistake_names_file_and_key(folder: Path, text: str, message: str) -> None:
    (folder / "providers/one.toml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        compile_rows(folder)


def test_a_template_that_leads_nowhere_is_an_error(folder: Path) -> None:
    path = folder / "thinking.toml"
    path.write_text(path.read_text() + '\n[templates.x]\nwithout_effort = "y"\n')
    with pytest.raises(ConfigError, match=r"thinking\.toml: templates\.x\.without_effort"):
        compile_rows(folder)


def test_a_row_survives_the_compiled_form() -> None:
    for row in compile_rows(packaged.DATA).providers:
        assert msgspec.json.decode(msgspec.json.encode(row), type=SourceRow) == row
        plain = packaged.rows().providers
        (start,) = [each for each in plain if each.id == row.id]
        assert all(getattr(start, name) == getattr(row, name) for name in start.__struct_fields__)
