"""What services say when they refuse, and what that means. The texts are those of real services."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pi.ai.errors import ErrorInfo
from pi.ai.messages import ErrorKind
from pi.ai.protocols.classify import MAX_MESSAGE, classify, kind_of, stream_error
from pi.ai.protocols.wait_hint import wait_hint

OVERFLOW = [
    "prompt is too long: 213462 tokens > 200000 maximum",
    "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input"
    " length or `max_tokens` and try again",
    "Input is too long for requested model.",
    "Your input exceeds the context window of this model. Please adjust your input and try again.",
    "The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).",
    "Unable to submit request because the input token count is 40000 but model only supports up to"
    " 32768.",
    "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    "Please reduce the length of the messages or completion.",
    "This endpoint's maximum context length is 131072 tokens. However, you requested about 200000"
    " tokens.",
    "This model's maximum context length is 8,192 tokens.",
    "prompt token count of 70000 exceeds the limit of 64000",
    "the request exceeds the available context size, try increasing it",
    "tokens to keep from the initial prompt is greater than the context length",
    "invalid params, context window exceeds limit",
    "Your request exceeded model token limit: 262144",
    "Prompt contains 40961 tokens, too large for model with 32768 maximum context length",
    "prompt too long; exceeded max context length by 4 tokens",
    "Error: context_length_exceeded",
    "too many tokens: size limit exceeded",
    "token limit exceeded",
    "Prompt exceeds max length",
    "exceeds maximum context length of 262,144 tokens",
    "The prompt exceeds the model's maximum context length (131,072)",
    "context window exceeded",
    "input exceeds the maximum allowed input length of 98,304 tokens",
    "The input (5000 tokens) is longer than the model's context length (4096 tokens)",
    "prompt has 40,000 tokens, but the configured context size is 32,768 tokens",
    "Range of input length should be [1, 30720]",
    "the model's context length is only 4096 tokens",
    "input length exceeds the context length",
    "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193.",
    "The estimated number of input and maximum output tokens (9000) exceeded this model context"
    " window limit (8000).",
    "Request too large for gpt-x in organization o on tokens per min (TPM): Limit 10000, Requested"
    " 12000. The input or output tokens must be reduced in order to run successfully.",
]

QUOTA = [
    "You exceeded your current quota, please check your plan and billing details.",
    "Your credit balance is too low to access the API. Please go to Plans & Billing.",
    "Insufficient Balance",
    "This request requires more credits, or fewer max_tokens.",
    "Monthly usage limit reached. It will reset in 3 days.",
    "You've hit your usage limit.",
    "Your team has either used all available credits or reached its monthly spending limit.",
    "FreeUsageLimitError: Rate limit exceeded",
    "GoUsageLimitError",
    "ExceededBudget: out of budget",
    "insufficient_quota",
    "quota exceeded",
    "available balance is 0",
    "Billing hard limit has been reached",
    "Extra usage is required for long context requests.",
    "Budget has been exceeded! Current cost: 1.0, Max budget: 0.5",
    "Your account is not active, please check your billing details on our website.",
    "Payment Required",
]

RATE_LIMIT = [
    "Rate limit reached for model `x` in organization `o` on tokens per day (TPD): Limit 100000,"
    " Used 99820, Requested 1200. Please try again in 14m41s. Need more tokens? Upgrade to Dev Tier"
    " today at https://console.example.com/settings/billing",
    "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free requests per day",
    "Number of request tokens has exceeded your per-minute rate limit",
    "Too Many Requests",
    "Too many tokens, please wait before trying again.",
    "Throttling error: Too many tokens",
    "Quota exceeded for quota metric 'requests' and limit 'requests per minute'",
    "You exceeded your current quota, please check your plan and billing details."
    " Please retry in 36.4s.",
    "google/x:free is temporarily rate-limited upstream. Please retry shortly",
    "Resource has been exhausted (e.g. check quota).",
]

REFUSED = [
    "The response was filtered due to the prompt triggering our content management policy.",
    "Invalid prompt: your prompt was flagged as potentially violating our usage policy.",
    'requires moderation. Your input was flagged for "violence".',
    "Input data may contain inappropriate content.",
    "Output blocked by content filtering policy",
    "The request was rejected as a result of our safety system.",
]


@pytest.mark.parametrize("text", OVERFLOW)
def test_overflow(text: str) -> None:
    assert kind_of(text) == "overflow"
    assert kind_of(text, status=400, code="invalid_request_error") == "overflow"


@pytest.mark.parametrize("text", QUOTA)
def test_quota_is_never_a_rate_limit(text: str) -> None:
    assert kind_of(text) == "quota"
    assert kind_of(text, status=429) == "quota"


@pytest.mark.parametrize("text", RATE_LIMIT)
def test_rate_limit(text: str) -> None:
    assert kind_of(text, status=429) == "rate_limit"
    assert kind_of(text) == "rate_limit"


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str) -> None:
    assert kind_of(text, status=400) == "refused"
    assert kind_of(text) == "refused"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("auth", "Incorrect API key provided: test-***. You can find your API key at …"),
        ("auth", "API key not valid. Please pass a valid API key."),
        ("auth", "No auth credentials found"),
        ("auth", "User not authenticated: Unauthorized"),
        ("auth", "The security token included in the request is expired"),
        ("config", "The model `x` does not exist or you do not have access to it."),
        ("config", "The provided model identifier is invalid."),
        ("config", "models/x is not found for API version v1, model not found"),
        ("config", "Unknown model: x"),
        ("overloaded", "Overloaded"),
        ("overloaded", "The server had an error while processing your request"),
        ("overloaded", "Internal server error"),
        ("overloaded", "Service unavailable"),
        ("overloaded", "This model is currently experiencing high demand."),
        ("overloaded", "Provider returned error"),
        ("overloaded", "upstream answered 529"),
        ("rate_limit", "Error code: 429"),
        ("transport", "network_error"),
        ("transport", "connection reset by peer"),
        ("transport", "upstream connect error or disconnect/reset before headers"),
        ("transport", "getaddrinfo EAI_AGAIN"),
        ("transport", "Request timed out."),
        ("protocol", "messages.1: tool_use ids were found without tool_result blocks"),
        ("protocol", "max_tokens 100000 exceeds the limit of 8192 output"),
        ("protocol", "the value 15000 is wrong"),
        ("protocol", ""),
    ],
)
def test_kinds_without_a_status(kind: ErrorKind, text: str) -> None:
    assert kind_of(text) == kind
    assert kind_of(text, status=200) == kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, "config"),
        (400, "protocol"),
        (401, "auth"),
        (402, "quota"),
        (403, "auth"),
        (404, "config"),
        (405, "config"),
        (407, "config"),
        (408, "overloaded"),
        (409, "overloaded"),
        (413, "overflow"),
        (415, "protocol"),
        (422, "protocol"),
        (429, "rate_limit"),
        (500, "overloaded"),
        (501, "protocol"),
        (502, "overloaded"),
        (503, "overloaded"),
        (504, "overloaded"),
        (520, "overloaded"),
        (524, "overloaded"),
        (529, "overloaded"),
    ],
)
def test_a_bare_status(status: int, kind: ErrorKind) -> None:
    info = classify(status, {}, b"")
    assert (info.kind, info.status, info.retry_after) == (kind, status, None)
    assert info.message.startswith(f"{status} ")
    assert "no body" in info.message


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "context_length_exceeded", "overflow"),
        (400, "model_not_found", "config"),
        (400, "content_filter", "refused"),
        (400, "ResponsibleAIPolicyViolation", "refused"),
        (400, "billing_error", "quota"),
        (400, "1308", "quota"),
        (403, "insufficient_quota", "quota"),
        (429, "usage_limit_reached", "quota"),
        (429, "rate_limit_exceeded", "rate_limit"),
        (429, "subscription_sharing_usage_limit_exceeded", "quota"),
        (400, "invalid_api_key", "auth"),
        (400, "API_KEY_INVALID", "auth"),
        (400, "ThrottlingException", "rate_limit"),
        (400, "invalid_request_error", "protocol"),
        (None, "overloaded_error", "overloaded"),
        (None, "server_error", "overloaded"),
        (None, "rate_limit_error", "rate_limit"),
        (None, "RESOURCE_EXHAUSTED", "rate_limit"),
        (None, "UNAVAILABLE", "overloaded"),
        (None, "model_context_window_exceeded", "overflow"),
        (None, "network_error", "transport"),
        (500, "invalid_request_error", "overloaded"),
    ],
)
def test_codes(status: int | None, code: str, kind: ErrorKind) -> None:
    assert kind_of("something", status=status, code=code) == kind


def info_of(status: int, body: Any, headers: dict[str, str] | None = None) -> ErrorInfo:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return classify(status, headers or {}, raw)


BODIES: list[tuple[int, Any, ErrorKind, str]] = [
    (
        400,
        {"error": {"message": "boom", "type": "invalid_request_error"}},
        "protocol",
        "400 boom",
    ),
    (401, {"error": "Unauthorized"}, "auth", "401 Unauthorized"),
    (
        400,
        {"error": "invalid_grant", "error_description": "Refresh token expired"},
        "auth",
        "400 Refresh token expired",
    ),
    (400, {"message": "bad model", "request_id": "r"}, "protocol", "400 bad model"),
    (403, {"Message": "no entry"}, "auth", "403 no entry"),
    (404, {"detail": "Not Found"}, "config", "404 Not Found"),
    (
        422,
        {
            "detail": [
                {"loc": ["body", "model"], "msg": "field required"},
                {"loc": ["body", "messages", 0], "msg": "too short"},
            ]
        },
        "protocol",
        "422 body.model: field required; body.messages.0: too short",
    ),
    (
        400,
        {"object": "error", "message": {"detail": [{"loc": ["body"], "msg": "no"}]}},
        "protocol",
        "400 body: no",
    ),
    (
        401,
        {"success": False, "errors": [{"code": 10000, "message": "Authentication error"}]},
        "auth",
        "401 Authentication error",
    ),
    (
        400,
        [{"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT"}}],
        "auth",
        "400 API key not valid.",
    ),
    (
        429,
        {
            "error": {
                "code": 429,
                "message": "Provider returned error",
                "metadata": {"provider_name": "P", "raw": "temporarily rate-limited upstream"},
            }
        },
        "rate_limit",
        "429 Provider returned error\ntemporarily rate-limited upstream",
    ),
    (
        400,
        {
            "error": {
                "code": 400,
                "message": "Provider returned error",
                "metadata": {"raw": '{"error":{"message":"prompt is too long: 9 tokens > 8"}}'},
            }
        },
        "overflow",
        "400 Provider returned error\nprompt is too long: 9 tokens > 8",
    ),
    (
        400,
        {"error": {"message": '{"error":{"code":400,"message":"inner words"}}', "code": 400}},
        "protocol",
        "400 inner words",
    ),
    (500, {"type": "about:blank", "title": "Broken"}, "overloaded", "500 Broken"),
    (400, {"unheard": "of"}, "protocol", '400 {"unheard": "of"}'),
    (400, "just text", "protocol", "400 just text"),
    (400, "400 Bad Request", "protocol", "400 Bad Request"),
    (400, 'event: error\ndata: {"error": {"message": "in a stream"}}\n\n', "protocol",
     "400 in a stream"),
    (400, "{broken", "protocol", "400 {broken"),
    (429, {"message": "Free tier", "statusCode": "429"}, "rate_limit", "429 Free tier"),
    (413, {"error": {"message": "Rate limit: too big"}}, "overflow", "413 Rate limit: too big"),
    (
        400,
        {"error": {"message": None, "code": "content_filter",
                   "innererror": {"code": "ResponsibleAIPolicyViolation"}}},
        "refused",
        '400 {"error": {"message": null, "code": "content_filter", "innererror": {"code":'
        ' "ResponsibleAIPolicyViolation"}}}',
    ),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "kind", "message"), BODIES)
def test_the_words_of_the_service(status: int, body: Any, kind: ErrorKind, message: str) -> None:
    info = info_of(status, body)
    assert (info.kind, info.message, info.status) == (kind, message, status)


def test_the_error_type_may_be_in_a_header() -> None:
    headers = {"x-amzn-errortype": "ThrottlingException:http://example.com/"}
    assert info_of(400, {"message": "slow"}, headers).kind == "rate_limit"


def test_quota_per_day_is_not_waited_for() -> None:
    def body(quota: str) -> Any:
        return {
            "error": {
                "code": 429,
                "message": "You exceeded your current quota, please check your plan and billing"
                " details. Please retry in 36.4s.",
                "status": "RESOURCE_EXHAUSTED",
                "details": [
                    {"@type": "…QuotaFailure", "violations": [{"quotaId": quota}]},
                    {"@type": "…RetryInfo", "retryDelay": "36s"},
                ],
            }
        }

    minute = info_of(429, body("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"))
    assert (minute.kind, minute.retry_after) == ("rate_limit", 36.0)
    assert info_of(429, body("GenerateRequestsPerDayPerProjectPerModel-FreeTier")).kind == "quota"


def test_long_words_are_cut() -> None:
    info = info_of(400, "x" * 100_000)
    assert len(info.message) == MAX_MESSAGE
    assert info.message.endswith("…")


def test_bytes_that_are_no_text_do_no_harm() -> None:
    assert classify(500, {}, b"\xff\xfe\x00").kind == "overloaded"
    deep = b'{"error":' * 5000 + b"1" + b"}" * 5000
    assert classify(400, {}, deep).kind == "protocol"


PAGE = "<!DOCTYPE html><html><head><title>Welcome &amp; hello\n there</title></head></html>"


@pytest.mark.parametrize("status", [200, 400, 403, 404, 405])
def test_a_page_means_a_wrong_address(status: int) -> None:
    info = info_of(status, PAGE)
    assert info.kind == "config"
    page = f'{status} answered with an HTML page ("Welcome & hello there"): is the base URL right?'
    assert info.message == page


def test_a_page_of_a_gateway_is_not_about_the_address() -> None:
    headers = {"content-type": "text/html; charset=utf-8", "retry-after": "3"}
    info = info_of(502, "<center>502 Bad Gateway</center>", headers)
    assert (info.kind, info.retry_after) == ("overloaded", 3.0)
    assert info.message == "502 answered with an HTML page"
    assert info_of(401, PAGE).kind == "auth"
    assert info_of(429, PAGE).kind == "rate_limit"


def test_errors_in_a_stream() -> None:
    inner = {"error": {"code": 502, "message": "upstream timed out"}}
    assert stream_error(inner) == ErrorInfo("overloaded", "502 upstream timed out", 502)
    assert stream_error({"error": "Too Many Requests, retry in 5s"}) == ErrorInfo(
        "rate_limit", "Too Many Requests, retry in 5s", None, 5.0
    )
    assert stream_error({"type": "error", "error": {"type": "overloaded_error", "message": "O"}})
    assert stream_error({"error": {}}).message == '{"error":{}}'
    assert stream_error("plain").message == "plain"
    assert stream_error(None).kind == "protocol"


DATE = "Wed, 21 Oct 2026 07:28:00 GMT"
EPOCH = 1792567680


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": DATE}, 30.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:27:30 GMT", "date": DATE}, 0.0),
        ({"retry-after": "Wed, 99 Oct 2026 07:27:30 GMT", "date": DATE}, None),
        ({"x-ratelimit-reset": str(EPOCH + 60), "date": DATE}, 60.0),
        ({"x-ratelimit-reset": f"{EPOCH + 60}000", "date": DATE}, 60.0),
        ({"x-ratelimit-reset": "12"}, 12.0),
        ({"x-ratelimit-reset": "12", "x-ratelimit-remaining": "3"}, None),
        ({"x-ratelimit-reset": "99999999999"}, None),
        (
            {
                "x-ratelimit-reset-requests": "6m0s",
                "x-ratelimit-remaining-requests": "5",
                "x-ratelimit-reset-tokens": "1.5s",
                "x-ratelimit-remaining-tokens": "0",
            },
            1.5,
        ),
        (
            {
                "anthropic-ratelimit-tokens-reset": "2026-10-21T07:29:00Z",
                "anthropic-ratelimit-tokens-remaining": "0",
                "date": DATE,
            },
            60.0,
        ),
    ],
)
def test_waits_in_headers(headers: dict[str, str], seconds: float | None) -> None:
    assert wait_hint(headers) == seconds


def test_a_time_of_day_means_nothing_without_the_services_clock() -> None:
    assert wait_hint({"retry-after": DATE}) is None
    assert wait_hint({"x-ratelimit-reset": str(EPOCH)}) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Please try again in 20s.", 20.0),
        ("Please try again in 7m12.5s. Need more?", 432.5),
        ("try again in 6ms", 0.006),
        ("Please retry after 26 seconds.", 26.0),
        ("Please retry in 36.429760048s.", 36.429760048),
        ("Your quota will reset after 18h31m10s.", 66670.0),
        ("Try again in ~5 min.", 300.0),
        ("try again in 1 hour and 5 minutes", 3900.0),
        ("wait 2 minutes, 3 seconds", 123.0),
        ("It resets in 3 days", 259200.0),
        ("try again later", None),
        ("retry after some time", None),
        ("after 20s we gave up", None),
    ],
)
def test_waits_in_prose(text: str, seconds: float | None) -> None:
    assert wait_hint({}, None, text) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("data", "seconds"),
    [
        ({"error": {"details": [{"retryDelay": "34.07s"}]}}, 34.07),
        ({"error": {"type": "usage_limit_reached", "resets_in_seconds": 3600}}, 3600.0),
        ({"error": {"resets_at": EPOCH + 5}}, 5.0),
        ({"error": {"metadata": {"headers": {"X-RateLimit-Reset": f"{EPOCH}500"}}}}, 0.5),
        ({"retry_after": True}, None),
        ({"retry_after": None, "error": {"retry_after": "2"}}, 2.0),
    ],
)
def test_waits_in_bodies(data: Any, seconds: float | None) -> None:
    wait = wait_hint({"date": DATE}, data, "try again in 99s" if seconds else "")
    assert wait == (None if seconds is None else pytest.approx(seconds))


def test_only_what_can_pass_is_waited_for() -> None:
    headers = {"retry-after": "5"}
    assert classify(429, headers, b"").retry_after == 5.0
    assert classify(503, headers, b"").retry_after == 5.0
    assert classify(402, headers, b"").retry_after == 5.0, "people want to know"
    assert classify(400, headers, b"").retry_after is None
    assert classify(401, headers, b"").retry_after is None


_fields = st.sampled_from(
    ["error", "message", "detail", "errors", "metadata", "raw", "code", "type", "details", "loc"]
)
_body = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.just('{"error":"x"}'),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_fields, inner, max_size=4),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode())
_headers = st.dictionaries(
    st.sampled_from(["retry-after", "date", "x-ratelimit-reset", "content-type"]),
    st.text(max_size=9) | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,9} [A-Z][a-z]{2} [0-9:GMT ]+"),
)


@settings(max_examples=200)
@given(st.integers(300, 599), _headers, _body | st.binary(max_size=40))
def test_every_answer_has_a_meaning(status: int, headers: dict[str, str], body: bytes) -> None:
    info = classify(status, headers, body)
    assert info.status == status
    assert info.message.startswith(str(status))
    assert info.retry_after is None or info.retry_after >= 0


def test_a_body_of_megabytes_is_no_burden() -> None:
    start = time.process_time()
    for text in ("no " * 700_000, "model " * 350_000, "1m" * 1_000_000, "retry 1m" * 250_000):
        classify(400, {}, text.encode())
    assert time.process_time() - start < 2
