"""What a bare URL tells about a server: the provider row whose `hosts` it matches.

A user's own entry in `models.json` often names only a URL. If the host is one that we know, its
switches, headers and thinking hold there as well. This happens once, when the entry is read, and
never while a request is made.
"""

from fnmatch import fnmatchcase

import msgspec

from pi.ai.catalog.schema import ModelRule, ProviderRow, Rows

__all__ = ["infer", "inferred_rules"]


def infer(url: str, rows: Rows) -> ProviderRow | None:
    """The provider that answers at `url`; the most precise of several."""
    best: tuple[int, ProviderRow] | None = None
    host, path = _split(url)
    for row in rows.providers:
        for pattern in row.hosts:
            if _matches(pattern, host, path) and (best is None or len(pattern) > best[0]):
                best = (len(pattern), row)
    return best and best[1]


def inferred_rules(url: str, rows: Rows) -> tuple[ModelRule, ...]:
    """The rules that hold at `url`, without the URL itself; none for a host that nobody knows."""
    if not url:
        return ()
    row = infer(url, rows)
    if row is not None:
        return tuple(msgspec.structs.replace(rule, base_url=None) for rule in row.rules)
    host, path = _split(url)
    return tuple(
        ModelRule(api=item.api, compat=item.compat)
        for item in rows.wires.hosts
        if _matches(item.host, host, path)
    )


def _matches(pattern: str, host: str, path: str) -> bool:
    """Whether a URL's host and path fit.

    `pattern` is `host` or `host/path`; `*` stands for anything in the host. A host without `*`
    stands for its subdomains too.
    """
    wanted, _, folder = pattern.partition("/")
    if folder and not f"{path}/".startswith(f"/{folder}/"):
        return False
    head, star, tail = wanted.partition("*")
    if "*" in tail:
        return fnmatchcase(host, wanted)
    if star:  # nearly all of them; a pattern would have to be compiled
        longer = len(host) >= len(head) + len(tail)
        return longer and host.startswith(head) and host.endswith(tail)
    return host == wanted or host.endswith(f".{wanted}")


def _split(url: str) -> tuple[str, str]:
    rest = url.partition("://")[2] or url
    host, slash, path = rest.partition("/")
    host = host.rpartition("@")[2].lower()
    return host.partition(":")[0], slash + path.partition("?")[0]
