"""The table of all models, and the list to cycle through."""

import json
from pathlib import Path

import pytest

from pi.ai.errors import ConfigError
from pi.coding.api import commands as c
from pi.coding.api import setup as s
from pi.coding.compose import Wishes
from support.setup_session import agent, composed

KEY = "test-key-0123456789"
WITHOUT = Wishes(without_model=True)


def write_models(home: Path, *ids: str) -> None:
    models = [{"id": model_id} for model_id in ids]
    row = {"baseUrl": "http://127.0.0.1:9/v1", "api": "openai-completions", "apiKey": KEY}
    agent(home).mkdir(parents=True, exist_ok=True)
    text = json.dumps({"providers": {"mine": {**row, "models": models}}})
    (agent(home) / "models.json").write_text(text)


async def test_all_models_and_how_to_use_them(tmp_path: Path) -> None:
    async with composed(tmp_path, GROQ_API_KEY=KEY) as composition:
        table: s.ModelTable = await composition.session.send(s.GetModelTable())
        rows = {f"{row.provider}/{row.id}": row for row in table.models}
        assert len(rows) == len(composition.home.catalog.index()) > 1000
        usable = [row.usable for row in table.models]
        assert usable == sorted(usable, reverse=True)
        groq = next(row for row in table.models if row.provider == "groq")
        assert groq.usable
        assert groq.how == ""
        assert rows["demo/demo"].current
        how = {row.provider: row.how for row in table.models}
        assert how["openai"] == "set OPENAI_API_KEY, or /login openai"
        assert how["openai-codex"] == "/login openai-codex"
        assert "AWS" in how["amazon-bedrock"]
        assert all(row.how or row.usable for row in table.models)
        priced = rows["openai/gpt-5.4"]
        assert priced.input_price > 0
        assert priced.context_window > 100_000
        assert priced.reasoning


async def test_models_json_is_read_anew(tmp_path: Path) -> None:
    write_models(tmp_path, "one")
    async with composed(tmp_path, Wishes(model="mine/one")) as composition:
        session = composition.session

        async def mine() -> list[str]:
            table = await session.send(s.GetModelTable())
            return [row.id for row in table.models if row.provider == "mine"]

        assert await mine() == ["one"]
        write_models(tmp_path, "one", "second")
        assert await mine() == ["one", "second"]
        await session.send(c.SetModel("mine", "second"))
        write_models(tmp_path, "one")  # the model in use is gone from the file
        assert await mine() == ["one"]
        assert session.state.model.id == "second"
        (agent(tmp_path) / "models.json").write_text("{ this is no JSON")
        table = await session.send(s.GetModelTable())
        assert any("models.json" in line for line in table.problems)
        assert session.state.model.id == "second"


async def test_a_scope_for_the_session(tmp_path: Path) -> None:
    write_models(tmp_path, "one", "two", "three")
    async with composed(tmp_path, Wishes(model="mine/one")) as composition:
        session = composition.session
        await session.send(s.SetScope(("mine/one", "mine/three")))
        table = await session.send(s.GetModelTable())
        assert table.scope == ("mine/one", "mine/three")
        assert [row.id for row in table.models if row.scoped] == ["one", "three"]
        choice = await session.send(c.CycleModel())
        assert choice.model.id == "three"
        assert choice.is_scoped
        assert (await session.send(c.CycleModel(backward=True))).model.id == "one"
        assert not (agent(tmp_path) / "settings.json").exists()
        await session.send(s.SetScope(()))
        assert (await session.send(c.CycleModel())).model.id == "two"


async def test_a_scope_that_is_saved(tmp_path: Path) -> None:
    write_models(tmp_path, "one", "two")
    settings = agent(tmp_path) / "settings.json"
    settings.write_text('{"theme": "dark"}')
    async with composed(tmp_path, Wishes(model="mine/one")) as composition:
        await composition.session.send(s.SetScope(("mine/*",), save=True))
        assert json.loads(settings.read_text()) == {"theme": "dark", "enabledModels": ["mine/*"]}
        await composition.session.send(c.NewSession())
        table = await composition.session.send(s.GetModelTable())
        assert table.scope == ("mine/*",)
        await composition.session.send(s.SetScope((), save=True))
        assert json.loads(settings.read_text()) == {"theme": "dark"}


async def test_a_scope_of_nothing_is_refused(tmp_path: Path) -> None:
    async with composed(tmp_path) as composition:
        await composition.session.send(s.SetScope(("demo",)))
        with pytest.raises(ConfigError, match="nonsense"):
            await composition.session.send(s.SetScope(("nonsense",)))
        table = await composition.session.send(s.GetModelTable())
        assert table.scope == ("demo",)


async def test_models_that_a_login_does_not_give_are_not_usable(tmp_path: Path) -> None:
    async with composed(tmp_path) as composition:
        given = composition.home.catalog.ids("github-copilot")[1]
    agent(tmp_path).mkdir(parents=True, exist_ok=True)
    login = {"type": "oauth", "refresh": KEY, "access": KEY, "expires": 1 << 45}
    auth = {"github-copilot": {**login, "availableModelIds": [given]}}
    (agent(tmp_path) / "auth.json").write_text(json.dumps(auth))
    async with composed(tmp_path) as composition:
        table = await composition.session.send(s.GetModelTable())
    rows = {row.id: row for row in table.models if row.provider == "github-copilot"}
    assert [name for name, row in rows.items() if row.usable] == [given]
    assert len(rows) > 5
    assert {row.how for row in rows.values() if not row.usable} == {
        "sign in to a plan that has it: /login github-copilot"
    }
    assert [row.usable for row in table.models] == sorted(
        (row.usable for row in table.models), reverse=True
    )
