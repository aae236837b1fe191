"""A home and a program for tests of the command line."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Pi = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home with a project folder in it."""
    (tmp_path / ".pi" / "agent").mkdir(parents=True)
    (tmp_path / "project").mkdir()
    return tmp_path


@pytest.fixture
def environ(home: Path) -> dict[str, str]:
    """The environment of a new user."""
    return {"PATH": os.environ["PATH"], "HOME": str(home)}


@pytest.fixture
def command() -> list[str]:
    """How to start the program."""
    return [sys.executable, "-m", "pi.coding.cli.main"]


@pytest.fixture
def pi(home: Path, environ: dict[str, str], command: list[str]) -> Pi:
    """Run `pi` in the project folder."""

    def run(*args: str, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *args],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=30,
            cwd=home / "project",
            env=environ | env,
            check=False,
        )

    return run


@pytest.fixture
def configure(home: Path) -> Callable[..., None]:
    """Write a provider `t` with a model `m`, and settings without retries."""

    def write(url: str, **settings: Any) -> None:
        model = {"id": "m", "input": ["text", "image"]}
        row = {"baseUrl": url, "api": "openai-completions", "apiKey": "test-key", "models": [model]}
        folder = home / ".pi" / "agent"
        (folder / "models.json").write_text(json.dumps({"providers": {"t": row}}))
        (folder / "settings.json").write_text(json.dumps({"retry": {"enabled": False}, **settings}))

    return write
