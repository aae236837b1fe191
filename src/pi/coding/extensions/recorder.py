"""What `extension(pi)` is given: it writes down on the shelf what is registered.

Whatever is wrong with a registration is a `ConfigError` at the line of the extension that made it.
A name that is taken is only told, and the rest of the extension goes on.
"""

from asyncio import AbstractEventLoop
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from pi.agent.hooks import Hooks
from pi.agent.tools import Tool
from pi.ai.auth.base import LoginFlow
from pi.ai.errors import ConfigError
from pi.ai.protocols.base import Protocol as WireProtocol
from pi.ai.registry import Lazy
from pi.coding.extensions.shelf import (
    CommandRow,
    FlagRow,
    HandlerRow,
    Owner,
    ProviderRegistration,
    Shelf,
    ShortcutRow,
    ToolLooks,
)

__all__ = ["Outside", "Recorder"]

_Function = Callable[..., Any]
"""A function of an extension; `pi.coding.extensions.surface` says what each is called with."""


class Outside:
    """What lies beyond the shelf: the command line, and where providers are kept.

    note: tells a person something. context: gives that of the open session. flags: what the command
    line says, by name. options, reserved: options and slash commands of our own. failed: tells what
    an extension did wrong, and at what. loop: in which handlers are called.
    """

    def __init__(self, note: Callable[[str], None] = lambda text: None) -> None:
        self.note = note
        self.flags: dict[str, Any] = {}
        self.options: frozenset[str] = frozenset()
        self.reserved: frozenset[str] = frozenset()
        self.context: Callable[[], Any] = lambda: None
        self.failed: Callable[[Owner, str, BaseException], None] = _not_told
        self.loop: AbstractEventLoop | None = None

    def provider(self, owner: Owner, registration: ProviderRegistration) -> None:
        """Make a provider known."""

    def remove_provider(self, owner: Owner, name: str) -> None:
        """Take it away."""

    def protocol(self, owner: Owner, name: str, protocol: WireProtocol) -> None:
        """Make a wire known."""

    def login(self, owner: Owner, name: str, flow: LoginFlow) -> None:
        """Make a login flow known."""

    def forget(self, owner: Owner) -> None:
        """Take away all that an owner has made known."""


