"""A tool's JSON Schema as services take it that allow no alternatives at the root.

`anyOf`, `oneOf`, `allOf` and `$ref` at the root are folded into one plain object schema, which
accepts everything the original accepts; the original still decides when the call is validated.
What stands deeper, `$defs` and `definitions` included, stays as it is.
"""

from collections.abc import Iterable
from typing import Any, cast

__all__ = ["object_schema"]

_Schema = dict[str, Any]
_KEPT = (
    "title",
    "description",
    "$defs",
    "definitions",
    "additionalProperties",
    "patternProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "dependentRequired",
)
_COMBINING = ("allOf", "anyOf", "oneOf")
_MAX_REFERENCES = 8
_MAX_DEPTH = 3  # schemas may contain themselves; who combines deeper loses names, nothing else


def object_schema(schema: _Schema) -> _Schema:
    """`schema` with `type`, `properties` and `required` at its root and nothing that combines."""
    root = _resolved(schema, schema)
    properties, required = _flat(schema, schema, 0)
    combined = any(root.get(word) for word in _COMBINING)
    flat: _Schema = {"type": "object", "properties": properties, "required": required}
    for word in _KEPT:
        value = root.get(word, schema.get(word))
        if value is not None and not (combined and word == "additionalProperties"):
            flat[word] = value
    return flat


def _flat(schema: _Schema, root: _Schema, depth: int) -> tuple[_Schema, list[str]]:
    """The properties that may and those that must be there, all alternatives taken together."""
    if depth > _MAX_DEPTH:
        return {}, []
    schema = _resolved(schema, root)
    properties: _Schema = dict(schema.get("properties") or {})
    required: list[str] = list(schema.get("required") or [])
    for part, needed in (_flat(member, root, depth + 1) for member in _members(schema, "allOf")):
        for name, value in part.items():
            known = properties.get(name, value)
            properties[name] = value if known == value else {"allOf": [known, value]}
        required += needed
    for word in ("anyOf", "oneOf"):
        branches = [_flat(member, root, depth + 1) for member in _members(schema, word)]
        for name, values in _by_name(part for part, _ in branches).items():
            properties.setdefault(name, values[0] if len(values) == 1 else {"anyOf": values})
        if branches:
            required += [n for n in branches[0][1] if all(n in needed for _, needed in branches)]
    return properties, list(dict.fromkeys(required))


def _by_name(parts: Iterable[_Schema]) -> dict[str, list[Any]]:
    """Each property with its different schemas."""
    named: dict[str, list[Any]] = {}
    for part in parts:
        for name, value in part.items():
            values = named.setdefault(name, [])
            if value not in values:
                values.append(value)
    return named


def _members(schema: _Schema, word: str) -> list[_Schema]:
    """The combined schemas that an object can match."""
    members = schema.get(word)
    if not isinstance(members, list):
        return []
    objects = cast("list[_Schema]", [m for m in cast("list[Any]", members) if isinstance(m, dict)])
    return [member for member in objects if member.get("type", "object") == "object"]


def _resolved(schema: _Schema, root: _Schema) -> _Schema:
    """`schema` with what its `$ref` points to, if that is inside `root`."""
    for _ in range(_MAX_REFERENCES):
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            break
        target: Any = root
        for step in reference.removeprefix("#").split("/")[1:]:
            step = step.replace("~1", "/").replace("~0", "~")
            target = cast("_Schema", target).get(step) if isinstance(target, dict) else None
        if not reference.startswith("#") or not isinstance(target, dict) or target is schema:
            break
        rest = {word: value for word, value in schema.items() if word != "$ref"}
        schema = {**cast("_Schema", target), **rest}
    return schema
