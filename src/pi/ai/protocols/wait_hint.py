"""How long a service asks to wait: read from headers, from the body, from its prose, in this order.

Times of day are compared with the answer's own `date` header, so that no clock is needed and a
wrong one does no harm; without that header they are passed over, like all that makes no sense.
"""

import re
from typing import Any, cast

__all__ = ["wait_hint"]

_READ = 20_000
_LONGEST_RESET = 31 * 86400.0
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = r"(\d+(?:\.\d+)?) ?(milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|h|days?|d)"
_DURATION = rf"{_PART}(?![a-z])|{_PART}(?=\d)"
_PROSE = (
    r"\b(?:try(?:ing)? again|retry(?:ing)?|wait|resets?)\b(?: (?:your|the|this) request)?"
    rf"(?: in| after| for)?:? (?:about |at least |~)?((?:(?:{_DURATION}),? ?(?:and )?)+)"
)
_BODY_FIELDS = frozenset(
    {
        "retrydelay",
        "retryafter",
        "retry_after",
        "retry_after_seconds",
        "retry-after",
        "resets_in_seconds",
        "resets_at",
        "x-ratelimit-reset",
    }
)
_RESET_HEADER = r"(?:[a-z]+-)*ratelimit-(?:[a-z0-9]+-)*reset(?:-[a-z0-9]+)*"


def wait_hint(headers: dict[str, str], data: Any = None, text: str = "") -> float | None:
    """Seconds to wait as the service asks for, None if it says nothing.

    headers: lower-case names. data: the decoded body. text: the words of the error.
    """
    now = _http_date(headers.get("date", ""))
    found = _number(headers.get("retry-after-ms"), 0.001)
    if found is None:
        found = _moment(headers.get("retry-after"), now)
    if found is None:
        found = _in_body(data, now, 0)
    if found is None:
        match = re.search(_PROSE, text[:_READ], re.IGNORECASE)
        found = _duration(match.group(1)) if match else None
    if found is None:
        found = _reset(headers, now)
    return found


def _number(value: str | None, scale: float) -> float | None:
    if value and re.fullmatch(r"\d+(?:\.\d+)?", value.strip()):
        return float(value) * scale
    return None


def _moment(value: Any, now: float | None) -> float | None:
    """Seconds until `value`: seconds, (milli)seconds since the epoch, `6m0s`, or a date."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not (value := value.strip()):
        return None
    if re.fullmatch(r"\d+(?:\.\d+)?", value):
        number = float(value)
        if number < 1e9:
            return number
        return _until(number / 1000 if number > 1e11 else number, now)
    duration = _duration(value)
    if duration is not None:
        return duration
    date = _http_date(value)
    return _until(_iso_date(value) if date is None else date, now)


def _until(moment: float | None, now: float | None) -> float | None:
    return None if moment is None or now is None else max(0.0, moment - now)


def _duration(text: str) -> float | None:
    """Seconds of `1h2m3.5s`, `120ms`, `20 seconds`; None if `text` is something else."""
    total, rest = 0.0, text.strip().lower().rstrip(".,")
    if not rest:
        return None
    for number, unit in re.findall(_PART + r",? ?(?:and )?", rest):
        total += float(number) * _UNITS["ms" if unit.startswith(("ms", "mil")) else unit[0]]
    unread = re.sub(_PART + r",? ?(?:and )?", "", rest)
    return None if unread.strip() else total


def _http_date(value: str) -> float | None:
    if not re.match(r"[A-Z][a-z]{2,8},", value):
        return None
    from email.utils import parsedate_to_datetime  # slow to import, needed for few answers

    try:
        return parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError):
        return None


def _iso_date(value: str) -> float | None:
    if not re.match(r"\d{4}-\d{2}-\d{2}T", value):
        return None
    from datetime import UTC, datetime

    try:
        date = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()


def _in_body(data: Any, now: float | None, depth: int) -> float | None:
    if depth > 6:
        return None
    children: list[Any] = []
    if isinstance(data, dict):
        for name, value in cast("dict[str, Any]", data).items():
            if name.lower() in _BODY_FIELDS:
                found = _moment(value, now)
                if found is not None:
                    return found
            children.append(value)
    elif isinstance(data, list):
        children = cast("list[Any]", data)
    for child in children:
        found = _in_body(child, now, depth + 1)
        if found is not None:
            return found
    return None


def _reset(headers: dict[str, str], now: float | None) -> float | None:
    """The latest reset among the limits that are used up.

    A plain `x-ratelimit-reset` counts even if nothing says that its limit is used up.
    """
    waits: list[float] = []
    for name, value in headers.items():
        if not re.fullmatch(_RESET_HEADER, name):
            continue
        remaining = headers.get(name.replace("reset", "remaining"))
        if remaining == "0" or (remaining is None and name.endswith("ratelimit-reset")):
            wait = _moment(value, now)
            if wait is not None and wait <= _LONGEST_RESET:  # else it is in units of its own
                waits.append(wait)
    return max(waits, default=None)
