"""`models.json` is read again when it changes, while a session goes on."""

import json
from pathlib import Path

from support.rpc_process import says, serving


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
    async with serving(tmp_path, [says("one"), says("two")]) as (server, pi):
        await pi.prompt("a")
        good = (tmp_path / ".pi" / "agent" / "models.json").read_text()
        (tmp_path / ".pi" / "agent" / "models.json").write_text("{")
        assert (await pi.data("get_available_models"))["models"] == []
        assert not (await pi.ask("prompt", message="b"))["success"]
        (tmp_path / ".pi" / "agent" / "models.json").write_text(good)
        await pi.prompt("b")
        assert server.requests[-1].json["messages"][-1]["content"] == "b"
