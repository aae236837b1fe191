"""What a package brings, and which of it the settings let in."""

import json
from pathlib import Path

import pytest

from coding.packages.conftest import SKILL, Put
from pi.ai.errors import ConfigError
from pi.coding.packages.manage import Shelf
from pi.coding.packages.manifest import KINDS, contents, let_in
from pi.coding.packages.paths import package_paths
from pi.coding.packages.switches import find_switch, switch, switches
from pi.coding.settings import PackageSource, Settings


def names(folder: Path) -> dict[str, list[str]]:
    found = contents(folder)
    lists = {
        kind: [path.relative_to(folder).as_posix() for path in found.of(kind)] for kind in KINDS
    }
    return {kind: paths for kind, paths in lists.items() if paths}


def test_the_usual_folders(tmp_path: Path, put: Put) -> None:
    files = {
        "extensions/a.py": "",
        "extensions/_help.py": "",
        "extensions/b/__init__.py": "",
        "extensions/c/not_one.py": "",
        "extensions/d.ts": "",
        "skills/loose.md": SKILL.format("loose"),
        "skills/one/SKILL.md": SKILL.format("one"),
        "skills/one/deep/SKILL.md": "not looked at",
        "skills/group/two/SKILL.md": SKILL.format("two"),
        "skills/group/readme.md": "",
        "skills/node_modules/x/SKILL.md": "",
        "prompts/p.md": "",
        "prompts/sub/q.md": "",
        "prompts/r.txt": "",
        "themes/t.json": "",
    }
    assert names(put(tmp_path, files)) == {
        "extensions": ["extensions/a.py", "extensions/b/__init__.py"],
        "skills": ["skills/group/two/SKILL.md", "skills/loose.md", "skills/one/SKILL.md"],
        "prompts": ["prompts/p.md"],
        "themes": ["themes/t.json"],
    }


