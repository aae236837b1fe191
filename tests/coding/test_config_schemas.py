"""The schemas that ship: made from the types, valid, and right about what the documents show."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pi.ai.catalog import Catalog, jsonc
from pi.coding.settings import NEEDS_TRUST, USER_ONLY, Settings
from pi.coding.settings_file import load
from support.source import SRC
from support.wrong_values import KINDS, example, places, replaced

ROOT = SRC.parent
NAMES = ["models", "settings", "auth", "keybindings", "theme"]


def schema(name: str) -> Any:
    return json.loads((SRC / f"pi/coding/schemas/{name}.schema.json").read_text())


def test_the_files_are_what_the_types_say() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/build_config_schemas.py", "--check"], cwd=ROOT, check=False
    )
    assert done.returncode == 0, "run python scripts/build_config_schemas.py"


@pytest.mark.parametrize("name", NAMES)
def test_they_are_schemas(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))


def blocks(name: str) -> list[Any]:
    """The JSON examples of a document."""
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    return [jsonc.decode(block) for block in re.findall(r"```jsonc?\n(.*?)```", text, re.S)]


def test_the_examples_of_the_documents_are_valid(tmp_path: Path) -> None:
    models = [block for block in blocks("models.md") if "providers" in block]
    assert len(models) >= 3
    for block in models:
        Draft202012Validator(schema("models")).validate(block)
        path = tmp_path / "models.json"
        path.write_text(json.dumps(block))
        found = Catalog(path)
        assert (found.problems, found.notes) == ([], [])
        for name in block["providers"]:
            assert found.models(name)
    settings = [*blocks("settings.md"), *blocks("packages.md")]
    assert len(settings) >= 2
    for block in settings:
        Draft202012Validator(schema("settings")).validate(block)
        (tmp_path / "settings.json").write_text(json.dumps(block))
        assert load(tmp_path, tmp_path / "none").notes == ()


@pytest.mark.parametrize("name", ["dark", "light", "system"])
def test_our_themes_are_valid(name: str) -> None:
    text = (SRC / f"pi/coding/modes/interactive/themes/{name}.json").read_text()
    Draft202012Validator(schema("theme")).validate(json.loads(text))
    assert set(json.loads(text)["colors"]) <= set(
        schema("theme")["properties"]["colors"]["properties"]
    )


@pytest.mark.parametrize("name", ["models", "settings"])
def test_every_key_of_a_file_is_explained(name: str) -> None:
    """In the documents, from where the schema has it."""
    text = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    keys = {
        key
        for definition in schema(name)["$defs"].values()
        for key in definition.get("properties", {})
    }
    silent = {
        # of features that we do not have; read so that nobody is told of an unknown key
        "supportsMaxOutputTokens",
        "imageInput",
        "sendImageOptInHeader",
        "supportsMidConvoToolAdditions",
        "supportsOpenAIGrammarTools",
        "supportsAdditionalTools",
        "supportsToolSearch",
        "supportsMessageThreads",
        "$schema",
        "providers",
    }
    assert {key for key in keys - silent if not re.search(rf"\b{re.escape(key)}\b", text)} == set()


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("auth", {"a": {"type": "api_key", "key": "$K", "env": {"X": "y"}}}, {"a": {"key": "x"}}),
        (
            "auth",
            {"a@b": {"type": "oauth", "access": "x", "refresh": "y", "expires": 1, "id": "z"}},
            {"a": {"type": "oauth", "access": "x"}},
        ),
        ("keybindings", {"app.exit": "ctrl+q", "app.clear": []}, {"app.exit": 7}),
        ("settings", {"$schema": "x", "theme": "dark", "mine": 1}, {"theme": 7}),
        ("settings", {"thinkingBudgets": {"low": 1}}, {"thinkingBudgets": {"huge": 1}}),
        ("theme", {"colors": {"accent": 7, "border": "blue"}}, {"colors": {"accent": 999}}),
        ("models", {"$schema": "x", "providers": {}}, {"providers": []}),
        (
            "models",
            {"providers": {"x": {"api": "of-an-extension", "oauth": "mine"}}},
            {"providers": {"x": {"compat": {"thinkingFormat": "loud"}}}},
        ),
    ],
)
def test_what_is_right_and_what_is_wrong(name: str, good: Any, bad: Any) -> None:
    validator = Draft202012Validator(schema(name))
    assert validator.is_valid(good)
    assert not validator.is_valid(bad)


# -- wrong values at every place of settings.json --------------------------------------------------


def test_a_wrong_setting_anywhere_is_one_line_and_costs_only_itself(tmp_path: Path) -> None:
    shape = schema("settings")
    good = example(shape, shape) | {"theme": "sound", "hideThinkingBlock": True}
    validator = Draft202012Validator(shape)
    assert validator.is_valid(good)
    for name in good["extensions"]:
        (tmp_path / name).touch()
    loaded = load(write(tmp_path, good), tmp_path / "none", env={"HOME": "/h"})
    assert loaded.notes == ()
    refused = 0
    for number, path in enumerate(places(good)):
        for kind in KINDS[number % 2 :: 2]:
            if not path or path[0] in ("$schema", "theme", "hideThinkingBlock"):
                continue
            if path == ("skills",) and isinstance(kind, dict):
                continue  # how older versions wrote it
            where = f"{path} = {kind!r}"
            whole = replaced(good, path, kind)
            loaded = load(write(tmp_path, whole), tmp_path / "none", env={"HOME": "/h"})
            assert (loaded.settings.theme, loaded.settings.hide_thinking_block) == ("sound", True)
            for note in loaded.notes:
                assert "\n" not in note, where
                assert "`" not in note, (where, note)
            if kind is not None and not validator.is_valid(whole):
                refused += 1
                assert len(loaded.notes) == 1, (where, loaded.notes)
                line = rf"{re.escape(str(tmp_path))}/settings\.json line \d+: {path[0]}"
                assert re.match(line, loaded.notes[0]), (where, loaded.notes)
    assert refused > 200


def test_every_setting_survives_a_project_s_nonsense(tmp_path: Path) -> None:
    """A project's file is a stranger's: no value of it stops a start, trusted or not."""
    (tmp_path / "project" / ".pi").mkdir(parents=True)
    for key in (*NEEDS_TRUST, *USER_ONLY, *Settings.__struct_encode_fields__):
        for kind in KINDS:
            write(tmp_path / "project" / ".pi", {key: kind})
            for trusted in (False, True):
                load(tmp_path, tmp_path / "project", trusted=trusted, env={"HOME": "/h"})


def write(folder: Path, data: Any) -> Path:
    (folder / "settings.json").write_text(json.dumps(data, indent=1))
    return folder
