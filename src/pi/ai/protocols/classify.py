"""What went wrong, decided once: from status, codes and words of a service to an error kind.

The tables hold what services are known to say; they name wires and words, never a vendor. Codes
are believed before prose, and prose before a bare status, because one status means different things
to different services: a 429 may be a rate limit, an empty account or a prompt that is too long.
Every protocol imports this module, and few answers need it: it loads what it needs with the first.
"""

import re
from typing import Any

from pi.ai.errors import ErrorInfo
from pi.ai.messages import ErrorKind

__all__ = ["MAX_MESSAGE", "classify", "kind_of", "stream_error"]

MAX_MESSAGE = 4000
"""Characters of a service's words that are kept."""

_READ = 20_000  # the reason is at the start; the rest may be a copy of the request
_WAITS: frozenset[ErrorKind] = frozenset({"rate_limit", "overloaded", "quota", "transport"})

_CODES: dict[ErrorKind, str] = {
    "overflow": "context_length_exceeded context_window_exceeded model_context_window_exceeded"
    " contextwindowexceedederror request_too_large exceed_context_size_error prompt_too_long"
    " model_max_prompt_tokens_exceeded token_limit_exceeded payload_too_large 1261",
    "quota": "insufficient_quota insufficient_balance insufficient_credits billing_error"
    " billing_hard_limit_reached billing_not_active payment_required usage_limit_reached"
    " usage_not_included gousagelimiterror freeusagelimiterror quota_exceeded credits_exhausted"
    " subscription_sharing_usage_limit_exceeded"
    " subscription_sharing_workplace_individual_usage_limit_exceeded 1113 1308 1310",
    "refused": "content_filter content_filtered content_policy_violation"
    " responsibleaipolicyviolation data_inspection_failed datainspectionfailed moderation_blocked"
    " prohibited_content safety guardrail_intervened refusal cyber_policy 1301",
}
"""Codes that say it all, whatever the status."""

_WEAK_CODES: dict[ErrorKind, str] = {
    "config": "model_not_found model_not_supported unsupported_model invalid_model not_found_error"
    " not_found resourcenotfoundexception deploymentnotfound unknown_model",
    "auth": "authentication authentication_error invalid_authentication invalid_api_key"
    " api_key_invalid permission_error permission_denied unauthenticated unauthorized"
    " invalid_grant token_expired expiredtokenexception unrecognizedclientexception"
    " accessdeniedexception invalidsignatureexception missingauthenticationtokenexception"
    " access_terminated_error",
    "rate_limit": "rate_limit_exceeded rate_limit_error rate_limited too_many_requests"
    " resource_exhausted throttlingexception throttling_error ratelimitexceeded"
    " rate_limit_reached_error engine_overloaded_error",
    "overloaded": "overloaded_error overloaded provider_overloaded provider_unavailable"
    " server_error server api_error internal_server_error"
    " internal_error internal unavailable service_unavailable serviceunavailableexception"
    " internalserverexception modelnotreadyexception modelstreamerrorexception timeout_error"
    " modeltimeoutexception deadline_exceeded timeout server_is_overloaded server_busy"
    " slow_down",
    "transport": "network_error connection_error stream_read_error",
}
"""Codes that count after prose and after a status that is clear."""

