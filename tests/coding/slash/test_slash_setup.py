"""Slash commands about what belongs to the user: models, logins, settings, trust, and the rest."""

import json
from pathlib import Path
from typing import Any

import pytest

from pi.ai.faux import text, wait
from pi.coding.api.commands import GetState, Prompt
from pi.coding.api.picking import Picked
from pi.coding.api.setup import (
    ChangeSettings,
    GetModelTable,
    GetProviders,
    GetSettings,
    SetScope,
)
from pi.coding.slash.setting_rows import ROWS, nested
from support.scripted_front import row, seated

KEY = "test-key-0123456789wxyz"

OWN = {
    "providers": {
        "mine": {
            "baseUrl": "http://127.0.0.1:9/v1",
            "api": "openai-completions",
            "apiKey": "MINE_KEY",
            "models": [
                {"id": "big", "name": "Big One", "reasoning": True, "contextWindow": 200_000},
                {"id": "small", "contextWindow": 32_000},
            ],
        }
    }
}


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A home whose user has two models of their own; `MINE_KEY` is their key."""
    agent = tmp_path / ".pi" / "agent"
    agent.mkdir(parents=True)
    (agent / "models.json").write_text(json.dumps(OWN))
    return tmp_path


def saved(home: Path) -> dict[str, Any]:
    return json.loads((home / ".pi" / "agent" / "settings.json").read_text())


def stored(home: Path) -> dict[str, Any]:
    return json.loads((home / ".pi" / "agent" / "auth.json").read_text())


# -- models ----------------------------------------------------------------------------------------


async def test_model_by_its_name(own: Path) -> None:
    async with seated(own, MINE_KEY=KEY) as (commands, person, host):
        for name in ("mine/big", "small", "MINE/Big"):
            await commands.run(f"/model {name}")
            assert host.state.model.id == name.lower().rpartition("/")[2]
        assert person.last == "Model: Big One (mine/big, thinking: medium)"
        await commands.run("/model big:high")
        assert host.state.thinking_level == "high"
        assert not person.lists


async def test_model_in_a_run_says_from_when_it_counts(own: Path) -> None:
    script = [[text("slow"), wait(0.5)]]
    async with seated(own, script=script, MINE_KEY=KEY) as (commands, person, host):
        await host.submit(Prompt("hello"))
        assert host.state.streaming
        await commands.run("/model mine/small")
        assert host.state.model.id == "small"
        assert "from the next request on" in person.last
        assert host.state.streaming


async def test_model_from_the_list(own: Path) -> None:
    async with seated(own, None, "mine/small", MINE_KEY=KEY) as (commands, person, host):
        await commands.run("/model sm")
        assert host.state.model.id == "faux"
        assert person.lists[0].query == "sm"
        await commands.run("/model")
        assert host.state.model.id == "small"
        big = row(person.lists[0], "mine/big")
        assert big.cells[0] == "200K"
        assert not big.why
        claude = row(person.lists[0], "anthropic/claude-sonnet-4-5")
        assert "/login anthropic" in claude.why
        assert claude.cells[1:] == ("$3/$15", "no access")
        keys = [choice.key for choice in person.lists[0].choices]
        assert keys.index("mine/big") < keys.index(claude.key)


async def test_model_without_a_credential_says_what_to_do(own: Path) -> None:
    async with seated(own) as (commands, person, host):
        await commands.run("/model anthropic/claude-sonnet-4-5")
        assert host.state.model.id == "faux"
        assert "/login anthropic" in person.last


async def test_model_saves_a_default_and_shows_the_scope(own: Path) -> None:
    answers = (("scope", "mine/big"), ("scope", "mine/big"), ("default", "mine/big"))
    async with seated(own, *answers, MINE_KEY=KEY) as (commands, person, host):
        await host.send(SetScope(("mine/*",)))
        await commands.run("/model")
        assert [len(picklist.choices) for picklist in person.lists][0::2] == [2, 2]
        assert len(person.lists[1].choices) > 1000
        assert saved(own) == {"defaultProvider": "mine", "defaultModel": "big"}
        assert host.state.model.id == "big"


async def test_model_signs_in_from_the_list(own: Path) -> None:
    model = "groq/openai/gpt-oss-120b"
    async with seated(own, ("login", model), KEY, model) as (commands, person, host):
        await commands.run("/model")
        assert "/login groq" in row(person.lists[0], model).why
        assert host.state.model.key == model
        assert stored(own)["groq"]["key"] == KEY
        assert KEY not in str(person.notices)


async def test_taking_a_model_without_access_signs_in_and_goes_on_with_it(own: Path) -> None:
    model = "groq/openai/gpt-oss-120b"
    async with seated(own, model, None, model, KEY) as (commands, person, host):
        await commands.run("/model")  # at first it is given up: the list is there again
        assert [picklist.despite for picklist in person.lists] == ["sign in"] * 2
        assert person.lists[1].selected == model
        assert host.state.model.key == model
        assert stored(own)["groq"]["key"] == KEY


async def test_model_names_are_completed(own: Path) -> None:
    async with seated(own, MINE_KEY=KEY) as (commands, _, _host):
        assert await commands.complete("model", "ig") == ["mine/big"]
        assert await commands.complete("model", "mine/") == ["mine/big", "mine/small"]


async def test_scoped_models(own: Path) -> None:
    def marked(*keys: str, action: str = "", key: str = "mine/big"):
        return lambda picklist: Picked(key, action, "", keys)

    answers = (
        marked("mine/big", "mine/small", action="app.models.reorderDown"),
        marked("mine/small", "mine/big", action="app.models.save"),
    )
    async with seated(own, *answers, MINE_KEY=KEY) as (commands, person, host):
        await commands.run("/scoped-models")
        assert person.lists[1].chosen == ("mine/small", "mine/big")
        assert saved(own)["enabledModels"] == ["mine/small", "mine/big"]
        table = await host.send(GetModelTable())
        assert {f"{m.provider}/{m.id}" for m in table.models if m.scoped} == {
            "mine/big",
            "mine/small",
        }
        person.answers += [marked("mine/small", "mine/big", action="app.models.clearAll"), marked()]
        await commands.run("/scoped-models")
        assert person.lists[2].chosen == ("mine/small", "mine/big")
        assert person.lists[3].chosen == ()
        assert "all models" in person.last
        person.answers += [marked(action="app.models.toggleProvider"), None]
        await commands.run("/scoped-models")
        assert person.lists[5].chosen == ("mine/big", "mine/small")


async def test_thinking(own: Path) -> None:
    answers = ("low", ("default", "high"))
    async with seated(own, *answers, MINE_KEY=KEY) as (commands, person, host):
        await commands.run("/model mine/big")
        await commands.run("/thinking HIGH")
        assert host.state.thinking_level == "high"
        await commands.run("/thinking enormous")
        assert "no level 'enormous': off, " in person.last
        await commands.run("/thinking")
        assert host.state.thinking_level == "low"
        await commands.run("/thinking")
        assert saved(own) == {"defaultThinkingLevel": "high"}
        assert "high" in await commands.complete("thinking", "h")


# -- logins ----------------------------------------------------------------------------------------


async def test_login_with_a_key_offers_the_models(own: Path) -> None:
    async with seated(own, KEY, "mine/small") as (commands, person, host):
        await commands.run("/login mine")
        assert stored(own)["mine"]["key"] == KEY
        assert person.lists[0].title == "Models of mine"
        assert host.state.model.id == "small"
        assert KEY not in str(person.notices)
        assert "auth.json" in person.notices[0][1]


async def test_login_from_the_list(own: Path) -> None:
    answers = ("groq", KEY, None)
    async with seated(own, *answers, MINE_KEY=KEY) as (commands, person, host):
        await commands.run("/login")
        providers = person.lists[0]
        assert providers.choices[0].cells[0].startswith("✓")
        assert stored(own)["groq"]["key"] == KEY
        assert host.state.model.id == "faux"
        assert person.lists[1].unasked
        assert "Stored the key" in person.last  # leaving the offer says nothing


async def test_login_given_up_changes_nothing(own: Path) -> None:
    answers = ("groq", None, ("account", "groq"), None, "anthropic", None, None)
    async with seated(own, *answers) as (commands, person, host):
        await commands.run("/login")
        assert not (own / ".pi" / "agent" / "auth.json").exists()
        assert host.state.model.id == "faux"
        methods = [choice.key for choice in person.lists[3].choices]
        assert methods == ["subscription", "api_key"]


async def test_login_with_an_account(own: Path) -> None:
    answers = (("account", "groq"), "work", KEY, None)
    async with seated(own, *answers) as (commands, person, _):
        await commands.run("/login")
        assert stored(own)["groq@work"]["key"] == KEY
        person.answers += [KEY + "2", None]
        await commands.run("/login groq@home")
        assert stored(own)["groq@home"]["key"] == KEY + "2"


async def test_login_wrong(own: Path) -> None:
    async with seated(own) as (commands, person, _):
        await commands.run("/login grok-cloud-x")
        assert "/login lists them" in person.last
        await commands.run("/login anthrop")
        assert "anthropic" in person.last
        await commands.run("/login groq@")
        assert person.last == "/login: the account is missing after @"
        assert "groq" in await commands.complete("login", "gro")


async def test_logout(own: Path) -> None:
    async with seated(own, "groq", GROQ_API_KEY=KEY) as (commands, person, _):
        await commands.run("/logout")
        assert "nothing is stored" in person.last
        person.answers.insert(0, KEY)
        person.answers.insert(1, None)
        await commands.run("/login groq")
        await commands.run("/logout nobody")
        assert "stored are groq" in person.last
        await commands.run("/logout")
        assert stored(own) == {}
        assert "can still be used: " in person.last
        assert "GROQ_API_KEY" in person.last


async def test_logout_of_a_subscription_asks_once(own: Path) -> None:
    file = own / ".pi" / "agent" / "auth.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    login = {"type": "oauth", "access": "fake", "refresh": "fake", "expires": 4_000_000_000_000}
    file.write_text(json.dumps({"anthropic": login}))
    async with seated(own, False, True) as (commands, person, _):
        await commands.run("/logout anthropic")
        assert person.last == "Nothing was removed"
        assert stored(own) == {"anthropic": login}
        await commands.run("/logout anthropic")
        assert stored(own) == {}
        assert person.answers == []


# -- settings and the rest -------------------------------------------------------------------------


async def test_settings(own: Path) -> None:
    answers = (
        "compaction.enabled",
        "doubleEscapeAction",
        "defaultThinkingLevel",
        "low",
        "retry.maxRetries",
        "five",
        "retry.maxRetries",
        "5",
        ("unset", "doubleEscapeAction"),
        None,
    )
    async with seated(own, *answers) as (commands, person, host):
        await commands.run("/settings")
        assert saved(own) == {
            "compaction": {"enabled": False},
            "defaultThinkingLevel": "low",
            "retry": {"maxRetries": 5},
        }
        assert any("is a number, not 'five'" in text for _, text in person.notices)
        first = person.lists[0]
        assert row(first, "compaction.enabled").cells == ("on",)
        assert row(person.lists[1], "compaction.enabled").cells == ("off",)
        assert "set by you" in row(person.lists[1], "compaction.enabled").detail
        assert row(first, "theme").why
        state = await host.send(GetState())
        assert state.auto_compaction_enabled is False


async def test_every_setting_of_the_list_exists(own: Path) -> None:
    """Each row's key is one of the settings, and each of its values can be saved."""
    async with seated(own) as (_, _person, host):
        values = (await host.send(GetSettings())).values
        for entry in ROWS:
            level: Any = values
            for part in entry.key.split("."):
                assert part in level, entry.key
                level = level[part]
            for value in entry.values or {"int": (7,), "float": (1.5,)}.get(entry.kind, ("x",)):
                await host.send(ChangeSettings(nested(entry.key, value)))
            await host.send(ChangeSettings(nested(entry.key, None)))
        assert not any(saved(own).values())


