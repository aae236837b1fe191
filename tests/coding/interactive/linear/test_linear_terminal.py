"""A conversation line by line over a real pseudo-terminal, with a scripted model."""

import asyncio
import os
import pty
import termios
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pi.ai.errors import AuthError
from pi.ai.faux import fail, text, tool, wait
from pi.coding.api.commands import Session
from pi.coding.api.front import Front
from pi.coding.modes.interactive.linear import run_linear
from pi.coding.tools import builtin_tools
from support.controller_session import talking, until


class Person:
    """Somebody at the keyboard, and what was said to them."""

    def __init__(self) -> None:
        self.keyboard, self.fd = pty.openpty()
        self.lines: list[str] = []

    def type(self, line: str) -> None:
        os.write(self.keyboard, line.encode() + b"\n")

    async def hears(self, line: str) -> None:
        await until(lambda: line in self.lines)

    def close(self) -> None:
        os.close(self.keyboard)
        os.close(self.fd)


@asynccontextmanager
async def terminal(
    opening: Callable[[Front], Awaitable[Session]], **options: Any
) -> AsyncIterator[tuple[Person, "asyncio.Task[int]"]]:
    person = Person()
    running = asyncio.ensure_future(
        run_linear(opening, fd=person.fd, write=person.lines.append, **options)
    )
    try:
        yield person, running
    finally:
        running.cancel()
        await asyncio.wait([running])
        person.close()


def ready(session: Any) -> Callable[[Front], Awaitable[Session]]:
    async def opening(front: Front) -> Session:
        return session

    return opening


async def test_a_prompt_is_answered_in_words(tmp_path: Path) -> None:
    script = [[tool("ls", {"path": "."})], [text("# Found\n\n**one** file")]]
    (tmp_path / "a.txt").write_text("a")
    with talking(script, tmp_path, tools=[builtin_tools.get("ls")]) as talk:
        async with terminal(ready(talk.controller)) as (person, running):
            person.type("look around")
            await person.hears("Done.")
            said = [line for line in person.lines if line]
            said = said[said.index("Running ls: .") :]
            assert said[1].startswith("ls done after 0s: 1 line.")
            assert said[2:] == ["Pi:", "Found", "one file", "Done."]
            os.write(person.keyboard, b"\x04")  # Ctrl+D
            assert await running == 0


async def test_nothing_that_is_written_moves_the_cursor(tmp_path: Path) -> None:
    script = [[text("a\x1b[2Jb\rc\x1b]0;title\x07d\n")]]
    with talking(script, tmp_path) as talk:
        async with terminal(ready(talk.controller)) as (person, _):
            person.type("hi")
            await person.hears("Done.")
            assert not any(c in line for line in person.lines for c in "\x1b\r\x07\n")


async def test_a_refused_prompt_is_sent_again_by_enter(tmp_path: Path) -> None:
    script = [[fail("auth", "401 wrong key")], [text("now it works")]]
    with talking(script, tmp_path) as talk:
        async with terminal(ready(talk.controller)) as (person, _):
            person.type("important")
            await person.hears("Enter on an empty line sends it.")
            assert "Not sent: important" in person.lines
            assert sum("401 wrong key" in line for line in person.lines) == 1
            person.type("")
            await person.hears("now it works")


async def test_what_is_typed_meanwhile_steers_and_ctrl_c_stops(tmp_path: Path) -> None:
    with talking([[text("begin\n"), wait(30)], [text("after")]], tmp_path) as talk:
        async with terminal(ready(talk.controller)) as (person, running):
            person.type("go")
            await person.hears("begin")
            person.type("not so")
            await person.hears("Goes to the model before its next step: not so")
            os.kill(os.getpid(), 2)
            await person.hears("Stopped.")
            assert "Not sent: not so" in person.lines
            os.kill(os.getpid(), 2)
            assert await running == 0


async def test_a_pasted_text_is_one_prompt(tmp_path: Path) -> None:
    with talking([[text("ok")]], tmp_path) as talk:
        async with terminal(ready(talk.controller)) as (person, _):
            os.write(person.keyboard, b"first line\nsecond line\n\nfourth\n")
            await person.hears("Done.")
            asked = talk.transport.contexts[0].messages[-1]
            assert asked.content == "first line\nsecond line\n\nfourth"


async def test_dialogs_are_answered_by_lines_and_secrets_are_not_shown(tmp_path: Path) -> None:
    found: list[object] = []
    with talking([[text("ok")]], tmp_path) as talk:

        async def opening(front: Front) -> Session:
            found.append(await front.select("Which?", ["red", "blue"]))
            found.append(await front.input("Key", secret=True))
            return talk.controller

        async with terminal(opening) as (person, _):
            await person.hears("2. blue")
            person.type("2")
            await person.hears(">")
            flags = termios.tcgetattr(person.fd)[3]
            assert not flags & termios.ECHO
            person.type("s3cret")
            person.type("hello")
            await person.hears("Done.")
            assert found == ["blue", "s3cret"]
            assert termios.tcgetattr(person.fd)[3] & termios.ECHO


async def test_no_session_is_one_line_and_an_exit_code(tmp_path: Path) -> None:
    async def opening(front: Front) -> Session:
        raise AuthError("no model can be used yet")

    async with terminal(opening) as (person, running):
        assert await running == 1
        assert person.lines == ["Error: no model can be used yet"]


async def test_an_unknown_command_is_not_sent(tmp_path: Path) -> None:
    with talking([[text("never")]], tmp_path) as talk:
        async with terminal(ready(talk.controller)) as (person, _):
            person.type("/nosuch thing")
            await person.hears("Not sent: /nosuch thing")
            assert not talk.transport.contexts


async def test_an_error_is_said_before_what_goes_back_and_nothing_is_done(tmp_path: Path) -> None:
    with talking([[fail("auth", "401 no")]], tmp_path) as talk:
        async with terminal(ready(talk.controller)) as (person, _):
            person.type("important")
            await person.hears("Enter on an empty line sends it.")
            said = person.lines
            error = next(number for number, line in enumerate(said) if "401 no" in line)
            assert error < said.index("Not sent: important")
            assert "Done." not in said


async def test_the_start_says_where_one_is(tmp_path: Path) -> None:
    with talking([], tmp_path) as talk:
        async with terminal(ready(talk.controller)) as (person, _):
            await person.hears("Type a prompt and Enter. /help lists the commands, Ctrl+D ends.")
            assert f"Model faux/faux, in {tmp_path}." in person.lines
