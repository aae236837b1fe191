"""Arguments while they are written, and when they are complete."""

import json
import random
import sys
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pi.ai.partial_json import MAX_DEPTH, PartialJson, parse_arguments


def read(*pieces: str, peek: bool = False) -> dict[str, Any]:
    parser = PartialJson()
    for piece in pieces:
        parser.feed(piece)
        if peek:
            parser.value()
    return parser.value()


UNFINISHED = [
    ("", {}),
    ("  ", {}),
    ("{", {}),
    ('{"a', {}),
    ('{"a"', {}),
    ('{"a":', {}),
    ('{"a":"', {"a": ""}),
    ('{"a":"x', {"a": "x"}),
    ('{"a":"x\\', {"a": "x"}),
    ('{"a":tr', {"a": True}),
    ('{"a":f', {"a": False}),
    ('{"a":n', {"a": None}),
    ('{"a":1,"b":[1,2', {"a": 1, "b": [1, 2]}),
    ('{"a":1,"b":[1,', {"a": 1, "b": [1]}),
    ('{"a":[{"b":[["c', {"a": [{"b": [["c"]]}]}),
    ('{"a":-', {}),
    ('{"a":-1', {"a": -1}),
    ('{"a":1.', {"a": 1}),
    ('{"a":1.5e', {"a": 1.5}),
    ('{"a":1.5e-', {"a": 1.5}),
    ('{"a":1.5e-2', {"a": 0.015}),
    ('{"a":"\\u12', {"a": ""}),
    ('{"a":"\\ud83d', {"a": ""}),
    ('{"a":"\\ud83d\\ude0', {"a": ""}),
]

ODD = [
    ('{"p":"C:\\d"}', {"p": "C:\\d"}),
    ('{"p":"C:\\users"}', {"p": "C:\\users"}),
    ('{"p":"\\u12"}', {"p": "\\u12"}),
    ('{"p":"a\nb\tc\x00"}', {"p": "a\nb\tc\x00"}),
    ('{"p":"\\\n"}', {"p": "\\\n"}),
    ('{"p":"\\ud83d\\ude00"}', {"p": "😀"}),
    ('{"p":"\ud83d\ude00"}', {"p": "😀"}),
    ('{"p":"a\\ud83db\\ude00c"}', {"p": "abc"}),
    ('{"p":"\\ud83d\\n\\ude00"}', {"p": "\n"}),
    ('{"p":"\\ud83d\\ud83d\\ude00"}', {"p": "😀"}),
    ('{"k\\u0065y":1}', {"key": 1}),
    ('{"a":"b"} trailing', {"a": "b"}),
    ('{"a":"b"}{"a":"c"}', {"a": "b"}),
    ('{"a":1,}', {"a": 1}),
    ('{"a":[1,],"b":2}', {"a": [1], "b": 2}),
    ('{"a":1,"a":2}', {"a": 2}),
    ('{"a":{"b":1},"a":"x"}', {"a": "x"}),
    ('{"a":1 "b":2}', {"a": 1}),
    ('{"a":1]', {"a": 1}),
    ('{"a":[1}', {"a": [1]}),
    ('{"a":nulx,"b":1}', {}),
    ('{"a":NaN}', {}),
    ('{"a":01}', {}),
    ('{"a":}', {}),
    ('{"a":[1,truck', {"a": [1]}),
    ("{a:1}", {}),
    ('{"a" 1}', {}),
    ("[1]", {}),
    ('"s"', {}),
    ("12", {}),
    ("null", {}),
    ("\ufeff {}", {}),
]


@pytest.mark.parametrize(("text", "value"), UNFINISHED + ODD)
def test_what_is_known_so_far(text: str, value: dict[str, Any]) -> None:
    assert read(text) == value
    assert read(*text) == value
    assert read(*text, peek=True) == value


def test_numbers_keep_their_type() -> None:
    value = read('{"i":-0,"f":1.0,"e":1e2,"b":123456789012345678901234567890,"z":')
    assert [type(v) for v in value.values()] == [int, float, float, int]


def test_nesting_has_a_limit() -> None:
    value: Any = read('{"a":' + "[" * 5000)
    depth = 0
    while value:
        value = value[0] if isinstance(value, list) else value["a"]
        depth += 1
    assert depth == MAX_DEPTH - 1  # the root is the first level


def test_an_endless_number_is_not_looked_at_again_and_again() -> None:
    assert read(*["9" * 100] * 100) == {}
    assert read('{"a":', *["9" * 100] * 100, ',"b":1}', peek=True) == {}


def test_value_is_a_live_view() -> None:
    parser = PartialJson()
    parser.feed('{"a":"x')
    before = parser.value()
    parser.feed('y","b":1}')
    assert parser.value() is before
    assert before == {"a": "xy", "b": 1}


_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
_objects = st.dictionaries(st.text(max_size=8), _values, max_size=5)


