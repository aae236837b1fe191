"""Extensions of a session: functions and files, plain and blocking, loaded again, broken."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pi
from pi.ai.faux import Script, faux_client, faux_model, text, tool
from pi.coding.api.commands import Prompt
from pi.coding.api.events import Notice
from pi.coding.api.setup import Reload
from pi.extensions import Block, Pi, StartWith

FILE = """
def extension(pi):
    @pi.on("before_agent_start")
    def start(event, context):
        from pi.extensions import StartWith
        return StartWith(system_prompt=(*event.system_prompt, f"file in {context.mode}"))
"""


@pytest.fixture
def options(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Options of a session whose model plays a script, with a home of its own."""

    def make(script: Script, **more: Any) -> dict[str, Any]:
        env = {"HOME": str(tmp_path), "PI_CODING_AGENT_DIR": str(tmp_path / "agent")}
        plays = {"model": faux_model(), "client": faux_client(script)}
        return {**plays, "cwd": tmp_path, "env": env, **more}

    return make


def systems(options: dict[str, Any]) -> list[str]:
    """The system prompts that the model was given."""
    return ["\n".join(context.system) for context in options["client"].transport("faux:").contexts]


async def refused(options: dict[str, Any], *words: str) -> None:
    """Open a session, which must fail with these words."""
    with pytest.raises(pi.ConfigError) as caught:
        await pi.Session(**options).open()
    assert all(word in caught.value.message for word in words), caught.value.message


async def test_a_function_brings_a_tool_and_hears_events(options: Any) -> None:
    heard: list[str] = []

    def house(pi: Pi) -> None:
        def rooms() -> list[str]:
            """The rooms."""
            return ["kitchen"]

        pi.register_tool(rooms)
        pi.on("session_start", lambda event, context: heard.append(context.mode))
        pi.on("session_shutdown", lambda event, context: heard.append(event.reason))

    made = options([[tool("rooms", {})], [text("One.")]], extensions=[house])
    async with pi.Session(**made) as session:
        assert (await session.prompt("Which rooms?")).text == "One."
        (result,) = [m for m in session.messages if isinstance(m, pi.ToolResultMessage)]
        assert "kitchen" in str(result.content)
    assert heard == ["sdk", "quit"]


async def test_files_and_folders_are_found_from_the_working_folder(
    options: Any, tmp_path: Path
) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "one.py").write_text(FILE)
    for given in ("more", "more/one.py", tmp_path / "more" / "one.py"):
        made = options([[text("Yes")]], extensions=[given])
        async with pi.Session(**made) as session:
            await session.prompt("Hi")
        assert systems(made)[0].count("file in sdk") == 1


async def test_nothing_is_loaded_that_was_not_given(options: Any, tmp_path: Path) -> None:
    own = tmp_path / "agent" / "extensions"
    own.mkdir(parents=True)
    (own / "one.py").write_text(FILE)
    for more in ({}, {"extensions": [lambda pi: None]}):
        made = options([[text("Yes")]], **more)
        async with pi.Session(**made) as session:
            await session.prompt("Hi")
        assert "file in sdk" not in systems(made)[0]


async def test_functions_are_there_after_a_reload(options: Any) -> None:
    loaded: list[int] = []

    async def counting(pi: Pi) -> None:
        loaded.append(1)

        def count(arguments: str, context: Any) -> None:
            context.ui.notify(f"{len(loaded)} {arguments}")

        pi.register_command("count", count)

    def other(pi: Pi) -> None:
        pi.on("before_agent_start", lambda event, context: StartWith(system_prompt=("other",)))

    made = options([[text("Yes")]], extensions=[counting, other])
    said: list[str] = []
    async with pi.Session(**made) as session:
        session.subscribe(lambda e: said.append(e.message) if isinstance(e, Notice) else None)
        assert await session.send(Prompt("/count first")) is None
        await session.send(Reload())
        await session.send(Prompt("/count again"))
        await session.prompt("Hi")
    assert said == ["1 first", "2 again"]
    assert systems(made) == ["other"]


async def test_what_cannot_be_loaded_is_an_error(options: Any, tmp_path: Path) -> None:
    def broken(pi: Pi) -> None:
        pi.on("sesion_start", print)

    await refused(options([], extensions=[broken]), f"{__file__}:", "session_start")
    wrong = tmp_path / "wrong.py"
    wrong.write_text("def extension(pi):\n    1 / 0\n")
    await refused(options([], extensions=[wrong]), "wrong.py:2", "division")
    await refused(options([], extensions=["nowhere.py"]), "nowhere.py", "no such file")


def test_the_blocking_twin_takes_them_too(options: Any) -> None:
    def guard(pi: Pi) -> None:
        pi.on("tool_call", lambda event, context: Block("not here"))

    made = options([[tool("bash", {"command": "true"})], [text("No.")]], extensions=[guard])
    with pi.Session.blocking(**made) as session:
        assert session.prompt("Do it").text == "No."
        (result,) = [m for m in session.messages if isinstance(m, pi.ToolResultMessage)]
    assert result.is_error
    assert "not here" in str(result.content)
