"""What is written down about packages agrees with itself."""

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import pi
from support.source import imports

ROOT = Path(__file__).parents[1]


@cache
def _pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _pins(lock: str) -> dict[str, str]:
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)(?:\[[^]]*\])?==(\S+)", text, re.M))


def test_the_locks_hold_what_the_project_asks_for() -> None:
    project = _pyproject()
    extras = project["project"]["optional-dependencies"]
    asked = {
        "run.txt": project["project"]["dependencies"]
        + [line for name, lines in extras.items() if name != "all" for line in lines],
        "test.txt": project["dependency-groups"]["test"],
        "lint.txt": project["dependency-groups"]["lint"],
    }
    for lock, lines in asked.items():
        pins = _pins(lock)
        for requirement in map(Requirement, lines):
            pinned = pins.get(canonicalize_name(requirement.name), "none")
            assert pinned in requirement.specifier, f"{lock}: {requirement} but {pinned}"


@pytest.mark.parametrize("lock", ["run.txt", "test.txt", "lint.txt"])
def test_locks_name_no_place_and_hash_everything(lock: str) -> None:
    """Where packages come from is the business of the machine that installs them."""
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    assert not re.search(r"^\s*-[-a-z]*(index|find-links|trusted)|://", text, re.M)
    blocks = re.split(r"\n(?=\S)", text)
    assert all("--hash=sha256:" in block for block in blocks if not block.startswith("#"))


def test_one_version() -> None:
    project = _pyproject()["project"]
    assert project["version"] == pi.__version__


def test_all_extra_is_all_extras() -> None:
    project = _pyproject()["project"]
    extras = set(project["optional-dependencies"]) - {"all"}
    (everything,) = project["optional-dependencies"]["all"]
    assert set(re.split(r"[\[\],]", everything)[1:-1]) == extras


def test_what_tests_and_benches_import_is_locked() -> None:
    """A package that happens to be in somebody's environment is not there on a clean clone."""
    files = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "bench").glob("*.py")]
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    roots = {name.partition(".")[0] for tree in trees for name, _ in imports(tree)}
    local = {file.stem for file in files} | {file.parent.name for file in files} | {"pi", "tests"}
    pins = _pins("run.txt").keys() | _pins("test.txt").keys()
    makers = packages_distributions()
    strangers = {
        name: makers.get(name, [])
        for name in roots - local - sys.stdlib_module_names
        if not {canonicalize_name(maker) for maker in makers.get(name, [])} & pins
    }
    assert not strangers
