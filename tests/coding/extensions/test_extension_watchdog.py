"""What keeps everything else from going on is named with file and line."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pi.coding.extensions.find import Found
from pi.coding.extensions.load import Broken, load_extension
from pi.coding.extensions.recorder import Outside, Recorder
from pi.coding.extensions.shelf import Owner, Shelf
from pi.coding.extensions.watchdog import Watchdog

LOOPS = "    while True:\n        sum(range(99))\n"


async def load(path: Path, dog: Watchdog, patience: float) -> Shelf:
    """Load one file."""
    shelf = Shelf()
    recorder = Recorder(shelf, Owner("own", path), Outside())
    await load_extension(Found("own", path, "user"), recorder, patience=patience, dog=dog)
    return shelf


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (f"async def extension(pi):\n{LOOPS}", "[23]"),
        (f"def extension(pi):\n{LOOPS}", "[23]"),
        ("import time\nasync def extension(pi):\n    time.sleep(0.5)\n", "3"),
    ],
)
async def test_a_start_that_hangs(source: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(source)
    said: list[str] = []
    dog = Watchdog(hint=0.1, pulse=0.02, say=said.append)
    with pytest.raises(Broken, match=f"own.py:{told}: it did not finish within 0.3 s"):
        await load(path, dog, 0.3)
    assert len(said) == 1
    assert said[0].startswith(f"{path}:")
    assert said[0].endswith("is blocking the start")
    await asyncio.sleep(0)  # nothing more is raised here


async def test_a_start_that_waits(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text("import asyncio\nasync def extension(pi):\n    await asyncio.sleep(9)\n")
    said: list[str] = []
    dog = Watchdog(hint=0.05, pulse=0.02, say=said.append)
    with pytest.raises(Broken, match=r"own.py:3: it did not finish within 0.2 s"):
        await load(path, dog, 0.2)
    assert said == [f"{path} is blocking the start"]


async def test_a_handler_that_blocks(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(
        "import threading\n"
        "go_on = threading.Event()\n"
        "def extension(pi):\n    pi.on('input', blocks)\n"
        "def blocks(event, context):\n    go_on.wait(9)\n"
    )
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        handler.__globals__["go_on"].set()

    dog = Watchdog(hint=9, patience=0.1, pulse=0.02, say=say)
    shelf = await load(path, dog, 9)
    (handler,) = [row.handler for row in shelf.handlers["input"]]
    handler(None, None)
    assert len(said) == 1
    assert said[0].startswith(f"{path}:6 is blocking pi")


@pytest.mark.parametrize("mode", [("-p", "Show me"), ("--mode", "rpc")])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_what_an_extension_blocks(
    mode: tuple[str, ...], number: int, tmp_path: Path
) -> None:
    path = tmp_path / "own.py"
    path.write_text(
        "import sys, time\nasync def extension(pi):\n    print('now', flush=True)\n"
        "    while True:\n        time.sleep(9)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-m", "pi.coding.cli.main", "-e", str(path), "--model", "demo", *mode],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        stdin=subprocess.PIPE if "rpc" in mode else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == b"now\n"
        process.send_signal(number)
        try:
            assert process.wait(6) == 128 + number
        finally:
            process.kill()
