"""What runs when pi is killed is ended; what a command had left behind on purpose goes on."""

import asyncio
import os
import signal
import subprocess
import sys
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


async def test_a_killed_program_ends_what_it_was_running(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=tmp_path) as program:
        async with asyncio.timeout(20):
            while not (tmp_path / "running").exists():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        left = int((tmp_path / "left").read_text())
        running = [int(word) for word in (tmp_path / "running").read_text().split()]
        assert all(map(is_running, [left, *running]))
        program.kill()
        program.wait()
    try:
        async with asyncio.timeout(10):
            while any(map(is_running, running)):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert is_running(left)
    finally:
        for pid in (left, *running):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
