"""What the screen says by itself: themes, titles, images that nobody sees, caches that missed."""

from pathlib import Path

import pytest

from support.replies import Reply, sse
from support.rpc_process import calls, chunk, says, use_service
from support.server import Server
from support.virtual_terminal import VirtualTerminal


def settings(home: Path, text: str) -> None:
    folder = home / ".pi" / "agent"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.json").write_text(text)


async def test_a_theme_that_is_not_there_is_said(tmp_path: Path) -> None:
    arguments = ("--model", "demo", "--use-theme", "nosuch")
    async with VirtualTerminal(tmp_path, *arguments) as terminal:
        await terminal.shows("There is no theme 'nosuch'")


async def test_the_window_is_named_after_the_session(tmp_path: Path) -> None:
    async with VirtualTerminal(tmp_path, "--model", "demo") as terminal:
        await terminal.shows("~/project")
        assert b"\x1b]0;pi - project\x07" in terminal.written
        terminal.type("/name Fruit\r")
        await terminal.until(lambda t: b"\x1b]0;pi - Fruit - project\x07" in t.written, "the name")


async def test_an_image_that_the_model_cannot_see_is_said(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "a.png").write_bytes(
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89"
        b"\0\0\0\nIDATx\x9cc\0\x01\0\0\x05\0\x01\r\n-\xb4\0\0\0\0IEND\xaeB`\x82"
    )
    async with Server([says("Nothing to see.")]) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args, "@a.png", "what is it?") as terminal:
            await terminal.shows("Nothing to see.")
            assert "m1 cannot see images" in terminal.text
            assert "<file" not in terminal.text


async def test_a_cache_that_missed_is_one_line(tmp_path: Path) -> None:
    settings(tmp_path, '{"showCacheMissNotices": true}')

    def answer(cached: int) -> Reply:
        usage = {"prompt_tokens": 20_000, "completion_tokens": 3, "total_tokens": 20_003}
        usage |= {"prompt_tokens_details": {"cached_tokens": cached}}  # type: ignore[dict-item]
        return Reply([chunk({"content": "hi"}), chunk({}, "stop", usage), sse(["[DONE]"])])

    async with Server([answer(19_000), answer(0)]) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args) as terminal:
            await terminal.shows("m1")
            terminal.type("one\r")
            await terminal.shows("R19k")
            terminal.type("two\r")
            await terminal.shows("Prompt cache missed: 19,000 tokens were read anew")


async def test_what_was_cut_is_shown_again_whole(tmp_path: Path) -> None:
    script = [
        calls("bash", command="seq 101 140"),
        calls("bash", command="echo short"),
        calls("bash", command="seq 40"),
        says("Counted."),
    ]
    async with Server(script) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args, rows=200) as terminal:
            await terminal.shows("m1")
            terminal.type("count\r")
            await terminal.shows("Counted.")
            await terminal.hides("Working")
            assert "  7" not in terminal.screen
            terminal.type("\x0f")
            await terminal.until(lambda t: "  7" in t.screen, "all of it")
            await terminal.shows("ctrl+o: the one before")
            assert "  107" not in terminal.screen
            terminal.type("\x0f")
            await terminal.until(lambda t: "  107" in t.screen, "all of the one before")
            terminal.type("\x0f")
            await terminal.shows("no earlier output was cut · ctrl+o for short again")
            assert terminal.screen.count("  107") == terminal.screen.count("  7") == 1
            terminal.type("\x0f")
            await terminal.shows("output is short from here on")


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
async def test_only_a_terminal_that_knows_them_is_sent_other_signs(
    tmp_path: Path, locale: str
) -> None:
    async with VirtualTerminal(tmp_path, "--model", "demo", env={"LC_ALL": locale}) as terminal:
        await terminal.shows("~/project")
        assert terminal.written.isascii() is (locale == "C")
