"""Ids and times."""

import time
import uuid
from datetime import UTC, datetime

import pytest

from pi.coding.session.display import one_line, typed_text
from pi.coding.session.names import iso_time, new_entry_id, new_session_id, parse_time


def test_session_ids_are_uuids_of_version_7() -> None:
    before = time.time_ns() // 1_000_000
    ids = [new_session_id() for _ in range(200)]
    for text in ids:
        value = uuid.UUID(text)
        assert str(value) == text
        assert value.version == 7
        assert value.variant == uuid.RFC_4122
        assert before <= value.int >> 80 <= time.time_ns() // 1_000_000
    assert len(set(ids)) == 200


def test_entry_ids_avoid_what_is_taken() -> None:
    class AlmostAll:
        """Holds every id but those that begin with a zero."""

        def __contains__(self, item: object) -> bool:
            return not str(item).startswith("0")

    assert new_entry_id(AlmostAll()).startswith("0")


@pytest.mark.parametrize("ms", [0, 1738324800000, 1738324800007, 4102444799999])
def test_times_there_and_back(ms: int) -> None:
    text = iso_time(ms)
    assert parse_time(text) == ms
    assert datetime.fromisoformat(text).astimezone(UTC).timestamp() * 1000 == pytest.approx(ms)


def test_times_of_other_hands() -> None:
    assert parse_time("2025-01-31T13:00:00+01:00") == 1738324800000
    assert parse_time("2025-01-31T12:00:00") == 1738324800000
    assert parse_time("yesterday") == 0
    assert abs(parse_time(iso_time()) - time.time_ns() // 1_000_000) < 1000


def test_one_line() -> None:
    assert one_line(" a\tb\n\nc ") == "a b c"
    assert one_line("x\x1b]0;title\x07y\x1b[1;31mz\x00\x9b\u202e") == "xyz"
    assert one_line("x" * 300, 10) == "x" * 9 + "…"
    assert one_line("x" * 10, 10) == "x" * 10


def test_typed_text() -> None:
    assert typed_text("plain <skill>") == "plain <skill>"
    block = '<skill name="a" location="/b">\nx\n</skill>'
    assert typed_text(block) == "/skill:a"
    assert typed_text(block + "\n\nmore\nlines") == "/skill:a more\nlines"
