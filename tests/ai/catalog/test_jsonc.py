"""JSON with comments: the values, and where things stand."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi.ai.catalog import jsonc

TEXT = """\ufeff// models
{
  /* two
     lines */
  "a": [1, 2, {"b": "// no comment, /* neither */ \\" ,]"},], // last
  "c": {"d": null,},
}
"""


def test_comments_trailing_commas_and_byte_order_mark() -> None:
    wanted = {"a": [1, 2, {"b": '// no comment, /* neither */ " ,]'}], "c": {"d": None}}
    assert jsonc.decode(TEXT) == wanted
    assert jsonc.decode(TEXT.encode()) == wanted


def test_blanks_keep_every_position() -> None:
    plain = jsonc.strip(TEXT)
    assert len(plain) == len(TEXT)
    assert plain.count("\n") == TEXT.count("\n")
    assert plain.index('"c"') == TEXT.index('"c"')


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ('{\n  "a": 1\n  "b": 2\n}', 3, 3),
        ("{\n  // x\n  a: 1\n}", 3, 3),
        ('{"a": [1, 2}', 1, 12),
        ('{"a": "x', 1, 7),
        ("[NaN]", 1, 2),
        ('{"a": 1,\n "b": -1e999}', 2, 7),
        ("/* open", 1, 1),
        ("", 1, 1),
        ("[1,,2]", 1, 4),
    ],
)
def test_errors_say_where(text: str, line: int, column: int) -> None:
    with pytest.raises(jsonc.JsoncError) as caught:
        jsonc.decode(text)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(jsonc.JsoncError, match="line 2, column 3: the file is not UTF-8"):
        jsonc.decode(b'{\n  \xff"a": 1}')


def test_nesting_without_end_is_an_error_and_no_crash() -> None:
    with pytest.raises(jsonc.JsoncError):
        jsonc.decode("[" * 100_000)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 2),
        (("a",), 5),
        (("a", 2, "b"), 5),
        (("c", "d"), 6),
        (("c", "missing"), 6),
        (("nowhere", 3), 2),
    ],
)
def test_the_line_of_a_value(path: jsonc.Path, line: int) -> None:
    assert jsonc.line_of(TEXT, path) == line


def test_paths_are_shown_as_people_write_them() -> None:
    path = ("providers", "x", "models", 0, "cost", "output")
    assert jsonc.show_path(path) == "providers.x.models[0].cost.output"


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)


@given(values)
def test_plain_json_is_jsonc(value: object) -> None:
    text = json.dumps(value, indent=1)
    assert jsonc.decode(text) == value
    assert jsonc.strip(text) == text


@given(st.dictionaries(st.text(max_size=5), values, min_size=1))
def test_every_member_is_found_on_its_line(value: dict[str, object]) -> None:
    """One member a line, so the line of each is known."""
    members = [f"{json.dumps(key)}: {json.dumps(item)}" for key, item in value.items()]
    text = "{\n" + ",\n".join(members) + "\n}"
    for number, key in enumerate(value):
        assert jsonc.line_of(text, (key,)) == number + 2
