"""Skills: folders with a `SKILL.md` that a model reads when a task calls for it.

The form is that of https://agentskills.io/specification. A skill that breaks a rule is told of and
loaded all the same, unless nobody could know what it is for. Only heads are read to find skills;
the text below is read when a skill is used.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from pi.coding.resources.frontmatter import FrontmatterError, parse_frontmatter
from pi.coding.resources.ignore import Ignore
from pi.coding.resources.sources import (
    Brought,
    Place,
    Scope,
    first_of_each_name,
    places_of,
    read_text,
)

__all__ = ["Skill", "Skills", "expand_skill", "find_skills", "skill_places", "skills_prompt"]

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST_NAME = 64
_LONGEST_DESCRIPTION = 1024


class Skill(Struct, frozen=True):
    """A skill. `path` is its file; `hidden`: only the user calls it, the model is not told."""

    name: str
    description: str
    path: Path
    scope: Scope
    hidden: bool = False


class Skills(Struct, frozen=True):
    """The skills that were found, and what people should know about them."""

    skills: tuple[Skill, ...] = ()
    notes: tuple[str, ...] = ()


def skill_places(
    folder: Path,
    cwd: Path,
    home: Path,
    *,
    trusted: bool = False,
    entries: Sequence[str] = (),
    flags: Sequence[Path] = (),
    brought: Sequence[Brought] = (),
) -> list[Place]:
    """Where to look for skills, in the order of precedence.

    folder: the user's folder. entries: the `skills` setting. flags: from the command line.
    brought: by packages.
    """
    named, packed = places_of(entries, brought, folder, cwd)
    places = [Place(path, "flag") for path in flags]
    if trusted:
        places.append(Place(cwd / ".pi" / "skills", "project", cwd / ".pi"))
        places += [Place(path, "project", path, loose=False) for path in _agents_folders(cwd, home)]
    places += named
    places.append(Place(folder / "skills", "user", folder))
    shared = home / ".agents" / "skills"
    places.append(Place(shared, "user", shared, loose=False))
    return places + packed


def find_skills(places: Iterable[Place], entries: Sequence[str] = ()) -> Skills:
    """The skills at these places that the patterns of the `skills` setting let in."""
    notes: list[str] = []
    files = ((place, path) for place in places for path in _skill_files(place, notes))
    found = first_of_each_name(
        files,
        entries,
        lambda path, scope: _read(path, scope, notes),
        lambda name: f"skill {name!r}",
        notes,
    )
    return Skills(found, tuple(notes))


def skills_prompt(skills: Iterable[Skill], reader: str) -> str:
    """What the model is told of the skills. `reader` is the tool that it reads them with."""
    rows: list[str] = []
    for skill in skills:
        if not skill.hidden:
            rows.append(
                "  <skill>\n"
                f"    <name>{_escaped(skill.name)}</name>\n"
                f"    <description>{_escaped(skill.description)}</description>\n"
                f"    <location>{_escaped(str(skill.path))}</location>\n"
                "  </skill>"
            )
    if not rows:
        return ""
    return (
        "Skills are instructions for particular kinds of work. When the task at hand is one that a"
        f" description names, read the skill's file with {reader} before you begin. Paths in it are"
        " relative to the folder of that file.\n\n<available_skills>\n"
        + "\n".join(rows)
        + "\n</available_skills>"
    )


def expand_skill(text: str, skills: Iterable[Skill], notes: list[str]) -> str:
    """`/skill:name arguments` with the skill's text in its place; any other text as it is.

    The element is the established one, by which a session shows the command instead of the text.
    """
    match = re.fullmatch(r"/skill:(\S+)(?:\s+(.*))?", text.rstrip(), re.DOTALL)
    if match is None:
        return text
    skill = next((skill for skill in skills if skill.name == match[1]), None)
    content = None if skill is None else read_text(skill.path, notes)
    if skill is None or content is None:
        return text
    try:
        body = parse_frontmatter(content)[1]
    except FrontmatterError:
        body = content
    block = (
        f'<skill name="{skill.name}" location="{skill.path}">\n'
        f"Paths below are relative to {skill.path.parent}.\n\n{body.strip()}\n</skill>"
    )
    return f"{block}\n\n{match[2]}" if match[2] else block


def _agents_folders(cwd: Path, home: Path) -> Iterator[Path]:
    """`.agents/skills` of `cwd` and the folders above it, up to the root of the repository."""
    for folder in (cwd, *cwd.parents):
        if folder == home:
            return  # that one is the user's
        yield folder / ".agents" / "skills"
        if (folder / ".git").exists():
            return


def _skill_files(place: Place, notes: list[str]) -> Iterator[Path]:
    if place.path.is_file():
        if place.path.suffix == ".md":
            yield place.path
        else:
            notes.append(f"skill {place.path} is no Markdown file")
    elif place.path.is_dir():
        yield from _walk(place.path, "", Ignore(), loose=place.loose, above=frozenset())
    elif place.scope == "flag":
        notes.append(f"skill {place.path} does not exist")


def _walk(
    folder: Path, prefix: str, ignore: Ignore, *, loose: bool, above: frozenset[str]
) -> Iterator[Path]:
    """The skill of a folder, or else those of the folders in it."""
    real = os.path.realpath(folder)
    if real in above:
        return  # a circle of links
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except OSError:
        return
    ignore = ignore.within(folder, prefix, {entry.name for entry in entries})
    own = next((entry for entry in entries if entry.name == "SKILL.md"), None)
    if own and own.is_file() and not ignore.ignores(prefix + own.name, is_folder=False):
        yield Path(own.path)
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name == "node_modules":
            continue
        path, is_folder = prefix + entry.name, entry.is_dir()
        if ignore.ignores(path, is_folder=is_folder):
            continue
        if is_folder:
            yield from _walk(
                Path(entry.path), path + "/", ignore, loose=False, above=above | {real}
            )
        elif loose and entry.name.endswith(".md") and entry.is_file():
            yield Path(entry.path)


def _read(path: Path, scope: Scope, notes: list[str]) -> Skill | None:
    declared = path.name == "SKILL.md"
    text = read_text(path, notes)
    if text is None:
        return None
    try:
        head, _ = parse_frontmatter(text)
    except FrontmatterError as error:
        if declared:
            notes.append(f"skill {path} is not loaded: {error}")
        return None
    description = _text(head.get("description"))
    if not description:
        if declared:
            notes.append(f"skill {path} is not loaded: it has no description")
        return None
    name = _text(head.get("name")) or path.parent.name
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        notes.append(
            f"skill {path}: the name {name!r} should be at most {_LONGEST_NAME} lower-case letters,"
            " digits and single hyphens"
        )
    if len(description) > _LONGEST_DESCRIPTION:
        notes.append(
            f"skill {path}: the description has {len(description)} characters,"
            f" more than {_LONGEST_DESCRIPTION}"
        )
    return Skill(name, description, path, scope, head.get("disable-model-invocation") is True)


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _escaped(text: str) -> str:
    for char, name in (("&", "amp"), ("<", "lt"), (">", "gt"), ('"', "quot"), ("'", "apos")):
        text = text.replace(char, f"&{name};")
    return text
