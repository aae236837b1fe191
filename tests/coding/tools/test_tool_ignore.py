"""Ignore rules and globs, with git as the reference."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pi.coding.tools.search.globs import translate
from pi.coding.tools.search.select import choice, matcher, normalised
from pi.coding.tools.search.walk import walk

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is the reference")

names = st.sampled_from(["a", "b", "ab", "a.b", ".h", "A", "a b", "#a", "!a", "[x]"])
paths = st.lists(names, min_size=1, max_size=4).map("/".join)
parts = st.sampled_from(
    ["a", "b", "ab", "*", "?", "a*", "*.b", "**", "[ab]", "[!a]", "[^b]", "[a-b]*", "a.b", ".h",
     "\\#a", "\\!a", "\\[x]", "a b", "a\\ ", "***", "[", "[[:alpha:]]", "a\\*"]
)  # fmt: skip
rules = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", "", "", "!"]),
    st.sampled_from(["", "", "/", "**/"]),
    st.lists(parts, min_size=1, max_size=3).map("/".join),
    st.sampled_from(["", "", "/", "/**", "/*"]),
    st.sampled_from(["", "", " ", "\r"]),
)
rule_files = st.lists(st.one_of(rules, st.sampled_from(["", "# no", "*", "!*/", "/"])), max_size=4)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository without a work tree, to be put beside one."""
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", "--bare", str(folder)], check=True)
    return folder


