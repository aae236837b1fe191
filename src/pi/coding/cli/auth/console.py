"""A login at the console: what it shows goes to standard error, what it asks is typed.

Without a terminal nobody can be asked: then every question takes its usual answer if `--yes` was
given, and ends the login with one line if not.
"""

import sys
from collections.abc import Mapping
from typing import TextIO

from pi.ai.errors import AbortedError, ConfigError
from pi.coding.browser import open_browser
from pi.coding.cli.args import Arguments
from pi.coding.cli.auth.keyboard import Keyboard
from pi.coding.cli.auth.words import span
from pi.coding.modes.sanitize import printable

__all__ = ["ConsoleUI"]

_ELSEWHERE = ("device", "code")
"""Answers that mean a browser on another machine."""


class ConsoleUI:
    """A `LoginUI` for terminals. `keyboard` is None if there is nobody to ask."""

    def __init__(self, args: Arguments, env: Mapping[str, str], out: TextIO | None = None) -> None:
        self.browser = not args.flag("no-browser")
        self.yes = args.flag("yes")
        self.keyboard: Keyboard | None = None
        if sys.stdin is not None and sys.stdin.isatty():
            self.keyboard = Keyboard(sys.stdin.fileno(), sys.stdin.encoding or "utf-8")
        self._env = env
        self._out = out or sys.stderr

    def need_somebody(self, what: str) -> None:
        """Raise `ConfigError` if nobody can answer and `--yes` was not given."""
        if self.keyboard is None and not self.yes:
            raise ConfigError(
                f"{what} needs a terminal: run it in one, or give --yes to take the usual answers"
            )

    # -- a login's questions -----------------------------------------------------------------------

    async def open_url(self, url: str, instructions: str) -> None:
        opened = self.browser and open_browser(url, self._env)
        self._say(instructions)
        self._say("Opened in the browser:" if opened else "Open this address in a browser:")
        self._say(f"\n{url}\n")

    async def show_code(
        self, user_code: str, verification_uri: str, expires_in: float | None
    ) -> None:
        self._say(f"Open this address in any browser:\n\n{verification_uri}\n")
        until = f" (good for {span(expires_in)})" if expires_in else ""
        self._say(f"and type in this code: {user_code}{until}")
        self._say("Waiting for you to finish there; Ctrl+C gives up.")

    async def prompt(
        self,
        message: str,
        *,
        placeholder: str = "",
        allow_empty: bool = False,
        secret: bool = False,
    ) -> str:
        if allow_empty and self.yes:
            return ""
        if self.keyboard is None:
            raise ConfigError(f"nobody can be asked here ({message.rstrip(': ')})")
        example = f" (such as {placeholder})" if placeholder else ""
        while True:
            self._ask(f"{message}{example} ")
            text = await self.keyboard.line(hidden=secret)
            if secret:
                self._say("")
            if text or allow_empty:
                return text

    async def paste(self, message: str) -> str:
        if self.keyboard is None:
            return ""
        self._ask(f"{message} ")
        try:
            return await self.keyboard.line()
        except BaseException:
            self._say("")  # the browser was faster: leave the line of the question
            raise

    async def choose(self, message: str, options: Mapping[str, str]) -> str:
        names = list(options)
        if not self.browser:
            elsewhere = [name for name in names if name in _ELSEWHERE]
            if elsewhere:
                return elsewhere[0]
        if self.yes or self.keyboard is None:
            self.need_somebody("this login")
            return names[0]
        self._say(message)
        for number, label in enumerate(options.values(), 1):
            self._say(f"  {number}. {label}")
        while True:
            self._ask(f"Number [1-{len(names)}, Enter for 1]: ")
            typed = await self.keyboard.line()
            if not typed:
                return names[0]
            if typed.isdecimal() and 1 <= int(typed) <= len(names):
                return names[int(typed) - 1]
            if typed in options:
                return typed
            self._say(f"{printable(typed)!r} is none of them.")

    def progress(self, text: str) -> None:
        self._say(text)

    # -- our own -----------------------------------------------------------------------------------

    async def confirm(self, question: str) -> None:
        """Ask for a yes. Raises `AbortedError` for anything else."""
        if self.yes or self.keyboard is None:
            self.need_somebody("this")
            return
        self._ask(f"{question} [y/N] ")
        if (await self.keyboard.line()).lower() not in ("y", "yes"):
            raise AbortedError("nothing was changed")

    def _say(self, text: str) -> None:
        self._out.write(printable(text) + "\n")
        self._out.flush()

    def _ask(self, text: str) -> None:
        self._out.write(printable(text))
        self._out.flush()
