"""All that lies around for a session in one folder, looked for once.

Found are the instructions, context files, skills and prompt templates. From them come the system
prompt, the slash commands, and what a prompt that begins with one of them becomes.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from pi.agent.tools import Tool
from pi.coding.api.answers import CommandInfo, SourceInfo
from pi.coding.resources.context_files import ContextFiles, find_context_files
from pi.coding.resources.prompt_templates import (
    Template,
    expand_template,
    find_templates,
    template_places,
)
from pi.coding.resources.skills import Skill, expand_skill, find_skills, skill_places
from pi.coding.resources.sources import Scope, paths_of
from pi.coding.resources.system_prompt import Instructions, find_instructions, system_prompt

__all__ = ["Resources", "find_resources"]


class Resources(Struct, frozen=True):
    """What was found. notes: what people should know about it. local: the paths from settings."""

    instructions: Instructions
    context: ContextFiles
    skills: tuple[Skill, ...]
    templates: tuple[Template, ...]
    notes: tuple[str, ...]
    local: tuple[Path, ...] = ()
    skill_commands: bool = True

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
        if scope == "flag":
            return SourceInfo(str(path), "cli", "temporary", "top-level")
        named = any(path.is_relative_to(place) for place in self.local)
        return SourceInfo(str(path), "local" if named else "auto", scope, "top-level")


def find_resources(
    folder: Path,
    cwd: Path,
    *,
    system_prompt: str | None = None,
    append_system_prompt: Sequence[str] = (),
    context_files: bool = True,
    skills: Sequence[str] | None = (),
    templates: Sequence[str] | None = (),
    skill_commands: bool = True,
) -> Resources:
    """Look around from `cwd`. folder: the user's folder.

    skills, templates: what the settings say about them; None looks for none.
    """
    instructions = find_instructions(folder, cwd, custom=system_prompt, append=append_system_prompt)
    context = find_context_files(folder, cwd) if context_files else ContextFiles()
    home = Path.home()
    found_skills = find_skills(
        () if skills is None else skill_places(folder, cwd, home, entries=skills), skills or ()
    )
    found_templates = find_templates(
        () if templates is None else template_places(folder, cwd, entries=templates),
        templates or (),
    )
    return Resources(
        instructions,
        context,
        found_skills.skills,
        found_templates.templates,
        (*instructions.notes, *context.notes, *found_skills.notes, *found_templates.notes),
        tuple(paths_of((*(skills or ()), *(templates or ())))),
        skill_commands,
    )
