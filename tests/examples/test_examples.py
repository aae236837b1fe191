"""Every example runs as it is: without key, without network, without warnings."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.source import SRC

EXAMPLES = SRC.parent / "examples"

SAYS = {
    "ask.py": ["Done: I listed this folder"],
    "branches.py": ["demo/demo: 14 answers", "from before 'Show me': 0 messages", "Two ways, 14"],
    "extended.py": ["This house is not rebuilt", "tool calls: bash"],
    "guard.py": ["refused: bash"],
    "one_call.py": ["Paris.", "Two, and a half."],
    "process.py": ["> bash", "Done: I listed", "(0)", "refused: unknown provider"],
    "rpc_by_hand.py": ["> write", "Done: I listed", "6 tool calls"],
    "steer.py": ["with steering: stop", "after an abort: the run was aborted"],
    "stream.py": ["> bash", "(it failed)", "Done: I listed"],
    "tools.py": ['temperature: {"celsius":21.5', "The cellar has no window.", "wide open"],
}


def test_all_examples_are_known() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == SAYS.keys()
    listed = re.findall(r"^\| `(\w+\.py)`", (EXAMPLES / "README.md").read_text(), re.MULTILINE)
    assert set(listed) == SAYS.keys()


@pytest.mark.parametrize("name", SAYS)
def test_an_example_runs(name: str, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("Hello\n")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / name)],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    for words in SAYS[name]:
        assert words in done.stdout
    assert "Traceback" not in done.stderr
