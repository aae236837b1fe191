"""The words of an error: what a service says in the body of a failed answer, in whatever shape.

Services wrap one sentence in a dozen ways. This module finds the sentence and the machine-readable
words next to it; what they mean is decided in `classify`.
"""

from typing import Any, cast

import msgspec
from msgspec import Struct

__all__ = ["ErrorBody", "is_html", "read_body", "read_error"]

_MESSAGE = ("message", "Message", "msg", "error_description", "error_message", "errorMessage")
_OUTER = ("detail", "reason", "title")
_CODE = (
    "code",
    "type",
    "status",
    "statusCode",
    "reason",
    "__type",
    "error_code",
    "error_type",
    "quotaId",
    "quota_limit",
)
_NESTED = ("error", "innererror", "details", "violations", "metadata", "errors")
_MAX_DEPTH = 8


class ErrorBody(Struct, frozen=True):
    """What a body says.

    message: the service's own words, empty if there are none. code: all codes, types and reasons,
    separated by blanks. status: an HTTP status inside the body. data: the body if it is JSON.
    """

    message: str = ""
    code: str = ""
    status: int | None = None
    data: Any = None


def read_body(body: bytes) -> ErrorBody:
    """Read a body that may be JSON, an event stream of one event, or plain text."""
    text = body.decode("utf-8", "replace").strip().lstrip("\ufeff")
    data = _json(text)
    if data is None and text.startswith(("data:", "event:", ":")):
        lines = [line[5:].strip() for line in text.splitlines() if line.startswith("data:")]
        data = _json("\n".join(lines))
    if data is None:
        return ErrorBody(text)
    found = read_error(data)
    return found if found.message else msgspec.structs.replace(found, message=text)


def read_error(data: Any) -> ErrorBody:
    """Read an error that is already decoded, such as one inside a stream."""
    codes: list[str] = []
    _collect_codes(data, codes, 0)
    status = next((int(code) for code in codes if _is_status(code)), None)
    return ErrorBody(_message(data, 0).strip(), " ".join(dict.fromkeys(codes)), status, data)


def is_html(headers: dict[str, str], text: str) -> bool:
    """Whether the body is a page for people rather than an answer of an API."""
    start = text.lstrip()[:15].lower()
    return start.startswith(("<!doctype html", "<html")) or (
        start.startswith("<") and "text/html" in headers.get("content-type", "").lower()
    )


def _json(text: str) -> Any:
    """Decoded JSON if `text` is an object or an array, else None."""
    if not text.startswith(("{", "[")):
        return None
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _message(data: Any, depth: int) -> str:
    if depth > _MAX_DEPTH:
        return ""
    if isinstance(data, str):
        inner = _json(data.strip())
        return (_message(inner, depth + 1) if inner is not None else "") or data
    if isinstance(data, list):
        return _first_of_list(cast("list[Any]", data), depth)
    if isinstance(data, dict):
        return _of_object(cast("dict[str, Any]", data), depth)
    return ""


def _first_of_list(items: list[Any], depth: int) -> str:
    """Validation errors (`loc` and `msg`) are all told, of other lists the first."""
    found = [(_located(item, depth), item) for item in items]
    texts = [text for text, _ in found if text]
    if len(texts) > 1 and all(isinstance(item, dict) and "loc" in item for _, item in found):
        return "; ".join(texts)
    return texts[0] if texts else ""


def _located(item: Any, depth: int) -> str:
    text = _message(item, depth + 1)
    if text and isinstance(item, dict):
        where = cast("dict[str, Any]", item).get("loc")
        if isinstance(where, list):
            return f"{'.'.join(map(str, cast('list[Any]', where)))}: {text}"
    return text


def _of_object(data: dict[str, Any], depth: int) -> str:
    error = data.get("error")
    words = ""
    if isinstance(error, dict | list):
        words = _message(error, depth + 1)
    if not words:
        words = _first(data, _MESSAGE, depth)
    if not words and isinstance(error, str):
        words = _message(error, depth)
    if not words:
        words = _message(data.get("errors"), depth + 1)
    if not words:
        words = _first(data, _OUTER, depth)
    raw = _upstream(data, depth)
    return f"{words}\n{raw}" if raw and raw not in words else words


def _first(data: dict[str, Any], names: tuple[str, ...], depth: int) -> str:
    for name in names:
        words = _message(data.get(name), depth + 1)
        if words:
            return words
    return ""


def _upstream(data: dict[str, Any], depth: int) -> str:
    """What the service behind a router said (`metadata.raw`)."""
    metadata = data.get("metadata")
    if not isinstance(metadata, dict):
        return ""
    return _message(cast("dict[str, Any]", metadata).get("raw"), depth + 1).strip()


def _collect_codes(data: Any, codes: list[str], depth: int) -> None:
    if depth > _MAX_DEPTH:
        return
    if isinstance(data, str):
        inner = _json(data.strip())
        if inner is not None:
            _collect_codes(inner, codes, depth + 1)
    elif isinstance(data, list):
        for item in cast("list[Any]", data):
            _collect_codes(item, codes, depth + 1)
    elif isinstance(data, dict):
        fields = cast("dict[str, Any]", data)
        for name in _CODE:
            value = fields.get(name)
            if isinstance(value, int) and not isinstance(value, bool):
                codes.append(str(value))
            elif isinstance(value, str) and value and " " not in value and len(value) < 120:
                codes.append(value)
        error = fields.get("error")
        if isinstance(error, str) and " " not in error:
            codes.append(error)
        for name in (*_NESTED, "message", "raw"):
            _collect_codes(fields.get(name), codes, depth + 1)


def _is_status(code: str) -> bool:
    return len(code) == 3 and code.isascii() and code.isdigit() and 400 <= int(code) <= 599