class Recorder:
    """The `Pi` of one extension."""

    def __init__(self, shelf: Shelf, owner: Owner, outside: Outside) -> None:
        self._shelf = shelf
        self._owner = owner
        self._outside = outside
        self._closed = False
        self._bus: Any = None

    def close(self) -> None:
        """Take nothing more: the extension was given up, though it may still be running."""
        self._closed = True

    @property
    def name(self) -> str:
        """The extension's name: that of its file."""
        return self._owner.name

    @property
    def path(self) -> Path:
        """The extension's file."""
        return self._owner.path

    @property
    def context(self) -> Any:
        """The context of the session that is open now."""
        context = self._outside.context()
        if context is None:
            raise ConfigError("there is no session yet: ask for the context when the tool is used")
        return context

    @property
    def events(self) -> Any:
        """What extensions say to one another."""
        if self._bus is None:
            from pi.coding.extensions.bus import Bus  # for those who speak to others

            self._bus = Bus(self._shelf, self._owner, self._outside)
        return self._bus

    def on(self, event: str, handler: _Function | None = None) -> Any:
        """Hear an event; without a handler it is a decorator."""
        from pi.coding.extensions.events import EVENTS  # takes milliseconds

        self._check()
        if event not in EVENTS:
            raise ConfigError(f"there is no event {event!r}{_near(event, EVENTS)}")
        if handler is None:

            def decorate(function: _Function) -> _Function:
                self.on(event, function)
                return function

            return decorate
        _callable(handler, f"the handler of {event}")
        self._shelf.on(event, HandlerRow(self._owner, handler))
        self._shelf.version += 1
        return handler

    def register_hooks(self, make: Callable[[Any], Hooks]) -> None:
        """A policy on the loop's hooks, made for every session."""
        self._check()
        _callable(make, "register_hooks: what makes them")
        self._shelf.policies.append((self._owner, make))
        self._shelf.version += 1

    def register_tool(
        self,
        tool: Tool | Callable[..., Any] | Lazy[Tool],
        *,
        name: str = "",
        render_call: _Function | None = None,
        render_result: _Function | None = None,
        replace: bool = False,
    ) -> None:
        """A tool: a `Tool`, or a function with types and a docstring."""
        if not isinstance(tool, Lazy):
            tool = self._as_tool(tool)
            name = name or tool.name
        if not isinstance(name, str) or not _is_name(name, "_-", 64):
            raise ConfigError(f"{name!r} is no name for a tool: up to 64 letters, digits, _ and -")
        if self._add(self._shelf.tools.add, name, tool, self._owner, replace=replace):
            looks = ToolLooks(render_call, render_result)
            if looks != ToolLooks():
                self._shelf.looks[name] = looks

    def register_command(
        self,
        name: str,
        handler: _Function,
        *,
        description: str = "",
        hint: str = "",
        complete: _Function | None = None,
    ) -> None:
        """A slash command."""
        name = name.removeprefix("/") if isinstance(name, str) else name
        _name("slash command", name)
        _callable(handler, f"the handler of /{name}")
        if complete is not None:
            _callable(complete, f"the completion of /{name}")
        if name in self._outside.reserved and self._owner.scope != "pi":
            self._outside.note(f"{self._where}: /{name} is not added: pi has one of that name")
            return
        row = CommandRow(
            name=name,
            owner=self._owner,
            handler=handler,
            description=description,
            hint=hint,
            complete=complete,
        )
        self._add(self._shelf.commands.add, name, row, self._owner)

    def register_flag(
        self, name: str, *, kind: type[bool] | type[str] = bool, default: Any = None, help: str = ""
    ) -> None:
        """An option of the command line, `--name`."""
        name = name.lstrip("-") if isinstance(name, str) else name
        _name("option", name)
        if kind not in (bool, str):
            raise ConfigError(f"register_flag({name!r}): kind is bool or str, not {kind!r}")
        if name in self._outside.options:
            self._outside.note(f"{self._where}: --{name} is not added: pi has one of that name")
            return
        row = FlagRow(name=name, owner=self._owner, kind=kind, default=default, help=help)
        self._add(self._shelf.flags.add, name, row, self._owner)

    def flag(self, name: str) -> Any:
        """What the command line says about a flag of this extension."""
        row = self._shelf.flags.get(name.lstrip("-"))
        if row is None or row.owner != self._owner:
            raise ConfigError(f"--{name} is no flag of {self.name}: register_flag it first")
        if row.name not in self._outside.flags:
            return (
                (False if row.default is None else row.default)
                if row.kind is bool
                else (row.default)
            )
        return self._outside.flags[row.name]

    def register_shortcut(self, key: str, handler: _Function, *, help: str = "") -> None:
        """A key of the screen, written as in `keybindings.json`."""
        if not isinstance(key, str) or not key.strip():
            raise ConfigError(f"register_shortcut: a key is a text such as 'ctrl+x', not {key!r}")
        _callable(handler, f"the handler of {key}")
        key = key.strip().lower()
        row = ShortcutRow(key=key, owner=self._owner, handler=handler, help=help)
        self._add(self._shelf.shortcuts.add, key, row, self._owner)

    def register_renderer(self, kind: str, render: _Function) -> None:
        """How messages and entries of this kind look."""
        _name("renderer", kind)
        _callable(render, f"the renderer of {kind}")
        self._add(self._shelf.renderers.add, kind, render, self._owner)

    def register_provider(
        self,
        name: str,
        *,
        base_url: str | None = None,
        api: str | None = None,
        api_key: str | None = None,
        headers: Mapping[str, str] | None = None,
        auth_header: bool | None = None,
        models: Sequence[Mapping[str, Any]] | None = None,
        login: LoginFlow | str | None = None,
        display_name: str = "",
    ) -> None:
        """A provider, or another address for a built-in one."""
        _name("provider", name)
        self._check()
        self._outside.provider(
            self._owner,
            ProviderRegistration(
                name=name,
                base_url=base_url,
                api=api,
                api_key=api_key,
                headers=headers,
                auth_header=auth_header,
                models=None if models is None else tuple(models),
                login=login,
                display_name=display_name,
            ),
        )

    def unregister_provider(self, name: str) -> None:
        """Take it away; a built-in one of that name is there again."""
        self._outside.remove_provider(self._owner, name)

    def register_protocol(self, name: str, protocol: WireProtocol) -> None:
        """A wire, to be named as `api`."""
        _name("protocol", name)
        self._check()
        self._outside.protocol(self._owner, name, protocol)

    def register_login(self, name: str, flow: LoginFlow) -> None:
        """A login flow, to be named by providers."""
        _name("login flow", name)
        self._check()
        self._outside.login(self._owner, name, flow)

    # -- inside ---------------------------------------------------------------------------------

    @property
    def _where(self) -> str:
        return self._owner.words

    def _add(self, add: Callable[..., None], *args: Any, **more: Any) -> bool:
        """Put it on the shelf; whether the name was free."""
        self._check()
        try:
            add(*args, **more)
        except ConfigError as error:
            self._outside.note(f"{error.message}{_hint(args[1], more)}")
            return False
        self._shelf.version += 1
        return True

    def _check(self) -> None:
        if self._closed:
            raise ConfigError(f"the extension {self.name} was given up and registers nothing more")

    def _as_tool(self, tool: Any) -> Tool:
        from pi.agent.functions import as_tool  # only for tools of others

        if not isinstance(tool, Tool) and not callable(tool):
            raise ConfigError(f"register_tool takes a Tool or a function, not {tool!r}")
        if isinstance(tool, type):
            raise ConfigError(f"register_tool takes a Tool, not its class: {tool.__name__}()")
        made = tool if isinstance(tool, Tool) else as_tool(tool)
        for field in ("name", "description", "parameters"):
            if not getattr(made, field, None):
                raise ConfigError(f"register_tool: {type(made).__name__} has no {field}")
        return made


def _not_told(owner: Owner, what: str, error: BaseException) -> None:
    """Nobody is there to be told."""


def _hint(value: Any, more: dict[str, Any]) -> str:
    is_tool = isinstance(value, Tool | Lazy)
    return "; replace=True stands for a built-in one" if is_tool and not more["replace"] else ""


def _name(kind: str, name: Any) -> None:
    if not isinstance(name, str) or not _is_name(name, "._:-") or not name[0].isalnum():
        raise ConfigError(f"{name!r} is no name for a {kind}: letters, digits, and . _ : -")


def _is_name(text: str, others: str, longest: int = 1 << 16) -> bool:
    """Whether a text is made of letters, digits and those others."""
    plain = text.translate(dict.fromkeys(map(ord, others), "a"))
    return plain.isascii() and plain.isalnum() and len(text) <= longest


def _callable(value: Any, what: str) -> None:
    if not callable(value):
        raise ConfigError(f"{what} is a function, not {value!r}")


def _near(event: str, known: Collection[str]) -> str:
    from difflib import get_close_matches  # only for this message

    near = get_close_matches(event, known, n=2, cutoff=0.5)
    return f": did you mean {' or '.join(near)}?" if near else f"; known: {', '.join(known)}"
