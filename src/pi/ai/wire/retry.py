"""When to send a request again, and how long to wait first. Pure functions: no clock, no dice.

The rules are those of the official OpenAI and Anthropic SDKs
(https://github.com/openai/openai-python/blob/main/src/openai/_base_client.py), so that a service
sees what it is used to. Attempts count from 1: attempt n is the one that failed.
"""

from collections.abc import Mapping

from pi.ai.errors import RETRYABLE, ErrorInfo

__all__ = ["backoff", "should_retry"]

_FINAL = frozenset({"auth", "quota", "overflow", "refused", "config", "aborted"})
_STATUSES = frozenset({408, 409, 429})


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
