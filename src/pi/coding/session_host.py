"""One session for a mode, although the one behind it may be replaced by another.

A controller belongs to one log. Whatever begins or opens another session composes a new controller;
the host ends the run of the old one in order, and modes and their listeners stay where they are.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from pi.ai.errors import AbortedError
from pi.ai.messages import UserMessage, text_of
from pi.coding.api import commands as c
from pi.coding.api.answers import Cancelled, Forked
from pi.coding.api.events import Notice, SessionEvent
from pi.coding.api.ui import NoUser, UserInterface
from pi.coding.controller import Controller
from pi.coding.extensions.words import Reason
from pi.coding.session.display import typed_text
from pi.coding.session.entries import MessageEntry
from pi.coding.session.errors import SessionError
from pi.coding.session.log import SessionLog

__all__ = ["HostHandler", "Opener", "SessionHost"]


HostHandler = Callable[["SessionHost", Any], Awaitable[Any]]
"""Carries out a command that one session alone cannot."""


class Opener(Protocol):
    """Finds sessions and puts controllers together. All methods raise `PiError`."""

    def create(self, like: Controller, parent: Path | None) -> SessionLog:
        """A session without entries, kept where `like` is kept."""
        ...

    def open(self, path: str, cwd: str | None = None) -> SessionLog:
        """The session in a file that exists, in another folder if one is given."""
        ...

    def bring_in(self, path: str, cwd: str | None = None) -> SessionLog:
        """A copy of the session in a file, among those of the project, or of that folder."""
        ...

    def copy(self, like: Controller, leaf: str | None) -> SessionLog:
        """A session with the branch of `like` up to and with the entry `leaf`."""
        ...

    def controller(self, log: SessionLog, like: Controller) -> Controller:
        """A controller for `log`; what the log does not say is as in `like`."""
        ...

    async def reload_extensions(self) -> None:
        """Load all extensions anew."""
        ...

    def again(self, like: Controller) -> Controller:
        """Another controller for the log of `like`, with what lies around it read anew."""
        ...


class SessionHost:
    """A `Session` for modes. `controller` is the one that works now.

    handlers: for commands besides those that begin or open another session, by type.
    """

    def __init__(
        self,
        controller: Controller,
        opener: Opener,
        handlers: Mapping[type[Struct], HostHandler] = {},
    ) -> None:
        self.controller = controller
        self.opener = opener
        self._handlers = {**_HANDLERS, **handlers}
        self._ui: UserInterface = NoUser()
        self._listeners: list[Callable[[SessionEvent], None]] = []
        self._leave = controller.subscribe(self._pass_on)

    async def prevented(self, name: str, *fields: Any) -> bool:
        """Whether an extension does not want it; then the user is told why, if it says so."""
        from pi.coding.extensions.results import Cancel  # with the first command that asks

        answer = await self.controller.bridge.first(name, (Cancel,), *fields)
        if answer is not None and answer.reason:
            self._pass_on(Notice("warning", answer.reason))
        return answer is not None

    def subscribe(self, listener: Callable[[SessionEvent], None]) -> Callable[[], None]:
        """Hear all events, in order, of whatever session; gives a function that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def ui(self) -> UserInterface:
        """Where the user is asked and told."""
        return self._ui

    def use_ui(self, ui: UserInterface) -> None:
        """Ask and tell the user there from now on."""
        self._ui = ui
        self.controller.use_ui(ui)

    async def send(self, command: c.Command) -> Any:
        """Carry out a command. Raises `PiError` if it can't be."""
        handler = self._handlers.get(type(command))
        if handler is not None:
            return await handler(self, command)
        return await self.controller.send(command)

    async def submit(self, prompt: c.Prompt) -> c.Disposition:
        """Take a prompt without waiting for its run."""
        return await self.controller.submit(prompt)

    @property
    def state(self) -> c.State:
        """How things stand now."""
        return self.controller.state

    async def quiet(self) -> None:
        """End whatever goes on, in order."""
        await self.controller.abort()
        await self.controller.send(c.AbortBash())

    async def replace(self, make: Callable[[], SessionLog], reason: Reason = "resume") -> None:
        """Go on with another session. Nothing changes if it can't be made."""
        await self.quiet()
        await self._use(self.opener.controller(make(), self.controller), reason)

    async def renew(self) -> None:
        """Go on with the same session, with what lies around it read anew, extensions too."""
        await self.quiet()
        await self.controller.bridge.end("reload")
        await self.opener.reload_extensions()
        await self._use(self.opener.again(self.controller), "reload")

    async def _use(self, controller: Controller, reason: Reason) -> None:
        before, path = self.controller, controller.log.path
        if reason != "reload":
            await before.bridge.end(reason, str(path) if path else None)
        self._leave()
        self.controller = controller
        self._leave = controller.subscribe(self._pass_on)
        controller.bridge.begin(reason, str(before.log.path) if before.log.path else None)
        controller.use_ui(self._ui)
        with suppress(AbortedError):  # nobody wanted to wait for an extension: it goes on without
            await controller.bridge.begun()

    def _pass_on(self, event: SessionEvent) -> None:
        for listener in tuple(self._listeners):
            listener(event)


