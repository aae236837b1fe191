"""Files for `@`."""

import threading
from pathlib import Path

import pytest

from pi.coding.modes.interactive.editor.files import FileIndex, rank


def found(root: Path, query: str = "") -> list[str]:
    """All that is found, in the order in which it is offered."""
    paths, complete = FileIndex(root).find(query, 1000, threading.Event())
    assert complete
    return paths


def make(root: Path, *names: str) -> None:
    """Empty files, and folders with a slash at the end."""
    for name in names:
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()


def test_what_is_ignored_and_what_belongs_to_version_control_is_not_found(tmp_path: Path) -> None:
    make(tmp_path, ".git/config", ".env.example", "a.log", "keep.log", "sub/b.log", "sub/x.py")
    make(tmp_path, "build/out", "sub/build/out", "sub/local", "node/.git")
    (tmp_path / ".gitignore").write_text("*.log\n!keep.log\n/build/\n")
    (tmp_path / "sub/.gitignore").write_text("local\n")
    assert set(found(tmp_path, ".log")) == {"keep.log"}
    assert found(tmp_path, "out") == ["sub/build/out"]
    assert found(tmp_path, "node") == ["node/"]
    assert ".env.example" in found(tmp_path, "env")
    assert not found(tmp_path, "config")


def test_rules_above_the_folder_count_up_to_the_repository(tmp_path: Path) -> None:
    make(tmp_path, "top/.git/x", "top/in/side/a.txt", "top/in/side/b.txt", "top/in/side/c.txt")
    (tmp_path / ".gitignore").write_text("c.txt\n")
    (tmp_path / "top/.gitignore").write_text("in/side/a.txt\n")
    (tmp_path / "top/in/.gitignore").write_text("/side/b.txt\n")
    assert found(tmp_path / "top/in/side", "txt") == ["c.txt"]


def test_links_are_followed_once(tmp_path: Path) -> None:
    make(tmp_path, "real/file.txt")
    (tmp_path / "real/loop").symlink_to(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "broken").symlink_to(tmp_path / "nothing")
    assert len([path for path in found(tmp_path, "file.txt") if path.endswith("file.txt")]) == 1
    assert "broken" in found(tmp_path, "broken")


def test_a_new_file_is_found_by_the_next_walk(tmp_path: Path) -> None:
    make(tmp_path, "one")
    assert found(tmp_path, "two") == []
    make(tmp_path, "two")
    assert found(tmp_path, "two") == ["two"]


def test_told_to_stop_it_gives_nothing(tmp_path: Path) -> None:
    make(tmp_path, "one")
    stop = threading.Event()
    stop.set()
    assert FileIndex(tmp_path).find("one", 10, stop)[0] == []


@pytest.mark.parametrize("name", ["a\x1b[31mb", "new\nline"])
def test_names_that_a_terminal_would_obey_are_left_out(tmp_path: Path, name: str) -> None:
    make(tmp_path, name, "fine")
    assert found(tmp_path) == ["fine"]


def test_the_order() -> None:
    paths = ["xparserx.py", "a/b/parser.py", "parser", "parser/deep/x.py", "p_a_r_s_e_r.py"]
    paths += ["parser.py", "my_parser.py", "other.py"]
    assert rank("parser", paths, 10) == [
        "parser",
        "parser.py",
        "a/b/parser.py",
        "my_parser.py",
        "xparserx.py",
        "parser/deep/x.py",
        "p_a_r_s_e_r.py",
    ]
    assert rank("ABP", paths, 10) == ["a/b/parser.py"]
    assert rank("parser", paths, 2) == ["parser", "parser.py"]
    assert rank("", ["a/", "a/b", "c"], 5) == ["a/", "c"]
