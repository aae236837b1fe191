"""`pi install`, `list`, `update`, `remove` and `config`, as somebody would type them."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from coding.packages.conftest import Put

Pi = Callable[..., subprocess.CompletedProcess[str]]
MAIN = [sys.executable, "-m", "pi.coding.cli.main"]


@pytest.fixture
def pi(env: dict[str, str], project: Path) -> Pi:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*MAIN, *words],
            cwd=project,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_the_life_of_a_package(
    pi: Pi, repo: Path, commit: Callable[..., str], env: dict[str, str]
) -> None:
    source = f"file://{repo}"
    done = pi("install", source)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(
        f"Installed {source}: 1 extension, 1 skill, 1 prompt, 1 theme.\nIt is in {env['HOME']}"
    )
    listed = json.loads(pi("list", "--json").stdout)
    assert [(row["source"], row["scope"], row["there"]) for row in listed] == [
        (source, "user", True)
    ]
    assert f"{source}: up to date" in pi("update").stdout
    new = commit(repo, {"prompts/more.md": "More."})
    assert f"-> {new[:12]})" in pi("update", source).stdout
    assert "2 prompts" in pi("list").stdout
    assert pi("remove", f"{source}@v1").returncode == 0
    assert pi("list").stdout.startswith("There are no packages")


def test_a_package_of_the_project(pi: Pi, repo: Path, project: Path) -> None:
    done = pi("install", "-l", f"file://{repo}@v1")
    assert "It is used once you trust this project" in done.stdout
    settings = json.loads((project / ".pi" / "settings.json").read_text())
    assert settings == {"packages": [f"file://{repo}@v1"]}
    shown = pi("list").stdout
    assert "(project)" in shown
    assert "pinned to v1" in shown
    done = pi("update")
    assert "the project is not trusted" in done.stderr
    assert pi("uninstall", "-l", f"file://{repo}").returncode == 0
    assert not list((project / ".pi" / "git").iterdir())


def test_prompts_of_a_package_reach_a_run(pi: Pi, repo: Path, env: dict[str, str]) -> None:
    pi("install", f"file://{repo}")
    ask = '{"type": "get_commands"}'
    done = subprocess.run(
        [*MAIN, "--mode", "rpc", "--model", "demo", "--no-session"],
        input=ask + "\n",
        env=env,
        cwd=env["HOME"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    answer = next(line for line in done.stdout.splitlines() if "get_commands" in line)
    commands = json.loads(answer)["data"]["commands"]
    found = {item["name"]: item["sourceInfo"] for item in commands}
    assert found["fix"]["source"] == found["skill:review"]["source"] == f"file://{repo}"
    assert found["fix"]["origin"] == "package"


def test_mistakes_are_one_line(pi: Pi, env: dict[str, str]) -> None:
    for words, message in (
        (("install",), "usage: pi install SOURCE [-l]"),
        (("install", "npm:x"), "npm packages are written for Node"),
        (("install", "a", "b"), "usage: "),
        (("install", "--force", "a"), "unknown option --force"),
        (("update", "git:host/u/r"), "is not installed"),
        (("remove", "git:host/u/r"), "there: none"),
        (("config", "--enable", "x"), "there is no resource x"),
    ):
        done = pi(*words)
        assert (done.returncode, done.stdout) == (1, ""), words
        assert message in done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
    assert list(Path(env["HOME"]).iterdir()) == []


@pytest.mark.parametrize("name", ["install", "remove", "list", "update", "config"])
def test_help(pi: Pi, name: str) -> None:
    done = pi(name, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: pi {name}")


def test_config_from_a_script(pi: Pi, project: Path, put: Put) -> None:
    put(project / ".pi", {"prompts/a.md": "", "prompts/b.md": ""})
    assert "[x] prompt prompts/a.md (own)" in pi("config", "-l").stdout
    assert pi("config", "-l", "--disable", ".pi/prompts/a.md").returncode == 0
    shown = pi("config", "-l").stdout
    assert "[ ] prompt prompts/a.md" in shown
    assert "[x] prompt prompts/b.md" in shown
    pi("config", "-l", "--enable", "a", "--disable", "b")
    settings = json.loads((project / ".pi" / "settings.json").read_text())
    assert settings == {"prompts": ["-prompts/b.md"]}


def test_where_the_schemas_are(pi: Pi) -> None:
    folder = Path(pi("config", "--schemas").stdout.strip())
    names = {path.name for path in folder.glob("*.schema.json")}
    assert {"models.schema.json", "settings.schema.json", "auth.schema.json"} <= names


def test_config_in_a_terminal(env: dict[str, str], project: Path, put: Put) -> None:
    put(project / ".pi", {"prompts/a.md": "", "prompts/b.md": ""})
    person, terminal = pty.openpty()
    process = subprocess.Popen(
        [*MAIN, "config", "-l"], cwd=project, env=env, stdin=terminal, stdout=terminal
    )
    os.close(terminal)
    os.write(person, b"1, 2\n2\n\n")
    assert process.wait(30) == 0
    os.close(person)
    settings = json.loads((project / ".pi" / "settings.json").read_text())
    assert settings == {"prompts": ["-prompts/a.md"]}
