"""One polite GET: conditional, bounded in time and size, and every failure one line."""

import asyncio

from msgspec import Struct

from pi.ai.errors import AuthError, OverloadedError, ProtocolError, RateLimitError, TransportError
from pi.ai.request import Request
from pi.ai.wire.http import Transport

__all__ = ["Answer", "fetch"]


class Answer(Struct, frozen=True):
    """What came. body: None if it is what the etag stands for."""

    body: bytes | None
    etag: str = ""


async def fetch(
    transport: Transport,
    request: Request,
    *,
    etag: str = "",
    seconds: float = 30.0,
    limit: int = 32_000_000,
) -> Answer:
    """The answer to a GET. seconds: for all of it. limit: bytes, after decompression.

    Raises `TransportError`, `ConfigError` for a URL that is none, and the error that fits the
    status if the server says no.
    """
    headers: dict[str, str | None] = {"Accept": "application/json"}
    if etag:
        headers["If-None-Match"] = etag
    host = request.url.partition("://")[2].partition("/")[0].rpartition("@")[2]
    try:
        async with asyncio.timeout(seconds):
            response = await transport.send(request.with_headers(headers), idle_timeout=seconds)
            body = await response.read(limit + 1)
    except TimeoutError:
        raise TransportError(f"{host} was not done within {seconds:g} s") from None
    if response.status == 304 and etag:
        return Answer(None, etag)
    if response.status != 200:
        raise _refusal(host, response.status)
    if len(body) > limit:
        raise ProtocolError(f"{host} sent more than {limit:,} bytes")
    return Answer(body, response.headers.get("etag", ""))


def _refusal(
    host: str, status: int
) -> AuthError | RateLimitError | OverloadedError | ProtocolError:
    text = f"{host} answered {status}"
    if status in (401, 403):
        return AuthError(f"{text}: the credential is refused", status=status)
    if status == 429:
        return RateLimitError(f"{text}: too many requests, try later", status=status)
    if status >= 500:
        return OverloadedError(f"{text}: try later", status=status)
    return ProtocolError(text, status=status)
