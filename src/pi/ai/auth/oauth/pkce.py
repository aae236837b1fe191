"""Logging in with a browser: authorization code with PKCE (RFC 7636), for programs (RFC 8252).

The browser comes back to a server on the loopback, or the user pastes what the browser shows; both
are open at the same time and the first one wins. The verifier never leaves this process before the
exchange, and the state is a random value of its own.
"""

import asyncio
import secrets
from base64 import urlsafe_b64encode
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import TypeVar

from msgspec import Struct

from pi.ai.auth.base import LoginUI
from pi.ai.auth.oauth.attempt import Attempt, Exchange, Handshake
from pi.ai.auth.oauth.callback import CallbackServer
from pi.ai.auth.oauth.paste import Denied, pasted_code
from pi.ai.auth.oauth.world import World
from pi.ai.errors import AbortedError, AuthError

__all__ = ["HOST_VARIABLE", "BrowserLogin", "Loopback", "challenge_of", "random_text"]

T = TypeVar("T")

HOST_VARIABLE = "PI_OAUTH_CALLBACK_HOST"
"""The variable that names the address to listen on, for containers; 127.0.0.1 without it."""

_PASTES = 3
_INSTRUCTIONS = (
    "Log in with the browser. If it runs on another machine, paste the address that it ends at."
)


def random_text() -> str:
    """256 random bits as 43 characters that mean nothing in a URL: a verifier or a state."""
    return urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class Loopback(Struct, frozen=True, kw_only=True):
    """Where the browser comes back to.

    port: 0 for any. any_port: the service accepts another port than this one. host: what the
    address calls this machine.
    """

    port: int
    path: str
    any_port: bool = False
    host: str = "localhost"

    def redirect_uri(self, port: int) -> str:
        """The address to come back to."""
        return f"http://{self.host}:{port}{self.path}"


class BrowserLogin:
    """Logs in to `who`. `authorize` makes the address to open; `state`: whether one is sent."""

    def __init__(
        self,
        world: World,
        ui: LoginUI,
        who: str,
        authorize: Callable[[Handshake], str],
        *,
        state: bool = True,
    ) -> None:
        self.world = world
        self.ui = ui
        self.who = who
        self.authorize = authorize
        self.state = state

    async def by_callback(self, loopback: Loopback, exchange: Exchange[T]) -> T:
        """Log in with a browser on this machine, or by pasting the address that it ends at."""
        verifier = random_text()
        state = random_text() if self.state else ""
        attempts: list[Attempt[T]] = []
        server = CallbackServer(loopback.path, lambda query: attempts[0].visit(query))
        try:
            listening = await self._listen(server, loopback)
            port = server.port if listening else loopback.port
            handshake = Handshake(
                loopback.redirect_uri(port), state, verifier, challenge_of(verifier)
            )
            attempt = Attempt(self.who, handshake, exchange)
            attempts.append(attempt)
            async with self._pasting(attempt, listening):
                return await self._finish(attempt)
        finally:
            await server.close()

    async def by_code(self, redirect_uri: str, exchange: Exchange[T]) -> T:
        """Log in with a browser anywhere: the service shows a code on a page of its own."""
        verifier = random_text()
        state = random_text() if self.state else ""
        handshake = Handshake(redirect_uri, state, verifier, challenge_of(verifier))
        attempt = Attempt(self.who, handshake, exchange)
        async with self._pasting(attempt, False):
            return await self._finish(attempt)

    async def _listen(self, server: CallbackServer, loopback: Loopback) -> bool:
        """Start the server. If that is not possible, pasting is what is left."""
        host = self.world.env.get(HOST_VARIABLE) or "127.0.0.1"
        ports = [loopback.port] + ([0] if loopback.any_port and loopback.port else [])
        reason = ""
        for port in ports:
            try:
                await server.start(host.strip(), port)
                return True
            except OSError as error:
                reason = error.strerror or type(error).__name__
        self.ui.progress(
            f"Cannot listen on {host} port {loopback.port} ({reason}); another login may be"
            " under way. Paste the address that the browser ends at."
        )
        return False

    async def _finish(self, attempt: Attempt[T]) -> T:
        await asyncio.wait({attempt.result}, timeout=self.world.patience)
        if attempt.claimed:
            await asyncio.wait({attempt.result})  # a code came in time; the exchange is bounded
        if not attempt.result.done():
            minutes = self.world.patience / 60
            raise AuthError(
                f"nobody finished the login to {self.who} within {minutes:g} minutes: start again"
            )
        return attempt.result.result()

    @asynccontextmanager
    async def _pasting(self, attempt: Attempt[T], listening: bool) -> AsyncGenerator[None, None]:
        """Show the address and ask for a paste, until the block is left."""
        task = asyncio.create_task(self._converse(attempt, listening), name="login paste")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _converse(self, attempt: Attempt[T], listening: bool) -> None:
        try:
            await self.ui.open_url(self.authorize(attempt.handshake), _INSTRUCTIONS)
            code = await self._pasted(attempt, listening)
            if code and not attempt.claimed:
                await attempt.redeem(code)
        except asyncio.CancelledError:
            attempt.fail(AbortedError("the login was cancelled"))
            raise
        except Exception as error:
            attempt.fail(error)

    async def _pasted(self, attempt: Attempt[T], listening: bool) -> str:
        """The code that was pasted, "" if nobody pastes."""
        what = "the address that the browser ends at" if listening else "the code or the address"
        for left in reversed(range(_PASTES)):
            text = await self.ui.paste(f"Paste {what}:")
            if not text.strip():
                break
            try:
                return pasted_code(text, attempt.handshake.state, self.who)
            except AuthError as error:
                if not left or isinstance(error, Denied):
                    raise
                self.ui.progress(str(error))
        if not listening:
            raise AuthError(f"nothing was pasted: the login to {self.who} was not completed")
        return ""
