"""Skills: where they are found, what is said of bad ones, and how a model reads of them."""

import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pi.coding.resources.skills import (
    Skill,
    Skills,
    expand_skill,
    find_skills,
    skill_places,
    skills_prompt,
)
from pi.coding.resources.sources import Place
from pi.coding.session.display import typed_text


def put(path: Path, name: str = "", description: str = "does it", more: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    head = (f"name: {name}\n" if name else "") + (
        f"description: {description}\n" if description else ""
    )
    path.write_text(f"---\n{head}{more}---\n\nDo *this*.\n")
    return path


def found(*paths: Path, entries: tuple[str, ...] = (), loose: bool = True) -> Skills:
    return find_skills([Place(path, "user", path.parent, loose) for path in paths], entries)


def names(skills: Skills) -> list[str]:
    return [skill.name for skill in skills.skills]


def test_a_skill(tmp_path: Path) -> None:
    path = put(tmp_path / "skills" / "pdf" / "SKILL.md", "pdf", "reads: PDFs")
    result = found(tmp_path / "skills")
    assert result == Skills((Skill("pdf", "reads: PDFs", path, "user"),))


def test_folders_are_searched_down_to_a_skill(tmp_path: Path) -> None:
    root = tmp_path / "skills"
    put(root / "a" / "SKILL.md")
    put(root / "a" / "inner" / "SKILL.md")
    put(root / "group" / "b" / "SKILL.md")
    put(root / "group" / "loose.md", "grouploose")
    put(root / "c.md", "loose")
    (root / "readme.md").write_text("# no head")
    put(root / ".hidden" / "d" / "SKILL.md")
    put(root / "node_modules" / "e" / "SKILL.md")
    assert names(found(root)) == ["a", "loose", "b"]
    assert names(found(root, loose=False)) == ["a", "b"]
    assert found(root).notes == ()
    put(root / "SKILL.md", "all")
    assert names(found(root)) == ["all"]


def test_ignore_files_are_honoured(tmp_path: Path) -> None:
    root = tmp_path / "skills"
    for name in ("keep", "drop", "vendor/x", "vendor/keep", "deep/build/y", "deep/z", "old-1"):
        put(root / name / "SKILL.md")
    put(root / "note.md", "note")
    root.joinpath(".gitignore").write_text(
        "# c\n/drop/\nvendor/*\n!vendor/keep\nbuild/\nold-[0-9]\n"
    )
    root.joinpath(".ignore").write_text("*.md\n!SKILL.md\n")
    (root / "deep" / ".fdignore").write_text("/z\n")
    assert [s.path.parent.relative_to(root).as_posix() for s in found(root).skills] == ["keep"]
    (note,) = found(root).notes  # the one that was taken back in was found too
    assert note.startswith(f"skill 'keep' of {root / 'vendor' / 'keep' / 'SKILL.md'} is not used")


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_are_followed_and_counted_once(tmp_path: Path) -> None:
    root = tmp_path / "skills"
    put(tmp_path / "real" / "SKILL.md", "real")
    root.mkdir()
    (root / "one").symlink_to(tmp_path / "real")
    (root / "two").symlink_to(tmp_path / "real")
    (root / "broken").symlink_to(tmp_path / "nowhere")
    (root / "circle").mkdir()
    (root / "circle" / "round").symlink_to(root)
    result = found(root)
    assert names(result) == ["real"]
    assert result.notes == ()


def test_first_of_a_name_counts(tmp_path: Path) -> None:
    first = put(tmp_path / "one" / "a" / "SKILL.md", "same")
    second = put(tmp_path / "two" / "b" / "SKILL.md", "same")
    result = found(tmp_path / "one", tmp_path / "two")
    assert [skill.path for skill in result.skills] == [first]
    assert result.notes == (f"skill 'same' of {second} is not used: {first} has that name",)


@pytest.mark.parametrize(
    ("name", "description", "more", "loaded", "said"),
    [
        ("Bad_Name", "x", "", True, "should be at most 64 lower-case letters"),
        ("a--b", "x", "", True, "should be at most 64"),
        ("a" * 65, "x", "", True, "should be at most 64"),
        ("ok", "x" * 1025, "", True, "has 1025 characters, more than 1024"),
        ("ok", "", "", False, "has no description"),
        ("ok", '"  "', "", False, "has no description"),
        ("ok", "x", "nonsense\n", False, "is not loaded: line 4: expected 'key: value'"),
    ],
)
def test_bad_skills(
    tmp_path: Path, name: str, description: str, more: str, loaded: bool, said: str
) -> None:
    path = put(tmp_path / "s" / "d" / "SKILL.md", name, description, more)
    result = found(tmp_path / "s")
    assert bool(result.skills) is loaded
    (note,) = result.notes
    assert said in note
    assert str(path) in note


def test_name_is_that_of_the_folder_when_none_is_given(tmp_path: Path) -> None:
    put(tmp_path / "s" / "folder-name" / "SKILL.md")
    assert names(found(tmp_path / "s")) == ["folder-name"]


def test_patterns_of_the_settings(tmp_path: Path) -> None:
    root = tmp_path / "skills"
    for name in ("a-one", "a-two", "b"):
        put(root / name / "SKILL.md")
    assert names(found(root, entries=("!a-*",))) == ["b"]
    assert names(found(root, entries=("!a-*", "+skills/a-one"))) == ["a-one", "b"]
    assert names(found(root, entries=("-skills/b/SKILL.md", "!**/a-two"))) == ["a-one"]
    assert names(found(root, entries=("+skills/b", "-./skills/b/"))) == ["a-one", "a-two"]


def test_places_in_order_of_precedence(tmp_path: Path) -> None:
    home, project = tmp_path / "home", tmp_path / "repo" / "sub"
    agent = home / ".pi" / "agent"
    project.mkdir(parents=True)
    (tmp_path / "repo" / ".git").mkdir()
    put(tmp_path / ".agents" / "skills" / "outside" / "SKILL.md")
    flag = put(tmp_path / "flag.md", "x", "from the flag")
    put(project / ".pi" / "skills" / "x" / "SKILL.md", "x", "from the project")
    put(project.parent / ".agents" / "skills" / "repo" / "SKILL.md")
    put(project.parent / ".agents" / "skills" / "loose.md", "loose")
    put(tmp_path / "set" / "y" / "SKILL.md", "y", "from the settings")
    put(agent / "skills" / "y" / "SKILL.md", "y", "from the user")
    put(home / ".agents" / "skills" / "shared" / "SKILL.md")
    entries = (str(tmp_path / "set"), "!nothing")

    def look(trusted: bool, flags: tuple[Path, ...]) -> list[tuple[str, str, str]]:
        places = skill_places(agent, project, home, trusted=trusted, entries=entries, flags=flags)
        return [(s.name, s.scope, s.description) for s in find_skills(places, entries).skills]

    assert look(True, (flag,)) == [
        ("x", "flag", "from the flag"),
        ("repo", "project", "does it"),
        ("y", "user", "from the settings"),
        ("shared", "user", "does it"),
    ]
    assert look(True, ())[0] == ("x", "project", "from the project")
    assert [name for name, _, _ in look(False, ())] == ["y", "shared"]
    assert find_skills(skill_places(agent, home, home, trusted=True)).notes == ()


def test_skill_of_the_command_line_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "x.txt").touch()
    places = [Place(tmp_path / "nowhere", "flag"), Place(tmp_path / "x.txt", "flag")]
    assert find_skills(places).notes == (
        f"skill {tmp_path / 'nowhere'} does not exist",
        f"skill {tmp_path / 'x.txt'} is no Markdown file",
    )


