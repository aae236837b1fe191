"""How an extension or a policy reaches the person in front of the program.

A mode that has somebody to ask offers a `UserInterface`; without one, questions are answered as if
the person had left them unanswered, at once.
"""

from collections.abc import Sequence
from typing import Literal, Protocol

from pi.coding.api.picking import Picked, PickList

__all__ = ["NoUser", "NoticeLevel", "UserInterface", "WidgetPlacement"]

NoticeLevel = Literal["info", "warning", "error"]
WidgetPlacement = Literal["aboveEditor", "belowEditor"]


class UserInterface(Protocol):
    """What may be asked and shown. Times are in seconds; None waits as long as it takes."""

    async def select(
        self, title: str, options: Sequence[str], *, timeout: float | None = None
    ) -> str | None:
        """One of the options; None if nothing was chosen."""
        ...

    async def confirm(self, title: str, message: str, *, timeout: float | None = None) -> bool:
        """Yes or no; no if nothing was answered."""
        ...

    async def input(
        self,
        title: str,
        *,
        placeholder: str = "",
        secret: bool = False,
        timeout: float | None = None,
    ) -> str | None:
        """A line of text; None if nothing was answered. `secret`: it is not shown."""
        ...

    async def pick(self, picklist: PickList) -> Picked | None:
        """A row of a list; None if nothing was chosen. Cancelling the task closes it."""
        ...

    def open_url(self, url: str) -> bool:
        """Open an http or https address in a browser; False if there is none here."""
        ...

    async def editor(self, title: str, *, prefill: str = "") -> str | None:
        """A text of many lines; None if it was given up."""
        ...

    def notify(self, message: str, level: NoticeLevel = "info") -> None:
        """Say something."""
        ...

    def set_status(self, key: str, text: str | None) -> None:
        """Show a short text as long as it holds; None takes it away."""
        ...

    def set_widget(
        self,
        key: str,
        lines: Sequence[str] | None,
        placement: WidgetPlacement = "aboveEditor",
    ) -> None:
        """Show some lines beside the editor; None takes them away."""
        ...

    def set_title(self, title: str) -> None:
        """Name the window."""
        ...

    def set_editor_text(self, text: str) -> None:
        """Put a text where the person writes."""
        ...


class NoUser:
    """Nobody is there."""

    async def select(
        self, title: str, options: Sequence[str], *, timeout: float | None = None
    ) -> str | None:
        """None."""
        return None

    async def confirm(self, title: str, message: str, *, timeout: float | None = None) -> bool:
        """No."""
        return False

    async def input(
        self,
        title: str,
        *,
        placeholder: str = "",
        secret: bool = False,
        timeout: float | None = None,
    ) -> str | None:
        """None."""
        return None

    async def pick(self, picklist: PickList) -> Picked | None:
        """None."""
        return None

    def open_url(self, url: str) -> bool:
        """No."""
        return False

    async def editor(self, title: str, *, prefill: str = "") -> str | None:
        """None."""
        return None

    def notify(self, message: str, level: NoticeLevel = "info") -> None:
        """Nothing is shown."""

    def set_status(self, key: str, text: str | None) -> None:
        """Nothing is shown."""

    def set_widget(
        self,
        key: str,
        lines: Sequence[str] | None,
        placement: WidgetPlacement = "aboveEditor",
    ) -> None:
        """Nothing is shown."""

    def set_title(self, title: str) -> None:
        """Nothing is shown."""

    def set_editor_text(self, text: str) -> None:
        """Nothing is shown."""
