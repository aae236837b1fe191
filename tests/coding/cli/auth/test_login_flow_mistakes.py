"""A login flow of an extension with a mistake: one line, whichever part of it is wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXTENSION = """
from pi.extensions import LoginFlow, OAuth

class Broken(LoginFlow):
    id = "broken"

    async def login(self, ui):
        return await ui.choose("How?")

    async def refresh(self, credential):
        return {"access": nowhere}

    def overlay(self, model, credential):
        return credential.extra["headers"]

def extension(pi):
    pi.register_provider("broken", base_url="http://127.0.0.1:9/v1", api="openai-completions",
        models=[{"id": "m"}], login=Broken())
"""


@pytest.mark.parametrize(
    ("args", "expires", "said"),
    [
        (("auth", "login", "broken", "--yes"), None, "TypeError: "),
        (("auth", "token", "broken"), 0, "NameError: name 'nowhere' is not defined"),
        (("--model", "broken/m", "-p", "hi"), 0, "NameError: name 'nowhere' is not defined"),
        (("--model", "broken/m", "-p", "hi"), 1 << 52, "KeyError: 'headers'"),
    ],
)
def test_it_is_one_line_with_its_place(
    home: Path, args: tuple[str, ...], expires: int | None, said: str
) -> None:
    done = _run(home, args, expires, EXTENSION)
    assert done.returncode == 1, done
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert f"the login flow broken failed: {said}" in line
    assert "(broken.py line " in line
    assert "Traceback" not in done.stderr
    stored = {} if expires is None else {"broken": _login(expires)}
    assert json.loads((home / ".pi/agent/auth.json").read_text()) == stored


def _run(
    home: Path, args: tuple[str, ...], expires: int | None, extension: str
) -> "subprocess.CompletedProcess[str]":
    agent = home / ".pi" / "agent"
    (agent / "extensions").mkdir(parents=True)
    (agent / "extensions" / "broken.py").write_text(extension)
    stored = {} if expires is None else {"broken": _login(expires)}
    (agent / "auth.json").write_text(json.dumps(stored))
    return subprocess.run(
        [sys.executable, "-m", "pi", *args],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=home,
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
        check=False,
    )


def _login(expires: int) -> dict[str, object]:
    return {"type": "oauth", "refresh": "r0", "access": "a0", "expires": expires}


@pytest.mark.parametrize(
    ("old", "new", "args", "said"),
    [
        (
            'await ui.choose("How?")',
            '"a token"',
            ("auth", "login", "broken", "--yes"),
            "the login flow broken gave no OAuth or ApiKey, but a value of str",
        ),
        ("nowhere", "1", ("auth", "token", "broken"), "it gave no OAuth, but a dict"),
    ],
)
def test_what_is_no_credential_is_not_stored(
    home: Path, old: str, new: str, args: tuple[str, ...], said: str
) -> None:
    done = _run(home, args, 0, EXTENSION.replace(old, new))
    assert done.returncode == 1, done
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert json.loads((home / ".pi/agent/auth.json").read_text()) == {"broken": _login(0)}
