"""Paths as they are typed."""

import unicodedata
from pathlib import Path

import pytest

from pi.agent.tools import ToolError
from pi.coding.tools.paths import existing, resolve, shown


def test_relative_absolute_and_home(tmp_path: Path) -> None:
    assert resolve("a/b", tmp_path) == tmp_path / "a/b"
    assert resolve("/a/b", tmp_path) == Path("/a/b")
    assert resolve("~", tmp_path) == Path.home()
    assert resolve("~/a", tmp_path) == Path.home() / "a"
    assert resolve("~a", tmp_path) == tmp_path / "~a"


def test_an_at_sign_in_front_is_dropped_unless_it_is_part_of_the_name(tmp_path: Path) -> None:
    assert resolve("@a/b", tmp_path) == tmp_path / "a/b"
    (tmp_path / "@scope").mkdir()
    (tmp_path / "@file").touch()
    assert resolve("@scope/new", tmp_path) == tmp_path / "@scope/new"
    assert resolve("@file", tmp_path) == tmp_path / "@file"


def test_special_spaces_become_plain_unless_they_are_in_the_name(tmp_path: Path) -> None:
    assert resolve("a\u00a0b\u202fc", tmp_path) == tmp_path / "a b c"
    (tmp_path / "x\u00a0y").touch()
    assert resolve("x\u00a0y", tmp_path) == tmp_path / "x\u00a0y"


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Screenshot 9.41.02\u202fPM.png", "Screenshot 9.41.02 PM.png"),
        ("l\u2019été.txt", "l'été.txt"),
        (unicodedata.normalize("NFD", "été"), "été"),
        (unicodedata.normalize("NFD", "l\u2019été"), "l'été"),
    ],
)
def test_names_that_only_look_the_same_are_found(tmp_path: Path, name: str, typed: str) -> None:
    (tmp_path / "dé").mkdir()
    (tmp_path / "dé" / name).touch()
    assert existing(f"{unicodedata.normalize('NFD', 'dé')}/{typed}", tmp_path).samefile(
        tmp_path / "dé" / name
    )


def test_two_names_that_look_the_same_are_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "a\u202fb").touch()
    (tmp_path / "a\u00a0b").touch()
    with pytest.raises(ToolError, match="does not exist"):
        existing("a b", tmp_path)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("utlis.py", "utlis.py does not exist. Did you mean utils.py?"),
        ("UTILS.PY", "UTILS.PY does not exist. Did you mean utils.py?"),
        ("scr/a.py", "there is no scr in the working folder. Did you mean src?"),
        ("src/b/c", "there is no b in src."),
        ("utils.py/a", "utils.py is a file, not a folder"),
        ("dangling", "is a symbolic link to nowhere, which does not exist"),
        ("", "path is empty"),
        ("a\0b", "NUL"),
    ],
)
def test_what_is_said_when_nothing_is_there(tmp_path: Path, typed: str, message: str) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "utils.py").touch()
    (tmp_path / "dangling").symlink_to("nowhere")
    with pytest.raises(ToolError) as caught:
        existing(typed, tmp_path)
    assert message in caught.value.message


def test_errors_of_the_system_are_sentences(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ToolError, match="leads back to itself"):
        existing("loop", tmp_path)
    with pytest.raises(ToolError, match="too long"):
        existing("x" * 300, tmp_path)


def test_paths_for_messages(tmp_path: Path) -> None:
    assert shown(tmp_path / "a" / "b", tmp_path) == "a/b"
    assert shown(Path("/etc"), tmp_path) == "/etc"
