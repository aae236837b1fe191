"""What extensions bring to a screen: keys, and looks of their own."""

from collections.abc import Sequence
from typing import Any

from pi.coding.api.extending import (
    GetShortcuts,
    Looks,
    Render,
    RunShortcut,
    ShortcutInfo,
    Shortcuts,
)
from pi.coding.extensions.calling import kept
from pi.coding.extensions.shelf import Owner, ToolLooks
from pi.coding.extensions.surface import Renderer
from pi.coding.handlers.desk import Desk

__all__ = ["get_shortcuts", "render", "run_shortcut"]


async def get_shortcuts(desk: Desk, command: GetShortcuts) -> Shortcuts:
    """All of them."""
    shelf = desk.bridge.shelf
    rows = shelf.shortcuts.values()
    return Shortcuts(
        tuple(ShortcutInfo(row.key, row.help, str(row.owner.path)) for row in rows),
        tuple(shelf.renderers.registry),
        tuple(name for name, looks in shelf.looks.items() if looks.call is not None),
        tuple(name for name, looks in shelf.looks.items() if looks.result is not None),
    )


async def run_shortcut(desk: Desk, command: RunShortcut) -> None:
    """Do it. Raises `ConfigError`."""
    await desk.bridge.press(command.key)


async def render(desk: Desk, command: Render) -> Looks:
    """Have it drawn."""
    shelf = desk.bridge.shelf
    given: tuple[Any, ...] = (command.content, command.details, command.expanded)
    looks = shelf.looks.get(command.name, ToolLooks())
    owner: Owner | None = None
    draw: Renderer | None
    if command.what == "tool_call":
        draw, given = looks.call, (command.content, command.expanded)
    elif command.what == "tool_result":
        draw = looks.result
        given = (command.content, command.details, command.is_error, command.expanded)
    else:
        draw = shelf.renderers.get(command.name)
        owner = shelf.renderers.owner(command.name) if draw else None
    if draw is None:
        return Looks()
    owner = owner or shelf.tools.owner(command.name)
    try:
        with kept():
            return Looks(_lines(draw(*given)))
    except Exception as error:
        desk.bridge.failed(owner, f"the renderer of {command.name}", error)
        return Looks()


def _lines(drawn: str | Sequence[str]) -> tuple[str, ...]:
    """Lines, whatever was given."""
    if isinstance(drawn, str):
        return tuple(drawn.split("\n"))
    return tuple(str(line) for line in drawn)
