"""The program around all sessions, as extensions see it: what is the same in each of them."""

from collections.abc import Callable
from typing import Any

from pi.coding.api.commands import Session
from pi.coding.api.ui import UserInterface
from pi.coding.extensions.shelf import Owner, Shelf
from pi.coding.extensions.words import Mode

__all__ = ["Program"]


class Program:
    """session: the one that modes talk to. context: of the session that is open now.

    failed: tells what an extension did wrong, once there is a session. shutdown: ends the program.
    trusted: whether the user trusts the project. slow: seconds after which a person is told what
    is waited for.
    """

    def __init__(self, shelf: Shelf, mode: Mode = "sdk") -> None:
        self.shelf = shelf
        self.mode: Mode = mode
        self.trusted = False
        self.slow = 10.0
        self.session: Session | None = None
        self.context: Any = None
        self.failed: Callable[[Owner, str, BaseException], None] | None = None
        self.shutdown: Callable[[], None] = _nothing
        self.tell: Callable[..., None] = lambda name, *fields: None

    def watched(self, ui: UserInterface) -> UserInterface:
        """The user interface, which tells when the user is asked something."""
        from pi.coding.extensions.watched import WatchedUI  # for those who have somebody to ask

        return WatchedUI(ui, self.tell)


def _nothing() -> None:
    """Nobody knows how to end the program."""
