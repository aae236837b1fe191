"""Logging in with a code that is typed in on any device (RFC 8628), and waiting for it.

The first question is asked after one interval, never at once; a service that says `slow_down` is
asked less often from then on; no wait is longer than the code lives. A passing failure of the
network does not end a login that its user is just typing in.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from msgspec import Struct

from pi.ai.auth.oauth.service import Answer, Service, one_line
from pi.ai.auth.oauth.tokens import missing, number, text
from pi.ai.auth.oauth.urls import trusted_url
from pi.ai.auth.oauth.world import World
from pi.ai.errors import AuthError, OverloadedError, PiError, RateLimitError, TransportError

__all__ = ["GRANT_TYPE", "DeviceCode", "Pace", "Pending", "ask_token", "poll", "read_device_code"]

T = TypeVar("T")

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"

_INTERVAL = 5.0
_LIFETIME = 900.0
_FAULTS = 5
_DENIED = frozenset({"access_denied", "authorization_denied"})


class DeviceCode(Struct, frozen=True, kw_only=True):
    """What a service gave: a code to show, where to type it in, and how to ask. Seconds."""

    device_code: str
    user_code: str
    url: str
    interval: float = _INTERVAL
    expires_in: float = _LIFETIME


class Pending(Struct, frozen=True):
    """The user has not finished. slow_down: ask less often, every `interval` seconds if given."""

    slow_down: bool = False
    interval: float | None = None


class Pace(Struct, frozen=True):
    """How much longer than asked the waits are, before and after a `slow_down`."""

    usual: float = 1.0
    slowed: float = 1.0


_PLAIN = Pace()


def read_device_code(answer: Answer) -> DeviceCode:
    """The code in the answer of a device authorization endpoint. Raises what is wrong with it.

    The address that has the code in it is taken where there is one.
    """
    data = answer.object()
    device_code, user_code = text(data, "device_code"), one_line(text(data, "user_code"))
    url = text(data, "verification_uri_complete") or text(data, "verification_uri")
    url = url or text(data, "verification_url")
    fields = {"device_code": device_code, "user_code": user_code, "verification_uri": url}
    absent = [name for name, value in fields.items() if not value]
    if absent:
        raise missing(answer, *absent)
    return DeviceCode(
        device_code=device_code,
        user_code=user_code,
        url=trusted_url(url, answer.who),
        interval=number(data, "interval") or _INTERVAL,
        expires_in=number(data, "expires_in") or _LIFETIME,
    )


async def ask_token(
    service: Service, url: str, fields: Mapping[str, str], headers: Mapping[str, str] = {}
) -> Answer | Pending:
    """Ask a token endpoint once: a good answer, or not yet. Raises `PiError` if it is over.

    Some services answer errors with status 200, so the body decides (RFC 8628 3.5).
    """
    answer = await service.form(url, fields, headers)
    match answer.code:
        case "":
            answer.object()
            return answer
        case "authorization_pending":
            return Pending()
        case "slow_down":
            return Pending(True, number(answer.fields, "interval"))
        case "expired_token":
            raise expired(service.who)
        case code if code in _DENIED:
            raise AuthError(f"the login to {service.who} was denied ({answer.words()})")
        case _ if answer.ok:
            raise AuthError(f"{service.who} refused ({answer.words()})")
        case _:
            raise answer.error()


async def poll(
    world: World,
    ask: Callable[[], Awaitable[T | Pending]],
    code: DeviceCode,
    who: str,
    pace: Pace = _PLAIN,
) -> T:
    """Call `ask` until the user has finished. Raises its errors, and `AuthError` at the end."""
    deadline = world.clock() + code.expires_in
    interval, factor = max(1.0, code.interval), pace.usual
    faults, slowed = 0, False
    while (left := deadline - world.clock()) > 0:
        await world.sleep(min(interval * factor, left))
        try:
            outcome = await ask()
        except (TransportError, OverloadedError, RateLimitError) as error:
            faults += 1
            if faults >= _FAULTS:
                raise
            if isinstance(error, RateLimitError):
                interval = max(interval + _INTERVAL, error.retry_after or 0)
            continue
        except AuthError as error:
            raise _with_hint(error, slowed) from None
        faults = 0
        if not isinstance(outcome, Pending):
            return outcome
        if outcome.slow_down:
            interval = max(1.0, outcome.interval or interval + _INTERVAL)
            factor, slowed = pace.slowed, True
    raise _with_hint(expired(who), slowed)


class _Expired(AuthError):
    """The code was not used in time."""


def expired(who: str) -> AuthError:
    """The error that a code was not used in time."""
    return _Expired(f"the code for {who} expired before it was used: start the login again")


def _with_hint(error: PiError, slowed: bool) -> PiError:
    if not slowed or not isinstance(error, _Expired):
        return error
    return AuthError(
        f"{error}. The service asked to slow down: if the clock of this machine is off, as happens"
        " in WSL and virtual machines, set it first"
    )
