"""The system prompt, in blocks from the most lasting to the most fleeting.

The first block depends on the tools only, the second on the project, the last on the day and the
folder; so what a provider has cached of the beginning stays good. A custom prompt takes the place
of the first block.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from pi.agent.tools import Tool
from pi.ai.errors import ConfigError
from pi.coding.resources.context_files import ContextFile
from pi.coding.resources.skills import Skill, skills_prompt
from pi.coding.resources.sources import read_text

__all__ = ["Instructions", "find_instructions", "prompt_text", "system_prompt"]

_ROLE = (
    "You are a coding agent. You work in the user's terminal, in a program called pi: you look at"
    " files, run commands, change code and create files by calling tools, until the task is done."
)
_MORE_TOOLS = "There may be further tools than these; use what is declared to you."
_EXPLORE_WITH_TOOLS = (
    "Use grep, find and ls to look around rather than bash: they are faster and skip ignored files."
)
_EXPLORE_WITH_BASH = "Look around with bash: ls, find, rg or grep."
_ALWAYS = (
    "Keep answers short and to the point.",
    "Name files by their paths.",
)


class Instructions(Struct, frozen=True):
    """The user's own words for the system prompt. `custom` replaces ours, `append` follows."""

    custom: str | None = None
    append: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def find_instructions(
    folder: Path,
    cwd: Path,
    *,
    trusted: bool = False,
    custom: str | None = None,
    append: Sequence[str] = (),
) -> Instructions:
    """`SYSTEM.md` and `APPEND_SYSTEM.md` of a trusted project, or else of the user's `folder`.

    `custom` and `append` come from the command line and win; each is a text or the path of a file.
    """
    notes: list[str] = []
    places = ([cwd / ".pi"] if trusted else []) + [folder]
    texts = tuple(prompt_text(value, cwd) for value in append)
    if custom is not None:
        chosen: str | None = prompt_text(custom, cwd)
    else:
        chosen = _first(places, "SYSTEM.md", notes)
    if not append:
        found = _first(places, "APPEND_SYSTEM.md", notes)
        texts = () if found is None else (found,)
    return Instructions(chosen, texts, tuple(notes))


def prompt_text(value: str, cwd: Path) -> str:
    """What an option of the command line says: the content of a file, or the value itself."""
    try:
        is_file = (cwd / value).is_file()
    except (OSError, ValueError):  # too long for a path, or with a NUL
        return value
    if not is_file:
        return value
    notes: list[str] = []
    text = read_text(cwd / value, notes)
    if text is None:
        raise ConfigError(notes[0])
    return text


def system_prompt(
    tools: Iterable[Tool],
    cwd: Path,
    today: str,
    *,
    instructions: Instructions = Instructions(),  # noqa: B008 (frozen)
    context: Sequence[ContextFile] = (),
    skills: Sequence[Skill] = (),
    docs: Path | None = None,
) -> tuple[str, ...]:
    """The blocks of the system prompt.

    today: a date such as `2025-01-31`; no time, so that the prompt is the same all day. docs: the
    folder of the program's own documentation, if it is installed.
    """
    tools = tuple(tools)
    names = {tool.name for tool in tools}
    parts = [instructions.custom] if instructions.custom else _our_words(tools, names, docs)
    project = [text for text in instructions.append if text.strip()]
    if context:
        project.append(_project(context))
    reader = next((name for name in ("read", "bash") if name in names), None)
    told = skills_prompt(skills, reader) if reader else ""
    if told:
        project.append(told)
    here = str(cwd).replace("\\", "/")
    blocks = ("\n\n".join(parts), "\n\n".join(project), f"Today: {today}\nWorking folder: {here}")
    return tuple(block for block in blocks if block)


def _our_words(tools: Sequence[Tool], names: set[str], docs: Path | None) -> list[str]:
    parts = [_ROLE]
    listed = [f"- {tool.name}: {tool.snippet}" for tool in tools if tool.snippet]
    if listed:
        parts.append("Tools:\n" + "\n".join(listed) + f"\n\n{_MORE_TOOLS}")
    parts.append("Guidelines:\n" + "\n".join(f"- {rule}" for rule in _guidelines(tools, names)))
    if docs is not None:
        parts.append(
            "When the user asks about pi itself (settings, models, skills, extensions, sessions),"
            f" read its documentation first: {docs / 'README.md'} and the files beside it."
        )
    return parts


def _guidelines(tools: Sequence[Tool], names: set[str]) -> list[str]:
    rules: list[str] = []
    if "bash" in names:
        rules.append(_EXPLORE_WITH_TOOLS if names & {"grep", "find", "ls"} else _EXPLORE_WITH_BASH)
    for tool in tools:
        rules += tool.guidelines
    rules += _ALWAYS
    return list(dict.fromkeys(rule.strip() for rule in rules if rule.strip()))


def _project(context: Sequence[ContextFile]) -> str:
    parts = ["# Project context\n\nInstructions for work in this folder, the nearest last."]
    parts += [f"## {file.path}\n\n{file.content.strip()}" for file in context]
    return "\n\n".join(parts)


def _first(places: Sequence[Path], name: str, notes: list[str]) -> str | None:
    for place in places:
        if os.path.isfile(place / name):  # noqa: PTH113
            text = read_text(place / name, notes)
            if text is not None:
                return text
    return None
