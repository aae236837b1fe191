"""Search in lists while somebody types: every word must occur, its letters in order and near.

A better hit has its letters together and at the beginning of words.
"""

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

__all__ = ["score", "search"]

T = TypeVar("T")

_SWAPPED = re.compile(r"^([a-z]+)(\d[\d.]*)$")


def score(query: str, text: str) -> int | None:
    """How well `text` answers `query`; None if it does not. Higher is better."""
    text = text.lower()
    total = 0
    for word in query.lower().split():
        best = _word(word, text)
        swapped = _SWAPPED.match(word)
        if best is None and swapped:  # "codex5" finds "5-codex"
            best = _word(swapped[2] + swapped[1], text)
        if best is None:
            return None
        total += best
    return total


def search(query: str, items: Iterable[T], key: Callable[[T], str]) -> list[T]:
    """The items that answer `query`, best first; all of them for an empty query."""
    hits = [(found, item) for item in items if (found := score(query, key(item))) is not None]
    hits.sort(key=lambda hit: -hit[0])
    return [item for _, item in hits]


def _word(word: str, text: str) -> int | None:
    at = text.find(word)
    if at >= 0:
        starts_word = at == 0 or not text[at - 1].isalnum()
        # where a word begins is all the same but for the first: the items' own order holds
        return 100 * len(word) + (50 + 10 * (at == 0) if starts_word else -min(at, 40))
    best: int | None = None
    start = text.find(word[0])
    while start >= 0:
        found = _apart(word, text, start)
        if found is not None and (best is None or found > best):
            best = found
        start = text.find(word[0], start + 1)
    return best


def _apart(word: str, text: str, start: int) -> int | None:
    """The letters of `word` in order from `start` on, not farther apart than a reader would see."""
    total, at = 0, start - 1
    for letter in word:
        found = text.find(letter, at + 1)
        if found < 0:
            return None
        starts_word = found == 0 or not text[found - 1].isalnum()
        total += 10 * (found == at + 1) + 5 * starts_word - min(found - at, 9)
        at = found
    return total if at - start < 2 * len(word) + 4 else None
