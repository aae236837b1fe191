"""Settings: looked at, changed, in force at once."""

import json
from pathlib import Path

import pytest

from pi.ai.errors import ConfigError
from pi.coding.api import commands as c
from pi.coding.api import setup as s
from support.setup_session import agent, composed


def write(home: Path, text: str) -> Path:
    agent(home).mkdir(parents=True, exist_ok=True)
    path = agent(home) / "settings.json"
    path.write_text(text)
    return path


async def test_what_is_in_force_and_what_the_file_says(tmp_path: Path) -> None:
    path = write(tmp_path, '{"theme": "dark", "ours": {"x": 1}}')
    async with composed(tmp_path) as composition:
        info = await composition.session.send(s.GetSettings())
        assert info.values["theme"] == "dark"
        assert info.values["steeringMode"] == "one-at-a-time"
        assert info.user == {"theme": "dark", "ours": {"x": 1}}
        assert info.path == str(path)


async def test_a_change_is_saved_and_counts_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, '{"compaction": {"reserveTokens": 9000}, "ours": 1}')
    async with composed(tmp_path) as composition:
        session = composition.session
        changes = {
            "steeringMode": "all",
            "compaction": {"enabled": False},
            "defaultTools": ["read"],
            "httpIdleTimeoutMs": 5000,
        }
        info = await session.send(s.ChangeSettings(changes))
        assert json.loads(path.read_text()) == {
            "compaction": {"reserveTokens": 9000, "enabled": False},
            "ours": 1,
            "steeringMode": "all",
            "defaultTools": ["read"],
            "httpIdleTimeoutMs": 5000,
        }
        assert info.values["compaction"]["reserveTokens"] == 9000
        state = await session.send(c.GetState())
        assert state.steering_mode == "all"
        assert not state.auto_compaction_enabled
        controller = composition.controller
        assert list(controller.services.tools) == ["read"]
        assert controller.turn().options.idle_timeout == 5
        info = await session.send(s.ChangeSettings({"steeringMode": None}))
        assert "steeringMode" not in info.user
        assert info.values["steeringMode"] == "one-at-a-time"
        await session.send(c.NewSession())
        assert list(composition.controller.services.tools) == ["read"]


async def test_a_theme_changes_nothing_of_what_the_model_reads(tmp_path: Path) -> None:
    write(tmp_path, "{}")
    async with composed(tmp_path) as composition:
        before = composition.controller.turn().context.system
        (tmp_path / "project" / "AGENTS.md").write_text("New words.")
        await composition.session.send(s.ChangeSettings({"theme": "light"}))
        assert composition.controller.settings.theme == "light"
        assert composition.controller.turn().context.system == before


async def test_a_wrong_value_is_not_saved(tmp_path: Path) -> None:
    path = write(tmp_path, '{"theme": "dark"}')
    async with composed(tmp_path) as composition:
        with pytest.raises(ConfigError, match=r"steeringMode.*nothing was saved"):
            await composition.session.send(
                s.ChangeSettings({"steeringMode": "some", "theme": "light"})
            )
        assert path.read_text() == '{"theme": "dark"}'


async def test_a_broken_file_is_left_alone(tmp_path: Path) -> None:
    path = write(tmp_path, '{"theme": ')
    async with composed(tmp_path) as composition:
        with pytest.raises(ConfigError, match="nothing was saved"):
            await composition.session.send(s.ChangeSettings({"theme": "light"}))
        assert path.read_text() == '{"theme": '
        assert (await composition.session.send(s.GetSettings())).user == {}


async def test_an_account_by_setting_is_used_at_once(tmp_path: Path) -> None:
    write(tmp_path, "{}")
    stored = {
        name: {"type": "api_key", "key": f"test-key-{name}-0123456789"}
        for name in ("groq", "groq@work")
    }
    (agent(tmp_path) / "auth.json").write_text(json.dumps(stored))
    async with composed(tmp_path) as composition:
        await composition.session.send(s.ChangeSettings({"accounts": {"groq": "work"}}))
        providers = await composition.session.send(s.GetProviders())
        groq = next(row for row in providers.providers if row.id == "groq")
        assert groq.account == "work"
        assert groq.stored == ("groq", "groq@work")
