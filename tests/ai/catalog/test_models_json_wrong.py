"""Wrong values at every place of `models.json`, as its schema knows the places."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pi.ai.catalog import Catalog, packaged
from pi.ai.catalog.user_models import read
from pi.ai.errors import ConfigError
from support.source import SRC
from support.wrong_values import KINDS, example, places, replaced

SCHEMA = json.loads((SRC / "pi/coding/schemas/models.schema.json").read_text())
SOUND = {
    "baseUrl": "http://127.0.0.1:9/v1",
    "api": "openai-completions",
    "models": [{"id": "sound"}],
}


def full() -> dict[str, Any]:
    """An entry with every key that there is."""
    entry = example({"$ref": "#/$defs/UserProviderEntry"}, SCHEMA)
    entry["models"][0] |= {"type": "chat", "api": "openai-completions"}
    entry["baseUrl"] = entry["models"][0]["baseUrl"] = "http://127.0.0.1:9/v1"
    entry["api"] = "openai-completions"
    return {"providers": {"full": entry, "sound": SOUND}}


def catalog(path: Path, data: Any) -> Catalog:
    text = json.dumps(data, indent=1) if not isinstance(data, str) else data
    path.write_text(text)
    return Catalog(path)


def test_an_entry_with_every_key_is_sound(tmp_path: Path) -> None:
    Draft202012Validator(SCHEMA).validate(full())
    found = catalog(tmp_path / "models.json", full())
    assert found.problems == []
    assert found.notes == []
    assert found.ids("full") == ["text"]
    assert found.model("full", "text").input_limits == {
        "max_request_bytes": 1,
        "images": {
            "resize": {"max_width": 1, "max_height": 1, "max_bytes": 1, "jpeg_quality": 1},
            "max_per_message": 1,
            "max_per_request": 1,
        },
    }


def test_a_wrong_value_anywhere_disables_the_entry_around_it(tmp_path: Path) -> None:
    """Whatever the schema refuses is told in a line, and nothing else is lost."""
    good, file = full(), tmp_path / "models.json"
    validator = Draft202012Validator(SCHEMA)
    refused = 0
    for number, path in enumerate(places(good)):
        if path[:2] == ("providers", "sound") or _again(path):
            continue
        for kind in KINDS[number % 2 :: 2]:
            where = f"{path} = {kind!r}"
            whole = replaced(good, path, kind)
            file.write_text(json.dumps(whole, indent=1))
            found = read(file, packaged.rows().wires, lambda name: None)
            for line in (*found.problems, *found.notes):
                assert line.startswith("models.json line "), (where, line)
                assert "\n" not in line, where
                assert "`" not in line, (where, line)
            if len(path) < 3:
                continue
            assert "sound" in found.entries, where
            if not validator.is_valid(whole):
                refused += 1
                assert found.problems, where
                assert all("providers.full" in line for line in found.problems), where
                assert int(found.problems[0].split()[2].rstrip(":")) > 2, where
                if path[2] == "modelOverrides" and len(path) > 3:
                    assert "text" in found.entries["full"].models, where
    assert refused > 200


def _again(path: tuple[str | int, ...]) -> bool:
    """Whether the place is one of a kind that is looked at elsewhere already."""
    return "compat" in path[4:-1] or (path[2:3] == ("modelOverrides",) and "cost" in path[:-1])


def test_what_is_read_can_be_made_a_model(tmp_path: Path) -> None:
    """What the reader takes does not fail later; at most the model is refused by name."""
    good = full()
    for path in places(good):
        if path[:4] != ("providers", "full", "models", 0) or _again(path):
            continue
        for kind in KINDS[::3]:
            found = catalog(tmp_path / "models.json", replaced(good, path, kind))
            if "full" not in found.providers:
                continue
            for name in found.ids("full"):
                with suppress(ConfigError):
                    found.model("full", name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"providers": {"a": 1}', "models.json line 1, column "),
        ('{"providers": {"a": {"baseUrl": "x" "api": 1}}}', "models.json line 1, column "),
        ("[" * 100_000, "models.json line 1, column 1: nested too deeply"),
        ('{"providers": {"x": {"models": [{"id": "\\ud800"}]}}}', "models.json line 1"),
        ("\x00", "models.json line 1, column 1: "),
        ('{"providers": NaN}', "models.json line 1"),
    ],
)
def test_what_is_no_json(tmp_path: Path, text: str, message: str) -> None:
    found = catalog(tmp_path / "models.json", text)
    (problem,) = found.problems
    assert problem.startswith(message)
    assert len(found.index()) == 1665


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "models.json"
    path.write_bytes(b'{"providers": {"\xff": {}}}')
    (problem,) = Catalog(path).problems
    assert problem == "models.json line 1, column 17: the file is not UTF-8"
