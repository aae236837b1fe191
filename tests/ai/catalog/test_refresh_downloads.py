"""What the catalog makes of downloaded files: whole, damaged, old, strange, or none at all."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pi.ai.catalog import Catalog, packaged
from pi.ai.catalog.downloads import Difference, Download, Lesson, difference, laid_over
from pi.ai.catalog.origin import Origin, origins
from pi.ai.catalog.schema import ModelFacts
from pi.ai.catalog.update.store import encoded
from pi.ai.model import Price, PriceTier
from support.source import SRC

GROQ = next(iter(packaged.facts("groq")))
NEW = {"id": "lab/new-1", "like": GROQ, "name": "New 1", "cost": {"input": 1, "output": 2}}
CHANGED = {"id": GROQ, "contextWindow": 99_000, "cost": {"input": 7, "output": 8}}


def lesson(*models: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What one list taught."""
    return {
        "by": "models.dev",
        "url": "https://models.example/api.json",
        "date": "2030-01-01T00:00:00Z",
        "etag": '"1"',
        "listed": 9,
        "models": [*models],
        **changes,
    }


def put(folder: Path, *lessons: dict[str, Any], provider: str = "groq", **changes: Any) -> Path:
    """Write a file as an update would."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{provider}.json"
    file = {"format": 1, "provider": provider, "lists": [*lessons], **changes}
    path.write_text(json.dumps(file))
    return path


def test_files_are_laid_over_the_package(tmp_path: Path) -> None:
    put(tmp_path, lesson(NEW, CHANGED))
    catalog = Catalog(downloads=tmp_path)
    assert catalog.model("groq", GROQ).context_window == 99_000
    assert catalog.model("groq", GROQ).cost == Price(7.0, 8.0)
    assert catalog.model("groq", "lab/new-1").name == "New 1"
    rows = {row.id: row for row in catalog.index() if row.provider == "groq"}
    assert rows[GROQ].context_window == 99_000
    assert rows["lab/new-1"].output_price == 2.0
    assert catalog.ids("groq") == [*packaged.facts("groq"), "lab/new-1"]
    others = [row for row in catalog.index() if row.provider != "groq"]
    assert others == [row for row in packaged.index().rows if row.provider != "groq"]


def test_lists_that_are_older_than_the_package_say_nothing(tmp_path: Path) -> None:
    date = packaged.file("groq").date
    put(tmp_path, lesson(NEW, date=date), lesson(CHANGED, by="provider", date=f"{date}T10:00:00Z"))
    catalog = Catalog(downloads=tmp_path)
    assert "lab/new-1" not in catalog.ids("groq")
    assert catalog.model("groq", GROQ).context_window == 99_000


def test_a_later_list_wins(tmp_path: Path) -> None:
    put(tmp_path, lesson(CHANGED), lesson(CHANGED | {"contextWindow": 88_000}, by="provider"))
    model = Catalog(downloads=tmp_path).model("groq", GROQ)
    assert (model.context_window, model.cost.input) == (88_000, 7.0)


def test_a_new_model_whose_relative_is_gone(tmp_path: Path) -> None:
    """A newer package may no longer have it; the nearest one will do."""
    put(tmp_path, lesson(NEW | {"id": "openai/gpt-oss-9b", "like": "gone"}))
    model = Catalog(downloads=tmp_path).model("groq", "openai/gpt-oss-9b")
    near = Catalog().model("groq", "openai/gpt-oss-120b")
    assert (model.thinking, model.compat) == (near.thinking, near.compat)


def test_nothing_says_where_requests_go(tmp_path: Path) -> None:
    for key in ("baseUrl", "headers", "compat", "extraBody", "thinking"):
        put(tmp_path, lesson(NEW | {key: "https://evil.example"}))
        catalog = Catalog(downloads=tmp_path)
        assert catalog.index() == list(packaged.index().rows)
        assert "unknown field" in catalog.notes[0]


def test_files_of_strangers_are_left_alone(tmp_path: Path) -> None:
    put(tmp_path, lesson(NEW), provider="nobody")
    put(tmp_path, lesson(NEW)).rename(tmp_path / "cerebras.json")
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / ".groq.1.a.tmp").write_text("{")
    catalog = Catalog(downloads=tmp_path)
    assert catalog.index() == list(packaged.index().rows)
    assert catalog.notes == [
        "models/cerebras.json is not used: it is about 'groq'; `pi models update` makes it anew"
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"contextWindow": 0}, "contextWindow"),
        ({"contextWindow": -5}, "contextWindow"),
        ({"maxTokens": 1.5}, "maxTokens"),
        ({"maxTokens": 10**12}, "maxTokens"),
        ({"cost": {"input": -1}}, "a price is negative"),
        ({"cost": {"input": "1"}}, "Expected `float`"),
        ({"levels": "loud"}, "unknown thinking level 'loud'"),
        ({"input": ["image"]}, "input has no text"),
        ({"id": ""}, "length >= 1"),
        ({"more": 1}, "unknown field `more`"),
    ],
)
def test_a_damaged_file_counts_as_missing(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    put(tmp_path, lesson(CHANGED), lesson(NEW | change, by="provider"))
    catalog = Catalog(downloads=tmp_path)
    assert catalog.index() == list(packaged.index().rows)
    assert catalog.model("groq", GROQ).context_window != 99_000
    (note,) = catalog.notes
    assert note.startswith("models/groq.json is not used: ")
    assert words in note


def test_a_file_of_a_later_version(tmp_path: Path) -> None:
    put(tmp_path, lesson(NEW), format=2)
    catalog = Catalog(downloads=tmp_path)
    assert "lab/new-1" not in catalog.ids("groq")
    assert "it has format 2, and this version reads 1" in catalog.notes[0]


def test_a_file_that_is_cut_anywhere(tmp_path: Path) -> None:
    path = put(tmp_path, lesson(NEW, CHANGED))
    whole = path.read_bytes()
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        catalog = Catalog(downloads=tmp_path)
        assert catalog.ids("groq") == [*packaged.facts("groq")]
        assert len(catalog.notes) == 1


def test_a_folder_in_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "groq.json").mkdir()
    catalog = Catalog(downloads=tmp_path)
    assert catalog.index() == list(packaged.index().rows)
    assert "Is a directory" in catalog.notes[0] or os.name == "nt"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=5,
)
KEYS = st.sampled_from(list(Difference.__struct_encode_fields__))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(st.dictionaries(KEYS, JSON, max_size=5), st.dictionaries(KEYS, JSON, max_size=5))
def test_anything_in_a_file(tmp_path: Path, one: dict[str, Any], other: dict[str, Any]) -> None:
    """Whatever stands there, every packaged model is there and sound."""
    put(tmp_path, lesson(CHANGED | one, NEW | other))
    catalog = Catalog(downloads=tmp_path)
    assert {row.key for row in catalog.index()} >= {row.key for row in packaged.index().rows}
    for name in packaged.facts("groq"):
        model = catalog.model("groq", name)
        assert model.context_window > 0
        assert min(model.cost.input, model.cost.output) >= 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.binary(max_size=50) | JSON.map(lambda value: json.dumps(value).encode()))
def test_anything_as_a_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "groq.json").write_bytes(content)
    catalog = Catalog(downloads=tmp_path)
    assert catalog.index() == list(packaged.index().rows)
    assert len(catalog.notes) == 1


# -- what people have who never updated ------------------------------------------------------------


def test_without_the_folder_nothing_is_loaded(tmp_path: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from pi.ai.catalog import Catalog
asked = []
sys.addaudithook(lambda event, args: asked.append(args[0]) if event == "os.scandir" else None)
catalog = Catalog(downloads=Path({str(tmp_path / "models")!r}))
catalog.index(), catalog.model("groq", {GROQ!r})
assert not asked, asked
assert "pi.ai.catalog.downloads" not in sys.modules
assert not [name for name in sys.modules if name.startswith("pi.ai.catalog.update")]
"""
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(SRC)})


