"""A policy of an extension (`register_hooks`) that goes wrong costs nothing but itself."""

import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pi.agent.events import ToolExecutionEnd
from pi.agent.hooks import Hooks
from pi.ai.errors import ConfigError
from pi.ai.faux import fail, text, tool
from pi.coding.api.events import ExtensionError
from pi.coding.extensions.guarded import GuardedHooks
from support.extended_session import talking

POLICY = """
def extension(pi):
    pi.register_tool(lambda: "yes", name="ask")
    class Own(Hooks):
        {begins} {name}(self, *given):
            {does}
    pi.register_hooks(lambda context: Own())
"""
METHODS = [name for name, value in vars(Hooks).items() if inspect.isfunction(value)]
PLAIN = ["accept", "on_run_start", "call_options", "system_prompt", "on_run_end"]
GUARDS = ["before_tool", "after_tool"]


def test_all_are_guarded() -> None:
    assert set(METHODS) <= set(vars(GuardedHooks))


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize(
    ("does", "words"),
    [
        ("raise SystemExit(3)", "it called sys.exit"),
        ("raise asyncio.CancelledError", "it raised CancelledError, and nobody had cancelled it"),
        ("raise KeyError('x')", "KeyError: 'x'"),
    ],
)
async def test_what_it_raises_is_told(name: str, does: str, words: str, tmp_path: Path) -> None:
    begins = "def" if name in PLAIN else "async def"
    source = POLICY.format(begins=begins, name=name, does=does)
    script = [[fail("protocol", "boom")]]
    script = script if name == "after_error" else [[tool("ask", {})], [text("Done")]]
    async with talking(tmp_path, script, source) as talk:
        await talk.say("Hello")
        told = talk.told(ExtensionError)
        assert {event.event for event in told} == {f"Hooks.{name}"}
        assert f"{talk.folder / 'e0.py'}:9: {words}" in told[0].error
        if name == "after_error":
            return
        assert talk.session.state.last_answer.text == "Done"
        (end,) = talk.told(ToolExecutionEnd)
        assert end.is_error == (name in GUARDS)


NONSENSE = {
    "before_turn": "return 3",
    "call_options": "return None",
    "before_request": "return None",
    "system_prompt": "return 'be brief'",
    "before_tool": "return 'no'",
    "after_tool": "return given[1]",
    "after_answer": "return 'yes'",
    "after_turn": "return True",
    "before_end": "return 'yes'",
}


@pytest.mark.parametrize("name", NONSENSE)
async def test_an_answer_that_makes_no_sense(name: str, tmp_path: Path) -> None:
    source = POLICY.format(begins="def", name=name, does=NONSENSE[name])
    async with talking(tmp_path, [[tool("ask", {})], [text("Done")]], source) as talk:
        assert (await talk.say("Hello")).text == "Done"
        (told,) = talk.told(ExtensionError)  # once, however often it is asked
        assert told.event == f"Hooks.{name}"
        assert f"is no answer to Hooks.{name}: it answers " in told.error
        (end,) = talk.told(ToolExecutionEnd)
        assert end.is_error == (name == "before_tool")


async def test_what_it_refuses_is_not_taken(tmp_path: Path) -> None:
    does = "raise ConfigError('not on a Sunday')"
    source = POLICY.format(begins="def", name="accept", does=does)
    async with talking(tmp_path, [], source) as talk:
        with pytest.raises(ConfigError, match="not on a Sunday"):
            await talk.say("Hello")
        assert talk.told(ExtensionError) == []
        assert talk.session.state.message_count == 0


@pytest.mark.parametrize("name", PLAIN)
async def test_one_that_cannot_be_async(name: str, tmp_path: Path) -> None:
    source = POLICY.format(begins="async def", name=name, does="return given and given[0]")
    async with talking(tmp_path, [[text("Done")]], source) as talk:
        assert (await talk.say("Hello")).text == "Done"
        (told,) = talk.told(ExtensionError)
        assert told.error.endswith("it is asked without waiting: write `def`, not `async def`")


@pytest.mark.parametrize(
    ("name", "begins"), [("on_run_start", "def"), ("before_turn", "async def")]
)
def test_an_interrupt_of_its_own_ends_no_program(name: str, begins: str, tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    source = POLICY.format(begins=begins, name=name, does="raise KeyboardInterrupt")
    path.write_text(f"from pi.extensions import Hooks\n{source}")
    done = run(path, tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("Done: I listed this folder")
    assert f"Warning: {path}:7: it raised KeyboardInterrupt (at Hooks.{name})" in done.stderr


def test_nor_does_that_of_a_tool(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(
        "def extension(pi):\n"
        "    def bash(command: str) -> str:\n        raise KeyboardInterrupt\n"
        "    pi.register_tool(bash, replace=True)\n"
    )
    done = run(path, tmp_path)
    assert done.returncode == 0
    assert f"bash failed: {path}:3: it raised KeyboardInterrupt" in done.stdout


def run(extension: Path, home: Path) -> "subprocess.CompletedProcess[str]":
    """The demonstration with an extension."""
    return subprocess.run(
        [sys.executable, "-m", "pi", "--model", "demo", "-e", str(extension), "-p", "Show me"],
        cwd=home,
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
