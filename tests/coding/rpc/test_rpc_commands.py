"""Commands that look and change, over one real process each; what is wrong is answered."""

import json
from pathlib import Path

from support.rpc_process import Rpc, says, serving


async def test_state_models_and_thinking(tmp_path: Path) -> None:
    async with serving(tmp_path, says("ok")) as (_, pi):
        state = await pi.data("get_state")
        assert state["model"]["provider"] == "loop"
        assert state["model"]["maxTokens"] == 16384
        assert state["model"]["cost"] == {
            "input": 0.0,
            "output": 0.0,
            "cacheRead": 0.0,
            "cacheWrite": 0.0,
        }
        assert "sessionName" not in state
        assert (state["steeringMode"], state["followUpMode"]) == ("one-at-a-time",) * 2

        models = (await pi.data("get_available_models"))["models"]
        assert [m["id"] for m in models] == ["m1", "m2"]
        assert (await pi.data("set_model", provider="loop", modelId="m2"))["id"] == "m2"
        levels = (await pi.data("get_available_thinking_levels"))["levels"]
        assert levels[0] == "off"
        assert "high" in levels
        assert await pi.data("set_thinking_level", level="high") is None
        assert pi.events[-1] == {"type": "thinking_level_changed", "level": "high"}
        following = (await pi.data("cycle_thinking_level"))["level"]
        assert following == levels[(levels.index("high") + 1) % len(levels)]
        cycled = await pi.data("cycle_model")
        assert (cycled["model"]["id"], cycled["isScoped"]) == ("m1", False)
        assert cycled["thinkingLevel"] == "off"
        assert await pi.data("cycle_thinking_level") is None
        assert (await pi.data("get_available_thinking_levels"))["levels"] == ["off"]

        for kind, fields in (
            ("set_thinking_level", {"level": "bogus"}),
            ("set_model", {"provider": "loop", "modelId": "m3"}),
            ("set_model", {"provider": "nobody", "modelId": "m1"}),
            ("set_model", {"provider": "anthropic", "modelId": "claude-sonnet-4-5"}),
            ("set_steering_mode", {"mode": "never"}),
        ):
            refused = await pi.ask(kind, **fields)
            assert not refused["success"], fields
        assert (await pi.data("get_state"))["model"]["id"] == "m1"

        await pi.data("set_steering_mode", mode="all")
        await pi.data("set_follow_up_mode", mode="all")
        await pi.data("set_auto_retry", enabled=False)
        await pi.data("set_auto_compaction", enabled=False)
        await pi.data("abort_retry")
        await pi.data("abort_bash")
        state = await pi.data("get_state")
        assert (state["steeringMode"], state["followUpMode"]) == ("all", "all")
        assert state["autoCompactionEnabled"] is False
        assert not (await pi.ask("compact"))["success"]
        # what was switched stays so in the next session
        await pi.data("new_session")
        state = await pi.data("get_state")
        assert (state["steeringMode"], state["autoCompactionEnabled"]) == ("all", False)
        # no choice of this session became anybody's default
        assert not (tmp_path / ".pi/agent/settings.json").exists()


async def test_models_are_cycled_through_the_scope(tmp_path: Path) -> None:
    async with serving(tmp_path, says("ok"), "--models", "loop/m2:high,loop/m1") as (_, pi):
        cycled = await pi.data("cycle_model")
        assert (cycled["model"]["id"], cycled["isScoped"]) == ("m2", True)
        assert cycled["thinkingLevel"] == "high"


async def test_entries_tree_labels_and_places(tmp_path: Path) -> None:
    async with serving(tmp_path, says("ok")) as (_, pi):
        empty = await pi.data("get_entries")
        assert empty == {"entries": [], "leafId": None}
        assert await pi.data("get_last_assistant_text") == {"text": None}
        await pi.prompt("One")
        await pi.prompt("Two")
        assert await pi.data("get_last_assistant_text") == {"text": "ok"}
        found = await pi.data("get_entries")
        entries = found["entries"]
        assert found["leafId"] == entries[-1]["id"]
        kinds = [entry["type"] for entry in entries]
        assert kinds == ["model_change", "thinking_level_change", *["message"] * 4]
        after = await pi.data("get_entries", since=entries[3]["id"])
        assert after["entries"] == entries[4:]
        assert not (await pi.ask("get_entries", since="nothing"))["success"]

        await pi.data("set_label", entryId=entries[3]["id"], label="here")
        went = await pi.data("navigate_tree", entryId=entries[4]["id"])
        assert (went["leafId"], went["text"]) == (entries[3]["id"], "Two")
        await pi.prompt("Three")
        tree = await pi.data("get_tree")
        node, depth = tree["tree"][0], 1
        while len(node["children"]) == 1:
            node, depth = node["children"][0], depth + 1
        assert node["entry"] == entries[3]
        assert node["label"] == "here"
        assert node["labelTimestamp"]
        branches = [c["entry"].get("message", {}).get("content") for c in node["children"]]
        assert branches[0] == "Two"
        prompts = (await pi.data("get_fork_messages"))["messages"]
        assert [p["text"] for p in prompts] == ["One", "Three"]
        assert not (await pi.ask("set_label", entryId="nothing", label="x"))["success"]
        assert not (await pi.ask("navigate_tree", entryId="nothing"))["success"]


