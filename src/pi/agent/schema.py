"""Checks what a model wrote against a tool's JSON Schema, forgiving what has one clear meaning.

Models write `"5"` for 5 and `"true"` for true; those are converted. Everything else that does not
fit is reported with its path, all at once, so that the model can mend its call in one go. The
subset is what tool schemas use: type, enum, const, properties, required, additionalProperties,
items, minItems, maxItems, minimum, maximum, minLength, maxLength, pattern, anyOf, oneOf, allOf.
Source: https://json-schema.org/draft/2020-12/json-schema-validation
"""

import re
from typing import Any, cast

__all__ = ["validate"]

Schema = dict[str, Any]
_NAMES: dict[str, type[Any]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
}


def validate(schema: Schema, value: Any) -> tuple[Any, list[str]]:
    """The converted value, and what is wrong with it: lines of `path: problem`."""
    problems: list[str] = []
    return _check(schema, value, "", problems), problems


def _check(schema: Any, value: Any, path: str, problems: list[str]) -> Any:
    if not isinstance(schema, dict):
        return value
    rules = cast("Schema", schema)
    for key in ("anyOf", "oneOf"):
        if key in rules:
            value = _any_of(rules[key], value, path, problems)
    for part in rules.get("allOf", ()):
        value = _check(part, value, path, problems)
    wanted = rules.get("type")
    if wanted is not None:
        types: list[str] = [wanted] if isinstance(wanted, str) else list(wanted)
        fits, value = _fit(types, value)
        if not fits:
            problems.append(f"{path or 'arguments'}: expected {' or '.join(types)}{_got(value)}")
            return value
    if "enum" in rules and value not in rules["enum"]:
        allowed = ", ".join(map(repr, rules["enum"]))
        problems.append(f"{path or 'arguments'}: expected one of {allowed}{_got(value)}")
    if "const" in rules and value != rules["const"]:
        problems.append(f"{path or 'arguments'}: expected {rules['const']!r}{_got(value)}")
    if isinstance(value, dict):
        return _object(rules, cast("dict[str, Any]", value), path, problems)
    if isinstance(value, list):
        return _array(rules, cast("list[Any]", value), path, problems)
    _limits(rules, value, path, problems)
    return value


def _fit(types: list[str], value: Any) -> tuple[bool, Any]:
    for name in types:
        if name in ("integer", "number"):
            if isinstance(value, bool) or not isinstance(value, int | float):
                continue
            if name == "number" or isinstance(value, int):
                return True, value
            if value.is_integer():
                return True, int(value)
        elif name in _NAMES and isinstance(value, _NAMES[name]):
            return True, value
    for name in types:
        converted = _convert(name, value)
        if converted is not None:
            return True, converted
    return False, value


def _convert(name: str, value: Any) -> Any:
    """`value` as the type of that name, if only one meaning is possible, else None."""
    if isinstance(value, str):
        word = value.strip()
        if name == "boolean" and word.lower() in ("true", "false"):
            return word.lower() == "true"
        if name == "integer" and re.fullmatch(r"-?\d{1,18}", word):
            return int(word)
        if name == "number" and re.fullmatch(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", word):
            return float(word) if "." in word or "e" in word.lower() else int(word)
    if name == "string" and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return None


def _any_of(options: list[Any], value: Any, path: str, problems: list[str]) -> Any:
    best: list[str] | None = None
    for option in options:
        found: list[str] = []
        converted = _check(option, value, path, found)
        if not found:
            return converted
        if best is None or len(found) < len(best):
            best = found
    problems.extend(best or ())
    return value


def _object(rules: Schema, value: dict[str, Any], path: str, problems: list[str]) -> Any:
    properties: dict[str, Any] = rules.get("properties", {})
    for name in rules.get("required", ()):
        if name not in value:
            problems.append(f"{_join(path, name)}: required, but missing")
    extra = rules.get("additionalProperties", True)
    checked: dict[str, Any] = {}
    for name, item in value.items():
        if name in properties:
            checked[name] = _check(properties[name], item, _join(path, name), problems)
        elif extra is False:
            continue  # models invent properties; ignoring one is safer than losing the call
        else:
            checked[name] = _check(extra, item, _join(path, name), problems)
    return checked


def _array(rules: Schema, value: list[Any], path: str, problems: list[str]) -> Any:
    if len(value) < rules.get("minItems", 0):
        problems.append(f"{path}: expected at least {rules['minItems']} items, got {len(value)}")
    if "maxItems" in rules and len(value) > rules["maxItems"]:
        problems.append(f"{path}: expected at most {rules['maxItems']} items, got {len(value)}")
    items = rules.get("items", True)
    return [_check(items, item, f"{path}[{i}]", problems) for i, item in enumerate(value)]


def _limits(rules: Schema, value: Any, path: str, problems: list[str]) -> None:
    if isinstance(value, str):
        if len(value) < rules.get("minLength", 0):
            problems.append(f"{path}: must not be shorter than {rules['minLength']} characters")
        if "maxLength" in rules and len(value) > rules["maxLength"]:
            problems.append(f"{path}: must not be longer than {rules['maxLength']} characters")
        if "pattern" in rules and not re.search(rules["pattern"], value):
            problems.append(f"{path}: must match {rules['pattern']}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if "minimum" in rules and value < rules["minimum"]:
            problems.append(f"{path}: must be at least {rules['minimum']}, got {value}")
        if "maximum" in rules and value > rules["maximum"]:
            problems.append(f"{path}: must be at most {rules['maximum']}, got {value}")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _got(value: Any) -> str:
    text = repr(value)
    return f", got {text if len(text) <= 60 else text[:57] + '...'}"
