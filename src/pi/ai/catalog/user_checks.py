"""What a value of `models.json` has to be beyond its type, and which known name is near another."""

import re
from collections.abc import Iterable
from typing import Any

from msgspec import UNSET

__all__ = ["header_problem", "near", "url_problem"]

# compiled when used, as most files need only one of them
_HEADER = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_URL = r"(?i:https?)://[^\s/]\S*|[{$]\S*"
_BARE = r"[A-Za-z0-9.-]+(:\d+)?(/[^\s@]*)?"


def url_problem(url: Any) -> str:
    """What is wrong with a `baseUrl`; "" if nothing is. It may begin with a placeholder."""
    if url is UNSET or re.fullmatch(_URL, url):
        return ""
    scheme, found, _ = url.partition("://")
    hint = f", not {scheme}://" if found and scheme.lower() not in ("http", "https") else ""
    if re.fullmatch(_BARE, url) and ("." in url or ":" in url or url.startswith("localhost")):
        hint = f", as in http://{url}"
    return f"it must start with http:// or https:// and a host{hint}"


def header_problem(headers: Any) -> str:
    """What is wrong with the names of `headers`; "" if nothing is."""
    for name in headers or ():
        if not re.fullmatch(_HEADER, name):
            return f"{name!r} is not a valid name of a header"
    return ""


def near(name: str, known: Iterable[str]) -> str:
    """` (is KNOWN meant?)` if one is near, else ""."""
    from difflib import get_close_matches  # costs 3 ms, needed only for this message

    lower = {item.lower(): item for item in known}
    found = get_close_matches(name.lower(), lower, n=1, cutoff=0.7)
    return f" (is {lower[found[0]]} meant?)" if found else ""