def test_prompt_is_well_formed(tmp_path: Path) -> None:
    skills = (
        Skill("a", "<b> & \"c\" 'd'", tmp_path / "a&b" / "SKILL.md", "user"),
        Skill("secret", "hidden", tmp_path, "user", hidden=True),
    )
    text = skills_prompt(skills, "read")
    xml = ElementTree.fromstring(text[text.index("<available_skills>") :])
    assert [[child.text for child in skill] for skill in xml] == [
        ["a", "<b> & \"c\" 'd'", str(tmp_path / "a&b" / "SKILL.md")]
    ]
    assert "with read" in text
    assert skills_prompt(skills[1:], "read") == skills_prompt((), "read") == ""


def test_expanding(tmp_path: Path) -> None:
    path = put(tmp_path / "pdf" / "SKILL.md", "pdf", more="disable-model-invocation: true\n")
    skills = found(tmp_path).skills
    assert skills[0].hidden
    notes: list[str] = []
    text = expand_skill("/skill:pdf  a b\nc ", skills, notes)
    assert text == (
        f'<skill name="pdf" location="{path}">\nPaths below are relative to {path.parent}.\n\n'
        "Do *this*.\n</skill>\n\na b\nc"
    )
    assert typed_text(text) == "/skill:pdf a b\nc"
    assert typed_text(expand_skill("/skill:pdf", skills, notes)) == "/skill:pdf"
    for other in ("/skill:none x", "skill:pdf", "say /skill:pdf", "/skill:"):
        assert expand_skill(other, skills, notes) == other
    assert notes == []
    path.unlink()
    assert expand_skill("/skill:pdf", skills, notes) == "/skill:pdf"
    assert "cannot be read" in notes[0]