def cut(text: str, seed: int) -> list[str]:
    choose = random.Random(seed)
    points = sorted(choose.choices(range(len(text) + 1), k=choose.randrange(1, 12)))
    return [text[a:b] for a, b in zip([0, *points], [*points, len(text)], strict=True)]


@settings(max_examples=150)
@given(_objects, st.booleans(), st.integers(0, 1 << 30))
def test_a_complete_text_is_what_json_says(value: dict[str, Any], plain: bool, seed: int) -> None:
    text = json.dumps(value, ensure_ascii=plain, indent=seed % 3 or None)
    assert read(*cut(text, seed), peek=seed % 2 == 0) == json.loads(text)
    assert parse_arguments(text) == (json.loads(text), None)


_soup = st.lists(
    st.sampled_from(
        [
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            '"',
            "\\",
            "\\u",
            "d83d",
            "\\ude00",
            "a",
            "é",
            "😀",
            "\n",
            " ",
            "1",
            "-",
            ".",
            "e",
            "true",
            "nul",
            '"k":',
            '{"a":"',
            "\ud83d",
            "\ude00",
        ]
    ),
    max_size=25,
).map("".join)


@settings(max_examples=300)
@given(st.sampled_from(["", '{"a":', '{"a":"']), _soup, st.integers(0, 1 << 30))
def test_any_cut_of_any_text_gives_the_same(start: str, text: str, seed: int) -> None:
    text = start + text
    whole = read(text)
    assert read(*cut(text, seed)) == whole
    assert read(*text, peek=True) == whole
    json.dumps(whole).encode()


@settings(max_examples=100)
@given(_objects, st.integers(0, 1 << 30))
def test_a_truncated_text_never_passes_for_the_whole(value: dict[str, Any], seed: int) -> None:
    text = json.dumps(value)
    prefix = text[: random.Random(seed).randrange(1, len(text))]
    arguments, problem = parse_arguments(prefix)
    assert arguments == {}
    assert problem is not None
    assert "\n" not in problem


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("", {}),
        (" \n", {}),
        ("null", {}),
        ("{}", {}),
        (' {"a": 1} ', {"a": 1}),
        ('{"a":"x\ny\x01"}', {"a": "x\ny\x01"}),
        ('{"p":"C:\\dir\\q \\"x\\""}', {"p": 'C:\\dir\\q "x"'}),
        ('{"p":"\\u12 \\uD83D\\uDE00"}', {"p": "\\u12 😀"}),
        ('{"p":"a\\ud83d"}', {"p": "a"}),
        ('{"p":"a\ud83d\ude00\ud83d"}', {"p": "a😀"}),
        ('"{\\"a\\": {\\"b\\": 1}}"', {"a": {"b": 1}}),
        ('""', {}),
        ('{"a":123456789012345678901234567890}', {"a": 123456789012345678901234567890}),
    ],
)
def test_arguments_that_can_be_read(text: str, arguments: dict[str, Any]) -> None:
    assert parse_arguments(text) == (arguments, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a":1', "end too early, after 6 characters"),
        ('{"a":"xyz', "end too early, after 9 characters"),
        ("{'a':1}", "character 2 of 7, near"),
        ('{"a":1,}', "not valid JSON"),
        ('{"a":1}}', "character 8 of 8"),
        ('{"a":NaN}', "NaN is not JSON"),
        ("[1]", "must be a JSON object, not an array"),
        ("3.5", "not a number"),
        ("true", "not a boolean"),
        ('"\\"x\\""', "not a string"),
        ('"x"', "not valid JSON"),
        ('{"a":' + "9" * 5000 + "}", "not valid JSON"),
        ('{"a":' * 300 + "1" + "}" * 300, "nested more than"),
        ('{"a":' * 100_000, "nested more than"),
    ],
)
def test_arguments_that_cannot_be_read_say_why(text: str, words: str) -> None:
    arguments, problem = parse_arguments(text)
    assert arguments == {}
    assert problem is not None
    assert words in problem
    assert len(problem) < 200
    assert "\n" not in problem


def test_many_containers_are_not_deep_ones() -> None:
    text = json.dumps({"a": [[n] for n in range(1000)]})
    assert parse_arguments(text)[1] is None


def seconds(size: int) -> float:
    """CPU time to read that many characters of arguments in deltas of 20, looking at each."""
    text = json.dumps({"path": "x.py", "content": 'x = "é"\n' * (size // 10)})[:size]
    deltas = [text[i : i + 20] for i in range(0, len(text), 20)]
    parser = PartialJson()
    start = time.process_time()
    for delta in deltas:
        parser.feed(delta)
        parser.value()
    return time.process_time() - start


@pytest.mark.skipif(sys.gettrace() is not None, reason="tracing turns off appending in place")
def test_reading_after_every_delta_is_linear() -> None:
    small = min(seconds(1 << 18) for _ in range(3))
    large = min(seconds(1 << 20) for _ in range(2))
    assert small < 0.35
    assert large < 6 * small
