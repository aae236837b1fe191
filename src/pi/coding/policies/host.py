"""What a policy is given: the session it works on, and a way to be heard.

A policy is a subclass of `pi.agent.hooks.Hooks` in a file of its own; `pi.coding.policies.standard`
says which ones a session has.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from pi.agent.hooks import Hooks
from pi.agent.loop import Turn
from pi.ai.client import Client
from pi.ai.model import Model, ThinkingLevel
from pi.coding.api.events import SessionEvent
from pi.coding.api.ui import UserInterface
from pi.coding.extensions.quiet import QuietBridge
from pi.coding.session.log import SessionLog
from pi.coding.settings import Settings

__all__ = ["Policies", "PolicyHost"]


class PolicyHost(Protocol):
    """The session, as its policies see it."""

    @property
    def log(self) -> SessionLog:
        """The log; its state is the conversation. A policy may append to it."""
        ...

    @property
    def client(self) -> Client:
        """For calls of the policy's own, such as summaries."""
        ...

    @property
    def settings(self) -> Settings:
        """What the user has set."""
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
    def ui(self) -> UserInterface:
        """The person to ask, if there is one."""
        ...

    @property
    def bridge(self) -> QuietBridge:
        """The session's way to extensions."""
        ...

    def available(self) -> Sequence[Model]:
        """The models that the user can use."""
        ...

    def turn(self) -> Turn:
        """The next request as it would be now: model, context, options."""
        ...

    def tell(self, event: SessionEvent) -> None:
        """Say something to everybody who listens."""
        ...


Policies = Callable[[PolicyHost], Sequence[Hooks]]
"""Makes the policies of a session."""
