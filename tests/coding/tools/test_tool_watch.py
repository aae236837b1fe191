"""What runs when pi is killed is ended; what a command had left behind on purpose goes on."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")

PROGRAM = """
import asyncio, os, sys
from pathlib import Path
from pi.coding.tools.shell.run import run_command

async def run(command):
    await run_command(
        command, shell="/bin/sh", cwd=Path.cwd(), env=dict(os.environ), on_output=lambda data: None
    )

async def main():
    await run("sleep 100 > /dev/null 2>&1 & echo $! > left")
    await run("trap '' HUP INT TERM; sleep 100 & echo $$ $! > running.new;"
              " mv running.new running; wait")

asyncio.run(main())
"""


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def until(condition: Callable[[], bool]) -> None:
    for _ in range(2000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it never came to that")


def test_a_killed_program_ends_what_it_was_running(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=tmp_path) as program:
        until((tmp_path / "running").exists)
        left = int((tmp_path / "left").read_text())
        running = [int(word) for word in (tmp_path / "running").read_text().split()]
        assert all(map(is_running, [left, *running]))
        program.kill()
        program.wait()
    try:
        until(lambda: not any(map(is_running, running)))
        assert is_running(left)
    finally:
        for pid in (left, *running):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
