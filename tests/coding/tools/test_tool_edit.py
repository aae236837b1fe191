"""edit, on real files: what is replaced, what stays, what is refused."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pi.coding.tools.edit import Edit

TOOL = Edit()


def one(old: str, new: str) -> list[dict[str, str]]:
    return [{"oldText": old, "newText": new}]


def content(path: Path) -> bytes:
    return path.read_bytes()


async def edited(call, path: Path, *edits: tuple[str, str]) -> bytes:
    await call(TOOL, path=str(path), edits=[{"oldText": o, "newText": n} for o, n in edits])
    return content(path)


@pytest.mark.parametrize(
    ("before", "old", "new", "after"),
    [
        pytest.param(b"a\nb\nc\n", "b", "x", b"a\nx\nc\n", id="plain"),
        pytest.param(b"a\nb", "b", "x\ny", b"a\nx\ny", id="no final line break"),
        pytest.param(b"\xef\xbb\xbfa\nb\n", "a\nb", "x\nb", b"\xef\xbb\xbfx\nb\n", id="BOM"),
        pytest.param(b"\xef\xbb\xbfa\n", "\ufeffa", "\ufeffx", b"\xef\xbb\xbfx\n", id="BOM told"),
        pytest.param(b"a\r\nb\r\n", "a\nb\n", "a\nx\nb\n", b"a\r\nx\r\nb\r\n", id="CRLF"),
        pytest.param(b"a\r\nb\r\n", "a\r\nb", "c\r\nd", b"c\r\nd\r\n", id="CRLF told"),
        pytest.param(b"a\nb\r\nc\rd", "b\n", "b\nx\n", b"a\nb\r\nx\rc\rd", id="mixed"),
        pytest.param(b"a\rb\rc", "b\nc", "b\nx\nc", b"a\rb\rx\rc", id="lone CR"),
        pytest.param(b"\xe9\ncaf\xe9 a\n", "café a", "thé b", b"\xe9\nth\xe9 b\n", id="Latin-1"),
        pytest.param(b"\x81\x93a\n", "“a", "“b”", b"\x81\x93b\x94\n", id="Windows-1252"),
        pytest.param(
            b"\xc3\xa9\xc3\xbc\n\xff a\nb\n",
            "b",
            "ö",
            b"\xc3\xa9\xc3\xbc\n\xff a\n\xc3\xb6\n",
            id="broken UTF-8",
        ),
        pytest.param(
            "\ufeffa\r\né\r\n".encode("utf-16-le"),
            "é",
            "🙂\nx",
            "\ufeffa\r\n🙂\r\nx\r\n".encode("utf-16-le"),
            id="UTF-16",
        ),
        pytest.param(
            "\ufeffa\n".encode("utf-32-be"),
            "a",
            "é",
            "\ufeffé\n".encode("utf-32-be"),
            id="UTF-32",
        ),
        pytest.param(b"a\0b\nc\n", "c", "d", b"a\0b\nd\n", id="NUL"),
        pytest.param(b"a  \nb\n", "a\nb", "x\nb", b"x\nb\n", id="blanks at the end"),
        pytest.param("“a” – b\n".encode(), '"a" - b', "c", b"c\n", id="quotes and dashes"),
        pytest.param("a\u00a0b\u3000c\n".encode(), "a b c", "d", b"d\n", id="special spaces"),
        pytest.param("ﬁne Ａ\n".encode(), "fine A", "x", b"x\n", id="compatibility characters"),
        pytest.param("e\u0301 x\n".encode(), "\u00e9 x", "y", b"y\n", id="combining marks"),
    ],
)
async def test_what_is_written(call, make, before: bytes, old: str, new: str, after: bytes) -> None:
    assert await edited(call, make("f", before), (old, new)) == after


async def test_a_match_by_likeness_keeps_the_lines_that_do_not_change(call, make) -> None:
    path = make("f", "head — “x” \nsay “hi”  \nlast — line\n\nＡfter\n")
    old = 'head - "x"\nsay "hi"\nlast - line'
    after = await edited(call, path, (old, old.replace('say "hi"', "NEW")))
    assert after.decode() == "head — “x” \nNEW\nlast — line\n\nＡfter\n"


async def test_likeness_is_told(call, make) -> None:
    make("f", "a – b\n")
    text = await call.text(TOOL, path="f", edits=one("a - b", "c"))
    assert text.startswith("Replaced one passage in f.")
    assert "edits[0] matched only apart from quotes, dashes" in text


async def test_an_exact_match_is_unique_even_if_something_looks_the_same(call, make) -> None:
    path = make("f", "a - b\na — b\n")
    assert (await edited(call, path, ("a - b", "c"))).decode() == "c\na — b\n"


async def test_blanks_at_the_end_of_the_old_text_do_not_match_inside_a_word(call, make) -> None:
    path = make("f", "foobar\nfoo\u00a0\n")
    assert (await edited(call, path, ("foo  ", "x"))) == b"foobar\nx\n"


async def test_half_of_a_ligature_is_no_match(call, make) -> None:
    make("f", "ﬁ\n")
    assert "was not found" in await call.error(TOOL, path="f", edits=one("f", "x"))


async def test_edits_are_matched_against_the_file_as_it_was(call, make) -> None:
    path = make("f", "a\nb\nc\n")
    assert await edited(call, path, ("c", "a"), ("a", "b"), ("b", "c")) == b"b\nc\na\n"


@pytest.mark.parametrize(
    ("before", "edits", "message"),
    [
        ("a\n", [], "edits is empty"),
        ("a\n", [("", "x")], "f: oldText of the edit is empty"),
        ("a\n", [("a", "b"), ("", "x")], "f: oldText of edits[1] is empty"),
        ("a\n", [("b", "x")], "oldText of the edit was not found"),
        ("a\n", [("a", "x"), ("b", "x")], "oldText of edits[1] was not found"),
        ("a\nb\na\n", [("a", "x")], "is there 2 times, in lines 1, 3."),
        ("aaa\n", [("aa", "x")], "is there 2 times"),
        ("a – b\na — b\n", [("a - b", "x")], "2 times (apart from quotes, dashes and blanks)"),
        ("abcd\n", [("bc", "x"), ("d", "y"), ("ab", "z")], "edits[0] and edits[2] overlap"),
        ("a\n", [("a", "a")], "f: the edits change nothing"),
        ("a b\n", [("a b", "a\ud800b")], "(U+D800), which cannot be written"),
        ("", [("a", "b")], "f is empty"),
        ("  x = 1\n  y = 2\n", [("x = 1\ny = 2", "z")], "Lines 1-2 differ from it only in white"),
        ("one\nconst value = 12\n", [("const valeu = 12", "z")], "line is 2: 'const value = 12'"),
    ],
)
async def test_what_is_refused_changes_nothing(
    call, make, before: str, edits: list[tuple[str, str]], message: str
) -> None:
    path = make("f", before)
    edits_given = [{"oldText": old, "newText": new} for old, new in edits]
    assert message in await call.error(TOOL, path="f", edits=edits_given)
    assert path.read_bytes() == before.encode()
    assert os.listdir(path.parent) == ["f"]  # noqa: PTH208


async def test_a_character_that_the_files_encoding_lacks(call, make) -> None:
    path = make("f", b"caf\xe9\n")
    assert "Windows-1252" in await call.error(TOOL, path="f", edits=one("café", "日本"))
    assert path.read_bytes() == b"caf\xe9\n"


async def test_replacement_characters_do_not_overwrite_broken_bytes(call, make) -> None:
    before = "é ü ö ".encode() + b"\xff x\n"
    path = make("f", before)
    message = await call.error(TOOL, path="f", edits=one("\ufffd x", "\ufffd y"))
    assert "Line 1 has bytes that are no UTF-8" in message
    assert path.read_bytes() == before
    assert await edited(call, path, ("x", "y")) == before.replace(b"x", b"y")


async def test_bytes_that_are_no_utf_16(call, make) -> None:
    make("f", b"\xff\xfea\0b")
    assert "no valid UTF-16" in await call.error(TOOL, path="f", edits=one("a", "b"))


async def test_the_diff(call, make) -> None:
    make("f", "".join(f"line {n}\n" for n in range(1, 31)))
    result = await call(
        TOOL,
        path="f",
        edits=[*one("line 10\n", ""), *one("line 11", "eleven"), *one("line 25\n", "line 25\nx\n")],
    )
    assert result.details["firstChangedLine"] == 10
    assert result.details["diff"].split("\n") == [
        "    ...",
        *(f"  {n} line {n}" if n < 10 else f" {n} line {n}" for n in range(6, 10)),
        "-10 line 10",
        "-11 line 11",
        "+10 eleven",
        *(f" {n} line {n}" for n in range(12, 16)),
        "    ...",
        *(f" {n} line {n}" for n in range(22, 26)),
        "+25 x",
        *(f" {n} line {n}" for n in range(26, 30)),
        "    ...",
    ]


async def test_the_diff_is_bounded(call, make) -> None:
    make("f", "x" * 100_000 + "\n" + "a\n" * 50_000)
    new = "y\n" * 50_000
    result = await call(TOOL, path="f", edits=one("a\n" * 50_000, new))
    assert len(result.details["diff"]) < 20_000
    assert result.details["diff"].endswith("... (the rest of this diff is left out)")


async def test_a_large_file(call, make) -> None:
    line = b"some text that is repeated\r\n"
    path = make("f", line * 150_000 + b"needle\r\n" + line * 150_000)
    after = await edited(call, path, ("needle\n", "thread\n"))
    assert after == line * 150_000 + b"thread\r\n" + line * 150_000


async def test_a_link_stays_a_link_and_the_mode_stays(call, make, tmp_path: Path) -> None:
    target = make("dir/target", "a\n")
    target.chmod(0o751)
    (tmp_path / "link").symlink_to("dir/target")
    await call(TOOL, path="link", edits=one("a", "b"))
    assert (tmp_path / "link").is_symlink()
    assert target.read_text() == "b\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o751


READ_ONLY = """
import asyncio, os, sys
import concurrent.futures.thread, difflib  # while we still may read them
from pathlib import Path
from pi.agent.tools import ToolContext, ToolError
from pi.coding.tools.edit import Edit
from pi.coding.tools.write import Write
folder = Path(sys.argv[1])
if os.getuid() == 0:
    os.setgid(65534); os.setuid(65534)
