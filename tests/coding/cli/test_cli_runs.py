"""The program as people and scripts use it: real processes, real sockets, real files."""

import base64
import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.server import STALL, BlockingServer, Reply, Seen, sse

Pi = Callable[..., subprocess.CompletedProcess[str]]
Configure = Callable[..., None]
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def says(text: str) -> Reply:
    return Reply(sse([chunk({"content": text}), chunk({}, "stop")], done=True))


def calls(name: str, **arguments: Any) -> Reply:
    function = {"name": name, "arguments": json.dumps(arguments)}
    call = {"index": 0, "id": f"call_{name}", "function": function}
    return Reply(sse([chunk({"tool_calls": [call]}), chunk({}, "tool_calls")], done=True))


def sessions(home: Path) -> list[Path]:
    return sorted((home / ".pi/agent/sessions").rglob("*.jsonl"))


def is_running(pid: int) -> bool:
    """Whether a process lives; one that nobody has buried yet does not."""
    listed = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout.strip()[:1] not in ("", "Z")


def test_the_demonstration_really_works_on_files(pi: Pi, home: Path) -> None:
    (home / "project" / "README.md").write_text("# Mine\n")
    result = pi("--model", "demo", "--verbose", "-p", "Show me")
    assert result.returncode == 0, result.stderr
    assert "no model is called" in sessions(home)[0].read_text(), "it says what it is"
    assert 'return f"Hello, {name}!"' in (home / "project" / "pi-demo.py").read_text()
    for step in ("bash ls", "read README.md", "write pi-demo.py", "edit pi-demo.py"):
        assert step in result.stderr
    again = pi("--model", "demo", "-p", "Once more")
    assert "pi-demo-2.py" in again.stdout, "a file that is there is never overwritten"


def test_a_prompt_answered_and_a_file_changed(pi: Pi, home: Path, configure: Configure) -> None:
    (home / "project" / "a.txt").write_text("one\r\ntwo\r\n")
    edit = calls("edit", path="a.txt", edits=[{"oldText": "two", "newText": "2"}])
    with BlockingServer([calls("read", path="a.txt"), edit, says("Changed.")]) as server:
        configure(server.url)
        result = pi("--model", "t/m", "-p", "Change two to 2")
        bodies = [seen.json for seen in server.requests]
    assert (result.returncode, result.stdout) == (0, "Changed.\n"), result.stderr
    assert (home / "project" / "a.txt").read_bytes() == b"one\r\n2\r\n"
    assert [m["role"] for m in bodies[2]["messages"]] == [
        "system",
        "user",
        "assistant",
        "tool",
        "assistant",
        "tool",
    ]
    assert [t["function"]["name"] for t in bodies[0]["tools"]] == ["read", "bash", "edit", "write"]
    assert str(home / "project") in json.dumps(bodies[0]["messages"][0])


def test_standard_input_files_and_images_come_before_the_prompt(
    pi: Pi, home: Path, configure: Configure
) -> None:
    (home / "project" / "n.txt").write_text("noted")
    (home / "project" / "p.png").write_bytes(PIXEL)
    with BlockingServer(says("ok")) as server:
        configure(server.url)
        result = pi("--model", "t/m", "-p", "@n.txt", "@p.png", "question", stdin="piped\n")
        (seen,) = server.requests
    assert result.returncode == 0, result.stderr
    text, image = seen.json["messages"][-1]["content"]
    place = home / "project"
    assert text["text"] == (
        f'piped\n\n<file name="{place}/n.txt">\nnoted\n</file>\n\n'
        f'<file name="{place}/p.png">attached image</file>\n\nquestion'
    )
    assert image["image_url"]["url"] == "data:image/png;base64," + base64.b64encode(PIXEL).decode()


def test_a_pipe_alone_makes_it_print(pi: Pi, configure: Configure) -> None:
    with BlockingServer(says("answer")) as server:
        configure(server.url)
        assert pi("--model", "t/m", stdin="question").stdout == "answer\n"