async def test_stats_names_exports_and_imports(tmp_path: Path) -> None:
    async with serving(tmp_path, says("ok")) as (_, pi):
        await pi.prompt("One")
        stats = await pi.data("get_session_stats")
        assert stats["tokens"] == {
            "input": 10,
            "output": 3,
            "cacheRead": 0,
            "cacheWrite": 0,
            "total": 13,
        }
        assert (stats["userMessages"], stats["assistantMessages"]) == (1, 1)
        assert stats["totalMessages"] == 2
        assert stats["contextUsage"]["tokens"] == 13
        assert stats["contextUsage"]["contextWindow"] == 128_000
        assert [(m["model"], m["answers"]) for m in stats["models"]] == [("m1", 1)]

        await pi.data("set_session_name", name="A\nname")
        assert pi.events[-1] == {"type": "session_info_changed", "name": "A name"}
        assert (await pi.data("get_state"))["sessionName"] == "A name"
        await pi.data("set_session_name", name="")
        assert pi.events[-1] == {"type": "session_info_changed"}

        page = await pi.data("export_html")
        assert page["path"].startswith(str(tmp_path / "project"))
        assert Path(page["path"]).stat().st_size > 5000  # noqa: ASYNC240
        other = await pi.data("export_html", outputPath="deep/page.html")
        assert (tmp_path / "project/deep/page.html").samefile(other["path"])
        branch = await pi.data("export_jsonl", outputPath="branch.jsonl")
        refused = await pi.ask("export_html", outputPath="deep")
        assert not refused["success"]

        await pi.data("import_session", path=branch["path"])
        state = await pi.data("get_state")
        assert state["messageCount"] == 2
        assert Path(state["sessionFile"]).parent.parent.name == "sessions"
        assert not (await pi.ask("import_session", path="deep/page.html"))["success"]


async def test_templates_and_skills(tmp_path: Path) -> None:
    agent = tmp_path / ".pi" / "agent"
    (agent / "prompts").mkdir(parents=True)
    (agent / "prompts" / "fix.md").write_text("---\ndescription: Mend\n---\nPlease mend $1")
    (agent / "skills" / "look").mkdir(parents=True)
    skill = "---\nname: look\ndescription: Look closely\n---\nUse your eyes"
    (agent / "skills" / "look" / "SKILL.md").write_text(skill)
    async with serving(tmp_path, says("ok")) as (server, pi):
        commands = (await pi.data("get_commands"))["commands"]
        assert [(c["name"], c["source"]) for c in commands] == [
            ("fix", "prompt"),
            ("skill:look", "skill"),
        ]
        assert commands[0]["sourceInfo"] == {
            "path": str(agent / "prompts" / "fix.md"),
            "source": "auto",
            "scope": "user",
            "origin": "top-level",
        }
        await pi.prompt("/fix tests")
        await pi.prompt("/skill:look here")
        texts = (await pi.data("get_fork_messages"))["messages"]
        assert [t["text"] for t in texts] == ["Please mend tests", "/skill:look here"]
    assert "Use your eyes" in json.dumps(server.requests[1].json["messages"][-1])


async def test_lines_that_are_no_commands_are_answered(tmp_path: Path) -> None:
    async with Rpc(tmp_path) as pi:

        async def line(data: bytes) -> tuple:
            await pi.write(data + b"\n")
            record = await pi.read()
            assert record["success"] is False
            assert record["error"]
            return record["command"], record.get("id")

        assert await line(b"{nonsense") == ("parse", None)
        assert await line(b"[1, 2]") == ("parse", None)
        assert await line(b"null") == ("parse", None)
        assert await line(b'"text"') == ("parse", None)
        assert await line(b'{"id": "a"}') == ("parse", "a")
        assert await line(b'{"id": "b", "type": 7}') == ("parse", "b")
        assert await line(b'{"id": "c", "type": "get_stat"}') == ("get_stat", "c")
        assert await line(b'{"id": {"n": 1}, "type": "prompt"}') == ("prompt", {"n": 1})
        assert await line(b'{"id": 5, "type": "prompt", "message": 5}') == ("prompt", 5)
        assert await line(b'{"type": "prompt", "message": ""}') == ("prompt", None)
        assert await line(b'{"type": "prompt", "message": "\xff"}') == ("prompt", None)
        assert await line(b"[" * 100_000) == ("parse", None)
        assert (await pi.ask("get_state"))["success"]
        assert await pi.end() == 0


async def test_the_error_of_an_unknown_command_names_the_nearest(tmp_path: Path) -> None:
    async with Rpc(tmp_path) as pi:
        refused = await pi.ask("get_stats")
        assert "get_state" in refused["error"]
        refused = await pi.ask("set_thinking_level", level="bogus")
        assert "bogus" in refused["error"]
        assert "level" in refused["error"]
