"""`python -m pi` is the command `pi`."""

import subprocess
import sys
from pathlib import Path

from pi._version import __version__


def python_m_pi(home: Path, *args: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "pi", *args],
        cwd=home,
        env={"PATH": "/usr/bin:/bin", "HOME": str(home)},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )


def test_it_is_the_command(tmp_path: Path) -> None:
    assert python_m_pi(tmp_path, "--version").stdout == f"{__version__}\n"
    done = python_m_pi(tmp_path, "--model", "demo", "-p", "Show me")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Done: I listed this folder")


def test_its_exit_code_is_that_of_the_command(tmp_path: Path) -> None:
    done = python_m_pi(tmp_path, "--nonsense")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: unknown option --nonsense")
