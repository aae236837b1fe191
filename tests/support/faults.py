"""Everything that a service or the net between does wrong, as one table of replies.

`FAULTS` maps a name to a `Reply`; parametrise over it, or pick one by name. `STREAM_FAULTS` are
those that start well: give them the bytes of a good stream and they break it.
"""

from collections.abc import Callable

from support.server import CUT, RESET, STALL, Reply, json_reply

__all__ = ["FAULTS", "STREAM_FAULTS", "cut_at"]

_PAGE = b"<!doctype html><html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


def _error(status: int, kind: str, message: str, **headers: str) -> Reply:
    body = {"type": "error", "error": {"type": kind, "message": message, "code": None}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return json_reply(body, status, headers=named)


FAULTS: dict[str, Reply] = {
    "400": _error(400, "invalid_request_error", "tools.0.name: must match the pattern"),
    "401": _error(401, "authentication_error", "invalid x-api-key"),
    "402": _error(402, "billing_error", "Insufficient credits"),
    "403": _error(403, "permission_error", "this key may not use this model"),
    "404": _error(404, "not_found_error", "model: no-such-model"),
    "413": _error(413, "request_too_large", "Request exceeds the maximum size"),
    "429": _error(429, "rate_limit_error", "Number of request tokens has exceeded your limit"),
    "429_seconds": _error(429, "rate_limit_error", "slow down", retry_after="7"),
    "429_ms": _error(429, "rate_limit_error", "slow down", retry_after_ms="1500"),
    "429_date": _error(
        429, "rate_limit_error", "slow down", retry_after="Fri, 31 Dec 2999 23:59:59 GMT"
    ),
    "429_quota": _error(429, "insufficient_quota", "You exceeded your current quota"),
    "500": _error(500, "api_error", "Internal server error"),
    "503": _error(503, "overloaded", "The server is overloaded"),
    "529": _error(529, "overloaded_error", "Overloaded"),
    "500_empty": Reply(b"", 500, {}),
    "502_html": Reply(_PAGE, 502, {"content-type": "text/html"}),
    "200_html": Reply(_PAGE, 200, {"content-type": "text/html"}),
    "200_empty": Reply(b"", 200),
    "200_json_error": json_reply({"error": {"message": "upstream timed out", "code": 504}}),
    "reset_before_head": Reply([RESET], raw=b""),
    "closed_before_head": Reply([CUT], raw=b""),
    "no_http": Reply(raw=b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    "silence": Reply([STALL], raw=b""),
}
"""Name to reply. `silence` never answers: the client's time-out has to end it."""

STREAM_FAULTS: dict[str, Callable[[bytes], Reply]] = {
    "cut_in_the_middle": lambda stream: Reply([stream], cut_at=len(stream) // 2),
    "cut_before_the_end": lambda stream: Reply([stream], cut_at=len(stream) - 1),
    "reset": lambda stream: Reply([stream], reset_at=len(stream) // 2),
    "short_of_its_length": lambda stream: Reply(stream, cut_at=len(stream) // 2),
    "close_delimited_cut": lambda stream: Reply(stream[: len(stream) // 2], framing="close"),
    "gzip_cut": lambda stream: Reply(stream, gzip=True, cut_at=30),
    "stall": lambda stream: Reply([stream[: len(stream) // 2], STALL]),
}
"""Name to a function from the bytes of a good stream to the reply that breaks it."""


def cut_at(stream: bytes, count: int) -> Reply:
    """The first `count` bytes of `stream` as chunks, then an orderly end of the connection."""
    return Reply([stream], cut_at=count)
