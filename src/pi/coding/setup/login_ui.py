"""A login's questions, asked through whatever interface the mode has.

What must stay readable while somebody is in the browser (the address, the code) stands in the
widget `login`, which is taken away when the login is over.
"""

import time
from collections.abc import Mapping

from pi.ai.errors import AbortedError
from pi.coding.api.ui import UserInterface

__all__ = ["WIDGET", "Asking"]

WIDGET = "login"
"""The key of the widget."""

_GIVEN_UP = "nothing was changed: the login was given up"


class Asking:
    """A `Person` behind a user interface. Use it as a context: its widget goes with it."""

    def __init__(self, ui: UserInterface, name: str) -> None:
        self._ui = ui
        self._name = name
        self._lines: list[str] = []
        self._state = ""

    def __enter__(self) -> "Asking":
        return self

    def __exit__(self, *_: object) -> None:
        if self._lines or self._state:
            self._ui.set_widget(WIDGET, None)

    async def open_url(self, url: str, instructions: str) -> None:
        """Show the address, and open a browser if there is one."""
        opened = self._ui.open_url(url)
        how = "Opened in the browser:" if opened else "Open this address in a browser:"
        self._show(instructions, how, url)

    async def show_code(
        self, user_code: str, verification_uri: str, expires_in: float | None
    ) -> None:
        """Show the code to type in."""
        self._ui.open_url(verification_uri)
        until = ""
        if expires_in:
            until = f" (good until {time.strftime('%H:%M', time.localtime(_after(expires_in)))})"
        self._show(
            "Open this address in any browser:",
            verification_uri,
            f"and type in this code: {user_code}{until}",
        )

    async def prompt(
        self,
        message: str,
        *,
        placeholder: str = "",
        allow_empty: bool = False,
        secret: bool = False,
    ) -> str:
        """A line of text. Raises `AbortedError` if nothing is answered."""
        typed = await self._ui.input(message, placeholder=placeholder, secret=secret)
        if typed is None or not (typed.strip() or allow_empty):
            raise AbortedError(_GIVEN_UP)
        return typed.strip()

    async def paste(self, message: str) -> str:
        """The address or code at the end of a browser login, unless the browser is faster."""
        typed: str | None = ""
        while typed is not None and not typed.strip():
            typed = await self._ui.input(message)
        if typed is None:
            raise AbortedError(_GIVEN_UP)
        return typed.strip()

    async def choose(self, message: str, options: Mapping[str, str]) -> str:
        """One of the options."""
        chosen = await self._ui.select(message, tuple(options.values()))
        names = [name for name, label in options.items() if label == chosen]
        if not names:
            raise AbortedError(_GIVEN_UP)
        return names[0]

    def progress(self, text: str) -> None:
        """Show what is going on, under the address."""
        self._state = text
        self._draw()

    async def confirm(self, question: str) -> None:
        """Ask for a yes; what was said before the question belongs to it."""
        about, self._state = self._state or self._name, ""
        self._draw()
        if not await self._ui.confirm(question, about):
            raise AbortedError(_GIVEN_UP)

    def _show(self, *lines: str) -> None:
        self._lines = list(lines)
        self._draw()

    def _draw(self) -> None:
        self._ui.set_widget(WIDGET, [*self._lines, *filter(None, [self._state])] or None)


def _after(seconds: float) -> float:
    return time.time() + seconds
