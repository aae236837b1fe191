"""Wrong input from the command line, over real processes: one line, an exit code, nothing lost."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.faults import FAULTS
from support.server import BlockingServer, Reply, json_reply, sse

ANSWER = {
    "id": "c",
    "choices": [{"index": 0, "delta": {"content": "hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}
GOOD = Reply(sse([ANSWER], done=True))
Pi = Callable[..., subprocess.CompletedProcess[str]]
Configure = Callable[..., None]


def refused(result: subprocess.CompletedProcess[str], *words: str) -> None:
    """One line on standard error with these words, exit code 1, nothing on standard output."""
    assert result.returncode == 1, result.stderr
    assert result.stdout == ""
    errors = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1, result.stderr
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in errors[0], result.stderr


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--modle", "x"], ["unknown option --modle", "did you mean --mode or --model?"]),
        (["-z"], ["unknown option -z"]),
        (["--model"], ["--model needs a value"]),
        (["--print=yes"], ["--print takes no value"]),
        (["--mode", "yaml"], ["--mode yaml", "text, json, rpc"]),
        (["--thinking", "huge", "--model", "demo", "-p", "x"], ["--thinking huge", "xhigh"]),
        (["--model", "nosuchmodel", "-p", "x"], ["unknown model 'nosuchmodel'", "--list-models"]),
        (["--model", "clade-opus-4-8", "-p", "x"], ["unknown model", "claude-opus-4-8"]),
        (["--provider", "antropic", "-p", "x"], ["unknown provider 'antropic'", "anthropic"]),
        (["--model", "openai/gpt-5.4", "-p", "x"], ["OPENAI_API_KEY", "auth.json", "/login"]),
        (["--model", "demo", "--tools", "reed", "-p", "x"], ["unknown tool 'reed'", "read"]),
        (["--model", "demo", "-p", "@none.txt"], ["@none.txt", "no such file"]),
        (["--model", "demo", "-p", "@."], ["is a folder"]),
        (["--model", "demo", "-p"], ["nothing to answer"]),
        (["--api-key", "k", "-p", "x"], ["--api-key needs --model"]),
        (["--model", "demo", "--session", "zz", "-p", "x"], ["no session", "'zz'"]),
        (["--model", "demo", "--session-id", "a b", "-p", "x"], ["session id 'a b'"]),
        (["mcp", "list"], ["`pi mcp` is not built yet"]),
    ],
    ids=lambda value: " ".join(value)[:30] if isinstance(value, list) else None,
)
def test_each_mistake_has_its_line(pi: Pi, args: list[str], words: list[str]) -> None:
    refused(pi(*args), *words)


def test_nothing_set_up_says_what_to_do(pi: Pi) -> None:
    result = pi("-p", "hi")
    assert result.returncode == 1
    for word in ("ANTHROPIC_API_KEY", "auth.json", "local server", "--model demo"):
        assert word in result.stderr


@pytest.mark.parametrize(
    ("name", "content", "where"),
    [
        ("settings.json", '{\n  "theme" "dark"\n}', "line 2, column"),
        ("auth.json", '{"x": {"type" "api_key"}}', "line 1, column"),
        ("models.json", '{"providers": {\n "x": {"baseUrl": 5}}}', "line 2"),
        ("models.json", '{"providers": ', "line 1"),
    ],
)
def test_a_broken_file_is_named_kept_and_gone_around(
    pi: Pi, home: Path, name: str, content: str, where: str
) -> None:
    path = home / ".pi" / "agent" / name
    path.write_text(content)
    result = pi("--model", "demo", "-p", "hi")
    assert result.returncode == 0, result.stderr
    (warning,) = [line for line in result.stderr.splitlines() if line.startswith("Warning: ")]
    assert name in warning
    assert where in warning
    assert path.read_text() == content


def test_a_broken_auth_file_does_not_hide_a_key_of_the_environment(pi: Pi, home: Path) -> None:
    (home / ".pi" / "agent" / "auth.json").write_text("{")
    with BlockingServer(GOOD) as server:
        row = {"groq": {"baseUrl": server.url}}
        (home / ".pi" / "agent" / "models.json").write_text(json.dumps({"providers": row}))
        args = ("--model", "groq/openai/gpt-oss-120b", "-p", "hi")
        assert pi(*args, GROQ_API_KEY="test-key").stdout == "hello\n"
        refused(pi(*args), "auth.json", "line 1")


def test_a_file_that_is_no_session_is_left_alone(pi: Pi, home: Path) -> None:
    path = home / "project" / "notes.txt"
    path.write_text("my notes\n")
    refused(pi("--model", "demo", "--session", str(path), "-p", "x"), "no session", "left alone")
    assert path.read_text() == "my notes\n"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("401", ["401", "invalid x-api-key"]),
        ("403", ["403"]),
        ("404", ["404", "no-such-model"]),
        ("413", ["413"]),
        ("429", ["429"]),
        ("500", ["500"]),
        ("503", ["503", "overloaded"]),
        ("502_html", ["502", "HTML page"]),
        ("200_html", ["HTML page", "base URL"]),
        ("200_empty", ["ended before"]),
        ("200_json_error", ["upstream timed out"]),
        ("no_http", ["127.0.0.1"]),
        ("reset_before_head", ["127.0.0.1"]),
    ],
)
def test_what_a_service_does_wrong_is_one_line(
    pi: Pi, configure: Configure, fault: str, words: list[str]
) -> None:
    with BlockingServer(FAULTS[fault]) as server:
        configure(server.url)
        refused(pi("--model", "t/m", "-p", "hi"), *words)


@pytest.mark.parametrize(
    ("url", "env", "words"),
    [
        ("http://127.0.0.1:9/v1", {}, ["127.0.0.1:9", "refused"]),
        ("http://no-such-host.invalid/v1", {}, ["no-such-host.invalid"]),
        ("ftp://x/v1", {}, ["ftp"]),
        ("http://example.invalid/v1", {"HTTP_PROXY": "http://127.0.0.1:9"}, ["proxy"]),
    ],
)
def test_no_way_to_the_service_is_one_line(
    pi: Pi, configure: Configure, url: str, env: dict[str, str], words: list[str]
) -> None:
    configure(url)
    refused(pi("--model", "t/m", "-p", "hi", **env), *words)


def test_a_key_never_appears_in_what_is_written(pi: Pi, home: Path, configure: Configure) -> None:
    echo = {"error": {"message": "Incorrect API key provided: test-secret-canary-1234"}}
    with BlockingServer(json_reply(echo, 401)) as server:
        configure(server.url)
        text = (home / ".pi/agent/models.json").read_text()
        text = text.replace("test-key", "test-secret-canary-1234")
        (home / ".pi/agent/models.json").write_text(text)
        result = pi("--model", "t/m", "--mode", "json", "-p", "hi")
    assert "canary" not in result.stdout + result.stderr
    sessions = list((home / ".pi/agent/sessions").rglob("*.jsonl"))
    assert sessions
    assert all("canary" not in path.read_text() for path in sessions)


def test_a_deleted_working_folder(pi: Pi, home: Path) -> None:
    gone = home / "gone"
    gone.mkdir()
    script = (
        "import os, sys; os.rmdir(os.getcwd());"
        "from pi.coding.cli.main import main; sys.exit(main(['--model', 'demo', '-p', 'x']))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=gone,
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
        check=False,
    )
    refused(result, "working folder")


def test_a_home_that_cannot_be_written(pi: Pi, home: Path) -> None:
    # root writes everywhere, so a file stands where the folder should be
    (home / "flat").write_text("")
    env = {"PI_CODING_AGENT_DIR": str(home / "flat")}
    assert pi("--model", "demo", "--no-session", "-p", "hi", **env).returncode == 0
    refused(pi("--model", "demo", "-p", "hi", **env), "session")


def test_output_that_nobody_reads_any_more_ends_quietly(pi: Pi, home: Path) -> None:
    command = f"{sys.executable} -m pi.coding.cli.main --list-models --all | head -1"
    result = subprocess.run(
        command,
        shell=True,
        capture_output=True,
        text=True,
        cwd=home / "project",
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
        check=False,
    )
    assert result.stderr == ""
    assert result.stdout.startswith("provider")
