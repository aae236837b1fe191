"""`--export` and `--fork` of the real program."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pi.ai.messages import UserMessage
from pi.coding.session.log import SessionLog
from support.rpc_process import entries_of, header_of

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs `pi` in a project folder."""
    (tmp_path / "project").mkdir()

    def pi(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pi.coding.cli.main", *args],
            cwd=tmp_path / "project",
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )

    return pi


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """A session of another folder."""
    path = tmp_path / "talk.jsonl"
    log = SessionLog.create(tmp_path, tmp_path / "elsewhere", path=path)
    log.append_message(UserMessage("Remember <this>"))
    return path


def test_a_page_and_a_branch(run: Run, session: Path, tmp_path: Path) -> None:
    done = run("--export", str(session))
    page = tmp_path / "project" / "pi-session-talk.html"
    assert (done.returncode, done.stdout) == (0, f"{page}\n")
    assert "Remember &lt;this&gt;" in page.read_text()
    done = run("--export", str(session), "out/branch.jsonl")
    assert done.returncode == 0
    assert len(entries_of(tmp_path / "project/out/branch.jsonl")) == 1
    assert not list(tmp_path.rglob("sessions"))


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--export", "nothing.jsonl"], "nothing.jsonl"),
        (["--export", "/dev/null"], "nothing was said"),
        (["--export", "a.jsonl", "b.html", "c.html"], "--export takes"),
        (["--fork", "nothing", "-p", "x"], "nothing"),
        (["--fork", "a", "--continue", "-p", "x"], "--continue"),
        (["--fork", "a", "--no-session", "-p", "x"], "--no-session"),
        (["--mode", "rpc", "a prompt"], "--mode rpc takes no prompts"),
        (["--mode", "rpc", "@file"], "--mode rpc takes no prompts"),
    ],
)
def test_mistakes(run: Run, args: list[str], words: str) -> None:
    done = run(*args)
    assert done.returncode == 1
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert not done.stdout


def test_a_fork_is_a_copy_for_this_folder(run: Run, session: Path, tmp_path: Path) -> None:
    before = session.read_bytes()
    done = run("--fork", str(session), "--session-id", "copy", "--model", "demo", "-p", "Show me")
    assert done.returncode == 0, done.stderr
    assert session.read_bytes() == before
    copy = next((tmp_path / ".pi/agent/sessions").rglob("*copy.jsonl"))
    header = header_of(copy)
    assert header["parentSession"] == str(session)
    assert header["cwd"] == str(tmp_path / "project")
    texts = [e["message"]["content"] for e in entries_of(copy) if e["type"] == "message"]
    assert texts[0] == "Remember <this>"
    assert texts[1] == "Show me"
