"""`pi sessions`, as a program of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pi.ai.messages import AssistantMessage, TextContent, Usage, UserMessage
from pi.coding.session.log import SessionLog
from pi.coding.session.store import SessionStore


@pytest.fixture
def ids(tmp_path: Path) -> list[str]:
    """Two sessions of the project and one of another, oldest first."""
    made = []
    texts = [("project", "Why is the sky blue?"), ("project", "Sort files"), ("other", "Blue, too")]
    for at, (folder, text) in enumerate(texts, 1):
        cwd = tmp_path / folder
        cwd.mkdir(exist_ok=True)
        log = SessionStore(tmp_path / ".pi" / "agent" / "sessions", cwd).create()
        log.append_message(UserMessage(text, at * 1000))
        answer = AssistantMessage(
            (TextContent(f"An answer: {text}"),), "faux", "p", "m", Usage(), "stop", at * 1000 + 1
        )
        log.append_message(answer)
        made.append(log.header.id)
    return made


def pi(home: Path, *args: str, code: int = 0) -> str:
    """What `pi sessions` says; on standard error if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "pi.coding.cli.main", "sessions", *args],
        cwd=home / "project",
        env={"HOME": str(home), "PATH": str(home), "PYTHONPATH": os.environ.get("PYTHONPATH", "")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 else done.stderr


def data(home: Path, *args: str) -> Any:
    return json.loads(pi(home, *args, "--json"))


def test_the_list(tmp_path: Path, ids: list[str]) -> None:
    first, second = pi(tmp_path, "list").splitlines()
    assert "Sort files" in first
    assert "Why is the sky blue?" in second
    assert len(pi(tmp_path, "list", "--all").splitlines()) == 3
    rows = data(tmp_path, "list", "--all")
    assert [row["id"] for row in rows] == ids[::-1]
    assert (rows[0]["title"], rows[0]["messageCount"], rows[0]["modified"]) == (
        "Blue, too",
        2,
        3001,
    )


def test_the_ids_that_are_shown_are_good_for_the_other_commands(
    tmp_path: Path, ids: list[str]
) -> None:
    for line in pi(tmp_path, "list", "--all").splitlines():
        short = line.split()[0]
        assert short in pi(tmp_path, "rename", short, "a name")


def test_searching(tmp_path: Path, ids: list[str]) -> None:
    assert [row["id"] for row in data(tmp_path, "search", "blue")] == [ids[0]]
    assert [row["id"] for row in data(tmp_path, "search", "BLUE", "--all")] == [ids[2], ids[0]]
    assert "No session has" in pi(tmp_path, "search", '"sky is"', "--all", code=1)
    assert [row["id"] for row in data(tmp_path, "search", "blue", "is the sky")] == [ids[0]]
    assert "No session has" in pi(tmp_path, "search", "nonsense", code=1)
    assert "no regular expression" in pi(tmp_path, "search", "re:(", code=1)


def test_renaming(tmp_path: Path, ids: list[str]) -> None:
    assert data(tmp_path, "rename", ids[0], "the", "sky")["name"] == "the sky"
    assert "the sky" in pi(tmp_path, "list")
    assert data(tmp_path, "rename", ids[0], "")["name"] is None


def test_removing(tmp_path: Path, ids: list[str]) -> None:
    assert "--yes" in pi(tmp_path, "delete", ids[0], code=1)
    assert "no session has an id" in pi(tmp_path, "delete", "-y", ids[0], "zzz", code=1)
    assert len(data(tmp_path, "list")) == 2
    (gone,) = data(tmp_path, "delete", "-y", ids[0])
    assert gone["id"] == ids[0]
    assert not Path(gone["path"]).exists()
    assert [row["id"] for row in data(tmp_path, "list")] == [ids[1]]


def test_exporting(tmp_path: Path, ids: list[str]) -> None:
    page = Path(pi(tmp_path, "export", ids[0]).strip())
    assert page.parent == tmp_path / "project"
    assert "Why is the sky blue?" in page.read_text()
    branch = Path(data(tmp_path, "export", ids[0], "branch.jsonl")["path"])
    assert len(SessionLog.open(branch).state.messages) == 2


def test_what_is_no_session_is_left_alone(tmp_path: Path, ids: list[str]) -> None:
    letter = tmp_path / "project" / "letter.txt"
    letter.write_text("Dear all")
    for command in (("rename", "./letter.txt", "x"), ("delete", "-y", "./letter.txt")):
        assert "left alone" in pi(tmp_path, *command, code=1)
    assert letter.read_text() == "Dear all"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("lst",), "did you mean list"),
        (("rename", "x"), "pi sessions rename SESSION NAME"),
        (("list", "--jsn"), "--jsn"),
        (("export",), "pi sessions export"),
    ],
)
def test_wrong_words(tmp_path: Path, ids: list[str], args: tuple[str, ...], words: str) -> None:
    assert words in pi(tmp_path, *args, code=1)


def test_help(tmp_path: Path, ids: list[str]) -> None:
    for name in ("list", "search", "rename", "delete", "export"):
        assert name in pi(tmp_path, "--help")
        assert f"pi sessions {name}" in pi(tmp_path, name, "--help")


def test_there_is_nothing_yet(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    assert pi(tmp_path, "list") == ""
    assert data(tmp_path, "list") == []
