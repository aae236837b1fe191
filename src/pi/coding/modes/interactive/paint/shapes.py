"""What painters share: reading data that may be anything, short paths, collapsing long output."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pi.coding.modes.interactive.lines import Line
from pi.coding.modes.interactive.paint.cells import hard_wrap, soft_wrap
from pi.coding.modes.interactive.paint.clean import clean, one_line
from pi.coding.modes.interactive.view import Look

__all__ = [
    "collapse",
    "images_of",
    "mapping",
    "more",
    "output_of",
    "plural",
    "seconds",
    "short_path",
    "size_text",
    "tail_of",
    "text_of",
    "wrapped",
]

MOST_LINES = 2000
"""Lines of one block that are shown at most, also when it is expanded."""

_TAIL = 40_000


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def text_of(content: Any) -> str:
    """The texts of content blocks, as they came."""
    if isinstance(content, str):
        return content
    texts: list[str] = []
    for part in content if isinstance(content, list | tuple) else ():
        text = mapping(part).get("text")
        if isinstance(text, str):
            texts.append(text)
    return "\n".join(texts)


def images_of(content: Any) -> list[tuple[str, str]]:
    """The images among content blocks: type and base64 data."""
    found: list[tuple[str, str]] = []
    for part in content if isinstance(content, list | tuple) else ():
        block = mapping(part)
        data = block.get("data")
        if block.get("type") == "image" and isinstance(data, str):
            kind = block.get("mimeType") or block.get("mime_type") or "image"
            found.append((one_line(kind), data))
    return found


def short_path(value: Any, look: Look) -> str:
    """A path as people would write it: from the working folder, or with `~`."""
    path = one_line(value if isinstance(value, str) else json_text(value))
    for folder, instead in ((look.cwd, ""), (look.home, "~/")):
        if folder and path.startswith(folder.rstrip("/") + "/"):
            return instead + path[len(folder.rstrip("/")) + 1 :]
    if path and path in (look.cwd, look.home):
        return "." if path == look.cwd else "~"
    return path


def json_text(value: Any, limit: int = 2000) -> str:
    """A value as JSON, for people."""
    if value is None:
        return ""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, TypeError, RecursionError):
        text = str(type(value).__name__)
    return text if len(text) <= limit else text[:limit] + "…"


def plural(count: int, word: str) -> str:
    """A number with its noun."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def seconds(value: float) -> str:
    """A duration: `0.4 s`, `12 s`, `3 min 5 s`."""
    if value < 10:
        return f"{value:.1f} s"
    if value < 60:
        return f"{value:.0f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def size_text(size: int) -> str:
    """Bytes for people."""
    if size < 1024:
        return f"{size} B"
    return f"{size / 1024:.1f} KB" if size < 1 << 20 else f"{size / (1 << 20):.1f} MB"


def wrapped(text: str, style: str, room: int) -> list[Line]:
    """Lines of a clean text cut to a width, blanks kept."""
    rows: list[Line] = []
    for line in text.split("\n"):
        rows += [[]] if not line else hard_wrap([(style, line)], room)
    return rows


_NOTE = re.compile(
    r"(?:\n\n|\A)\[((?:Showing lines |Lines |Last \S+ of line |Still running |A process in )"
    r"[^\n]*)\]\Z"
)
_COUNTED = re.compile(r"\A(?:Showing lines|Lines) \d+-\d+ of \d+(?: \([^)]*\))?\. ")


def output_of(text: str, details: Any) -> tuple[str, int, list[str]]:
    """The output of a command, how many lines of it came before that, and what the tool notes.

    text: of the result. details: what the tool tells people about it.
    """
    notes: list[str] = []
    text = text.rstrip()
    while found := _NOTE.search(text):
        notes.insert(0, _COUNTED.sub("", found[1]))
        text = text[: found.start()].rstrip()
    cut = mapping(mapping(details).get("truncation"))
    total, given = cut.get("totalLines"), cut.get("outputLines")
    if isinstance(total, int) and isinstance(given, int):
        return text, max(0, total - given), notes
    return text, 0, notes


def more(count: int, look: Look, what: str) -> Line:
    """The line that stands for what is left out."""
    dots = "…" if look.unicode else "..."
    return [(look.style("dim"), f"{dots} {count:,} {what} (ctrl+o)")]


def collapse(lines: Sequence[Line], limit: int, look: Look, room: int) -> list[Line]:
    """The first lines, cut to a width, and how many more there are."""
    shown = MOST_LINES if look.expanded else limit
    if len(lines) <= shown + 1 and len(lines) <= MOST_LINES:
        shown = len(lines)
    rows: list[Line] = []
    count = 0
    for line in lines[:shown]:
        cut = soft_wrap(line, room)
        if not look.expanded and len(rows) + len(cut) > limit + 4:
            break
        rows += cut
        count += 1
    left = len(lines) - count
    if left:
        rows += hard_wrap(_rest(left, look, "more lines" if left > 1 else "more line"), room)
    return rows


def _rest(left: int, look: Look, what: str) -> Line:
    if look.expanded:
        return [(look.style("dim"), f"{left:,} {what} not shown")]
    return more(left, look, what)


def tail_of(
    text: str, limit: int, look: Look, room: int, style: str, before: int = 0
) -> list[Line]:
    """The last rows of a text and how many lines came before. The text need not be clean.

    before: lines that are not even in the text.
    """
    text = text.rstrip("\n")
    cut = before
    most = MOST_LINES * 200 if look.expanded else _TAIL
    if len(text) > most:
        place = text.rfind("\n", 0, len(text) - most) + 1
        if len(text) - place > 2 * most:
            place = len(text) - most  # one huge line
        cut += text.count("\n", 0, place)
        text = text[place:]
    lines = clean(text).rstrip().lstrip("\n").split("\n")
    if lines == [""]:
        return []
    shown = MOST_LINES if look.expanded else limit
    rows: list[Line] = []
    left = len(lines)
    for line in reversed(lines):
        new = wrapped(line, style, room)
        if rows and len(rows) + len(new) > shown + (1 if left == 1 and not cut else 0):
            break
        left -= 1
        rows[:0] = new if look.expanded else new[-max(shown, 1) :]
        if len(rows) >= shown and left > 1:
            break
    left += cut
    if left:
        word = "earlier lines" if left > 1 else "earlier line"
        rows[:0] = hard_wrap(_rest(left, look, word), room)
    return rows
