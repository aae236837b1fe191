"""Extensions on the command line: -e, -ne, options of their own, and output that stays pure."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

LOUD = """
import sys
print("loud at import")
def extension(pi):
    print("loud at load")
    pi.register_flag("loud", kind=str, help="how loud")
    pi.register_flag("model", help="taken")
    pi.register_command("model", print)
    pi.register_command("leave", lambda arguments, context: context.shutdown())
    pi.register_command("stay", lambda arguments, context: context.ui.notify(pi.flag("loud")))
    @pi.on("session_start")
    def start(event, context):
        print("loud at start")
        sys.stdout.write("loud again")
"""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `pi` with the demonstration."""
    (tmp_path / "project").mkdir()

    def call(*args: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "pi.coding.cli.main", *args],
            input=stdin,
            cwd=tmp_path / "project",
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
        )

    return call


@pytest.fixture
def loud(tmp_path: Path) -> Path:
    """An extension of the user that prints."""
    path = tmp_path / ".pi" / "agent" / "extensions" / "loud.py"
    path.parent.mkdir(parents=True)
    path.write_text(LOUD)
    return path


def test_output_stays_pure(run: Run, loud: Path) -> None:
    done = run("--model", "demo", "--mode", "json", "-p", "Show me")
    assert all(json.loads(line) for line in done.stdout.splitlines())
    assert "loud" not in done.stdout
    for words in ("loud at import", "loud at load", "loud at start", "loud again"):
        assert words in done.stderr
    done = run("--model", "demo", "-p", "Show me")
    assert done.stdout.startswith("Done: I listed this folder")
    assert "loud" not in done.stdout


def test_names_of_our_own_are_not_taken(run: Run, loud: Path) -> None:
    done = run("--model", "demo", "-p", "Show me")
    assert f"{loud}:7: --model is not added: pi has one of that name" in done.stderr
    assert f"{loud}:8: /model is not added: pi has one of that name" in done.stderr


@pytest.mark.parametrize("args", [("--loud", "very"), ("--loud=very",)])
def test_an_option_of_an_extension(run: Run, loud: Path, args: tuple[str, ...]) -> None:
    done = run(*args, "--model", "demo", "-p", "/stay")
    assert "Info: very" in done.stderr
    assert (done.stdout, done.returncode) == ("", 0)


def test_an_option_of_nobody(run: Run, loud: Path) -> None:
    done = run("--model", "demo", "--laud", "-p", "Show me")
    assert done.returncode == 1
    assert "Error: unknown option --laud (did you mean --loud" in done.stderr
    assert done.stdout == ""
    done = run("--model", "demo", "-p", "Show me", "--loud")
    assert "Error: --loud needs a value: --loud VALUE" in done.stderr
    done = run("-ne", "--model", "demo", "--loud=1", "-p", "Show me")
    assert "Error: unknown option --loud" in done.stderr
    assert "loud at import" not in done.stderr


def test_a_path_that_is_not_there(run: Run, tmp_path: Path) -> None:
    done = run("-e", "nowhere.py", "--model", "demo", "-p", "Show me")
    assert done.returncode == 1
    path = tmp_path / "project" / "nowhere.py"
    assert done.stderr == (
        f"Error: --extension nowhere.py: there is no such file or folder ({path})\n"
    )


def test_help_lists_options_of_extensions(run: Run, loud: Path) -> None:
    done = run("--help")
    assert "how loud (loud)" in done.stdout
    assert "Options of extensions" not in run("--help", "-ne").stdout


def test_a_project_is_not_run_before_it_is_trusted(run: Run, tmp_path: Path) -> None:
    own = tmp_path / "project" / ".pi" / "extensions" / "own.py"
    own.parent.mkdir(parents=True)
    own.write_text("print('ran')\ndef extension(pi):\n    pass\n")
    assert "ran" not in run("--model", "demo", "-p", "Show me").stderr.splitlines()
    assert "ran" in run("-a", "--model", "demo", "-p", "Show me").stderr.splitlines()


def test_an_extension_ends_the_program(run: Run, loud: Path) -> None:
    command = '{"id": 1, "type": "prompt", "message": "/leave"}\n'
    with subprocess.Popen(
        [sys.executable, "-m", "pi.coding.cli.main", "--model", "demo", "--mode", "rpc"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "HOME": str(loud.parents[3])},
        cwd=loud.parents[3] / "project",
        text=True,
    ) as process:
        assert process.stdin is not None
        process.stdin.write(command)
        process.stdin.flush()  # the input stays open: it is the extension that ends it
        try:
            assert process.wait(20) == 0
        finally:
            process.kill()


def test_a_path_in_the_settings_that_is_not_there(run: Run, tmp_path: Path) -> None:
    settings = tmp_path / ".pi" / "agent" / "settings.json"
    settings.parent.mkdir(parents=True)
    there = tmp_path / "there.py"
    there.write_text("def extension(pi):\n    print('it is loaded')\n")
    settings.write_text(f'{{\n  "extensions": ["{there}", "gone.py", "!*.bak", "-old.py"]\n}}\n')
    done = run("--model", "demo", "-p", "Show me")
    assert done.returncode == 0
    assert done.stderr == (
        f"Warning: {settings} line 2: extensions names {settings.parent / 'gone.py'}, and there is"
        " no such file or folder\nit is loaded\n"
    )
    project = tmp_path / "project" / ".pi" / "settings.json"
    project.parent.mkdir()
    project.write_text('{"extensions": ["lost.py"]}')
    assert "lost.py" not in run("--model", "demo", "-p", "Show me").stderr
    assert f"{project} line 1: extensions names {project.parent / 'lost.py'}, and" in (
        run("-a", "--model", "demo", "-p", "Show me").stderr
    )
