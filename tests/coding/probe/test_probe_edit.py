"""Changes inside a JSON text of a person's own: what was not meant stays, byte for byte."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi.ai.catalog.jsonc import decode
from pi.ai.errors import ConfigError
from pi.coding.probe.edit import merge
from pi.coding.probe.save import planned, save

PATH = ("providers", "new")
ENTRY = {"baseUrl": "http://x/v1", "models": [{"id": "m"}]}

COMMENTED = """\
// my models
{
    "$schema": "models.schema.json", // so that the editor helps
    /* all of them, { and } too */
    "providers": {
        "one": {"baseUrl": "http://one/v1", "models": []}, // the first
        "two": {
            "apiKey": "$TWO", // never a key here, "please"
            "models": [
                {"id": "a"}, // a
            ],
        }, // the last
    },
}
"""


def test_a_new_file() -> None:
    assert decode(merge("", PATH, ENTRY)) == {"providers": {"new": ENTRY}}


def test_comments_and_commas_stay() -> None:
    text = merge(COMMENTED, PATH, ENTRY)
    assert decode(text)["providers"]["new"] == ENTRY
    added = [line for line in text.splitlines() if line not in COMMENTED.splitlines()]
    kept = [line for line in text.splitlines() if line in COMMENTED.splitlines()]
    assert [line for line in COMMENTED.splitlines() if line not in kept] == []
    assert added[0] == '        "new": {'
    assert added[-1] == "        }," or '"id": "m"' in "".join(added)
    assert text.index('"new"') > text.index("// the last")


def test_an_entry_is_merged_into_the_one_that_is_there() -> None:
    more = {"apiKey": "$OTHER", "models": [{"id": "a", "contextWindow": 9}, {"id": "b"}]}
    text = merge(COMMENTED, ("providers", "two"), more)
    assert decode(text)["providers"]["two"] == more
    assert '"apiKey": "$OTHER", // never a key here, "please"' in text
    assert '{"id": "a", "contextWindow": 9}, // a' in text


def test_what_is_said_already_changes_nothing() -> None:
    text = merge(COMMENTED, PATH, ENTRY)
    assert merge(text, PATH, ENTRY) == text


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"providers": {}}',
        '{"providers": {"a": {"models": []}}}',
        '{\n  "providers": {\n  }\n}\n',
        '{\n  "providers": {\n    // nothing yet\n  }\n}\n',
        '{\n\t"providers": {\n\t\t"a": {}\n\t}\n}',
        '{\n  "providers": {\n    "a": {} /* , */ , // x\n  }\n}',
        '{"other": [1, 2,],}',
        "// only a comment\n{}\n",
    ],
)
def test_every_way_to_write_it(text: str) -> None:
    before = decode(text)
    after = merge(text, PATH, ENTRY)
    expected = {**before, "providers": {**before.get("providers", {}), "new": ENTRY}}
    assert decode(after) == expected
    for comment in ("// nothing yet", "/* , */", "// x", "// only a comment"):
        assert (comment in after) == (comment in text)


def test_line_ends_and_the_mark_at_the_beginning_stay() -> None:
    text = '\ufeff{\r\n  "providers": {\r\n    "a": {}\r\n  }\r\n}\r\n'
    after = merge(text, PATH, ENTRY)
    assert after.startswith("\ufeff{\r\n")
    assert after.count("\n") == after.count("\r\n")


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(
    st.dictionaries(st.text(max_size=3), _values),
    st.dictionaries(st.text(min_size=1, max_size=3), _values),
    st.sampled_from([None, 1, 2, "\t"]),
)
def test_any_json_can_be_changed(before: dict, entry: dict, indent: int | str | None) -> None:
    text = json.dumps({"keep": before, "providers": {}}, indent=indent)
    after = decode(merge(text, PATH, entry))
    assert after == {"keep": before, "providers": {"new": entry}}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"providers": {', "line 1"),
        ("[]", "it holds no object"),
        ('{"providers": []}', "providers is no object"),
    ],
)
def test_a_broken_file_is_left_alone(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "models.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=f"{says}.*left alone"):
        planned(path, "new", ENTRY)
    assert path.read_text() == text


def test_saving_keeps_mode_and_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "models.json"
    real.write_text(COMMENTED)
    real.chmod(0o640)
    link.symlink_to(real)
    save(planned(link, "new", ENTRY))
    assert link.is_symlink()
    assert decode(real.read_bytes())["providers"]["new"] == ENTRY
    assert real.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["models.json", "real.json"]


def test_a_file_that_changed_after_the_difference_was_shown(tmp_path: Path) -> None:
    path = tmp_path / "models.json"
    path.write_text("{}")
    change = planned(path, "new", ENTRY)
    path.write_text('{"mine": 1}')
    with pytest.raises(ConfigError, match="changed meanwhile"):
        save(change)
    assert path.read_text() == '{"mine": 1}'


def test_a_new_file_is_its_owners_only(tmp_path: Path) -> None:
    path = tmp_path / "agent" / "models.json"
    change = planned(path, "new", ENTRY)
    assert change.diff().startswith("--- /dev/null\n+++ models.json")
    save(change)
    assert path.stat().st_mode & 0o777 == 0o600
