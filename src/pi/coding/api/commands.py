"""What a mode may ask. A command is data; `Session.send` carries it out and answers.

This is the whole reach of every mode: a screen gets no more than a program at the end of a pipe.
"""

from collections.abc import Callable
from typing import Any, Literal, Protocol

from msgspec import Struct

from pi.ai.messages import AssistantMessage, ImageContent
from pi.ai.model import Model, ThinkingLevel
from pi.coding.api.events import SessionEvent, SessionStart

__all__ = [
    "Abort",
    "ClearQueue",
    "Command",
    "FollowUp",
    "Prompt",
    "Session",
    "SetModel",
    "SetName",
    "SetThinkingLevel",
    "State",
    "Steer",
]


class Prompt(Struct, frozen=True):
    """Say something and wait until all is settled; the answer is the last assistant message.

    While a run goes on, `streaming` says whether the text steers it or waits for its end; without
    that it is an error.
    """

    text: str
    images: tuple[ImageContent, ...] = ()
    streaming: Literal["steer", "followUp"] | None = None


class Steer(Struct, frozen=True):
    """Say something before the next request of the run."""

    text: str
    images: tuple[ImageContent, ...] = ()


class FollowUp(Struct, frozen=True):
    """Say something when the run would otherwise end."""

    text: str
    images: tuple[ImageContent, ...] = ()


class Abort(Struct, frozen=True):
    """End the run; answers when it has ended. What was queued is dropped."""


class ClearQueue(Struct, frozen=True):
    """Take back what was queued; the answer is the texts."""


class SetModel(Struct, frozen=True):
    """Go on with another model; the answer is the model."""

    provider: str
    id: str


class SetThinkingLevel(Struct, frozen=True):
    """Think more or less; the answer is the level that the model supports."""

    level: ThinkingLevel


class SetName(Struct, frozen=True):
    """Name the session; an empty name clears it."""

    name: str


Command = Prompt | Steer | FollowUp | Abort | ClearQueue | SetModel | SetThinkingLevel | SetName


class State(Struct, frozen=True):
    """How things stand."""

    model: Model
    thinking_level: ThinkingLevel
    streaming: bool
    session: SessionStart
    session_file: str | None
    name: str | None
    message_count: int
    pending: int
    last_answer: AssistantMessage | None


class Session(Protocol):
    """What a mode is given."""

    async def send(self, command: Command) -> Any:
        """Carry out a command. Raises `PiError` if it can't be."""
        ...

    def subscribe(self, listener: Callable[[SessionEvent], None]) -> Callable[[], None]:
        """Hear all events, in order; gives a function that ends it."""
        ...

    @property
    def state(self) -> State:
        """How things stand now."""
        ...
