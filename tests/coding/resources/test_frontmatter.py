"""Heads of Markdown files. The values are what a YAML 1.2 parser gives for the same text, except
that numbers stay text and that a plain value may hold a colon."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi.coding.resources.frontmatter import FrontmatterError, parse_frontmatter


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("name: a\ndescription: hello world", {"name": "a", "description": "hello world"}),
        ('a: "x\\ny: \\u00e9\\x41\\q"  # c', {"a": "x\ny: éAq"}),
        ("a: 'it''s'", {"a": "it's"}),
        ("a: |\n  line1\n  line2\n\n  line3\nb: 1", {"a": "line1\nline2\n\nline3\n", "b": "1"}),
        ("a: >\n  f1\n  f2\n\n  f3\nb: x", {"a": "f1 f2\nf3\n", "b": "x"}),
        ("a: >-\n  x\n  y", {"a": "x y"}),
        ("a: |-\n    deep\n      deeper\n    x", {"a": "deep\n  deeper\nx"}),
        ('a:\n  - x\n  - "y z"\nb: true', {"a": ["x", "y z"], "b": True}),
        ("a:\n- x\n- y\nb: no", {"a": ["x", "y"], "b": "no"}),
        ('a: [x, "y, z", w]', {"a": ["x", "y, z", "w"]}),
        ("a: [x,\n  y] # c", {"a": ["x", "y"]}),
        ("a: []", {"a": []}),
        ("a: plain\n  continued\n  more # c\nb: q", {"a": "plain continued more", "b": "q"}),
        ("# c\n\na: x # comment\nb: a#b", {"a": "x", "b": "a#b"}),
        ('m:\n  by: me\n  "v e": "1.0"\nz: n', {"m": {"by": "me", "v e": "1.0"}, "z": "n"}),
        ("a:\nb: ~\nc: null\nd: False", {"a": None, "b": None, "c": None, "d": False}),
        ('a: "multi\n  line"', {"a": "multi line"}),
        ("a:\n  text below", {"a": "text below"}),
        ("a: http://x.y/z", {"a": "http://x.y/z"}),
        ("a: Use when: asked", {"a": "Use when: asked"}),
        ("a: x\na: y", {"a": "y"}),
    ],
)  # fmt: skip
def test_heads(head: str, expected: dict[str, Any]) -> None:
    for text in (f"---\n{head}\n---\nbody\n", f"\ufeff--- \r\n{head}\r\n---\r\n\r\nbody"):
        assert parse_frontmatter(text) == (expected, "body")


@pytest.mark.parametrize(
    "text", ["", "no head", "---\nname: open\n", "----\na: b\n---\n", "text\n---\na: b\n---"]
)
def test_texts_without_a_head(text: str) -> None:
    assert parse_frontmatter(text) == ({}, text)


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("name: a\nnonsense", "line 3: expected 'key: value', found 'nonsense'"),
        ('a: x\nb: "open', "line 4: the quote"),
        ("a: [x", "line 3: the list is not closed"),
        ("a: 'x' y", "line 3: there is more after the closing quote: 'y'"),
        ("- a\n- b", "line 2: expected 'key: value', found '- a'"),
    ],
)
def test_heads_that_cannot_be_understood(head: str, message: str) -> None:
    with pytest.raises(FrontmatterError) as caught:
        parse_frontmatter(f"---\n{head}\n---\nbody")
    assert str(caught.value).startswith(message)


@given(st.text(alphabet="ab:#\"'[]{}|>-, \n\\~", max_size=40))
def test_every_head_is_read_or_refused(head: str) -> None:
    try:
        keys, _ = parse_frontmatter(f"---\n{head}\n---\nbody")
    except FrontmatterError as error:
        keys = {"line": str(error).startswith("line ")}
    assert isinstance(keys, dict)
    assert keys.get("line") is not False
