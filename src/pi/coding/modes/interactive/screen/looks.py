"""How things look now: the theme's styles, and painters that use them."""

import os
from dataclasses import replace

from pi.coding.modes.interactive.terminal import Terminal
from pi.coding.modes.interactive.view import Block, BlockPainter, Look

__all__ = ["Looks"]

_FIRST = {
    "accent": "fg:ansicyan",
    "muted": "fg:ansibrightblack",
    "dim": "fg:ansibrightblack",
    "error": "fg:ansired",
    "warning": "fg:ansiyellow",
    "success": "fg:ansigreen",
    "selectedBg": "bold",
}
"""What holds until a theme is read."""


class Looks:
    """The look of everything. `painter` makes painters that follow it."""

    def __init__(self, terminal: Terminal) -> None:
        self.theme = "system"
        self.look = Look(
            self.style,
            home=os.path.expanduser("~"),  # noqa: PTH111
            hyperlinks=terminal.links,
            images=terminal.images,
            unicode=terminal.unicode,
        )

    def style(self, token: str) -> str:
        """A style of the theme."""
        return _FIRST.get(token, "")

    def themes(self) -> list[str]:
        """The names of all themes."""
        return ["system"]

    def use(self, name: str) -> None:
        """Use a theme. Raises `ConfigError`."""
        self.theme = name

    def painter(self, block: Block) -> BlockPainter:
        """A painter for a block."""
        from pi.coding.modes.interactive.paint import painter_of  # not before there is a block

        return painter_of(block, self.look)

    def change(self, **fields: object) -> None:
        """Look otherwise from now on: fields of `Look`."""
        self.look = replace(self.look, **fields)  # type: ignore[arg-type]
