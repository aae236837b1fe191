"""Retry rules, with the official SDKs as a second opinion on delays and statuses."""

import httpx2 as httpx
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi.ai.errors import ErrorInfo
from pi.ai.wire.retry import backoff, should_retry


def test_backoff_doubles_up_to_its_cap() -> None:
    assert [backoff(n, rand=0.0) for n in range(1, 8)] == [0.5, 1, 2, 4, 8, 8, 8]
    assert backoff(1, rand=1.0) == 0.375
    assert backoff(10_000, rand=0.0) == 8.0


@given(st.integers(1, 50), st.floats(0, 1))
def test_backoff_stays_in_bounds(attempt: int, rand: float) -> None:
    assert 0.375 <= backoff(attempt, rand=rand) <= 8.0


KINDS = {408: "transport", 409: "protocol", 429: "rate_limit", 400: "protocol", 404: "config"}


@pytest.fixture(scope="module")
def sdk() -> openai.OpenAI:
    return openai.OpenAI(api_key="test-key", base_url="http://127.0.0.1:9")


@pytest.mark.parametrize("status", [400, 404, 408, 409, 422, 429, 500, 502, 503, 504, 529])
@pytest.mark.parametrize("advice", [None, "true", "false"])
def test_the_same_statuses_as_the_sdk(sdk: openai.OpenAI, status: int, advice: str | None) -> None:
    headers = {} if advice is None else {"x-should-retry": advice}
    theirs = sdk._should_retry(httpx.Response(status, headers=headers))
    kind = KINDS.get(status, "overloaded" if status >= 500 else "protocol")
    ours = should_retry(ErrorInfo(kind, "x", status), 1, 2, headers)  # type: ignore[arg-type]
    if kind == "config":
        assert not ours  # no advice brings a missing model back
    else:
        assert ours == theirs


def test_attempts_are_counted_and_final_errors_stay_final() -> None:
    assert [should_retry(ErrorInfo("transport", "x"), n, 2) for n in (1, 2, 3)] == [1, 1, 0]
    for kind in ("quota", "auth", "overflow", "refused", "config", "aborted"):
        info = ErrorInfo(kind, "x", 429)  # type: ignore[arg-type]
        assert not should_retry(info, 1, 2, {"x-should-retry": "true"})
