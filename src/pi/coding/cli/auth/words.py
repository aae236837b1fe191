"""Words for people: when something ends, what kind of credential it is, and tables."""

import time
from collections.abc import Sequence

from pi.ai.auth.status import Place

__all__ = ["key_words", "method_words", "span", "table", "when"]

_FAR = 100 * 365 * 86400
_METHODS = {"api_key": "key", "oauth": "login"}


def when(ms: int | None, now: float | None = None) -> str:
    """A moment, and how far away it is: `2026-11-24 14:05 (in 3 h)`; "" for None."""
    if ms is None:
        return ""
    left = ms / 1000 - (time.time() if now is None else now)
    if left > _FAR:
        return "never"
    moment = time.strftime("%Y-%m-%d %H:%M", time.localtime(max(0.0, ms / 1000)))
    return f"{moment} (in {span(left)})" if left > 0 else f"{moment} ({span(-left)} ago)"


def span(seconds: float) -> str:
    """A length of time, roughly."""
    for size, name in ((86400, "day"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size or (seconds >= size and name != "day"):
            count = round(seconds / size)
            return f"{count} {name}{'s' if name == 'day' else ''}"
    return f"{round(seconds)} s"


def method_words(method: str) -> str:
    """A kind of credential."""
    return _METHODS.get(method, method)


def key_words(place: Place) -> str:
    """What may be said of the credential at a place."""
    words = method_words(place.method)
    if place.identity:
        words += f" of {place.identity}"
    return f"{words} {place.masked}".strip()


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines with the columns of `rows` below one another; empty columns are left out."""
    columns = [column for column in zip(*rows, strict=True) if any(column[1:])]
    widths = [max(map(len, column)) for column in columns]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in zip(*columns, strict=True)
    ]
