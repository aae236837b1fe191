"""Search while typing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi.ai.catalog.fuzzy import score, search

NAMES = ["openai/gpt-5.3-codex", "anthropic/claude-opus-5", "openrouter/opus-mix", "groq/o-p-u-s"]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("codex", "openai/gpt-5.3-codex"),
        ("codex5", "openai/gpt-5.3-codex"),
        ("opus anth", "anthropic/claude-opus-5"),
        ("OPUS mix", "openrouter/opus-mix"),
        ("cldops", "anthropic/claude-opus-5"),
    ],
)
def test_the_best_hit_comes_first(query: str, first: str) -> None:
    assert search(query, NAMES, str)[0] == first


def test_letters_together_beat_letters_apart() -> None:
    found = search("opus", NAMES, str)
    assert found[-1] == "groq/o-p-u-s"
    assert len(found) == 3


def test_every_word_must_occur() -> None:
    assert search("opus xyz", NAMES, str) == []
    assert search("", NAMES, str) == NAMES


@given(st.text(alphabet="abc-", max_size=6), st.text(alphabet="abc-", max_size=10))
def test_a_hit_has_the_letters_in_order(query: str, text: str) -> None:
    """Texts this short cannot spread the letters of two too far."""
    letters = iter(text)
    in_order = all(letter in letters for letter in query)
    hit = score(query, text) is not None
    assert in_order or not hit
    assert hit or not (in_order and len(query) >= 3)


def test_letters_far_apart_are_no_hit() -> None:
    assert score("abc", "a--------b--------c") is None
    assert score("abc", "a--------ab-c") is not None