async def test_theme(own: Path) -> None:
    answers = (("try", "light"), None, ("try", "light"), "system")
    async with seated(own, *answers) as (commands, person, _):
        await commands.run("/theme")
        assert person.used == "dark"
        await commands.run("/theme")
        assert person.used == "system"
        assert saved(own) == {"theme": "system"}
        await commands.run("/theme nothing")
        assert person.notices[-1] == ("error", "/theme: there is no theme 'nothing'")
        assert await commands.complete("theme", "li") == ["light"]


async def test_trust(own: Path) -> None:
    folder = own / "project" / ".pi"
    async with seated(own) as (commands, person, _):
        await commands.run("/trust")
        assert "needs trust" in person.last
    folder.mkdir(parents=True)
    (folder / "settings.json").write_text('{"shellPath": "/bin/sh"}')
    async with seated(own, None, "yes") as (commands, person, _):
        await commands.run("/trust")
        await commands.run("/trust")
        assert "Waiting for it" in person.lists[0].hint
        assert person.last == "The project is trusted"


async def test_reload(own: Path) -> None:
    async with seated(own) as (commands, person, _):
        (own / "project" / "AGENTS.md").write_text("Be brief.")
        await commands.run("/reload")
        assert person.reloads == 1
        assert "1 context file" in person.last


