"""Keeps logins fresh, and never loses one.

A refresh token can often be spent once only, and spending it twice can end the login everywhere.
Therefore: one refresh at a time per process and, under the store's lock, per machine; the entry is
read again under the lock and a token that somebody else fetched is adopted; the new token is on
disk before anybody uses it; a refresh that has begun is finished even if nobody waits any more; and
no answer of a service ever deletes a login.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from msgspec.structs import replace

from pi.ai.auth.base import OAuth, UnfinishedRefresh
from pi.ai.auth.lock import LockError
from pi.ai.auth.mistakes import flow_called
from pi.ai.auth.store import Credentials, Transaction
from pi.ai.errors import AuthError, ConfigError, PiError, RateLimitError, TransportError

__all__ = ["Refresher", "TokenKeeper"]

Refresher = Callable[[OAuth], Awaitable[OAuth]]
"""The one request that makes a newer login; `LoginFlow.refresh` is one."""

_PAUSES = (30.0, 60.0, 120.0, 300.0, 900.0)
"""Seconds to leave a service alone that said "too many requests" without saying for how long."""

_REFUSED_PAUSE = 600.0
"""Seconds to leave it alone after it refused a login: a proxy may have been what refused."""


class TokenKeeper:
    """Hands out logins that are good for `margin` more seconds, refreshing them where needed.

    timeout: seconds for the request to the service. now: the clock, seconds since the epoch.
    """

    def __init__(
        self,
        store: Credentials,
        *,
        margin: float = 300.0,
        timeout: float = 15.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.store = store
        self.margin = margin
        self.timeout = timeout
        self.now = now
        self._logins: dict[str, _Login] = {}

    async def fresh(self, name: str, refresh: Refresher, *, rejected: str = "") -> OAuth:
        """The login of entry `name`, refreshed if it is about to expire.

        `rejected` is an access token that the service has just refused: it is not handed out again
        however young it is. Raises `AuthError` if the login is over or gone, `RateLimitError`
        while the service wants to be left alone, `TransportError` if it cannot be reached,
        `ConfigError` if the result cannot be saved.
        """
        login = self._logins.setdefault(name, _Login())
        seen = self._read(name)
        usable = seen.access != rejected and self._lasts(seen, 0)
        if login.unsaved is None:
            if usable and self._lasts(seen, login.margin(self.margin)):
                return seen
            error = login.resting(seen, self.now())
            if usable and error:
                return seen
            if isinstance(error, AuthError | RateLimitError):
                raise error.with_traceback(None)
        task = login.task
        if task is None or task.done() or task.get_loop() is not asyncio.get_running_loop():
            work = self._refresh(name, login, seen, refresh, rejected)
            task = login.task = asyncio.create_task(work, name=f"refresh {name}")
            task.add_done_callback(_heard)
        try:
            return await asyncio.shield(task)
        except PiError as error:
            if login.unsaved is not None:
                raise ConfigError(
                    f"{error} (the refreshed login {name} is kept in memory until it can be saved)"
                ) from error
            if not usable:
                raise error.with_traceback(None) from error.__cause__
            now = self._read(name)  # its refresh token may be a new one
            if not login.resting(now, self.now()):
                login.rest(now, self.now() + _PAUSES[0], error)
            return seen  # it was to be refreshed early: good for some minutes yet

    async def finish(self) -> None:
        """Wait for the refreshes under way. To be called before the event loop is closed."""
        loop = asyncio.get_running_loop()
        tasks = [login.task for login in self._logins.values() if login.task]
        tasks = [task for task in tasks if task.get_loop() is loop and not task.done()]
        if tasks:
            await asyncio.wait(tasks)

    def trouble(self, name: str) -> str:
        """What is known to be wrong with a login, for people; "" if nothing is."""
        login = self._logins.get(name)
        return str((login and login.resting(None, self.now())) or "")

    # -- one refresh -------------------------------------------------------------------------------

    async def _refresh(
        self, name: str, login: "_Login", seen: OAuth, refresh: Refresher, rejected: str
    ) -> OAuth:
        if login.unsaved is not None:
            saved = await self._save(name, login, *login.unsaved)
            if self._lasts(saved, 0):
                return saved
        async with self.store.locked() as entries:
            current = self._login(name, entries.get(name))
            if self._newer(current, seen.access, rejected):
                return login.has(current, self.now())  # somebody else was faster
            try:
                fetched = await self._fetch(name, login, current, refresh, entries)
            except PiError:
                later = self._read(name)
                if self._newer(later, current.access, rejected):
                    return login.has(later, self.now())  # somebody was, without the lock
                raise
            login.unsaved = current, fetched
            try:
                entries.put(name, fetched)
                entries.commit()
                return login.has(fetched, self.now())
            except LockError:
                pass  # the machine slept and another process took the lock: save below
        return await self._save(name, login, current, fetched)

    async def _fetch(
        self, name: str, login: "_Login", current: OAuth, refresh: Refresher, entries: Transaction
    ) -> OAuth:
        """Ask the service, and remember what it said."""
        try:
            try:
                async with asyncio.timeout(self.timeout):
                    with flow_called(name):
                        fetched = _need_login(await refresh(current))
            except UnfinishedRefresh as half:
                current = self._keep(name, login, current, half.refresh, entries)
                if isinstance(half.error, asyncio.CancelledError):
                    raise TimeoutError from None
                with flow_called(name):
                    raise half.error from half.error.__cause__
        except TimeoutError:
            raise TransportError(
                f"refreshing the login {name} took longer than {self.timeout:g} s"
            ) from None
        except AuthError as error:
            refused = AuthError(
                f"the service refused to refresh the login {name}: {error};"
                " log in again (/login or `pi auth login`), nothing was deleted",
                status=error.status,
            )
            login.rest(current, self.now() + _REFUSED_PAUSE, refused)
            raise refused from error
        except RateLimitError as error:
            pause = login.pause(error.retry_after)
            until = self.now() + pause
            at = time.strftime("%H:%M:%S", time.localtime(until))
            asked = RateLimitError(
                f"the service asks not to refresh the login {name} before {at}: {error}",
                status=error.status,
                retry_after=pause,
            )
            login.rest(current, until, asked)
            raise asked from error
        except PiError as error:
            raise type(error)(
                f"refreshing the login {name} failed: {error}",
                status=error.status,
                retry_after=error.retry_after,
            ) from error
        return OAuth(
            refresh=fetched.refresh or current.refresh,
            access=fetched.access,
            expires=fetched.expires,
            extra={**current.extra, **fetched.extra},
        )

    def _keep(
        self, name: str, login: "_Login", spent: OAuth, refresh: str, entries: Transaction
    ) -> OAuth:
        """Save a refresh token that came with nothing else that is of use."""
        kept = replace(spent, refresh=refresh)
        login.unsaved = spent, kept
        with suppress(LockError):
            entries.put(name, kept)
            entries.commit()
            login.unsaved = None
        return kept

    async def _save(self, name: str, login: "_Login", spent: OAuth, fetched: OAuth) -> OAuth:
        """Save a token that was fetched but could not be saved then."""
        async with self.store.locked() as entries:
            current = entries.get(name)
            if isinstance(current, OAuth) and current.refresh == spent.refresh:
                entries.put(name, fetched)
                entries.commit()
                return login.has(fetched, self.now())
            login.unsaved = None
            return self._login(name, current)  # a later login or logout outranks ours

    # -- small things ------------------------------------------------------------------------------

    def _read(self, name: str) -> OAuth:
        return self._login(name, self.store.entry(name))

    def _login(self, name: str, credential: object) -> OAuth:
        if not isinstance(credential, OAuth):
            raise AuthError(f"the login {name} is gone from {self.store.where}: log in again")
        return credential

    def _lasts(self, credential: OAuth, seconds: float) -> bool:
        return bool(credential.access) and self.now() + seconds < credential.expires / 1000

    def _newer(self, credential: OAuth, *known: str) -> bool:
        return credential.access not in known and self._lasts(credential, 0)


class _Login:
    """What this process remembers of one login.

    unsaved: a spent login and what was fetched for it, as long as that could not be saved.
    """

    def __init__(self) -> None:
        self.task: asyncio.Task[OAuth] | None = None
        self.unsaved: tuple[OAuth, OAuth] | None = None
        self._error: PiError | None = None
        self._spent = ""
        self._until = 0.0
        self._pauses = 0
        self._lifetime = float("inf")

    def margin(self, wanted: float) -> float:
        """How long before its end a token is refreshed: never at once after it was fetched."""
        return min(wanted, self._lifetime / 4)

    def resting(self, credential: OAuth | None, now: float) -> PiError | None:
        """Why there is no point in asking the service with `credential` now."""
        fits = credential is None or credential.refresh == self._spent
        return self._error if fits and now < self._until else None

    def rest(self, credential: OAuth, until: float, error: PiError) -> None:
        """Do not ask the service with `credential` again before `until`."""
        self._error, self._spent, self._until = error, credential.refresh, until

    def pause(self, asked: float | None) -> float:
        """How long to leave the service alone, in seconds."""
        pause = _PAUSES[min(self._pauses, len(_PAUSES) - 1)]
        self._pauses += 1
        return pause if asked is None else asked

    def has(self, credential: OAuth, now: float) -> OAuth:
        """There is a new token."""
        self.unsaved = self._error = None
        self._pauses = 0
        self._lifetime = max(0.0, credential.expires / 1000 - now)
        return credential


def _need_login(given: object) -> OAuth:
    # a flow may be a stranger's
    if not isinstance(given, OAuth):
        raise TypeError(f"it gave no OAuth, but a {type(given).__name__}")
    return given


def _heard(task: asyncio.Task[OAuth]) -> None:
    # when every caller has gone, nobody else asks for the exception
    if not task.cancelled():
        task.exception()
