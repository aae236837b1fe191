"""Settings of the screen, seen in a real terminal."""

import json
from pathlib import Path

import pytest

from support.rpc_process import says, use_service
from support.server import Server
from support.virtual_terminal import VirtualTerminal

LINK = b"\x1b]8;;https://a.example/x\x1b\\"


@pytest.mark.parametrize("able", [True, False])
async def test_what_settings_say_of_the_terminal_counts_before_the_environment(
    tmp_path: Path, able: bool
) -> None:
    answer = "[a link](https://a.example/x) in an answer"
    async with Server([says(answer)]) as server:
        args = use_service(tmp_path, server.url)
        (tmp_path / ".pi" / "agent" / "settings.json").write_text(
            json.dumps(
                {"theme": "dark", "terminal": {"hyperlinks": able, "trueColor": able}},
            )
        )
        env = {} if able else {"COLORTERM": "truecolor", "WT_SESSION": "1"}
        async with VirtualTerminal(tmp_path, *args, env=env) as terminal:
            await terminal.shows("m1")
            start = len(terminal.written)
            terminal.type("hello\r")
            await terminal.shows("in an answer")
            terminal.type("\x04")
            assert await terminal.ended() == 0
    seen = bytes(terminal.written[start:])
    assert (LINK in seen) is able
    assert (b"38;2;" in seen) is able


async def test_room_beside_the_editor(tmp_path: Path) -> None:
    args = use_service(tmp_path, "http://127.0.0.1:9")
    settings = tmp_path / ".pi" / "agent" / "settings.json"
    settings.write_text('{"editorPaddingX": 3}')
    async with VirtualTerminal(tmp_path, *args, columns=40) as terminal:
        await terminal.shows("m1")
        terminal.type("x" * 40)
        await terminal.until(lambda t: "".join(t.screen).count("x") == 40, "the text")
        rows = [row for row in terminal.screen if "xxx" in row]
        assert all(row.startswith("   x") and len(row) <= 37 for row in rows)
        assert "".join(row.strip() for row in rows) == "x" * 40
        assert terminal.cursor[0] == 3 + len(rows[-1].strip())
        terminal.type("\x03\x04")
        assert await terminal.ended() == 0
