"""What extensions give, checked where they give it, so that the error names their line."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, get_args

import msgspec

from pi.ai.errors import ConfigError
from pi.coding.extensions.words import Deliver

__all__ = [
    "as_json",
    "check_function",
    "check_models",
    "check_name",
    "check_texts",
    "check_tool",
    "describe",
    "is_name",
    "key_name",
    "near",
    "shown",
    "wrong_field",
]


def as_json(data: Any, what: str) -> Any:
    """The data as it is read again later. Raises `ConfigError` if it is no JSON."""
    try:
        return msgspec.json.decode(msgspec.json.encode(data))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ConfigError(f"{what} cannot be written as JSON: {error}") from None


def wrong_field(value: Any) -> str:
    """What is wrong with the fields of a struct that somebody made; "" if nothing is."""
    if not isinstance(value, msgspec.Struct):
        return ""
    kind = type(value).__name__
    for field in _fields(type(value)):
        given = getattr(value, field.name)
        if given is msgspec.UNSET:
            continue
        try:
            if field.name == "details":
                as_json(given, "it")
            msgspec.convert(given, field.type)
        except msgspec.ValidationError as error:
            return f"{kind}({field.name}={shown(given)}): {str(error)[:1].lower()}{str(error)[1:]}"
        except ConfigError as error:
            return f"{kind}({field.name}={shown(given)}): {error.message}"
        inner = wrong_field(given)
        if inner:
            return f"{kind}({field.name}={inner})"
    return ""


def shown(value: Any) -> str:
    """A value as it would be written, its beginning if that is long."""
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


_LONGEST = 80
"""Characters of a value in a message."""


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind)


def near(name: Any, known: Iterable[Any]) -> str:
    """What may have been meant, or all that there is."""
    from difflib import get_close_matches  # only for messages

    names = [str(item) for item in known]
    found = get_close_matches(str(name), names, n=2, cutoff=0.5)
    return f": did you mean {' or '.join(found)}?" if found else f"; known: {', '.join(names)}"


def check_texts(call: str, **texts: Any) -> None:
    """Raise `ConfigError` for an argument that is no text, or a `deliver` that there is not."""
    for name, value in texts.items():
        if not isinstance(value, str):
            raise ConfigError(f"{call}: {name} is a text, not {value!r}")
    deliver = texts.get("deliver", "now")
    if deliver not in get_args(Deliver):
        hint = near(deliver, get_args(Deliver))
        raise ConfigError(f"{call}: there is no deliver {deliver!r}{hint}")


def check_name(kind: str, name: Any) -> None:
    """Raise `ConfigError` for what cannot be the name of a slash command, an option, ..."""
    if not isinstance(name, str) or not is_name(name, "._:-") or not name[0].isalnum():
        raise ConfigError(f"{name!r} is no name for {kind}: letters, digits, and . _ : -")


def is_name(text: str, others: str, longest: int = 1 << 16) -> bool:
    """Whether a text is made of letters, digits and those others."""
    plain = text.translate(dict.fromkeys(map(ord, others), "a"))
    return plain.isascii() and plain.isalnum() and len(text) <= longest


def check_function(value: Any, what: str, *given: str) -> None:
    """Raise `ConfigError` for what is no function, or cannot be called with so many arguments.

    given: the names of what it is called with.
    """
    words = f"({', '.join(given)})"
    if not callable(value):
        hint = f": is it called where it should be named, as `f` and not `f{words}`?"
        raise ConfigError(
            f"{what} is a function{words}, not {value!r}{hint if value is None else ''}"
        )
    from inspect import signature

    try:
        expected = signature(value)
    except (TypeError, ValueError):  # some that are written in C do not say
        return
    try:
        expected.bind(*given)
    except TypeError:
        name = getattr(value, "__name__", type(value).__name__)
        raise ConfigError(
            f"{what} is called as {name}{words}, but it is {name}{expected}"
        ) from None


def key_name(key: Any) -> str:
    """The one way to write a key of a shortcut. Raises `ConfigError`."""
    from pi.coding.api.keys import NAMED, UnknownKey, canonical  # for who registers one

    if not isinstance(key, str) or not key.strip():
        raise ConfigError(f"register_shortcut: a key is a text such as 'ctrl+x', not {key!r}")
    try:
        name = canonical(key)
    except UnknownKey as error:
        base = key.rpartition("+")[2].strip()
        hint = near(base, NAMED).partition(";")[0]
        raise ConfigError(
            f"register_shortcut: there is no key {key!r}{hint or f' ({error})'}"
        ) from None
    if len(name.removeprefix("shift+")) == 1:
        raise ConfigError(
            f"register_shortcut: {key!r} could not be typed any more: use ctrl+, alt+ or f1 to f24"
        )
    return name


def check_tool(tool: Any) -> None:
    """Raise `ConfigError` for a `Tool` that a model cannot be offered, or that does nothing."""
    from pi.agent.tools import Tool

    name = type(tool).__name__
    for field in ("name", "description", "parameters"):
        if not getattr(tool, field, None):
            raise ConfigError(f"register_tool: {name} has no {field}")
    check_texts("register_tool", description=tool.description, snippet=tool.snippet)
    _listed("guidelines", tool.guidelines)
    if tool.mode not in _MODES:
        raise ConfigError(f"register_tool: there is no mode {tool.mode!r}{near(tool.mode, _MODES)}")
    schema = as_json(tool.parameters, f"register_tool: the parameters of {name}")
    problem = _schema_problem(schema)
    if problem:
        raise ConfigError(f"register_tool: the parameters of {name} are a JSON Schema: {problem}")
    if type(tool).execute is Tool.execute:
        words = "async def execute(self, arguments, context)"
        raise ConfigError(f"register_tool: {name} has no execute: write `{words}`")
    check_function(tool.execute, f"register_tool: execute of {name}", "arguments", "context")


def _listed(name: str, value: Any) -> None:
    texts = isinstance(value, list | tuple) and all(isinstance(text, str) for text in value)
    if not texts:
        raise ConfigError(f"register_tool: {name} is a list of texts, not {value!r}")


_MODES = ("parallel", "sequential")
_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")


def _schema_problem(schema: Any) -> str:
    """What is wrong with the root of a tool's parameters; "" if nothing is."""
    if not isinstance(schema, dict) or schema.get("type") != "object":
        return 'their root is {"type": "object", "properties": {...}}'
    properties = schema.get("properties", {})
    if not isinstance(properties, dict):
        return f"properties is an object, not {properties!r}"
    for name, value in properties.items():
        if not isinstance(value, dict | bool):
            return f"{name} is described by an object, not {value!r}"
        kind = value.get("type") if isinstance(value, dict) else None
        if isinstance(kind, str) and kind not in _TYPES:
            return f"{name}: there is no type {kind!r}{near(kind, _TYPES)}"
    required = schema.get("required", [])
    if not isinstance(required, list) or not all(item in properties for item in required):
        return f"required lists names of properties, not {required!r}"
    return ""


def check_models(provider: str, models: Any) -> None:
    """Raise `ConfigError` for what is no list of models as in `models.json`."""
    listed = isinstance(models, list | tuple)
    if not listed or not all(isinstance(model, Mapping) for model in models):
        raise ConfigError(
            f"provider {provider!r}: models is a list as in models.json, [{{'id': ...}}, ...],"
            f" not {shown(models)}"
        )


def describe(function: Callable[..., Any], path: str) -> str:
    """Where a function of an extension is, for people."""
    code = getattr(function, "__code__", None)
    return path if code is None else f"{code.co_filename}:{code.co_firstlineno}"
