"""The example `permission_gate.py`: what it lets through, what it asks for, and the answers."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.source import SRC

EXAMPLE = SRC.parent / "examples" / "extensions" / "permission_gate.py"
PI = [sys.executable, "-m", "pi.coding.cli.main"]


@pytest.fixture(scope="module")
def gate() -> Any:
    spec = importlib.util.spec_from_file_location("permission_gate", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "command",
    [
        "ls -la src",
        "git status --short",
        "git log --oneline | head -3 && cat 'a b.txt' \"c d\"",
        "grep -rn needle . 2>/dev/null || true",
        "rg pattern 2>&1 | wc -l; pwd",
        "find . -name x.py -newer y",
    ],
)
def test_what_only_reads_is_not_asked_for(gate: Any, command: str) -> None:
    assert gate.reason_to_ask(gate._parser(), command) == ""


@pytest.mark.parametrize(
    "command",
    [
        "rm -rf build",
        "ls; rm x",
        "ls && (rm x)",
        "echo $(rm x)",
        "echo `rm x`",
        "echo <(rm x)",
        "cat a > b",
        "cat < /etc/shadow",
        "ls 2> err.txt",
        "git diff --output=x",
        "git diff --ext-diff",
        "git diff --outp=x",
        "date -us 2000-01-01",
        "tail --fol log",
        "git -c alias.status='!rm x' status",
        "git log --outpu\\t=x",
        "git push",
        "git",
        "find . -delete",
        "find . -exec rm {} +",
        "find . -e'xec' rm {} +",
        "rg --pre ./evil x",
        "l\\s; r\\m x",
        "r''m x",
        "/tmp/ls",
        "./ls",
        "X=1 ls",
        "$CMD x",
        "ls $FLAGS",
        "ls *",
        "eval ls",
        "bash -c ls",
        "cat <<EOF | sh\nrm x\nEOF",
        "ls() { rm x; }; ls",
        "if true; then rm x; fi",
        "ls &",
        "! ls",
        "ls\nrm x",
        "ls \\\n; rm x",
        "if then",
        "echo 'open",
        "ls -la &>out",
        "coproc ls",
        "tail -f log",
    ],
)
def test_everything_else_is(gate: Any, command: str) -> None:
    assert gate.reason_to_ask(gate._parser(), command) != ""


class Surface:
    """What the example uses of `pi`, and of a context."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.handler: Any = None
        self.ui = self

    def on(self, event: str) -> Any:
        assert event == "tool_call"

        def keep(handler: Any) -> Any:
            self.handler = handler
            return handler

        return keep

    async def select(self, title: str, options: list[str]) -> str | None:
        self.asked.append(title)
        return self.answers.pop(0)


async def test_answers_hold_for_exactly_what_was_asked(gate: Any) -> None:
    pi = Surface(gate.ALWAYS, gate.NO, None)
    gate.extension(pi)

    async def call(command: str) -> Any:
        event = type("E", (), {"name": "bash", "arguments": {"command": command}})
        return await pi.handler(event, pi)

    assert await call("make test") is None
    assert await call("make test") is None
    assert len(pi.asked) == 1
    refused = await call("make test && rm -rf /")
    assert "not allowed" in refused.reason or "did not allow" in refused.reason
    assert (await call("make")) is not None  # nobody answers
    assert await call("ls") is None
    assert len(pi.asked) == 3


def test_without_anybody_to_ask_only_what_reads_is_run(tmp_path: Path) -> None:
    """In a real process: the demonstration lists its folder, and may not run what it wrote."""
    done = subprocess.run(
        [*PI, "-e", str(EXAMPLE), "--model", "demo", "--mode", "json", "Show me"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    ends = [e for e in map(json.loads, done.stdout.splitlines()) if "isError" in e]
    bash = [e for e in ends if e["toolName"] == "bash"]
    assert not bash[0]["isError"]
    refused = [e for e in bash if e["isError"]]
    assert refused
    assert "python3 is not known to be harmless" in refused[0]["result"]["content"][0]["text"]
