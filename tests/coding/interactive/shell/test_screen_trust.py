"""The question whether a project is trusted, asked at the start, and keys that come before it."""

import json
from pathlib import Path

import pytest

from support.rpc_process import says, use_service
from support.server import Server
from support.virtual_terminal import VirtualTerminal

EXTENSION = """\
def extension(pi):
    pi.register_command("mine", lambda text, c: c.ui.notify("loaded" + "42"), description="tells")
"""


def project(home: Path) -> Path:
    folder = home / "project" / ".pi" / "extensions"
    folder.mkdir(parents=True)
    (folder / "mine.py").write_text(EXTENSION)
    return home / "project"


def answers(home: Path) -> dict[str, bool]:
    path = home / ".pi" / "agent" / "trust.json"
    return json.loads(path.read_text()) if path.exists() else {}


@pytest.mark.parametrize(("keys", "loaded"), [("\r", False), ("\x1b[B\r", True)])
async def test_it_is_asked_once_and_remembered(tmp_path: Path, keys: str, loaded: bool) -> None:
    folder = project(tmp_path)
    for first in (True, False):
        async with VirtualTerminal(tmp_path, "--model", "demo") as terminal:
            if first:
                await terminal.shows("can run code")
                terminal.type(keys)
            await terminal.shows("~/project")
            assert terminal.text.count("Do you trust") == 0
            terminal.type("/mine\r")
            await terminal.shows("loaded42" if loaded else "/mine is no command")
        assert answers(tmp_path) == {str(folder): loaded}


async def test_leaving_it_open_is_no_for_this_time(tmp_path: Path) -> None:
    project(tmp_path)
    for _ in range(2):
        async with VirtualTerminal(tmp_path, "--model", "demo") as terminal:
            await terminal.shows("Do you trust")
            terminal.type("\x1b")
            await terminal.shows("not trusted yet, not loaded: .pi/extensions")
    assert answers(tmp_path) == {}


async def test_what_is_typed_while_it_is_open_leaves_all_answers_there(tmp_path: Path) -> None:
    project(tmp_path)
    async with VirtualTerminal(tmp_path, "--model", "demo") as terminal:
        await terminal.shows("Do you trust")
        terminal.type("trust this \x1b[B")
        await terminal.shows("› Trust")
        assert any(row.endswith("this time") for row in terminal.screen)
        assert not any(row.startswith("/") for row in terminal.screen)
        terminal.type("\x1b")
        await terminal.shows("not trusted yet")
    assert answers(tmp_path) == {}


async def test_what_is_typed_ahead_is_a_prompt_and_no_answer(tmp_path: Path) -> None:
    project(tmp_path)
    async with Server([says("An answer.")]) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args) as terminal:
            terminal.type("typed ahead\r")
            await terminal.shows("Do you trust")
            terminal.type("\x1b")
            await terminal.shows("An answer.")
    assert "typed ahead" in str(server.requests[0].json["messages"][-1]["content"])
    assert answers(tmp_path) == {}
