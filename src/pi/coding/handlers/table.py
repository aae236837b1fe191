"""Which function carries out which command. Prompts are not here: the controller owns the run.

The functions are loaded when the first command asks for them: a program that only prompts needs
none.
"""

from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

from msgspec import Struct

from pi.coding.api import commands as c
from pi.coding.api import extending as x
from pi.coding.handlers.desk import Desk

__all__ = ["HANDLERS", "Handler", "handler_of"]

Handler = Callable[[Desk, Any], Awaitable[Any]]

HANDLERS: dict[type[Struct], tuple[str, str]] = {
    c.Steer: ("talk", "steer"),
    c.FollowUp: ("talk", "follow_up"),
    c.Abort: ("talk", "abort"),
    c.AbortExtensions: ("talk", "abort_extensions"),
    c.ClearQueue: ("talk", "clear_queue"),
    c.SetSteeringMode: ("talk", "set_steering_mode"),
    c.SetFollowUpMode: ("talk", "set_follow_up_mode"),
    c.SetModel: ("models", "set_model"),
    c.CycleModel: ("models", "cycle_model"),
    c.GetAvailableModels: ("models", "get_available_models"),
    c.SetThinkingLevel: ("models", "set_thinking_level"),
    c.CycleThinkingLevel: ("models", "cycle_thinking_level"),
    c.GetAvailableThinkingLevels: ("models", "get_available_thinking_levels"),
    c.Compact: ("policies", "compact"),
    c.SetAutoCompaction: ("policies", "set_auto_compaction"),
    c.SetAutoRetry: ("policies", "set_auto_retry"),
    c.AbortRetry: ("policies", "abort_retry"),
    c.Bash: ("shell", "bash"),
    c.AbortBash: ("shell", "abort_bash"),
    c.GetCommands: ("looking", "get_commands"),
    c.GetState: ("looking", "get_state"),
    c.GetMessages: ("looking", "get_messages"),
    c.GetEntries: ("looking", "get_entries"),
    c.GetTree: ("looking", "get_tree"),
    c.GetSessionStats: ("looking", "get_session_stats"),
    c.GetForkMessages: ("looking", "get_fork_messages"),
    c.GetLastAssistantText: ("looking", "get_last_assistant_text"),
    c.ExportHtml: ("session", "export_html"),
    c.ExportJsonl: ("session", "export_jsonl"),
    c.SetName: ("session", "set_name"),
    c.SetLabel: ("session", "set_label"),
    c.NavigateTree: ("session", "navigate_tree"),
    x.GetShortcuts: ("extending", "get_shortcuts"),
    x.RunShortcut: ("extending", "run_shortcut"),
    x.Render: ("extending", "render"),
}
"""Type of the command to the module here and the function in it."""


def handler_of(kind: type[Struct]) -> Handler | None:
    """What carries out commands of that type; None if one session alone cannot."""
    found = HANDLERS.get(kind)
    return found and getattr(import_module(f"pi.coding.handlers.{found[0]}"), found[1])
