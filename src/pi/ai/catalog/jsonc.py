"""JSON with comments, trailing commas and a byte order mark, as people write it in settings.

Comments are blanked, not cut, so that every position is that of the file. Where a value stands is
only worked out when a message needs it: reading a good file costs one strict parse.
"""

import codecs
import math
import re
from collections.abc import Iterable
from typing import Any, cast

import msgspec

__all__ = [
    "JsoncError",
    "NoNumber",
    "Path",
    "decode",
    "decode_most",
    "line_of",
    "no_number",
    "repeated",
    "show_path",
]

Path = tuple[str | int, ...]
"""Where a value is: keys and list indexes from the root."""

_STRING = r'"(?:[^"\\]|\\.)*"'
_COMMENT = rf"({_STRING})|//[^\n]*|/\*.*?\*/"
_COMMA = rf"({_STRING})|,(?=\s*[}}\]])"
_TOKEN = rf"{_STRING}|[{{}}\[\],:]|[^\s{{}}\[\],:\"]+"  # compiled when used: most files need none


class JsoncError(ValueError):
    """Not JSON. `line` and `column` count from one."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(f"line {line}, column {column}: {message}")
        self.line = line
        self.column = column


class NoNumber:
    """Stands where a number should be and something is that JSON has not, such as `NaN`."""

    def __init__(self, written: str) -> None:
        self.written = written


def decode(data: bytes | str) -> Any:
    """The value. Raises `JsoncError`."""
    text = _text(data)
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        plain = strip(text)
    try:
        return msgspec.json.decode(plain)
    except (msgspec.DecodeError, RecursionError):
        raise _explain(plain) from None


def decode_most(data: bytes | str) -> tuple[Any, bool]:
    """The value, and whether a `NoNumber` is in it, as where `NaN` or `1e999` stands.

    Raises `JsoncError`.
    """
    try:
        return decode(data), False
    except JsoncError as error:
        if not isinstance(error, _NumberError):
            raise
    import json  # reads these numbers, which only few files have

    value = json.loads(
        strip(_text(data)),
        parse_constant=NoNumber,
        parse_float=lambda text: float(text) if math.isfinite(float(text)) else NoNumber(text),
    )
    return value, True


def no_number(value: Any, path: Path = ()) -> tuple[Path, NoNumber] | None:
    """The first number in the value that is none, and where it is below `path`."""
    if isinstance(value, NoNumber):
        return path, value
    items: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        items = cast("dict[str | int, Any]", value).items()
    elif isinstance(value, list):
        items = enumerate(cast("list[Any]", value))
    for key, item in items:
        found = no_number(item, (*path, key))
        if found is not None:
            return found
    return None


def repeated(data: bytes | str, value: Any) -> list[tuple[Path, int]]:
    """The keys that stand twice in their object, and the line of the first, which is lost.

    value: what `decode` made of it. Its quotes are counted first: that no key was lost costs
    little to know.
    """
    text = _text(data)
    quotes = msgspec.json.encode(value, enc_hook=lambda item: 0).count(b'"')
    if text.count('"') == quotes:
        return []
    plain = strip(text)  # without the quotes in comments
    if plain.count('"') == quotes:
        return []
    lost: list[tuple[Path, int]] = []
    _positions(plain, lost)
    tops = [path for path, _ in lost]
    return [
        (path, plain.count("\n", 0, at) + 1)
        for path, at in lost
        if not any(path[: len(top)] == top for top in tops if len(top) < len(path))
    ]


def strip(text: str) -> str:
    """`text` with blanks where comments and trailing commas were; nothing else moves."""
    plain = re.sub(_COMMENT, _keep_strings, text, flags=re.DOTALL)
    return re.sub(_COMMA, _keep_strings, plain, flags=re.DOTALL)


def line_of(data: bytes | str, path: Path) -> int:
    """The line of the value at `path`, or of the nearest thing around it that exists.

    The line of a key that is asked for is the key's.
    """
    plain = strip(_text(data))
    found = _positions(plain)
    while path and path not in found:
        path = path[:-1]
    return plain.count("\n", 0, found.get(path, 0)) + 1


def show_path(path: Path) -> str:
    """`providers.x.models[0].cost`."""
    out = ""
    for part in path:
        out += f"[{part}]" if isinstance(part, int) else f".{part}" if out else part
    return out


def _text(data: bytes | str) -> str:
    if isinstance(data, str):
        return data.removeprefix("\ufeff")
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        raise JsoncError("the file is not UTF-8", line, column) from None


def _keep_strings(match: re.Match[str]) -> str:
    return match[1] or re.sub(r"[^\n]", " ", match[0])


class _NumberError(JsoncError):
    """The only thing that is wrong is a number, or several."""


def _explain(plain: str) -> JsoncError:
    import json  # its errors name line and column

    try:
        json.loads(plain)
    except json.JSONDecodeError as error:
        return JsoncError(error.msg[:1].lower() + error.msg[1:], error.lineno, error.colno)
    except RecursionError:
        return JsoncError("nested too deeply", 1, 1)
    odd = [match for match in re.finditer(_TOKEN, plain, re.DOTALL) if not _is_json(match[0])]
    if not odd:
        return JsoncError("this is not JSON", 1, 1)
    texts = [match for match in odd if match[0].startswith('"')]
    first = (texts or odd)[0]
    line = plain.count("\n", 0, first.start()) + 1
    column = first.start() - plain.rfind("\n", 0, first.start())
    if texts:
        return JsoncError("the text has half a character (a lone \\ud…)", line, column)
    return _NumberError(f"{first[0][:20]} is no number that JSON has", line, column)


def _is_json(token: str) -> bool:
    if token in {"{", "}", "[", "]", ":", ","}:
        return True
    try:
        msgspec.json.decode(token)
    except msgspec.DecodeError:
        return False
    return True


def _positions(plain: str, lost: list[tuple[Path, int]] | None = None) -> dict[Path, int]:
    """Offset of every value of valid JSON; of a member, that of its key.

    lost: gets the places of members that another of that name came after.
    """
    found: dict[Path, int] = {}
    stack: list[str | int] = []  # key or index of each open container
    kinds: list[str] = []
    key_at: int | None = None
    expects_key = False
    for match in re.finditer(_TOKEN, plain, re.DOTALL):
        token = match[0]
        if token == ",":
            if kinds[-1] == "[":
                stack[-1] = int(stack[-1]) + 1
            expects_key = kinds[-1] == "{"
        elif token in "}]":
            stack.pop()
            kinds.pop()
            expects_key = False
        elif token == ":":
            expects_key = False
        elif expects_key:
            stack[-1] = msgspec.json.decode(token, type=str)
            key_at = match.start()
        else:
            path = tuple(stack)
            if lost is not None and path in found and key_at is not None:
                lost.append((path, found[path]))
            found[path] = match.start() if key_at is None else key_at
            key_at = None
            if token in "{[":
                kinds.append(token)
                stack.append("" if token == "{" else 0)
                expects_key = token == "{"
    return found
