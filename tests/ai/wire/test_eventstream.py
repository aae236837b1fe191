"""AWS event-stream frames: checked against botocore, cut anywhere, damaged anywhere."""

import struct
from itertools import pairwise
from zlib import crc32

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from pi.ai.errors import ProtocolError
from pi.ai.request import Frame
from pi.ai.wire.eventstream import EventStreamParser


def frame(payload: bytes, headers: dict[str, str | bytes | bool | int]) -> bytes:
    """A frame as the service builds it."""
    block = b""
    for name, value in headers.items():
        block += bytes([len(name)]) + name.encode()
        match value:
            case bool():
                block += bytes([0 if value else 1])
            case int():
                block += b"\x04" + struct.pack(">i", value)
            case str():
                block += b"\x07" + struct.pack(">H", len(value.encode())) + value.encode()
            case bytes():
                block += b"\x06" + struct.pack(">H", len(value)) + value
    prelude = struct.pack(">II", len(payload) + len(block) + 16, len(block))
    message = prelude + struct.pack(">I", crc32(prelude)) + block + payload
    return message + struct.pack(">I", crc32(message))


def event(name: str, payload: bytes) -> bytes:
    return frame(payload, {":message-type": "event", ":event-type": name, "n": 7, "t": True})


STREAM = (
    event("messageStart", b'{"role":"assistant"}')
    + event("contentBlockDelta", '{"delta":{"text":"Grüße"}}'.encode())
    + frame(b"{}", {":message-type": "exception", ":exception-type": "throttlingException"})
    + frame(b"", {":message-type": "error", ":error-code": "500", "raw": b"\x00\x01"})
)


def read(pieces: list[bytes]) -> list[Frame]:
    parser = EventStreamParser()
    frames = [frame for piece in pieces for frame in parser.feed(piece)]
    return frames + parser.close()


def test_types_and_payloads() -> None:
    frames = read([STREAM])
    assert [f.event for f in frames] == [
        "messageStart",
        "contentBlockDelta",
        "exception:throttlingException",
        "error:500",
    ]
    assert frames[1].data.decode() == '{"delta":{"text":"Grüße"}}'
    assert frames[0].headers == {":message-type": "event", ":event-type": "messageStart"}


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_any_split_gives_the_same_frames(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[a:b] for a, b in pairwise(edges)]
    assert read(pieces) == read([STREAM])


@given(st.binary(max_size=200), st.text(max_size=50))
def test_botocore_reads_the_same(payload: bytes, value: str) -> None:
    data = frame(payload, {":message-type": "event", ":event-type": "e", "x": value})
    theirs = EventStreamBuffer()
    theirs.add_data(data)
    (message,) = list(theirs)
    (ours,) = read([data])
    assert ours.data == message.payload
    assert ours.headers == message.headers


@pytest.mark.parametrize("at", range(0, len(event("e", b"{}")), 3))
def test_a_flipped_bit_is_noticed(at: int) -> None:
    data = bytearray(event("e", b"{}"))
    data[at] ^= 1
    with pytest.raises(ProtocolError, match="damaged"):
        read([bytes(data), b"\0" * 64])


def test_a_half_frame_at_the_end_is_no_frame() -> None:
    assert read([STREAM[:-1]]) == read([STREAM])[:-1]