context = ToolContext(folder, "1", lambda result: None)
edits = [{"oldText": "a", "newText": "b"}]
async def main():
    for tool, arguments in (
        (Edit(), {"path": "closed", "edits": edits}),
        (Edit(), {"path": "secret", "edits": edits}),
        (Write(), {"path": "closed", "content": "b"}),
        (Write(), {"path": "new", "content": "b"}),
        (Edit(), {"path": "open", "edits": edits}),
    ):
        try:
            print((await tool.execute(arguments, context)).content[0].text)
        except ToolError as error:
            print(error)
asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_missing_permissions_are_named(make, tmp_path: Path) -> None:
    for name, mode in (("closed", 0o444), ("secret", 0o000), ("open", 0o666)):
        make(name, "a\n").chmod(mode)
    for folder in tmp_path.parents:
        if "pytest-" in str(folder):
            folder.chmod(0o755)  # or nobody else could come here
    tmp_path.chmod(0o555)
    done = subprocess.run(
        [sys.executable, "-c", READ_ONLY, str(tmp_path)], capture_output=True, text=True
    )
    tmp_path.chmod(0o755)
    assert done.stdout.splitlines() == [
        "No permission to edit closed (it is read-only for this user).",
        "No permission to edit secret (it is read-only for this user).",
        "No permission to write closed (Permission denied).",
        "No permission to write new (Permission denied).",
        # The folder takes no temporary file, so this one is written in place.
        "Replaced one passage in open.",
    ], done.stderr
    assert (tmp_path / "closed").read_text() == "a\n"
    assert (tmp_path / "open").read_text() == "b\n"


