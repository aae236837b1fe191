"""Where everything stands that extensions have registered, and whose it is.

One shelf belongs to one program. The built-in parts stand on it under the name `pi`, put there by
the same calls; an owner can be taken off again, and then what it replaced is back.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeVar

from msgspec import Struct

from pi.agent.tools import Tool
from pi.ai.auth.base import LoginFlow
from pi.ai.catalog import Catalog
from pi.ai.errors import ConfigError
from pi.ai.registry import Lazy, Registry

__all__ = [
    "OURS",
    "CommandRow",
    "FlagRow",
    "HandlerRow",
    "NameTaken",
    "Owner",
    "ProviderHome",
    "ProviderRegistration",
    "Rows",
    "Shelf",
    "ShortcutRow",
    "ToolLooks",
]

T = TypeVar("T")

Scope = Literal["flag", "project", "user", "package", "pi"]


class Owner(Struct, frozen=True):
    """Who registers something: the extension's name, its file, and how it was found."""

    name: str
    path: Path
    scope: Scope = "user"

    @property
    def words(self) -> str:
        """As it is named in messages."""
        return "pi" if self.scope == "pi" else str(self.path)

    @property
    def own(self) -> str:
        """How the names of its own files begin."""
        return str(self.path.parent if self.path.name == "__init__.py" else self.path)


OURS = Owner("pi", Path(), "pi")
"""The owner of what is built in."""


class CommandRow(Struct, frozen=True, kw_only=True):
    """A slash command. hint: its arguments, for people."""

    name: str
    owner: Owner
    handler: Callable[[str, Any], Any]
    description: str = ""
    hint: str = ""
    complete: Callable[[str, Any], Any] | None = None


class FlagRow(Struct, frozen=True, kw_only=True):
    """An option of the command line."""

    name: str
    owner: Owner
    kind: type[bool] | type[str] = bool
    default: Any = None
    help: str = ""


class ShortcutRow(Struct, frozen=True, kw_only=True):
    """A key of the screen."""

    key: str
    owner: Owner
    handler: Callable[[Any], Any]
    help: str = ""


class HandlerRow(Struct, frozen=True):
    """Somebody who hears an event."""

    owner: Owner
    handler: Callable[..., Any]


class ToolLooks(Struct, frozen=True):
    """How a tool's calls and results are drawn; None as usual."""

    call: Callable[..., Any] | None = None
    result: Callable[..., Any] | None = None


class ProviderRegistration(Struct, frozen=True, kw_only=True):
    """What `register_provider` was told. None: as it was, or as is usual. place: the line of it."""

    name: str
    base_url: str | None = None
    api: str | None = None
    api_key: str | None = None
    headers: Mapping[str, str] | None = None
    auth_header: bool | None = None
    models: tuple[Mapping[str, Any], ...] | None = None
    login: LoginFlow | str | None = None
    display_name: str = ""
    place: str = ""


class ProviderHome(Protocol):
    """Where providers are kept."""

    @property
    def catalog(self) -> Catalog:
        """The catalog."""
        ...


class NameTaken(ConfigError):
    """Another owner has something of that name."""


class Rows(Generic[T]):
    """A `Registry` whose owners can be removed, and in which a value may stand for another one."""

    def __init__(self, kind: str) -> None:
        self.registry: Registry[T] = Registry(kind)
        self._owners: dict[str, Owner] = {}
        self._beneath: dict[str, list[tuple[T | Lazy[T], Owner]]] = {}
        self._values: dict[str, T | Lazy[T]] = {}

    def add(self, name: str, value: T | Lazy[T], owner: Owner, *, replace: bool = False) -> None:
        """Put it there. Raises `ConfigError` if the name is taken, but for what is replaced.

        What is built in may come again, with other settings.
        """
        if owner == OURS and name in self.registry:
            beneath = self._beneath.get(name, [])
            ours = [number for number, item in enumerate(beneath) if item[1] == OURS]
            if ours:
                beneath[ours[0]] = (value, OURS)
                return
            if self._owners[name] == OURS:
                self.registry.remove(name)
        if replace and name in self.registry and self._owners[name].scope == "pi":
            self._beneath.setdefault(name, []).append((self._values[name], self._owners[name]))
            self.registry.remove(name)
        self.registry.add(name, value, owner=owner.words)
        self._values[name], self._owners[name] = value, owner

    def owner(self, name: str) -> Owner:
        """Who has put it there."""
        return self._owners[name]

    def drop(self, owner: Owner) -> None:
        """Take away all of an owner's; what it stood for is there again."""
        for name in [name for name, found in self._owners.items() if found == owner]:
            self.registry.remove(name)
            del self._owners[name], self._values[name]
            for value, before in self._beneath.pop(name, ()):
                self.add(name, value, before)
        for beneath in self._beneath.values():
            beneath[:] = [item for item in beneath if item[1] != owner]

    def values(self) -> list[T]:
        """All of them, in the order in which they came."""
        return [self.registry.get(name) for name in self.registry]

    def get(self, name: str) -> T | None:
        """The one of that name, or None."""
        return self.registry.get(name) if name in self.registry else None


class Shelf:
    """All that was registered. `version` changes whenever something is put there or taken away.

    places: by kind and name, who has registered it, and in which line.
    """

    def __init__(self) -> None:
        self.tools: Rows[Tool] = Rows("tool")
        self.looks: dict[str, ToolLooks] = {}
        self.commands: Rows[CommandRow] = Rows("slash command")
        self.flags: Rows[FlagRow] = Rows("option")
        self.shortcuts: Rows[ShortcutRow] = Rows("shortcut")
        self.renderers: Rows[Callable[..., Any]] = Rows("renderer")
        self.handlers: dict[str, list[HandlerRow]] = {}
        self.policies: list[tuple[Owner, Callable[[Any], Any]]] = []
        self.places: dict[tuple[str, str], tuple[Owner, str]] = {}
        self.version = 0

    @property
    def only_tools(self) -> bool:
        """Whether nothing is registered that could hear, say or do something by itself."""
        rows = (self.commands, self.flags, self.shortcuts, self.renderers)
        more = self.handlers or self.policies or self.looks
        return not more and not any(len(row.registry) for row in rows)

    def hears(self, event: str) -> bool:
        """Whether anybody hears that event."""
        return event in self.handlers

    def on(self, event: str, row: HandlerRow) -> None:
        """Have somebody hear an event."""
        self.handlers.setdefault(event, []).append(row)

    def drop(self, owner: Owner) -> None:
        """Take away all of an owner's."""
        for name in [name for name in self.looks if self._is_of(name, owner)]:
            del self.looks[name]
        for rows in (self.tools, self.commands, self.flags, self.shortcuts, self.renderers):
            rows.drop(owner)
        for event, found in list(self.handlers.items()):
            found[:] = [row for row in found if row.owner != owner]
            if not found:
                del self.handlers[event]
        self.policies = [item for item in self.policies if item[0] != owner]
        for what in [what for what, (other, _) in self.places.items() if other == owner]:
            del self.places[what]
        self.version += 1

    def command(self, text: str) -> tuple[CommandRow, str] | None:
        """The command that a prompt begins with, and what follows it."""
        if not text.startswith("/"):
            return None
        name, _, arguments = text[1:].partition(" ")
        first, newline, rest = name.partition("\n")
        if newline:
            name, arguments = first, f"{rest} {arguments}"
        row = self.commands.get(name)
        return None if row is None else (row, arguments.strip())

    def _is_of(self, tool: str, owner: Owner) -> bool:
        return tool in self.tools.registry and self.tools.owner(tool) == owner
