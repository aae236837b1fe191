"""Cuts an `application/vnd.amazon.eventstream` body into frames, both checksums verified.

A frame is: total length (4 bytes, big endian), length of the headers (4), CRC-32 of those eight
bytes (4), headers, payload, CRC-32 of everything before it (4). Source:
https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html
"""

import struct
from zlib import crc32

from pi.ai.errors import ProtocolError
from pi.ai.request import Frame

__all__ = ["EventStreamParser"]

_PRELUDE = struct.Struct(">III")
_CRC = struct.Struct(">I")
_MAX_FRAME = 24 * 1024 * 1024  # the limit that AWS documents for a message is 16 MiB
_STRING, _BYTES = 7, 6
_FIXED = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}


class EventStreamParser:
    """Feed it bytes as they come; gives complete frames.

    `Frame.event` is the event type, or `exception:NAME` and `error:CODE` for messages of those
    kinds; `Frame.headers` are the string headers. Raises `ProtocolError` for damaged frames.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are complete now."""
        buffer = self._buffer
        buffer += data
        frames: list[Frame] = []
        start = 0
        while len(buffer) - start >= _PRELUDE.size:
            total, header_length, prelude_crc = _PRELUDE.unpack_from(buffer, start)
            if crc32(buffer[start : start + 8]) != prelude_crc:
                raise ProtocolError("the event stream is damaged: a prelude checksum is wrong")
            if not header_length + 16 <= total <= _MAX_FRAME:
                raise ProtocolError(f"the event stream is damaged: a frame of {total} bytes")
            if len(buffer) - start < total:
                break
            frames.append(_frame(bytes(buffer[start : start + total]), header_length))
            start += total
        if start:
            del buffer[:start]
        return frames

    def close(self) -> list[Frame]:
        """Nothing: a half frame at the end is dropped, and the decoder misses it."""
        self._buffer.clear()
        return []


def _frame(message: bytes, header_length: int) -> Frame:
    if crc32(message[:-4]) != _CRC.unpack_from(message, len(message) - 4)[0]:
        raise ProtocolError("the event stream is damaged: a message checksum is wrong")
    headers = _headers(message[12 : 12 + header_length])
    kind = headers.get(":message-type", "event")
    match kind:
        case "exception":
            event = f"exception:{headers.get(':exception-type', '')}"
        case "error":
            event = f"error:{headers.get(':error-code', '')}"
        case _:
            event = headers.get(":event-type", "")
    return Frame(message[12 + header_length : -4], event, headers)


def _headers(data: bytes) -> dict[str, str]:
    """The string headers; those of other types are skipped by their length."""
    headers: dict[str, str] = {}
    at = 0
    try:
        while at < len(data):
            size = data[at]
            name = data[at + 1 : at + 1 + size].decode("utf-8")
            at += 1 + size
            kind = data[at]
            at += 1
            if kind in (_STRING, _BYTES):
                size = int.from_bytes(data[at : at + 2], "big")
                if kind == _STRING:
                    headers[name] = data[at + 2 : at + 2 + size].decode("utf-8")
                at += 2 + size
            else:
                at += _FIXED[kind]
    except (IndexError, KeyError, UnicodeDecodeError):
        raise ProtocolError("the event stream is damaged: a header cannot be read") from None
    return headers
