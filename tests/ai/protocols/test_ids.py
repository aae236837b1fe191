"""Ids that wires accept."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi.ai.protocols.ids import charset_id, exact_id, short_hash

ANY = st.text(st.characters(codec=None), max_size=500)


@given(ANY)
def test_a_rule_gives_allowed_ids_and_leaves_those_alone(call_id: str) -> None:
    rules = {
        r"[a-zA-Z0-9_-]{0,64}": charset_id(),
        r"[a-zA-Z0-9_-]{0,40}": charset_id(40, hashed=True),
        r"[a-z|_]{0,12}": charset_id(12, "[a-z|]"),
        r"[a-zA-Z0-9]{9}": exact_id(9),
    }
    for pattern, rule in rules.items():
        allowed = rule(call_id)
        assert re.fullmatch(pattern, allowed)
        assert rule(allowed) == allowed


def test_a_long_id_is_cut_or_ends_in_a_hash() -> None:
    first, second = "call_" + "x" * 395, "call_" + "x" * 394 + "y"
    assert charset_id()(first) == first[:64]
    hashed = charset_id(40, hashed=True)
    assert hashed(first) != hashed(second)
    assert hashed(first)[:31] == hashed(second)[:31] == first[:31]


def test_other_characters_become_underscores() -> None:
    assert charset_id()("functions.read:0|fc_ü+/=") == "functions_read_0_fc_____"


@pytest.mark.parametrize(
    ("call_id", "expected"), [("abcDEF123", "abcDEF123"), ("abc-DEF-123", "abcDEF123")]
)
def test_an_exact_id_keeps_its_own_letters_if_they_fit(call_id: str, expected: str) -> None:
    assert exact_id(9)(call_id) == expected


def test_a_hash_is_the_same_in_every_process() -> None:
    assert short_hash("call_1") == "jsfy06w5"
    assert short_hash("call_1", 3) == "jsfy06w5"[:3]
    assert len(short_hash("\ud800", 24)) == 24
