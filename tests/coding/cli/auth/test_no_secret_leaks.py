"""Canaries: one in every place where a credential can be, and none in anything the program writes.

Every run is a process of its own, with services that echo what they were sent, services that fail,
and a model that looks at the environment and into the credential file. Then everything is searched:
both outputs, session files, logs, whatever else came to be in the home or the temporary folder.
"""

import base64
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.server import CUT, BlockingServer, Reply, Seen, Server, json_reply, sse

Pi = Callable[..., subprocess.CompletedProcess[str]]

CANARY = {
    name: f"test-canary-{name}-7f3a9c-{number}"
    for number, name in enumerate(
        ("stored", "access", "refresh", "variable", "models", "header", "command", "flag"), 1001
    )
}
LOOK = (
    "env; cat ~/.pi/agent/auth.json ~/.pi/agent/models.json;"
    " ps -ww -eo args > processes.txt; printf '%s' \"$MISTRAL_API_KEY\" | base64"
)
FAIL = 'echo "wrong: $MISTRAL_API_KEY" >&2; exit 3'
MUCH = 'for n in $(seq 1500); do echo "$n $MISTRAL_API_KEY $MISTRAL_API_KEY"; done'


def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def says(text: str) -> Reply:
    return Reply(sse([chunk({"content": text}), chunk({}, "stop")], done=True))


def runs(command: str) -> Reply:
    function = {"name": "bash", "arguments": json.dumps({"command": command})}
    call = {"index": 0, "id": "call_1", "function": function}
    return Reply(sse([chunk({"tool_calls": [call]}), chunk({}, "tool_calls")], done=True))


def claude_says(text: str) -> Reply:
    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {"id": "m", "type": "message", "role": "assistant", "content": [], "model": "m"}
    events: list[tuple[str, Any]] = [
        ("message_start", {"message": {**message, "usage": usage}}),
        ("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}),
        ("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": text}}),
        ("content_block_stop", {"index": 0}),
        ("message_delta", {"delta": {"stop_reason": "end_turn"}, "usage": usage}),
        ("message_stop", {}),
    ]
    return Reply(sse([(name, {"type": name, **data}) for name, data in events]))


class Service:
    """Echoes the headers it was sent, or fails with them, or has the model run a command."""

    def __init__(self) -> None:
        self.mode = "echo"

    def __call__(self, seen: Seen) -> Reply:
        echo = json.dumps({k: v for k, v in seen.headers.items() if "key" in k or "auth" in k})
        match self.mode:
            case "401" | "400" | "500":
                return json_reply({"error": {"message": f"no: {echo}"}}, int(self.mode))
            case "page":
                return Reply(f"<html>{echo}</html>".encode(), 502, {"content-type": "text/html"})
            case "cut":
                return Reply([sse([chunk({"content": echo})]), CUT])
            case "look" | "much" | "fail":
                if seen.json["messages"][-1]["role"] == "user":
                    return runs({"look": LOOK, "much": MUCH, "fail": FAIL}[self.mode])
                return says("The output was: " + json.dumps(seen.json["messages"][-1]["content"]))
            case _:
                return claude_says(echo) if seen.path.endswith("/messages") else says(echo)


@pytest.fixture
def service() -> Iterator[tuple[Service, Server]]:
    service = Service()
    with BlockingServer(service) as server:
        yield service, server


