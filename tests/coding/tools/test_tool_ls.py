"""ls, on real folders."""

from pathlib import Path

from pi.coding.tools.ls import Ls

TOOL = Ls()


async def test_names_are_sorted_without_regard_to_case(call, make, tmp_path: Path) -> None:
    for name in ("b", "A", ".hidden", "c/x", "Ä"):
        make(name)
    (tmp_path / "to-folder").symlink_to("c")
    (tmp_path / "to-nowhere").symlink_to("nowhere")
    text = await call.text(TOOL)
    assert text.split("\n") == [".hidden", "A", "b", "c/", "to-folder/", "to-nowhere", "Ä"]


async def test_another_folder(call, make) -> None:
    make("a/b/c")
    assert await call.text(TOOL, path="a") == "b/"
    assert await call.text(TOOL, path="@a/b") == "c"


async def test_the_limit(call, make) -> None:
    for number in range(7):
        make(f"f{number}")
    result = await call(TOOL, limit=3)
    assert result.content[0].text == "f0\nf1\nf2\n\n[3 of 7 entries. Set limit=7 for all.]"
    assert result.details == {"entryLimitReached": 3}
    assert (await call(TOOL, limit=7)).details is None


async def test_the_limit_of_bytes(call, make) -> None:
    for number in range(300):
        make(f"{number:0200}")
    result = await call(TOOL, limit=1000)
    assert result.details["truncation"]["truncatedBy"] == "bytes"
    assert len(result.content[0].text) < 52_000


async def test_what_is_no_folder(call, make, tmp_path: Path) -> None:
    make("file")
    assert await call.error(TOOL, path="file") == "file is a file, not a folder. Use read."
    assert "does not exist" in await call.error(TOOL, path="nothing")
    (tmp_path / "empty").mkdir()
    assert await call.text(TOOL, path="empty") == "[The folder is empty.]"


async def test_names_that_are_no_utf_8(call, tmp_path: Path) -> None:
    import os

    with open(os.fsencode(tmp_path) + b"/\xff", "wb"):  # noqa: ASYNC230, PTH123
        pass
    assert await call.text(TOOL) == "\ufffd"
