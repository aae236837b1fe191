"""Reading tokens: exact about what is missing, forgiving about how it is written.

A token counts as expired five minutes early, so that it does not end in the middle of an answer;
one that lives for less than ten minutes is used for half its life.
"""

import math
from base64 import urlsafe_b64decode
from typing import Any, cast

from msgspec import Struct

from pi.ai.auth.oauth.service import Answer
from pi.ai.errors import ProtocolError
from pi.ai.request import decode_json

__all__ = ["MARGIN", "Tokens", "expiry", "jwt_claims", "missing", "number", "read_tokens", "text"]

MARGIN = 300.0
"""Seconds before its end at which a token counts as expired."""


class Tokens(Struct, frozen=True):
    """Tokens of a login or a refresh.

    refresh: "" if none came. expires: ms since the epoch, margin taken off. data: the whole answer.
    """

    access: str
    refresh: str
    expires: int
    data: dict[str, Any]


def read_tokens(
    answer: Answer, *, now: float, renewed: bool = False, lifetime: float | None = None
) -> Tokens:
    """The tokens of a good answer. Raises what is wrong with any other.

    now: seconds since the epoch. renewed: the answer to a refresh, which may leave out the refresh
    token (the old one stays good) and the lifetime: what came is worth more than what is missing,
    as the old token may be spent. lifetime: seconds to assume if none is given.
    """
    data = answer.object()
    access, refresh = text(data, "access_token"), text(data, "refresh_token")
    seconds = number(data, "expires_in")
    if seconds is None:
        seconds = _from_jwt(access, now)
    if seconds is None:
        seconds = 3600.0 if renewed and lifetime is None else lifetime
    absent = [] if access else ["access_token"]
    absent += [] if refresh or renewed else ["refresh_token"]
    absent += [] if seconds is not None else ["expires_in"]
    if absent or seconds is None:
        raise missing(answer, *absent)
    return Tokens(access, refresh, expiry(now, seconds), data)


def missing(answer: Answer, *names: str) -> ProtocolError:
    """The error that these fields are not in an answer."""
    words = answer.words() if answer.code else ""
    said = f": {words}" if words else ""
    return ProtocolError(f"the answer of {answer.who} has no {' and no '.join(names)}{said}")


def expiry(now: float, seconds: float) -> int:
    """When a token that lives for `seconds` from `now` counts as expired, in ms."""
    seconds = max(0.0, seconds)
    return round((now + seconds - min(MARGIN, seconds / 2)) * 1000)


def text(data: dict[str, Any], name: str) -> str:
    """The text of a field, "" if it is not there or no text."""
    value = data.get(name)
    return value.strip() if isinstance(value, str) else ""


def number(data: dict[str, Any], name: str) -> float | None:
    """The number of a field, also one that is written as text; None if there is none."""
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) and found >= 0 else None


def jwt_claims(token: str) -> dict[str, Any]:
    """The claims of a JWT, whose signature is its issuer's business. Raises `ValueError`.

    https://www.rfc-editor.org/rfc/rfc7519: base64url without padding; the plain alphabet and
    padding are understood as well.
    """
    parts = token.split(".")
    if len(parts) != 3:
        raise ValueError("not a JWT")
    payload = parts[1].rstrip("=")
    claims = decode_json(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    if not isinstance(claims, dict):
        raise ValueError("not a JWT")
    return cast("dict[str, Any]", claims)


def _from_jwt(token: str, now: float) -> float | None:
    try:
        end = number(jwt_claims(token), "exp")
    except ValueError:
        return None
    return None if end is None else end - now
