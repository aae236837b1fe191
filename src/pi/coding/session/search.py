"""Searching sessions for what was said in them.

Words must all occur, in any order and whatever their case; `"a phrase"` as it stands; `re:pattern`
is a regular expression. A whole session is looked at, with its name and its folder.
"""

import re
from collections.abc import Callable, Iterator

from pi.ai.errors import ConfigError
from pi.coding.session.listing import SessionInfo, texts

__all__ = ["search"]

_PARTS = re.compile(r'"([^"]+)"|(\S+)')


def search(query: str) -> Callable[[SessionInfo], bool]:
    """A test of sessions. Raises `ConfigError` for a regular expression that is none."""
    if query.startswith("re:"):
        try:
            pattern = re.compile(query[3:].strip(), re.IGNORECASE)
        except re.error as error:
            raise ConfigError(f"{query!r} is no regular expression: {error}") from None
        return lambda info: any(pattern.search(text) for text in _said(info))
    wanted = [(found[1] or found[2]).lower() for found in _PARTS.finditer(query)]

    def fits(info: SessionInfo) -> bool:
        left = list(wanted)
        for text in _said(info):
            lower = text.lower()
            left = [part for part in left if part not in lower]
            if not left:
                return True
        return not left

    return fits


def _said(info: SessionInfo) -> Iterator[str]:
    yield info.title
    yield info.cwd
    yield from texts(info.path)
