"""Markdown painted while it is written: what cannot change any more is given once.

Lines are read one by one through the containers they are in (quotes, list items); each ends in one
leaf (paragraph, code, table). A leaf gives rows as soon as they are final, so the cost of a text
grows with its length and no faster. How a text is cut makes no difference to the outcome.
"""

import re
from copy import copy

from msgspec import Struct
from msgspec.structs import replace

from pi.coding.modes.interactive.lines import Line
from pi.coding.modes.interactive.paint.cells import width as cells
from pi.coding.modes.interactive.paint.cells import wrap
from pi.coding.modes.interactive.paint.clean import Cleaner
from pi.coding.modes.interactive.paint.inline import InlineStyles, inline, label_of, unescaped
from pi.coding.modes.interactive.paint.leaves import (
    Code,
    Html,
    Para,
    Table,
    TableLook,
    cells_of,
    link_lines,
    rule,
)
from pi.coding.modes.interactive.paint.patterns import Pattern
from pi.coding.modes.interactive.view import Look

__all__ = ["Markdown"]

_DEEPEST = 16
_LONGEST = 2000
"""A line that is longer is read in parts of this size."""

_QUOTE = Pattern(r" {0,3}> ?")
_ITEM = Pattern(r"( {0,3})([-*+]|\d{1,9}[.)])( +|$)")
_TASK = Pattern(r"\[([ xX])\] +(?=\S)")
_FENCE = Pattern(r"( {0,3})(`{3,}(?=[^`]*$)|~{3,}) *([^\s`{,]*)")
_HEADING = Pattern(r" {0,3}(#{1,6})(?:[ ]+(.*?))??(?:[ ]+#+)?[ ]*$")
_SETEXT = Pattern(r" {0,3}(=+|-+) *$")
_RULE = Pattern(r" {0,3}([-*_])(?: *\1){2,} *$")
_DELIMITERS = Pattern(r" {0,3}\|?(?: *:?-+:? *\|)* *:?-+:? *\|? *$")
_HTML = Pattern(r" {0,3}<(?:[a-zA-Z][\w-]*[\s/>]|[a-zA-Z][\w-]*$|/[a-zA-Z]|!--|\?)")

_DEFINITION = Pattern(
    r" {0,3}\[(?!\^| *\])((?:[^\[\]\\]|\\.){1,200})\]: *"
    r"(?:<([^<>]+)>|((?:[a-z][a-z0-9+.-]*://|mailto:|[/#]|\.\.?/)\S*))"
    r"(?: +(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))? *$"
)
"""What a label stands for. A footnote (`[^1]: …`) and what does not look like an address are texts:
a line that is hidden by mistake would be worse."""

_Leaf = Para | Code | Html | Table


class _Container(Struct):
    """A quote (marker "") or a list item. indent: blanks that its lines begin with."""

    marker: str = ""
    indent: int = 0
    fresh: bool = True
    task: bool = False


