"""An extension that waits and waits: the person is told once what for, and an abort ends it."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from pi.agent.events import ToolExecutionEnd
from pi.ai.errors import AbortedError
from pi.ai.faux import text, tool
from pi.coding.api import commands as c
from pi.coding.api.events import AgentSettled, Notice
from pi.coding.api.ui import NoUser
from pi.coding.extensions.program import Program
from pi.coding.extensions.shelf import Shelf
from support.extended_session import Talk, talking
from support.rpc_process import Rpc

WAITS = "await asyncio.Event().wait()"


def hurried(talk: Talk) -> Talk:
    """Tell early."""
    talk.composition.controller.bridge.waits.slow = 0.02  # type: ignore[attr-defined]
    return talk


async def heard(talk: Talk, wanted: Callable[[Any], bool]) -> Any:
    """The first event that is wanted, told already or still to come."""
    for event in talk.events:
        if wanted(event):
            return event
    found: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def hear(event: Any) -> None:
        if wanted(event) and not found.done():
            found.set_result(event)

    unsubscribe = talk.session.subscribe(hear)
    async with asyncio.timeout(10):
        event = await found
    unsubscribe()
    return event


async def asked(talk: Talk) -> None:
    """When an extension has been asked."""
    async with asyncio.timeout(10):
        while not talk.heard:  # noqa: ASYNC110 (extensions write into a list)
            await asyncio.sleep(0)


def is_notice(event: Any) -> bool:
    """Whether somebody is told something."""
    return isinstance(event, Notice)


def test_ten_seconds_are_long() -> None:
    assert Program(Shelf()).slow == 10


HOOKS = ["before_agent_start", "context", "before_provider_request", "tool_call", "turn_start"]


@pytest.mark.parametrize("event", HOOKS)
async def test_a_hook_of_a_run(event: str, tmp_path: Path) -> None:
    source = f"""
async def waits():
    {WAITS}
def extension(pi):
    pi.register_tool(lambda: "yes", name="ask")
    @pi.on({event!r})
    async def hook(event, context):
        HEARD.append("asked")
        await waits()
"""
    script = [[tool("ask", {})], [tool("ask", {})]]
    async with talking(tmp_path, script, source) as talk:
        hurried(talk)
        for _ in range(2):
            run = asyncio.ensure_future(talk.say("Hello"))
            await heard(talk, is_notice)
            await asked(talk)  # the second time nobody is told
            await talk.session.send(c.Abort())
            await run
            assert talk.told(AgentSettled)[-1].aborted
            talk.heard.clear()
        (notice,) = talk.told(Notice)
        assert notice.message == (
            f"{talk.folder / 'e0.py'}:6: {event} has been waiting for 0.02 s and pi waits for it:"
            " an abort gives it up"
        )
        assert notice.level == "warning"


async def test_a_tool(tmp_path: Path) -> None:
    source = f"""
async def deploy() -> str:
    {WAITS}
def extension(pi):
    pi.register_tool(deploy)
"""
    async with talking(tmp_path, [[tool("deploy", {})]], source) as talk:
        run = asyncio.ensure_future(hurried(talk).say("Hello"))
        notice = await heard(talk, is_notice)
        assert f"{talk.folder / 'e0.py'}:6: the tool deploy has been waiting" in notice.message
        await talk.session.send(c.Abort())
        await run
        (end,) = talk.told(ToolExecutionEnd)
        assert end.result["content"][0]["text"] == "Operation aborted"


@pytest.mark.parametrize("event", ["input", "session_start"])
async def test_what_comes_before_a_run(event: str, tmp_path: Path) -> None:
    source = f"""
def extension(pi):
    @pi.on({event!r})
    async def hook(event, context):
        if not HEARD:
            HEARD.append("asked")
            {WAITS}
"""
    async with talking(tmp_path, [[text("Done")]], source) as talk:
        run = asyncio.ensure_future(hurried(talk).say("Hello"))
        notice = await heard(talk, is_notice)
        assert f"e0.py:10: {event} has been waiting" in notice.message
        assert talk.session.state.held
        await talk.session.send(c.Abort())
        with pytest.raises(AbortedError, match=rf"given up: {event} of .*e0\.py was still waiting"):
            await run
        assert not talk.session.state.held
        assert talk.session.state.message_count == 0
        assert (await talk.say("Hello")).text == "Done"


async def test_a_command(tmp_path: Path) -> None:
    source = f"""
def extension(pi):
    async def slow(arguments, context):
        {WAITS}
    pi.register_command("slow", slow)
