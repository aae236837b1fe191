"""read, on real files."""

import os
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi.coding.tools.lines import read_window
from pi.coding.tools.read import Read
from pi.coding.tools.truncate import MAX_BYTES, MAX_LINES

TOOL = Read()


def numbered(count: int) -> str:
    return "".join(f"line {n}\n" for n in range(1, count + 1))


async def test_a_small_file_is_given_as_it_is(call, make) -> None:
    make("f", "a\n\nb")
    result = await call(TOOL, path="f")
    assert result.content[0].text == "a\n\nb"
    assert result.details is None


async def test_line_breaks_of_windows_and_the_mark_are_not_shown(call, make) -> None:
    make("f", b"\xef\xbb\xbfa\r\nb\r\n")
    assert await call.text(TOOL, path="f") == "a\nb\n"


async def test_more_lines_than_the_limit(call, make) -> None:
    make("f", numbered(2500))
    result = await call(TOOL, path="f")
    shown, _, note = result.content[0].text.rpartition("\n\n")
    assert shown == numbered(2000).removesuffix("\n")
    assert note == "[Lines 1-2000 of 2500. Go on with offset=2001.]"
    assert result.details["truncation"] == {
        "truncated": True,
        "truncatedBy": "lines",
        "totalLines": 2500,
        "totalBytes": len(numbered(2500)),
        "outputLines": 2000,
        "outputBytes": len(shown),
        "lastLinePartial": False,
        "firstLineExceedsLimit": False,
        "maxLines": 2000,
        "maxBytes": 51200,
    }


async def test_more_bytes_than_the_limit(call, make) -> None:
    make("f", ("é" * 50 + "\n") * 1000)
    result = await call(TOOL, path="f")
    shown, _, note = result.content[0].text.rpartition("\n\n")
    lines = shown.split("\n")
    assert len(lines) == MAX_BYTES // 101
    assert note == f"[Lines 1-{len(lines)} of 1000. Go on with offset={len(lines) + 1}.]"
    assert result.details["truncation"]["truncatedBy"] == "bytes"


@pytest.mark.parametrize(
    ("offset", "limit", "expected"),
    [
        (3, None, "line 3\nline 4\nline 5\n"),
        (2, 2, "line 2\nline 3\n\n[2 lines more. Go on with offset=4.]"),
        (4, 2, "line 4\nline 5\n"),
        (4, 99, "line 4\nline 5\n"),
        (1, 4, "line 1\nline 2\nline 3\nline 4\n\n[1 line more. Go on with offset=5.]"),
        (0, 1, "line 1\n\n[4 lines more. Go on with offset=2.]"),
        (-5, 1, "line 1\n\n[4 lines more. Go on with offset=2.]"),
        (2.0, 1.0, "line 2\n\n[3 lines more. Go on with offset=3.]"),
    ],
)
async def test_a_window(call, make, offset: int, limit: int | None, expected: str) -> None:
    make("f", numbered(5))
    arguments = {"offset": offset} | ({} if limit is None else {"limit": limit})
    assert await call.text(TOOL, path="f", **arguments) == expected


async def test_a_window_that_cannot_be(call, make) -> None:
    make("f", numbered(5))
    message = await call.error(TOOL, path="f", offset=6)
    assert message == "offset 6 is after the end: f has 5 lines."
    assert await call.error(TOOL, path="f", limit=0) == "limit has to be 1 or more."


