"""The lock: one holder at a time, alive or crashed, in one process or many."""

# ruff: noqa: ASYNC240 (a test may wait for its disk)

import asyncio
import os
import time
from pathlib import Path

import pytest

from pi.ai.auth.lock import FileLock, LockError


def lock_of(target: Path, *, stale: float = 30.0, patience: float = 1.0) -> FileLock:
    return FileLock(target, stale=stale, patience=patience)


def set_age(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_the_lock_is_an_empty_directory_beside_the_file_and_goes_away(tmp_path: Path) -> None:
    target = tmp_path / "auth.json"
    with lock_of(target) as lock:
        assert lock.path == tmp_path / "auth.json.lock"
        assert lock.path.is_dir()
        assert list(lock.path.iterdir()) == []
        lock.ensure()
    assert list(tmp_path.iterdir()) == []


def test_the_lock_is_released_when_the_holder_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), lock_of(tmp_path / "f"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


async def test_holders_take_turns(tmp_path: Path) -> None:
    holders: list[int] = []
    most = 0

    async def work(number: int) -> None:
        nonlocal most
        async with lock_of(tmp_path / "f", patience=10):
            holders.append(number)
            most = max(most, len(holders))
            await asyncio.sleep(0.002)
            holders.remove(number)

    await asyncio.gather(*map(work, range(12)))
    assert most == 1
    assert list(tmp_path.iterdir()) == []


def test_waiting_ends_with_a_message_that_names_the_lock(tmp_path: Path) -> None:
    (tmp_path / "f.lock").mkdir()
    with pytest.raises(LockError, match=r"f\.lock is held by another process"):
        lock_of(tmp_path / "f", patience=0.05).__enter__()
    assert (tmp_path / "f.lock").is_dir()


def test_a_lock_left_by_a_crash_is_taken(tmp_path: Path) -> None:
    left = tmp_path / "f.lock"
    left.mkdir()
    set_age(left, 3600)
    with lock_of(tmp_path / "f", stale=0.6) as lock:
        lock.ensure()
    assert not left.exists()


def test_a_lock_from_the_future_is_taken_once_it_stood_still_long_enough(tmp_path: Path) -> None:
    left = tmp_path / "f.lock"
    left.mkdir()
    set_age(left, -3600)  # the clock was set back
    started = time.monotonic()
    with lock_of(tmp_path / "f", stale=0.2):
        assert time.monotonic() - started >= 0.2


def test_a_young_lock_is_left_alone(tmp_path: Path) -> None:
    left = tmp_path / "f.lock"
    left.mkdir()
    set_age(left, 5)
    with pytest.raises(LockError):
        lock_of(tmp_path / "f", stale=30, patience=0.1).__enter__()


def test_an_abandoned_lock_with_something_in_it_is_not_removed(tmp_path: Path) -> None:
    left = tmp_path / "f.lock"
    left.mkdir()
    (left / "precious").touch()
    set_age(left, 3600)
    with pytest.raises(LockError, match="remove it by hand"):
        lock_of(tmp_path / "f", stale=0.1).__enter__()
    assert (left / "precious").exists()


async def test_a_held_lock_stays_young_while_the_event_loop_is_busy(tmp_path: Path) -> None:
    async with lock_of(tmp_path / "f", stale=0.3) as lock:
        before = lock.path.stat().st_mtime_ns
        time.sleep(0.35)  # noqa: ASYNC251 (the point of the test)
        assert lock.path.stat().st_mtime_ns > before
        lock.ensure()
        with pytest.raises(LockError):
            lock_of(tmp_path / "f", stale=0.3, patience=0.05).__enter__()


def test_a_holder_notices_that_its_lock_was_taken(tmp_path: Path) -> None:
    lock = lock_of(tmp_path / "f")
    with lock:
        lock.path.rmdir()
        lock.path.mkdir()
        with pytest.raises(LockError, match="taken over"):
            lock.ensure()
    assert lock.path.is_dir(), "the lock of the other holder must stay"


async def test_cancelling_a_waiting_caller_leaves_no_trace(tmp_path: Path) -> None:
    async with lock_of(tmp_path / "f"):
        entered = False

        async def wait() -> None:
            nonlocal entered
            async with lock_of(tmp_path / "f", patience=10):
                entered = True

        task = asyncio.create_task(wait())
        await asyncio.sleep(0.03)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await asyncio.sleep(0.03)
    assert not entered
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LockError, match=r"file.f cannot be written.*f\.lock"):
        lock_of(tmp_path / "file" / "f").__enter__()