def test_json_mode_speaks_the_established_events(pi: Pi, home: Path, configure: Configure) -> None:
    with BlockingServer([calls("ls"), says("Empty.")]) as server:
        configure(server.url)
        result = pi("--model", "t/m", "--tools", "ls", "--mode", "json", "what is here?")
    events = [json.loads(line) for line in result.stdout.splitlines()]
    kinds = [event["type"] for event in events]
    assert kinds[0] == "session"
    assert events[0]["version"] == 3
    assert events[0]["cwd"] == str(home / "project")
    assert kinds[-1] == "agent_settled"
    assert kinds.count("agent_settled") == kinds.count("agent_end") == 1
    assert kinds[1:5] == ["agent_start", "turn_start", "message_start", "message_end"]
    for start in ("tool_execution_start", "tool_execution_end"):
        assert kinds.count(start) == 1
    updates = [e for e in events if e["type"] == "message_update"]
    assert all("partial" not in e["assistantMessageEvent"] and "message" not in e for e in updates)
    assert all(set(e["usage"]) >= {"input", "output", "cost"} for e in updates)
    ends = [e["message"] for e in events if e["type"] == "message_end"]
    assert [m["role"] for m in ends] == ["user", "assistant", "toolResult", "assistant"]
    (end,) = [e for e in events if e["type"] == "agent_end"]
    assert end["messages"] == ends
    assert end["willRetry"] is False


def test_a_session_goes_on(pi: Pi, home: Path, configure: Configure) -> None:
    with BlockingServer([says("one"), says("two"), says("three"), says("four")]) as server:
        configure(server.url)
        pi("--model", "t/m", "-p", "first")
        (path,) = sessions(home)
        pi("-c", "-p", "second")
        pi("--session", path.name.split("_")[1][:13], "-p", "third")
        pi("--no-session", "--model", "t/m", "-p", "apart")
        said = [[m.get("content") for m in seen.json["messages"][1:]] for seen in server.requests]
    assert sessions(home) == [path]
    assert said[2] == ["first", "one", "second", "two", "third"]
    assert said[3] == ["apart"]
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[0]["type"] == "session"
    assert [entry["type"] for entry in lines[1:4]] == [
        "model_change",
        "thinking_level_change",
        "message",
    ]
    ids = [entry["id"] for entry in lines[1:]]
    assert [entry["parentId"] for entry in lines[1:]] == [None, *ids[:-1]]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_named_session_with_an_id_of_ones_own(pi: Pi, home: Path, configure: Configure) -> None:
    with BlockingServer(says("ok")) as server:
        configure(server.url)
        for prompt in ("one", "two"):
            pi("--model", "t/m", "--session-id", "build-7", "--name", "Nightly", "-p", prompt)
    (path,) = sessions(home)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[0]["id"] == "build-7"
    assert {e["name"] for e in lines if e["type"] == "session_info"} == {"Nightly"}


def test_an_answer_that_was_cut_off_is_no_success(pi: Pi, configure: Configure) -> None:
    cut = Reply(sse([chunk({"content": "half"}), chunk({}, "length")], done=True))
    with BlockingServer(cut) as server:
        configure(server.url)
        result = pi("--model", "t/m", "-p", "go")
    assert (result.returncode, result.stdout) == (1, "half\n")
    assert "cut off" in result.stderr


def test_several_prompts_are_one_conversation(pi: Pi, configure: Configure) -> None:
    with BlockingServer([says("a"), says("b")]) as server:
        configure(server.url)
        assert pi("--model", "t/m", "-p", "one", "two").stdout == "b\n"
        assert len(server.requests[1].json["messages"]) == 4


def test_instructions_of_the_project_and_of_the_user(
    pi: Pi, home: Path, configure: Configure
) -> None:
    (home / "project" / "AGENTS.md").write_text("Always rhyme.")
    (home / ".pi/agent/APPEND_SYSTEM.md").write_text("Be kind.")
    with BlockingServer(says("ok")) as server:
        configure(server.url)
        pi("--model", "t/m", "-p", "x")
        pi("--model", "t/m", "-nc", "--system-prompt", "You are a cat.", "-nt", "-p", "x")
        first, second = (seen.json for seen in server.requests)
    assert "Always rhyme." in first["messages"][0]["content"]
    assert "Be kind." in first["messages"][0]["content"]
    assert second["messages"][0]["content"].startswith("You are a cat.")
    assert "rhyme" not in second["messages"][0]["content"]
    assert "tools" not in second


