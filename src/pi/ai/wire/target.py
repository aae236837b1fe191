"""Where a request goes: a URL taken apart once, by one set of rules.

Nothing from a URL but scheme, host, port and path ever appears in a message: queries and the part
before `@` carry secrets.
"""

from urllib.parse import quote, unquote, urlsplit

from msgspec import Struct

from pi.ai.errors import ConfigError

__all__ = ["Origin", "Target", "basic", "parse_url"]

_PORTS = {"http": 80, "https": 443}


class Origin(Struct, frozen=True):
    """The other end. `host` is lower case, ASCII, and without brackets; `scheme` http or https."""

    scheme: str
    host: str
    port: int

    @property
    def label(self) -> str:
        """`host:port`, as it stands in messages and in CONNECT."""
        return f"{_bracketed(self.host)}:{self.port}"

    @property
    def authority(self) -> str:
        """The value of the `Host` header: without the port where it is the usual one."""
        host = _bracketed(self.host.partition("%")[0])
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


class Target(Struct, frozen=True):
    """An origin and what to ask it for. `path` starts with `/` and includes the query.

    authorization: what the user name and password of the URL say, if it has any.
    """

    origin: Origin
    path: str
    authorization: str | None = None

    @property
    def absolute(self) -> str:
        """The whole URL, as a proxy wants it."""
        return f"{self.origin.scheme}://{self.origin.authority}{self.path}"


def parse_url(url: str, *, what: str = "URL") -> Target:
    """Take a URL apart. Raises `ConfigError`, in whose message the URL is called `what`."""
    if any(char < "!" or char == "\x7f" for char in url):
        raise ConfigError(f"the {what} contains a space or a control character")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ConfigError(f"the {what} is not valid: {_reason(error)}") from None
    if parts.scheme not in _PORTS:
        raise ConfigError(f"the {what} must start with http:// or https://")
    if not host:
        raise ConfigError(f"the {what} has no host name")
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            raise ConfigError(f"the {what} has a host name that is not valid") from None
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~") or "/"
    if parts.query:
        path += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~?[]{}|^`\\")
    authorization = None
    if parts.username is not None:
        authorization = basic(unquote(parts.username), unquote(parts.password or ""))
    host = host.replace("%25", "%").rstrip(".")
    origin = Origin(parts.scheme, host, port if port is not None else _PORTS[parts.scheme])
    return Target(origin, path, authorization)


def basic(user: str, password: str) -> str:
    """The value of an authorization header that carries a user name and a password."""
    from base64 import b64encode  # seldom needed

    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _reason(error: ValueError) -> str:
    """What is wrong with a URL, without the words that quote it."""
    text = str(error)
    if "port" in text.lower():
        return "its port is not a number from 0 to 65535"
    return "its host name is malformed"
