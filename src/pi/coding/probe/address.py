"""The URL that a person gives, and the base URLs that it may stand for."""

import ipaddress
import re
from urllib.parse import urlsplit

from pi.ai.errors import ConfigError
from pi.ai.wire.target import parse_url

__all__ = ["WIRES", "base_urls", "checked_url", "host_of", "is_local", "other_scheme", "root_of"]

WIRES = ("openai-completions", "openai-responses", "anthropic-messages", "google-generative-ai")
"""The wires that are tried, in the order in which one is preferred when several do as well."""

_ENDPOINT = re.compile(
    r"/(?:chat/completions|completions|responses|messages|models(?:/[^/]+)?|props|health)/?$"
)
_VERSION = re.compile(r"/v\d+(?:(?:alpha|beta)\d*)?$")


def checked_url(url: str) -> str:
    """The URL without query, endpoint and slashes at its end. Raises `ConfigError`."""
    if "://" not in url:
        scheme = "http" if is_local(f"http://{url}") else "https"
        raise ConfigError(f"{url!r} has no scheme: write {scheme}://{url}")
    parse_url(url)
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise ConfigError("the URL holds a password: leave it out, and give --key or --header")
    path = _ENDPOINT.sub("", parts.path.rstrip("/")).rstrip("/")
    return f"{parts.scheme.lower()}://{parts.netloc}{path}"


def root_of(url: str) -> str:
    """The URL without a version at its end."""
    return _VERSION.sub("", url)


def base_urls(api: str, url: str) -> tuple[str, ...]:
    """The base URLs at which this wire may answer, the likely one first."""
    root, versioned = root_of(url), root_of(url) != url
    if api == "anthropic-messages":
        return (root,)  # the wire itself adds /v1
    if api == "google-generative-ai":
        return (url,) if versioned and not url.endswith("/v1") else (f"{root}/v1beta",)
    return (url, root) if versioned else (f"{url}/v1", url)


def host_of(url: str) -> str:
    """The host name, in lower case."""
    return parse_url(url).origin.host


def is_local(url: str) -> bool:
    """Whether the server is on this machine."""
    try:
        host = host_of(url)
    except ConfigError:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def other_scheme(url: str) -> str:
    """The same URL with http for https, or the reverse."""
    scheme, _, rest = url.partition("://")
    return f"{'http' if scheme == 'https' else 'https'}://{rest}"
