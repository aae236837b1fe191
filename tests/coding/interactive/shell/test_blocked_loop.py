"""Signals while code of an extension never gives the turn back."""

import json
import termios
from pathlib import Path

import pytest

from support.replies import STALL, Reply
from support.rpc_process import chunk, use_service
from support.server import Server
from support.virtual_terminal import VirtualTerminal

BLOCKING = """
import time

def extension(pi):
    async def block(arguments, context):
        with open("/dev/tty", "w") as tty:
            tty.write("blocked now")
        {code}

    pi.register_command("block", block, description="never ends")
"""
SLEEPS = "time.sleep(600)"
WORKS = "while True: pass"
INSISTS = """while True:
            try:
                time.sleep(600)
            except Exception:
                pass"""


def write_extension(home: Path, code: str) -> None:
    folder = home / ".pi" / "agent" / "extensions"
    folder.mkdir(parents=True)
    (folder / "block.py").write_text(BLOCKING.format(code=code))


def stored(home: Path) -> list[dict[str, object]]:
    (file,) = (home / ".pi" / "agent" / "sessions").rglob("*.jsonl")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return [line["message"] for line in lines if line["type"] == "message"]


async def block(terminal: VirtualTerminal) -> None:
    await terminal.shows("m1")
    terminal.type("go\r")
    await terminal.shows("half an ans")
    terminal.type("/block\r")
    await terminal.shows("blocked now")


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", 130)])
@pytest.mark.parametrize("what", [SLEEPS, WORKS], ids=["sleeps", "works"])
async def test_what_blocks_is_interrupted(tmp_path: Path, name: str, code: int, what: str) -> None:
    write_extension(tmp_path, what)
    async with Server(lambda seen: Reply([chunk({"content": "half an ans"}), STALL])) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args) as terminal:
            await block(terminal)
            terminal.signal(name)
            assert await terminal.ended() == code
            assert terminal.settings()[3] & termios.ECHO
            assert terminal.settings()[3] & termios.ICANON
            assert b"\x1b[?2004l" in terminal.written[-400:]
    assert [message["role"] for message in stored(tmp_path)] == ["user", "assistant"]
    assert "half an ans" in json.dumps(stored(tmp_path)[1])


async def test_what_cannot_be_interrupted_is_left(tmp_path: Path) -> None:
    write_extension(tmp_path, INSISTS)
    async with Server(lambda seen: Reply([chunk({"content": "half an ans"}), STALL])) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args) as terminal:
            await block(terminal)
            terminal.signal("SIGTERM")
            assert await terminal.ended() == 143
            assert terminal.settings()[3] & termios.ECHO
            assert terminal.settings()[3] & termios.ICANON
            assert b"\x1b[?2004l" in terminal.written[-400:]
    assert [message["role"] for message in stored(tmp_path)] == ["user"]


async def test_the_same_line_by_line(tmp_path: Path) -> None:
    write_extension(tmp_path, SLEEPS)
    async with Server(lambda seen: Reply([chunk({"content": "half an ans"}), STALL])) as server:
        args = ("--linear", *use_service(tmp_path, server.url))
        async with VirtualTerminal(tmp_path, *args) as terminal:
            await terminal.shows("Model")
            terminal.type("go\r")
            await terminal.shows("Pi:")
            terminal.type("/block\r")
            await terminal.shows("blocked now")
            terminal.signal("SIGTERM")
            assert await terminal.ended() == 0
    assert [message["role"] for message in stored(tmp_path)] == ["user", "assistant"]
