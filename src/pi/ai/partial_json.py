"""Tool arguments as JSON: while they are still being written, and when they are complete.

`PartialJson` looks at every character once and keeps what is known so far in plain dicts and
lists; it forgives what models get wrong. `parse_arguments` judges the finished text: it mends what
has only one reading, and never takes a truncated prefix for the whole.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, NoReturn, cast

import msgspec

__all__ = ["MAX_DEPTH", "PartialJson", "parse_arguments"]

MAX_DEPTH = 256
"""How deep containers may be nested; deeper arguments would break whoever walks them."""

_MAX_SCALAR = 4300  # int() refuses more digits
_SPACE = " \t\n\r\ufeff"
_SCALAR = frozenset("-+.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_ESCAPES = {
    '"': '"',
    "\\": "\\",
    "/": "/",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
}
_HEX = frozenset("0123456789abcdefABCDEF")
_LITERALS: dict[str, Any] = {"true": True, "false": False, "null": None}
_MISSING: Any = object()

_Step = Callable[["PartialJson", str, int], int]


class PartialJson:
    """Reads a JSON object piece by piece.

    Raw control characters in strings and backslashes before no valid escape are kept as they are,
    surrogate pairs are joined and lone surrogates dropped. What follows the object is ignored, and
    so is everything from the first place on that makes no sense. A root that is no object is `{}`.
    """

    __slots__ = ("_high", "_holder", "_key", "_keys", "_root", "_slot", "_stack", "_step", "_token")

    def __init__(self) -> None:
        self._root: dict[str, Any] = {}
        self._stack: list[Any] = []  # the open containers, innermost last
        self._keys: list[str] = [""]  # one cell: the key that is being read
        self._key = ""
        self._holder: Any = self._keys  # the open string is holder[slot]
        self._slot: Any = 0
        self._high = 0  # a high surrogate that waits for its other half
        self._token = ""  # a number, literal or escape that is not complete
        self._step: _Step = PartialJson._start

    def feed(self, text: str) -> None:
        """Take the next piece of the text, cut anywhere."""
        i, end = 0, len(text)
        while i < end:
            i = self._step(self, text, i)

    def value(self) -> dict[str, Any]:
        """The object as far as it is known: a live view, valid until the next `feed`.

        Must not be changed. Costs nothing that grows with the text.
        """
        if self._step is PartialJson._scalar:
            preview = _preview(self._token)
            self._drop()
            if preview is not _MISSING:
                self._put(preview)
        return self._root

    # -- where values go -------------------------------------------------------------------------

    def _drop(self) -> None:
        """Remove the value at the current place: an unfinished preview or an earlier duplicate."""
        container = self._stack[-1]
        if isinstance(container, dict):
            container.pop(self._key, None)  # pyright: ignore[reportUnknownMemberType]
        else:
            del container[self._slot :]

    def _put(self, value: Any) -> None:
        container = self._stack[-1]
        if isinstance(container, dict):
            container[self._key] = value
        else:
            container.append(value)

    def _append(self, piece: str) -> None:
        """Extend the open string.

        The container lets go of it meanwhile, so that CPython finds one reference only and extends
        in place; a copy for each piece would make long strings quadratic.
        """
        self._high = 0
        holder, slot = self._holder, self._slot
        string = holder[slot]
        holder[slot] = None
        string += piece
        holder[slot] = string

    def _unit(self, code: int) -> None:
        """Add a UTF-16 code unit to the open string."""
        if 0xD800 <= code < 0xDC00:
            self._high = code
        elif 0xDC00 <= code < 0xE000:
            if self._high:
                self._append(chr(0x10000 + ((self._high - 0xD800) << 10) + code - 0xDC00))
        else:
            self._append(chr(code))

    # -- steps: each consumes some of `text` from `i` on, and returns where the next goes on -------

    def _start(self, text: str, i: int) -> int:
        i = _skip(text, i)
        if i == len(text):
            return i
        if text[i] != "{":
            return self._stop(text, i)
        self._stack.append(self._root)
        self._step = PartialJson._member
        return i + 1

    def _stop(self, text: str, i: int) -> int:
        """Nothing that follows counts."""
        self._step = PartialJson._stop
        return len(text)

    def _member(self, text: str, i: int) -> int:
        """A key, or the end of an object."""
        i = _skip(text, i)
        if i == len(text):
            return i
        if text[i] == '"':
            self._keys[0] = ""
            self._holder, self._slot = self._keys, 0
            self._step = PartialJson._string
            return i + 1
        return self._leave(text, i) if text[i] == "}" else self._stop(text, i)

    def _colon(self, text: str, i: int) -> int:
        i = _skip(text, i)
        if i == len(text):
            return i
        if text[i] != ":":
            return self._stop(text, i)
        self._step = PartialJson._element
        return i + 1

    def _element(self, text: str, i: int) -> int:
        """A value, or the end of an array."""
        i = _skip(text, i)
        if i == len(text):
            return i
        char, container = text[i], self._stack[-1]
        if isinstance(container, dict):
            self._holder, self._slot = container, self._key
        elif char == "]":
            return self._leave(text, i)
        else:
            self._holder, self._slot = container, len(container)
        if char not in '"{[':
            self._drop()
            self._token = ""
            self._step = PartialJson._scalar
            return i
        if char == '"':
            self._drop()
            self._put("")
            self._step = PartialJson._string
        else:
            return self._enter({} if char == "{" else [], text, i)
        return i + 1

    def _enter(self, container: Any, text: str, i: int) -> int:
        if len(self._stack) >= MAX_DEPTH:
            return self._stop(text, i)
        self._drop()
        self._put(container)
        self._stack.append(container)
        self._step = PartialJson._member if text[i] == "{" else PartialJson._element
        return i + 1

    def _leave(self, text: str, i: int) -> int:
        self._stack.pop()
        if not self._stack:
            return self._stop(text, i)
        self._step = PartialJson._after
        return i + 1

    def _after(self, text: str, i: int) -> int:
        """What may follow a value."""
        i = _skip(text, i)
        if i == len(text):
            return i
        char, in_object = text[i], isinstance(self._stack[-1], dict)
        if char == ",":
            self._step = PartialJson._member if in_object else PartialJson._element
            return i + 1
        return self._leave(text, i) if char == "]}"[in_object] else self._stop(text, i)

    def _string(self, text: str, i: int) -> int:
        match = _stop().search(text, i)
        end = match.start() if match else len(text)
        if end > i:
            self._append(text[i:end])
        if match is None:
            return end
        char = match.group()
        if char == '"':
            self._high = 0
            if self._holder is self._keys:
                self._key = self._keys[0]
                self._step = PartialJson._colon
            else:
                self._step = PartialJson._after
        elif char == "\\":
            self._token = ""
            self._step = PartialJson._escape
        else:
            self._unit(ord(char))
        return end + 1

    def _escape(self, text: str, i: int) -> int:
        """The characters after a backslash, one at a time."""
        char, token = text[i], self._token
        if not token and char != "u":
            self._step = PartialJson._string
            self._append(_ESCAPES.get(char, "\\"))
            return i + (char in _ESCAPES)
        if token and char not in _HEX:
            self._step = PartialJson._string
            self._append("\\" + token)
            return i
        self._token = token = token + char
        if len(token) == 5:
            self._step = PartialJson._string
            self._unit(int(token[1:], 16))
        return i + 1

    def _scalar(self, text: str, i: int) -> int:
        end = i
        while end < len(text) and text[end] in _SCALAR:
            end += 1
        self._token += text[i:end]
        if len(self._token) <= _MAX_SCALAR:
            if end == len(text):
                return end
            value = _scalar_value(self._token)
            self._drop()
            if value is not _MISSING:
                self._put(value)
                self._step = PartialJson._after
                return end
        self._drop()
        return self._stop(text, end)


def _skip(text: str, i: int) -> int:
    end = len(text)
    while i < end and text[i] in _SPACE:
        i += 1
    return i


def _scalar_value(token: str) -> Any:
    """The value of a finished number or literal, `_MISSING` if it is neither."""
    try:
        return msgspec.json.decode(token)
    except msgspec.DecodeError:
        return _MISSING


def _preview(token: str) -> Any:
    """The value of a number or literal that may go on."""
    for word, value in _LITERALS.items():
        if token and word.startswith(token):
            return value
    return _scalar_value(token.rstrip("+-").rstrip("eE").rstrip("."))


# -- finished arguments --------------------------------------------------------------------------

# Compiled by `re` when they are needed, which is seldom.
_STRINGS = r'(?s)"(?:[^"\\]++|\\.)*+"'
_MEND = r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})|[\\\x00-\x1f]'
_TOO_DEEP = f"the arguments are nested more than {MAX_DEPTH} levels deep"


def parse_arguments(text: str) -> tuple[dict[str, Any], str | None]:
    """The arguments of a finished call, and what is wrong with them if they cannot be read.

    Blank text and `null` are no arguments. Raw control characters and lone backslashes in strings
    are mended, an object inside a JSON string is unpacked. Anything else that is no JSON object is
    `({}, why)`; `why` is one line for the model.
    """
    value: Any = text
    for _ in range(2):  # the second round is for an object that was encoded twice
        if not value or value.isspace():
            return {}, None
        try:
            value = _decode(value)
        except (ValueError, RecursionError) as error:
            return {}, _why(value, error)
        if not isinstance(value, str):
            break
    if value is None:
        return {}, None
    if not isinstance(value, dict):
        return {}, f"the arguments must be a JSON object, not {_kind(value)}"
    arguments = cast("dict[str, Any]", value)
    if _too_deep(text, arguments):
        return {}, _TOO_DEEP
    return arguments, None


def _decode(text: str) -> Any:
    """Strict JSON, if need be after mending. Raises `ValueError`."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError):
        pass
    try:
        return _lenient(text)
    except ValueError as error:
        mended = re.sub(_STRINGS, lambda string: re.sub(_MEND, _mend, string.group()), text)
        if mended == text:
            raise
        try:
            return _lenient(mended)
        except ValueError:
            raise error from None  # its position is that of the text the model wrote


