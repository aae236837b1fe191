"""Texts in cells: made safe, measured, cut and wrapped; nothing gets wider than the terminal."""

from prompt_toolkit.utils import get_cwidth

from pi.coding.modes.sanitize import printable

__all__ = ["cut", "lines_of", "one_line", "padded", "width", "wrap"]


def one_line(text: str) -> str:
    """A text of somebody's as one line without anything that a terminal would obey."""
    if text.isprintable():
        return text
    return " ".join(printable(text).split())


def lines_of(text: str) -> list[str]:
    """The lines of a text of somebody's, each of them safe."""
    return [line.expandtabs(4) for line in printable(text.replace("\r\n", "\n")).split("\n")]


def width(text: str) -> int:
    """How many cells a line takes."""
    return len(text) if text.isascii() else get_cwidth(text)


def cut(text: str, cells: int) -> str:
    """The beginning of a line, with a mark if something is left out."""
    if width(text) <= cells:
        return text
    return _head(text, cells - 1) + "…" if cells > 0 else ""


def padded(text: str, cells: int, *, right: bool = False) -> str:
    """A line of exactly so many cells."""
    text = cut(text, cells)
    room = " " * (cells - width(text))
    return room + text if right else text + room


def wrap(text: str, cells: int) -> list[str]:
    """A text in lines of at most `cells`, broken at blanks where that is possible."""
    cells = max(1, cells)
    found: list[str] = []
    for line in lines_of(text):
        while width(line) > cells:
            head = _head(line, cells) or line[:1]
            blank = head.rfind(" ")
            if blank > 0 and not line[len(head)].isspace():
                head = head[:blank]
            found.append(head.rstrip())
            line = line[len(head) :].lstrip()
        found.append(line)
    return [line if width(line) <= cells else "?" for line in found]


def _head(text: str, cells: int) -> str:
    """As much of a line as fits, without half of a wide character."""
    if text.isascii():
        return text[: max(0, cells)]
    used = 0
    for at, letter in enumerate(text):
        used += get_cwidth(letter)
        if used > cells:
            return text[:at]
    return text
