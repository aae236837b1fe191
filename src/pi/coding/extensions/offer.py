"""The tools that a model is offered: those on the shelf that are active in one session."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from pi.agent.tools import Tool
from pi.coding.extensions.shelf import Shelf

__all__ = ["Offer"]


class Offer(Mapping[str, Tool]):
    """Active tools by name. They are looked up anew when something was registered.

    usual: the names that are active unless somebody says otherwise. own: tools that a program which
    uses us as a library brings along; they are always active.
    """

    def __init__(
        self,
        shelf: Shelf,
        usual: Callable[[], Sequence[str]],
        own: Mapping[str, Tool] | None = None,
    ) -> None:
        self._shelf = shelf
        self._usual = usual
        self._own = own or {}
        self._chosen: tuple[str, ...] | None = None
        self._made: dict[str, Tool] | None = None
        self._version = -1

    @property
    def all(self) -> dict[str, Tool]:
        """Every tool there is."""
        shelf = self._shelf.tools.registry
        return {name: shelf.get(name) for name in shelf} | dict(self._own)

    @property
    def chosen(self) -> tuple[str, ...] | None:
        """The names that somebody has chosen; None as usual."""
        return self._chosen

    def check(self) -> None:
        """Raise `ConfigError` for a name of the command line or the settings that is no tool."""
        self._check(self._usual())

    def choose(self, names: Sequence[str] | None) -> None:
        """Offer these from now on; None as usual. Raises `ConfigError` for an unknown name."""
        self._check(names or ())
        self._chosen = None if names is None else tuple(dict.fromkeys(names))
        self._made = None

    def _check(self, names: Sequence[str]) -> None:
        shelf = self._shelf.tools.registry
        for name in names:
            if name not in shelf and name not in self._own:
                shelf.get(name)  # raises, and says which there are; others are not made for this

    def known(self, names: Sequence[str]) -> list[str]:
        """Those of the names that are tools."""
        shelf = self._shelf.tools.registry
        return [name for name in names if name in shelf or name in self._own]

    def _tools(self) -> dict[str, Tool]:
        if self._made is None or self._version != self._shelf.version:
            shelf = self._shelf.tools.registry
            names = self.known(self._usual() if self._chosen is None else self._chosen)
            made = {name: shelf.get(name) for name in names if name not in self._own}
            own = (
                self._own
                if self._chosen is None
                else {name: tool for name, tool in self._own.items() if name in self._chosen}
            )
            self._made = made | dict(own)
            self._version = self._shelf.version
        return self._made

    def __getitem__(self, name: str) -> Tool:
        return self._tools()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tools())

    def __len__(self) -> int:
        return len(self._tools())
