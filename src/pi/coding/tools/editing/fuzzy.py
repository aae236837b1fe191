"""Text compared the way people look at it, with the way back to the exact place.

Two lines are alike when they are equal after compatibility normalisation (NFKC), with curly quotes,
dashes and special spaces made plain and blanks at the end of the line dropped. A match found among
such folded lines is traced back to character positions of the real lines.
"""

import unicodedata
from bisect import bisect_right
from itertools import accumulate, pairwise

__all__ = ["FoldedText", "fold"]

_PLAIN = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        **dict.fromkeys(map(chr, (0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)), " "),
        # A byte that is no UTF-8 was shown to the model as a replacement character.
        **dict.fromkeys(map(chr, range(0xDC80, 0xDD00)), "\ufffd"),
    }
)


def fold(line: str) -> str:
    """One line, without a line break, in the form in which lines are compared."""
    return _fold_part(line).rstrip()


def _fold_part(text: str) -> str:
    if text.isascii():
        return text
    # Plain first: NFKC alone would turn some dashes and quotes into other special ones.
    return unicodedata.normalize("NFKC", text.translate(_PLAIN)).translate(_PLAIN)


def _clusters(line: str) -> list[str]:
    """`line` cut into the smallest pieces that fold by themselves."""
    pieces: list[str] = []
    for char in line:
        if pieces and not (char.isascii() and pieces[-1].isascii()):
            joined = pieces[-1] + char
            if unicodedata.combining(char) or _fold_part(joined) != _fold_part(
                pieces[-1]
            ) + _fold_part(char):
                pieces[-1] = joined
                continue
        pieces.append(char)
    return pieces


def _boundaries(line: str) -> dict[int, int] | None:
    """Columns of the folded line to columns of the line, where a piece begins or ends.

    None if the line does not fold piece by piece: then there is no trustworthy way back.
    """
    columns = {0: 0}
    at = folded_at = 0
    folded: list[str] = []
    for piece in _clusters(line):
        part = _fold_part(piece)
        folded.append(part)
        at += len(piece)
        folded_at += len(part)
        columns[folded_at] = at
    return columns if "".join(folded) == _fold_part(line) else None


class FoldedText:
    """A text whose lines are folded once, to be searched many times."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        folded = [fold(line) for line in self._lines]
        self._folded = "\n".join(folded)
        self._starts = [0, *accumulate(len(line) + 1 for line in self._lines)]
        self._folded_starts = [0, *accumulate(len(line) + 1 for line in folded)]

    def find(self, needle: str, limit: int) -> list[list[tuple[int, int]]]:
        """The places that look like `needle`, at most `limit`.

        A place is one (start, end) for each line of the needle, its line break included.
        """
        needle_lines = needle.split("\n")
        folded = "\n".join(fold(line) for line in needle_lines)
        if not folded.strip():
            return []
        # "x " must not match the beginning of "xyz" only because blanks at the end are dropped.
        to_line_end = needle_lines[-1] != needle_lines[-1].rstrip()
        places: list[list[tuple[int, int]]] = []
        at = self._folded.find(folded)
        while at >= 0 and len(places) < limit:
            place = self._trace(at, at + len(folded), to_line_end)
            if place is not None:
                places.append(place)
            at = self._folded.find(folded, at + 1)
        return places

    def _trace(self, start: int, end: int, to_line_end: bool) -> list[tuple[int, int]] | None:
        """The real place of a folded one, or None if it begins or ends inside a character."""
        first = bisect_right(self._folded_starts, start) - 1
        last = bisect_right(self._folded_starts, end) - 1
        begin = self._column(first, start - self._folded_starts[first])
        if to_line_end:
            at_end = end == self._folded_starts[last + 1] - 1
            finish = len(self._lines[last]) if at_end else None
        else:
            finish = self._column(last, end - self._folded_starts[last])
        if begin is None or finish is None:
            return None
        edges = [self._starts[first] + begin]
        edges += [self._starts[line] for line in range(first + 1, last + 1)]
        edges.append(self._starts[last] + finish)
        return list(pairwise(edges))

    def _column(self, line: int, folded_column: int) -> int | None:
        if self._lines[line].isascii():
            return folded_column
        columns = _boundaries(self._lines[line])
        return None if columns is None else columns.get(folded_column)
