"""A session that begins before any model can be used."""

from pathlib import Path

import pytest

from pi.ai.errors import AuthError, ConfigError
from pi.coding.api import commands as c
from pi.coding.compose import Wishes
from support.setup_session import agent, composed


def rewrite(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new))


async def test_it_begins_and_a_prompt_says_what_to_do(tmp_path: Path) -> None:
    async with composed(tmp_path, Wishes(without_model=True)) as composition:
        session = composition.session
        state = await session.send(c.GetState())
        assert (state.model.provider, state.model.id) == ("unknown", "unknown")
        assert (await session.send(c.GetSessionStats())).total_messages == 0
        assert await session.send(c.CycleModel()) is None
        with pytest.raises(AuthError) as told:
            await session.send(c.Prompt("hello"))
        for words in ("/login", "ANTHROPIC_API_KEY", "local server", "demo"):
            assert words in told.value.message
        assert not list(agent(tmp_path).glob("sessions/**/*.jsonl"))
        await session.send(c.SetModel("demo", "demo"))
        answer = await session.send(c.Prompt("hello"))
        assert answer.stop_reason == "stop"


async def test_without_leave_it_does_not_begin(tmp_path: Path) -> None:
    with pytest.raises(AuthError, match="pi auth login"):
        async with composed(tmp_path, Wishes()):
            pass


async def test_a_model_that_is_named_wrongly_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^unknown model 'nonsense'.*$"):
        async with composed(tmp_path, Wishes(model="nonsense", without_model=True)):
            pass
    wishes = Wishes(model="openai/gpt-nonsense-9", without_model=True)
    async with composed(tmp_path, wishes, OPENAI_API_KEY="test-key-0123456789") as composition:
        assert "tried as it is" in composition.notes[0]


async def test_the_session_of_a_model_that_is_gone(tmp_path: Path) -> None:
    async with composed(tmp_path, Wishes(model="demo")) as composition:
        await composition.session.send(c.Prompt("hello"))
        path = Path(composition.session.state.session_file or "")
    rewrite(path, '"provider":"demo"', '"provider":"groq"')
    async with composed(tmp_path, Wishes(resume=True, without_model=True)) as composition:
        assert composition.session.state.model.provider == "unknown"
        assert any("cannot be used now" in note for note in composition.notes)
        assert composition.session.state.message_count > 1
