"""`scripts/update_catalog`: a release's data from local copies and over loopback."""

import json
import shutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import msgspec
import pytest
from upstream_lists import entry, models_dev, part

from pi.ai.catalog import packaged
from pi.ai.catalog.compile import compile_rows, encode_rows
from pi.ai.catalog.schema import ModelFile, ModelIndex
from pi.ai.model import Price
from support.server import BlockingServer, Reply, Seen, json_reply
from support.source import SRC

GROQ = packaged.facts("groq")["qwen/qwen3.8-27b"]
PROVIDERS = ("groq", "azure-openai-responses", "vercel-ai-gateway")
NEW = entry(
    GROQ,
    id="lab/new-1",
    name="New 1",
    cost={"input": 1, "output": 2},
    limit={"context": 300_000, "output": 30_000},
)


class Done(NamedTuple):
    """What the script said, and its exit code."""

    code: int
    out: str


class Release(NamedTuple):
    """A copy of the data, a folder of lists, and the script."""

    data: Path
    source: Path
    run: Callable[..., Done]

    def say(self, **parts: dict[str, Any]) -> None:
        """What models.dev says in the copy."""
        (self.source / "models.dev.json").write_text(json.dumps(models_dev(**parts)))

    def models(self, provider: str) -> ModelFile:
        """The models as they are written."""
        path = self.data / "models" / f"{provider}.json"
        return msgspec.json.decode(path.read_bytes(), type=ModelFile)

    def index(self) -> ModelIndex:
        """The index as it is written."""
        return msgspec.json.decode((self.data / "index.json").read_bytes(), type=ModelIndex)

    def rule(self, provider: str, text: str) -> None:
        """Add to the TOML of a provider."""
        path = self.data / "providers" / f"{provider}.toml"
        path.write_text(f"{path.read_text()}\n{text}\n")

    def content(self) -> dict[str, bytes]:
        """All files that a script may write."""
        paths = [*self.data.glob("*.json"), *self.data.glob("models/*.json")]
        return {str(path.relative_to(self.data)): path.read_bytes() for path in paths}


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module."""
    monkeypatch.syspath_prepend(str(SRC.parent / "scripts"))
    return import_module("update_catalog")


@pytest.fixture
def release(tmp_path: Path, script: ModuleType, capsys: pytest.CaptureFixture[str]) -> Release:
    """A copy of the data of a few providers, and an empty folder for lists."""
    data, source = tmp_path / "data", tmp_path / "lists"
    for folder in (data / "providers", data / "models", source):
        folder.mkdir(parents=True)
    for name in ("wires.toml", "thinking.toml", "index.json"):
        shutil.copy(packaged.DATA / name, data)
    for name in PROVIDERS:
        shutil.copy(packaged.DATA / f"providers/{name}.toml", data / "providers")
        shutil.copy(packaged.DATA / f"models/{name}.json", data / "models")
    old = script.load(data)
    script.write(script.data_files(old.files, old.retired, old.rows), data)
    script.write({"providers.json": encode_rows(old.rows)}, data)

    def run(*args: str, only: str = "groq", copies: bool = True) -> Done:
        words = ["--data", str(data), "--date", "2030-01-01", *args]
        words += ["--only", only] if only else []
        words += ["--source", str(source)] if copies else []
        try:
            code = script.main(words)
        except SystemExit as error:
            return Done(1, f"{capsys.readouterr().out}{error.code}")
        return Done(code, capsys.readouterr().out)

    return Release(data, source, run)


def test_what_is_as_known_stays(release: Release) -> None:
    release.say(groq=part("groq"))
    before = release.content()
    done = release.run()
    assert done.code == 0
    after = release.content()
    assert [name for name in after if after[name] != before[name]] == ["models/groq.json"]
    file = release.models("groq")
    assert (file.date, file.source) == ("2030-01-01", "models.dev")
    assert file.models == packaged.file("groq").models


def test_new_changed_and_gone(release: Release) -> None:
    listed = part("groq", NEW, entry(GROQ, cost={"input": 1.0, "output": 3.5}))
    del listed["models"]["openai/gpt-oss-20b"]
    release.say(groq=listed)
    done = release.run()
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0] == "groq: 7 models before, 7 after"
    assert any(line.startswith("  + lab/new-1: like ") for line in lines)
    assert "  - openai/gpt-oss-20b" in lines
    assert any(line.startswith("  ~ qwen/qwen3.8-27b: price 0.8/4 cache ") for line in lines)
    file = release.models("groq")
    new = next(model for model in file.models if model.id == "lab/new-1")
    assert (new.cost, new.context_window, new.unverified) == (Price(1.0, 2.0), 300_000, False)
    index = release.index()
    assert index.retired["groq"]["openai/gpt-oss-20b"] == "openai/gpt-oss-120b"
    assert "groq/lab/new-1" in {row.key for row in index.rows}
    assert "groq/openai/gpt-oss-20b" not in {row.key for row in index.rows}
    assert (release.data / "providers.json").read_bytes() == encode_rows(compile_rows(release.data))


def test_a_dry_run_writes_nothing(release: Release) -> None:
    release.say(groq=part("groq", NEW))
    before = release.content()
    done = release.run("--dry-run")
    assert "  + lab/new-1" in done.out
    assert release.content() == before


def refused(release: Release, *words: str) -> None:
    """The script ends with 1 and these words, and has written nothing."""
    before = release.content()
    done = release.run()
    assert done.code == 1
    assert "Refused, nothing is written:" in done.out
    for word in words:
        assert word in done.out
    assert release.content() == before


def test_a_provider_that_loses_a_fifth(release: Release) -> None:
    listed = part("groq")
    for name in ("openai/gpt-oss-20b", "openai/gpt-oss-safeguard-20b"):
        del listed["models"][name]
    release.say(groq=listed)
    refused(release, "groq: 2 of 7 known models are missing in it (openai/gpt-oss-20b, ")
    release.rule("groq", '[[upstream.gone]]\nmatch = "*-20b"\nreason = "Switched off in May."')
    assert release.run().code == 0
    assert len(release.models("groq").models) == 5


def test_a_price_that_leaps(release: Release) -> None:
    release.say(groq=part("groq", entry(GROQ, cost={"input": 9, "output": 45})))
    refused(release, "groq/qwen/qwen3.8-27b: price $0.8 in, $4 out -> $9 in, $45 out")
    release.rule("groq", '[[upstream.price]]\nmatch = "qwen/*"\nreason = "Announced in May."')
    assert release.run().code == 0
    models = {model.id: model for model in release.models("groq").models}
    assert models["qwen/qwen3.8-27b"].cost == Price(
        9.0, 45.0, models["qwen/qwen3.8-27b"].cost.cache_read
    )


def test_a_price_that_cannot_be(release: Release) -> None:
    cost = {"input": 1, "output": 2, "cache_read": 1.5}
    release.say(groq=part("groq", NEW | {"cost": cost}))
    refused(release, "groq/lab/new-1: reading the cache costs more than not having it")


def test_tiers_that_cannot_be(release: Release) -> None:
    tier = {"input": 0.5, "output": 2, "tier": {"type": "context", "size": 100_000}}
    release.say(groq=part("groq", NEW | {"cost": {"input": 1, "output": 2, "tiers": [tier]}}))
    refused(release, "groq/lab/new-1: a price tier is cheaper than the base")


def test_the_default_model_must_stay(release: Release) -> None:
    listed = part("groq")
    del listed["models"]["openai/gpt-oss-120b"]
    release.say(groq=listed)
    before = release.content()
    done = release.run()
    assert done.code == 1
    assert "groq: " in done.out
    assert "openai/gpt-oss-120b' is not listed" in done.out or "which is unknown" in done.out
    assert release.content() == before


def test_models_by_hand_stay(release: Release) -> None:
    listed = part("azure-openai-responses")
    gone = next(name for name in listed["models"] if name.startswith("deepseek-"))
    del listed["models"][gone]
    release.say(azure_openai_responses=listed)
    assert release.run(only="azure-openai-responses").code == 0
    assert gone in {model.id for model in release.models("azure-openai-responses").models}


def test_retired_models_are_not_revived(release: Release) -> None:
    old = next(iter(release.index().retired["groq"]))
    release.say(groq=part("groq", NEW | {"id": old}))
    done = release.run()
    assert f"  = listed, but retired here: {old}" in done.out
    assert old not in {model.id for model in release.models("groq").models}


def test_a_correction_that_is_no_longer_needed(release: Release) -> None:
    rule = '[[corrections]]\nmatch = "{}"\nset = {{ contextWindow = {} }}\nreason = "Wrong there."'
    release.rule("groq", rule.format(GROQ.id, 50_000))
    release.rule("groq", rule.format("openai/gpt-oss-120b", 131_072))
    release.say(groq=part("groq"))
    done = release.run()
    assert "  ? the correction of 'openai/gpt-oss-120b' changes nothing any more" in done.out
    assert f"  ? the correction of '{GROQ.id}'" not in done.out
    models = {model.id: model for model in release.models("groq").models}
    assert models[GROQ.id].context_window == 50_000


def test_a_key_that_was_renamed(release: Release) -> None:
    (release.source / "models.dev.json").write_text('{"groqq": {"models": {}}}')
    done = release.run()
    assert (done.code, done.out) == (1, "groq: models.dev has no provider groq")


@pytest.mark.parametrize("content", ["", "<html>", '{"groq": {}}', '{"groq": {"models": []}}'])
def test_a_copy_that_is_broken(release: Release, content: str) -> None:
    (release.source / "models.dev.json").write_text(content)
    before = release.content()
    done = release.run()
    assert done.code == 1
    assert done.out.startswith("scripts/update_catalog: ")
    assert release.content() == before


def test_a_copy_that_is_not_there(release: Release) -> None:
    done = release.run()
    assert done.out == f"scripts/update_catalog: there is no {release.source / 'models.dev.json'}"


# -- lists that say everything ---------------------------------------------------------------------


def gateway(*more: dict[str, Any]) -> dict[str, Any]:
    """The list of a gateway in its own format: what is packaged, and more."""

    def text(price: float) -> str:
        return f"{price / 1e6:.12f}"

    items = [
        {
            "id": facts.id,
            "name": facts.name or facts.id,
            "context_window": facts.context_window,
            "max_tokens": facts.max_output_tokens,
            "type": "language",
            "tags": ["tool-use", *(["vision"] if "image" in facts.input else [])],
            "pricing": {"input": text(facts.cost.input), "output": text(facts.cost.output)},
        }
        for facts in packaged.facts("vercel-ai-gateway").values()
    ]
    return {"object": "list", "data": [*items, *more]}


BANDED = {
    "id": "anthropic/claude-new-9",
    "name": "Claude New 9",
    "context_window": 1_000_000,
    "max_tokens": 64_000,
    "type": "language",
    "tags": ["tool-use", "reasoning", "vision"],
    "pricing": {
        "input": "0.000003",
        "output": "0.000015",
        "input_tiers": [
            {"cost": "0.000003", "min": 0, "max": 200_001},
            {"cost": "0.000006", "min": 200_001},
        ],
        "output_tiers": [
            {"cost": "0.000015", "min": 0, "max": 200_001},
            {"cost": "0.0000225", "min": 200_001},
        ],
    },
}


def test_a_gateways_own_list(release: Release) -> None:
    path = release.source / "vercel-ai-gateway.json"
    path.write_text(json.dumps(gateway(BANDED)))
    done = release.run(only="vercel-ai-gateway")
    assert done.code == 0, done.out
    assert [line for line in done.out.splitlines() if line.startswith("  ~")] == []
    file = release.models("vercel-ai-gateway")
    assert file.source == "https://ai-gateway.vercel.sh/v1/models"
    (new,) = [model for model in file.models if model.id == BANDED["id"]]
    assert [tier.input_tokens_above for tier in new.cost.tiers] == [200_000]
    assert (new.cost.tiers[0].input, new.cost.tiers[0].output) == (6.0, 22.5)


# -- over the wire ---------------------------------------------------------------------------------


def test_over_loopback(release: Release, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def answer(seen: Seen) -> Reply:
        if seen.path == "/api.json":
            return json_reply(models_dev(groq=part("groq", NEW)), gzip=True)
        return json_reply(gateway(BANDED))

    with BlockingServer(answer) as server:
        monkeypatch.setenv("PI_MODELS_DEV_URL", f"{server.url}/api.json")
        toml = release.data / "providers/vercel-ai-gateway.toml"
        toml.write_text(toml.read_text().replace("https://ai-gateway.vercel.sh/v1", server.url))
        saved = tmp_path / "saved"
        words = ["--save", str(saved), "--only", "vercel-ai-gateway"]
        done = release.run(*words, copies=False)
    assert done.code == 0, done.out
    assert "  + lab/new-1" in done.out
    assert "  + anthropic/claude-new-9" in done.out
    assert {path.name for path in saved.iterdir()} == {"models.dev.json", "vercel-ai-gateway.json"}
    assert json.loads((saved / "vercel-ai-gateway.json").read_bytes()) == gateway(BANDED)


def test_a_list_that_cannot_be_had(release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    before = release.content()
    with BlockingServer(json_reply({}, 503)) as server:
        monkeypatch.setenv("PI_MODELS_DEV_URL", f"{server.url}/api.json")
        done = release.run(copies=False)
    assert done.code == 1
    assert done.out.startswith("scripts/update_catalog: 127.0.0.1:")
    assert done.out.endswith("answered 503: try later")
    assert release.content() == before
