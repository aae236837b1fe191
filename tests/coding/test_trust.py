"""Trust in a project: what needs it, who has decided, and that an answer is kept with care."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pi.ai.errors import ConfigError
from pi.coding.api.ui import NoUser
from pi.coding.trust import (
    Trust,
    ask_trust,
    decide,
    forget,
    held_back_note,
    is_trusted,
    load_trusted,
    needs_trust,
    remember,
    trust_file,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "agent"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "work" / "project"
    path.mkdir(parents=True)
    return path


def put(path: Path, content: Any = "x") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


# -- what needs it ---------------------------------------------------------------------------------


def test_a_project_with_nothing_of_its_own_needs_no_trust(folder: Path, project: Path) -> None:
    put(project / "AGENTS.md")
    put(project / ".pi" / "settings.json", {"theme": "dark"})
    (project / ".pi" / "extensions").mkdir()
    assert needs_trust(project) == ()
    assert decide(folder, project) == Trust()
    assert held_back_note(()) == ""
    assert not folder.exists()


def test_what_needs_trust_is_named(project: Path, tmp_path: Path) -> None:
    settings = (
        '{// ours\n"shellPath": "/bin/sh", "packages": ["./p"], "theme": "x", "skills": null}'
    )
    put(project / ".pi" / "settings.json", settings)
    for name in ("extensions/a.py", "skills/a/SKILL.md", "prompts/p.md", "themes/t.json"):
        put(project / ".pi" / name)
    put(project / ".pi" / "SYSTEM.md")
    put(project / ".agents" / "skills" / "b" / "SKILL.md")
    put(project.parent / ".agents" / "skills" / "c" / "SKILL.md")
    put(tmp_path / ".agents" / "skills" / "d" / "SKILL.md")
    (project.parent / ".git").mkdir()
    assert needs_trust(project) == (
        "packages",
        "shellPath",
        ".pi/extensions",
        ".pi/skills",
        ".pi/prompts",
        ".pi/themes",
        ".pi/SYSTEM.md",
        ".agents/skills",
        str(project.parent / ".agents" / "skills"),
    )
    assert ".agents/skills" not in needs_trust(project, home=project)


@pytest.mark.parametrize("settings", ["{", "[]", "7", '"\\ud800"', "\xff", "[" * 3000])
def test_settings_that_cannot_be_read_let_nothing_in(project: Path, settings: str) -> None:
    put(project / ".pi" / "settings.json", settings)
    assert needs_trust(project) == ()


# -- who has decided -------------------------------------------------------------------------------


def test_the_nearest_answer_counts(folder: Path, project: Path) -> None:
    assert is_trusted(folder, project) is None
    remember(folder, project.parent, True)
    assert is_trusted(folder, project) is True
    remember(folder, project, False)
    assert is_trusted(folder, project) is False
    assert is_trusted(folder, project.parent / "other") is True
    forget(folder, project)
    assert is_trusted(folder, project) is True
    assert json.loads(trust_file(folder).read_text()) == {str(project.parent): True}


def test_a_link_means_the_folder_that_it_leads_to(
    folder: Path, project: Path, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(project)
    remember(folder, link, True)
    assert is_trusted(folder, project) is True
    assert list(json.loads(trust_file(folder).read_text())) == [os.path.realpath(project)]


def test_the_file_of_the_established_program_is_read(folder: Path, project: Path) -> None:
    put(trust_file(folder), {str(project): None, str(project.parent): True, "/": False})
    assert is_trusted(folder, project) is True
    assert is_trusted(folder, Path("/elsewhere")) is False


def test_flag_before_answer_before_setting(folder: Path, project: Path) -> None:
    put(project / ".pi" / "extensions" / "a.py")
    waits = (".pi/extensions",)
    assert decide(folder, project) == Trust(False, waits)
    assert decide(folder, project, default="never") == Trust(False, waits, True)
    assert decide(folder, project, default="always") == Trust(True, waits, True)
    remember(folder, project, False)
    assert decide(folder, project, default="always") == Trust(False, waits, True)
    assert decide(folder, project, flag=True) == Trust(True, waits, True)
    remember(folder, project, True)
    assert decide(folder, project) == Trust(True, waits, True)
    assert decide(folder, project, flag=False) == Trust(False, waits, True)


@pytest.mark.parametrize(
    ("user", "flag", "shell", "trusted"),
    [
        ({}, None, None, False),
        ({}, True, "/bin/dash", True),
        ({"defaultProjectTrust": "always"}, None, "/bin/dash", True),
        ({"defaultProjectTrust": "always"}, False, None, False),
        ({"defaultProjectTrust": "never"}, None, None, False),
    ],
)
def test_settings_and_trust_together(
    folder: Path, project: Path, user: Any, flag: bool | None, shell: str | None, trusted: bool
) -> None:
    put(folder / "settings.json", user)
    mine = {"shellPath": "/bin/dash", "theme": "light", "defaultProjectTrust": "always"}
    put(project / ".pi" / "settings.json", mine)
    loaded, trust = load_trusted(folder, project, flag=flag)
    assert loaded.settings.shell_path == shell
    assert loaded.settings.theme == "light"
    assert trust.trusted is trusted
    assert trust.waits == ("shellPath",)


def test_one_line_says_what_is_not_used(folder: Path, project: Path) -> None:
    put(project / ".pi" / "prompts" / "p.md")
    note = held_back_note(decide(folder, project).waits)
    assert note == (
        "this project is not trusted, so these are not used: .pi/prompts"
        " (--approve trusts it for this run)"
    )


# -- keeping answers -------------------------------------------------------------------------------


@pytest.mark.parametrize("content", ["{", "[]", '"x"', "\x00", "[" * 5000])
def test_a_damaged_file_trusts_nobody_and_is_left_alone(
    folder: Path, project: Path, content: str
) -> None:
    put(project / ".pi" / "prompts" / "p.md")
    put(trust_file(folder), content)
    assert is_trusted(folder, project) is None
    (note,) = load_trusted(folder, project)[0].notes
    assert note.startswith(f"{trust_file(folder)} ")
    assert "\n" not in note
    with pytest.raises(ConfigError, match=r"the answer is not kept: .*trust\.json"):
        remember(folder, project, True)
    assert trust_file(folder).read_text() == content


def test_answers_of_many_processes_are_all_kept(folder: Path, project: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from pi.coding.trust import remember\n"
        "for n in range(5): remember(Path(sys.argv[1]), Path(sys.argv[2], str(n)), True)"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", code, str(folder), str(project / name)])
        for name in "abc"
    ]
    assert [run.wait() for run in runs] == [0, 0, 0]
    assert len(json.loads(trust_file(folder).read_text())) == 15
    assert [path.name for path in folder.iterdir()] == ["trust.json"]


class Person(NoUser):
    """Chooses the option with this number, and hears what is said."""

    def __init__(self, number: int | None) -> None:
        self.number = number
        self.heard: list[str] = []

    async def select(
        self, title: str, options: Sequence[str], *, timeout: float | None = None
    ) -> str | None:
        self.heard.append(title)
        return None if self.number is None else options[self.number]

    def notify(self, message: str, level: Any = "info") -> None:
        self.heard.append(message)


@pytest.mark.parametrize(
    ("number", "trusted", "kept", "kept_above"),
    [
        (0, False, False, None),
        (1, True, True, None),
        (2, True, True, True),
        (3, True, None, None),
        (4, False, None, None),
        (None, False, None, None),
    ],
)
async def test_asking(
    folder: Path,
    project: Path,
    number: int | None,
    trusted: bool,
    kept: bool | None,
    kept_above: bool | None,
) -> None:
    person = Person(number)
    assert await ask_trust(person, folder, project, (".pi/extensions", "shellPath")) is trusted
    assert is_trusted(folder, project) is kept
    assert is_trusted(folder, project.parent) is kept_above
    (title,) = person.heard
    assert str(project) in title
    assert ".pi/extensions, shellPath" in title


async def test_nobody_to_ask_means_no(folder: Path, project: Path) -> None:
    assert not await ask_trust(NoUser(), folder, project, ("shellPath",))
    assert is_trusted(folder, project) is None


async def test_an_answer_that_cannot_be_kept_counts_this_time(folder: Path, project: Path) -> None:
    put(trust_file(folder), "{")
    person = Person(1)
    assert await ask_trust(person, folder, project, ("shellPath",))
    assert "the answer is not kept" in person.heard[1]
