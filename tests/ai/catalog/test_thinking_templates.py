"""Levels and words as body fragments."""

import pytest

from pi.ai.catalog.schema import ThinkingTemplate
from pi.ai.catalog.thinking import fragments, merged, parse_levels, word

TEMPLATE = ThinkingTemplate(
    on={"a": {"effort": "$effort"}, "b": "$budget", "c": "$enabled"},
    off={"a": {"effort": "$effort"}, "c": "$enabled"},
    levels={"max": {"all": True}},
    words={"minimal": "low"},
)


def test_levels_are_written_with_their_words() -> None:
    assert parse_levels("off=none low high=hard") == {"off": "none", "low": None, "high": "hard"}
    assert parse_levels("") == {}
    with pytest.raises(ValueError, match="unknown thinking level 'loud'"):
        parse_levels("low loud")


def test_a_template_is_filled_in_per_level() -> None:
    words = parse_levels("max high=hard minimal off")
    assert fragments(words, TEMPLATE) == {
        "off": {"c": False},
        "minimal": {"a": {"effort": "low"}, "b": "$budget", "c": True},
        "high": {"a": {"effort": "hard"}, "b": "$budget", "c": True},
        "max": {"all": True},
    }
    assert list(fragments(words, TEMPLATE)) == ["off", "minimal", "high", "max"]


def test_off_has_no_word_unless_somebody_gives_it_one() -> None:
    assert word(TEMPLATE, "off", None) is None
    assert word(TEMPLATE, "off", "none") == "none"
    assert word(TEMPLATE, "low", None) == "low"
    assert fragments({"off": "none"}, TEMPLATE)["off"]["a"] == {"effort": "none"}


def test_a_model_that_does_not_think_has_off_with_nothing_in_it() -> None:
    assert fragments({}, TEMPLATE) == {"off": {}}


def test_a_fragment_without_a_word_is_empty_and_not_full_of_empty_objects() -> None:
    template = ThinkingTemplate(off={"x": {"y": {"z": "$effort"}}})
    assert fragments({"off": None}, template) == {"off": {}}


def test_merging_changes_neither_side() -> None:
    low, high = {"a": {"b": 1, "c": [1]}}, {"a": {"c": [2]}, "d": 3}
    assert merged(low, high) == {"a": {"b": 1, "c": [2]}, "d": 3}
    assert low == {"a": {"b": 1, "c": [1]}}
    assert high == {"a": {"c": [2]}, "d": 3}
