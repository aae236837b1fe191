"""What a terminal may do to a program, and a program to a terminal."""

import asyncio
import json
import os
import sys
import termios
from pathlib import Path

import pytest

from support.replies import STALL, Reply
from support.rpc_process import calls, chunk, says, use_service
from support.server import Server
from support.virtual_terminal import VirtualTerminal


def roles(home: Path) -> list[str]:
    """Who speaks in the one session there is."""
    (file,) = (home / ".pi" / "agent" / "sessions").rglob("*.jsonl")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return [line["message"]["role"] for line in lines if line["type"] == "message"]


def stalled(text: str = "half an ans") -> Reply:
    return Reply([chunk({"content": text}), STALL])


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", 130)])
async def test_a_signal_ends_it_in_order(tmp_path: Path, name: str, code: int) -> None:
    async with Server(lambda seen: stalled()) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args) as terminal:
            await terminal.shows("m1")
            terminal.type("go\r")
            await terminal.shows("half an ans")
            terminal.signal(name)
            assert await terminal.ended() == code
            assert b"\x1b[?2004l" in terminal.written[-400:]
            assert terminal.settings()[3] & termios.ECHO
            assert terminal.settings()[3] & termios.ICANON
    assert roles(tmp_path) == ["user", "assistant"]


async def test_a_terminal_that_is_gone_ends_it(tmp_path: Path) -> None:
    async with Server(lambda seen: stalled()) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args) as terminal:
            await terminal.shows("m1")
            terminal.type("go\r")
            await terminal.shows("half an ans")
            terminal.close()
            assert await terminal.ended() == 129
    assert roles(tmp_path) == ["user", "assistant"]


async def test_processes_of_tools_end_with_it(tmp_path: Path) -> None:
    command = "echo $$ > pid; echo started$((1+1)); sleep 300"
    async with Server([calls("bash", command=command)]) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args) as terminal:
            await terminal.shows("m1")
            terminal.type("go\r")
            await terminal.shows("started2")
            pid = int((tmp_path / "project" / "pid").read_text())
            terminal.signal("SIGTERM")
            assert await terminal.ended() == 143
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)
    assert roles(tmp_path) == ["user", "assistant", "toolResult"]


async def test_ctrl_c_clears_and_twice_quits(tmp_path: Path) -> None:
    async with VirtualTerminal(tmp_path, "--model", "demo") as terminal:
        await terminal.shows("demo")
        terminal.type("some text")
        await terminal.shows("some text")
        terminal.type("\x03")
        await terminal.hides("some text")
        await terminal.shows("again quits")
        terminal.type("\x03")
        assert await terminal.ended() == 0


async def test_ctrl_d_in_a_text_does_not_quit(tmp_path: Path) -> None:
    async with VirtualTerminal(tmp_path, "--model", "demo") as terminal:
        await terminal.shows("demo")
        terminal.type("xyz\x04more")
        await terminal.shows("xyzmore")
        terminal.type("\x15\x04")
        assert await terminal.ended() == 0


async def test_stopped_and_continued(tmp_path: Path) -> None:
    async with Server([says("An answer.")]) as server:
        args = use_service(tmp_path, server.url)
        shell = ["bash", "--norc", "-i"]
        async with VirtualTerminal(tmp_path, argv=shell, env={"PS1": "shell> "}) as terminal:
            await terminal.shows("shell>")
            terminal.type(f"{sys.executable} -m pi.coding.cli.main " + " ".join(args) + "\r")
            await terminal.shows("~/project")
            terminal.type("a draft")
            await terminal.shows("a draft")
            terminal.type("\x1a")
            await terminal.until(lambda t: any(r == "shell>" for r in t.screen[-1:]), "the shell")
            terminal.type("fg\r")
            await terminal.until(lambda t: "a draft" in t.screen[-3:], "the draft again")
            terminal.type("\r")
            await terminal.shows("An answer.")
            terminal.type("\x04")
            await terminal.until(lambda t: t.screen[-1] == "shell>", "the shell")


