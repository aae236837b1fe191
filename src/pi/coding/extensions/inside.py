"""The session at work, as extensions reach it; the controller is one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from pi.agent.inbox import Inbox
from pi.agent.loop import Turn
from pi.ai.messages import ImageContent
from pi.ai.model import Model, ThinkingLevel
from pi.coding.api.commands import Command
from pi.coding.api.events import SessionEvent
from pi.coding.api.ui import UserInterface
from pi.coding.session.log import SessionLog

__all__ = ["Inside"]


class Inside(Protocol):
    """What a bridge needs of the session."""

    @property
    def log(self) -> SessionLog:
        """The log."""
        ...

    @property
    def ui(self) -> UserInterface:
        """The person to ask, if there is one."""
        ...

    @property
    def cwd(self) -> Path:
        """The session's working folder."""
        ...

    @property
    def inbox(self) -> Inbox:
        """The queues."""
        ...

    @property
    def model(self) -> Model:
        """The model for the next request."""
        ...

    @property
    def thinking(self) -> ThinkingLevel:
        """The thinking level for the next request."""
        ...

    @property
    def busy(self) -> bool:
        """Whether a run is going on."""
        ...

    @property
    def compacting(self) -> bool:
        """Whether a summary is being made."""
        ...

    def turn(self) -> Turn:
        """The next request as it would be now."""
        ...

    async def send(self, command: Command) -> Any:
        """Carry out a command. Raises `PiError`."""
        ...

    async def say(self, text: str, images: Sequence[ImageContent]) -> None:
        """Say something in the name of an extension: begin a run, or queue a follow-up."""
        ...

    def begin(self) -> None:
        """Begin a run with what is in the log, if nothing goes on."""
        ...

    def tell(self, event: SessionEvent) -> None:
        """Say something to everybody who listens."""
        ...

    def queue_changed(self) -> None:
        """Tell what is queued."""
        ...

    async def abort(self) -> None:
        """End the run."""
        ...

    async def settled(self) -> None:
        """Wait until nothing goes on."""
        ...