class Markdown:
    """One text. base: the style under all of it."""

    def __init__(self, look: Look, base: str = "") -> None:
        self._look = look
        self._base = base
        self._styles = InlineStyles.of(look.style, links=look.hyperlinks)
        self._cleaner = Cleaner()
        self._partial = ""
        self._continues = False
        self._containers: list[_Container] = []
        self._leaf: _Leaf | None = None
        self._blank = False
        self._begun = False
        self._out: list[Line] = []
        self._width = 80

    def feed(self, text: str, width: int) -> list[Line]:
        """More of the text. Gives the lines that are final now."""
        self._width = width
        self._read(self._cleaner.feed(text))
        return self._taken()

    def close(self, width: int) -> list[Line]:
        """The text is at its end: all that is left."""
        self._width = width
        self._read(self._cleaner.close())
        if self._partial:
            rest, self._partial = self._partial, ""
            self._whole(rest)
        self._finish()
        return self._taken()

    def rest(self, width: int) -> list[Line]:
        """How the rest would look if the text ended here. Changes nothing."""
        other = copy(self)
        other._cleaner = self._cleaner.fork()
        other._containers = [copy(container) for container in self._containers]
        other._leaf = self._leaf.fork() if self._leaf else None
        other._out = []
        other._styles = replace(self._styles, defined=dict(self._styles.defined))
        return other.close(width)

    def _taken(self) -> list[Line]:
        lines, self._out = self._out, []
        return lines

    # -- lines -------------------------------------------------------------------------------------

    def _read(self, text: str) -> None:
        *lines, self._partial = (self._partial + text).split("\n")
        for line in lines:
            self._whole(line)
        while len(self._partial) > _LONGEST:
            self._piece(self._partial[:_LONGEST])
            self._partial = self._partial[_LONGEST:]

    def _whole(self, line: str) -> None:
        while len(line) > _LONGEST:
            self._piece(line[:_LONGEST])
            line = line[_LONGEST:]
        self._piece(line)
        self._continues = False

    def _piece(self, text: str) -> None:
        """A line, or a part of a very long one."""
        text = text.expandtabs(4) if "\t" in text else text
        leaf = self._leaf
        if not self._continues:
            self._line(text)
        elif isinstance(leaf, Para):
            leaf.append(text)
            self._put(leaf.settle(self._room()))
        elif isinstance(leaf, Code | Html | Table):
            self._put(leaf.add(text, self._room()))
        else:
            self._paragraph(text)
        self._continues = True

    def _line(self, line: str) -> None:
        rest, matched = self._through(line)
        inside = matched == len(self._containers)
        leaf = self._leaf
        if isinstance(leaf, Code) and inside and self._code(leaf, rest):
            return
        if not rest.strip():
            self._empty(matched)
            return
        lazy = isinstance(leaf, Para) and not inside
        rest, matched, new = self._open(rest, matched)
        if lazy and not new and not self._starts(rest):
            leaf = self._leaf
            if isinstance(leaf, Para):
                self._more(leaf, rest)
                return
        if not new and matched < len(self._containers):
            self._finish()
            del self._containers[matched:]
        self._leaf_line(rest)

    def _through(self, line: str) -> tuple[str, int]:
        """What is left of a line within the containers that it goes on with, and their number."""
        for number, container in enumerate(self._containers):
            if not container.marker:
                found = _QUOTE.match(line)
                if not found:
                    return line, number
                line = line[found.end() :]
            elif line.strip():
                indent = len(line) - len(line.lstrip(" "))
                if indent < container.indent:
                    # a list under "1." is often moved in by two blanks only
                    loose = indent >= 2 and line.lstrip(" ")[:2] in ("- ", "* ", "+ ")
                    if not loose or container.indent < 3:
                        return line, number
                line = line[min(indent, container.indent) :]
        return line, len(self._containers)

    def _code(self, leaf: Code, rest: str) -> bool:
        """A line within a block of code; false if it does not belong to it."""
        if leaf.fence:
            stripped = rest.strip()
            ends = stripped[:3] == leaf.fence[:3] and not stripped.strip(leaf.fence[0])
            if ends and len(stripped) >= len(leaf.fence) and not rest.startswith("    "):
                self._finish()
                return True
            strip = min(leaf.indent, len(rest) - len(rest.lstrip(" ")))
            self._put(leaf.add(rest[strip:], self._room()))
            return True
        if not rest.strip():
            leaf.blanks += 1
            return True
        if rest.startswith("    "):
            self._put(leaf.add(rest[4:], self._room()))
            return True
        return False

    def _empty(self, matched: int) -> None:
        self._finish()
        quotes = [
            number
            for number, item in enumerate(self._containers)
            if not item.marker and number >= matched
        ]
        if quotes:
            del self._containers[quotes[0] :]
        self._blank = True

    def _open(self, rest: str, matched: int) -> tuple[str, int, bool]:
        """Open the containers that a line begins with."""
        new = False
        while matched < _DEEPEST:
            item = None
            in_paragraph = isinstance(self._leaf, Para) and not new
            quote = _QUOTE.match(rest)
            if not quote:
                item = None if _RULE.match(rest) else _ITEM.match(rest)
            if item and in_paragraph and matched == len(self._containers):
                number = item[2][:-1]
                if item.end() == len(rest) or (number.isdigit() and number != "1"):
                    item = None  # a paragraph is not interrupted by it
            if not quote and not item:
                break
            self._finish()
            sibling = matched < len(self._containers) and self._containers[matched].marker
            del self._containers[matched:]
            if quote:
                self._containers.append(_Container())
                rest = rest[quote.end() :]
            elif item:
                if sibling:
                    self._blank = False
                rest = self._item(item, rest)
            matched += 1
            new = True
        return rest, matched, new

    def _item(self, found: re.Match[str], rest: str) -> str:
        spaces = len(found[3]) if 1 <= len(found[3]) <= 4 else 1
        indent = len(found[1]) + len(found[2]) + spaces
        rest = rest[indent:]
        marker = found[2]
        task = _TASK.match(rest)
        if marker in "-*+":
            marker = "•" if self._look.unicode else "-"
        if task:
            done = task[1] != " "
            rest = rest[task.end() :]
            boxes = ("☐", "☑") if self._look.unicode else ("[ ]", "[x]")
            marker = boxes[done]
        self._containers.append(_Container(marker, indent, task=bool(task)))
        return rest

    def _starts(self, rest: str) -> bool:
        """Whether a line begins something else than a paragraph."""
        return bool(_FENCE.match(rest) or _HEADING.match(rest) or _RULE.match(rest))

    # -- leaves ------------------------------------------------------------------------------------

    def _leaf_line(self, rest: str) -> None:
        leaf = self._leaf
        style = self._look.style
        if isinstance(leaf, Html):
            self._put(leaf.add(rest, self._room()))
        elif isinstance(leaf, Para) and self._after_paragraph(leaf, rest):
            return
        elif not isinstance(leaf, Para) and rest.startswith("    "):
            self._start(self._new_code("", "", 0))
            self._leaf_code(rest[4:])
        elif found := _FENCE.match(rest):
            self._start(self._new_code(found[3], found[2], len(found[1])))
        elif found := _HEADING.match(rest):
            self._heading(found[2] or "", len(found[1]))
        elif _RULE.match(rest):
            self._start(None)
            unicode = self._look.unicode
            self._put([rule(self._room(), style("mdHr"), unicode=unicode)])
        elif isinstance(leaf, Table):
            self._put(leaf.add(rest, self._room()))
        elif isinstance(leaf, Para):
            self._more(leaf, rest)
        elif _HTML.match(rest):
            html = Html(self._base)
            self._start(html)
            self._put(html.add(rest, self._room()))
        elif found := _DEFINITION.match(rest):
            self._finish()
            url = unescaped(found[2] if found[2] is not None else found[3])
            self._styles.defined.setdefault(label_of(found[1]), url)
        else:
            self._paragraph(rest)

    def _leaf_code(self, text: str) -> None:
        if isinstance(self._leaf, Code):
            self._put(self._leaf.add(text, self._room()))

    def _after_paragraph(self, leaf: Para, rest: str) -> bool:
        """Lines that say what the paragraph before them was."""
        last = leaf.lines[-1] if leaf.lines else ""
        if "|" in last and "-" in rest and _DELIMITERS.match(rest):
            head, marks = cells_of(last), cells_of(rest)
            if len(head) == len(marks) <= 60:
                leaf.lines.pop()
                look = self._look
                style = TableLook(
                    self._styles,
                    self._base,
                    f"{self._base} bold".strip(),
                    look.style("borderMuted"),
                    look.unicode,
                )
                self._start(Table(head, marks, style))
                return True
        found = _SETEXT.match(rest)
        if found and not leaf.cut:
            text = " ".join(leaf.lines)
            self._leaf = None
            self._heading(text, 1 if found[1][0] == "=" else 2)
            return True
        return False

    def _heading(self, text: str, level: int) -> None:
        self._start(None)
        style = f"{self._look.style('mdHeading')} bold".strip()
        style += " underline" if level == 1 else " italic" if level > 2 else ""
        room = self._room()
        self._put(link_lines(wrap(inline(text.strip(), self._styles, style), room, room)) or [[]])

    def _paragraph(self, text: str) -> None:
        para = Para(self._styles, self._base)
        self._start(para)
        self._more(para, text)

    def _more(self, leaf: Para, text: str) -> None:
        leaf.add(text)
        self._put(leaf.settle(self._room()))

    def _new_code(self, language: str, fence: str, indent: int) -> Code:
        look = self._look
        mark = "↪" if look.unicode else ">"
        return Code(language, fence, indent, look.style, look.code_indent, mark)

    def _start(self, leaf: _Leaf | None) -> None:
        self._finish()
        self._leaf = leaf

    def _finish(self) -> None:
        leaf, self._leaf = self._leaf, None
        if leaf is not None and not isinstance(leaf, Html):
            self._put(leaf.close(self._room()))
        if isinstance(leaf, Code) and leaf.blanks:
            self._blank = True

    # -- rows --------------------------------------------------------------------------------------

    def _prefix(self) -> Line:
        """What a row begins with: bars of quotes, markers of items or blanks below them."""
        parts: Line = []
        for item in self._containers:
            if not item.marker:
                bar = "│ " if self._look.unicode else "| "
                parts.append((self._look.style("mdQuoteBorder"), bar))
            elif item.fresh:
                parts.append((self._look.style("mdListBullet"), f"{item.marker} "))
            else:
                parts.append(("", " " * (cells(item.marker) + 1)))
        while parts and sum(cells(text) for _, text in parts) > self._width // 2:
            del parts[0]
        return parts

    def _room(self) -> int:
        return max(1, self._width - sum(cells(text) for _, text in self._prefix()))

    def _put(self, rows: list[Line]) -> None:
        if not rows:
            return
        if self._blank and self._begun:
            quotes = [*self._containers]
            while quotes and (quotes[-1].marker or quotes[-1].fresh):
                quotes.pop()
            kept, self._containers = self._containers, quotes
            self._out.append(self._prefix() if quotes else [])
            self._containers = kept
        self._blank = False
        self._begun = True
        for row in rows:
            prefix = self._prefix()
            for item in self._containers:
                item.fresh = False
            self._out.append([*prefix, *row] if row or self._containers else row)
