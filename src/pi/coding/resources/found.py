"""All that lies around for a session in one folder, looked for once.

Found are the instructions, context files, skills and prompt templates. From them come the system
prompt, the slash commands, and what a prompt that begins with one of them becomes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from msgspec import Struct

from pi.agent.tools import Tool
from pi.coding.api.answers import CommandInfo, SourceInfo
from pi.coding.resources.context_files import ContextFiles, find_context_files
from pi.coding.resources.found_themes import ThemeFile, find_themes
from pi.coding.resources.prompt_templates import (
    Template,
    expand_template,
    find_templates,
)
from pi.coding.resources.skills import Skill, expand_skill, find_skills, skill_places
from pi.coding.resources.sources import Brought, Place, Scope, flag_paths, paths_of, places_in
from pi.coding.resources.system_prompt import Instructions, find_instructions, system_prompt

__all__ = ["Resources", "find_resources"]


class Resources(Struct, frozen=True):
    """What was found. notes: what people should know about it. local: the paths from settings.

    packages: of files that packages bring, the source of the package.
    """

    instructions: Instructions
    context: ContextFiles
    skills: tuple[Skill, ...]
    templates: tuple[Template, ...]
    notes: tuple[str, ...]
    local: tuple[Path, ...] = ()
    skill_commands: bool = True
    themes: tuple[ThemeFile, ...] = ()
    packages: Mapping[Path, str] = {}

    def expand(self, text: str) -> str:
        """What a prompt becomes: the skill or template that it names, or the text itself."""
        if not text.startswith("/"):
            return text
        if self.skill_commands and text.startswith("/skill:"):
            return expand_skill(text, self.skills, [])
        expanded = expand_template(text, self.templates)
        return text if expanded is None else expanded

    def commands(self) -> tuple[CommandInfo, ...]:
        """What a prompt may begin with."""
        found: list[CommandInfo] = []
        for item in self.templates:
            source = self._source(item.path, item.scope)
            found.append(CommandInfo(item.name, "prompt", source, item.description))
        for item in self.skills if self.skill_commands else ():
            source = self._source(item.path, item.scope)
            found.append(CommandInfo(f"skill:{item.name}", "skill", source, item.description))
        return tuple(found)

    def scope_of(self, item: Skill | Template | ThemeFile) -> str:
        """`flag`, `project`, `user`, or `package` for what a package brings."""
        return "package" if item.path in self.packages else item.scope

    def system_prompt(self, tools: Iterable[Tool], cwd: Path, date: str) -> tuple[str, ...]:
        """The blocks of the system prompt."""
        return system_prompt(
            tools,
            cwd,
            date,
            instructions=self.instructions,
            context=self.context.files,
            skills=self.skills,
        )

    def _source(self, path: Path, scope: Scope) -> SourceInfo:
        package = self.packages.get(path)
        if package is not None:
            return SourceInfo(str(path), package, scope, "package")
        if scope == "flag":
            return SourceInfo(str(path), "cli", "temporary", "top-level")
        named = any(path.is_relative_to(place) for place in self.local)
        return SourceInfo(str(path), "local" if named else "auto", scope, "top-level")


def find_resources(
    folder: Path,
    cwd: Path,
    *,
    trusted: bool = False,
    system_prompt: str | None = None,
    append_system_prompt: Sequence[str] = (),
    context_files: bool = True,
    skills: Sequence[str] | None = (),
    templates: Sequence[str] | None = (),
    themes: Sequence[str] | None = (),
    flags: Mapping[str, Sequence[str]] | None = None,
    brought: Mapping[str, Sequence[Brought]] | None = None,
    skill_commands: bool = True,
) -> Resources:
    """Look around from `cwd`. folder: the user's folder.

    trusted: whether the project's own resources count. skills, templates, themes: what the settings
    say about them; None looks for none but those that were named. flags: paths of the command line
    and brought: files of packages, under `skills`, `prompts` and `themes`.
    """
    named = {kind: flag_paths(paths, cwd) for kind, paths in (flags or {}).items()}
    packed = brought or {}
    instructions = find_instructions(
        folder, cwd, trusted=trusted, custom=system_prompt, append=append_system_prompt
    )
    context = find_context_files(folder, cwd) if context_files else ContextFiles()

    def look(
        kind: str, entries: Sequence[str] | None, places: Callable[..., list[Place]] | None = None
    ) -> list[Place]:
        flags_of_kind = named.get(kind, ())
        if entries is None:
            return [Place(path, "flag") for path in flags_of_kind]
        places = places or partial(places_in, kind)
        return places(
            folder,
            cwd,
            trusted=trusted,
            entries=entries,
            flags=flags_of_kind,
            brought=packed.get(kind, ()),
        )

    found_skills = find_skills(
        look("skills", skills, partial(skill_places, home=Path.home())), skills or ()
    )
    found_templates = find_templates(look("prompts", templates), templates or ())
    found_themes = find_themes(look("themes", themes), themes or ())
    return Resources(
        instructions,
        context,
        found_skills.skills,
        found_templates.templates,
        (
            *instructions.notes,
            *context.notes,
            *found_skills.notes,
            *found_templates.notes,
            *found_themes.notes,
        ),
        tuple(paths_of((*(skills or ()), *(templates or ())))),
        skill_commands,
        found_themes.themes,
        {item.path: item.package for items in packed.values() for item in items},
    )
