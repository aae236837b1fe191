"""JSON with comments, trailing commas and a byte order mark, as people write it in settings.

Comments are blanked, not cut, so that every position is that of the file. Where a value stands is
only worked out when a message needs it: reading a good file costs one strict parse.
"""

import codecs
import re
from typing import Any

import msgspec

__all__ = ["JsoncError", "Path", "decode", "line_of", "show_path"]

Path = tuple[str | int, ...]
"""Where a value is: keys and list indexes from the root."""

_STRING = r'"(?:[^"\\]|\\.)*"'
_COMMENT = re.compile(rf"({_STRING})|//[^\n]*|/\*.*?\*/", re.DOTALL)
_COMMA = re.compile(rf"({_STRING})|,(?=\s*[}}\]])", re.DOTALL)
_TOKEN = re.compile(rf"{_STRING}|[{{}}\[\],:]|[^\s{{}}\[\],:\"]+", re.DOTALL)


class JsoncError(ValueError):
    """Not JSON. `line` and `column` count from one."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(f"line {line}, column {column}: {message}")
        self.line = line
        self.column = column


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


def strip(text: str) -> str:
    """`text` with blanks where comments and trailing commas were; nothing else moves."""
    return _COMMA.sub(_keep_strings, _COMMENT.sub(_keep_strings, text))


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


def _explain(plain: str) -> JsoncError:
    import json  # its errors name line and column

    try:
        json.loads(plain)
    except json.JSONDecodeError as error:
        return JsoncError(error.msg[:1].lower() + error.msg[1:], error.lineno, error.colno)
    except RecursionError:
        return JsoncError("nested too deeply", 1, 1)
    return JsoncError("NaN and Infinity are not JSON", 1, 1)


def _positions(plain: str) -> dict[Path, int]:
    """Offset of every value of valid JSON; of a member, that of its key."""
    found: dict[Path, int] = {}
    stack: list[str | int] = []  # key or index of each open container
    kinds: list[str] = []
    key_at: int | None = None
    expects_key = False
    for match in _TOKEN.finditer(plain):
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
            found[tuple(stack)] = match.start() if key_at is None else key_at
            key_at = None
            if token in "{[":
                kinds.append(token)
                stack.append("" if token == "{" else 0)
                expects_key = token == "{"
    return found