async def test_help_hotkeys_changelog_quit(own: Path) -> None:
    async with seated(own) as (commands, person, _):
        await commands.run("/help")
        assert "`/model [NAME]`" in person.shown[-1]
        await commands.run("/help money")
        assert "/help lists all" in person.last
        await commands.run("/help clipboard")
        assert person.shown[-1].count("\n") == 2
        await commands.run("/hotkeys")
        assert "| `Ctrl+D` | quit, when the editor is empty |" in person.shown[-1]
        assert person.shown[-1].index("While you write") < person.shown[-1].index("`Enter`")
        await commands.run("/hotkeys QUIT")
        assert "| `Ctrl+D` | quit, when the editor is empty | `app.exit` |" in person.shown[-1]
        await commands.run("/hotkeys nothing like it")
        assert "No key" in person.last
        await commands.run("/changelog")
        assert "## " in person.shown[-1]
        await commands.run("/exit")
        assert person.ended


async def test_without_a_terminal(own: Path) -> None:
    async with seated(own, front=False) as (commands, person, _):
        for command in ("/copy", "/theme", "/hotkeys"):
            await commands.run(command)
            assert person.notices[-1][0] == "error"
            assert "needs a terminal" in person.last
        await commands.run("/help")
        assert "/model" in person.last
        await commands.run("/quit")
        assert commands.context.shut


async def test_nothing_is_lost_by_looking(own: Path) -> None:
    """Lists that are closed change nothing: no file, no session, no draft."""
    lists = ("model", "scoped-models", "login", "settings", "resume", "theme")
    async with seated(own, *[None] * len(lists), MINE_KEY=KEY) as (commands, person, host):
        before = host.state
        for name in lists:
            await commands.run(f"/{name}")
        assert host.state == before
        assert person.text == ""
        assert person.replays == 0
        assert {path.name for path in (own / ".pi" / "agent").iterdir()} <= {
            "models.json",
            "sessions",
        }
        assert await host.send(GetProviders())