_OVERFLOW = (
    r"prompt (?:is )?too long|input is too long for|request_too_large|exceeds? the context window"
    r"|input token count.{0,60}(?:exceeds the maximum|model only supports)"
    r"|maximum prompt length is \d|reduce the length of the messages"
    r"|maximum context length (?:is|of) [\d,]+|maximum context length\s*\([\d,]+\)"
    r"|(?:prompt|input|token count)\b.{0,60}exceeds the limit of \d"
    r"|exceeds? (?:the )?(?:available |max(?:imum)? |model'?s? )*context(?: size| length| limit)"
    r"|longer than the model'?s context length|context length is only \d"
    r"|greater than the context length|exceeded model token limit"
    r"|context[_ ]window[_ ](?:exceed|limit exceeded|exceeds limit)"
    r"|exceeded this model(?:'s)? context window|context[_ ]length[_ ]exceeded"
    r"|too large for model with \d+ maximum context length|model_context_window_exceeded"
    r"|prompt exceeds max length|exceeds (?:the )?maximum allowed input length"
    r"|prompt has [\d,]+ tokens?, but the configured context size"
    r"|range of input length should be|request too large for|too many input tokens"
    r"|inputs.{0,3} tokens \+ .{0,3}max_new_tokens.{0,3} must be"
)
_OVERFLOW_UNLESS_LIMITED = r"too many tokens|token limit exceeded"
_LIMITED = (
    r"rate.?limit|too many requests|throttl|requests? per (?:second|minute|hour|day)"
    r"|tokens? per (?:second|minute|hour|day)|concurren(?:t|cy) (?:request |connection )?limit"
    r"|per.?minute|wait before trying|slow down"
)
_QUOTA = (
    r"insufficient.{0,3}(?:quota|balance|credit|fund)|credit balance is too low|out of extra usage"
    r"|extra usage is required|(?:go|free)usagelimiterror|out of (?:budget|credits|quota)"
    r"|(?:monthly|weekly|daily|plan'?s?|your) usage limit|usage limit (?:has been )?reached"
    r"|(?:monthly|weekly|daily) (?:spend(?:ing)?|request|token) (?:limit|quota)|available balance"
    r"|(?:monthly|weekly|daily) limit (?:has been )?(?:reached|exceeded)"
    r"|budget (?:has been )?exceeded"
    r"|used all (?:available|your) credits|(?:requires|need|purchase|buy) more credits"
    r"|spending (?:limit|cap)"
    r"|billing (?:hard limit|is not active|not active|account.{0,20}disabled)"
    r"|payment required|subscription (?:has )?(?:expired|required)|usagelimit_exceeded"
)
_QUOTA_UNLESS_LIMITED = (
    r"exceeded (?:your|the) (?:current |monthly |weekly |daily )?(?:included )?quota"
    r"|quota (?:has been )?exceeded|check your plan and billing|\bbilling\b(?!/)"
)
_PER_DAY = r"per.?day|perday|daily"
_REFUSED = (
    r"content[ _-](?:filter|policy|management policy|moderation)|flagged (?:as|for|by|potentially)"
    r"|violat\w+ .{0,30}(?:usage|content|safety|use) (?:polic|guideline)|responsible ?ai"
    r"|(?:blocked|rejected|stopped) .{0,40}(?:safety|guardrail|moderation)|prohibited[_ ]content"
    r"|inappropriate content|sensitive (?:content|words)|data may contain|requires moderation"
)
_AUTH = (
    r"(?:invalid|incorrect|missing|wrong|expired|no) (?:\S+ ){0,2}(?:(?:x-)?api.?key|credentials)"
    r"|api.?key (?:not valid|is not valid|is invalid|is missing|not found|expired|has expired)"
    r"|\bunauthori[sz]ed\b|\bunauthenticated\b|authentication (?:fail|error|required|is required)"
    r"|(?:access |bearer |auth\w* |security )token .{0,30}(?:invalid|expired)|permission denied"
    r"|(?:invalid|expired) (?:access|bearer|auth\w*) token|access denied"
)
_CONFIG = (
    r"\bmodel\b.{0,120}(?:does not exist|not found|is not supported|not available|is invalid)"
    r"|(?:unknown|no such|invalid|unsupported) model|not a valid model"
)
_OVERLOADED = (
    r"overloaded|server.?error|internal.?error|service.?unavailable|(?:at|over) capacity"
    r"|high demand|server.?busy|servers? (?:is|are) (?:currently |too )?(?:busy|overloaded)"
    r"|temporarily unavailable|try again later|provider.?returned.?error|bad gateway"
    r"|you can retry your request|model is (?:currently )?(?:loading|unavailable|not ready)"
    r"|server had an error|error occurred while processing|unexpected error"
    r"|(?<![0-9a-z])5(?:00|02|03|04|20|24|29)(?![0-9a-z])"
)
_RATE = r"(?<![0-9a-z])429(?![0-9a-z])|resource.?(?:has been )?exhausted|retry delay"
_TRANSPORT = (
    r"network.?error|connection.?(?:error|refused|lost|reset|closed)|other side closed|fetch failed"
    r"|upstream.?(?:connect|error|request)|reset before headers|socket hang up"
    r"|ended (?:without|before)"
    r"|stream was interrupted|eai_again|enotfound|econnreset|getaddrinfo|timed? ?out|timeout"
    r"|terminated|websocket.?(?:closed|error)|did not get a response|unexpected eof"
)

_BY_STATUS: dict[int, ErrorKind] = {
    401: "auth",
    402: "quota",
    403: "auth",
    404: "config",
    405: "config",
    407: "config",
    408: "overloaded",
    409: "overloaded",
    410: "config",
    413: "overflow",
    425: "overloaded",
    429: "rate_limit",
    451: "refused",
    501: "protocol",
    505: "protocol",
}


def classify(status: int, headers: dict[str, str], body: bytes) -> ErrorInfo:
    """What an answer with an HTTP error status means. Header names are lower case.

    The message is the status and the service's own words, at most `MAX_MESSAGE` characters.
    """
    from pi.ai.protocols.error_body import is_html, read_body

    start = body[:2048].decode("utf-8", "replace")
    if is_html(headers, start):
        return _page(status, headers, body)
    found = read_body(body)
    code = f"{found.code} {headers.get('x-amzn-errortype', '').partition(':')[0]}"
    kind = kind_of(found.message, status=status, code=code)
    message = found.message or f"{_phrase(status)} (the answer has no body)"
    return _info(kind, message, status, _wait(headers, found.data, message))


