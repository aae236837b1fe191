"""Somebody who looks elsewhere is told that a long run is over, as the setting says."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from pi.coding.modes.interactive.terminal import after_run, notification
from support.replies import Reply
from support.rpc_process import END, chunk, use_service
from support.server import Server
from support.virtual_terminal import VirtualTerminal

LONG = 10.3
"""Seconds; a run counts as a long one from ten on."""


@pytest.mark.parametrize(
    ("seconds", "how", "sent"),
    [
        (9.9, "auto", ""),
        (10.0, "auto", "\x1b]9;pi is done after 10s: a b\x07\x07"),
        (10.0, "bell", "\x07"),
        (600.0, "off", ""),
        (75.0, "auto", "\x1b]9;pi is done after 1m 15s: a b\x07\x07"),
    ],
)
def test_what_is_sent(seconds: float, how: str, sent: str) -> None:
    assert notification(after_run(seconds, "a\x07b", how)) == sent


async def test_a_long_run_is_told_on_the_screen_and_not_in_lines(tmp_path: Path) -> None:
    async def long() -> None:
        await asyncio.sleep(LONG)

    def told(home: Path, mode: str, how: str) -> VirtualTerminal:
        home.mkdir()
        args = use_service(home, server.url)
        (home / ".pi" / "agent" / "settings.json").write_text(
            json.dumps({"terminal": {"notify": how}})
        )
        return VirtualTerminal(home, *([mode] if mode else []), *args)

    def answer(_: object) -> Reply:
        return Reply([chunk({"content": "begun"}), long, chunk({"content": " and ended"}), END])

    async with (
        Server(answer) as server,
        told(tmp_path / "a", "", "auto") as auto,
        told(tmp_path / "b", "", "bell") as bell,
        told(tmp_path / "c", "", "off") as off,
        told(tmp_path / "d", "--linear", "auto") as linear,
    ):
        terminals = (auto, bell, off, linear)
        for terminal in terminals:
            await terminal.shows("m1")
            terminal.type("go\r")
        for terminal in terminals:
            await terminal.shows("and ended")
        for terminal in terminals:
            terminal.type("\x04")
        for terminal in terminals:
            assert await terminal.ended() == 0
    others = re.compile(rb"\x1b\](?:0;|11;)[^\x07]*\x07")  # the title, the background
    written = [others.sub(b"", terminal.written) for terminal in terminals]
    assert b"\x1b]9;pi is done after 10s: ~/project\x07\x07" in written[0]
    assert b"\x1b]9;" not in written[1]
    assert written[1].count(b"\x07") == 1
    for text in written[2:]:
        assert b"\x1b]9;" not in text
        assert b"\x07" not in text
