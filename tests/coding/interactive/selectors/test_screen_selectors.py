"""A person at the screen who chooses from lists, signs in and goes back, in a real terminal."""

import json
from pathlib import Path

import pytest

from support.rpc_process import says, use_service
from support.server import Server
from support.virtual_terminal import VirtualTerminal

KEY = "fake-key-0123456789"


def auth(home: Path) -> dict[str, dict[str, str]]:
    return json.loads((home / ".pi" / "agent" / "auth.json").read_text())


@pytest.mark.parametrize("columns", [100, 40])
async def test_a_model_is_chosen_from_the_list(tmp_path: Path, columns: int) -> None:
    async with VirtualTerminal(
        tmp_path, "--model", "demo", columns=columns, rows=30, env={"GROQ_API_KEY": KEY}
    ) as terminal:
        await terminal.shows("demo")
        terminal.type("/model\r")
        await terminal.shows("can be used")
        terminal.type("groq oss-120b")
        await terminal.shows("› ")
        await terminal.shows("groq/openai/gpt-oss-120b")
        terminal.type("\r")
        await terminal.shows("Model: GPT OSS 120B")
        await terminal.hides("can be used")
        terminal.type("\x04")
        assert await terminal.ended() == 0
    assert all(len(line) <= columns for line in terminal.everything)


async def test_a_key_is_typed_masked_and_its_models_are_offered(tmp_path: Path) -> None:
    async with VirtualTerminal(tmp_path, columns=90, rows=30) as terminal:
        await terminal.shows("/login")
        terminal.type("/login groq\r")
        await terminal.shows("API key for Groq")
        terminal.paste(KEY)
        await terminal.shows("*" * len(KEY))
        terminal.type("\r")
        await terminal.shows("Models of Groq")
        terminal.type("\x1b")  # at once
        await terminal.hides("Models of Groq")
        terminal.type("\x04")
        assert await terminal.ended() == 0
        assert "Model: " not in terminal.text  # leaving it says nothing
        assert KEY not in terminal.text
    assert auth(tmp_path)["groq"]["key"] == KEY


async def test_giving_up_a_login_leaves_everything(tmp_path: Path) -> None:
    async with VirtualTerminal(tmp_path, "--model", "demo", columns=90, rows=30) as terminal:
        await terminal.shows("demo")
        terminal.type("/login groq\r")
        await terminal.shows("API key for Groq")
        terminal.type("half a key\x1b")
        await terminal.shows("given up")
        assert not (tmp_path / ".pi" / "agent" / "auth.json").exists()
        terminal.type("\x04")
        assert await terminal.ended() == 0


async def test_back_in_the_tree_and_on_from_there(tmp_path: Path) -> None:
    async with Server([says("first answer"), says("second answer")]) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args, columns=60, rows=30) as terminal:
            await terminal.shows("m1")
            terminal.type("one question\r")
            await terminal.shows("first answer")
            terminal.type("/tree\r")
            await terminal.shows("● assistant: first answer")
            terminal.type("\x1b[A\r")
            await terminal.shows("No summary")
            terminal.type("\r")
            await terminal.hides("No summary")
            terminal.type(" again")
            await terminal.shows("one question again")
            terminal.type("\r")
            await terminal.shows("second answer")
            terminal.type("/tree\r")
            await terminal.shows("›")
            await terminal.shows("●   assistant: second answer")
            terminal.type("\x1b")
            await terminal.hides("●   assistant")
            terminal.type("\x04")
            assert await terminal.ended() == 0
    said = [message["content"] for message in server.requests[1].json["messages"]]
    assert "one question" not in said
    assert "one question again" in str(said[-1])


async def test_another_session_is_found_renamed_and_opened(tmp_path: Path) -> None:
    async with Server([says("first answer"), says("second answer")]) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args, columns=80, rows=30) as terminal:
            await terminal.shows("m1")
            terminal.type("about apples\r")
            await terminal.shows("first answer")
            terminal.type("/new\r")
            await terminal.shows("A new session")
            terminal.type("about pears\r")
            await terminal.shows("second answer")
            terminal.type("/resume\r")
            await terminal.shows("Sessions of this project")
            terminal.type("apples\x12")
            await terminal.shows("Name of the session")
            terminal.type("Fruit\r")
            await terminal.shows("• Fruit")
            terminal.type("\r")
            await terminal.shows("Back in")
            terminal.type("\x04")
            assert await terminal.ended() == 0
