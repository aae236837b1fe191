"""The page on settings names every key, and tells truly which of them do something."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pi.coding.settings import PackageSource, Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "settings.md").read_text()
KEPT = set(re.findall(r"`([\w.]+)`", PAGE.partition("## Read and kept")[2].partition("\n## ")[0]))


def keys(kind: type[msgspec.Struct], prefix: str = "") -> dict[str, str]:
    """All keys as files name them, and their fields in code."""
    found: dict[str, str] = {}
    for field in msgspec.structs.fields(kind):
        inner: Any = field.type
        if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            found |= keys(inner, f"{prefix}{field.encode_name}.")
        else:
            found[prefix + field.encode_name] = field.name
    return found


ALL = keys(Settings)


def code() -> str:
    """All of the program but where settings are declared and listed for people."""
    files = [
        path
        for path in (ROOT / "src" / "pi").rglob("*.py")
        if path.name not in ("settings.py", "setting_rows.py", "settings_file.py")
    ]
    return "\n".join(path.read_text() for path in files)


@pytest.fixture(scope="module")
def program() -> str:
    return code()


@pytest.mark.parametrize("key", [*ALL, *keys(PackageSource)])
def test_the_page_names_it(key: str) -> None:
    assert re.search(rf"`{re.escape(key)}`", PAGE), key


@pytest.mark.parametrize("key", ALL)
def test_something_reads_it_unless_the_page_says_otherwise(key: str, program: str) -> None:
    last = key.rpartition(".")[2]
    reads = re.search(rf"\.{ALL[key]}\b|\"(?:[\w.]+\.)?{last}\"", program)
    assert bool(reads) or key in KEPT, key


def test_what_is_only_kept_exists() -> None:
    assert set(ALL) >= KEPT
