"""Instructions that lie in folders, and the system prompt made of them."""

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from pi.agent.tools import Tool
from pi.ai.errors import ConfigError
from pi.coding.resources.context_files import CONTEXT_NAMES, ContextFile, find_context_files
from pi.coding.resources.prompt_templates import find_templates
from pi.coding.resources.skills import Skill, find_skills, skill_places
from pi.coding.resources.sources import places_in
from pi.coding.resources.system_prompt import (
    Instructions,
    find_instructions,
    prompt_text,
    system_prompt,
)


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def contents(agent: Path, cwd: Path) -> list[str]:
    return [file.content for file in find_context_files(agent, cwd).files]


def test_user_first_then_from_the_root_down(tmp_path: Path) -> None:
    agent, cwd = tmp_path / "agent", tmp_path / "a" / "b" / "c"
    cwd.mkdir(parents=True)
    put(tmp_path / "a" / ".git" / "HEAD", "does not stop the walk")
    put(agent / "AGENTS.md", "user")
    put(tmp_path / "AGENTS.md", "\ufefftop")
    put(tmp_path / "a" / "b" / "CLAUDE.md", "middle")
    put(cwd / "AGENTS.md", "near")
    put(cwd / "below" / "AGENTS.md", "below")
    assert contents(agent, cwd) == ["user", "top", "middle", "near"]
    assert contents(cwd, cwd) == ["near", "top", "middle"]


def test_one_file_counts_in_each_folder(tmp_path: Path) -> None:
    nowhere = tmp_path / "agent"
    for name in reversed(CONTEXT_NAMES):
        put(tmp_path / name, name)
        assert contents(nowhere, tmp_path) == [name]
    put(tmp_path / "AGENTS.override.md", " \n")  # replaces the others by nothing
    assert contents(nowhere, tmp_path) == []


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    (tmp_path / "AGENTS.override.md").mkdir()
    (tmp_path / "AGENTS.md").write_bytes(b"caf\xe9")
    result = find_context_files(tmp_path / "agent", tmp_path)
    assert result.files == (ContextFile(tmp_path / "AGENTS.md", "caf\ufffd"),)
    assert result.notes == ()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads everything")
def test_forbidden_file_is_told_and_the_next_one_taken(tmp_path: Path) -> None:
    put(tmp_path / "AGENTS.md", "no").chmod(0)
    put(tmp_path / "CLAUDE.md", "yes")
    result = find_context_files(tmp_path / "agent", tmp_path)
    assert [file.content for file in result.files] == ["yes"]
    assert result.notes == (f"{tmp_path / 'AGENTS.md'} cannot be read: Permission denied",)


def git(*arguments: str, cwd: Path) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=cwd, check=True, capture_output=True)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_worktree_inside_its_repository_has_its_instructions_once(tmp_path: Path) -> None:
    main = tmp_path / "main"
    put(main / "AGENTS.md", "of main")
    git("init", "-q", cwd=main)
    git("add", ".", cwd=main)
    git("commit", "-qm", "x", cwd=main)
    git("worktree", "add", "-q", "trees/inside", cwd=main)
    git("worktree", "add", "-q", "../beside", cwd=main)
    put(main / "trees" / "inside" / "AGENTS.md", "of the worktree")
    put(main / "trees" / "AGENTS.md", "between")
    put(main / "sub" / "AGENTS.md", "sub")
    agent = tmp_path / "agent"
    assert contents(agent, main / "trees" / "inside") == ["between", "of the worktree"]
    assert contents(agent, main / "sub") == ["of main", "sub"]
    assert contents(agent, tmp_path / "beside") == ["of main"]


class Read(Tool):
    name = "read"
    description = "Reads."
    parameters: dict[str, Any] = {}
    snippet = "read files"
    guidelines = ("Read before you edit.", "Name files by their paths.")


class Bash(Tool):
    name = "bash"
    description = "Runs."
    parameters: dict[str, Any] = {}
    snippet = "run commands"
    guidelines = ("Read before you edit. ",)


class Grep(Tool):
    name = "grep"
    description = "Searches."
    parameters: dict[str, Any] = {}


SKILL = Skill("pdf", "reads PDFs", Path("/s/SKILL.md"), "user")


