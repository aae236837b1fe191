"""What a handler works with: the session at work, and the services around it.

A handler is a function of the desk and a command, found in `pi.coding.handlers.table`. The desk is
the controller, seen by what handlers may use of it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from pi.agent.hooks import Hooks
from pi.agent.inbox import Inbox
from pi.agent.tools import Tool
from pi.ai.client import Client
from pi.ai.model import Model, ThinkingLevel
from pi.ai.options import Options
from pi.coding.api.answers import BashResult, CommandInfo
from pi.coding.extensions.inside import Inside
from pi.coding.extensions.offer import Offer
from pi.coding.extensions.program import Program
from pi.coding.extensions.quiet import QuietBridge
from pi.coding.extensions.shelf import Shelf
from pi.coding.policies.host import Policies, PolicyHost
from pi.coding.resources.found import Resources
from pi.coding.session.entries import AgentMessage
from pi.coding.settings import Settings

__all__ = ["Candidate", "Desk", "Services"]

Candidate = tuple[Model, ThinkingLevel | None]
"""A model to switch to, and the thinking level that was named with it."""


def _no_policies(host: PolicyHost) -> Sequence[Hooks]:
    return ()


def _nothing() -> tuple[()]:
    return ()


def _no_extensions(inside: Inside) -> QuietBridge:
    shelf = Shelf()
    return QuietBridge(Program(shelf), inside, Offer(shelf, tuple))


class Services(Struct, frozen=True, kw_only=True):
    """What a session needs around it; made by `pi.coding.compose`.

    find: `provider`, `id` to the model. configured: whether a provider has a credential.
    system: the system prompt's blocks. options: what settings say about every call.
    policies: makes the loop's hooks. expand: what a prompt becomes (skills, templates).
    commands: the slash commands that `expand` knows. scope: the user's list of models to cycle
    through. available: all models that can be used. refresh: takes up what `models.json` says now,
    and gives whether that is something else. news: what is wrong in it that was not told.
    bash: makes the tool that runs commands. mask: takes secrets out of what is recorded.
    resources: what was found around the session. bridge: makes the session's way to extensions.
    """

    client: Client
    find: Callable[[str, str], Model]
    configured: Callable[[str], bool]
    system: Callable[[], tuple[str, ...]]
    tools: Mapping[str, Tool]
    cwd: Path
    options: Options = Options()
    settings: Settings = Settings()
    policies: Policies = _no_policies
    env: dict[str, str] = {}
    expand: Callable[[str], str] = str
    commands: Callable[[], Sequence[CommandInfo]] = _nothing
    scope: Callable[[], Sequence[Candidate]] = _nothing
    available: Callable[[], Sequence[Model]] = _nothing
    refresh: Callable[[], bool] = bool
    news: Callable[[], list[str]] = list
    bash: Callable[[], Tool] | None = None
    mask: Callable[[bytes], bytes] | None = None
    resources: Resources | None = None
    bridge: Callable[[Inside], QuietBridge] = _no_extensions


class Desk(PolicyHost, Protocol):
    """The session at work: what policies are given, and what only handlers need."""

    bash: asyncio.Task[BashResult] | None
    """The user's command that is running."""

    summary: asyncio.Task[Any] | None
    """A compaction or a branch summary that somebody asked for."""

    @property
    def services(self) -> Services:
        """What is around the session."""
        ...

    @property
    def inbox(self) -> Inbox:
        """The queues."""
        ...

    @property
    def hooks(self) -> Sequence[Hooks]:
        """The policies."""
        ...

    @property
    def busy(self) -> bool:
        """Whether a run is going on."""
        ...

    @property
    def compacting(self) -> bool:
        """Whether a summary is being made."""
        ...

    def record(self, message: AgentMessage) -> None:
        """Add a message to the log: now, or when the run that is going on has settled."""
        ...

    def choose(self, model: Model | None, level: ThinkingLevel | None) -> None:
        """Record what is used from now on; None leaves it as it is."""
        ...

    def queue_changed(self) -> None:
        """Tell what is queued."""
        ...

    def go_on(self) -> None:
        """Begin a run with what was queued, if nothing goes on."""
        ...

    async def abort(self) -> None:
        """End the run, drop what was queued, and wait until all is settled."""
        ...

    def drop_queue(self) -> None:
        """Forget what was queued."""
        ...

    async def end_run(self) -> None:
        """End the run or the summary that is being made, and wait until all is settled."""
        ...
