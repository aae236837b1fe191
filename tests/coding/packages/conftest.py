"""Git repositories on this disk, and a person's folders."""

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pi.coding.packages.manage import Shelf

Put = Callable[..., Path]
Git = Callable[..., str]

SKILL = "---\nname: {0}\ndescription: For {0}.\n---\nDo {0}.\n"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """The environment of a person with git, and nothing of the machine's own settings."""
    home = tmp_path / "home"
    home.mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.invalid",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.invalid",
    }


@pytest.fixture
def put() -> Put:
    """Write files below a folder."""

    def write(folder: Path, files: Mapping[str, str]) -> Path:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return folder

    return write


@pytest.fixture
def git(env: dict[str, str]) -> Git:
    """Run git in a folder."""

    def run(folder: Path, *words: str) -> str:
        done = subprocess.run(
            ["git", "-c", "init.defaultBranch=main", *words],
            cwd=folder,
            env=env,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    return run


@pytest.fixture
def commit(git: Git, put: Put) -> Callable[..., str]:
    """Commit files into a repository, which is made if there is none; gives the commit."""

    def make(folder: Path, files: Mapping[str, str], tag: str = "") -> str:
        put(folder, files)
        if not (folder / ".git").exists():
            git(folder, "init", "--quiet")
        git(folder, "add", "-A")
        git(folder, "commit", "--quiet", "--allow-empty", "-m", "a")
        if tag:
            git(folder, "tag", tag)
        return git(folder, "rev-parse", "HEAD")

    return make


@pytest.fixture
def repo(tmp_path: Path, commit: Callable[..., str]) -> Path:
    """A package of all kinds as a repository, tagged v1."""
    folder = tmp_path / "origin" / "tools"
    folder.mkdir(parents=True)
    files = {
        "extensions/gate.py": "def extension(pi): ...\n",
        "skills/review/SKILL.md": SKILL.format("review"),
        "prompts/fix.md": "Fix $1.\n",
        "themes/night.json": "{}",
        "README.md": "Tools.\n",
    }
    commit(folder, files, "v1")
    return folder


@pytest.fixture
def shelf(tmp_path: Path, env: dict[str, str]) -> Shelf:
    """The user's packages."""
    return Shelf(tmp_path / "agent", "user", env)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project's folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    return folder
