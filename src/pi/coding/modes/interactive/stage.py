"""Where dialogs appear: in place of the editor, one at a time, the transcript stays above.

A dialog is one awaitable file: it builds a `Pane`, gives it to the stage and gets its result.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Protocol

from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.layout.containers import AnyContainer

__all__ = ["Pane", "Stage"]


@dataclass(slots=True, eq=False)
class Pane:
    """What a dialog shows. `result` is set by its keys; None means that it was given up.

    covers: it is so high that it lies over the end of the transcript instead of moving all of it.
    unasked: it waits until nobody types, and takes no key that is typed when it appears.
    """

    container: AnyContainer
    keys: KeyBindings
    focus: Any = None
    covers: bool = False
    unasked: bool = False
    result: "asyncio.Future[Any]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Stage(Protocol):
    """What the screen offers to dialogs."""

    async def show(self, pane: Pane) -> Any:
        """Show the pane until its result is there, and give it. Others wait for their turn.

        What was typed in the editor is there again afterwards. Cancelling the task closes it.
        """
        ...

    def style(self, token: str) -> str:
        """A style of the theme, see `pi.coding.modes.interactive.view.Look`."""
        ...

    def keys(self, action: str) -> tuple[tuple[str, ...], ...]:
        """The key sequences of an action of the keymap, in prompt_toolkit's names."""
        ...

    @property
    def columns(self) -> int:
        """Width of the terminal in cells."""
        ...

    @property
    def rows(self) -> int:
        """Height of the terminal."""
        ...

    def redraw(self) -> None:
        """Draw again soon."""
        ...
