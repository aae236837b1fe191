"""Which proxy a request goes through, as the environment says.

The variables are those that curl reads, in lower and in upper case, with lower case first
(https://everything.curl.dev/usingcurl/proxies/env.html). A loopback address never goes through a
proxy: nobody but this machine can reach it.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from pi.ai.errors import ConfigError
from pi.ai.wire.target import Origin, parse_url

__all__ = ["Proxy", "choose_proxy", "is_excluded", "is_loopback"]

_Address = Any
"""An `ipaddress` object; that module is loaded only where a proxy is set."""


class Proxy(Struct, frozen=True):
    """A proxy. `variable` is where it was read; `authorization` a header's value."""

    origin: Origin
    variable: str
    authorization: str | None = None
    url: str = ""

    @property
    def label(self) -> str:
        """What to call it in a message."""
        return f"the proxy {self.origin.label} ({self.variable})"


def choose_proxy(origin: Origin, env: Mapping[str, str]) -> Proxy | None:
    """The proxy for `origin`, None for a direct connection.

    Raises `ConfigError` if the variable that applies holds no usable URL.
    """
    for name in (f"{origin.scheme}_proxy", f"{origin.scheme}_proxy".upper(), "all_proxy"):
        if name == "HTTP_PROXY" and "REQUEST_METHOD" in env:
            continue  # under CGI the client of the web server sets this one (https://httpoxy.org)
        url, variable = env.get(name, "").strip(), name
        if not url and name == "all_proxy":
            url, variable = env.get("ALL_PROXY", "").strip(), "ALL_PROXY"
        if url:
            break
    else:
        return None
    if is_loopback(origin.host):
        return None
    excluded = env.get("no_proxy", "").strip() or env.get("NO_PROXY", "").strip()
    if excluded and is_excluded(origin, excluded):
        return None
    return _parse(url, variable)


def is_loopback(host: str) -> bool:
    """Whether `host` is a name or an address of this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def is_excluded(origin: Origin, no_proxy: str) -> bool:
    """Whether a value of `NO_PROXY` names `origin`.

    Entries are `*`, host names (which include their subdomains, with or without a dot or `*.` in
    front), addresses and networks such as `10.0.0.0/8`; names and addresses may have a port.
    """
    address = _address(origin.host)
    return any(
        _matches(entry, origin, address) for entry in no_proxy.lower().replace(",", " ").split()
    )


def _matches(entry: str, origin: Origin, address: _Address | None) -> bool:
    if entry == "*":
        return True
    if address is not None and "/" in entry:
        import ipaddress

        try:
            network = ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
        return address in network
    host, port = _split_port(entry)
    if port and port != str(origin.port):
        return False
    if address is not None:
        return _address(host) == address
    host = host.removeprefix("*").strip(".")
    return bool(host) and (origin.host == host or origin.host.endswith("." + host))


def _split_port(entry: str) -> tuple[str, str]:
    if entry.startswith("["):
        host, _, port = entry[1:].partition("]")
        return host, port.removeprefix(":")
    host, colon, port = entry.rpartition(":")
    if colon and ":" not in host:
        return host, port
    return entry, ""


def _address(host: str) -> _Address | None:
    import ipaddress

    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _parse(url: str, variable: str) -> Proxy:
    scheme, mark, _ = url.partition("://")
    if not mark:
        url = f"http://{url}"
    elif scheme.lower() not in ("http", "https"):
        raise ConfigError(
            f"{variable} names a {scheme}:// proxy, which is not supported;"
            " use http:// or https://, or exempt the host with NO_PROXY"
        )
    target = parse_url(url, what=f"proxy in {variable}")
    return Proxy(target.origin, variable, target.authorization, url)
