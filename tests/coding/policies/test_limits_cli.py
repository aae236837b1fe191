"""Limits as scripts see them: a process, its exit code, its one line."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.server import BlockingServer, Reply, Seen, json_reply, sse

Pi = Callable[..., subprocess.CompletedProcess[str]]


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
    return {"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}


def reply(delta: dict[str, Any], finish: str, tokens: int = 100_000) -> Reply:
    """An answer for a dollar for each 100,000 tokens."""
    usage = {"prompt_tokens": 10, "completion_tokens": tokens, "total_tokens": tokens + 10}
    return Reply(sse([chunk(delta), chunk({}, finish, usage=usage)], done=True))


def looks() -> Reply:
    function = {"name": "ls", "arguments": "{}"}
    return reply({"tool_calls": [{"index": 0, "id": "c", "function": function}]}, "tool_calls")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".pi" / "agent").mkdir(parents=True)
    (tmp_path / "project").mkdir()
    return tmp_path


@pytest.fixture
def pi(home: Path) -> Pi:
    def run(url: str, *args: str, **settings: Any) -> subprocess.CompletedProcess[str]:
        cost = {"input": 0, "output": 10, "cacheRead": 0, "cacheWrite": 0}
        model = {"id": "m", "contextWindow": 8000, "maxTokens": 1000, "cost": cost}
        row = {"baseUrl": url, "api": "openai-completions", "apiKey": "test-key", "models": [model]}
        folder = home / ".pi" / "agent"
        (folder / "models.json").write_text(json.dumps({"providers": {"t": row}}))
        (folder / "settings.json").write_text(json.dumps(settings))
        return subprocess.run(
            [sys.executable, "-m", "pi.coding.cli.main", "--model", "t/m", *args],
            input="",
            capture_output=True,
            text=True,
            timeout=30,
            cwd=home / "project",
            env={"PATH": os.environ["PATH"], "HOME": str(home)},
            check=False,
        )

    return run


def test_max_turns(pi: Pi) -> None:
    with BlockingServer([looks(), looks()]) as server:
        done = pi(server.url, "-p", "--tools", "ls", "--max-turns", "2", "look", "and again")
    assert (done.returncode, done.stdout) == (3, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("Stopped: the run was ended after 2 turns (--max-turns)")


def test_max_cost_in_json(pi: Pi, home: Path) -> None:
    with BlockingServer([looks(), looks()]) as server:
        args = ("--mode", "json", "--tools", "ls", "--max-cost", "$1.50", "look")
        done = pi(server.url, *args)
    assert done.returncode == 3
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["type"] for event in events[-3:]] == [
        "limit_reached",
        "agent_end",
        "agent_settled",
    ]
    assert events[-3]["limit"] == "cost"
    assert not (home / ".pi" / "agent" / "spending").exists()


@pytest.mark.parametrize("kind", ["day", "project"])
def test_a_budget_is_kept_between_processes(pi: Pi, home: Path, kind: str) -> None:
    budget = {kind: 1.5}
    with BlockingServer(
        [reply({"content": "one"}, "stop"), reply({"content": "two"}, "stop")]
    ) as s:
        assert pi(s.url, "-p", "--no-session", "a", budget=budget).stdout == "one\n"
        assert pi(s.url, "-p", "--no-session", "b", budget=budget).stdout == "two\n"
        done = pi(s.url, "-p", "c", budget=budget)
        assert len(s.requests) == 2
    assert done.returncode == 3
    assert f"this {kind} has cost $2.00 of the $1.50 in budget.{kind}" in done.stderr
    (session,) = (home / ".pi/agent/sessions").rglob("*.jsonl")
    assert '"content":"c"' in session.read_text(), "the prompt is kept"


def test_a_summary_counts(pi: Pi) -> None:
    """It is made because a request was too large, and leaves no money for the next one."""
    large = "w" * 12_000
    asked: list[str] = []

    def answer(seen: Seen) -> Reply:
        body = seen.body.decode()
        asked.append("summary" if "hand-over notes" in body else "answer")
        if asked[-1] == "summary":
            return reply({"content": "## Goal\nAll of it."}, "stop")
        if body.count(large) > 1:
            error = {"message": "too long", "code": "context_length_exceeded"}
            return json_reply({"error": error}, 400)
        return reply({"content": large}, "stop", 10)

    with BlockingServer(answer) as server:
        done = pi(server.url, "-p", "--max-cost", "0.50", "first", "second " + large)
    assert asked == ["answer", "answer", "summary"]
    assert (done.returncode, done.stdout) == (3, "")
    assert "this run has cost $1.00 of the $0.50 in --max-cost" in done.stderr


def test_a_project_cannot_raise_the_limits_of_its_user(pi: Pi, home: Path) -> None:
    (home / "project" / ".pi").mkdir()
    mine = json.dumps({"budget": {"session": 1000}})
    (home / "project" / ".pi" / "settings.json").write_text(mine)
    with BlockingServer([looks()]) as server:
        done = pi(server.url, "-p", "--tools", "ls", "look", budget={"session": 0.5})
    assert done.returncode == 3
    assert "of the $0.50 in budget.session" in done.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--max-turns", "0"), "--max-turns 0: expected a whole number, 1 or more"),
        (("--max-turns", "many"), "--max-turns many: expected a whole number, 1 or more"),
        (("--max-cost", "free"), "--max-cost free: expected dollars, such as 0.50"),
        (("--max-cost", "nan"), "--max-cost nan: expected dollars, such as 0.50"),
        (("--max-cost", "0"), "--max-cost 0: expected dollars, such as 0.50"),
    ],
)
def test_limits_that_make_no_sense(pi: Pi, args: tuple[str, ...], said: str) -> None:
    done = pi("http://127.0.0.1:9", "-p", *args, "hi")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"Error: {said}\n")


def test_an_overflow_is_survived_without_a_screen(pi: Pi) -> None:
    """And a request that cannot be made to fit says which message is too large."""
    overflow = json_reply(
        {"error": {"message": "too long", "code": "context_length_exceeded"}}, 400
    )
    large = "w" * 12_000

    def answer(seen: Seen) -> Reply:
        body = seen.body.decode()
        if "hand-over notes" in body:
            return reply({"content": "## Goal\nAll of it."}, "stop", 10)
        if body.count(large) > 1:
            return overflow
        return reply({"content": "fine" if "All of it." in body else large}, "stop", 10)

    with BlockingServer(answer) as server:
        done = pi(server.url, "-p", "first", "second " + "w" * 12_000)
        assert (done.returncode, done.stdout, done.stderr) == (0, "fine\n", "")
    with BlockingServer(lambda seen: overflow) as server:
        done = pi(server.url, "-p", "w" * 16_000)
    assert done.returncode == 1
    assert "so the window must be smaller than the 8,000 tokens it is said to have" in done.stderr
    assert done.stderr.endswith("Error: 400 too long\n")
