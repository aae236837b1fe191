"""The head of a request as bytes. No header may smuggle in another line.

Messages name the header, never its value: that is where the keys are.
"""

import re

from pi.ai.errors import ConfigError
from pi.ai.wire.target import Target

__all__ = ["build_head", "header_line"]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_OWN = frozenset({"content-length", "transfer-encoding"})
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


def build_head(
    method: str,
    target: Target,
    headers: dict[str, str],
    length: int,
    *,
    user_agent: str,
    through_proxy: bool = False,
    proxy_authorization: str | None = None,
) -> bytes:
    """The request line and headers, up to the blank line.

    `Host`, `User-Agent`, `Accept-Encoding` and the URL's own authorization are filled in where
    `headers` lacks them; the framing headers are always ours. through_proxy: whether the request
    line names the whole URL. Raises `ConfigError` for a header that HTTP cannot carry.
    """
    if not _TOKEN.fullmatch(method):
        raise ConfigError(f"{method!r} is not an HTTP method")
    lines = [f"{method} {target.absolute if through_proxy else target.path} HTTP/1.1"]
    names = {name.lower() for name in headers}
    if "host" not in names:
        lines.append(f"Host: {target.origin.authority}")
    for name, value in headers.items():
        if name.lower() not in _OWN:
            lines.append(header_line(name, value))
    if "user-agent" not in names:
        lines.append(header_line("User-Agent", user_agent))
    if "accept-encoding" not in names:
        lines.append("Accept-Encoding: gzip, deflate")
    if target.authorization is not None and "authorization" not in names:
        lines.append(f"Authorization: {target.authorization}")
    if proxy_authorization is not None:
        lines.append(f"Proxy-Authorization: {proxy_authorization}")
    if length or method in _WITH_BODY:
        lines.append(f"Content-Length: {length}")
    return "\r\n".join((*lines, "", "")).encode("latin-1")


def header_line(name: str, value: str) -> str:
    """A header as it is sent. Raises `ConfigError` for one that HTTP cannot carry."""
    if not _TOKEN.fullmatch(name):
        raise ConfigError(f"{name!r} is not a valid name of a header")
    if _FORBIDDEN.search(value):
        raise ConfigError(
            f"the header {name} contains a line break or another control character;"
            " check the key or setting that it comes from"
        )
    try:
        value.encode("latin-1")
    except UnicodeEncodeError as error:
        raise ConfigError(
            f"the header {name} has a character that HTTP cannot carry (number {error.start + 1});"
            " check the key or setting that it comes from"
        ) from None
    return f"{name}: {value.strip()}"