def test_blocks_from_the_lasting_to_the_fleeting() -> None:
    base, project, day = system_prompt(
        [Read(), Bash()],
        Path("/p"),
        "2025-01-31",
        instructions=Instructions(append=("More.", " ")),
        context=[ContextFile(Path("/p/AGENTS.md"), "Use tabs.\n")],
        skills=[SKILL],
        docs=Path("/docs"),
    )
    assert "- read: read files\n- bash: run commands" in base
    assert base.count("Read before you edit.") == 1
    assert base.count("Name files by their paths.") == 1
    assert "Look around with bash" in base
    assert str(Path("/docs/README.md")) in base
    assert project.startswith("More.\n\n# Project context")
    assert f"## {Path('/p/AGENTS.md')}\n\nUse tabs.\n\nSkills are" in project
    assert "<name>pdf</name>" in project
    assert day == f"Today: 2025-01-31\nWorking folder: {Path('/p').as_posix()}"


def test_first_block_depends_on_the_tools_only() -> None:
    first, *_ = system_prompt([Read()], Path("/a"), "2025-01-31", skills=[SKILL])
    again, *_ = system_prompt([Read()], Path("/b"), "2025-02-01")
    assert first == again
    searching, *_ = system_prompt([Bash(), Grep()], Path("/b"), "2025-02-01")
    assert "Use grep, find and ls to look around" in searching
    assert "- grep" not in searching
    nothing, _ = system_prompt([], Path("/b"), "2025-02-01")
    assert "Tools:" not in nothing


def test_skills_need_a_tool_that_reads() -> None:
    assert len(system_prompt([Grep()], Path("/p"), "d", skills=[SKILL])) == 2
    assert "file with bash" in system_prompt([Bash()], Path("/p"), "d", skills=[SKILL])[1]
    hidden = Skill("x", "x", Path("/x"), "user", hidden=True)
    assert len(system_prompt([Read()], Path("/p"), "d", skills=[hidden])) == 2


def test_custom_prompt_takes_the_place_of_ours() -> None:
    blocks = system_prompt(
        [Read()], Path("/p"), "d", instructions=Instructions("Be a poet.", ("Rhyme.",))
    )
    assert blocks == ("Be a poet.", "Rhyme.", f"Today: d\nWorking folder: {Path('/p').as_posix()}")


def test_windows_paths_have_forward_slashes() -> None:
    assert system_prompt([], Path("C:\\a\\b"), "d")[-1].endswith("C:/a/b")


def test_instructions_of_project_and_user(tmp_path: Path) -> None:
    agent, cwd = tmp_path / "agent", tmp_path / "p"
    cwd.mkdir()
    assert find_instructions(agent, cwd) == Instructions()
    put(agent / "SYSTEM.md", "\ufeffuser")
    put(agent / "APPEND_SYSTEM.md", "user too")
    put(cwd / ".pi" / "SYSTEM.md", "project")
    assert find_instructions(agent, cwd) == Instructions("user", ("user too",))
    assert find_instructions(agent, cwd, trusted=True) == Instructions("project", ("user too",))
    put(cwd / "words.txt", "words")
    asked = find_instructions(agent, cwd, custom="words.txt", append=("a", str(cwd / "words.txt")))
    assert asked == Instructions("words", ("a", "words"))
    assert find_instructions(agent, cwd, custom="").custom == ""


def test_option_that_is_a_text_or_a_file(tmp_path: Path) -> None:
    assert prompt_text("x" * 10_000, tmp_path) == "x" * 10_000
    assert prompt_text("a\0b", tmp_path) == "a\0b"
    assert prompt_text("", tmp_path) == ""
    assert prompt_text("line\nline", tmp_path) == "line\nline"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads everything")
def test_file_of_an_option_that_cannot_be_read(tmp_path: Path) -> None:
    put(tmp_path / "x", "x").chmod(0)
    with pytest.raises(ConfigError, match="cannot be read"):
        prompt_text("x", tmp_path)


def test_empty_home_costs_next_to_nothing(tmp_path: Path) -> None:
    agent, cwd = tmp_path / "agent", tmp_path / "p" / "q"
    cwd.mkdir(parents=True)

    def look() -> float:
        start = time.process_time()
        find_context_files(agent, cwd)
        find_instructions(agent, cwd, trusted=True)
        find_skills(skill_places(agent, cwd, tmp_path, trusted=True))
        find_templates(places_in("prompts", agent, cwd, trusted=True))
        return time.process_time() - start

    assert min(look() for _ in range(20)) < 0.005  # about 0.3 ms on a quiet machine
