"""Packages of real repositories and folders: installed, renewed, removed; what goes wrong."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coding.packages.conftest import SKILL, Git, Put
from pi.ai.errors import ConfigError
from pi.coding.packages.manage import Shelf
from pi.coding.packages.manifest import KINDS
from pi.coding.packages.paths import package_paths
from pi.coding.settings_file import load

Commit = Callable[..., str]


def listed(shelf: Shelf) -> Any:
    return json.loads(shelf.file.read_text()).get("packages")


def brought(shelf: Shelf, cwd: Path, trusted: bool = False) -> dict[str, list[str]]:
    settings = load(shelf.root, cwd, env=shelf.env, trusted=trusted).settings
    found = package_paths(shelf.root, cwd, settings, trusted=trusted)
    assert found.notes == ()
    return {kind: [item.path.name for item in getattr(found, kind)] for kind in KINDS}


ALL = {
    "extensions": ["gate.py"],
    "skills": ["SKILL.md"],
    "prompts": ["fix.md"],
    "themes": ["night.json"],
}


def test_a_repository_is_cloned_and_used(shelf: Shelf, repo: Path, project: Path) -> None:
    package, contents = shelf.install(f"file://{repo}", project)
    assert package.folder == shelf.root.joinpath("git", "localhost", *repo.parts[1:])
    assert [len(contents.of(kind)) for kind in KINDS] == [1, 1, 1, 1]
    assert listed(shelf) == [f"file://{repo}"]
    assert brought(shelf, project) == ALL
    assert not [path for path in package.folder.parent.iterdir() if path != package.folder]


def test_a_folder_is_used_where_it_is(
    shelf: Shelf, project: Path, put: Put, tmp_path: Path
) -> None:
    folder = put(tmp_path / "mine", {"prompts/a.md": "A"})
    shelf.install("../mine", project)
    assert listed(shelf) == [str(folder)]
    assert brought(shelf, project)["prompts"] == ["a.md"]
    shelf.remove(str(folder), project)
    assert "packages" not in json.loads(shelf.file.read_text())
    assert (folder / "prompts" / "a.md").exists()


def test_a_project_names_its_own_folders_from_within(project: Path, put: Put, env: Any) -> None:
    put(project / "kit", {"skills/a/SKILL.md": SKILL.format("a")})
    shelf = Shelf(project / ".pi", "project", env)
    shelf.install("kit", project)
    assert listed(shelf) == ["../kit"]
    agent = project.parent / "agent"
    for trusted in (False, True):
        settings = load(agent, project, trusted=trusted).settings
        found = package_paths(agent, project, settings, trusted=trusted)
        assert [item.path.parent.name for item in found.skills] == (["a"] if trusted else [])
        assert [item.scope for item in found.skills] == (["project"] if trusted else [])


def test_a_clone_inside_an_untrusted_project_does_not_stand_in_for_mine(
    shelf: Shelf, repo: Path, project: Path, put: Put
) -> None:
    package, _ = shelf.install(f"file://{repo}", project)
    theirs = project / ".pi" / package.folder.relative_to(shelf.root)
    put(theirs, {"prompts/evil.md": "x"})
    assert brought(shelf, project)["prompts"] == ["fix.md"]
    assert brought(shelf, project, trusted=True)["prompts"] == ["evil.md"]


def test_update_takes_what_is_new(shelf: Shelf, repo: Path, project: Path, commit: Commit) -> None:
    package, _ = shelf.install(f"file://{repo}", project)
    assert shelf.update(package).state == "same"
    new = commit(repo, {"prompts/more.md": "More."})
    updated = shelf.update(package)
    assert (updated.state, updated.why.endswith(new[:12])) == ("new", True)
    assert brought(shelf, project)["prompts"] == ["fix.md", "more.md"]
    assert shelf.update(package).state == "same"


@pytest.mark.parametrize("ref", ["v1", "side", "commit"])
def test_what_is_pinned_stays(
    shelf: Shelf, repo: Path, project: Path, commit: Commit, git: Git, ref: str
) -> None:
    first = git(repo, "rev-parse", "HEAD")
    git(repo, "branch", "side")
    commit(repo, {"prompts/more.md": "More."})
    ref = first if ref == "commit" else ref
    package, _ = shelf.install(f"file://{repo}@{ref}", project)
    assert brought(shelf, project)["prompts"] == ["fix.md"]
    assert shelf.update(package).state == "pinned"
    assert git(package.folder, "rev-parse", "HEAD") == first


def test_another_ref_takes_the_place_of_the_first(
    shelf: Shelf, repo: Path, project: Path, commit: Commit
) -> None:
    commit(repo, {"prompts/more.md": "More."})
    shelf.install(f"file://{repo}@v1", project)
    shelf.install(f"file://{repo}", project)
    assert listed(shelf) == [f"file://{repo}"]
    assert brought(shelf, project)["prompts"] == ["fix.md", "more.md"]


def test_a_failed_update_keeps_what_was_there(
    shelf: Shelf, repo: Path, project: Path, commit: Commit
) -> None:
    package, _ = shelf.install(f"file://{repo}", project)
    commit(repo, {"prompts/more.md": "More."})
    objects = repo / ".git" / "objects"
    for path in objects.rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(b"")
    updated = shelf.update(package)
    assert updated.state == "failed"
    assert "\n" not in updated.why
    assert brought(shelf, project) == ALL
    assert [*package.folder.parent.iterdir()] == [package.folder]
    repo.rename(repo.with_name("away"))
    assert shelf.update(package).state == "failed"
    assert brought(shelf, project) == ALL


def test_changes_of_the_person_are_not_lost(
    shelf: Shelf, repo: Path, project: Path, commit: Commit, put: Put
) -> None:
    package, _ = shelf.install(f"file://{repo}", project)
    commit(repo, {"prompts/more.md": "More."})
    put(package.folder, {"prompts/fix.md": "My own.\n"})
    updated = shelf.update(package)
    assert (updated.state, str(package.folder) in updated.why) == ("failed", True)
    with pytest.raises(ConfigError, match="somebody changed files"):
        shelf.install(f"file://{repo}", project)
    _, kept = shelf.remove(f"file://{repo}", project)
    assert kept
    assert (package.folder / "prompts" / "fix.md").read_text() == "My own.\n"


def test_removing_takes_the_clone_away(shelf: Shelf, repo: Path, project: Path) -> None:
    package, _ = shelf.install(f"file://{repo}@v1", project)
    assert shelf.remove(f"file://{repo}", project) == (package, False)
    assert not list((shelf.root / "git").iterdir())
    with pytest.raises(ConfigError, match=r"is not in .*settings\.json; there: none"):
        shelf.remove(f"file://{repo}", project)


# -- nothing of a package runs ---------------------------------------------------------------------


def test_nothing_runs_while_a_package_comes(
    shelf: Shelf, repo: Path, project: Path, commit: Commit, git: Git, tmp_path: Path, put: Put
) -> None:
    """Hooks of a template, submodules and filters are how code in a repository gets to run."""
    ran = tmp_path / "ran"
    hooks = put(tmp_path / "template", {"hooks/post-checkout": f"#!/bin/sh\ntouch {ran}\n"})
    (hooks / "hooks" / "post-checkout").chmod(0o755)
    git(repo, "config", "--global", "init.templateDir", str(hooks))
    inner = tmp_path / "inner"
    inner.mkdir()
    commit(inner, {"prompts/x.md": "x"})
    git(repo, "-c", "protocol.file.allow=always", "submodule", "add", f"file://{inner}", "inner")
    commit(repo, {"setup.py": f"open({str(ran)!r}, 'w')", "extensions/gate.py": "1/0\n"})
    ran.unlink(missing_ok=True)
    package, _ = shelf.install(f"file://{repo}", project)
    assert not ran.exists()
    assert not list((package.folder / "inner").iterdir())
    commit(repo, {"prompts/more.md": "More."})
    ran.unlink(missing_ok=True)
    assert shelf.update(package).state == "new"
    assert not ran.exists()


def test_a_repository_that_the_environment_names_is_left_alone(
    tmp_path: Path, env: dict[str, str], repo: Path, project: Path, commit: Commit, git: Git
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    before = commit(other, {"a": "a"})
    env = env | {"GIT_DIR": str(other / ".git"), "GIT_WORK_TREE": str(other)}
    Shelf(tmp_path / "agent", "user", env).install(f"file://{repo}", project)
    assert git(other, "rev-parse", "HEAD") == before
    assert git(other, "status", "--porcelain") == ""


# -- mistakes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file:///nowhere/r", "file:///nowhere/r: git says: "),
        ("nowhere", "there is no folder "),
        ("file://REPO@v9", "there is no branch, tag or commit 'v9'"),
        ("npm:x", "npm packages are written for Node"),
    ],
)
def test_a_mistake_changes_nothing(
    shelf: Shelf, repo: Path, project: Path, text: str, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        shelf.install(text.replace("REPO", str(repo)), project)
    assert message in caught.value.message
    assert "\n" not in caught.value.message
    assert not shelf.file.exists()
    assert not [path for path in shelf.root.rglob("*") if path.is_file()]


def test_what_brings_nothing_is_not_installed(
    shelf: Shelf, project: Path, commit: Commit, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for text in (str(empty), f"file://{empty}"):
        commit(empty, {"README.md": "x"})
        with pytest.raises(ConfigError, match="brings no extensions, skills, prompts or themes"):
            shelf.install(text, project)
    assert not shelf.file.exists()
    assert not [path for path in shelf.root.rglob("*") if path.is_file()]


def test_what_somebody_wrote_beside_a_package_stays(
    shelf: Shelf, repo: Path, project: Path, put: Put
) -> None:
    text = '{\n  // from others\n  "packages": [\n    "./own", // mine\n  ],\n}\n'
    put(shelf.root, {"settings.json": text, "own/skills/x/SKILL.md": "---\nname: x\n---\n"})
    shelf.install(str(repo), project)
    shelf.remove(str(repo), project)
    assert shelf.file.read_text() == text


@pytest.mark.parametrize("content", ["{", "[]x", '{"packages": 7}'])
def test_settings_that_cannot_be_changed_are_left_alone(
    shelf: Shelf, repo: Path, project: Path, put: Put, content: str
) -> None:
    put(shelf.root, {"settings.json": content})
    with pytest.raises(ConfigError, match=r"settings\.json"):
        shelf.install(f"file://{repo}", project)
    assert shelf.file.read_text() == content
    assert not [path for path in (shelf.root / "git").rglob("*") if path.is_file()]


def test_without_git(shelf: Shelf, repo: Path, project: Path, tmp_path: Path) -> None:
    bare = Shelf(shelf.root, "user", {**shelf.env, "PATH": str(tmp_path)})
    with pytest.raises(ConfigError, match="git is not installed"):
        bare.install(f"file://{repo}", project)


def test_other_keys_and_filters_stay(shelf: Shelf, repo: Path, project: Path, put: Put) -> None:
    entry = {"source": f"file://{repo}", "skills": []}
    content = json.dumps({"theme": "dark", "packages": ["./gone", entry], "x": 1})
    put(shelf.root, {"settings.json": content})
    shelf.install(f"file://{repo}@v1", project)
    data = json.loads(shelf.file.read_text())
    assert (data["theme"], data["x"]) == ("dark", 1)
    assert data["packages"] == ["./gone", {"source": f"file://{repo}@v1", "skills": []}]


def test_two_at_once_are_both_kept(shelf: Shelf, project: Path, put: Put, tmp_path: Path) -> None:
    folders = [put(tmp_path / f"p{n}", {"prompts/a.md": "A"}) for n in range(6)]
    threads = [
        threading.Thread(target=shelf.install, args=(str(folder), project)) for folder in folders
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(listed(shelf)) == sorted(map(str, folders))


def test_a_package_that_is_not_there_is_told(shelf: Shelf, project: Path, put: Put) -> None:
    entries = ["git:host.invalid/u/r", "npm:x", "./gone"]
    put(shelf.root, {"settings.json": json.dumps({"packages": entries})})
    settings = load(shelf.root, project).settings
    notes = package_paths(shelf.root, project, settings).notes
    assert len(notes) == 3
    assert "npm packages are written for Node" in notes[0] + notes[1]
    assert any("`pi update git:host.invalid/u/r` fetches it" in note for note in notes)
