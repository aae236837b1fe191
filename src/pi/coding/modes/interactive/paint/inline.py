"""Markdown within a paragraph: emphasis, code, links. HTML is shown as the text that it is."""

import re
from collections.abc import Callable

from msgspec import Struct

from pi.coding.modes.interactive.paint.cells import Span
from pi.coding.modes.interactive.paint.clean import clean_url
from pi.coding.modes.interactive.paint.patterns import Pattern

__all__ = ["InlineStyles", "inline", "label_of", "unescaped"]


class InlineStyles(Struct, frozen=True):
    """Styles for the parts. links: whether the terminal takes hyperlinks (OSC 8).

    defined: addresses by the labels that name them, see `label_of`.
    """

    code: str
    link: str
    url: str
    links: bool
    defined: dict[str, str] = {}

    @classmethod
    def of(cls, style: Callable[[str], str], *, links: bool) -> "InlineStyles":
        """Those of a theme."""
        return cls(style("mdCode"), f"{style('mdLink')} underline", style("mdLinkUrl"), links, {})


_SPECIAL = Pattern(r"[\\`*_~\[\]!<&\n]|https?://|www\.")
_PUNCTUATION = set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_AUTOLINK = Pattern(r"<((?:https?|ftp|file|mailto):[^\s<>]*|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)>")
_BARE = Pattern(r"(?:https?://|www\.)[^\s<>`|]+", re.IGNORECASE)
_ENTITY = Pattern(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_TARGET = Pattern(
    r"\(\s*(?:<([^<>\n]*)>|((?:[^\s()\\]|\\.|\((?:[^\s()\\]|\\.)*\))*))"
    r"(?:\s+(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\((?:[^()\\]|\\.)*\)))?\s*\)"
)
_LABEL = Pattern(r"\[([^\[\]]{0,200})\]")
_TICKS = Pattern(r"`+")
_ESCAPED = Pattern(r"\\([!-/:-@\[-`{-~])")
_DEEPEST = 24
"""More delimiters than this that wait for their other half are text."""


class _Node(Struct):
    """A text, or a run of delimiters. style: what is added to the text; link: its address."""

    text: str
    style: str = ""
    link: str = ""
    mark: str = ""
    opens: bool = False
    closes: bool = False


class _Inline:
    """Reads one paragraph. Its nodes are a flat list; emphasis adds to their styles."""

    def __init__(self, text: str, styles: InlineStyles) -> None:
        self.text = text
        self.styles = styles
        self.nodes: list[_Node] = []
        self.at = 0
        self.brackets: list[int] = []
        self.starts: dict[int, int] = {}
        self.delimiters: list[int] = []
        self.ticks: dict[int, list[int]] | None = None

    def read(self) -> list[_Node]:
        text, size = self.text, len(self.text)
        while self.at < size:
            found = _SPECIAL.search(text, self.at)
            if found is None:
                self.nodes.append(_Node(text[self.at :]))
                break
            if found.start() > self.at:
                self.nodes.append(_Node(text[self.at : found.start()]))
                self.at = found.start()
            getattr(self, _HANDLERS[found[0][0].lower()])()
        return self.nodes

    def plain(self, count: int = 1) -> None:
        self.nodes.append(_Node(self.text[self.at : self.at + count]))
        self.at += count

    def escape(self) -> None:
        after = self.text[self.at + 1 : self.at + 2]
        if after == "\n":
            self.nodes.append(_Node("\n"))
            self.at += 2
        elif after in _PUNCTUATION and after:
            self.nodes.append(_Node(after))
            self.at += 2
        else:
            self.plain()

    def newline(self) -> None:
        before = self.nodes[-1] if self.nodes else None
        hard = before is not None and before.text.endswith("  ") and not before.mark
        self.nodes.append(_Node("\n" if hard else " "))
        self.at += 1
        while self.text[self.at : self.at + 1] == " ":
            self.at += 1

    def code(self) -> None:
        if self.ticks is None:
            self.ticks = {}
            for found in _TICKS.finditer(self.text):
                self.ticks.setdefault(len(found[0]), []).append(found.start())
        run = _TICKS.match(self.text, self.at)
        count = len(run[0]) if run else 1
        places = self.ticks.get(count, [])
        while places and places[0] <= self.at:
            places.pop(0)
        if not places:
            self.plain(count)
            return
        inner = self.text[self.at + count : places[0]].replace("\n", " ")
        if inner.startswith(" ") and inner.endswith(" ") and inner.strip():
            inner = inner[1:-1]
        self.nodes.append(_Node(inner, self.styles.code))
        self.at = places[0] + count

    def delimiter(self) -> None:
        text, mark = self.text, self.text[self.at]
        end = self.at
        while end < len(text) and text[end] == mark:
            end += 1
        before = text[self.at - 1] if self.at else " "
        after = text[end] if end < len(text) else " "
        space_b, space_a = before.isspace(), after.isspace()
        mark_b, mark_a = not (before.isalnum() or space_b), not (after.isalnum() or space_a)
        left = not space_a and (not mark_a or space_b or mark_b)
        right = not space_b and (not mark_b or space_a or mark_a)
        if mark == "_":
            left, right = left and (not right or mark_b), right and (not left or mark_a)
        run = text[self.at : end]
        self.at = end
        if (mark == "~" and len(run) != 2) or len(run) > 12:
            left = right = False
        self.nodes.append(_Node(run, mark=mark if left or right else "", opens=left, closes=right))
        if right:
            self._close(len(self.nodes) - 1)
        if left and self.nodes[-1].text:
            self.delimiters.append(len(self.nodes) - 1)
            del self.delimiters[:-_DEEPEST]

    def _close(self, closer: int) -> None:
        """Match a run with the openers before it."""
        end = self.nodes[closer]
        while end.text:
            place = next(
                (
                    index
                    for index in range(len(self.delimiters) - 1, -1, -1)
                    if self._fits(self.nodes[self.delimiters[index]], end)
                ),
                None,
            )
            if place is None:
                return
            opener = self.delimiters[place]
            begin = self.nodes[opener]
            count = 2 if len(begin.text) > 1 and len(end.text) > 1 else 1
            style = "strike" if end.mark == "~" else "bold" if count == 2 else "italic"
            for node in self.nodes[opener + 1 : closer]:
                if style not in node.style:
                    node.style = f"{node.style} {style}".strip()
            begin.text, end.text = begin.text[count:], end.text[count:]
            del self.delimiters[place + (1 if begin.text else 0) :]

    def _fits(self, begin: _Node, end: _Node) -> bool:
        if begin.mark != end.mark:
            return False
        both = begin.closes or end.opens
        sizes = len(begin.text) + len(end.text)
        return not (both and sizes % 3 == 0 and (len(begin.text) % 3 or len(end.text) % 3))

    def image(self) -> None:
        if self.text.startswith("![", self.at):
            self.brackets.append(len(self.nodes))
            self.plain(2)
            self.starts[self.brackets[-1]] = self.at
        else:
            self.plain()

    def bracket(self) -> None:
        self.brackets.append(len(self.nodes))
        del self.brackets[:-_DEEPEST]
        self.plain()
        self.starts[self.brackets[-1]] = self.at

    def unbracket(self) -> None:
        target = _TARGET.match(self.text, self.at + 1) if self.brackets else None
        url, end = self._defined() if target is None and self.brackets else (None, 0)
        if target is not None:
            url = unescaped(target[1] if target[1] is not None else target[2] or "")
            end = target.end()
        if url is None:
            if self.brackets:
                self.brackets.pop()
            self.plain()
            return
        begin = self.brackets.pop()
        image = self.nodes[begin].text == "!["
        self.nodes[begin].text = "🖼 " if image and url else ""
        self.delimiters = [place for place in self.delimiters if place < begin]
        self.at = end
        shown = "".join(node.text for node in self.nodes[begin + 1 :])
        if image and not shown:
            self.nodes.append(_Node("image"))
        if not image:
            self.brackets.clear()  # links hold no links
        self._link(begin + 1, url, shown)

    def _defined(self) -> tuple[str | None, int]:
        """The address that the label after these brackets names, or the one in them; its end."""
        defined = self.styles.defined
        if not defined:
            return None, 0
        own = self.text[self.starts[self.brackets[-1]] : self.at]
        after = _LABEL.match(self.text, self.at + 1)
        label = after[1] if after and after[1].strip() else own
        return defined.get(label_of(label)), after.end() if after else self.at + 1

    def _link(self, begin: int, url: str, shown: str) -> None:
        """Make a link of all nodes from `begin` on; say where it leads if that is not seen."""
        safe = clean_url(url) if self.styles.links else ""
        for node in self.nodes[begin:]:
            node.style = f"{self.styles.link} {node.style}".strip()
            node.link = safe
        if url and not safe and shown not in (url, url.removeprefix("mailto:")):
            self.nodes.append(_Node(f" ({url})", self.styles.url))

    def angle(self) -> None:
        found = _AUTOLINK.match(self.text, self.at)
        if found is None:
            self.plain()
            return
        self.at = found.end()
        url = found[1] if ":" in found[1] else f"mailto:{found[1]}"
        self.nodes.append(_Node(found[1]))
        self._link(len(self.nodes) - 1, url, found[1])

    def bare(self) -> None:
        found = _BARE.match(self.text, self.at)
        before = self.text[self.at - 1] if self.at else " "
        if found is None or before.isalnum():
            self.plain()
            return
        shown = found[0].rstrip("?!.,:;*_~'\"")
        while shown.endswith(")") and shown.count(")") > shown.count("("):
            shown = shown[:-1].rstrip("?!.,:;*_~'\"")
        if not shown[8:] and "." not in shown:
            self.plain()
            return
        self.at += len(shown)
        self.nodes.append(_Node(shown))
        url = shown if "://" in shown else f"http://{shown}"
        self._link(len(self.nodes) - 1, url, url if self.styles.links else shown)
        if self.nodes[-1].text.startswith(" (") and url != shown:
            self.nodes.pop()

    def entity(self) -> None:
        found = _ENTITY.match(self.text, self.at)
        if found is None:
            self.plain()
            return
        from html import unescape  # its table is long

        text = unescape(found[0])
        self.nodes.append(_Node(text if text.isprintable() else found[0]))
        self.at = found.end()


_HANDLERS = {
    "\\": "escape",
    "\n": "newline",
    "`": "code",
    "*": "delimiter",
    "_": "delimiter",
    "~": "delimiter",
    "!": "image",
    "[": "bracket",
    "]": "unbracket",
    "<": "angle",
    "&": "entity",
    "h": "bare",
    "w": "bare",
}


def unescaped(text: str) -> str:
    """An address without the backslashes before punctuation."""
    return _ESCAPED.sub(r"\1", text)


def label_of(text: str) -> str:
    """A label as it is compared: case and blanks make no difference."""
    return " ".join(text.split()).casefold()


def inline(text: str, styles: InlineStyles, base: str = "") -> list[Span]:
    """The spans of a paragraph. A span that is "\\n" breaks the line. base: the style under all."""
    if _SPECIAL.search(text) is None:
        return [(base, text, "")]
    return [
        (f"{base} {node.style}".strip() if node.style else base, node.text, node.link)
        for node in _Inline(text, styles).read()
        if node.text
    ]
