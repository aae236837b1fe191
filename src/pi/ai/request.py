"""What protocols and the wire exchange: a `Request` goes down, `Frame`s come up.

A protocol writes `body` as plain JSON data; hooks may replace it; `encoded()` then fixes the bytes,
and signers see exactly the bytes that are sent.
"""

from collections.abc import Iterator
from typing import Any, cast

import msgspec
from msgspec import Struct

__all__ = ["Frame", "Request", "decode_json", "encode_json", "without_surrogates"]


class Request(Struct, frozen=True):
    """An HTTP request. `content` is empty until `encoded()`; header names keep their case."""

    url: str
    headers: dict[str, str]
    body: Any = None
    content: bytes = b""
    method: str = "POST"

    def encoded(self, *, in_pieces: bool = False) -> "Request":
        """The same request with `content` made from `body`; in a thread better `in_pieces`."""
        if self.body is None:
            return self
        content = b"".join(_pieces(self.body)) if in_pieces else encode_json(self.body)
        return msgspec.structs.replace(self, content=content)

    def with_headers(self, headers: dict[str, str | None]) -> "Request":
        """The same request with headers set; `None` removes one. Names match without case."""
        merged = dict(self.headers)
        names = {name.lower(): name for name in merged}
        for name, value in headers.items():
            old = names.pop(name.lower(), None)
            if old is not None:
                del merged[old]
            if value is not None:
                merged[name] = value
                names[name.lower()] = name
        return msgspec.structs.replace(self, headers=merged)


class Frame(Struct, frozen=True):
    """One message inside a streamed body: an SSE event, an AWS frame, a WebSocket text.

    `event` is its type where the framing has one. `headers` are those of the frame, not of HTTP.
    `cut` marks a frame whose end never came: it may be whole or not.
    """

    data: bytes
    event: str = ""
    headers: dict[str, str] | None = None
    cut: bool = False


_DEPTH = 3
"""How deep in a body the list of messages lies at most."""

_encoder = msgspec.json.Encoder()
_decode = msgspec.json.Decoder().decode


def encode_json(value: Any) -> bytes:
    """JSON as UTF-8 bytes. Lone surrogates, which no service accepts, are dropped."""
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        return _encoder.encode(_clean(value))


def _pieces(value: Any, depth: int = 0) -> Iterator[bytes]:
    """What `encode_json` gives, in pieces between which other threads get their turn."""
    if isinstance(value, dict) and value and depth < _DEPTH:
        before = b"{"
        for key, item in cast("dict[str, Any]", value).items():
            yield before + encode_json(key) + b":"
            yield from _pieces(item, depth + 1)
            before = b","
        yield b"}"
    elif isinstance(value, list) and value:
        before = b"["
        for item in cast("list[Any]", value):
            yield before
            yield encode_json(item)
            before = b","
        yield b"]"
    else:
        yield encode_json(value)


def decode_json(data: bytes) -> Any:
    """The value of JSON text, forgiving escapes of lone surrogates. Raises `ValueError`."""
    try:
        return _decode(data)
    except (msgspec.DecodeError, UnicodeError):
        import json  # rarely needed

        return json.loads(data)


def without_surrogates(text: str) -> str:
    """`text` without lone UTF-16 surrogates (U+D800 to U+DFFF)."""
    return text.encode("utf-8", "ignore").decode("utf-8")


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, dict):
        pairs = cast("dict[Any, Any]", value)
        return {_clean(key): _clean(item) for key, item in pairs.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in cast("list[Any]", value)]
    return value
