"""How things look now: the theme's styles, and painters that use them."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pi.ai.errors import ConfigError
from pi.coding.api.setup import Resources
from pi.coding.modes.interactive.terminal import Terminal
from pi.coding.modes.interactive.themes import Background, background_of, load_theme, theme_names
from pi.coding.modes.interactive.view import Block, BlockPainter, Look

__all__ = ["Looks"]


class Looks:
    """The look of everything. `painter` makes painters that follow it.

    theme: the name that was asked for. terminal: what it can do, as far as is known.
    """

    def __init__(self, terminal: Terminal, env: Mapping[str, str]) -> None:
        self.theme = "system"
        self.terminal = terminal
        self._env = env
        self._places: tuple[Path, ...] = ()
        self._background: Background = background_of(env.get("COLORFGBG", ""))
        self._styles = load_theme(self.theme, background=self._background)
        self.look = Look(
            self.style,
            home=os.path.expanduser("~"),  # noqa: PTH111
            hyperlinks=terminal.links,
            images=terminal.images,
            unicode=terminal.unicode,
        )

    def style(self, token: str) -> str:
        """A style of the theme."""
        return self._styles.style(token)

    def found(self, resources: Resources) -> None:
        """Know these themes besides ours. The one in use is read anew by `use`."""
        self._places = tuple(Path(theme.path) for theme in resources.themes)

    def broken(self) -> tuple[Path, ...]:
        """Those of them that cannot be used at all."""
        themes = (load_theme(str(path)) for path in self._places)
        return tuple(p for p, t in zip(self._places, themes, strict=True) if t.path is None)

    def themes(self) -> Sequence[str]:
        """The names of all themes."""
        return theme_names(self._places)

    def use(self, name: str) -> tuple[str, ...]:
        """Use a theme from now on; gives what is wrong with it."""
        self._styles = load_theme(name, self._places, self._background)
        self.theme = name
        return self._styles.problems

    def choose(self, name: str) -> None:
        """Use a theme that somebody has named. Raises `ConfigError`, and all stays as it was."""
        theme = load_theme(name, self._places, self._background)
        if theme.problems:
            raise ConfigError(theme.problems[0].removesuffix(f" {theme.name} is used."))
        self._styles, self.theme = theme, name

    def answered(self, reply: str) -> bool:
        """Hear what the terminal says of its background; whether that changes anything."""
        found = background_of(answer=reply) if reply.startswith("\x1b]11;") else "unknown"
        if found in ("unknown", self._background):
            return False
        self._background = found
        self.use(self.theme)
        return True

    def settle(self, settings: Mapping[str, Any], cwd: str) -> tuple[str, ...]:
        """Follow the settings; gives what is wrong with the theme."""
        terminal = settings.get("terminal", {})
        self.terminal = Terminal(self._env, terminal)
        self.change(
            hyperlinks=self.terminal.links,
            images=self.terminal.images,
            cwd=cwd,
            hidden_thinking=bool(settings.get("hideThinkingBlock", False)),
            code_indent=settings.get("markdown", {}).get("codeBlockIndent", "  "),
            image_width=terminal.get("imageWidthCells", 60),
        )
        return self.use(settings.get("theme", self.theme))

    def painter(
        self, block: Block, renderers: Any, failed: Callable[[Block, Exception], None]
    ) -> BlockPainter:
        """A painter for a block. renderers: how extensions show what is theirs. failed: hears of
        what is shown as plain text."""
        from pi.coding.modes.interactive.paint import painter_of  # not before there is a block

        return painter_of(block, self.look, renderers, failed)

    def change(self, **fields: Any) -> None:
        """Look otherwise from now on: fields of `Look`."""
        self.look = replace(self.look, **fields)