def seen_by_git(root: Path, repository: Path) -> list[str]:
    arguments = ["ls-files", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(
        [
            "git",
            f"--git-dir={repository}",
            f"--work-tree={root}",
            "-c",
            "core.bare=false",
            "-c",
            "core.excludesFile=",
            *arguments,
        ],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(filter(None, done.stdout.split("\0")))


def grow(root: Path, files: list[str], ignores: dict[str, list[str]]) -> None:
    for name in files:
        path = root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                path.touch()
        except (FileExistsError, NotADirectoryError):
            continue  # a name that is a file already cannot be a folder
    for folder, lines in ignores.items():
        if (root / folder).is_dir():
            (root / folder / ".gitignore").write_text("\n".join(lines), encoding="utf-8")


def walked(root: Path) -> list[str]:
    return [entry.path for entry in walk(str(root)) if entry.is_file]


@needs_git
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(paths, min_size=3, max_size=10), rule_files, rule_files, rule_files)
def test_the_files_that_git_would_see(
    tmp_path_factory: pytest.TempPathFactory,
    repository: Path,
    files: list[str],
    top: list[str],
    inner: list[str],
    deeper: list[str],
) -> None:
    root = tmp_path_factory.mktemp("tree")
    grow(root, files, {"": top, "a": inner, "a/b": deeper, "ab": inner})
    assert sorted(walked(root)) == seen_by_git(root, repository)
    shutil.rmtree(root)


def make_tree(root: Path, *names: str, **contents: str) -> None:
    for name in names:
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    for name, text in contents.items():
        (root / name.replace("_", "/") / ".gitignore").write_text(text)


def test_the_order_is_fixed_and_folders_come_first(tmp_path: Path) -> None:
    make_tree(tmp_path, "b/x", "b/a/y", "a.c", "a/z", "A", ".h/f", "empty/")
    assert [entry.path for entry in walk(str(tmp_path))] == [
        ".h", ".h/f", "A", "a", "a/z", "a.c", "b", "b/a", "b/a/y", "b/x", "empty",
    ]  # fmt: skip


def test_version_control_is_left_out(tmp_path: Path) -> None:
    make_tree(tmp_path, ".git/config", ".hg/x", ".svn/x", ".jj/x", "sub/.git", ".gitignore", "f")
    assert walked(tmp_path) == [".gitignore", "f"]


def test_rules_hold_outside_of_a_repository_and_from_above(tmp_path: Path) -> None:
    make_tree(tmp_path, "r/f.log", "r/f.txt", r="*.log")
    (tmp_path / ".gitignore").write_text("*.txt")
    assert walked(tmp_path / "r") == [".gitignore"]


def test_rules_end_at_the_border_of_a_repository(tmp_path: Path) -> None:
    make_tree(tmp_path, "in/.git/HEAD", "in/f.txt", "in/sub/g.txt", "f.txt", "g")
    (tmp_path / ".gitignore").write_text("*.txt")
    assert walked(tmp_path) == [".gitignore", "g", "in/f.txt", "in/sub/g.txt"]
    assert walked(tmp_path / "in/sub") == ["g.txt"]


def test_a_rule_of_one_folder_does_not_reach_its_sibling(tmp_path: Path) -> None:
    make_tree(tmp_path, "a/x.log", "b/x.log", a="*.log")
    assert walked(tmp_path) == ["a/.gitignore", "b/x.log"]


def test_a_question_mark_is_a_character_and_not_a_byte(tmp_path: Path) -> None:
    make_tree(tmp_path, "é", "éé")
    (tmp_path / ".gitignore").write_text("?")
    assert walked(tmp_path) == [".gitignore", "éé"]


def test_other_sources_of_rules(tmp_path: Path) -> None:
    make_tree(tmp_path, ".git/info/", "a", "b", "c", "sub/b")
    (tmp_path / ".git/info/exclude").write_text("/a\n/c")
    (tmp_path / ".gitignore").write_text("!/c\nb")
    (tmp_path / ".ignore").write_text("!/b")
    assert walked(tmp_path) == [".gitignore", ".ignore", "b", "c"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    make_tree(tmp_path, "a/f")
    (tmp_path / "a/loop").symlink_to("..")
    assert [tuple(entry) for entry in walk(str(tmp_path))] == [
        ("a", True, False),
        ("a/f", False, True),
        ("a/loop", False, False),
    ]


def test_a_deep_tree(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 300)
    deep.mkdir(parents=True)
    assert len(list(walk(str(tmp_path)))) == 300


@pytest.mark.parametrize(
    ("pattern", "hits", "misses"),
    [
        ("*.py", ["a.py", ".py", "x/a.py"], ["a.pyc", "a/b.py/c"]),
        ("a/*.py", ["a/b.py", "x/a/b.py"], ["a/x/b.py", "b.py"]),
        ("**/a.py", ["a.py", "x/y/a.py"], ["xa.py"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b", "z/a/b"], ["a/xb"]),
        ("a/**", ["a/b", "a/b/c", "x/a/b"], ["a", "ab"]),
        ("{a,b*}.{ts,js}", ["a.ts", "bx.js"], ["c.ts", "a.tsx"]),
        ("{a,{b,c}}", ["a", "b", "c"], ["{a", "d"]),
        ("{a", ["{a"], ["a"]),
        ("[a-c]x", ["ax", "cx"], ["dx", "x"]),
        ("[!a]", ["b"], ["a", ""]),
        ("a?c", ["abc", "a.c"], ["ac", "abbc"]),
        ("\\*", ["*"], ["a"]),
        ("A", ["A"], ["a"]),
        ("[", ["["], ["a"]),
    ],
)
def test_globs_of_find(pattern: str, hits: list[str], misses: list[str]) -> None:
    wanted = matcher(pattern)
    assert [path for path in hits if not wanted(path, False)] == []
    assert [path for path in misses if wanted(path, False)] == []


def test_a_slash_at_the_end_asks_for_folders() -> None:
    assert matcher("a/")("x/a", True)
    assert not matcher("a/")("x/a", False)


def test_patterns_of_find_are_relative() -> None:
    assert normalised("./a/*.py", "/r") == "a/*.py"
    assert normalised("/r/a/*.py", "/r") == "a/*.py"
    assert normalised("/a", "/") == "a"


def test_what_a_glob_of_grep_says() -> None:
    py, not_py, anchored = choice("*.py"), choice("!*.py"), choice("src/**/*.py")
    assert [py("a/b.py", False), py("a.c", False), py("a", True)] == [True, False, None]
    assert [not_py("b.py", False), not_py("a.c", False), not_py("a", True)] == [False, None, None]
    assert [anchored("src/a/b.py", False), anchored("x/src/b.py", False)] == [True, False]


@given(st.text(max_size=12), st.booleans())
def test_any_text_is_a_pattern(pattern: str, braces: bool) -> None:
    import re

    re.compile(translate(pattern, braces=braces))
