"""The example `gateway.py`: a login of its own, two wires, everything in real processes.

The gateway judges logins by oauthlib's rules, and hands out a second token for its models.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance import wire_anthropic_messages, wire_openai_responses
from conformance.said import Said
from support.identity import Identity
from support.replies import Reply, Seen, json_reply
from support.server import BlockingServer
from support.source import SRC

EXAMPLE = SRC.parent / "examples" / "extensions" / "gateway.py"
BROWSER = SRC.parent / "tests" / "coding" / "cli" / "auth" / "browser.py"

Pi = Callable[..., "subprocess.CompletedProcess[str]"]


class Gateway:
    """The identity provider, the API and the models' proxies in one."""

    def __init__(self) -> None:
        self.identity = Identity(client_id="pi")
        self.tokens: list[str] = []
        self.allowed = True
        self.asked: list[Seen] = []

    def __call__(self, seen: Seen) -> Reply:
        path = seen.path.partition("?")[0]
        match path:
            case "/oauth/authorize":
                return self.identity.authorize(seen)
            case "/oauth/token":
                return self.identity.token(seen)
            case "/api/model_access":
                return self.access(seen)
        self.asked.append(seen)
        if seen.headers.get("authorization") != f"Bearer {self.tokens[-1]}":
            return json_reply({"error": {"message": "token is over", "type": "auth"}}, 401)
        said = Said(text=f"Hello over {path}")
        wires = {
            "/proxy/anthropic/v1/messages": wire_anthropic_messages,
            "/proxy/openai/v1/responses": wire_openai_responses,
        }
        return Reply(b"".join(wires[path].write(said)))

    def access(self, seen: Seen) -> Reply:
        bearer = seen.headers["authorization"].removeprefix("Bearer ")
        if not self.allowed:
            return json_reply({"message": "no seat"}, 403)
        assert bearer == self.identity.accesses[-1]
        self.tokens.append(f"model-token-{len(self.tokens)}")
        return json_reply(
            {
                "token": self.tokens[-1],
                "expires_at": 4102444800,
                "headers": {"x-acme-instance": "i-1"},
            }
        )


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def pi(tmp_path: Path, gateway: Gateway) -> Iterator[Pi]:
    """A new user who has put the file into the folder, as the page says."""
    folder = tmp_path / ".pi" / "agent" / "extensions"
    folder.mkdir(parents=True)
    shutil.copy(EXAMPLE, folder)
    project = tmp_path / "project"
    project.mkdir()
    with BlockingServer(gateway) as server:
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PYTHONPATH": f"{SRC.parent / 'tests'}{os.pathsep}{SRC}",
            "ACME_GATEWAY_URL": server.url,
            "BROWSER": f"{sys.executable} {BROWSER}",
        }

        def run(*args: str) -> "subprocess.CompletedProcess[str]":
            return subprocess.run(
                [sys.executable, "-m", "pi.coding.cli.main", *args],
                cwd=project,
                env=env,
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                timeout=60,
            )

        yield run


def test_it_is_listed_as_what_is_built_in(pi: Pi) -> None:
    status = pi("auth", "status")
    assert status.returncode == 0, status.stderr
    assert "acme" in status.stdout
    assert "acme" not in pi("--list-models", "acme").stdout.split()
    everything = pi("--list-models", "acme", "--all").stdout
    assert "claude-sonnet-5-5" in everything
    assert "gpt-6.1-sol" in everything


def test_a_login_opens_both_wires(pi: Pi, gateway: Gateway, tmp_path: Path) -> None:
    done = pi("auth", "login", "acme", "--yes")
    assert done.returncode == 0, done.stderr
    assert "Acme AI gateway" in done.stdout
    assert "model-token" not in done.stdout + done.stderr
    assert '"acme"' in (tmp_path / ".pi/agent/auth.json").read_text()

    first = pi("--model", "acme/claude-sonnet-5-5", "-p", "hi")
    assert first.stdout == "Hello over /proxy/anthropic/v1/messages\n", first.stderr
    second = pi("--model", "acme/gpt-6.1-sol", "-p", "hi")
    assert second.stdout == "Hello over /proxy/openai/v1/responses\n", second.stderr
    assert [seen.headers["x-acme-instance"] for seen in gateway.asked] == ["i-1", "i-1"]


def test_a_token_that_is_over_is_traded_anew(pi: Pi, gateway: Gateway) -> None:
    assert pi("auth", "login", "acme", "--yes").returncode == 0
    gateway.tokens.append("somebody-else")  # the service has ended ours
    done = pi("--model", "acme/claude-sonnet-5-5", "-p", "hi")
    assert done.stdout == "Hello over /proxy/anthropic/v1/messages\n", done.stderr
    assert len(gateway.identity.spent) == 1
    assert not gateway.identity.reused


def test_an_account_without_models_is_told_whom_to_ask(
    pi: Pi, gateway: Gateway, tmp_path: Path
) -> None:
    gateway.allowed = False
    done = pi("auth", "login", "acme", "--yes")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "Error: your Acme account may not use models: ask the AI platform team"
    )
    assert not (tmp_path / ".pi/agent/auth.json").exists()


def test_logging_out_leaves_nothing(pi: Pi, tmp_path: Path) -> None:
    assert pi("auth", "login", "acme", "--yes").returncode == 0
    assert pi("auth", "logout", "acme").returncode == 0
    assert "acme" not in (tmp_path / ".pi/agent/auth.json").read_text()
    refused = pi("--model", "acme/claude-sonnet-5-5", "-p", "hi")
    assert refused.returncode == 1
    assert "pi auth login" in refused.stderr


def test_a_key_of_an_extension_is_said_to_be_one(pi: Pi, tmp_path: Path) -> None:
    file = tmp_path / ".pi" / "agent" / "extensions" / "corp.py"
    file.write_text(
        "def extension(pi):\n"
        "    pi.register_provider('corp', base_url='http://127.0.0.1:1',\n"
        "        api='openai-completions', api_key='test-key-corp-0123456789',\n"
        "        models=[{'id': 'c1'}])\n"
    )
    status = pi("auth", "status", "corp")
    assert str(file) in status.stdout, status.stderr
    explained = pi("auth", "explain", "corp").stdout
    assert f"{file}: key" in explained
    assert "models.json" not in explained