def _lenient(text: str) -> Any:
    """As `json` reads it: with surrogate escapes, which are joined or dropped. No NaN."""
    import json  # for the few texts that msgspec refuses

    return _whole(json.loads(text.lstrip("\ufeff"), parse_constant=_no_constant))


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        if value.isascii():
            return value
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value)
        return {_whole(key): _whole(item) for key, item in items.items()}
    if isinstance(value, list):
        return [_whole(item) for item in cast("list[Any]", value)]
    return value


@cache
def _stop() -> re.Pattern[str]:
    """Where the plain part of a string ends; compiled with the first call that is streamed."""
    return re.compile(r'["\\\ud800-\udfff]')


def _mend(match: re.Match[str]) -> str:
    found = match.group()
    if len(found) > 1:
        return found
    return "\\\\" if found == "\\" else f"\\u{ord(found):04x}"


def _too_deep(text: str, value: dict[str, Any]) -> bool:
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return False
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [item for container in level for item in _children(container)]
    return bool(level)


def _children(value: Any) -> list[Any]:
    """The containers inside a container."""
    if isinstance(value, dict):
        value = list(cast("dict[str, Any]", value).values())
    return [item for item in cast("list[Any]", value) if isinstance(item, dict | list)]


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    return "an array" if isinstance(value, list) else "a string"


def _why(text: str, error: ValueError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return _TOO_DEEP
    position, what = getattr(error, "pos", None), str(getattr(error, "msg", error))
    if position is None:
        return f"the arguments are not valid JSON: {what}"
    what = what.removesuffix(" starting at").removesuffix(" at")
    if position >= len(text.rstrip()) or what == "Unterminated string":
        return f"the arguments are not valid JSON: they end too early, after {len(text)} characters"
    near = " ".join(text[max(0, position - 20) : position + 20].split())
    where = f"character {position + 1} of {len(text)}, near {near!r}"
    return f"the arguments are not valid JSON: {what} at {where}"