@pytest.fixture
def run(
    pi: Pi, home: Path, store: Path, service: tuple[Service, Server]
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `pi` with every canary in its place; fails if one of them gets out."""
    (home / "key.txt").write_text(CANARY["command"])
    (home / "tmp").mkdir()
    soon = int((time.time() + 36000) * 1000)
    login = {"type": "oauth", "access": CANARY["access"], "refresh": CANARY["refresh"]}
    entries = {
        "groq": {"type": "api_key", "key": CANARY["stored"]},
        "anthropic": {**login, "expires": soon},
        "cerebras": {"type": "api_key", "key": f"!cat {home}/key.txt"},
    }
    store.write_text(json.dumps(entries))
    url = service[1].url
    own = {"api": "openai-completions", "baseUrl": url, "models": [{"id": "m"}]}
    here = {"baseUrl": url}
    providers = {
        **dict.fromkeys(("groq", "anthropic", "cerebras", "mistral"), here),
        "mine": {**own, "apiKey": CANARY["models"], "headers": {"X-Api-Key": CANARY["header"]}},
    }
    (store.parent / "models.json").write_text(json.dumps({"providers": providers}))
    (store.parent / "settings.json").write_text(json.dumps({"retry": {"enabled": False}}))
    planted = {"auth.json", "models.json", "key.txt", "older.jsonl"}

    def run(*args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        env = {"MISTRAL_API_KEY": CANARY["variable"], "TMPDIR": str(home / "tmp")}
        done = pi(*args, stdin=stdin, **env)
        texts = {"standard output": done.stdout, "standard error": done.stderr}
        for file in home.rglob("*"):
            if file.is_file() and file.name not in planted:
                texts[str(file)] = file.read_bytes().decode("utf-8", "replace")
        for place, text in texts.items():
            for name, canary in CANARY.items():
                if name == "flag" and place.endswith("processes.txt"):
                    continue  # a command line is visible; that is said in the documentation
                assert canary not in text, (name, place, args)
                assert base64.b64encode(canary.encode()).decode()[:-4] not in text, (name, place)
        return done

    return run


MODELS = {
    "stored": "groq/openai/gpt-oss-120b",
    "access": "anthropic/claude-haiku-4-5",
    "command": "cerebras/gpt-oss-120b",
    "models": "mine/m",
    "variable": "mistral/mistral-large-latest",
    "flag": "groq/openai/gpt-oss-120b",
}


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_service_that_echoes_the_key(run: Pi, service: tuple[Service, Server], name: str) -> None:
    flag = ["--api-key", CANARY["flag"]] if name == "flag" else []
    for mode in ("json", "text"):
        done = run("--model", MODELS[name], *flag, "--mode", mode, "-p", "hello")
        assert done.returncode == 0, done.stderr
        assert "[masked]" in done.stdout
    seen = service[1].requests
    assert all(CANARY[name] in str(request.headers) for request in seen), "it was used"
    assert not [request.path for request in seen for c in CANARY.values() if c in request.path]
    if name == "models":
        assert seen[0].headers["x-api-key"] == CANARY["header"]


@pytest.mark.parametrize("mode", ["401", "400", "500", "page", "cut"])
def test_a_service_that_fails_with_the_key(
    run: Pi, service: tuple[Service, Server], mode: str
) -> None:
    service[0].mode = mode
    for args in (("--mode", "json"), ()):
        assert run("--model", MODELS["stored"], *args, "-p", "hello").returncode == 1
    assert run("--model", MODELS["models"], "--verbose", "-p", "hello").returncode == 1
    assert run("auth", "check", "groq", "--live").returncode in (1, 2)


def test_a_model_that_looks_everywhere(
    run: Pi, service: tuple[Service, Server], home: Path
) -> None:
    """Not even the model is told; the session goes on with what it was told."""
    service[0].mode = "look"
    for args in (("--mode", "json"), ("--verbose",)):
        flag = ("--model", MODELS["flag"], "--api-key", CANARY["flag"])
        done = run(*flag, *args, "-p", "Look around")
        assert done.returncode == 0, done.stderr
        assert "MISTRAL_API_KEY=[masked]" in done.stdout
    for request in service[1].requests:
        for canary in CANARY.values():
            assert canary.encode() not in request.body
    assert "openai/gpt-oss-120b" in (home / "project" / "processes.txt").read_text()
    run("-c", "-p", "And again")


def test_a_tool_that_fails_with_the_key(run: Pi, service: tuple[Service, Server]) -> None:
    service[0].mode = "fail"
    done = run("--model", MODELS["stored"], "--verbose", "-p", "Try it")
    assert "wrong: [masked]" in done.stderr


def test_a_long_output_whose_log_is_kept(
    run: Pi, service: tuple[Service, Server], home: Path
) -> None:
    service[0].mode = "much"
    assert run("--model", MODELS["stored"], "-p", "Print a lot").returncode == 0
    (log,) = (home / "tmp").rglob("*.log")
    lines = log.read_text().splitlines()
    assert lines[0] == "1 [masked] [masked]"
    assert len(lines) == 1500


def test_a_prompt_with_a_key_in_it(run: Pi, service: tuple[Service, Server]) -> None:
    """What somebody pastes by mistake reaches neither the service nor the session."""
    run("--model", MODELS["stored"], "-p", f"why does {CANARY['variable']} not work?")
    assert CANARY["variable"].encode() not in service[1].requests[0].body


@pytest.mark.parametrize("name", ["page.html", "branch.jsonl"])
def test_the_export_of_a_session_that_an_older_program_wrote(
    run: Pi, home: Path, name: str
) -> None:
    text = "env says " + " & ".join(CANARY[name] for name in CANARY if name != "command")
    message = {"role": "user", "content": text, "timestamp": 1}
    time = "2026-01-31T12:00:00.000Z"
    lines = [
        {"type": "session", "version": 3, "id": "s", "timestamp": time, "cwd": str(home)},
        {"type": "message", "id": "a", "parentId": None, "timestamp": time, "message": message},
    ]
    content = "".join(json.dumps(line) + "\n" for line in lines)
    (home / "project" / "older.jsonl").write_text(content.replace(CANARY["flag"], "?"))
    assert run("--export", "older.jsonl", name).returncode == 0
    assert "env says [masked]" in (home / "project" / name).read_text()


def test_what_pi_auth_says(run: Pi) -> None:
    for args in (
        ("status",),
        ("status", "--json"),
        *(("explain", name, "--run-commands", "--json") for name in ("groq", "cerebras", "mine")),
        ("explain", "anthropic"),
        *(("check", name) for name in ("groq", "cerebras", "mine", "anthropic", "mistral")),
        ("logout", "groq"),
    ):
        assert run("auth", *args).returncode == 0
    assert run("auth", "set-key", "groq", stdin=CANARY["stored"]).returncode == 0
    assert run("auth", "set-key", "groq", stdin=f"{CANARY['stored']} x").returncode == 1


def test_a_file_with_a_secret_is_not_written_over_with_the_mask(
    run: Pi, service: tuple[Service, Server], home: Path
) -> None:
    """The model knows the line only as masked; writing that back would lose the key."""
    dotenv = home / "project" / "key.txt"  # a name that the search above leaves out
    dotenv.write_text(f"KEY={CANARY['variable']}\n")
    arguments = {"path": "key.txt", "content": "KEY=[masked]\nDEBUG=1\n"}
    function = {"name": "write", "arguments": json.dumps(arguments)}
    call = {"index": 0, "id": "call_1", "function": function}
    calls = Reply(sse([chunk({"tool_calls": [call]}), chunk({}, "tool_calls")], done=True))
    asked = service[1].requests

    def script(seen: Seen) -> Reply:
        return calls if len(asked) == 1 else says("Done.")

    service[1].script = script
    done = run("--model", MODELS["stored"], "-p", "Add DEBUG=1")
    assert done.returncode == 0
    assert dotenv.read_text() == f"KEY={CANARY['variable']}\n"
    assert "would be lost" in asked[1].body.decode()