def test_a_retry_is_shown_and_costs_nothing_else(pi: Pi, configure: Configure) -> None:
    busy = Reply(b'{"error":{"message":"busy"}}', 503, {"retry-after-ms": "5"})
    with BlockingServer([busy, says("ok")]) as server:
        configure(server.url, retry={"enabled": True})
        result = pi("--model", "t/m", "--mode", "json", "x")
    events = [json.loads(line) for line in result.stdout.splitlines()]
    (start,) = [e for e in events if e["type"] == "auto_retry_start"]
    assert (start["attempt"], start["delayMs"]) == (1, 5)
    assert "busy" in start["errorMessage"]
    (end,) = [e for e in events if e["type"] == "auto_retry_end"]
    assert end["success"] is True
    assert sum(e["type"] == "message_end" for e in events) == 2


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_in_order(
    home: Path,
    environ: dict[str, str],
    command: list[str],
    configure: Configure,
    number: signal.Signals,
    code: int,
) -> None:
    tool = calls("bash", command="sleep 60 & echo $! > pid; wait")
    with BlockingServer([tool, Reply([STALL])]) as server:
        configure(server.url)
        process = subprocess.Popen(
            [*command, "--model", "t/m", "-p", "go"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=home / "project",
            env=environ,
        )
        pid = home / "project" / "pid"
        deadline = time.monotonic() + 10
        while not (pid.exists() and pid.read_text().strip()) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(number)
        _, err = process.communicate(timeout=10)
    assert process.returncode == code, err
    assert b"Traceback" not in err
    assert not is_running(int(pid.read_text())), "no tool is left behind"
    lines = [json.loads(line) for line in sessions(home)[0].read_text().splitlines()]
    roles = [entry["message"]["role"] for entry in lines if entry["type"] == "message"]
    assert roles == ["user", "assistant", "toolResult"], "every call has its result"


def test_a_local_server_is_offered_when_nothing_is_set_up(
    pi: Pi, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    from pi.coding.local import find_local_models

    def answer(seen: Seen) -> Reply:
        if seen.path == "/v1/models":
            body = json.dumps({"object": "list", "data": [{"id": "qwen3"}, {"id": "llama"}]})
            return Reply(body.encode(), headers={"content-type": "application/json"})
        return says("local answer")

    with BlockingServer(answer) as server:
        port = int(server.url.rpartition(":")[2])
        models = asyncio.run(find_local_models({port: "Test server", 9: "Nobody"}))
    assert [model.key for model in models] == ["local/qwen3", "local/llama"]
    assert models[0].base_url == f"{server.url}/v1"


def test_lists_of_models(pi: Pi) -> None:
    key = {"ANTHROPIC_API_KEY": "test-key"}
    lines = pi("--list-models", "sonnet", **key).stdout.splitlines()
    assert lines[0].split()[:4] == ["provider", "model", "context", "max-out"]
    assert len(lines) > 2
    assert all(line.startswith("anthropic") and "sonnet" in line for line in lines[1:])
    listed = json.loads(pi("--list-models", "--json", **key).stdout)
    assert {row["provider"] for row in listed} == {"anthropic", "demo"}
    assert len(json.loads(pi("--list-models", "--all", "--json").stdout)) > 1600
    opus = pi("--list-models", "opus", "--all").stdout
    assert pi("--list-models", "--all", "opus").stdout == opus
    assert "gpt-5" not in opus


TWO_MODELS = """
from pi.extensions import LoginFlow

class Seats(LoginFlow):
    def offers(self, model, credential):
        return model.id in credential.extra["seats"]

def extension(pi):
    pi.register_provider("corp", base_url="http://127.0.0.1:9/v1", api="openai-completions",
        models=[{"id": "large"}, {"id": "small"}], login=Seats())
"""


def test_a_list_has_no_model_that_the_login_does_not_give(pi: Pi, home: Path) -> None:
    agent = home / ".pi" / "agent"
    (agent / "extensions").mkdir(parents=True)
    (agent / "extensions" / "corp.py").write_text(TWO_MODELS)
    login = {"type": "oauth", "refresh": "r", "access": "a", "expires": 1 << 52, "seats": ["small"]}
    (agent / "auth.json").write_text(json.dumps({"corp": login}))
    listed = json.loads(pi("--list-models", "corp", "--json").stdout)
    assert [row["id"] for row in listed] == ["small"]
    listed = json.loads(pi("--list-models", "corp", "--json", "--all").stdout)
    assert [row["id"] for row in listed if row["provider"] == "corp"] == ["large", "small"]
    (agent / "extensions" / "corp.py").write_text(TWO_MODELS.replace("extra[", "nothing["))
    done = pi("--list-models", "corp", "--json")
    assert [row["id"] for row in json.loads(done.stdout)] == ["large", "small"]
    assert "Warning: the login flow corp failed: AttributeError: " in done.stderr


def test_help_and_version_go_to_standard_output(pi: Pi) -> None:
    assert pi("--version").stdout.strip().count(".") == 2
    text = pi("--help").stdout
    assert "--model" in text
    assert "Exit codes" in text