def test_what_comes_while_the_program_runs(tmp_path: Path) -> None:
    catalog = Catalog(downloads=tmp_path / "models")
    assert "lab/new-1" not in catalog.ids("groq")
    put(tmp_path / "models", lesson(NEW))
    catalog.reload()
    assert "lab/new-1" in catalog.ids("groq")


# -- the format ------------------------------------------------------------------------------------


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    change = Difference(
        id="a\u00e9",
        like="b",
        cost=Price(1.0, 2.0, 0.1, 0.2, (PriceTier(5, 2.0, 4.0),)),
        extended_context_window=None,
        input=("text", "image"),
    )
    one = Lesson(by="models.dev", url="u", date="2030", etag='"', listed=2, models=(change,))
    two = Lesson(by="provider", url="v", date="2031")
    file = Download(format=1, provider="groq", lists=(one, two))
    (tmp_path / "groq.json").write_bytes(encoded(file))
    found = Catalog(downloads=tmp_path).downloads
    assert found is not None
    assert found.file("groq") == file


def test_a_difference_is_what_makes_one_of_the_other() -> None:
    old = ModelFacts(id="a", name="A", levels="off high", extended_context_window=5)
    new = ModelFacts(id="a", name="A", context_window=7, cost=Price(1.0, 2.0), release_date="2030")
    change = difference(old, new)
    assert change is not None
    assert laid_over(change, {"a": old}) == new
    assert difference(old, old) is None


# -- where facts come from -------------------------------------------------------------------------


def test_origins_in_their_order(tmp_path: Path) -> None:
    put(tmp_path / "models", lesson(CHANGED, NEW))
    user = tmp_path / "models.json"
    user.write_text(
        '{"providers": {\n"groq": {\n"name": "G",\n"modelOverrides": {\n'
        f'"{GROQ}": {{"contextWindow": 5}}\n}}}}}}}}'
    )
    catalog = Catalog(user, tmp_path / "models")
    packed = packaged.file("groq")
    assert origins(catalog, "groq", GROQ) == [
        Origin("packaged", packed.source, packed.date),
        Origin(
            "downloaded",
            "https://models.example/api.json",
            "2030-01-01T00:00:00Z",
            ("contextWindow", "cost"),
        ),
        Origin("models.json", f"{user} line 2", "", ("name",)),
        Origin("models.json", f"{user} line 5", "", ("contextWindow",)),
    ]
    (fresh, _) = origins(catalog, "groq", "lab/new-1")
    assert (fresh.kind, fresh.like, fresh.fields) == ("downloaded", GROQ, ("name", "cost"))


def test_the_origin_of_a_users_own_model(tmp_path: Path) -> None:
    user = tmp_path / "models.json"
    own = {"baseUrl": "http://localhost:1/v1", "api": "openai-completions", "models": [{"id": "m"}]}
    user.write_text(json.dumps({"providers": {"mine": own}}))
    assert origins(Catalog(user), "mine", "m") == [
        Origin("models.json", f"{user} line 1", "", ("baseUrl", "api")),
        Origin("models.json", f"{user} line 1", "", ("id",)),
    ]
