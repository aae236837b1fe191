"""Which of several accounts pays: `--account`, the setting `accounts`, and nobody else."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.server import BlockingServer, Reply, Server, sse

Pi = Callable[..., subprocess.CompletedProcess[str]]
MODEL = "openai/gpt-oss-120b"
ANSWER = {"id": "c", "choices": [{"index": 0, "delta": {"content": "ok"}, "finish_reason": "stop"}]}
ENV = {"GROQ_API_KEY": "test-key-env", "MISTRAL_API_KEY": "test-key-env"}


@pytest.fixture
def server(store: Path) -> Iterator[Server]:
    names = ("groq", "groq@work", "groq@club", "cerebras@club")
    entries = {name: {"type": "api_key", "key": f"test-{name}"} for name in names}
    store.write_text(json.dumps(entries))
    with BlockingServer(Reply(sse([ANSWER], done=True))) as server:
        providers = {name: {"baseUrl": server.url} for name in ("groq", "mistral", "cerebras")}
        (store.parent / "models.json").write_text(json.dumps({"providers": providers}))
        yield server


def settings(store: Path, **values: object) -> None:
    (store.parent / "settings.json").write_text(json.dumps(values))


@pytest.mark.parametrize(
    ("account", "key"),
    [
        (None, "test-groq"),
        ("work", "test-groq@work"),
        ("groq@club", "test-groq@club"),
        ("", "test-groq"),
    ],
)
def test_the_account_that_was_named(pi: Pi, server: Server, account: str | None, key: str) -> None:
    flag = [] if account is None else ["--account", account]
    done = pi(*flag, "--model", f"groq/{MODEL}", "-p", "x", **ENV)
    assert done.returncode == 0, done.stderr
    assert server.requests[0].headers["authorization"] == f"Bearer {key}"


def test_the_account_of_the_settings(pi: Pi, server: Server, store: Path) -> None:
    settings(store, accounts={"groq": "club"})
    pi("--model", f"groq/{MODEL}", "-p", "x")
    pi("--account", "work", "--model", f"groq/{MODEL}", "-p", "x")
    pi("--account", "", "--model", f"groq/{MODEL}", "-p", "x")
    keys = [seen.headers["authorization"].removeprefix("Bearer ") for seen in server.requests]
    assert keys == ["test-groq@club", "test-groq@work", "test-groq"]
    found = json.loads(pi("auth", "explain", "groq", "--json").stdout)
    assert found["account"] == "club"
    assert found["accounts"] == ["work", "club"]
    settings(store, accounts={"grok": "club"})
    assert "names 'grok'" in pi("--model", f"groq/{MODEL}", "-p", "x").stderr


def test_a_project_cannot_choose_who_pays(pi: Pi, server: Server, home: Path) -> None:
    (home / "project" / ".pi").mkdir()
    own = home / "project" / ".pi" / "settings.json"
    own.write_text(json.dumps({"accounts": {"groq": "work"}}))
    pi("--model", f"groq/{MODEL}", "-p", "x")
    assert server.requests[0].headers["authorization"] == "Bearer test-groq"


def test_nobody_else_pays(pi: Pi, server: Server) -> None:
    """A provider without the account is not used, though there is a key for it."""
    done = pi("--account", "club", "--model", "mistral/mistral-large-latest", "-p", "x", **ENV)
    assert done.returncode == 1
    assert "Mistral has no account 'club'" in done.stderr
    done = pi("--account", "elsewhere", "--model", f"groq/{MODEL}", "-p", "x", **ENV)
    assert done.returncode == 1
    assert "there is no account 'elsewhere'" in done.stderr
    assert "groq@work" in done.stderr
    assert server.requests == []


def test_a_model_is_chosen_among_those_of_the_account(pi: Pi, server: Server) -> None:
    done = pi("--account", "club", "-p", "x", **ENV)
    assert done.returncode == 0, done.stderr
    assert server.requests[0].headers["authorization"] == "Bearer test-groq@club"
