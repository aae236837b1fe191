"""All that lies around a session: trust, the command line, packages, and where each came from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pi.coding.resources.found import Resources, find_resources
from pi.coding.resources.found_themes import ThemeFile, find_themes
from pi.coding.resources.sources import Brought, places_in


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def skill(path: Path, name: str) -> Path:
    return put(path, f"---\nname: {name}\ndescription: does {name}\n---\n{name}\n")


@pytest.fixture
def around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`agent` is the user's folder, `work` the project; each has one resource of each kind."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for folder, name in ((tmp_path / "agent", "mine"), (tmp_path / "work" / ".pi", "ours")):
        skill(folder / "skills" / name / "SKILL.md", name)
        put(folder / "prompts" / f"{name}.md", f"Prompt {name}.")
        put(folder / "themes" / f"{name}.json", "{}")
        put(folder / "SYSTEM.md", f"You are {name}.")
    put(tmp_path / "work" / "AGENTS.md", "Rules of the project.")
    skill(tmp_path / "work" / ".agents" / "skills" / "shared" / "SKILL.md", "shared")
    return tmp_path


def look(around: Path, **wishes: Any) -> Resources:
    return find_resources(around / "agent", around / "work", **wishes)


def names(found: Resources) -> list[list[str]]:
    return [
        [item.name for item in items] for items in (found.skills, found.templates, found.themes)
    ]


def test_what_is_the_project_s_counts_with_trust_only(around: Path) -> None:
    found = look(around)
    assert names(found) == [["mine"], ["mine"], ["mine"]]
    assert found.instructions.custom == "You are mine."
    assert [file.content for file in found.context.files] == ["Rules of the project."]
    found = look(around, trusted=True)
    assert names(found) == [["ours", "shared", "mine"], ["ours", "mine"], ["ours", "mine"]]
    assert found.instructions.custom == "You are ours."
    assert found.notes == ()


def test_the_command_line_names_more(around: Path) -> None:
    skill(around / "work" / "extra" / "a" / "SKILL.md", "a")
    put(around / "p.md", "P")
    put(around / "t.json", "{}")
    flags = {"skills": ["extra"], "prompts": ["~/p.md"], "themes": ["../t.json", "gone.json"]}
    found = look(around, flags=flags)
    assert names(found) == [["a", "mine"], ["p", "mine"], ["t", "mine"]]
    assert found.notes == (f"theme {around / 'work' / 'gone.json'} does not exist",)
    assert [item.source_info.scope for item in found.commands()] == [
        "temporary",
        "user",
        "temporary",
        "user",
    ]
    none = look(around, flags=flags, skills=None, templates=None, themes=None)
    assert names(none) == [["a"], ["p"], ["t"]]


def test_packages_come_last_and_say_who_they_are(around: Path) -> None:
    kit = around / "kit"
    files = {
        "skills": [skill(kit / "s" / "SKILL.md", "s"), skill(kit / "m" / "SKILL.md", "mine")],
        "prompts": [put(kit / "fix.md", "Fix.")],
        "themes": [put(kit / "k.json", "{}")],
    }
    brought: dict[str, Sequence[Brought]] = {
        kind: [Brought(path, "git:h/u/kit", "user") for path in paths]
        for kind, paths in files.items()
    }
    found = look(around, brought=brought)
    assert names(found) == [["mine", "s"], ["mine", "fix"], ["mine", "k"]]
    infos = {item.name: item.source_info for item in found.commands()}
    assert (infos["fix"].source, infos["fix"].origin) == ("git:h/u/kit", "package")
    assert (infos["mine"].source, infos["mine"].origin) == ("auto", "top-level")
    mine = around / "agent" / "skills" / "mine" / "SKILL.md"
    (note,) = found.notes
    assert note == f"skill 'mine' of {kit / 'm' / 'SKILL.md'} is not used: {mine} has that name"
    found = look(around, brought=brought, skills=("!s",), templates=("!fix.md",))
    assert names(found)[:2] == [["mine"], ["mine"]]


def test_what_a_project_names_in_its_settings_is_the_project_s(around: Path) -> None:
    path = skill(around / "work" / "kept" / "k" / "SKILL.md", "k")
    found = look(around, skills=(str(path.parent.parent),))
    assert [(item.name, item.scope) for item in found.skills] == [
        ("k", "project"),
        ("mine", "user"),
    ]


def test_themes_are_found_by_their_names(tmp_path: Path) -> None:
    first = put(tmp_path / "themes" / "night.json", "{}")
    second = put(tmp_path / "themes" / "plain.json", "not read here")
    put(tmp_path / "themes" / "readme.txt", "x")
    twin = put(tmp_path / "more" / "night.json", "{}")
    (tmp_path / "more" / "y.json").symlink_to(first)
    places = places_in("themes", tmp_path, tmp_path / "work", entries=(str(tmp_path / "more"),))
    found = find_themes(reversed(places))
    assert found.themes == (
        ThemeFile("night", first, "user"),
        ThemeFile("plain", second, "user"),
    )
    assert found.notes == (f"theme 'night' of {twin} is not used: {first} has that name",)
    kept = find_themes(places, ("!*.json", "+themes/night.json"))
    assert [theme.path for theme in kept.themes] == [first]
