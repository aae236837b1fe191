"""What people see as one character, and how it is painted: every terminal agrees on that width.

Terminals differ on how wide joined emoji, flags and emoji-style symbols are, and a row is out of
joint once the terminal and we disagree. tmux 3.3 gives a family of three two cells, as wcwidth
does, but a hand with a skin tone four and a red heart one, where wcwidth says two; older terminals
give every person of a family two. Mode 2027 would settle it, but few terminals have it, and to
write one and ask where the cursor is would be seen. So these are painted in a form about which
nobody can disagree: a family by its first person, a flag by its letters, a symbol without the emoji
style. The text itself is never touched.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from prompt_toolkit.utils import get_cwidth
from wcwidth import iter_graphemes

__all__ = [
    "MARKED",
    "after",
    "before",
    "boundary",
    "clip",
    "cluster_at",
    "clusters",
    "painted",
    "width",
]

_ZWJ = "\u200d"
_STYLES = "\ufe0e\ufe0f"
_TAB = 4
MARKED = re.compile("([\U0010e000-\U0010efff])")
"""A mark, see `marks`."""

_NEAR = 256


@lru_cache(maxsize=1024)
def _split(text: str) -> tuple[str, ...]:
    return tuple(_pieces(text))


def _pieces(text: str) -> Iterator[str]:
    """The characters of a text. A mark (`marks`) is one alone, whatever stands beside it."""
    if not MARKED.search(text):
        yield from iter_graphemes(text)
        return
    for piece in MARKED.split(text):
        yield from iter_graphemes(piece)


def clusters(line: str) -> tuple[str, ...] | str:
    """A line's characters as people see them. A plain line is its own sequence."""
    return line if line.isascii() else _split(line)


def before(text: str, position: int) -> int:
    """Where the character begins that ends at a position; 0 at the start."""
    return boundary(text, position - 1) if position > 0 else 0


def after(text: str, position: int) -> int:
    """Where the character ends that begins at a position; the end of the text at its end."""
    return position + len(cluster_at(text, position))


def cluster_at(text: str, position: int) -> str:
    """The character that begins at a position; "" at the end."""
    first, second = text[position : position + 1], text[position + 1 : position + 2]
    if first.isascii() and second.isascii():
        return first
    return next(_pieces(text[position : position + _NEAR].partition("\n")[0]), first)


def boundary(text: str, position: int) -> int:
    """The position itself, or the start of the character that it is in the middle of."""
    if position <= 0 or position >= len(text):
        return max(0, min(position, len(text)))
    if text[position].isascii() and text[position - 1].isascii():
        return position
    at = _known_start(text, position)
    for cluster in _pieces(text[at : position + _NEAR].partition("\n")[0]):
        if at + len(cluster) > position:
            return at
        at += len(cluster)
    return position


def _known_start(text: str, position: int) -> int:
    """Where surely a character begins, not far before a position."""
    line = text.rfind("\n", 0, position) + 1
    at, near = position, max(line, position - _NEAR)
    while at > near:
        at -= 1
        if text[at].isascii() and (at == line or text[at - 1].isascii()):
            return at
    while at > line and (_is_flag(text[at]) or get_cwidth(text[at]) == 0 or text[at - 1] == _ZWJ):
        at -= 1
    return at


def _is_flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def painted(cluster: str, column: int = 0) -> str:
    """What is painted for a character; its `width` is right in every terminal."""
    if len(cluster) == 1 and " " <= cluster <= "~":
        return cluster
    if cluster == "\t":
        return " " * (_TAB - column % _TAB)
    return _painted(cluster)


@lru_cache(maxsize=4096)
def _painted(cluster: str) -> str:
    first = cluster[0]
    if _is_flag(first):
        return "".join(chr(ord(letter) - 0x1F1E6 + 65) for letter in cluster if _is_flag(letter))
    if first < " " or first == "\x7f":
        return "".join(f"^{chr(ord(c) ^ 64)}" if c < " " or c == "\x7f" else c for c in cluster)
    if get_cwidth(first) == 0:
        if not first.isprintable():  # what could turn the row around, or hide
            return f"<{ord(first):x}>" + (painted(cluster[1:]) if cluster[1:] else "")
        return " " + "".join(c for c in cluster if c.isprintable() and get_cwidth(c) == 0)
    if not first.isprintable() and not _is_private(first):
        shown = " " if first.isspace() else f"<{ord(first):x}>"
        return shown + (painted(cluster[1:]) if cluster[1:] else "")
    emoji = first >= "\u2000" and any(
        c == _ZWJ or "\U0001f3fb" <= c <= "\U0001f3ff" for c in cluster[1:]
    )
    rest = "".join(
        c for c in cluster[1:] if c not in _STYLES and not "\U000e0000" < c < "\U000e0080"
    )
    if emoji:
        return first
    return first + rest


def _is_private(character: str) -> bool:
    return "\ue000" <= character <= "\uf8ff" or character >= "\U000f0000"


def width(text: str) -> int:
    """Cells of a text that is painted."""
    return len(text) if text.isascii() else get_cwidth(text)


def clip(text: str, cells: int) -> str:
    """A text painted in at most so many cells; `…` stands for what did not fit."""
    if cells <= 0:
        return ""
    out: list[str] = []
    used = 0
    parts = [painted(cluster, 0) for cluster in clusters(text)]
    if sum(map(width, parts)) <= cells:
        return "".join(parts)
    for part in parts:
        used += width(part)
        if used > cells - 1:
            break
        out.append(part)
    return "".join(out) + "…"
