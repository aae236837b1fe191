"""A project that is not trusted, from the command line: told in a line, and not used."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.rpc_process import Rpc


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A project with a prompt and a shell prefix; `ran` shows that its prefix has run."""
    folder = tmp_path / "project" / ".pi"
    (folder / "prompts").mkdir(parents=True)
    (folder / "prompts" / "ours.md").write_text("Ours.")
    prefix = f"touch {tmp_path / 'ran'}"
    (folder / "settings.json").write_text(json.dumps({"shellCommandPrefix": prefix}))
    return tmp_path


NOTE = (
    "Warning: this project is not trusted, so these are not used: shellCommandPrefix, .pi/prompts"
    " (--approve trusts it for this run)\n"
)


async def used(home: Path, *words: str) -> tuple[list[str], bool, str]:
    """The commands that a run has, whether the prefix has run, and what was said about it."""
    (home / "ran").unlink(missing_ok=True)
    async with Rpc(home, ("--model", "demo", "--no-session", *words)) as pi:
        commands = (await pi.data("get_commands"))["commands"]
        assert (await pi.data("bash", command="echo hi"))["output"] == "hi"
        assert pi.process.stdin is not None
        pi.process.stdin.close()
        _, said = await pi.process.communicate()
    names = [item["name"] for item in commands if item["source"] == "prompt"]
    return names, (home / "ran").exists(), said.decode()


async def test_without_an_answer_it_is_told_and_not_used(home: Path) -> None:
    assert await used(home) == ([], False, NOTE)
    assert not (home / ".pi" / "agent" / "trust.json").exists()


async def test_approve_is_for_one_run(home: Path) -> None:
    assert await used(home, "--approve") == (["ours"], True, "")
    assert await used(home) == ([], False, NOTE)


async def test_no_approve_wins_over_an_answer_and_is_silent(home: Path) -> None:
    agent = home / ".pi" / "agent"
    agent.mkdir(parents=True)
    (agent / "trust.json").write_text(json.dumps({str(home): True}))
    assert await used(home) == (["ours"], True, "")
    assert await used(home, "-na") == ([], False, "")


@pytest.mark.parametrize(
    ("setting", "expected"),
    [("ask", ([], False)), ("always", (["ours"], True)), ("never", ([], False))],
)
async def test_the_setting_counts_where_there_is_no_answer(
    home: Path, setting: str, expected: tuple[list[str], bool]
) -> None:
    agent = home / ".pi" / "agent"
    agent.mkdir(parents=True)
    (agent / "settings.json").write_text(json.dumps({"defaultProjectTrust": setting}))
    assert (await used(home))[:2] == expected


def test_both_at_once_make_no_sense(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pi.coding.cli.main", "-a", "-na", "-p", "hello"],
        cwd=home,
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: --approve and --no-approve exclude one another\n"