async def _new_session(host: SessionHost, command: c.NewSession) -> Cancelled:
    parent = Path(command.parent_session) if command.parent_session else None
    if await host.prevented("session_before_switch", "new"):
        return Cancelled(True)
    await host.replace(lambda: host.opener.create(host.controller, parent), "new")
    return Cancelled()


async def _switch_session(host: SessionHost, command: c.SwitchSession) -> Cancelled:
    path, cwd = command.session_path, command.cwd_override
    # before anything ends, so that a mistake does not cost the run that is going on
    log = await asyncio.to_thread(host.opener.open, path, cwd)
    if await host.prevented("session_before_switch", "resume", path):
        return Cancelled(True)
    same = log.path == host.controller.log.path  # it grows until its run has ended
    await host.replace(lambda: host.opener.open(path, cwd) if same else log)
    return Cancelled()


async def _import_session(host: SessionHost, command: c.ImportSession) -> Cancelled:
    if await host.prevented("session_before_switch", "resume", command.path):
        return Cancelled(True)
    log = await asyncio.to_thread(host.opener.bring_in, command.path, command.cwd_override)
    await host.replace(lambda: log)
    return Cancelled()


async def _fork(host: SessionHost, command: c.Fork) -> Forked:
    log = host.controller.log
    node = log.tree.get(command.entry_id)
    entry = None if node is None else log.entry(node)
    message = entry.message if isinstance(entry, MessageEntry) else None
    if node is None or not isinstance(message, UserMessage):
        raise SessionError(
            f"there is no prompt {command.entry_id!r} in this session: get_fork_messages lists them"
        )
    before = log.tree.parent(node)
    if await host.prevented("session_before_fork", command.entry_id):
        return Forked(cancelled=True)
    await host.replace(
        lambda: host.opener.copy(host.controller, before.id if before else None), "fork"
    )
    return Forked(typed_text(text_of(message.content)))


async def _clone(host: SessionHost, command: c.Clone) -> Cancelled:
    if host.controller.log.leaf is None:
        raise SessionError("there is nothing to copy yet: nothing was said")

    def copy() -> SessionLog:
        leaf = host.controller.log.leaf
        return host.opener.copy(host.controller, leaf.id if leaf else None)

    if await host.prevented("session_before_fork", None):
        return Cancelled(True)
    await host.replace(copy, "fork")
    return Cancelled()


_HANDLERS: dict[type[Struct], HostHandler] = {
    c.NewSession: _new_session,
    c.SwitchSession: _switch_session,
    c.ImportSession: _import_session,
    c.Fork: _fork,
    c.Clone: _clone,
}
