"""One attempt to log in: what was sent, what comes back, and that it is redeemed once.

A code may come through the browser or be pasted, both at the same time. Whoever is first redeems
it; a code with a foreign state is nobody's and ends nothing; a denial ends the attempt.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from msgspec import Struct

from pi.ai.auth.oauth.page import Page
from pi.ai.auth.oauth.paste import denied
from pi.ai.errors import PiError

__all__ = ["Attempt", "Exchange", "Handshake"]

T = TypeVar("T")


class Handshake(Struct, frozen=True):
    """What identifies one attempt. `state` is "" for a service that knows none."""

    redirect_uri: str
    state: str
    verifier: str
    challenge: str


Exchange = Callable[[Handshake, str], Awaitable[T]]
"""Turns a code into whatever the login is about. Raises `PiError`."""


class Attempt(Generic[T]):
    """`result` is what `exchange` made of the code, or the error that ended the attempt."""

    def __init__(self, who: str, handshake: Handshake, exchange: Exchange[T]) -> None:
        self.who = who
        self.handshake = handshake
        self.claimed = False
        self.result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._exchange = exchange

    async def redeem(self, code: str) -> None:
        """Exchange the code. The result or the error becomes the result of the attempt."""
        self.claimed = True
        try:
            value = await self._exchange(self.handshake, code)
        except Exception as error:
            self.fail(error)
            raise
        if not self.result.done():
            self.result.set_result(value)

    def fail(self, error: Exception) -> None:
        """End the attempt, unless it has ended."""
        self.claimed = True
        if not self.result.done():
            self.result.set_exception(error)
            self.result.exception()  # who waits hears of it, and nobody else complains

    async def visit(self, query: dict[str, list[str]]) -> Page:
        """What the browser came back with, and the page to show for it."""
        expected = self.handshake.state
        if expected and query.get("state") != [expected]:
            return Page(400, "This answer belongs to another login (state mismatch).")
        if self.claimed:
            return Page(409, "This login was used already. You can close this window.")
        if "error" in query:
            fields = {name: values[0] for name, values in query.items()}
            error = denied(fields, self.who)
            self.fail(error)
            return Page(400, f"{self.who} did not allow the login.", str(error))
        codes = query.get("code", [])
        if len(codes) != 1 or not codes[0]:
            return Page(400, "This answer has no code.")
        try:
            await self.redeem(codes[0])
        except PiError as error:
            return Page(502, f"The login to {self.who} was not completed.", str(error))
        except Exception as error:
            return Page(502, f"The login to {self.who} failed.", type(error).__name__)
        return Page(200, f"{self.who} accepted the login. You can close this window.")
