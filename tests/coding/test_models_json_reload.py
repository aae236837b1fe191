"""`models.json` is read again when it changes, while a session goes on."""

import json
from pathlib import Path

from pi.coding.api import commands as c
from pi.coding.api import setup
from pi.coding.api.events import Notice, SessionEvent
from support.rpc_process import says, serving
from support.setup_session import agent, composed


def change(home: Path, **fields: object) -> None:
    """Change the entry of the service; a new length, so that no clock decides whether it is new."""
    path = home / ".pi" / "agent" / "models.json"
    data = json.loads(path.read_text())
    data["providers"]["loop"] |= fields
    path.write_text(json.dumps(data))


async def test_a_prompt_takes_up_what_the_file_says_now(tmp_path: Path) -> None:
    async with serving(tmp_path, [says("one"), says("two"), says("three")]) as (server, pi):
        await pi.prompt("a")
        models = [{"id": "m1", "maxTokens": 77, "samplingParams": {"top_p": 0.5}}, {"id": "new"}]
        change(tmp_path, headers={"X-New": "!echo yes"}, models=models)
        await pi.prompt("b")
        second = server.requests[-1]
        assert second.headers["x-new"] == "yes"
        assert second.json["top_p"] == 0.5
        assert (await pi.data("get_state"))["model"]["maxTokens"] == 77
        found = (await pi.data("get_available_models"))["models"]
        assert [model["id"] for model in found] == ["m1", "new"]

        change(tmp_path, models=[{"id": "m1"}, {"id": "new"}, {"id": "newer"}])
        found = (await pi.data("get_available_models"))["models"]
        assert [model["id"] for model in found] == ["m1", "new", "newer"]
        assert (await pi.data("set_model", provider="loop", modelId="newer"))["id"] == "newer"
        await pi.prompt("c")
        assert server.requests[-1].json["model"] == "newer"
        assert "top_p" not in server.requests[-1].json


async def test_a_file_that_breaks_does_not_end_the_session(tmp_path: Path) -> None:
    async with serving(tmp_path, [says("one"), says("two"), says("three")]) as (server, pi):
        await pi.prompt("a")
        good = (tmp_path / ".pi" / "agent" / "models.json").read_text()
        (tmp_path / ".pi" / "agent" / "models.json").write_text("{")
        found = (await pi.data("get_available_models"))["models"]
        assert [model["id"] for model in found][:1] == ["m1"]
        await pi.prompt("a")
        assert server.requests[-1].json["model"] == "m1"
        (tmp_path / ".pi" / "agent" / "models.json").write_text(good)
        await pi.prompt("b")
        assert server.requests[-1].json["messages"][-1]["content"] == "b"


async def test_what_is_wrong_with_the_file_is_said_once(tmp_path: Path) -> None:
    path = agent(tmp_path) / "models.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('{"providers": {}}')
    told: list[str] = []

    def hear(event: SessionEvent) -> None:
        if isinstance(event, Notice):
            told.append(event.message)

    async with composed(tmp_path) as composition:
        session = composition.session
        session.subscribe(hear)
        path.write_text('{\n"providers": ')
        await session.send(setup.GetModelTable())
        await session.send(c.Prompt("hello"))
        await session.send(c.Prompt("hello"))
        assert told == [
            f"{path} line 2, column 14: expecting value;"
            " what it said before holds until that is mended"
        ]
        path.write_text('{"providers": {"ollma": {"authheader": true}}}')
        await session.send(c.Prompt("hello"))
        await session.send(c.Prompt("hello"))
        assert told[1:] == [
            "models.json line 1: providers.ollma.authheader: unknown key, ignored"
            " (is authHeader meant?)",
            "models.json line 1: providers.ollma: there is no such provider, and no models are"
            " given for one",
        ]
        path.write_text('{"providers": {"nobody": {}}}')
        found = await session.send(setup.Reload())
        said = "models.json line 1: providers.nobody: there is no such provider"
        assert sum(note.startswith(said) for note in found.notes) == 1
        await session.send(c.Prompt("hello"))
        assert len(told) == 3
