"""A person is asked before more is spent: in a real terminal, and over RPC by the program there."""

import json
from pathlib import Path
from typing import Any

import pytest

from coding.policies.test_limits_cli import looks, reply
from support.rpc_process import Rpc
from support.server import BlockingServer, Reply, Seen, Server
from support.virtual_terminal import VirtualTerminal


def knowing(home: Path, url: str, **settings: Any) -> tuple[str, ...]:
    """A home whose model takes a dollar for each answer; the arguments that choose it."""
    agent = home / ".pi" / "agent"
    agent.mkdir(parents=True)
    cost = {"input": 0, "output": 10, "cacheRead": 0, "cacheWrite": 0}
    row = {"baseUrl": url, "api": "openai-completions", "apiKey": "test-key"}
    models = [{"id": "m", "contextWindow": 8000, "maxTokens": 1000, "cost": cost}]
    (agent / "models.json").write_text(json.dumps({"providers": {"t": {**row, "models": models}}}))
    (agent / "settings.json").write_text(json.dumps(settings))
    return ("--model", "t/m", "--tools", "ls")


def answer(seen: Seen) -> Reply:
    """Looks around twice, then is done."""
    results = sum(message["role"] == "tool" for message in seen.json["messages"])
    return looks() if results < 2 else reply({"content": "All of it was seen."}, "stop")


async def question(pi: Rpc, confirmed: bool) -> str:
    asked = await pi.until("extension_ui_request")
    assert (asked["method"], asked["title"]) == ("confirm", "Spending limit reached")
    said = {"type": "extension_ui_response", "id": asked["id"], "confirmed": confirmed}
    await pi.write(json.dumps(said).encode() + b"\n")
    return asked["message"]


async def test_the_program_at_the_other_end_is_asked(tmp_path: Path) -> None:
    async with Server(answer) as server:
        args = (*knowing(tmp_path, server.url), "--max-cost", "1.50")
        async with Rpc(tmp_path, args) as pi:
            await pi.data("prompt", message="look")
            text = await question(pi, True)
            assert "this run has cost $2.00 of the $1.50 in --max-cost" in text
            assert "Go on and spend up to $3.50?" in text
            await pi.until("agent_settled")
            assert len(server.requests) == 3
            assert (await pi.data("get_last_assistant_text"))["text"] == "All of it was seen."
            await pi.data("new_session")
            await pi.data("prompt", message="look again")
            text = await question(pi, False)
            assert "this run has cost $4.00 of the $3.50 in --max-cost" in text
            assert (await pi.until("limit_reached"))["limit"] == "cost"
            await pi.until("agent_settled")
            assert len(server.requests) == 4, "what was agreed to holds in another session too"
            assert (await pi.data("get_session_stats"))["cost"] == pytest.approx(1.0)
            assert await pi.end() == 0


@pytest.mark.parametrize("linear", [False, True])
async def test_the_person_at_the_terminal_is_asked(tmp_path: Path, linear: bool) -> None:
    with BlockingServer(answer) as server:
        args = knowing(tmp_path, server.url, budget={"session": 1.5, "project": 2.5})
        more = ("--linear",) if linear else ()
        yes, no = ("y\n", "n\n") if linear else ("y", "n")
        async with VirtualTerminal(tmp_path, *args, *more, "look", columns=100) as terminal:
            await terminal.shows("Go on and spend up to $3.50?")
            assert "this session has cost $2.00 of the $1.50 in budget.session" in terminal.text
            assert len(server.requests) == 2
            terminal.type(yes)
            await terminal.shows("All of it was seen.")
            assert len(server.requests) == 3
            terminal.type("more\n" if linear else "more\r")
            await terminal.shows("this project has cost $3.00 of the $2.50 in budget.project")
            terminal.type(no)
            await terminal.shows("the run was ended")
            assert len(server.requests) == 3, "nothing was spent without consent"
