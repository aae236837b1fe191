"""Markdown as HTML that can do nothing: the blocks and marks that models use.

Everything that is not Markdown is text, also what looks like HTML. Links lead to web and mail only,
pictures are named but not loaded. Work grows with the length of the text, however odd it is.
"""

import re
from collections.abc import Iterator
from html import escape
from itertools import chain, repeat

__all__ = ["inline", "render", "safe_link"]

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}(#{1,6})(?=\s|$)")
_RULE = re.compile(r" {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$")
_ITEM = re.compile(r"(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$")
_TASK = re.compile(r"\[([ xX])\]\s+(?=\S)")
_SPECIAL = re.compile(r"[\\`*_~\[!<]|https?://")
_URL = re.compile(r"https?://[^\s<>\"'`]+")
_AUTO = re.compile(r"<((?:https?://|mailto:)[^\s<>]+)>")
_TARGET = re.compile(
    r"\(\s{0,9}<?([^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*)>?(?:\s{1,9}\"[^\"]*\")?\s{0,9}\)"
)
_LONGEST_LABEL = 300
_MARKS = (("**", "strong"), ("__", "strong"), ("~~", "del"), ("*", "em"), ("_", "em"))
_DEEPEST = 6
_TRIES = 20
_ESCAPABLE = set("\\`*_{}[]()#+-.!~|<>")


def render(text: str) -> str:
    """A whole text."""
    return "".join(_blocks(text.replace("\r\n", "\n").split("\n"), 0))


def safe_link(url: str, label: str) -> str:
    """A link, if it leads to a place on the web or to a mail address; else only its label."""
    if re.match(r"(?:https?://|mailto:)", url, re.IGNORECASE):
        href = escape(url, quote=True)
        return f'<a href="{href}" target="_blank" rel="noopener noreferrer nofollow">{label}</a>'
    return f'<span class="dead" title="{escape(url, quote=True)}">{label}</span>'


# -- blocks ----------------------------------------------------------------------------------------


def _blocks(lines: list[str], depth: int) -> Iterator[str]:
    at = 0
    while at < len(lines):
        line = lines[at]
        fence = _fence(line)
        if not line.strip():
            at += 1
        elif fence:
            html, at = _code(lines, at, fence)
            yield html
        elif heading := _HEADING.match(line):
            level = min(len(heading[1]) + 2, 6)
            title = line[heading.end() :].strip().rstrip("#").rstrip()
            yield f"<h{level}>{inline(title)}</h{level}>"
            at += 1
        elif _RULE.match(line):
            yield "<hr>"
            at += 1
        elif line.lstrip().startswith(">") and depth < _DEEPEST:
            html, at = _quote(lines, at, depth)
            yield html
        elif _ITEM.match(line) and depth < _DEEPEST:
            html, at = _list(lines, at, depth)
            yield html
        elif "|" in line and at + 1 < len(lines) and _is_table_rule(lines[at + 1]):
            html, at = _table(lines, at)
            yield html
        else:
            html, at = _paragraph(lines, at)
            yield html


def _fence(line: str) -> tuple[int, str, str] | None:
    """Indentation, mark and language of a line that begins a block of code."""
    match = _FENCE.match(line)
    if match is None:
        return None
    info = line[match.end() :].strip()
    if match[1][0] == "`" and "`" in info:
        return None
    return match.start(1), match[1], info.partition(" ")[0]


def _is_table_rule(line: str) -> bool:
    return "-" in line and not line.strip("|:- \t\r")


def _code(lines: list[str], at: int, fence: tuple[int, str, str]) -> tuple[str, int]:
    indent, mark, language = fence
    end = at + 1
    while end < len(lines) and not (
        lines[end].lstrip().startswith(mark) and not lines[end].strip().strip(mark[0])
    ):
        end += 1
    body = "\n".join(_dedent(line, indent) for line in lines[at + 1 : end])
    name = f'<span class="lang">{escape(language)}</span>' if language else ""
    return f"<pre>{name}<code>{escape(body, quote=False)}</code></pre>", end + 1


def _dedent(line: str, indent: int) -> str:
    return line[min(indent, len(line) - len(line.lstrip(" "))) :]


def _quote(lines: list[str], at: int, depth: int) -> tuple[str, int]:
    inner: list[str] = []
    while at < len(lines) and lines[at].lstrip().startswith(">"):
        inner.append(lines[at].lstrip()[1:].removeprefix(" "))
        at += 1
    return f"<blockquote>{''.join(_blocks(inner, depth + 1))}</blockquote>", at


def _list(lines: list[str], at: int, depth: int) -> tuple[str, int]:
    """Items of one list; what is indented more than its mark belongs to an item."""
    first = _ITEM.match(lines[at])
    assert first is not None
    indent, ordered = len(first[1]), first[2][0].isdigit()
    items: list[list[str]] = []
    while at < len(lines):
        item = _ITEM.match(lines[at])
        if item and len(item[1]) <= indent + 1:
            if item[2][0].isdigit() != ordered or len(item[1]) < indent:
                break
            items.append([item[3]])
        elif not lines[at].strip():
            if at + 1 >= len(lines) or not _continues(lines[at + 1], indent):
                break
            items[-1].append("")
        elif lines[at].startswith(" " * (indent + 1)) or lines[at].startswith("\t"):
            items[-1].append(_dedent(lines[at].expandtabs(4), indent + 2 + ordered))
        elif _fence(lines[at]) or _HEADING.match(lines[at]) or items[-1][-1] == "":
            break
        else:
            items[-1].append(lines[at])
        at += 1
    tag = "ol" if ordered else "ul"
    start = first[2][:-1] if ordered else "1"
    attribute = f' start="{int(start)}"' if ordered and int(start) != 1 else ""
    body = "".join(_item(item, depth) for item in items)
    return f"<{tag}{attribute}>{body}</{tag}>", at


def _continues(line: str, indent: int) -> bool:
    """Whether a line after an empty one belongs to the list all the same."""
    item = _ITEM.match(line)
    return line.startswith(" " * (indent + 2)) or (item is not None and len(item[1]) == indent)


def _item(lines: list[str], depth: int) -> str:
    task = _TASK.match(lines[0])
    if task is not None:
        lines = [("☐ " if task[1] == " " else "☑ ") + lines[0][task.end() :], *lines[1:]]
    html = "".join(_blocks(lines, depth + 1))
    if html.startswith("<p>") and html.count("<p>") == 1:
        html = html.removeprefix("<p>").replace("</p>", "", 1)
    return f'<li class="task">{html}</li>' if task else f"<li>{html}</li>"


def _table(lines: list[str], at: int) -> tuple[str, int]:
    sides = [_side(cell) for cell in _cells(lines[at + 1])]
    head = _row(lines[at], "th", sides)
    rows: list[str] = []
    at += 2
    while at < len(lines) and "|" in lines[at]:
        rows.append(_row(lines[at], "td", sides))
        at += 1
    return f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>", at


def _row(line: str, tag: str, sides: list[str]) -> str:
    cells = zip(_cells(line), chain(sides, repeat("")), strict=False)
    return f"<tr>{''.join(f'<{tag}{side}>{inline(cell)}</{tag}>' for cell, side in cells)}</tr>"


def _side(rule: str) -> str:
    """The class of the cells under a rule such as `--:`."""
    if not rule.endswith(":"):
        return ""
    return ' class="middle"' if rule.startswith(":") else ' class="right"'


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|").removesuffix("|")
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", inner)]


def _paragraph(lines: list[str], at: int) -> tuple[str, int]:
    start = at
    while at < len(lines) and lines[at].strip():
        line = lines[at]
        if at > start and (
            _fence(line)
            or _HEADING.match(line)
            or line.lstrip().startswith(">")
            or ((item := _ITEM.match(line)) and not item[2][0].isdigit())
        ):
            break
        at += 1
    text = "\n".join(line.strip() for line in lines[start:at])
    return f"<p>{inline(text)}</p>", at


# -- marks within a line ---------------------------------------------------------------------------


def inline(text: str, depth: int = 0) -> str:
    """Text with its marks: code, emphasis, links. Newlines become line breaks."""
    parts: list[str] = []
    at = 0
    while special := _SPECIAL.search(text, at):
        start = special.start()
        parts.append(_text(text[at:start]))
        html, at = _mark(text, start, depth)
        parts.append(html)
    parts.append(_text(text[at:]))
    return "".join(parts)


def _text(text: str) -> str:
    return escape(text, quote=False).replace("\n", "<br>\n")


def _mark(text: str, at: int, depth: int) -> tuple[str, int]:
    """What begins at `at`, and where the rest begins; the character itself if nothing does."""
    char = text[at]
    found: tuple[str, int] | None = None
    if char == "\\" and text[at + 1 : at + 2] in _ESCAPABLE and at + 1 < len(text):
        return _text(text[at + 1]), at + 2
    if char == "`":
        return _code_span(text, at)
    if char == "h":
        return _bare_url(text, at)
    if char == "<":
        auto = _AUTO.match(text, at)
        found = (safe_link(auto[1], escape(auto[1], quote=False)), auto.end()) if auto else None
    elif depth < _DEEPEST and char in "[!":
        found = _link(text, at, depth)
    elif depth < _DEEPEST and char in "*_~":
        found = _emphasis(text, at, depth)
    return found or (_text(char), at + 1)


def _code_span(text: str, at: int) -> tuple[str, int]:
    end = at
    while text[end : end + 1] == "`":
        end += 1
    ticks = text[at:end]
    close = text.find(ticks, end)
    while close >= 0 and text[close + len(ticks) : close + len(ticks) + 1] == "`":
        after = close
        while text[after : after + 1] == "`":
            after += 1
        close = text.find(ticks, after)
    if close < 0:
        return ticks, end
    code = text[end:close]
    if code.startswith(" ") and code.endswith(" ") and code.strip():
        code = code[1:-1]
    return f"<code>{escape(code, quote=False)}</code>", close + len(ticks)


def _bare_url(text: str, at: int) -> tuple[str, int]:
    match = _URL.match(text, at)
    if match is None:
        return "h", at + 1
    url = match[0].rstrip(".,;:!?*_~")
    for opening, closing in ("()", "[]"):
        while url.endswith(closing) and url.count(closing) > url.count(opening):
            url = url[:-1]
    return safe_link(url, escape(url, quote=False)), at + len(url)


def _link(text: str, at: int, depth: int) -> tuple[str, int] | None:
    picture = text[at] == "!"
    start = at + 2 if picture else at + 1
    if picture and text[at + 1 : at + 2] != "[":
        return None
    close = text.find("]", start)
    while close >= 0 and text.count("[", start, close) > text.count("]", start, close):
        close = text.find("]", close + 1)
        if close - start > _LONGEST_LABEL:
            return None
    if close < 0:
        return None
    target = _TARGET.match(text, close + 1)
    if target is None:
        return None
    label = inline(text[start:close], depth + 1) or escape(target[1], quote=False)
    if picture:
        label = f"[picture: {label}]"
    return safe_link(target[1], label), target.end()


def _emphasis(text: str, at: int, depth: int) -> tuple[str, int] | None:
    for mark, tag in _MARKS:
        if not text.startswith(mark, at):
            continue
        start = at + len(mark)
        before = text[at - 1 : at]
        if text[start : start + 1].isspace() or (mark[0] == "_" and before.isalnum()):
            continue
        close = text.find(mark, start + 1)
        for _ in range(_TRIES):
            if close < 0 or _may_close(text, close, mark):
                break
            close = text.find(mark, close + 1)
        else:
            continue
        if close > 0:
            inner = inline(text[start:close], depth + 1)
            return f"<{tag}>{inner}</{tag}>", close + len(mark)
    return None


def _may_close(text: str, at: int, mark: str) -> bool:
    after = text[at + len(mark) : at + len(mark) + 1]
    if text[at - 1].isspace() or (mark[0] == "_" and after.isalnum()):
        return False
    return len(mark) > 1 or (after != mark and text[at - 1] != mark)
