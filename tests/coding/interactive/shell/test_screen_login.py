"""Signing in on the screen, to the end, against an identity provider that judges as others do."""

import asyncio
import base64
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from support.identity import Identity
from support.person import landing
from support.replies import Handler, Reply, Seen
from support.server import Server
from support.virtual_terminal import VirtualTerminal

TESTS = Path(__file__).parents[3]
LOGINS = TESTS / "coding" / "cli" / "auth"
CLIENT = "9d1c250a-e61b-44d9-88ed-5944d1962f5e"


class Provider:
    """An identity provider whose token request is JSON."""

    def __init__(self) -> None:
        redirects = ("http://localhost:", "https://platform.test/code")
        self.identity = Identity(client_id=CLIENT, redirects=redirects)

    def __call__(self, seen: Seen) -> Reply:
        if seen.path.startswith("/authorize"):
            return self.identity.authorize(seen)
        fields = {name: value for name, value in seen.json.items() if name != "state"}
        body = "&".join(f"{name}={value}" for name, value in fields.items())
        return self.identity.token(seen, body)


@asynccontextmanager
async def signing_in(
    home: Path, *, browser: bool, handler: Handler | None = None
) -> AsyncIterator[VirtualTerminal]:
    async with Server(handler or Provider()) as server:
        env = {"PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent / 'src'}"}
        if browser:
            env["BROWSER"] = f"{sys.executable} {LOGINS / 'browser.py'}"
        argv = [sys.executable, str(LOGINS / "loopback_pi.py"), server.url]
        async with VirtualTerminal(home, argv=argv, env=env, columns=90, rows=40) as terminal:
            await terminal.shows("pi --model demo")
            terminal.type("/login anthropic\r")
            await terminal.shows("Sign in")
            yield terminal
            assert "Traceback" not in terminal.text


async def to_the_way(terminal: VirtualTerminal) -> None:
    terminal.type("\r")
    await terminal.shows("Log in all the same?")
    terminal.type("y")
    await terminal.shows("Browser on this machine")


def address(terminal: VirtualTerminal) -> str:
    """The address that is shown, put together again from the rows it is broken into."""
    found = re.search(r"^http://127\S*(\n\S+)*?(?=\nPaste)", "\n".join(terminal.screen), re.M)
    assert found, terminal.text
    return found[0].replace("\n", "")


def store(home: Path) -> Path:
    return home / ".pi" / "agent" / "auth.json"


async def test_in_the_browser_and_its_models_are_offered(tmp_path: Path) -> None:
    async with signing_in(tmp_path, browser=True) as terminal:
        await to_the_way(terminal)
        terminal.type("\r")
        await terminal.shows("Models of Anthropic")
        assert "Signed in to Anthropic" in terminal.text
        terminal.type("\x1b")
        await terminal.hides("Models of Anthropic")
        await terminal.hides("no model")
        saved = json.loads(store(tmp_path).read_text())["anthropic"]
        assert saved["type"] == "oauth"
        assert saved["access"] not in terminal.written.decode()
        assert saved["refresh"] not in terminal.written.decode()


@pytest.mark.parametrize("way", ["\r", "\x1b[B\r"], ids=["browser elsewhere", "code"])
async def test_by_pasting_where_the_browser_ends(tmp_path: Path, way: str) -> None:
    async with signing_in(tmp_path, browser=False) as terminal:
        await to_the_way(terminal)
        terminal.type(way)
        await terminal.shows("Paste the")
        terminal.type("\x18")
        await terminal.shows("copied")
        sequence = base64.b64encode(address(terminal).encode())
        assert b"\x1b]52;c;" + sequence in terminal.written
        terminal.paste(await landing(address(terminal)))
        terminal.type("\r")
        await terminal.shows("Models of Anthropic")
        assert json.loads(store(tmp_path).read_text())["anthropic"]["type"] == "oauth"


@pytest.mark.parametrize("step", range(4))
async def test_given_up_at_any_step_nothing_is_changed(tmp_path: Path, step: int) -> None:
    async with signing_in(tmp_path, browser=False) as terminal:
        shown = ("Sign in", "all the same", "Browser on this", "Paste the")
        for at, keys in enumerate(("\r", "y", "\r")[:step]):
            terminal.type(keys)
            await terminal.shows(shown[at + 1])
        terminal.type("\x1b")
        await terminal.hides(shown[step])
        if step:
            await terminal.shows("nothing was changed")
        assert not store(tmp_path).exists()
        terminal.type("on with it")
        await terminal.shows("on with it")
        assert "http://127" not in "\n".join(terminal.screen)


@asynccontextmanager
async def waiting_for_the_token(home: Path, gate: asyncio.Event) -> AsyncIterator[VirtualTerminal]:
    """The browser's address is pasted, and the service takes its time."""
    provider = Provider()

    async def slow(seen: Seen) -> Reply:
        if not seen.path.startswith("/authorize"):
            await gate.wait()
        return provider(seen)

    async with signing_in(home, browser=False, handler=slow) as terminal:
        await to_the_way(terminal)
        terminal.type("\r")
        await terminal.shows("Paste the")
        terminal.paste(await landing(address(terminal)))
        terminal.type("\r")
        await terminal.hides("Paste the")
        await terminal.shows("esc to cancel")
        yield terminal
        gate.set()


async def test_while_the_service_is_asked_it_can_be_given_up(tmp_path: Path) -> None:
    async with waiting_for_the_token(tmp_path, asyncio.Event()) as terminal:
        assert any("Signing in to Anthropic" in row for row in terminal.screen)
        terminal.type("\x1b")
        await terminal.shows("nothing was changed: the login was given up")
        await terminal.hides("Signing in to")
        assert not store(tmp_path).exists()
        terminal.type("/login anthropic\r")
        await terminal.shows("API key")


async def test_models_are_offered_when_nobody_types_and_take_no_letters(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with waiting_for_the_token(tmp_path, gate) as terminal:
        terminal.type("a dr")
        gate.set()
        await terminal.shows("Signed in to Anthropic")
        terminal.type("aft")
        await terminal.shows("Models of Anthropic")
        terminal.type("!")  # it has just appeared: that was not meant for it
        await terminal.hides("Models of Anthropic")
        await terminal.shows("a draft!")
        await terminal.shows("Models of Anthropic")
        shown = [row.strip() for row in terminal.screen]
        assert "/" in shown  # nothing is in its filter
        assert not any("Model: " in row for row in terminal.everything)
