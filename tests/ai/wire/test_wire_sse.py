"""The event-stream parser against the standard, read as slowly and plainly as it is written.

https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pi.ai.errors import TransportError
from pi.ai.request import Frame
from pi.ai.wire.sse import SseParser


def reference(stream: bytes) -> list[tuple[str, bytes]]:
    """All events of a whole stream; as an addition to the standard, the end of it ends an event."""
    stream = stream.removeprefix(b"\xef\xbb\xbf")
    events: list[tuple[str, bytes]] = []
    data, kind = b"", ""
    for line in [*re.split(rb"\r\n|\n|\r", stream), b""]:
        if line == b"":
            if data:
                events.append((kind, data[:-1]))
            data, kind = b"", ""
        elif line.startswith(b":"):
            continue
        else:
            field, value = line, b""
            if b":" in line:
                field, value = line.split(b":", 1)
                if value.startswith(b" "):
                    value = value[1:]
            if field == b"data":
                data += value + b"\n"
            elif field == b"event":
                kind = value.decode("utf-8", "replace")
    return events


def parse(pieces: list[bytes]) -> list[tuple[str, bytes]]:
    parser = SseParser()
    frames: list[Frame] = []
    for piece in pieces:
        frames += parser.feed(piece)
    frames += parser.close()
    return [(frame.event, frame.data) for frame in frames]


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(stream) + 1) for place in places), len(stream)]
    return [stream[a:b] for a, b in pairwise(edges)]


LINES = st.sampled_from(
    [
        b"data: {}",
        b'data: {"a": "\xc3\xa9"}',
        b"data:no space",
        b"data:  two spaces",
        b"data",
        b"data:",
        b"data: ",
        b"data : not data",
        b"event: delta",
        b"event:x",
        b"event",
        b"event: \xff",
        b"id: 7",
        b"retry: 100",
        b": a comment",
        b":",
        b"unknown",
        b"\xef\xbb\xbfdata: late mark",
        b"",
        b"",
        b"",
    ]
)
ENDS = st.sampled_from([b"\n", b"\n", b"\r\n", b"\r"])
STREAMS = st.builds(
    lambda mark, lines, tail: mark + b"".join(a + b for a, b in lines) + tail,
    st.sampled_from([b"", b"\xef\xbb\xbf", b"\xef\xbb"]),
    st.lists(st.tuples(LINES, ENDS), max_size=14),
    st.sampled_from([b"", b"data: the end", b"event: e\ndata: x", b"da"]),
)


@settings(max_examples=400)
@given(STREAMS, st.lists(st.integers(0, 400), max_size=12))
def test_any_split_reads_as_the_standard_says(stream: bytes, places: list[int]) -> None:
    assert parse(cut(stream, places)) == reference(stream)


@settings(max_examples=100)
@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=6))
def test_noise_is_read_as_the_standard_says(stream: bytes, places: list[int]) -> None:
    assert parse(cut(stream, places)) == reference(stream)


@settings(max_examples=60)
@given(STREAMS)
def test_byte_by_byte(stream: bytes) -> None:
    assert parse([stream[i : i + 1] for i in range(len(stream))]) == reference(stream)


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: a\n\n", [("", b"a")]),
        (b"data: a\r\n\r\ndata: b\r\r", [("", b"a"), ("", b"b")]),
        (b"event: x\ndata: a\ndata:b\ndata\n\n", [("x", b"a\nb\n")]),
        (b"event: x\n\ndata: a\n\n", [("", b"a")]),
        (b"event: x\ndata: a\n\nevent: x\n\nevent: x\ndata: b\n\n", [("x", b"a"), ("x", b"b")]),
        (b"data: a\nevent: late\n\n", [("late", b"a")]),
        (b": ping\n\ndata: [DONE]", [("", b"[DONE]")]),
        (b"id: 1\nretry: 5\n\n", []),
        (b"", []),
    ],
)
def test_examples(stream: bytes, events: list[tuple[str, bytes]]) -> None:
    assert parse([stream]) == events == reference(stream)


def test_events_come_as_soon_as_they_are_complete() -> None:
    parser = SseParser()
    assert parser.feed(b"data: a\r") == []
    assert parser.feed(b"\n\r") == [Frame(b"a")]  # CR alone ends a line; a LF may still follow
    assert parser.feed(b"\ndata: b\n\n") == [Frame(b"b")]
    assert parser.close() == []


def test_a_large_event_in_small_pieces_takes_linear_time() -> None:
    def seconds(size: int) -> float:
        parser = SseParser()
        start = time.process_time()
        parser.feed(b"data: ")
        for _ in range(size // 1024):
            assert parser.feed(b"x" * 1024) == []
        (frame,) = parser.feed(b"\n\n")
        assert len(frame.data) == size
        return time.process_time() - start

    seconds(1 << 20)
    small, large = seconds(2 << 20), seconds(16 << 20)
    assert large < 40 * small + 0.05  # quadratic would be 64 times


def test_an_event_without_an_end_is_refused() -> None:
    parser = SseParser(max_event=1000)
    for _ in range(10):
        assert parser.feed(b"x" * 100) == []
    with pytest.raises(TransportError, match="without an end"):
        parser.feed(b"x")
