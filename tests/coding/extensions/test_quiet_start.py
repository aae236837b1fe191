"""A program without extensions loads nothing of what they need."""

import os
import subprocess
import sys
from pathlib import Path

RUN = """
import sys
from pi.coding.cli.main import main
status = main(["--model", "demo", "-p", "Show me"])
sys.stderr.write("LOADED " + " ".join(sys.modules))
sys.exit(status)
"""

UNUSED = {
    *(f"pi.coding.extensions.{name}" for name in ("bridge", "context", "hooks", "asking", "load")),
    *(f"pi.coding.extensions.{name}" for name in ("events", "surface", "watched", "bus")),
    *(f"pi.coding.handlers.{name}" for name in ("looking", "models", "session", "shell")),
    "pi.coding.packages.paths",
    "pi.coding.setup.table",
    "pi.coding.slash",
}


def loaded(home: Path) -> set[str]:
    """The modules that a run has loaded."""
    (home / "project").mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=home / "project",
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "I listed this folder" in done.stdout
    return set(done.stderr.rpartition("LOADED ")[2].split())


def test_without_extensions_there_is_no_bridge(tmp_path: Path) -> None:
    assert not UNUSED & loaded(tmp_path)


def test_with_one_there_is(tmp_path: Path) -> None:
    folder = tmp_path / ".pi" / "agent" / "extensions"
    folder.mkdir(parents=True)
    (folder / "one.py").write_text("def extension(pi):\n    pi.on('session_start', print)\n")
    assert {"pi.coding.extensions.bridge", "pi.coding.extensions.events"} <= loaded(tmp_path)
