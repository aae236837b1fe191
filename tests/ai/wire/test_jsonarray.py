"""A streamed JSON array, cut anywhere."""

import json
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pi.ai.request import Frame
from pi.ai.wire.jsonarray import DOCUMENT, JsonArrayParser

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('ab"\\[]{},é😀\n', max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('k"}', max_size=3), inner),
    max_leaves=8,
)
ELEMENTS = st.lists(st.dictionaries(st.text("xyz", max_size=2), VALUES, max_size=3), max_size=4)


def read(pieces: list[bytes]) -> list[Frame]:
    parser = JsonArrayParser()
    frames = [frame for piece in pieces for frame in parser.feed(piece)]
    return frames + parser.close()


@given(ELEMENTS, st.lists(st.integers(0, 400), max_size=10), st.sampled_from([None, 2]))
def test_every_element_is_a_frame(values: list[Any], cuts: list[int], indent: int | None) -> None:
    body = json.dumps(values, indent=indent, ensure_ascii=False).encode()
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    frames = read([body[a:b] for a, b in pairwise(edges)])
    assert [json.loads(frame.data) for frame in frames] == values


def test_an_element_comes_as_soon_as_it_is_complete() -> None:
    parser = JsonArrayParser()
    assert parser.feed(b'[{"a": "x') == []
    assert [f.data for f in parser.feed(b'}"}')] == [b'{"a": "x}"}']
    assert [f.data for f in parser.feed(b",\r\n{}")] == [b"{}"]


def test_one_object_is_a_document() -> None:
    (frame,) = read([b' {"error": ', b'{"code": 1}}'])
    assert (frame.event, json.loads(frame.data)) == (DOCUMENT, {"error": {"code": 1}})


def test_nothing_is_nothing() -> None:
    assert read([b"", b" \n"]) == []
    assert read([b'[{"half": ']) == []
