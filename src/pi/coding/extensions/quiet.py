"""The way from a session to extensions where there are none: nobody is asked, nobody told.

Most programs have no extension and must not pay for any: what they need is here, and the real
bridge (`pi.coding.extensions.bridge`) is loaded when something is registered that could hear.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import UNSET

from pi.agent.hooks import Hooks
from pi.agent.tools import Tool
from pi.ai.messages import ImageContent
from pi.ai.model import Model, ThinkingLevel
from pi.coding.api.setup import Completion
from pi.coding.extensions.given import key_name
from pi.coding.extensions.inside import Inside
from pi.coding.extensions.offer import Offer
from pi.coding.extensions.program import Program
from pi.coding.extensions.shelf import Owner, Shelf
from pi.coding.extensions.words import Reason
from pi.coding.session.entries import Custom
from pi.coding.session.log import SessionLog

__all__ = ["TOOLS", "QuietBridge", "remembered"]

T = TypeVar("T")

TOOLS = "pi.tools"
"""Custom type of the entry that says which tools are active from there on."""


class QuietBridge:
    """A bridge with nobody at its other end.

    keep_tools: the command line says which tools are active. hooks: policies of extensions.
    """

    hooks: tuple[Hooks, ...] = ()

    def __init__(
        self, program: Program, inside: Inside, offer: Offer, *, keep_tools: bool = False
    ) -> None:
        self._program = program
        self._inside = inside
        self._offer = offer
        self._keep_tools = keep_tools
        self._started = False

    def begin(self, reason: Reason, previous_file: str | None = None) -> None:
        """The session is what modes talk to from now on; its extensions are told, once."""
        if not self._started:
            self._started = True
            self.restore_tools()

    async def begun(self) -> None:
        """Wait until all have heard that the session begins; it begins now if it has not yet."""
        self.begin("startup")

    async def end(self, reason: Reason, next_file: str | None = None) -> None:
        """The session is over."""

    def restore_tools(self) -> None:
        """Offer the tools that the branch says are active."""
        chosen = None if self._keep_tools else remembered(self._inside.log, TOOLS)
        if chosen and isinstance(chosen[-1], list):
            self._offer.choose(self._offer.known(chosen[-1]))
        elif self._offer.chosen is not None:
            self._offer.choose(None)

    @property
    def shelf(self) -> Shelf:
        """All that is registered."""
        return self._program.shelf

    def hears(self, event: str) -> bool:
        """Whether anybody hears an event."""
        return self._program.shelf.hears(event)

    @property
    def holds(self) -> bool:
        """Whether an extension is waited for, outside of a run."""
        return False

    def give_up(self, *, commands: bool) -> None:
        """Wait no longer for extensions, outside of a run. commands: their slash commands, too."""

    def timed(self, tools: Mapping[str, Tool]) -> Mapping[str, Tool]:
        """The tools, those of extensions so that a person is told if one takes long."""
        return tools

    def tell(self, name: str, *fields: Any) -> None:
        """Tell the event of that name, made of these fields, without waiting."""

    def hear(self, event: Any) -> None:
        """Tell an event of a mode, under the name of its type."""

    async def first(self, name: str, kinds: tuple[type[T], ...], *fields: Any) -> T | None:
        """The first answer of one of these kinds to an event made of these fields."""
        return None

    async def input(
        self, text: str, images: tuple[ImageContent, ...], source: str
    ) -> tuple[str, tuple[ImageContent, ...]] | None:
        """What was said, as extensions want it; None if it is dealt with."""
        return text, images

    def chosen(self, model: Model, before: Model, level: ThinkingLevel, was: ThinkingLevel) -> None:
        """Another model or thinking level is used from now on."""

    def command(self, text: str) -> Callable[[bool], "asyncio.Task[None]"] | None:
        """What runs the slash command that a prompt is, if it is one of an extension."""
        return None

    async def completions(self, name: str, prefix: str) -> Sequence[Completion]:
        """What the argument of a command may go on with; nothing if nobody knows."""
        return ()

    async def press(self, key: str) -> None:
        """Do what a key of an extension does. Raises `ConfigError` for an unknown one."""
        self._program.shelf.shortcuts.registry.get(key_name(key))

    def failed(self, owner: Owner, what: str, error: BaseException) -> None:
        """Tell what an extension did wrong."""


def remembered(log: SessionLog, kind: str) -> tuple[Any, ...]:
    """The data of a kind of entry on the active branch, in order."""
    nodes = [node for node in log.branch if node.type == "custom"]
    found = [entry for _, entry in log.entries(nodes) if isinstance(entry, Custom)]
    return tuple(
        None if entry.data is UNSET else entry.data for entry in found if entry.custom_type == kind
    )