def stream_error(data: Any) -> ErrorInfo:
    """What an error object inside a stream means: decoded JSON, or the text of it."""
    from pi.ai.protocols.error_body import read_error

    found = read_error(data)
    message = found.message or _shown(data)
    kind = kind_of(message, status=found.status, code=found.code)
    return _info(kind, message, found.status, _wait({}, data, message))


def kind_of(message: str, *, status: int | None = None, code: str = "") -> ErrorKind:
    """The kind of an error from its words; `code` may hold several codes separated by blanks.

    status: an HTTP status, if the error has one; a 2xx counts as none.
    """
    if status is not None and status < 300:
        status = None
    message = message[:_READ]
    codes = frozenset(code.lower().split())
    return (
        _by_code(codes, _CODES)
        or _limit(message, status, code)
        or _clear_status(status)
        or _by_code(codes, _WEAK_CODES)
        or _by_words(message, status)
    )


def _by_code(codes: frozenset[str], table: dict[ErrorKind, str]) -> ErrorKind | None:
    return next((kind for kind, names in table.items() if codes & frozenset(names.split())), None)


def _says(pattern: str, text: str) -> bool:
    # Compiled by `re` at first use and kept there: errors are rare and import time counts.
    return re.search(pattern, text, re.IGNORECASE | re.DOTALL) is not None


def _limit(message: str, status: int | None, code: str) -> ErrorKind | None:
    """Limits and filters, which services report under nearly any status."""
    if status in (402, 413):
        return _BY_STATUS[status]
    if _says(_OVERFLOW, message):
        return "overflow"
    if _says(_QUOTA, message):
        return "quota"
    limited = _says(_LIMITED, f"{code} {message}")
    if _says(_OVERFLOW_UNLESS_LIMITED, message) and not limited:
        return "overflow"
    if status is None or status in (400, 403, 429):
        if _says(_QUOTA_UNLESS_LIMITED, message):
            waits = limited or _wait({}, None, message) is not None
            per_day = _says(_PER_DAY, f"{code} {message}") and not _says(r"rate.?limit", message)
            return "rate_limit" if waits and not per_day else "quota"
        if limited:
            return "rate_limit"
    if status is None or status in (400, 403):
        return "refused" if _says(_REFUSED, message) else None
    return None


def _clear_status(status: int | None) -> ErrorKind | None:
    """Statuses that leave nothing to ask. Not 400, 403 and 422, which stand for anything."""
    if status is None or status in (400, 403, 422):
        return None
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return "overloaded"
    return "config" if status < 400 else None


def _by_words(message: str, status: int | None) -> ErrorKind:
    if _says(_AUTH, message):
        return "auth"
    if _says(_CONFIG, message):
        return "config"
    if status is not None:
        return _BY_STATUS.get(status, "protocol")
    for kind, pattern in _LATE:
        if _says(pattern, message):
            return kind
    return "protocol"


_LATE: tuple[tuple[ErrorKind, str], ...] = (
    ("rate_limit", _RATE),
    ("overloaded", _OVERLOADED),
    ("transport", _TRANSPORT),
)


def _info(kind: ErrorKind, message: str, status: int | None, wait: float | None) -> ErrorInfo:
    message = message[:_READ]
    text = " ".join(message.split()) if "\n" not in message else message.strip()
    if status is not None and not text.startswith(str(status)):
        text = f"{status} {text}"
    if len(text) > MAX_MESSAGE:
        text = text[: MAX_MESSAGE - 1] + "…"
    return ErrorInfo(kind, text, status, wait if kind in _WAITS else None)


def _page(status: int, headers: dict[str, str], body: bytes) -> ErrorInfo:
    """A web page instead of an answer: a proxy's or a balancer's, or the base URL is wrong."""
    from html import unescape  # its table of entities is needed for pages only

    text = body[:65536].decode("utf-8", "replace")
    match = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    title = " ".join(unescape(match.group(1)).split())[:80] if match else ""
    named = f'an HTML page ("{title}")' if title else "an HTML page"
    kind = _clear_status(status) or "config"
    if kind in ("config", "auth", "protocol") and status != 401:
        return _info("config", f"answered with {named}: is the base URL right?", status, None)
    return _info(kind, f"answered with {named}", status, _wait(headers, None, ""))


def _wait(headers: dict[str, str], data: Any, text: str) -> float | None:
    from pi.ai.protocols.wait_hint import wait_hint

    return wait_hint(headers, data, text)


def _phrase(status: int) -> str:
    from http import HTTPStatus  # an enum that is not worth loading at start

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "error"


def _shown(data: Any) -> str:
    import msgspec

    return data if isinstance(data, str) else msgspec.json.encode(data).decode()
