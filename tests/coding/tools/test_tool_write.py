"""write and the replacing of files."""

import asyncio
import os
import stat
import sys
import threading
from pathlib import Path

import pytest

from pi.agent.tools import ToolError
from pi.coding.tools.atomic import Cancelled, replace
from pi.coding.tools.edit import Edit
from pi.coding.tools.queue import exclusive, mutate
from pi.coding.tools.threads import Stop
from pi.coding.tools.write import Write

TOOL = Write()


def entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_new_file_with_its_folders(call, tmp_path: Path) -> None:
    assert await call.text(TOOL, path="a/b/f", content="é\n") == "Created a/b/f (3 bytes)."
    assert (tmp_path / "a/b/f").read_bytes() == b"\xc3\xa9\n"
    assert entries(tmp_path / "a/b") == ["f"]


async def test_the_mode_of_a_new_file_is_what_the_umask_leaves(call, tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        await call(TOOL, path="f", content="")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o640


async def test_replacing_keeps_mode_and_links(call, make, tmp_path: Path) -> None:
    target = make("dir/target", "old")
    target.chmod(0o755)
    (tmp_path / "link").symlink_to(target)
    assert await call.text(TOOL, path="link", content="x") == "Replaced link (1 byte)."
    assert (tmp_path / "link").is_symlink()
    assert target.read_text() == "x"
    assert stat.S_IMODE(target.stat().st_mode) == 0o755


async def test_a_link_to_nowhere_makes_its_target(call, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("target")
    await call(TOOL, path="link", content="x")
    assert (tmp_path / "target").read_text() == "x"


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="no extended attributes")
async def test_extended_attributes_are_kept(call, make) -> None:
    path = make("f", "old")
    try:
        os.setxattr(path, "user.mark", b"1")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    await call(TOOL, path="f", content="new")
    assert os.getxattr(path, "user.mark") == b"1"


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="needs root")
async def test_the_owner_is_kept(call, make) -> None:
    path = make("f", "old")
    os.chown(path, 1234, 2345)
    await call(TOOL, path="f", content="new")
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 2345)


async def test_what_is_refused(call, make, tmp_path: Path) -> None:
    make("dir/file")
    assert "dir is a folder" in await call.error(TOOL, path="dir", content="x")
    message = "not written: a part of its path is a file, not a folder"
    assert message in await call.error(TOOL, path="dir/file/x", content="x")
    assert "a file, not a folder" in await call.error(TOOL, path="dir/file/x/y", content="x")
    assert "too long" in await call.error(TOOL, path="x" * 300, content="x")
    message = await call.error(TOOL, path="f", content="a\nb\ud83d\n")
    assert "line 2 holds half of a character (U+D83D)" in message
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        assert "it is a named pipe" in await call.error(TOOL, path="pipe", content="x")
    assert set(entries(tmp_path)) <= {"dir", "pipe"}


@pytest.mark.skipif(sys.platform == "win32", reason="no /dev/null")
def test_a_device_is_written_and_not_replaced() -> None:
    replace(Path("/dev/null"), b"x")
    assert Path("/dev/null").is_char_device()


async def test_a_long_name_can_be_written(call, tmp_path: Path) -> None:
    await call(TOOL, path="x" * 255, content="y")
    assert (tmp_path / ("x" * 255)).read_text() == "y"


def test_nobody_ever_sees_half_a_file(make) -> None:
    path = make("f", "0" * 100_000)
    seen: set[str] = set()
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            seen.add(path.read_text())

    reader = threading.Thread(target=look)
    reader.start()
    for number in range(12):
        replace(path, str(number % 10).encode() * (100_000 - number))
    stop.set()
    reader.join()
    assert all(len(set(text)) == 1 and len(text) > 99_000 for text in seen)


def test_a_stop_before_the_change_leaves_everything(make) -> None:
    path = make("f", "old")
    stop = Stop()
    stop.set()
    with pytest.raises(Cancelled):
        replace(path, b"new", stop)
    assert path.read_text() == "old"
    assert entries(path.parent) == ["f"]


async def test_changes_of_one_file_run_in_the_order_of_the_calls(call, make) -> None:
    path = make("f", "".join(f"{n}\n" for n in range(20)))
    (path.parent / "link").symlink_to("f")
    tool = Edit()
    await asyncio.gather(
        *(
            call(
                tool,
                path="link" if number % 2 else "f",
                edits=[{"oldText": f"{number}\n", "newText": f"{number}\nafter {number}\n"}],
            )
            for number in range(10, 20)
        ),
        call(TOOL, path="f", content="end"),
    )
    assert path.read_text() == "end"


async def test_a_file_can_be_made_and_edited_in_one_turn(call, tmp_path: Path) -> None:
    await asyncio.gather(
        call(TOOL, path="new/f", content="a\n"),
        call(Edit(), path="new/f", edits=[{"oldText": "a", "newText": "b"}]),
    )
    assert (tmp_path / "new/f").read_text() == "b\n"


async def test_edits_of_one_turn_do_not_overwrite_each_other(call, make) -> None:
    path = make("f", "a\nb\nc\nd\n")
    tool = Edit()
    await asyncio.gather(
        *(call(tool, path="f", edits=[{"oldText": x, "newText": x * 2}]) for x in "abcd")
    )
    assert path.read_text() == "aa\nbb\ncc\ndd\n"


async def test_different_files_do_not_wait_for_each_other(tmp_path: Path) -> None:
    both = threading.Barrier(2)
    await asyncio.gather(
        mutate(tmp_path / "a", lambda stop: both.wait(5)),
        mutate(tmp_path / "b", lambda stop: both.wait(5)),
    )


async def test_a_cancelled_change_holds_its_place_until_it_has_ended(tmp_path: Path) -> None:
    started, go_on = threading.Event(), threading.Event()
    order: list[str] = []

    def slow(stop: Stop) -> None:
        started.set()
        go_on.wait(5)
        order.append(f"first, stopped: {stop.is_set()}")

    first = asyncio.create_task(mutate(tmp_path / "f", slow))
    assert await asyncio.to_thread(started.wait, 5)
    second = asyncio.create_task(mutate(tmp_path / "f", lambda stop: order.append("second")))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0.02)
    first.cancel()  # impatience does not help
    await asyncio.sleep(0.02)
    assert not first.done()
    assert order == []
    go_on.set()
    with pytest.raises(ToolError, match="Stopped, but the change had already been made"):
        await first
    await second
    assert order == ["first, stopped: True", "second"]


async def test_a_change_that_gives_up_is_cancelled(tmp_path: Path) -> None:
    started = threading.Event()

    def patient(stop: Stop) -> None:
        started.set()
        stop.wait(5)
        raise Cancelled

    task = asyncio.create_task(mutate(tmp_path / "f", patient))
    assert await asyncio.to_thread(started.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancelled_waiter_gives_up_its_place(tmp_path: Path) -> None:
    async with exclusive(tmp_path / "f"):
        waiter = asyncio.create_task(mutate(tmp_path / "f", lambda stop: None))
        await asyncio.sleep(0)
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
    await asyncio.wait_for(mutate(tmp_path / "f", lambda stop: None), 2)
