"""AWS Signature Version 4 for requests with a body in memory. No AWS library.

https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
"""

import time
from urllib.parse import quote, urlsplit

from msgspec import Struct

from pi.ai.request import Request

__all__ = ["AwsKeys", "sign"]

_UNSIGNED = frozenset(
    {"authorization", "connection", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id"}
)
"""Headers that proxies may change, or that are made here."""


class AwsKeys(Struct, frozen=True):
    """An access key, with the session token of temporary ones."""

    access: str
    secret: str
    token: str = ""


def sign(
    request: Request, keys: AwsKeys, *, region: str, service: str, now: float | None = None
) -> Request:
    """`request` with `X-Amz-Date`, `Authorization` and, if there is one, the session token.

    Headers of these names that it has are replaced. `now`: seconds since the epoch.
    """
    import hashlib  # with OpenSSL 4 ms, for users of Bedrock only
    import hmac

    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    request = request.with_headers(
        {"Authorization": None, "X-Amz-Date": stamp, "X-Amz-Security-Token": keys.token or None}
    )
    headers = _canonical_headers(request)
    names = ";".join(name for name, _ in headers)
    canonical = "\n".join(
        (
            request.method.upper(),
            _canonical_path(urlsplit(request.url).path),
            _canonical_query(urlsplit(request.url).query),
            *(f"{name}:{value}" for name, value in headers),
            "",
            names,
            hashlib.sha256(request.content).hexdigest(),
        )
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
    key = f"AWS4{keys.secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    return request.with_headers(
        {
            "Authorization": f"AWS4-HMAC-SHA256 Credential={keys.access}/{scope},"
            f" SignedHeaders={names}, Signature={signature}"
        }
    )


def _canonical_headers(request: Request) -> list[tuple[str, str]]:
    headers = {
        name.lower(): " ".join(value.split())
        for name, value in request.headers.items()
        if name.lower() not in _UNSIGNED
    }
    headers.setdefault("host", _host(request.url))
    return sorted(headers.items())


def _host(url: str) -> str:
    """The host header that the wire will send: without a port that the scheme implies."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    standard = {"http": 80, "https": 443}.get(parts.scheme)
    return host if parts.port in (None, standard) else f"{host}:{parts.port}"


def _canonical_path(path: str) -> str:
    """The path as sent, without dot segments, encoded once more (by all services but S3)."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            if kept:
                kept.pop()
        elif segment not in ("", "."):
            kept.append(segment)
    slash = "/" if kept and path.endswith("/") else ""
    return quote("/" + "/".join(kept) + slash, safe="/~")


def _canonical_query(query: str) -> str:
    pairs = (part.partition("=") for part in query.split("&") if part)
    return "&".join(f"{name}={value}" for name, value in sorted((n, v) for n, _, v in pairs))
