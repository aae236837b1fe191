"""What blocks of Markdown are made of: paragraphs, code and tables, each painted as it grows."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from pi.coding.modes.interactive.lines import ESCAPE, Line
from pi.coding.modes.interactive.paint.cells import (
    Span,
    hard_wrap,
    soft_wrap,
    spans_width,
    width,
    wrap,
)
from pi.coding.modes.interactive.paint.clean import one_line
from pi.coding.modes.interactive.paint.code import CodeBlock
from pi.coding.modes.interactive.paint.inline import InlineStyles, inline
from pi.coding.modes.interactive.paint.patterns import Pattern

__all__ = ["Code", "Html", "Para", "Table", "cells_of", "link_lines"]

_ENOUGH, _TOO_LONG = 400, 2000
_STOP = Pattern(r"[.!?:;][\"')\]]?[ \n]|[。！？]|\n")


def link_lines(rows: Sequence[Sequence[Span]]) -> list[Line]:
    """Rows of spans as lines, links in escape sequences of their own on every line."""
    lines: list[Line] = []
    for row in rows:
        line: Line = []
        for style, text, link in row:
            if link:
                line.append((ESCAPE, f"\x1b]8;;{link}\x1b\\"))
            line.append((style, text))
            if link:
                line.append((ESCAPE, "\x1b]8;;\x1b\\"))
        lines.append(line)
    return lines


class Para:
    """A paragraph. A long one is cut where nothing is open, and what lies before is final."""

    def __init__(self, styles: InlineStyles, base: str) -> None:
        self.styles = styles
        self.base = base
        self.lines: list[str] = []
        self.cut = False
        self.glued = False
        self._carry: list[Span] = []

    def fork(self) -> "Para":
        """A copy that goes on by itself."""
        other = Para(self.styles, self.base)
        other.lines, other._carry = [*self.lines], [*self._carry]
        other.cut, other.glued = self.cut, self.glued
        return other

    def add(self, text: str) -> None:
        """Another line."""
        self.lines.append(text.lstrip())

    def append(self, text: str) -> None:
        """More of the same line."""
        if self.lines:
            self.lines[-1] += text
        else:
            self.lines.append(text)

    def settle(self, room: int) -> list[Line]:
        """The rows that cannot change any more."""
        keep = 0 if self.lines and len(self.lines[-1]) > _ENOUGH else 1
        held = self.lines[len(self.lines) - keep :]
        text = "\n".join(self.lines[: len(self.lines) - keep])
        lines: list[Line] = []
        while place := _quiet(text):
            part, text = text[:place], text[place:]
            rows = wrap([*self._carry, *inline(part, self.styles, self.base)], room, room)
            self._carry = rows.pop() if not part.endswith("  \n") else []
            if self._carry and part[-1].isspace():
                self._carry.append((self.base, " ", ""))
            lines += link_lines(rows)
            self.cut = True
        if self.cut:
            self.lines = [*([text] if text else []), *held]
        return lines

    def close(self, room: int) -> list[Line]:
        """All that is left."""
        text = "\n".join(self.lines).rstrip()
        spans = [*self._carry, *inline(text, self.styles, self.base)]
        self.lines, self._carry = [], []
        if not any(text.strip() for _, text, _ in spans):
            return []
        return link_lines(wrap(spans, room, room))


def _quiet(text: str) -> int:
    """Where to cut a long text: after a sentence with nothing open; 0 if nowhere yet."""
    if len(text) <= _ENOUGH:
        return 0
    for number, found in enumerate(_STOP.finditer(text, _ENOUGH, _TOO_LONG)):
        if found.end() >= len(text) or number > 12:
            break
        part = text[: found.end()]
        if (
            not part.count("`") % 2
            and not part.count("*") % 2
            and not part.count("__") % 2
            and not part.count("~~") % 2
            and part.count("[") == part.count("]")
            and part.count("(") == part.count(")")
        ):
            return found.end()
    if len(text) <= _TOO_LONG:
        return 0
    blank = max(text.rfind(" ", _ENOUGH, _TOO_LONG), text.rfind("\n", _ENOUGH, _TOO_LONG))
    return blank + 1 if blank > 0 else _TOO_LONG


class Code:
    """A block of code. fence: what ends it ("" if it is indented). mark: stands in the margin where
    a line goes on."""

    def __init__(
        self,
        language: str,
        fence: str,
        indent: int,
        style: Callable[[str], str],
        margin: str,
        mark: str = "↪",
    ) -> None:
        self.fence = fence
        self.indent = indent
        self.margin = one_line(margin)
        self.blanks = 0
        self._mark = style("dim"), mark
        self._block = CodeBlock(language, style, style("mdCodeBlock"))

    def fork(self) -> "Code":
        """A copy that goes on by itself."""
        other = object.__new__(Code)
        other.__dict__.update(self.__dict__)
        other._block = self._block.fork()
        return other

    def add(self, text: str, room: int) -> list[Line]:
        """Another line; gives the rows that are final now."""
        lines: list[Line] = []
        for _ in range(self.blanks):
            lines += self._rows(self._block.add(""), room)
        self.blanks = 0
        return lines + self._rows(self._block.add(text.rstrip()), room)

    def close(self, room: int) -> list[Line]:
        """All that is left."""
        return self._rows(self._block.close(), room)

    def _rows(self, lines: list[Line], room: int) -> list[Line]:
        margin = self.margin if room > 4 * len(self.margin) else ""
        space: Line = [("", margin)] if margin else []
        goes_on: Line = [(self._mark[0], self._mark[1].ljust(len(margin)))] if margin else []
        return [
            [*(goes_on if number else space), *row] if row else []
            for line in lines
            for number, row in enumerate(soft_wrap(line, room - len(margin)))
        ]


class Html:
    """A block of HTML, shown line by line as it was written."""

    def __init__(self, style: str) -> None:
        self.style = style

    def fork(self) -> "Html":
        """Itself: it keeps nothing."""
        return self

    def add(self, text: str, room: int) -> list[Line]:
        """The rows of a line."""
        return hard_wrap([(self.style, text.rstrip())], room)


_PIPE = Pattern(r"(?<!\\)\|")
_SIZED = 60
"""Rows of a table that its columns are measured by."""

_NARROW = 4


def cells_of(text: str) -> list[str]:
    """The cells of a row of a table."""
    text = text.strip().removeprefix("|")
    if text.endswith("|") and not text.endswith("\\|"):
        text = text[:-1]
    return [cell.strip().replace("\\|", "|") for cell in _PIPE.split(text)]


class TableLook(Struct, frozen=True):
    """Styles of a table."""

    inline: InlineStyles
    base: str
    head: str
    rule: str
    unicode: bool


class Table:
    """A table. Its first rows are kept until the columns are measured, the others are painted at
    once."""

    def __init__(self, head: list[str], marks: list[str], look: TableLook) -> None:
        self.look = look
        self.count = len(marks)
        self.right = [mark.endswith(":") and not mark.startswith(":") for mark in marks]
        self.head = head
        self.rows: list[str] = []
        self._sizes: list[int] | None = None
        self._room = 0
        self._ruled = False
        self._begun = False

    def fork(self) -> "Table":
        """A copy that goes on by itself."""
        other = object.__new__(Table)
        other.__dict__.update(self.__dict__)
        other.rows = [*self.rows]
        return other

    def add(self, text: str, room: int) -> list[Line]:
        """Another row; gives what is final now."""
        self.rows.append(text)
        return self.close(room) if self._begun or len(self.rows) >= _SIZED else []

    def close(self, room: int) -> list[Line]:
        """All that is left."""
        table = [self._spans(cells_of(text), self.look.base) for text in self.rows]
        self.rows = []
        head = self._spans(self.head, self.look.head)
        lines: list[Line] = []
        if self._room != room or not self._begun:
            self._measure([head, *table], room)
        if self._sizes is None:
            for row in table:
                lines += self._record(head, row, room)
            self._begun = True
            return lines
        if not self._begun:
            lines += self._row(head)
            lines.append(self._rule())
        for index, row in enumerate(table):
            if self._ruled and (index or self._begun):
                lines.append(self._rule())
            lines += self._row(row)
        self._begun = True
        return lines

    def _spans(self, cells: list[str], base: str) -> list[list[Span]]:
        if len(cells) > self.count:
            cells = [*cells[: self.count - 1], " | ".join(cells[self.count - 1 :])]
        cells = [*cells, *[""] * (self.count - len(cells))]
        return [
            [
                ("", "\n", "") if text.strip().lower() in ("<br>", "<br/>") else (style, text, link)
                for style, text, link in inline(
                    cell.replace("<br>", "\\\n"), self.look.inline, base
                )
            ]
            for cell in cells
        ]

    def _measure(self, table: list[list[list[Span]]], room: int) -> None:
        self._room = room
        natural = [max(1, *(spans_width(row[i]) for row in table)) for i in range(self.count)]
        free = room - 3 * (self.count - 1)
        self._ruled = sum(natural) > free
        self._sizes = natural
        if not self._ruled:
            return
        cap = _NARROW
        if free < sum(min(size, cap) for size in natural):
            self._sizes = None
            return
        while sum(min(size, cap + 1) for size in natural) <= free:
            cap += 1
        sizes = [min(size, cap) for size in natural]
        left = free - sum(sizes)
        for index, size in enumerate(natural):
            if left and size > sizes[index]:
                sizes[index] += 1
                left -= 1
        self._sizes = sizes

    def _row(self, row: list[list[Span]]) -> list[Line]:
        sizes = self._sizes or []
        cells = [wrap(spans, size, size) for spans, size in zip(row, sizes, strict=True)]
        bar = (self.look.rule, " │ " if self.look.unicode else " | ")
        lines: list[Line] = []
        for number in range(max(map(len, cells))):
            line: Line = []
            for index, cell in enumerate(cells):
                spans = cell[number] if number < len(cell) else []
                space = " " * (sizes[index] - spans_width(spans))
                if index:
                    line.append(bar)
                if space and self.right[index]:
                    line.append(("", space))
                line += link_lines([spans])[0]
                if space and not self.right[index] and index < len(cells) - 1:
                    line.append(("", space))
            lines.append(line)
        return lines

    def _rule(self) -> Line:
        dash, cross = ("─", "─┼─") if self.look.unicode else ("-", "-+-")
        return [(self.look.rule, cross.join(dash * size for size in self._sizes or []))]

    def _record(self, head: list[list[Span]], row: list[list[Span]], room: int) -> list[Line]:
        """A row as lines `name: value`, where columns have no room."""
        lines: list[Line] = []
        if self._begun or lines:
            lines.append([])
        for name, value in zip(head, row, strict=True):
            if any(text.strip() for _, text, _ in value):
                colon: list[Span] = [(self.look.head, ": ", "")] if spans_width(name) else []
                lines += link_lines(wrap([*name, *colon, *value], room, room))
        self._begun = True
        return lines


def rule(room: int, style: str, *, unicode: bool) -> Line:
    """A thematic break."""
    return [(style, ("─" if unicode else "-") * min(room, max(width("-") * room, 1)))]
