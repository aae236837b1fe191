"""What only a person's terminal can do, for the slash commands that are part of it."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from msgspec import Struct

from pi.coding.api.ui import UserInterface

__all__ = ["Front", "Hotkey"]


class Hotkey(Struct, frozen=True):
    """A key and what it does. `id`: its name in `keybindings.json`."""

    id: str
    keys: tuple[str, ...]
    help: str


class Front(UserInterface, Protocol):
    """A terminal, with a screen or line by line, in front of which somebody sits."""

    def show(self, markdown: str) -> None:
        """Put a text into the transcript. It is not part of the conversation."""
        ...

    def give_back(self, text: str) -> None:
        """Put a text where the person writes, before what they have written meanwhile."""
        ...

    def busy(self, text: str, stop: Callable[[], object]) -> AbstractContextManager[None]:
        """Say, as long as the block lasts, that something goes on. stop: called when the person
        wants no more of it."""
        ...

    def quit(self) -> None:
        """End the program in order, soon."""
        ...

    def copy(self, text: str) -> str:
        """Put a text into the clipboard. How it was done; "" if it could not be done."""
        ...

    def hotkeys(self) -> Sequence[Hotkey]:
        """All keys that do something."""
        ...

    @property
    def theme(self) -> str:
        """The name of the theme in use."""
        ...

    def themes(self) -> Sequence[str]:
        """The names of all themes."""
        ...

    def use_theme(self, name: str) -> None:
        """Show everything from now on in that theme. Raises `ConfigError`."""
        ...

    async def replay(self) -> None:
        """The session behind it is another one, or at another place: show the end of it.

        What is told after that stands below it.
        """
        ...

    def reload(self) -> None:
        """Read keybindings and themes anew."""
        ...
