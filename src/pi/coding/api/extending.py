"""Commands about what extensions bring to a screen, and their answers: keys, looks of their own.

They are ours: the established protocol has no words for them. `EXTENDING_ANSWERS` says which type
answers which command.
"""

from typing import Any, Literal

from msgspec import Struct

from pi.coding.api.base import Answer, CommandBase

__all__ = [
    "EXTENDING_ANSWERS",
    "ExtendingCommand",
    "GetShortcuts",
    "Looks",
    "Render",
    "RunShortcut",
    "ShortcutInfo",
    "Shortcuts",
]


class GetShortcuts(CommandBase, frozen=True):
    """The keys of extensions, and what they draw themselves."""


class RunShortcut(CommandBase, frozen=True):
    """Do what a key of an extension does."""

    key: str


class Render(CommandBase, frozen=True):
    """Have an extension draw something.

    what: a message or an entry of an extension, `name` being its kind, `content` its text or data;
    a tool call, `name` being the tool, `content` its arguments; or its result, with text and
    details. expanded: with all there is to see.
    """

    what: Literal["message", "entry", "tool_call", "tool_result"]
    name: str
    content: Any
    details: Any = None
    is_error: bool = False
    expanded: bool = False


class ShortcutInfo(Answer, frozen=True):
    """A key, written as in `keybindings.json`. `path`: of the extension."""

    key: str
    help: str
    path: str


class Shortcuts(Answer, frozen=True):
    """The keys. messages: kinds of messages and entries that are drawn by an extension. tool_calls,
    tool_results: the tools whose calls and results are."""

    shortcuts: tuple[ShortcutInfo, ...] = ()
    messages: tuple[str, ...] = ()
    tool_calls: tuple[str, ...] = ()
    tool_results: tuple[str, ...] = ()


class Looks(Answer, frozen=True):
    """What was drawn, line by line; None if no extension draws that, or if it failed."""

    lines: tuple[str, ...] | None = None


ExtendingCommand = GetShortcuts | RunShortcut | Render

EXTENDING_ANSWERS: dict[type[Struct], Any] = {
    GetShortcuts: Shortcuts,
    RunShortcut: None,
    Render: Looks,
}
"""Type of the answer by type of the command."""
