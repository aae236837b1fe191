"""The arguments of a session, beside its model."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

from pi.agent.hooks import Hooks
from pi.agent.tools import Tool
from pi.ai.client import Client
from pi.ai.model import Model, ThinkingLevel
from pi.coding.extensions.surface import Pi

__all__ = ["SessionOptions"]


class SessionOptions(TypedDict, total=False):
    """All of them may be left out."""

    tools: Sequence[str | Tool | Callable[..., Any]] | None
    """Names of built-in tools, functions, `Tool` objects. None: the built-in ones as usual."""

    thinking: ThinkingLevel | None
    """How much the model thinks."""

    system: str | None
    """The system prompt, or a file with it, instead of our own."""

    append_system: Sequence[str]
    """Texts or files after the system prompt."""

    cwd: str | Path | None
    """The working folder; by default the process's own."""

    save: bool | str | Path
    """False: in memory. True: on disk, among the sessions of `cwd`. A path: in that file."""

    resume: bool
    """With `save=True`: go on with the last session of `cwd`."""

    name: str | None
    """The session's name."""

    hooks: Sequence[Hooks]
    """Hold on to the loop; asked before the policies of the session."""

    extensions: Sequence[str | Path | Callable[[Pi], Any]]
    """Files and folders of extensions, and functions `extension(pi)`; no others are loaded."""

    client: Client | None
    """Makes the calls; by default one with the user's credentials."""

    models: Sequence[Model]
    """Models that the client can reach and the catalog does not know."""

    api_key: str | None
    """A key for the model's provider, for this session only."""

    env: Mapping[str, str] | None
    """Instead of the process's environment."""

    context_files: bool
    """Whether AGENTS.md and its kin are read."""

    skills: bool
    """Whether skills are looked for."""

    templates: bool
    """Whether prompt templates are looked for."""

    max_turns: int | None
    """End a run after so many answers."""

    max_cost: float | None
    """End a run when so many dollars were spent."""