async def test_a_first_line_that_is_too_long(call, make) -> None:
    make("a b", "x\n" + "y" * 60_000 + "\nz\n")
    result = await call(TOOL, path="a b", offset=2)
    assert result.content[0].text == (
        "[Line 2 alone has 58.6KB, more than the limit of 50.0KB. Look at a part of it with bash:"
        " sed -n '2p' 'a b' | head -c 51200]"
    )
    assert result.details["truncation"]["firstLineExceedsLimit"] is True
    assert (await call.text(TOOL, path="a b")).startswith("x\n\n[Lines 1-1 of 3. Go on")
    assert await call.text(TOOL, path="a b", offset=3) == "z\n"


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"", "[The file is empty.]"),
        (b"\n \n", "\n \n\n[2 lines, all blank.]"),
        (
            b"caf\xe9 \x93x\x94\n",
            "café “x”\n\n[The file is not UTF-8; shown as Windows-1252. edit keeps its bytes.]",
        ),
        (
            "é ü ö\n".encode() + b"\xff\n",
            "é ü ö\n\ufffd\n\n[Bytes that are no UTF-8 (1) are shown as \ufffd.]",
        ),
        ("\ufeffé\r\nx".encode("utf-16-le"), "é\nx\n\n[The file is UTF-16; edit keeps that.]"),
        ("\ufeffé\r\nx".encode("utf-16-be"), "é\nx\n\n[The file is UTF-16; edit keeps that.]"),
        ("\ufeffé".encode("utf-32-le"), "é\n\n[The file is UTF-32; edit keeps that.]"),
    ],
)
async def test_notes_on_what_is_not_plain_text(call, make, content: bytes, shown: str) -> None:
    make("f", content)
    assert await call.text(TOOL, path="f") == shown


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x7fELF\2\1\1" + bytes(9), "ELF program or library"),
        (b"%PDF-1.7\n1 0 obj\n", "PDF document"),
        (b"PK\x03\x04\x14\0", "ZIP archive"),
        (b"SQLite format 3\0", "SQLite database"),
        (b"a" * 257 + b"ustar\0", "tar archive"),
        (b"text\0more", "binary file"),
        (b"\x01\x02\x03\x04abc", "binary file"),
    ],
)
async def test_binary_files_are_named(call, make, content: bytes, kind: str) -> None:
    make("f", content)
    text = await call.text(TOOL, path="f")
    assert text.startswith(f"[f is no text: {kind}")
    assert "Look into it with bash" in text


async def test_escape_sequences_make_no_binary_file(call, make) -> None:
    make("log", "\x1b[31mred\x1b[0m\f\n" * 50)
    assert (await call.text(TOOL, path="log")).startswith("\x1b[31mred")


async def test_what_is_no_file(call, make, tmp_path: Path) -> None:
    make("dir/file")
    assert await call.error(TOOL, path="dir") == (
        "dir is a folder. List it with ls, or with bash: ls -la dir"
    )
    assert "may never end" in await call.error(TOOL, path="/dev/zero")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        assert "may never end" in await call.error(TOOL, path="pipe")
    assert "Did you mean dir/file?" in await call.error(TOOL, path="dir/flie")


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
async def test_files_of_unknown_size(call) -> None:
    assert (await call.text(TOOL, path="/proc/self/status", limit=1)).startswith("Name:")


async def test_a_huge_file_is_not_loaded(call, tmp_path: Path) -> None:
    """40 MB with a window at the end: memory stays where it was."""
    import tracemalloc

    line = b"x" * 99 + b"\n"
    with (tmp_path / "f").open("wb") as file:
        for _ in range(40):
            file.write(line * 10_000)
    tracemalloc.start()
    try:
        text = await call.text(TOOL, path="f", offset=399_999)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert text == (line * 2).decode()
    assert peak < 8_000_000


lines = st.lists(st.binary(max_size=5).map(lambda data: data.replace(b"\n", b"")), max_size=8)


@given(lines, st.booleans(), st.data())
def test_windows_do_not_depend_on_how_the_file_is_cut_into_blocks(
    given_lines: list[bytes], ended: bool, data: st.DataObject
) -> None:
    content = b"\n".join(given_lines) + (b"\n" if ended else b"")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=5)))
    blocks = [content[a:b] for a, b in zip([0, *cuts], [*cuts, len(content)], strict=True) if a < b]
    first, limit = data.draw(st.integers(0, 4)), data.draw(st.none() | st.integers(1, 4))
    max_bytes = data.draw(st.integers(1, 20))
    window = read_window(blocks, first, limit, threading.Event(), max_bytes)

    every = content.split(b"\n")
    if every[-1] == b"":
        every.pop()
    assert window.total_lines == len(every)
    expected: list[bytes] = []
    for line in every[first:]:
        line = line.removesuffix(b"\r")
        if len(expected) == limit or len(b"\n".join([*expected, line])) > max_bytes:
            break
        expected.append(line)
    assert window.lines == expected
    if window.too_long:
        assert not expected
        assert len(every[first]) >= window.too_long > max_bytes


def test_the_general_limit_of_lines() -> None:
    window = read_window([b"\n" * 3000], 500, 99_999, threading.Event())
    assert len(window.lines) == MAX_LINES
    assert (window.full, window.total_lines) == ("lines", 3000)
