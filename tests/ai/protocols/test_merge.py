"""Fragments over a body."""

import copy

from pi.ai.protocols.merge import deep_merge


def test_objects_merge_and_everything_else_replaces() -> None:
    body = {"a": {"b": 1, "c": {"d": 1}}, "list": [1, 2], "x": 1, "y": {"z": 1}}
    over = {"a": {"c": {"e": 2}, "b": None}, "list": [3], "x": {"n": 1}, "y": 5}
    before = copy.deepcopy((body, over))
    assert deep_merge(body, over, {"a": {"c": {"e": 3}}}) == {
        "a": {"b": None, "c": {"d": 1, "e": 3}},
        "list": [3],
        "x": {"n": 1},
        "y": 5,
    }
    assert (body, over) == before, "neither side is changed"
    assert deep_merge(body) == body