async def test_it_draws_at_every_width_and_height(tmp_path: Path) -> None:
    answer = "Words in **bold**, a `code`, 漢字かな交じり文, 🙂 and\ttabs.\n\n" * 3
    async with Server([says(answer), says("The end.")]) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args, columns=90) as terminal:
            await terminal.shows("m1")
            terminal.type("go\r")
            await terminal.shows("tabs.")
            for columns, rows in [(40, 10), (7, 5), (1, 3), (2, 2), (3, 1), (300, 60), (80, 24)]:
                terminal.resize(columns, rows)
                await asyncio.sleep(0)
            terminal.type("more\r")
            await terminal.shows("The end.")
            assert "Traceback" not in terminal.text
            assert "Something went wrong" not in terminal.text
            terminal.type("\x04")
            assert await terminal.ended() == 0


async def test_escape_sequences_of_others_never_reach_the_terminal(tmp_path: Path) -> None:
    evil = "\x1b]0;owned\x07\x1b[2Jtext\x1b[31m\u009b2J\x07"
    async with Server([says(evil + "\n\nthe end")]) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args) as terminal:
            await terminal.shows("m1")
            terminal.type("go\r")
            await terminal.shows("the end")
            assert b"owned" not in terminal.written
            assert b"\x1b[2J" not in terminal.written


async def test_nothing_is_cleared_and_the_normal_screen_is_not_left(tmp_path: Path) -> None:
    lines = "\n".join(f"line {n}  " for n in range(200))
    async with Server([says(lines)]) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args) as terminal:
            await terminal.shows("m1")
            terminal.type("go\r")
            await terminal.shows("line 199")
            await terminal.hides("Working")
            for forbidden in (
                b"\x1b[2J",
                b"\x1b[3J",
                b"\x1b[?1049h",
                b"\x1b[?47h",
                b"\x1bc",
                b"\x1b[6n",
            ):
                assert forbidden not in terminal.written
            for n in range(200):
                assert terminal.text.count(f"line {n}\n") == 1, n
            assert terminal.written.count(b"\x1b[?2026h") == terminal.written.count(b"\x1b[?2026l")


async def test_a_paste_is_text_whatever_is_in_it(tmp_path: Path) -> None:
    async with Server([says("Read.")]) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args) as terminal:
            await terminal.shows("m1")
            terminal.paste("one\rtwo\x04\x03 three")
            await terminal.shows("two")
            assert not server.requests
            terminal.type("\r")
            await terminal.shows("Read.")
    assert "one\ntwo" in server.requests[0].json["messages"][-1]["content"]


async def test_a_session_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    async with VirtualTerminal(tmp_path, "--model", "nosuch/model") as terminal:
        assert await terminal.ended() == 1
        assert "Error:" in terminal.text
        assert "Traceback" not in terminal.text
        assert terminal.settings()[3] & termios.ECHO


async def test_stray_prints_do_not_garble_the_screen(tmp_path: Path) -> None:
    folder = tmp_path / ".pi" / "agent" / "extensions"
    folder.mkdir(parents=True)
    (folder / "loud.py").write_text("def extension(pi):\n    print('I print')\n")
    async with VirtualTerminal(tmp_path, "--model", "demo") as terminal:
        await terminal.shows("demo")
        terminal.type("abc")
        await terminal.until(lambda t: "abc" in t.screen, "the editor")
        assert sum("I print" in row for row in terminal.everything) <= 1


async def test_a_retry_counts_down_and_leaves_one_line(tmp_path: Path) -> None:
    busy = Reply(b'{"error": {"message": "try later"}}', status=503)
    async with Server(lambda seen: busy) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args) as terminal:
            await terminal.shows("m1")
            terminal.type("go\r")
            await terminal.shows("Retry 1 of")
            terminal.type("\x1b")
            await terminal.hides("Retry")
            assert terminal.text.count("try later") == 1
