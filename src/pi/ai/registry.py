"""One kind of shelf for everything pluggable, ours and strangers' alike.

A `Registry` maps a name to a value, remembers who put it there, and can hold a value that is only
loaded when somebody asks for it, so that what is not used costs nothing at start.
"""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Generic, TypeVar, cast

from pi.ai.errors import ConfigError

__all__ = ["Lazy", "Registry", "lazy"]

T = TypeVar("T")


class Lazy(Generic[T]):
    """A value that is made at first use."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[[], T]) -> None:
        self.make = make


def lazy(path: str, *, call: bool = False) -> "Lazy[object]":
    """`module:attribute`, imported at first use; with `call`, what it returns without arguments."""
    module, _, name = path.partition(":")

    def make() -> object:
        value = getattr(import_module(module), name)
        return value() if call else value

    return Lazy(make)


class Registry(Generic[T]):
    """Names to values. `kind` names the shelf in error messages ("protocol", "tool")."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._items: dict[str, T | Lazy[T]] = {}
        self._owners: dict[str, str] = {}

    def add(self, name: str, value: "T | Lazy[T]", *, owner: str = "pi") -> None:
        """Put `value` on the shelf. A name that is taken is an error: see `remove`."""
        if name in self._items:
            raise ConfigError(
                f"{self.kind} {name!r} of {owner} is not added:"
                f" {self._owners[name]} has one of that name"
            )
        self._items[name] = value
        self._owners[name] = owner

    def get(self, name: str) -> T:
        """The value of that name. Raises `ConfigError` with the nearest names if there is none."""
        try:
            item = self._items[name]
        except KeyError:
            raise ConfigError(f"unknown {self.kind} {name!r}{self._near(name)}") from None
        if not isinstance(item, Lazy):
            return item
        made = cast("Lazy[T]", item).make()
        self._items[name] = made
        return made

    def owner(self, name: str) -> str:
        """Who added that name."""
        return self._owners[name]

    def remove(self, name: str) -> None:
        """Take a name off the shelf; no error if it is not there."""
        self._items.pop(name, None)
        self._owners.pop(name, None)

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def _near(self, name: str) -> str:
        from difflib import get_close_matches  # costs 3 ms, needed only for this message

        near = get_close_matches(name, self._items, n=3)
        if near:
            return f"; did you mean {' or '.join(near)}?"
        return f"; known: {', '.join(sorted(self._items))}" if self._items else ""
