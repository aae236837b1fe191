"""Arguments against a schema: what is forgiven, what is reported, and how."""

from typing import Any

import pytest

from pi.agent.schema import validate

EDIT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "path": {"type": "string", "minLength": 1},
        "edits": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {"oldText": {"type": "string"}, "newText": {"type": "string"}},
                "required": ["oldText", "newText"],
                "additionalProperties": False,
            },
        },
        "limit": {"type": ["integer", "null"], "minimum": 1, "maximum": 10},
        "mode": {"enum": ["a", "b"]},
        "flag": {"type": "boolean"},
        "either": {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "string"}}]},
    },
    "required": ["path", "edits"],
}
GOOD: dict[str, Any] = {"path": "x", "edits": [{"oldText": "a", "newText": "b"}]}


def test_what_fits_comes_through_unchanged() -> None:
    value = {**GOOD, "limit": 3, "mode": "a", "flag": True, "either": ["x"]}
    assert validate(EDIT, value) == (value, [])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"limit": "7"}, {"limit": 7}),
        ({"limit": 7.0}, {"limit": 7}),
        ({"limit": None}, {"limit": None}),
        ({"flag": "true"}, {"flag": True}),
        ({"flag": "False"}, {"flag": False}),
        ({"path": 12}, {"path": "12"}),
        ({"either": "3"}, {"either": 3}),
        ({"unknown": {"kept": 1}}, {"unknown": {"kept": 1}}),
    ],
)
def test_one_clear_meaning_is_converted(given: dict[str, Any], expected: dict[str, Any]) -> None:
    value, problems = validate(EDIT, {**GOOD, **given})
    assert not problems
    assert value == {**GOOD, **expected}


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"path": ""}, "path: must not be shorter than 1 characters"),
        ({"path": None}, "path: expected string, got None"),
        ({"edits": []}, "edits: expected at least 1 items, got 0"),
        ({"edits": [{"oldText": "a"}]}, "edits[0].newText: required, but missing"),
        ({"edits": [{"oldText": "a", "newText": []}]}, "edits[0].newText: expected string, got []"),
        ({"limit": 11}, "limit: must be at most 10, got 11"),
        ({"limit": True}, "limit: expected integer or null, got True"),
        ({"mode": "c"}, "mode: expected one of 'a', 'b', got 'c'"),
        ({"either": {}}, "either: expected integer, got {}"),
    ],
)
def test_the_rest_is_named_with_its_path(given: dict[str, Any], problem: str) -> None:
    assert validate(EDIT, {**GOOD, **given})[1] == [problem]


def test_all_problems_are_reported_at_once() -> None:
    assert len(validate(EDIT, {"limit": 0, "mode": "z"})[1]) == 4


def test_invented_properties_are_dropped_where_the_schema_forbids_them() -> None:
    value, problems = validate(
        EDIT, {"path": "x", "edits": [{"oldText": "a", "newText": "b", "why": "?"}]}
    )
    assert not problems
    assert value == GOOD
