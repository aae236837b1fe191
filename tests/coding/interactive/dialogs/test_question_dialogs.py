"""Questions on a virtual terminal: yes or no, a line, a secret, many lines, one of some texts."""

import asyncio

import pytest

from pi.coding.modes.interactive.dialogs.ask import ask
from pi.coding.modes.interactive.dialogs.confirm import confirm
from pi.coding.modes.interactive.dialogs.edit import edit
from pi.coding.modes.interactive.dialogs.select import select
from pi.coding.modes.interactive.keymap import Keymap
from support.stage_screen import on_stage


async def test_one_of_some_texts() -> None:
    async with on_stage() as stage:
        task = asyncio.ensure_future(select(stage, "Allow it?\nrm -rf x", ["Yes", "No", "Always"]))
        await stage.sees("rm -rf x")
        stage.press("alw", "down", "down", "enter")
        assert await task == "Always"


async def test_one_of_many_texts_is_found_by_typing() -> None:
    async with on_stage() as stage:
        task = asyncio.ensure_future(select(stage, "Which?", [f"text {n}" for n in range(20)]))
        await stage.sees("text 3")
        stage.press("17", "enter")
        assert await task == "text 17"


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (["y"], True),
        (["N"], False),
        (["enter"], False),
        (["up", "enter"], True),
        (["tab", "enter"], True),
        (["esc"], False),
        (["ctrl+c"], False),
        (["x", "z", "enter"], False),
    ],
)
async def test_yes_or_no(keys: list[str], answer: bool) -> None:
    async with on_stage() as stage:
        task = asyncio.ensure_future(confirm(stage, "Delete it?", "It goes to the trash."))
        await stage.sees("It goes to the trash.")
        stage.press(*keys)
        assert await task is answer


async def test_a_long_message_can_be_read() -> None:
    async with on_stage(40, 12) as stage:
        message = "\n".join(f"line {n}" for n in range(40))
        task = asyncio.ensure_future(confirm(stage, "Read this", message))
        await stage.sees("PageDown more")
        stage.press(*["pagedown"] * 9)
        await stage.sees("line 39")
        assert "Read this" in stage.text()
        stage.press("pageup", "y")
        assert await task is True


async def test_a_line() -> None:
    async with on_stage() as stage:
        task = asyncio.ensure_future(ask(stage, "Name of the session", placeholder="my work"))
        await stage.sees("my work")
        stage.press("ab", "left", "X")
        await stage.sees("> aXb")
        assert "my work" not in stage.text()
        stage.press("enter")
        assert await task == "aXb"


async def test_editing_keys_are_those_of_the_keymap() -> None:
    async with on_stage() as stage:
        stage.keymap = Keymap({"tui.editor.cursorLineStart": ("ctrl+g",)})
        task = asyncio.ensure_future(ask(stage, "Which words?"))
        await stage.sees("Which words?")
        stage.press("one two three", "\x1bb", "\x1bb", "X", "ctrl+g", "Y", "ctrl+e", "ctrl+w", "Z")
        await stage.sees("> Yone Xtwo Z")
        stage.press("enter")
        assert await task == "Yone Xtwo Z"


async def test_a_secret_is_not_shown() -> None:
    async with on_stage(40) as stage:
        task = asyncio.ensure_future(ask(stage, "API key", secret=True, placeholder="sk-…"))
        await stage.sees("sk-…")
        stage.paste("  fake-key-1234\n")
        await stage.sees("> *************")
        assert "fake" not in "".join(stage.wire.written)
        stage.press("enter")
        assert await task == "fake-key-1234"


async def test_an_empty_line_is_an_answer_and_esc_is_none() -> None:
    async with on_stage() as stage:
        task = asyncio.ensure_future(ask(stage, "What?"))
        await stage.sees("What?")
        stage.press("enter")
        assert await task == ""
        task = asyncio.ensure_future(ask(stage, "And now?"))
        await stage.sees("And now?")
        stage.press("abc", "esc")
        assert await task is None


async def test_many_lines() -> None:
    async with on_stage(40, 16) as stage:
        task = asyncio.ensure_future(edit(stage, "Instructions", prefill="first\x1b[2J"))
        await stage.sees("first")
        stage.press("ctrl+j", "second")
        stage.paste("\r\nthird\x07\r\n")
        await stage.sees("third")
        stage.press("enter")
        assert await task == "first\nsecond\nthird\n"


async def test_many_lines_given_up() -> None:
    async with on_stage(20, 8) as stage:
        task = asyncio.ensure_future(edit(stage, "Instructions", prefill="x" * 500))
        await stage.sees("xxx")
        stage.press("esc")
        assert await task is None


async def test_time_limits() -> None:
    async with on_stage() as stage:
        assert await ask(stage, "Quick", timeout=0.05) is None
        assert await confirm(stage, "Quick", "", timeout=0.05) is False
        assert await select(stage, "Quick", ["a"], timeout=0) is None


async def test_questions_wait_for_their_turn() -> None:
    async with on_stage() as stage:
        first = asyncio.ensure_future(ask(stage, "First"))
        second = asyncio.ensure_future(ask(stage, "Second"))
        await stage.sees("First")
        stage.press("1", "enter")
        assert await first == "1"
        await stage.sees("Second")
        stage.press("2", "enter")
        assert await second == "2"


@pytest.mark.parametrize("columns", [1, 3, 20])
async def test_narrow_terminals(columns: int) -> None:
    async with on_stage(columns, 5) as stage:
        for make in (
            lambda: ask(stage, "日本 question", placeholder="long placeholder"),
            lambda: edit(stage, "日本 question", prefill="日本\n" * 9),
            lambda: confirm(stage, "日本 question", "日本 message " * 20),
        ):
            task = asyncio.ensure_future(make())
            await stage.sees(lambda: any(stage.lines()))
            stage.press("esc")
            assert not await task
