"""When to send a request again, and how long to wait first. Pure functions: no clock, no dice.

The rules are those of the official OpenAI and Anthropic SDKs
(https://github.com/openai/openai-python/blob/main/src/openai/_base_client.py), so that a service
sees what it is used to. Attempts count from 1: attempt n is the one that failed.
"""

from collections.abc import Mapping

from pi.ai.errors import RETRYABLE, ErrorInfo

__all__ = ["backoff", "retry_after", "should_retry"]

_FINAL = frozenset({"auth", "quota", "overflow", "refused", "config", "aborted"})
_STATUSES = frozenset({408, 409, 429})


def retry_after(headers: Mapping[str, str], *, now: float | None = None) -> float | None:
    """The seconds that a service asks to wait, None if it does not say.

    headers: lower-case names. `retry-after-ms` counts before `retry-after`, which is seconds or an
    HTTP date (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after). now: seconds since the
    epoch, to which a date is compared; by default the response's own `date`.
    """
    wait = _number(headers.get("retry-after-ms"))
    if wait is not None:
        return wait / 1000
    value = headers.get("retry-after")
    wait = _number(value)
    if wait is not None or value is None:
        return wait
    if now is None:
        now = _date(headers.get("date", ""))
    until = _date(value)
    return None if until is None or now is None else max(0.0, until - now)


def backoff(attempt: int, *, base: float = 0.5, cap: float = 8.0, rand: float) -> float:
    """Seconds to wait after `attempt` failed: `base`, then doubled each time up to `cap`.

    rand: from 0 to 1; it takes away up to a quarter, so that many clients do not come back at once.
    """
    return min(cap, base * 2.0 ** min(max(attempt, 1) - 1, 60)) * (1 - 0.25 * rand)


def should_retry(
    info: ErrorInfo, attempt: int, max_retries: int, headers: Mapping[str, str] | None = None
) -> bool:
    """Whether to send the request again after `attempt` failed with `info`.

    headers: those of the response, lower-case names. `x-should-retry` decides where a later try can
    help at all: it cannot pay a bill or shorten a prompt.
    """
    if attempt > max_retries or info.kind in _FINAL:
        return False
    advice = headers.get("x-should-retry", "").strip().lower() if headers else ""
    if advice in ("true", "false"):
        return advice == "true"
    if info.kind in RETRYABLE:
        return True
    return info.status is not None and (info.status in _STATUSES or info.status >= 500)


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


def _date(value: str) -> float | None:
    """Seconds since the epoch of an HTTP date."""
    from email.utils import parsedate_to_datetime  # slow to import and seldom needed

    try:
        return parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError):
        return None
