"""What the names of models tell: family, version, date. Used to choose, never for facts.

There is no standard for them. What is read here is what people read: `claude-sonnet-5-5` is version
5.5 of Claude Sonnet, `mistral-large-2512` one of December 2025, `x:batch` a variant of `x`.
"""

import re
from collections.abc import Iterable

__all__ = ["base", "family", "is_dated", "is_variant", "relative", "undated", "version"]

_DATE = re.compile(
    r"(?<![\d.])(?:20\d\d-?[01]\d-?[0-3]\d|[01]\d-20\d\d|[01]\d[0-3]\d|2[3-9][01]\d)(?!\d)"
)
_SIZE = re.compile(r"(?<![\d.])\d+(?:[.p]\d+)?[bkmte](?![a-z])")
_NUMBER = re.compile(r"(\d+)(?:[.p](\d+)|-(\d)(?![\d.a-z]))?")
_VARIANT = re.compile(r"[:-](?:batch|free|spot|fast|highspeed|ultraspeed|contributor)$")


def base(name: str) -> str:
    """The id without the vendor before it: `meta/llama-4` and `us.meta.llama4` become `llama…`."""
    last = name.lower().rpartition("/")[2]
    return re.sub(r"^(?:[a-z][a-z-]*\.)+(?=[a-z])", "", last)


def family(name: str) -> frozenset[str]:
    """The words of an id without versions, dates and sizes: `gpt-5.4-mini` is `{gpt, mini}`."""
    plain = _SIZE.sub(" ", _DATE.sub(" ", base(name)))
    return frozenset(word for word in re.split(r"[^a-z]+", plain) if len(word) > 1)


def version(name: str) -> float:
    """The first number that is neither date nor size, as a decimal: `k3p1` is 3.1; 0 if none."""
    match = _NUMBER.search(_SIZE.sub(" ", _DATE.sub(" ", base(name))))
    if not match:
        return 0.0
    return float(f"{match[1]}.{match[2] or match[3] or 0}")


def is_dated(name: str) -> bool:
    """Whether the id names one release by date, where an alias would name the current one."""
    return bool(_DATE.search(base(name)))


def undated(name: str) -> str:
    """The id without a date at its end: `gpt-5.4-2026-03-05` is a release of `gpt-5.4`."""
    match = _DATE.search(name)
    return name[: match.start()].rstrip("-@") if match and match.end() == len(name) else name


def is_variant(name: str) -> bool:
    """Whether the id is another way to buy the same model: batch, free, fast, spot."""
    return bool(_VARIANT.search(name.lower()))


def relative(name: str, known: Iterable[str]) -> str | None:
    """The id of the newest known model that shares words with an id that nobody lists."""
    words = family(name)
    best: tuple[int, int, float, str] | None = None
    for other in known:
        theirs = family(other)
        if shared := len(words & theirs):
            score = (shared, -len(theirs - words), version(other), other)
            best = score if best is None else max(best, score)
    return best and best[-1]
