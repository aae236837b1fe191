"""What a session is asked to be: by the command line, or by a program that uses us as a library."""

from typing import Any

from msgspec import Struct

from pi.agent.hooks import Hooks
from pi.agent.tools import Tool
from pi.ai.model import Model
from pi.coding.extensions.words import Mode
from pi.coding.session.store import LostFolder

__all__ = ["Extras", "Wishes"]


class Wishes(Struct, frozen=True, kw_only=True):
    """What the command line asks for; None and empty mean nothing in particular.

    paths: single files and folders, under `skills`, `prompts` and `themes`. max_cost: dollars.
    one_shot: the program ends with its last prompt, so that nothing need be made ready for a
    next one. without_model: begin even if no model can be used yet. mode: how the program runs.
    extensions: files and folders to load extensions from. find_extensions: look for others,
    where they usually are. flags: options of extensions. ask_trust: they may say that a project is
    trusted. lost_folder: what to do if the session's folder is gone.
    """

    provider: str | None = None
    model: str | None = None
    models: tuple[str, ...] = ()
    thinking: str | None = None
    api_key: str | None = None
    resume: bool = False
    session: str | None = None
    session_id: str | None = None
    session_dir: str | None = None
    no_session: bool = False
    fork: str | None = None
    name: str | None = None
    tools: tuple[str, ...] | None = None
    without_tools: tuple[str, ...] = ()
    no_builtin_tools: bool = False
    system_prompt: str | None = None
    append_system_prompt: tuple[str, ...] = ()
    context_files: bool = True
    skills: bool = True
    templates: bool = True
    themes: bool = True
    paths: dict[str, tuple[str, ...]] = {}
    max_turns: int | None = None
    max_cost: float | None = None
    one_shot: bool = False
    without_model: bool = False
    mode: Mode = "sdk"
    extensions: tuple[str, ...] = ()
    find_extensions: bool = False
    flags: dict[str, Any] = {}
    ask_trust: bool = True
    lost_folder: LostFolder = ""


class Extras(Struct, frozen=True, kw_only=True):
    """What a program that uses us as a library brings along.

    tools: offered besides the built-in ones. hooks: asked before our policies. models: known
    besides those of the catalog, and the client can reach them. env: for commands.
    """

    tools: tuple[Tool, ...] = ()
    hooks: tuple[Hooks, ...] = ()
    models: tuple[Model, ...] = ()
    env: dict[str, str] = {}
