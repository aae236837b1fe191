"""A wrong type in any field of any command: one line, with its id, that names the field."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from support.rpc_process import Rpc, schema

VALUES = (None, True, 5, -1, 1.5, "wrong", [], [None], {}, {"wrong": 1})
DEFINITIONS = schema()["$defs"]


def resolved(place: dict[str, Any]) -> dict[str, Any]:
    name = place.get("$ref", "").rpartition("/")[2]
    return DEFINITIONS[name] if name else place


def commands() -> dict[str, dict[str, Any]]:
    """The definitions of all commands, by their type."""
    found = (resolved(item) for item in DEFINITIONS["Command"]["anyOf"])
    return {item["properties"]["type"]["enum"][0]: item for item in found}


def fitting(place: dict[str, Any]) -> Any:
    """A value that a field takes."""
    place = resolved(place)
    if "anyOf" in place:
        return fitting(place["anyOf"][0])
    if "enum" in place:
        return place["enum"][0]
    if "type" not in place:  # anything
        return "x"
    kinds = {"string": "x", "boolean": True, "integer": 1, "number": 1, "array": [], "object": {}}
    return kinds[place["type"]]


def wrong(definition: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Commands with one field that is wrong or missing, and the name of that field."""
    properties = definition["properties"]
    required = {name: fitting(properties[name]) for name in definition.get("required", ())}
    for name, place in properties.items():
        if name in ("type", "id"):
            continue
        takes = Draft202012Validator({**place, "$defs": DEFINITIONS}).is_valid
        for value in VALUES:
            if not takes(value):
                yield name, {**required, name: value}
        if name in required:
            yield name, {key: value for key, value in required.items() if key != name}


def test_all_commands_with_fields_are_tried() -> None:
    tried = {name for name, definition in commands().items() if any(wrong(definition))}
    assert {"prompt", "steer", "set_model", "compact", "bash", "fork", "export_html"} <= tried
    assert len(tried) > 25
    assert len(commands()) > 45


@pytest.mark.parametrize("first", [True, False])
async def test_a_wrong_value_is_refused_in_one_line(tmp_path: Path, first: bool) -> None:
    """Wherever the id stands in the line."""
    async with Rpc(tmp_path) as pi:
        count = 0
        for name, definition in commands().items():
            for field, fields in wrong(definition):
                count += 1
                parts = {"id": count}, {"type": name, **fields}
                record = parts[0] | parts[1] if first else parts[1] | parts[0]
                await pi.write(json.dumps(record).encode() + b"\n")
                answer = await pi.read()
                assert answer["type"] == "response", record
                assert (answer["id"], answer["command"]) == (count, name), record
                assert answer["success"] is False, record
                assert field in answer["error"], (record, answer["error"])
                assert "\n" not in answer["error"]
        assert count > 250
        assert (await pi.ask("get_state"))["success"]
        assert await pi.end() == 0
