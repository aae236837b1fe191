"""Schemas without alternatives at their root."""

from typing import Any

import pytest

from pi.ai.protocols.object_schema import object_schema

TEXT = {"type": "string"}


def test_a_plain_schema_stays() -> None:
    schema = {
        "type": "object",
        "description": "d",
        "properties": {"a": {"anyOf": [TEXT, {"$ref": "#/$defs/N"}]}, "$defs": TEXT},
        "required": ["a"],
        "additionalProperties": False,
        "$defs": {"N": {"type": "integer"}},
        "definitions": {"M": TEXT},
    }
    assert object_schema(schema) == schema


def test_words_for_other_readers_are_left_out() -> None:
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", "$id": "x", "x-order": 1}
    assert object_schema(schema) == {"type": "object", "properties": {}, "required": []}


@pytest.mark.parametrize("word", ["anyOf", "oneOf"])
def test_alternatives_become_one_object(word: str) -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {"id": TEXT},
        "required": ["id"],
        "additionalProperties": False,
        word: [
            {"properties": {"op": {"const": "add"}, "x": TEXT}, "required": ["op", "x"]},
            {"properties": {"op": {"const": "del"}, "id": {"minLength": 1}}, "required": ["op"]},
            {"type": "null"},
        ],
    }
    assert object_schema(schema) == {
        "type": "object",
        "properties": {
            "id": TEXT,
            "op": {"anyOf": [{"const": "add"}, {"const": "del"}]},
            "x": TEXT,
        },
        "required": ["id", "op"],
    }


def test_all_of_joins() -> None:
    schema = {
        "allOf": [
            {"properties": {"a": TEXT, "b": TEXT}, "required": ["a"]},
            {"$ref": "#/definitions/More"},
        ],
        "definitions": {"More": {"properties": {"a": {"minLength": 2}}, "required": ["c"]}},
    }
    flat = object_schema(schema)
    assert flat["properties"] == {"a": {"allOf": [TEXT, {"minLength": 2}]}, "b": TEXT}
    assert flat["required"] == ["a", "c"]
    assert flat["definitions"] == schema["definitions"]
    assert "allOf" not in flat


def test_only_constraints_are_dropped() -> None:
    schema = {
        "properties": {"a": TEXT, "b": TEXT},
        "anyOf": [{"required": ["a"]}, {"required": []}],
    }
    assert object_schema(schema)["required"] == []


def test_a_reference_at_the_root_is_followed() -> None:
    node = {
        "type": "object",
        "properties": {"next": {"$ref": "#/$defs/a~1b"}},
        "required": ["next"],
    }
    flat = object_schema({"$ref": "#/$defs/a~1b", "$defs": {"a/b": node}, "title": "T"})
    assert flat == node | {"title": "T", "$defs": {"a/b": node}}


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}},
        {"anyOf": [{"$ref": "#"}] * 20},
        {"$ref": "https://example.org/x.json"},
        {"$ref": "#/$defs/gone"},
    ],
)
def test_references_without_an_end_do_no_harm(schema: dict[str, Any]) -> None:
    flat = object_schema(schema)
    assert (flat["type"], flat["properties"], flat["required"]) == ("object", {}, [])
