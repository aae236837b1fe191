"""Setup commands over a real process: models, keys, settings, and a start without a model."""

import json
from pathlib import Path
from typing import Any

from support.rpc_process import Rpc, serving

KEY = "test-key-0123456789wxyz"


async def questions(pi: Rpc, *answers: Any) -> None:
    """Answer the dialogs that come, in order."""
    for answer in answers:
        asked = await pi.until(
            lambda record: record.get("method") in ("input", "confirm", "select", "editor")
        )
        response = {"type": "extension_ui_response", "id": asked["id"], **answer}
        await pi.write(json.dumps(response).encode() + b"\n")


async def response_to(pi: Rpc, command_id: str) -> Any:
    return await pi.until(lambda r: r["type"] == "response" and r.get("id") == command_id)


async def test_a_new_user_stores_a_key(tmp_path: Path) -> None:
    async with Rpc(tmp_path, ()) as pi:
        state = await pi.data("get_state")
        assert state["model"]["provider"] == "unknown"
        refused = await pi.ask("prompt", message="hello")
        assert not refused["success"]
        assert "/login" in refused["error"]
        login = await pi.send("login", provider="groq", method="api_key")
        await questions(pi, {"value": KEY})
        done = (await response_to(pi, login))["data"]
        assert done["defaultModel"] in done["models"]
        assert KEY not in json.dumps(done)
        assert (await pi.data("get_state"))["model"]["id"] == done["defaultModel"]
        table = await pi.data("get_model_table")
        assert [row["id"] for row in table["models"] if row["current"]] == [done["defaultModel"]]
        providers = await pi.data("get_providers")
        assert next(row for row in providers["providers"] if row["id"] == "groq")["configured"]
        assert (await pi.ask("logout", entry="groq"))["success"]
        assert await pi.end() == 0


async def test_a_login_is_given_up(tmp_path: Path) -> None:
    async with Rpc(tmp_path) as pi:
        login = await pi.send("login", provider="groq", method="api_key")
        await questions(pi, {"cancelled": True})
        given_up = await response_to(pi, login)
        assert "nothing was changed" in given_up["error"]
        login = await pi.send("login", provider="groq", method="api_key")
        await pi.until(lambda record: record.get("method") == "input")
        await pi.send("abort")
        assert "given up" in (await response_to(pi, login))["error"]
        await pi.send("login", provider="groq", method="api_key")
        await pi.until(lambda record: record.get("method") == "input")
        assert await pi.end() == 0  # nobody waits for an answer that cannot come
        assert not (tmp_path / ".pi" / "agent" / "auth.json").exists()


async def test_settings_sessions_and_costs(tmp_path: Path) -> None:
    async with Rpc(tmp_path) as pi:
        info = await pi.data("change_settings", changes={"steeringMode": "all"})
        assert info["user"] == {"steeringMode": "all"}
        assert (await pi.data("get_state"))["steeringMode"] == "all"
        assert not (await pi.ask("change_settings", changes={"steeringMode": 1}))["success"]
        await pi.prompt("hello")
        (row,) = (await pi.data("list_sessions", query="hello"))["sessions"]
        assert row["current"]
        await pi.data("rename_session", sessionPath=row["path"], name="first")
        assert not (await pi.ask("delete_session", sessionPath=row["path"]))["success"]
        await pi.data("new_session")
        (row,) = (await pi.data("list_sessions"))["sessions"]
        assert (row["title"], row["current"]) == ("first", False)
        assert (await pi.data("delete_session", sessionPath=row["path"])) == {"trash": False}
        assert (await pi.data("get_costs")) == {"turns": []}
        assert (await pi.data("get_resources"))["tools"]
        assert (await pi.data("reload"))["tools"]
        assert (await pi.data("complete_argument", name="x", prefix="")) == {"completions": []}


async def test_a_scope_over_a_pipe(tmp_path: Path) -> None:
    async with serving(tmp_path, lambda seen: None) as (_, pi):  # type: ignore[arg-type,return-value]
        await pi.data("set_scope", models=["loop/m2"])
        assert (await pi.data("get_model_table"))["scope"] == ["loop/m2"]
        assert (await pi.data("cycle_model"))["model"]["id"] == "m2"
