"""Diffs in colours: line numbers, what was taken away and added, and what differs within a line."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from pi.coding.modes.interactive.lines import Line
from pi.coding.modes.interactive.paint.cells import hard_wrap, soft_wrap
from pi.coding.modes.interactive.paint.patterns import Pattern
from pi.coding.modes.interactive.view import Look

__all__ = ["change_rows", "diff_rows", "gutter_wrap"]

_ROW = Pattern(r"([+\- ])( *\d+|)( ?)(.*)", re.DOTALL)
_WORD = Pattern(r"\w+|\s+|.", re.DOTALL)
_COMPARED = 400
_PAIRED = 40

_Row = tuple[str, str, str]
"""Tag (`+`, `-`, blank), number, text."""


def diff_rows(diff: str, look: Look) -> list[Line]:
    """The lines of a diff as `edit` gives it: tag, number, text. The text is clean.

    Its unchanged lines are numbered as they were; they are shown as they are now.
    """
    rows: list[_Row] = []
    moved = 0
    for line in diff.split("\n"):
        found = _ROW.match(line)
        if found is None:
            rows.append((" ", "", line))
            continue
        tag, number = found[1], found[2].strip()
        moved += (tag == "+") - (tag == "-")
        if tag == " " and number.isdigit():
            number = str(int(number) + moved)
        rows.append((tag, number, found[4]))
    size = max((len(number) for _, number, _ in rows), default=0)
    return list(_painted(rows, size, look))


def change_rows(old: str, new: str, look: Look) -> Iterator[Line]:
    """A change that has no line numbers yet. The texts are clean."""
    rows = [("-", "", line) for line in old.split("\n") if old]
    rows += [("+", "", line) for line in new.split("\n") if new]
    return _painted(rows, 0, look)


def _painted(rows: Iterable[_Row], size: int, look: Look) -> Iterator[Line]:
    gone: list[_Row] = []
    for tag, group in groupby(rows, key=lambda row: row[0]):
        block = list(group)
        if tag == "-":
            gone = block
            continue
        if tag == "+":
            yield from _pair(gone, block, size, look)
        else:
            yield from _pair(gone, [], size, look)
            for row in block:
                style = look.style("toolDiffContext")
                yield _line(row, size, [(style, row[2])], style, look)
        gone = []
    yield from _pair(gone, [], size, look)


def _pair(gone: list[_Row], come: list[_Row], size: int, look: Look) -> Iterator[Line]:
    """Lines that were replaced, each compared with the one that came instead.

    Not while the diff is still being written (it has no numbers then): that is painted in every
    frame, and its lines are not complete.
    """
    minus, plus = look.style("toolDiffRemoved"), look.style("toolDiffAdded")
    old: list[Line] = [[(minus, text)] for _, _, text in gone]
    new: list[Line] = [[(plus, text)] for _, _, text in come]
    if size and max(len(gone), len(come)) <= _PAIRED:
        for index, (before, after) in enumerate(zip(gone, come, strict=False)):
            marked = _within(before[2], after[2], look)
            if marked:
                old[index], new[index] = marked
    for row, text in zip(gone, old, strict=True):
        yield _line(row, size, text, minus, look)
    for row, text in zip(come, new, strict=True):
        yield _line(row, size, text, plus, look)


def _within(before: str, after: str, look: Look) -> tuple[Line, Line] | None:
    """Both lines with what differs marked, if they have enough in common."""
    if not before.strip() or not after.strip() or max(len(before), len(after)) > _COMPARED:
        return None
    a, b = _WORD.findall(before), _WORD.findall(after)
    from difflib import SequenceMatcher  # only for diffs

    matcher = SequenceMatcher(None, a, b, autojunk=False)
    if matcher.ratio() < 0.4:
        return None
    minus, plus = look.style("toolDiffRemoved"), look.style("toolDiffAdded")
    strong_minus, strong_plus = f"{minus} reverse".strip(), f"{plus} reverse".strip()
    old: Line = []
    new: Line = []
    for tag, i, j, k, m in matcher.get_opcodes():
        same = tag == "equal"
        if i < j:
            old.append((minus if same else strong_minus, "".join(a[i:j])))
        if k < m:
            new.append((plus if same else strong_plus, "".join(b[k:m])))
    return old, new


def _line(row: _Row, size: int, text: Line, style: str, look: Look) -> Line:
    number = f"{row[1].strip():>{size}} " if size else ""
    return [(look.style("dim"), number), (style, f"{row[0]} "), *text]


def gutter_wrap(line: Line, room: int) -> list[Line]:
    """A row of a diff cut to a width; its rest begins below the text."""
    gutter = sum(len(text) for _, text in line[:2])
    if gutter > room // 2:
        return hard_wrap(line, room)
    first, *rest = soft_wrap(line[2:], room - gutter)
    return [[*line[:2], *first], *[[("", " " * gutter), *row] for row in rest]]
