"""Addresses: made from parameters, and checked when they come from a stranger."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode, urlsplit

from pi.ai.errors import ProtocolError

__all__ = ["trusted_url", "with_query"]


def with_query(url: str, parameters: Mapping[str, str]) -> str:
    """`url` with these parameters."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(parameters, quote_via=quote)}"


def trusted_url(url: str, who: str) -> str:
    """An address that a service sent, fit to be shown and opened.

    Anything that is no plain ASCII of an address is percent-encoded. Raises `ProtocolError` unless
    it is http or https: other schemes start programs.
    """
    clean = quote(url.strip(), safe="%:/?#[]@!$&'()*+,;=-._~")
    try:
        parts = urlsplit(clean)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    if not good:
        raise ProtocolError(f"{who} sent an address that is not http or https")
    return clean
