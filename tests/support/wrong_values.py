"""Values of the wrong kind for every place of a JSON file, made from its schema."""

import copy
from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]
Path = tuple[str | int, ...]

KINDS: tuple[Any, ...] = (None, True, -1, 1.5, 10**400, "", "x", [], [None], {}, {"x": [1]})
"""One of each kind of JSON, and some that are odd."""


def example(schema: Schema, root: Schema, depth: int = 0) -> Any:
    """A value that the schema allows, with every key that it has."""
    schema = resolved(schema, root)
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    if "anyOf" in schema:
        options = [item for item in schema["anyOf"] if item.get("type") != "null"]
        return example(options[-1], root, depth)
    match schema.get("type"):
        case "object":
            value = {
                key: example(item, root, depth + 1)
                for key, item in schema.get("properties", {}).items()
            }
            more = schema.get("additionalProperties")
            if isinstance(more, dict) and "properties" not in schema:
                names = schema.get("propertyNames", {}).get("enum", ["k"])
                value[names[0]] = example(more, root, depth + 1)
            return value
        case "array":
            return [example(schema.get("items", {}), root, depth + 1)]
        case "boolean":
            return True
        case "integer" | "number":
            return max(schema.get("minimum", 1), schema.get("exclusiveMinimum", 0) + 1)
        case "string":
            return "text"
        case _:
            return {"any": 1}


def resolved(schema: Schema, root: Schema) -> Schema:
    """The definition that a reference means."""
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of all values in a value."""
    yield path
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, item in items:
        yield from places(item, (*path, key))


def replaced(value: Any, path: Path, new: Any) -> Any:
    """A copy with another value at the path."""
    if not path:
        return new
    value = copy.deepcopy(value)
    inner = value
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return value
