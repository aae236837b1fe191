"""Line breaks hidden for matching, and found again for writing.

A `View` shows text with every CR LF and lone CR as one LF, tells where a position of that view lies
in the text, and which line break is used around a place.
"""

import re
from bisect import bisect_left

__all__ = ["View", "plain_breaks"]

_BREAK = re.compile("\r\n|\n|\r")


def plain_breaks(text: str) -> str:
    """`text` with LF as its only line break."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


class View:
    """Text as a model sees it: `view.text` has only LF."""

    def __init__(self, original: str) -> None:
        self.original = original
        self.text = plain_breaks(original)
        # Positions in the view of the breaks that are two characters in the original.
        self._wide: list[int] = []
        if len(self.text) != len(original):
            self._wide = [
                match.start() - number for number, match in enumerate(re.finditer("\r\n", original))
            ]

    def to_original(self, position: int) -> int:
        """Where a position of the view lies in the original."""
        return position + bisect_left(self._wide, position)

    def line_break(self, start: int) -> str:
        """The line break for text put at `start` of the view.

        The next one from there, else the one before, else LF.
        """
        first = _BREAK.search(self.original, self.to_original(start))
        if first:
            return first.group()
        last = max(self.original.rfind("\n"), self.original.rfind("\r"))
        if last < 0:
            return "\n"
        return "\r\n" if self.original[last - 1 : last + 1] == "\r\n" else self.original[last]

    def line_number(self, position: int) -> int:
        """The line of a position, counted from 1."""
        return self.text.count("\n", 0, position) + 1
