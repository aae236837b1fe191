"""What `extension(pi)` is given: it writes down on the shelf what is registered.

Whatever is wrong with a registration is a `ConfigError` at the line of the extension that made it.
A name that is taken is only told, and the rest of the extension goes on.
"""

import sys
from asyncio import AbstractEventLoop
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from pi.agent.hooks import Hooks
from pi.agent.tools import Tool
from pi.ai.auth.base import LoginFlow
from pi.ai.errors import ConfigError
from pi.ai.protocols.base import Protocol as WireProtocol
from pi.ai.registry import Lazy
from pi.coding.extensions.given import (
    check_function,
    check_models,
    check_name,
    check_texts,
    check_tool,
    is_name,
    key_name,
    near,
)
from pi.coding.extensions.shelf import (
    OURS,
    CommandRow,
    FlagRow,
    HandlerRow,
    NameTaken,
    Owner,
    ProviderRegistration,
    Rows,
    Shelf,
    ShortcutRow,
    ToolLooks,
)

__all__ = ["Outside", "Recorder"]

_Function = Callable[..., Any]
"""A function of an extension; `pi.coding.extensions.surface` says what each is called with."""


def _later() -> None:
    """Stands for a handler that a decorator brings."""


class Outside:
    """What lies beyond the shelf: the command line, and where providers are kept.

    note: tells a person something. context: gives that of the open session. flags: what the command
    line says, by name. options, reserved: options and slash commands of our own. failed: tells what
    an extension did wrong, and at what. loop: in which handlers are called. loading: more are to
    come, which may bring what those before them name.
    """

    def __init__(self, note: Callable[[str], None] = lambda text: None) -> None:
        self.note = note
        self.flags: dict[str, Any] = {}
        self.options: frozenset[str] = frozenset()
        self.reserved: frozenset[str] = frozenset()
        self.context: Callable[[], Any] = lambda: None
        self.failed: Callable[[Owner, str, BaseException], None] = _not_told
        self.loop: AbstractEventLoop | None = None
        self.loading = False

    def provider(self, owner: Owner, registration: ProviderRegistration) -> None:
        """Make a provider known."""

    def unsettled(self) -> list[str]:
        """What is wrong with what was registered, now that all are loaded; a line each."""
        return []

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

    def on(self, event: str, handler: _Function = _later) -> Any:
        """Hear an event; without a handler it is a decorator."""
        from pi.coding.extensions.events import EVENTS  # takes milliseconds

        self._check()
        if not isinstance(event, str):
            raise ConfigError(f"on: an event is named: @pi.on('tool_call'), not {event!r}")
        if event not in EVENTS:
            raise ConfigError(f"there is no event {event!r}{near(event, EVENTS)}")
        if handler is _later:

            def decorate(function: _Function) -> _Function:
                self.on(event, function)
                return function

            return decorate
        self._function(handler, f"the handler of {event}", "event", "context")
        self._shelf.on(event, HandlerRow(self._owner, handler))
        self._shelf.version += 1
        return handler

    def register_hooks(self, make: Callable[[Any], Hooks]) -> None:
        """A policy on the loop's hooks, made for every session."""
        self._check()
        if isinstance(make, Hooks):
            words = f"lambda context: {type(make).__name__}()"
            raise ConfigError(f"register_hooks takes what makes them for a session: {words}")
        self._function(make, "register_hooks: what makes them", "context")
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
    ) -> Any:
        """A tool: a `Tool`, or a function with types and a docstring. Gives it back."""
        given = tool
        if isinstance(tool, Lazy):
            tool = self._made_late(tool, name)
        else:
            tool = self._as_tool(tool)
            name = name or tool.name
        if not isinstance(name, str) or not is_name(name, "_-", 64):
            words = "up to 64 letters, digits, _ and -, given as `name`"
            raise ConfigError(f"{name!r} is no name for a tool: {words}")
        if render_call is not None:
            self._function(render_call, f"render_call of {name}", "arguments", "expanded")
        if render_result is not None:
            words = ("text", "details", "is_error", "expanded")
            self._function(render_result, f"render_result of {name}", *words)
        if self._add(self._shelf.tools, name, tool, replace=replace):
            looks = ToolLooks(render_call, render_result)
            if looks != ToolLooks():
                self._shelf.looks[name] = looks
        return given

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
        check_name("a slash command", name)
        self._function(handler, f"the handler of /{name}", "arguments", "context")
        check_texts(f"register_command({name!r})", description=description, hint=hint)
        if complete is not None:
            self._function(complete, f"the completion of /{name}", "prefix", "context")
        if name in self._outside.reserved and self._owner.scope != "pi":
            self._outside.note(f"{self._here()}: /{name} is not added: pi has one of that name")
            return
        row = CommandRow(
            name=name,
            owner=self._owner,
            handler=handler,
            description=description,
            hint=hint,
            complete=complete,
        )
        self._add(self._shelf.commands, name, row)

    def register_flag(
        self, name: str, *, kind: type[bool] | type[str] = bool, default: Any = None, help: str = ""
    ) -> None:
        """An option of the command line, `--name`."""
        name = name.lstrip("-") if isinstance(name, str) else name
        check_name("an option", name)
        if kind not in (bool, str):
            raise ConfigError(f"register_flag({name!r}): kind is bool or str, not {kind!r}")
        check_texts(f"register_flag({name!r})", help=help)
        if default is not None and not isinstance(default, kind):
            words = f"default is {kind.__name__}, as `kind` says, not {default!r}"
            raise ConfigError(f"register_flag({name!r}): {words}")
        if name in self._outside.options:
            self._outside.note(f"{self._here()}: --{name} is not added: pi has one of that name")
            return
        row = FlagRow(name=name, owner=self._owner, kind=kind, default=default, help=help)
        self._add(self._shelf.flags, name, row)

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
        key = key_name(key)
        self._function(handler, f"the handler of {key}", "context")
        check_texts(f"register_shortcut({key!r})", help=help)
        row = ShortcutRow(key=key, owner=self._owner, handler=handler, help=help)
        self._add(self._shelf.shortcuts, key, row)

    def register_renderer(self, kind: str, render: _Function) -> None:
        """How messages and entries of this kind look."""
        check_name("a renderer", kind)
        self._function(render, f"the renderer of {kind}", "content", "details", "expanded")
        self._add(self._shelf.renderers, kind, render)

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
        check_name("a provider", name)
        if models is not None:
            check_models(name, models)
        if not isinstance(login, str | LoginFlow | None):
            words = "the name of a login flow, or a `LoginFlow`"
            raise ConfigError(f"provider {name!r}: login is {words}, not {login!r}")
        self._claim(
            "provider",
            name,
            self._outside.provider,
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
                place=self._here(),
            ),
        )

    def unregister_provider(self, name: str) -> None:
        """Take it away; a built-in one of that name is there again."""
        self._outside.remove_provider(self._owner, name)

    def register_protocol(self, name: str, protocol: WireProtocol) -> None:
        """A wire, to be named as `api`."""
        check_name("a protocol", name)
        self._claim("protocol", name, self._outside.protocol, name, protocol)

    def register_login(self, name: str, flow: LoginFlow) -> None:
        """A login flow, to be named by providers."""
        check_name("a login flow", name)
        self._claim("login flow", name, self._outside.login, name, flow)

    # -- inside ---------------------------------------------------------------------------------

    def _function(self, value: Any, what: str, *given: str) -> None:
        """Check a function of somebody else; ours are known to be right, and need no time here."""
        if self._owner != OURS:
            check_function(value, what, *given)

    def _here(self) -> str:
        """The line of the extension from which this is called; its file if that is not known."""
        own = self._owner.own
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename.startswith(own):
                return f"{frame.f_code.co_filename}:{frame.f_lineno}"
            frame = frame.f_back
        return self._owner.words

    def _add(self, rows: Rows[Any], name: str, value: Any, *, replace: bool = False) -> bool:
        """Put it on the shelf; whether the name was free."""
        self._check()
        kind = rows.registry.kind
        try:
            rows.add(name, value, self._owner, replace=replace)
        except ConfigError:
            is_tool = isinstance(value, Tool | Lazy) and not replace
            hint = "; replace=True stands for a built-in one" if is_tool else ""
            self._taken(kind, name, rows.owner(name).words, hint)
            return False
        if self._owner != OURS:
            self._shelf.places[kind, name] = (self._owner, self._here())
        self._shelf.version += 1
        return True

    def _claim(self, kind: str, name: str, make: Callable[..., None], *given: Any) -> None:
        """Have something made known beyond the shelf, unless the name is another's."""
        self._check()
        other = self._shelf.places.get((kind, name))
        if other is not None and other[0] != self._owner:
            self._taken(kind, name, other[0].words)
            return
        try:
            make(self._owner, *given)
        except NameTaken:
            self._taken(kind, name, "pi")
        else:
            self._shelf.places[kind, name] = (self._owner, self._here())

    def _taken(self, kind: str, name: str, owner: str, hint: str = "") -> None:
        """Tell that a name is another's."""
        other = self._shelf.places.get((kind, name))
        place = other[1] if other is not None and other[0].words == owner else owner
        article = "an" if kind[0] in "aeiou" else "a"
        words = f"{place} has {article} {kind} of that name{hint}"
        self._outside.note(f"{self._here()}: {name!r} is not added: {words}")

    def _check(self) -> None:
        if self._closed:
            raise ConfigError(f"the extension {self.name} was given up and registers nothing more")

    def _made_late(self, tool: Lazy[Tool], name: str) -> Lazy[Tool]:
        """One that is made at first use: what goes wrong then is told, and only it is lost."""
        if self._owner == OURS:
            return tool
        place = self._here()

        def make() -> Tool:
            from pi.coding.extensions.calling import kept
            from pi.coding.extensions.late import LostTool
            from pi.coding.extensions.mistakes import words_for

            try:
                with kept():
                    return self._as_tool(tool.make())
            except Exception as error:
                words = f"{place}: the tool {name} cannot be made: {words_for(error)}"
                self._outside.failed(self._owner, "register_tool", ConfigError(words))
                return LostTool(name, words)

        return Lazy(make)

    def _as_tool(self, tool: Any) -> Tool:
        from pi.agent.functions import as_tool  # only for tools of others

        if not isinstance(tool, Tool) and not callable(tool):
            raise ConfigError(f"register_tool takes a Tool or a function, not {tool!r}")
        if isinstance(tool, type):
            raise ConfigError(f"register_tool takes a Tool, not its class: {tool.__name__}()")
        made = tool if isinstance(tool, Tool) else as_tool(tool)
        if self._owner != OURS:
            check_tool(made)
        return made


def _not_told(owner: Owner, what: str, error: BaseException) -> None:
    """Nobody is there to be told."""