FILES = {
    "src/gate.py": "",
    "src/other.py": "",
    "docs/skills/a/SKILL.md": SKILL.format("a"),
    "text/one.md": "",
    "text/two.md": "",
    "text/draft.md": "",
    "prompts/unlisted.md": "",
}
LISTS = {
    "extensions": ["./src/gate.py"],
    "skills": ["docs/skills"],
    "prompts": ["text/*.md", "!text/draft.md"],
}
TOML = """
extensions = ["./src/gate.py"]
skills = ["docs/skills"]
prompts = ["text/*.md", "!text/draft.md"]
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pi.toml", TOML),
        ("pyproject.toml", f'[project]\nname = "x"\ndependencies = ["httpx>1"]\n[tool.pi]\n{TOML}'),
        ("package.json", json.dumps({"name": "x", "pi": LISTS})),
    ],
)
def test_a_manifest_says_what_counts(tmp_path: Path, put: Put, name: str, text: str) -> None:
    put(tmp_path, {**FILES, name: text})
    assert names(tmp_path) == {
        "extensions": ["src/gate.py"],
        "skills": ["docs/skills/a/SKILL.md"],
        "prompts": ["text/one.md", "text/two.md"],
    }
    requires = ("httpx>1",) if name == "pyproject.toml" else ()
    assert contents(tmp_path).requires == requires


def test_a_project_without_our_table_has_the_usual_folders(tmp_path: Path, put: Put) -> None:
    put(tmp_path, {**FILES, "pyproject.toml": "[project]\nname='x'", "package.json": '{"a": 1}'})
    assert names(tmp_path) == {"prompts": ["prompts/unlisted.md"]}


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("extensions = 7", "the manifest's extensions is no list of paths"),
        ("extensions = [7]", "the manifest's extensions is no list of paths"),
        ('extensions = ["gone.py"]', "the manifest names 'gone.py', which is not there"),
        ('extensions = ["../outside.py"]', "'../outside.py' leads out of the package"),
        ('extensions = ["/etc"]', "'/etc' leads out of the package"),
        ('extensions = ["../*.py"]', "'../*.py' leads out of the package"),
        ('extensions = ["/e*c"]', "'/e*c' is no path inside the package"),
        ('extensions = ["link.py"]', "'link.py' leads out of the package"),
        ("extensions = [", "pi.toml cannot be used"),
        ('"\\u0000" = 1\x00', "pi.toml cannot be used"),
    ],
)
def test_a_wrong_manifest_is_one_line(tmp_path: Path, put: Put, text: str, note: str) -> None:
    put(tmp_path, {"outside.py": ""})
    folder = put(tmp_path / "package", {"pi.toml": text})
    (folder / "link.py").symlink_to(tmp_path / "outside.py")
    found = contents(folder)
    assert found.empty
    (told,) = found.notes
    assert note in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (None, "abc"),
        ((), ""),
        (("prompts/a.md",), "a"),
        (("prompts/[ab].md",), "ab"),
        (("prompts",), "abc"),
        (("!prompts/a.md",), "bc"),
        (("!prompts/*", "+prompts/b.md"), "b"),
        (("-prompts/a.md",), "bc"),
        (("prompts/*", "-./prompts/a.md"), "bc"),
        (("+prompts/a.md", "-prompts/a.md"), "bc"),
        (("nothing",), ""),
    ],
)
def test_filters(filters: tuple[str, ...] | None, expected: str) -> None:
    base = Path("/base")
    let = [n for n in "abc" if let_in(base / "prompts" / f"{n}.md", base, filters)]
    assert "".join(let) == expected


def test_a_project_filters_what_the_user_has(tmp_path: Path, put: Put) -> None:
    kit = put(tmp_path / "kit", {"prompts/a.md": "", "prompts/b.md": "", "themes/t.json": ""})
    mine = PackageSource(str(kit), themes=())

    def prompts(*packages: str | PackageSource) -> list[str]:
        settings = Settings(packages=packages)
        found = package_paths(tmp_path / "agent", tmp_path / "project", settings)
        assert found.notes == ()
        return [item.path.name for item in (*found.prompts, *found.themes)]

    assert prompts(mine) == ["a.md", "b.md"]
    assert prompts(mine, str(kit)) == ["a.md", "b.md", "t.json"]
    assert prompts(mine, PackageSource(str(kit), prompts=("prompts/a.md",))) == ["a.md", "t.json"]
    delta = PackageSource(str(kit), autoload=False, prompts=("-prompts/a.md",))
    assert prompts(mine, delta) == ["b.md"]


# -- single resources on and off -------------------------------------------------------------------


@pytest.fixture
def filled(shelf: Shelf, tmp_path: Path, put: Put) -> Shelf:
    files = {"prompts/a.md": "", "skills/s/SKILL.md": SKILL.format("s"), "extensions/e.py": ""}
    kit = put(tmp_path / "kit", files)
    put(shelf.root, {"prompts/own.md": "", "skills/mine/SKILL.md": SKILL.format("mine")})
    shelf.install(str(kit), tmp_path)
    return shelf


def on(shelf: Shelf) -> list[str]:
    return [item.name for item in switches(shelf) if item.on]


EVERYTHING = ["skills/mine", "prompts/own.md", "extensions/e.py", "skills/s", "prompts/a.md"]


@pytest.mark.parametrize("name", EVERYTHING)
def test_off_and_on_again_leaves_the_settings_as_they_were(filled: Shelf, name: str) -> None:
    before = filled.file.read_bytes()
    assert on(filled) == EVERYTHING
    switch(filled, find_switch(switches(filled), name, Path("/")), False)
    assert on(filled) == [item for item in EVERYTHING if item != name]
    switch(filled, find_switch(switches(filled), name, Path("/")), True)
    assert on(filled) == EVERYTHING
    assert filled.file.read_bytes() == before


def test_what_a_pattern_leaves_out_can_be_taken_in(filled: Shelf, put: Put, tmp_path: Path) -> None:
    package = {"source": str(tmp_path / "kit"), "prompts": [], "skills": ["!*"]}
    data = {"prompts": ["!*.md"], "packages": [package]}
    put(filled.root, {"settings.json": json.dumps(data)})
    assert on(filled) == ["skills/mine", "extensions/e.py"]
    for name in ("own", "a.md", str(tmp_path / "kit" / "skills" / "s")):
        switch(filled, find_switch(switches(filled), name, tmp_path), True)
    assert on(filled) == EVERYTHING
    assert json.loads(filled.file.read_text()) == {
        "prompts": ["!*.md", "+prompts/own.md"],
        "packages": [{**package, "prompts": ["prompts/a.md"], "skills": ["!*", "+skills/s"]}],
    }


def test_a_name_that_means_several_or_none(filled: Shelf, put: Put) -> None:
    put(filled.root, {"prompts/s.md": ""})
    with pytest.raises(ConfigError, match=r"s may be several: .*s\.md, .*SKILL\.md"):
        find_switch(switches(filled), "s", Path("/"))
    with pytest.raises(ConfigError, match="there is no resource nothing"):
        find_switch(switches(filled), "nothing", Path("/"))
