"""Changes inside a JSON text of a person's own: what was not meant stays, byte for byte."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi.ai.catalog.jsonc import decode
from pi.ai.catalog.jsonc_edit import merge, rewrite

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
    ("text", "value", "after"),
    [
        ('["a", "b", "c"]', ["a", "c"], '["a", "c"]'),
        ('["a", "b", "c"]', ["b", "c"], '["b", "c"]'),
        ('["a", "b", "c"]', ["a", "b"], '["a", "b"]'),
        ('["a"]', [], "[]"),
        ('["a", "c"]', ["a", "b", "c"], '["a", "b", "c"]'),
        ('["a", "c"]', ["a", "c", "b", "d"], '["a", "c", "b", "d"]'),
        ("[1]", [True], "[true]"),
        ('[\n  "a", // 1\n  "b" // 2\n]', ["a"], '[\n  "a" // 1\n  // 2\n]'),
        ('[\n  "a", // 1\n  "b", // 2\n]', ["b"], '[\n  // 1\n  "b", // 2\n]'),
        ('[\n  "a",\n  // of b\n  "b",\n]', ["a"], '[\n  "a",\n  // of b\n]'),
        ('[\n  "a",\n  "b"\n]', ["a"], '[\n  "a"\n]'),
        ('[\n  "a", // 1\n]', ["b", "c", "a"], '[\n  "b",\n  "c",\n  "a", // 1\n]'),
        ('{"a": 1, "b": 2, "a": 3}', {"b": 2}, '{"b": 2}'),
        ('{\r\n\t"a": {\r\n\t},\r\n\t"b": 2\r\n}', {"b": 2}, '{\r\n\t"b": 2\r\n}'),
        ("", {}, "{}\n"),
        ("// nothing", {"a": 1}, '// nothing\n{\n  "a": 1\n}\n'),
    ],
)
def test_what_a_change_leaves(text: str, value: Any, after: str) -> None:
    assert rewrite(text, lambda _: value) == after


@given(_values, _values, st.sampled_from([None, 1, "\t"]))
def test_any_value_can_become_any_other(before: Any, after: Any, indent: int | str | None) -> None:
    text = json.dumps(before, indent=indent)
    assert json.loads(rewrite(text, lambda _: after)) == after


@given(_values, _values)
def test_no_comment_is_lost(before: Any, after: Any) -> None:
    lines = json.dumps(before, indent=1).split("\n")
    text = "\n".join(f"{line} // {number}." for number, line in enumerate(lines))
    changed = rewrite(text, lambda _: after)
    assert decode(changed) == after
    if (
        isinstance(before, list)
        and isinstance(after, list)
        and not any(isinstance(item, list | dict) for item in before)
    ):
        assert all(f"// {number}." in changed for number in range(len(lines)))
