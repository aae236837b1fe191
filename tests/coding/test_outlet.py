"""Lines to a reader: whole, in order, noticed when nobody is there any more."""

import asyncio
import contextlib
import json
import os
import threading

import pytest

from pi.coding.api.events import Notice
from pi.coding.modes.outlet import Outlet, json_line


@pytest.fixture
def pipe() -> object:
    read, write = os.pipe()
    yield read, write
    for fd in (read, write):
        with contextlib.suppress(OSError):
            os.close(fd)


def test_all_of_a_big_line_arrives_at_a_slow_reader(pipe: tuple[int, int]) -> None:
    read, write = pipe
    data = os.urandom(500_000)
    got = bytearray()

    def slowly() -> None:
        while len(got) < len(data):
            got.extend(os.read(read, 30_000))

    reader = threading.Thread(target=slowly)
    reader.start()
    Outlet(write).write(data)
    reader.join(5)
    assert bytes(got) == data


def test_a_reader_that_has_left_is_noticed_once(pipe: tuple[int, int]) -> None:
    read, write = pipe
    left: list[int] = []
    outlet = Outlet(write, lost=lambda: left.append(1))
    os.close(read)
    outlet.write(b"a\n")
    outlet.write(b"b\n")
    assert left == [1]
    assert outlet.closed


async def test_a_reader_that_leaves_is_noticed_without_writing(pipe: tuple[int, int]) -> None:
    read, write = pipe
    left = asyncio.Event()
    outlet = Outlet(write, lost=left.set)
    outlet.watch()
    await asyncio.sleep(0.01)
    assert not left.is_set()
    os.close(read)
    await asyncio.wait_for(left.wait(), 2)
    outlet.unwatch()


def test_a_reader_that_stalls_is_given_up_when_we_are_to_end(pipe: tuple[int, int]) -> None:
    _, write = pipe
    outlet = Outlet(write, ending=lambda: True)
    outlet.write(b"x" * 1_000_000)
    assert outlet.closed


def test_an_end_that_does_not_block_is_no_problem(pipe: tuple[int, int]) -> None:
    read, write = pipe
    os.set_blocking(write, False)
    data = b"y" * 300_000
    got = bytearray()

    def slowly() -> None:
        while len(got) < len(data):
            got.extend(os.read(read, 1000))

    reader = threading.Thread(target=slowly)
    reader.start()
    Outlet(write).write(data)
    reader.join(5)
    assert bytes(got) == data


@pytest.mark.parametrize("text", ["\ud83d", "a\udce9b", "\u2028", "plain", "\U0001f600"])
def test_every_text_becomes_one_line_of_json(text: str) -> None:
    line = json_line(Notice("info", text))
    assert line.count(b"\n") == 1
    assert json.loads(line) == {"type": "notice", "level": "info", "message": text}
