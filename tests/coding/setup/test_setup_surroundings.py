"""What lies around a session: shown, read anew, trusted; and what prompts have cost."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from pi.ai.errors import ConfigError
from pi.ai.messages import AssistantMessage, Cost, TextContent, Usage, UserMessage
from pi.coding.api import commands as c
from pi.coding.api import setup as s
from pi.coding.compose import Wishes
from pi.coding.session.entries import BranchSummary
from pi.coding.trust import is_trusted
from support.setup_session import agent, composed

SKILL = "---\nname: mending\ndescription: Mends things.\n---\nMend.\n"


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


async def test_what_was_found(tmp_path: Path) -> None:
    put(tmp_path / "project" / "AGENTS.md", "Be kind.")
    put(agent(tmp_path) / "AGENTS.md", "Be brief.")
    put(agent(tmp_path) / "skills" / "mending" / "SKILL.md", SKILL)
    put(agent(tmp_path) / "prompts" / "greet.md", "Greet $1.")
    put(agent(tmp_path) / "settings.json", '{"steeringMode": 7}')
    async with composed(tmp_path) as composition:
        found = await composition.session.send(s.GetResources())
    assert [(item.name, item.scope) for item in found.context] == [
        ("AGENTS.md", "user"),
        ("AGENTS.md", "project"),
    ]
    assert [(item.name, item.detail) for item in found.skills] == [("mending", "Mends things.")]
    assert [item.name for item in found.prompts] == ["greet"]
    assert found.tools[:2] == ("read", "bash")
    assert any("steeringMode" in note for note in found.notes)
    assert found.trusted is None


async def test_reading_anew(tmp_path: Path) -> None:
    async with composed(tmp_path) as composition:
        session = composition.session
        await session.send(c.Prompt("hello"))
        before = session.state
        put(agent(tmp_path) / "skills" / "mending" / "SKILL.md", SKILL)
        put(agent(tmp_path) / "settings.json", '{"theme": "light"}')
        put(tmp_path / "project" / "AGENTS.md", "Be kind.")
        found = await session.send(s.Reload())
        assert [item.name for item in found.skills] == ["mending"]
        assert (await session.send(s.GetSettings())).values["theme"] == "light"
        assert "Be kind." in "".join(composition.controller.turn().context.system)
        after = session.state
        assert (after.session, after.message_count) == (before.session, before.message_count)
        assert (await session.send(c.Prompt("and again"))).stop_reason == "stop"


async def test_a_reload_keeps_the_model_that_was_asked_for(tmp_path: Path) -> None:
    row = {"baseUrl": "http://127.0.0.1:9/v1", "api": "openai-completions", "apiKey": "test-key-1"}
    models = {"providers": {"mine": {**row, "models": [{"id": "one"}, {"id": "two"}]}}}
    put(agent(tmp_path) / "models.json", json.dumps(models))
    async with composed(tmp_path) as composition:
        await composition.session.send(c.Prompt("hello"))
        path = composition.session.state.session_file
    async with composed(tmp_path, Wishes(model="mine/two", session=path)) as composition:
        await composition.session.send(s.Reload())
        assert composition.session.state.model.key == "mine/two"


async def test_no_reload_while_something_goes_on(tmp_path: Path) -> None:
    async with composed(tmp_path) as composition:
        session = composition.session
        bash = asyncio.ensure_future(session.send(c.Bash("sleep 60")))
        while composition.controller.bash is None:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        with pytest.raises(ConfigError, match="something goes on"):
            await session.send(s.Reload())
        await session.send(c.AbortBash())
        assert (await bash).cancelled
        await session.send(s.Reload())


@pytest.mark.parametrize("remembered", [True, False])
async def test_trust(tmp_path: Path, remembered: bool) -> None:
    project = tmp_path / "project"
    put(project / ".pi" / "settings.json", '{"defaultTools": ["read"], "theme": "dark"}')
    async with composed(tmp_path) as composition:
        session = composition.session
        found = await session.send(s.GetResources())
        assert found.trusted is False
        assert found.held_back == ("defaultTools",)
        assert len(found.tools) > 1
        found = await session.send(s.SetTrust(True, remembered))
        assert (found.trusted, found.held_back, found.tools) == (True, (), ("read",))
        assert is_trusted(agent(tmp_path), project) is (True if remembered else None)
    async with composed(tmp_path) as composition:
        found = await composition.session.send(s.GetResources())
        assert found.trusted is remembered
        await composition.session.send(s.SetTrust(False))
        assert is_trusted(agent(tmp_path), project) is False
        assert len((await composition.session.send(s.GetResources())).tools) > 1


async def test_arguments_of_a_command_that_nobody_has(tmp_path: Path) -> None:
    async with composed(tmp_path) as composition:
        found = await composition.session.send(s.CompleteArgument("nothing", "a"))
        assert found.completions == ()


# -- money -----------------------------------------------------------------------------------------


def answer(model: str, cost: float, tokens: int) -> AssistantMessage:
    usage = Usage(input=tokens, output=1, total_tokens=tokens + 1, cost=Cost(total=cost))
    return AssistantMessage((TextContent("ok"),), "faux", "p", model, usage, "stop", 1500)


async def test_what_each_prompt_has_cost(tmp_path: Path) -> None:
    async with composed(tmp_path) as composition:
        log = composition.controller.log
        first = log.append_message(UserMessage("one\ntwo", 1000))
        log.append_message(answer("a", 0.5, 10))
        log.append_message(answer("b", 0.25, 20))
        second = log.append_message(UserMessage("three", 2000))
        log.append_message(answer("a", 1.0, 5))
        turns = (await composition.session.send(s.GetCosts())).turns
        assert [(turn.entry_id, turn.text) for turn in turns] == [
            (first.id, "one two"),
            (second.id, "three"),
        ]
        assert [turn.usage.cost.total for turn in turns] == [0.75, 1.0]
        assert (turns[0].answers, turns[0].usage.input, turns[0].timestamp) == (2, 30, 1000)
        assert turns[0].models == ("p/a", "p/b")
        log.move(first.id)  # the other branch is another one's money
        log.append(summary(0.125))
        turns = (await composition.session.send(s.GetCosts())).turns
        assert [turn.usage.cost.total for turn in turns] == [0.125]


def summary(cost: float) -> Any:
    usage = Usage(input=1, output=1, total_tokens=2, cost=Cost(total=cost))
    return BranchSummary(summary="s", from_id="x", usage=usage)


async def test_nothing_has_cost_nothing(tmp_path: Path) -> None:
    async with composed(tmp_path) as composition:
        assert (await composition.session.send(s.GetCosts())).turns == ()
