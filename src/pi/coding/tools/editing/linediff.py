"""Which lines differ, and the diff that people are shown.

The diff has line numbers, four lines of context and `...` for what is left out. It is made from the
changed places alone, so its cost does not grow with the file, and its length is bounded.
"""

from collections.abc import Iterator
from itertools import islice

from msgspec import Struct

from pi.coding.tools.truncate import cut_line

__all__ = ["Change", "opcodes", "render"]

_CONTEXT = 4
_MAX_ROWS = 1000
_MAX_COMPARED = 4_000_000  # product of the two line counts; beyond, only both ends are compared


class Change(Struct, frozen=True):
    """Characters `start:end` of a text become `text`."""

    start: int
    end: int
    text: str


def opcodes(old: list[str], new: list[str]) -> list[tuple[int, int, int, int]]:
    """The parts `old[a:b]` that become `new[c:d]`, in order; all else is equal."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    a, b = old[head : len(old) - tail], new[head : len(new) - tail]
    if not a and not b:
        return []
    if not a or not b or len(a) * len(b) > _MAX_COMPARED:
        return [(head, head + len(a), head, head + len(b))]
    from difflib import SequenceMatcher  # only when a file is edited

    matcher = SequenceMatcher(None, a, b, autojunk=False)
    return [
        (head + i1, head + i2, head + j1, head + j2)
        for tag, i1, i2, j1, j2 in matcher.get_opcodes()
        if tag != "equal"
    ]


class _Block(Struct):
    """Whole lines `start:end` of the old text (no final break) that contain changes."""

    start: int
    end: int
    changes: list[Change]


_Row = tuple[str, int, str]
"""Tag (`+`, `-`, blank for context, `.` for a gap), line number and line."""

_GAP: _Row = (".", 0, "...")


def render(text: str, changes: list[Change]) -> tuple[str, int]:
    """The diff that `changes` (in order, not overlapping) make to `text`.

    Returns it with the number, counted from 1, of the first line that is new or follows what is
    gone.
    """
    rows = list(islice(_rows(text, changes), 2 * _MAX_ROWS))
    first = next((number for tag, number, _ in rows if tag in "+-"), 0)
    rows = _trim(rows)
    if len(rows) > _MAX_ROWS:
        rows[_MAX_ROWS:] = [(".", 0, "... (the rest of this diff is left out)")]
    width = len(str(max((number for _, number, _ in rows), default=0)))
    lines = [
        f" {'':{width}} {line}" if tag == "." else f"{tag}{number:>{width}} {cut_line(line)[0]}"
        for tag, number, line in rows
    ]
    return "\n".join(lines), first


def _trim(rows: list[_Row]) -> list[_Row]:
    """`rows` with no more context than asked for."""
    changed = [index for index, row in enumerate(rows) if row[0] in "+-"]
    near = {index + step for index in changed for step in range(-_CONTEXT, _CONTEXT + 1)}
    kept: list[_Row] = []
    for index, row in enumerate(rows):
        if index in near and row is not _GAP:
            kept.append(row)
        elif not kept or kept[-1] is not _GAP:
            kept.append(_GAP)
    return kept


def _rows(text: str, changes: list[Change]) -> Iterator[_Row]:
    """All changed lines with at least as much context as is shown, from top to bottom."""
    done = 0  # up to here everything has its row or is left out
    number = 1  # of the line at `done`
    shift = 0  # new line numbers minus old ones
    for block in _blocks(text, changes):
        yield from _between(text, done, block.start, number)
        number += text.count("\n", done, block.start)
        old = text[block.start : block.end].split("\n")
        new = _spliced(text, block).split("\n")
        yield from _block_rows(old, new, number, shift)
        number += len(old)
        shift += len(new) - len(old)
        done = block.end + 1
    if done < len(text):
        rest = text[done:].split("\n", _CONTEXT + 1)
        if not rest[-1]:
            rest.pop()
        for index, line in enumerate(rest):
            yield " ", number + index, line


def _between(text: str, start: int, end: int, number: int) -> Iterator[_Row]:
    """Context rows of the whole lines `start:end`: the first and the last few."""
    first = end_of_first = start
    for _ in range(_CONTEXT + 1):
        end_of_first = text.find("\n", end_of_first, end) + 1 or end
    start_of_last = end
    for _ in range(_CONTEXT + 1):
        start_of_last = text.rfind("\n", start, max(start_of_last - 1, start)) + 1 or start
    if end_of_first >= start_of_last:
        start_of_last = end_of_first = end
    for index, line in enumerate(text[first:end_of_first].split("\n")[:-1]):
        yield " ", number + index, line
    if start_of_last < end:
        yield _GAP
        number += text.count("\n", start, start_of_last)
        for index, line in enumerate(text[start_of_last:end].split("\n")[:-1]):
            yield " ", number + index, line


def _block_rows(old: list[str], new: list[str], number: int, shift: int) -> Iterator[_Row]:
    at = 0
    for a, b, c, d in opcodes(old, new):
        for index in range(at, a):
            yield " ", number + index, old[index]
        for index in range(a, b):
            yield "-", number + index, old[index]
        for index in range(c, d):
            yield "+", number + shift + index, new[index]
        at = b
    for index in range(at, len(old)):
        yield " ", number + index, old[index]


def _blocks(text: str, changes: list[Change]) -> list[_Block]:
    blocks: list[_Block] = []
    for change in changes:
        start = text.rfind("\n", 0, change.start) + 1
        end = text.find("\n", change.end)
        end = len(text) if end < 0 else end
        if blocks and start <= blocks[-1].end + 1:
            blocks[-1].end = max(end, blocks[-1].end)
            blocks[-1].changes.append(change)
        else:
            blocks.append(_Block(start, end, [change]))
    return blocks


def _spliced(text: str, block: _Block) -> str:
    parts: list[str] = []
    at = block.start
    for change in block.changes:
        parts += (text[at : change.start], change.text)
        at = change.end
    parts.append(text[at : block.end])
    return "".join(parts)
