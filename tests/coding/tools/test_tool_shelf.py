"""The shelf of built-in tools."""

import subprocess
import sys
from pathlib import Path

import pytest

from pi.coding.tools import ALL_TOOLS, DEFAULT_TOOLS, builtin_tools, tool_shelf
from pi.coding.tools.truncate import MAX_BYTES, MAX_LINES


def test_importing_the_shelf_loads_no_tool() -> None:
    code = (
        "import sys\nfrom pi.coding.tools import builtin_tools\n"
        "print([n for n in sys.modules if n.startswith('pi.coding.tools.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_names() -> None:
    assert tuple(builtin_tools) == ALL_TOOLS
    assert DEFAULT_TOOLS == ("read", "bash", "edit", "write")


@pytest.mark.parametrize("name", ALL_TOOLS)
def test_every_tool_tells_what_it_does(name: str) -> None:
    tool = builtin_tools.get(name)
    assert tool.name == name
    assert tool.snippet
    definition = tool.definition
    assert definition.parameters["type"] == "object"
    assert set(definition.parameters.get("required", ())) <= set(
        definition.parameters["properties"]
    )
    assert all("description" in value for value in definition.parameters["properties"].values())
    assert len(definition.description) > 40
    assert "\n\n" not in definition.description


@pytest.mark.parametrize("name", ["read", "bash"])
def test_the_limits_that_are_told_are_the_real_ones(name: str) -> None:
    text = builtin_tools.get(name).description
    assert f"{MAX_LINES} lines" in text
    assert f"{MAX_BYTES // 1024}KB" in text


def test_settings_reach_the_tools() -> None:
    shelf = tool_shelf(shell_path="/bin/other", command_prefix="set -e", resize_images=False)
    bash, read = shelf.get("bash"), shelf.get("read")
    assert vars(bash)["shell_path"] == "/bin/other"
    assert vars(bash)["command_prefix"] == "set -e"
    assert vars(read)["resize_images"] is False
    assert shelf.get("bash") is bash


def test_the_texts_for_the_model_lie_beside_the_code() -> None:
    folder = Path(sys.modules["pi.coding.tools"].__file__ or "").parent
    assert {path.stem for path in folder.glob("*.md")} == set(ALL_TOOLS)
