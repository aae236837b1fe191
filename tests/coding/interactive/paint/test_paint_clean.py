"""What is written to a terminal has no escape sequences of others in it."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wcwidth import iter_graphemes

from pi.coding.modes.interactive.paint.cells import Span, clip, hard_wrap, line_width, width, wrap
from pi.coding.modes.interactive.paint.clean import Cleaner, clean, clean_url, one_line


@pytest.mark.parametrize(
    ("raw", "safe"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("a\x1b]0;title\x07b", "ab"),
        ("a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "alink"),
        ("a\x1bPq#0;2\x1b\\b", "ab"),
        ("a\x1b_Gf=100;AAAA\x1b\\b", "ab"),
        ("\x9b31mC1\x9d0;t\x9cx", "C1x"),
        ("a\x1b(Bb\x1b=c\x1b7d", "abcd"),
        ("unfinished \x1b[3", "unfinished "),
        ("a\x1b]0;never ended\nnext", "a\nnext"),
        ("bell\x07 nul\x00 del\x7f back\x08", "bell nul del back"),
        ("\u202eevil\u202c \u2066x\u2069 \u200bzero", "evil x zero"),
        ("lone \ud83d surrogate", "lone \ufffd surrogate"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("tab\tx", "tab x"),
        (None, ""),
        (12, "12"),
    ],
)
def test_what_is_left(raw: object, safe: str) -> None:
    assert clean(raw) == safe


BITS = (
    "\x1b",
    "[",
    "31",
    "m",
    "]",
    "0;",
    "x",
    "\x07",
    "\\",
    "P",
    "\n",
    "\r",
    "\x9b",
    "é",
    "\ud800",
)


@settings(max_examples=300)
@given(st.lists(st.sampled_from(BITS), max_size=30).map("".join), st.randoms())
def test_cutting_a_text_makes_no_difference(text: str, chance: random.Random) -> None:
    whole = Cleaner()
    expected = whole.feed(text) + whole.close()
    pieces = Cleaner()
    found = ""
    for start in range(0, len(text), size := chance.choice((1, 2, 3))):
        found += pieces.feed(text[start : start + size])
    assert found + pieces.close() == expected
    assert "\x1b" not in expected


def test_where_a_sequence_without_end_is_given_up_does_not_depend_on_the_pieces() -> None:
    text = "a\x1b]0;" + "x" * 20_000 + "\x07b"
    expected = clean(text)
    assert 0 < len(expected) < 13_000
    for size in (1000, 7999, 8000, 8001, 8004, 20_000):
        cleaner = Cleaner()
        pieces = [cleaner.feed(text[at : at + size]) for at in range(0, len(text), size)]
        assert "".join(pieces) + cleaner.close() == expected


def test_an_endless_sequence_does_not_swallow_the_rest() -> None:
    cleaner = Cleaner()
    shown = "".join(cleaner.feed("\x1b]0;" + "x" * 1000) for _ in range(20))
    shown += cleaner.feed("\nseen") + cleaner.close()
    assert shown.endswith("\nseen")


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://x.example/a?b=c", True),
        ("mailto:a@b.example", True),
        ("file:///etc/hosts", True),
        ("javascript:alert(1)", False),
        ("http://x\x1b]", False),
        ("http://a b", False),
        ("", False),
    ],
)
def test_addresses(url: str, safe: bool) -> None:
    assert bool(clean_url(url)) is safe


def test_one_line_has_no_breaks() -> None:
    assert one_line("a\n  b\x1b[2J\tc") == "a b c"


@settings(max_examples=200)
@given(st.lists(st.text(max_size=20), max_size=12), st.integers(1, 40), st.integers(1, 40))
def test_wrapping_keeps_the_width_and_every_word(texts: list[str], first: int, rest: int) -> None:
    spans: list[Span] = [(str(number % 3), clean(text), "") for number, text in enumerate(texts)]
    rows = wrap(spans, first, rest)
    for number, row in enumerate(rows):
        assert sum(width(text) for _, text, _ in row) <= (rest if number else first)
    if first > 2 and rest > 2:
        shown = "".join("".join(text.split()) for row in rows for _, text, _ in row)
        assert shown == "".join("".join(text.split()) for _, text, _ in spans)


@settings(max_examples=200)
@given(st.text(max_size=60), st.integers(1, 30))
def test_cutting_keeps_the_width(text: str, room: int) -> None:
    line = [("", clean(text).replace("\n", " "))]
    assert all(line_width(row) <= room for row in hard_wrap(line, room))
    assert line_width(clip(line, room)) <= room


EMOJI = ("👨‍👩‍👧‍👦", "🇩🇪", "🇫🇷", "👍🏽", "❤️", "👩🏽‍🚀", "〰️", "か\u3099", "e\u0301", "日")


@pytest.mark.parametrize("width_given", range(1, 31))
def test_what_people_see_as_one_is_never_broken(width_given: int) -> None:
    pieces = [*EMOJI, *reversed(EMOJI), *(f"a{piece}b" for piece in EMOJI)]
    text = "".join(pieces)
    wholes = {*EMOJI, "a", "b"}
    instead = {"·", "👨", "👍", "❤", "👩", "〰"}
    lines = hard_wrap([("", text)], width_given) + [
        [(style, part) for style, part, _ in row]
        for row in wrap([("", text, "")], width_given, width_given)
    ]
    lines.append([(style, part) for style, part in clip([("", text)], width_given) if part != "…"])
    for line in lines:
        assert line_width(line) <= width_given
        row = "".join(part for _, part in line)
        seen = set(iter_graphemes(row))
        assert seen <= wholes | instead, row
        assert width_given < 8 or seen <= wholes


def test_what_belongs_together_is_not_torn() -> None:
    family = "👨‍👩‍👧‍👦"
    rows = hard_wrap([("", f"ab{family}e\u0301")], 9)
    assert ["".join(text for _, text in row) for row in rows] == ["ab", f"{family}e\u0301"]
