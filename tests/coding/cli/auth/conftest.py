"""`pi auth` in this process, for tests that need no terminal."""

import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pi.coding.cli.main import main


class Done(NamedTuple):
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, decoded."""
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The one line of an error."""
        (line,) = [line for line in self.err.splitlines() if line.startswith("Error: ")]
        assert "Traceback" not in self.err
        return line


Auth = Callable[..., Done]


@pytest.fixture
def store(home: Path) -> Path:
    """The credential file, which is not there yet."""
    return home / ".pi" / "agent" / "auth.json"


@pytest.fixture
def auth(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Auth:
    """Run `pi auth ...` in the project folder; keywords are environment variables."""
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home / "project")

    def run(*args: str, stdin: str | bytes = b"", **env: str) -> Done:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data), "utf-8"))
        before = dict(os.environ)
        os.environ.update(env)
        try:
            code = main(["auth", *args])
        finally:
            os.environ.clear()
            os.environ.update(before)
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    return run