async def test_folders_devices_and_missing_files(call, make) -> None:
    make("dir/file")
    assert "is a folder" in await call.error(TOOL, path="dir", edits=one("a", "b"))
    assert "not a regular file" in await call.error(TOOL, path="/dev/null", edits=one("a", "b"))
    message = await call.error(TOOL, path="dir/fiel", edits=one("a", "b"))
    assert message == "dir/fiel does not exist. Did you mean dir/file?"


@pytest.mark.parametrize(
    "arguments",
    [
        {"edits": '[{"oldText": "a", "newText": "b"}]'},
        {"edits": '{"oldText": "a", "newText": "b"}'},
        {"edits": {"oldText": "a", "newText": "b"}},
        {"edits": [{"oldText": "a", "newText": "b", "why": 1, "replaceAll": False}]},
        {"oldText": "a", "newText": "b"},
        {"oldText": "a", "newText": "b", "edits": "[]"},
        {"oldText": "a", "newText": "b", "edits": []},
    ],
)
async def test_deviations_that_are_forgiven(call, make, arguments) -> None:
    path = make("f", "a\n")
    await call(TOOL, path="f", **arguments)
    assert path.read_text() == "b\n"


def test_arguments_that_are_no_json_are_left_to_the_validation() -> None:
    arguments = {"path": "f", "edits": "[{"}
    assert TOOL.prepare(arguments) == arguments


def test_prepare_leaves_its_argument_alone() -> None:
    arguments = {"path": "f", "oldText": "a", "newText": "b"}
    prepared = TOOL.prepare(arguments)
    assert prepared == {"path": "f", "edits": [{"oldText": "a", "newText": "b"}]}
    assert "oldText" in arguments


async def test_both_the_legacy_form_and_edits(call, make) -> None:
    path = make("f", "a\nc\n")
    await call(TOOL, path="f", oldText="a", newText="b", edits=one("c", "d"))
    assert path.read_text() == "b\nd\n"


async def test_the_file_is_found_like_read_finds_it(call, make) -> None:
    path = make("Shot 9\u202fPM", "a\n")
    await call(TOOL, path="@Shot 9 PM", edits=one("a", "b"))
    assert path.read_text() == "b\n"
