"""The head of a Markdown file: simple YAML between two lines of three dashes.

What people write there is understood: `key: value`, quotes, block texts, lists, one level of
nesting, comments. A plain value may hold `: ` although YAML forbids it, because descriptions do.
Values are text, lists of text, objects of text, True, False or None; nothing else is guessed.
"""

import re
from typing import Any

__all__ = ["FrontmatterError", "parse_frontmatter"]

# compiled at first use: most have no file with a head
_KEY = r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#'"\[{][^:]*?)\s*:(?:\s+(.*)|$)"""
_BLOCK = r"([|>])([+-]?)\d?([+-]?)\s*(?:#.*)?"
_COMMENT = r"(?:^|\s)#.*$"
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "e": "\x1b"}


class FrontmatterError(ValueError):
    """The head of a file cannot be understood. The message says where and why."""


def parse_frontmatter(text: str) -> tuple[dict[str, Any], str]:
    """The keys of the head, and the text below it. Raises `FrontmatterError`.

    A text without a head, or with one that is not closed, has no keys.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return {}, text
    for end in range(1, len(lines)):
        if lines[end].rstrip() == "---":
            head = _Reader(lines[1:end]).mapping(0)
            return head, "\n".join(lines[end + 1 :]).strip()
    return {}, text


class _Reader:
    """Reads the lines of a head one by one; the first is line 2 of its file."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._at = 0

    def mapping(self, indent: int) -> dict[str, Any]:
        """The keys at that indent, up to the first line that stands further left."""
        found: dict[str, Any] = {}
        while (line := self._next()) is not None and _indent(line) >= indent:
            match = re.fullmatch(_KEY, line.strip())
            if match is None:
                raise self._error(f"expected 'key: value', found {line.strip()[:40]!r}")
            self._at += 1
            key = _unquoted(match[1]) if match[1][0] in "\"'" else match[1]
            found[key] = self._value((match[2] or "").strip(), _indent(line))
        return found

    def _value(self, text: str, indent: int) -> Any:
        block = re.fullmatch(_BLOCK, text)
        if block is not None:
            return self._block(indent, folded=block[1] == ">", keep=block[2] + block[3])
        if text[:1] in ('"', "'"):
            return self._quoted(text)
        if text[:1] == "[":
            return self._flow_list(text)
        text = re.sub(_COMMENT, "", text).strip()
        if not text:
            return self._inner(indent)
        while (line := self._next()) is not None and _indent(line) > indent:
            text += " " + re.sub(_COMMENT, "", line).strip()
            self._at += 1
        return _WORDS.get(text.lower(), text)

    def _inner(self, indent: int) -> Any:
        """What stands below a key without a value: a list, an object or a text."""
        line = self._next()
        if line is None:
            return None
        if line.strip().startswith("- ") and _indent(line) >= indent:
            return self._list(_indent(line))
        if _indent(line) <= indent:
            return None
        if re.fullmatch(_KEY, line.strip()):
            return self.mapping(_indent(line))
        self._at += 1
        return self._value(line.strip(), indent)

    def _list(self, indent: int) -> list[Any]:
        items: list[Any] = []
        while (line := self._next()) is not None and _indent(line) == indent:
            if not line.strip().startswith("- "):
                break
            self._at += 1
            items.append(self._value(line.strip()[2:].strip(), indent))
        return items

    def _block(self, indent: int, *, folded: bool, keep: str) -> str:
        rows: list[str] = []
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if line.strip() and _indent(line) <= indent:
                break
            rows.append(line)
            self._at += 1
        inner = min((_indent(row) for row in rows if row.strip()), default=0)
        rows = [row[inner:].rstrip() for row in rows]
        text = _fold(rows) if folded else "\n".join(rows)
        return text.rstrip("\n") if keep == "-" else text.rstrip("\n") + "\n"

    def _quoted(self, text: str) -> str:
        """A value in quotes, over several lines if need be."""
        start = self._at
        while (end := _closing(text)) is None:
            if self._at >= len(self._lines):
                self._at = start
                raise self._error(f"the quote {text[:20]!r} is not closed")
            text += " " + self._lines[self._at].strip()
            self._at += 1
        if re.sub(_COMMENT, "", text[end:]).strip():
            self._at = start
            raise self._error(f"there is more after the closing quote: {text[end:].strip()[:20]!r}")
        return _unquoted(text[:end])

    def _flow_list(self, text: str) -> list[Any]:
        while not re.sub(_COMMENT, "", text).rstrip().endswith("]"):
            if self._at >= len(self._lines):
                raise self._error("the list is not closed")
            text = re.sub(_COMMENT, "", text) + " " + self._lines[self._at].strip()
            self._at += 1
        inner = re.sub(_COMMENT, "", text).strip()[1:-1]
        items = re.findall(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,]+?)\s*(?:,|$)""", inner)
        return [_unquoted(i) if i[0] in "\"'" else _WORDS.get(i.lower(), i) for i in items]

    def _next(self) -> str | None:
        """The next line that says something; it is not taken yet."""
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if line.strip() and not line.lstrip().startswith("#"):
                return line
            self._at += 1
        return None

    def _error(self, reason: str) -> FrontmatterError:
        return FrontmatterError(f"line {self._at + 2}: {reason}")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _closing(text: str) -> int | None:
    """The offset after the quote that closes the text's first one."""
    pattern = r'"(?:[^"\\]|\\.)*"' if text[0] == '"' else r"'(?:[^']|'')*'"
    match = re.match(pattern, text, re.DOTALL)
    return match.end() if match else None


def _unquoted(text: str) -> str:
    inner = text[1:-1]
    if text[0] == "'":
        return inner.replace("''", "'")

    def replace(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1][1:], 16))
        return _ESCAPES.get(match[2], match[2])

    return re.sub(r"\\(?:(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4})|(.))", replace, inner)


def _fold(rows: list[str]) -> str:
    """Lines joined by spaces, paragraphs by newlines."""
    text = ""
    for row in rows:
        if not row:
            text += "\n"
        elif text and not text.endswith("\n"):
            text += " " + row
        else:
            text += row
    return text