"""
    async with talking(tmp_path, [[text("Done")]], source) as talk:
        assert await hurried(talk).session.submit(c.Prompt("/slow")) == "handled"
        notice = await heard(talk, is_notice)
        assert "e0.py:7: /slow has been waiting" in notice.message
        assert (await talk.say("Hello")).text == "Done"  # nothing hangs on it
        assert talk.session.state.held
        await talk.session.send(c.Abort())
        ended = await heard(talk, lambda event: is_notice(event) and event.level == "info")
        assert ended.message.startswith("given up: /slow of ")
        assert not talk.session.state.held


async def test_a_command_outlives_the_abort_of_a_run(tmp_path: Path) -> None:
    source = f"""
def extension(pi):
    async def slow(arguments, context):
        try:
            {WAITS}
        finally:
            HEARD.append("over")
    pi.register_command("slow", slow)
    @pi.on("context")
    async def hook(event, context):
        HEARD.append("run")
        {WAITS}
"""
    async with talking(tmp_path, [[text("Done")]], source) as talk:
        await talk.session.submit(c.Prompt("/slow"))
        run = asyncio.ensure_future(talk.say("Hello"))
        await asked(talk)
        await talk.session.send(c.Abort())
        await run
        assert talk.heard == ["run"]
        await talk.session.send(c.Abort())
        await asyncio.sleep(0)
        assert talk.heard == ["run", "over"]


async def test_a_command_that_aborts_goes_on(tmp_path: Path) -> None:
    source = """
def extension(pi):
    async def stop(arguments, context):
        await context.send(commands.Abort())
        await context.abort()
        await context.send(commands.AbortExtensions())
        await asyncio.sleep(0)
        HEARD.append("stopped")
    pi.register_command("stop", stop)
"""
    async with talking(tmp_path, [], source) as talk:
        await talk.say("/stop")
        assert talk.heard == ["stopped"]


class Slow(NoUser):
    """A person who takes longer than a handler may, and then some."""

    async def select(
        self, title: str, options: Sequence[str], *, timeout: float | None = None
    ) -> str | None:
        await asyncio.sleep(0.1)
        return options[0]


async def test_the_time_of_a_person_does_not_count(tmp_path: Path) -> None:
    source = f"""
def extension(pi):
    @pi.on("context")
    async def hook(event, context):
        HEARD.append(await context.ui.select("Which?", ["this"]))
        {WAITS}
"""
    async with talking(tmp_path, [[text("Done")]], source) as talk:
        hurried(talk).session.use_ui(Slow())
        run = asyncio.ensure_future(talk.say("Hello"))
        notice = await heard(talk, is_notice)
        assert talk.heard == ["this"]
        assert "e0.py:9: context has been waiting" in notice.message
        await talk.session.send(c.Abort())
        await run


async def test_a_run_that_a_command_has_asked_for_does_not_count(tmp_path: Path) -> None:
    source = f"""
def extension(pi):
    async def ask(arguments, context):
        answer = await context.send(commands.Prompt("Hello"))
        HEARD.append(answer.text)
        {WAITS}
    pi.register_command("ask", ask)
    @pi.on("agent_start")
    async def rest(event, context):
        await asyncio.sleep(0.1)
"""
    async with talking(tmp_path, [[text("Done")]], source) as talk:
        await hurried(talk).session.submit(c.Prompt("/ask"))
        await heard(talk, lambda event: is_notice(event) and "/ask" in event.message)
        assert talk.heard == ["Done"]
        assert ["agent_start" in notice.message for notice in talk.told(Notice)] == [True, False]


EARLY = """
import asyncio
def extension(pi):
    @pi.on("input")
    async def hook(event, context):
        if event.text == "wait":
            context.ui.notify("waiting")
            await asyncio.Event().wait()
    async def command(arguments, context):
        context.ui.notify("waiting")
        await asyncio.Event().wait()
    pi.register_command("wait", command)
"""


@pytest.mark.parametrize("ends", ["abort", "abort_extensions"])
async def test_over_rpc_an_abort_overtakes_what_is_held(ends: str, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(EARLY)
    args = ("--model", "demo", "-e", str(tmp_path / "own.py"))
    async with Rpc(tmp_path, args) as pi:
        held = await pi.send("prompt", message="wait")
        await pi.until("extension_ui_request")
        later = await pi.send("get_state")
        ended = await pi.send(ends)
        answers = [await pi.until("response") for _ in range(3)]
        assert [answer["id"] for answer in answers] == [held, later, ended]
        assert [answer["success"] for answer in answers] == [False, True, True]
        assert answers[0]["error"] == (
            f"given up: input of {tmp_path / 'own.py'} was still waiting"
        )
        await pi.data("prompt", message="/wait")
        await pi.data(ends)
        told = [event for event in pi.events if event["type"] == "notice"]
        notice = told[0] if told else await pi.until("notice")
        assert notice["message"] == f"given up: /wait of {tmp_path / 'own.py'} was still waiting"
        assert (await pi.prompt("Show me"))[-1]["type"] == "agent_settled"
