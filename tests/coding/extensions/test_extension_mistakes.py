"""What functions of extensions do wrong costs neither the answer nor the process."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pi.agent.events import ToolExecutionEnd
from pi.ai.errors import ConfigError
from pi.ai.faux import text, tool
from pi.coding.api.events import ExtensionError
from support.extended_session import talking

Pi = Callable[..., "subprocess.CompletedProcess[str]"]

RUN = [sys.executable, "-m", "pi.coding.cli.main", "--model", "demo", "-e"]


@pytest.fixture
def pi(tmp_path: Path) -> Pi:
    """Run the demonstration with one extension."""
    (tmp_path / "project").mkdir()

    def call(source: str, *args: str) -> "subprocess.CompletedProcess[str]":
        (tmp_path / "own.py").write_text(source)
        return subprocess.run(
            [*RUN, str(tmp_path / "own.py"), *args],
            cwd=tmp_path / "project",
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )

    return call


WAYS = {
    "exit": ("raise SystemExit(3)", "it called sys.exit"),
    "cancelled": ("raise asyncio.CancelledError", "it raised CancelledError, and nobody"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("begins", ["def", "async def"])
def test_the_process_lives_on(way: str, begins: str, pi: Pi, tmp_path: Path) -> None:
    does, words = WAYS[way]
    done = pi(
        f"import asyncio\ndef extension(pi):\n    @pi.on('context')\n"
        f"    {begins} wrong(event, context):\n        {does}\n",
        "-p",
        "Show me",
    )
    assert done.returncode == 0
    assert done.stdout.startswith("Done: I listed this folder")
    assert f"{tmp_path / 'own.py'}:5: {words}" in done.stderr


@pytest.mark.parametrize("way", WAYS)
async def test_all_that_can_be_called(way: str, tmp_path: Path) -> None:
    does, words = WAYS[way]
    source = f"""
def wrong(*given):
    {does}
async def later(*given):
    {does}
def extension(pi):
    def tool() -> str:
        {does}
    async def slow() -> str:
        {does}
    pi.register_tool(tool)
    pi.register_tool(slow)
    pi.register_command("wrong", wrong)
    pi.register_command("later", later)
    pi.on("message_start", wrong)
    pi.on("turn_start", later)
    pi.events.on("bus", wrong)
    pi.on("agent_end", lambda event, context: pi.events.emit("bus"))
"""
    script = [[tool("tool", {}), tool("slow", {})], [text("Done")]]
    async with talking(tmp_path, script, source) as talk:
        assert (await talk.say("Hello")).text == "Done"
        ends = talk.told(ToolExecutionEnd)
        assert [end.is_error for end in ends] == [True, True]
        assert all("failed" in end.result["content"][0]["text"] for end in ends)
        for name in ("wrong", "later"):
            with pytest.raises(ConfigError, match=f"/{name} failed: .*e0.py:[68]: {words}"):
                await talk.say(f"/{name}")
        told = {
            (error.event, error.error.partition(": ")[2]) for error in talk.told(ExtensionError)
        }
        assert {event for event, _ in told} == {"message_start", "turn_start", "bus"}
        assert all(words in error for _, error in told)


async def test_what_cannot_be_sent_is_not_sent(tmp_path: Path) -> None:
    source = """
def extension(pi):
    @pi.on("before_provider_request")
    def answers(event, context):
        return {"x": object()}
    @pi.on("before_provider_request")
    def changes(event, context):
        event.payload["x"] = object()
    @pi.on("before_provider_headers")
    def headers(event, context):
        return {"X Bad": "a", "X-Lines": "a\\nb", "X-Good": "a", 3: "a", "X-Number": 3}
    @pi.on("before_provider_request")
    def hears(event, context):
        HEARD.append("x" in event.payload)
    @pi.on("before_provider_headers")
    def hears(event, context):
        HEARD.append([name for name in event.headers if name.startswith("X")])
"""
    async with talking(tmp_path, [[text("Done")], [text("Again")]], source) as talk:
        assert (await talk.say("Hello")).text == "Done"
        assert talk.heard == [False, ["X-Good"]]
        errors = [(error.event, error.error) for error in talk.told(ExtensionError)]
        payloads = [words for event, words in errors if event == "before_provider_request"]
        assert len(payloads) == 1  # that of the other handler reads the same
        assert "the payload is no JSON" in payloads[0]
        headers = [words for event, words in errors if event == "before_provider_headers"]
        assert len(headers) == 4
        assert "'X Bad' is not a valid name of a header" in headers[0]
        assert all(error.extension_path.endswith("e0.py") for error in talk.told(ExtensionError))
        assert (await talk.say("Hello")).text == "Again"
        assert len(talk.told(ExtensionError)) == len(errors)
