"""What a type allows and what a value is, in words for people who write JSON."""

from typing import Any

from pi.ai.model import LEVELS

__all__ = ["allowed", "kind_of", "show_value"]

_LONGEST = 30


def allowed(kind: Any) -> str:
    """`whole number from 0 up or disabled`, for a type as the structs of our files have them."""
    from msgspec import inspect  # costs 2 ms, needed only for messages

    return _words(inspect.type_info(kind))


def kind_of(value: Any) -> str:
    """What sort of JSON value it is."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return "number"
        case str():
            return "text"
        case list() | tuple():
            return "list"
        case _:
            return "object"


def show_value(value: Any) -> str:
    """The value itself if it is short, else what sort it is."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15:
        return str(value)
    if isinstance(value, str) and value.isprintable() and len(value) <= _LONGEST:
        return f'"{value}"'
    return kind_of(value)


def _words(kind: Any) -> str:
    from msgspec import inspect

    match kind:
        case inspect.Metadata():
            return _words(kind.type)
        case inspect.UnionType():
            parts = [item for item in kind.types if not isinstance(item, inspect.NoneType)]
            literal = [item for item in parts if isinstance(item, inspect.LiteralType)]
            rest = [item for item in parts if item not in literal]
            return " or ".join(_words(item) for item in (*rest, *literal))
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType():
            return "whole number" + _range(kind)
        case inspect.FloatType():
            return "number" + _range(kind)
        case inspect.StrType():
            return "text that is not empty" if kind.min_length else "text"
        case inspect.LiteralType():
            return ", ".join(sorted(map(str, kind.values), key=_rank))
        case inspect.ListType() | inspect.VarTupleType():
            return f"list of {_words(kind.item_type)}"
        case inspect.DictType():
            inner = f"{_words(kind.key_type)}: {_words(kind.value_type)}"
            return f"object of {inner}" if inner != "text: anything" else "object"
        case inspect.StructType() | inspect.TypedDictType():
            return "object"
        case _:
            return "anything"


def _rank(name: str) -> tuple[int, str]:
    """Thinking levels in their order, everything else by name."""
    return (LEVELS.index(name) if name in LEVELS else -1, name)


def _range(kind: Any) -> str:
    if kind.gt is not None:
        return f" above {kind.gt:g}"
    if kind.ge is not None and kind.le is not None:
        return f" from {kind.ge:g} to {kind.le:g}"
    return f" from {kind.ge:g} up" if kind.ge is not None else ""
