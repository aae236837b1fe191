"""What handlers may return, beside plain values; `pi.coding.extensions.events` says when."""

from pathlib import Path
from typing import Any

from msgspec import Struct

from pi.ai.messages import UserContent

__all__ = [
    "Cancel",
    "Discovered",
    "Handled",
    "Note",
    "Patch",
    "StartWith",
    "Summary",
]


class Cancel(Struct, frozen=True):
    """Do not do it. `reason` is shown to people."""

    reason: str = ""


class Handled(Struct, frozen=True):
    """It is dealt with: nothing is asked of the model."""


class Note(Struct, frozen=True):
    """Something for the model to read, in the extension's own name.

    kind: names it, for renderers. display: whether people see it. details: JSON data for renderers.
    """

    content: str
    kind: str = "note"
    display: bool = True
    details: Any = None


class StartWith(Struct, frozen=True, kw_only=True):
    """For one run: a message after the prompt, another system prompt (its blocks)."""

    message: Note | None = None
    system_prompt: tuple[str, ...] | None = None


class Patch(Struct, frozen=True, kw_only=True):
    """What to change of a tool's result; None leaves it as it is."""

    content: str | tuple[UserContent, ...] | None = None
    details: Any = None
    is_error: bool | None = None


class Summary(Struct, frozen=True):
    """The summary to use instead of one that a model would write. `details` is JSON data."""

    text: str
    details: Any = None


class Discovered(Struct, frozen=True, kw_only=True):
    """Files and folders in which there are resources."""

    skills: tuple[Path, ...] = ()
    prompts: tuple[Path, ...] = ()
    themes: tuple[Path, ...] = ()
