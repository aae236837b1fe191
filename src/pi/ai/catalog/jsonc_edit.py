"""Changes values inside a JSON text that people wrote, and leaves everything else as it stands.

Comments, blank lines, indentation, the order of keys, trailing commas, the byte order mark and the
kind of line ends stay. What is new is written in the manner of what stands beside it.
"""

import re
from collections.abc import Callable
from typing import Any, cast

import msgspec
from msgspec import Struct

from pi.ai.catalog.jsonc import decode, strip

__all__ = ["merge", "rewrite"]

_BOM = "\ufeff"
_STRING = r'"(?:[^"\\]|\\.)*"'
_TOKEN = re.compile(rf"{_STRING}|[{{}}\[\],:]|[^\s{{}}\[\],:\"]+", re.DOTALL)
_COMMENT = re.compile(rf"({_STRING})|//[^\n]*|/\*.*?\*/", re.DOTALL)

_Path = tuple[str | int, ...]


class _Node(Struct):
    """A value: where it stands, and what is in it. after: where its last member ends.

    begin: where its key begins, or the value itself where there is none.
    """

    start: int
    end: int = 0
    begin: int = 0
    members: dict[str, "_Node"] = {}
    items: list["_Node"] = []
    after: int = -1


def merge(text: str, path: tuple[str, ...], value: Any) -> str:
    """The text with `value` merged into what is at `path`, which is made if it is not there.

    Objects are merged key by key; a list of objects with an `id` by that id; all else is replaced.
    Raises `JsoncError` if the text is no JSON, `ValueError` if something on the path is no object.
    """
    for part in reversed(path):
        value = {part: value}
    return rewrite(text, lambda old: _merged(old, value))


def rewrite(text: str, change: Callable[[Any], Any]) -> str:
    """The text so changed that it says what `change` makes of the value that it says now.

    `change` may alter what it is given. An empty text is an empty object. Raises `JsoncError` if
    the text is no JSON, and what `change` raises.
    """
    bom = _BOM if text.startswith(_BOM) else ""
    body = text.removeprefix(_BOM)
    if not strip(body).strip():
        body += "{}\n" if not body or body.endswith("\n") else "\n{}\n"
    new = change(decode(body))
    return bom + _changed(body, (), decode(body), new, "\r\n" if "\r\n" in body else "\n")


def _merged(old: Any, value: Any, depth: int = 0) -> Any:
    if isinstance(value, dict):
        if not isinstance(old, dict):
            if depth == 0:
                raise ValueError("it holds no object")
            return cast("Any", value)
        merged = dict(cast("dict[str, Any]", old))
        for key, item in cast("dict[str, Any]", value).items():
            if depth == 0 and key in merged and not isinstance(merged[key], dict):
                raise ValueError(f"{key!r} is no object")
            merged[key] = _merged(merged[key], item, depth + 1) if key in merged else item
        return merged
    if isinstance(value, list) and isinstance(old, list) and _have_ids(old) and _have_ids(value):
        listed: list[Any] = list(cast("list[Any]", old))
        for item in cast("list[dict[str, Any]]", value):
            ids = [entry["id"] for entry in listed]
            if item["id"] in ids:
                at = ids.index(item["id"])
                listed[at] = _merged(listed[at], item, depth + 1)
            else:
                listed.append(item)
        return listed
    return cast("Any", value)


def _have_ids(items: Any) -> bool:
    return all(isinstance(item, dict) and "id" in item for item in items)


def _changed(text: str, path: _Path, old: Any, new: Any, eol: str) -> str:
    """One change after another; the text is read anew for each, for the places move."""
    if _same(old, new):
        return text
    if isinstance(old, dict) and isinstance(new, dict):
        for key in cast("dict[str, Any]", old):
            while key not in new and key in _find(text, path).members:  # it may be there twice
                text = _remove(text, path, key)
        for key, item in cast("dict[str, Any]", new).items():
            if key in old:
                text = _changed(text, (*path, key), old[key], item, eol)
            else:
                text = _insert(text, path, key, item, eol)
        return text
    if isinstance(old, list) and isinstance(new, list):
        return _changed_list(text, path, cast("list[Any]", old), cast("list[Any]", new), eol)
    return _replace(text, path, new, eol)


def _changed_list(text: str, path: _Path, old: list[Any], new: list[Any], eol: str) -> str:
    """From the end to the beginning, so that the numbers of the items hold."""
    from difflib import SequenceMatcher  # not needed to read

    ours, theirs = ([msgspec.json.encode(item) for item in items] for items in (old, new))
    for _, start, end, first, last in reversed(SequenceMatcher(None, ours, theirs).get_opcodes()):
        both = min(end - start, last - first)
        for item in new[first + both : last][:: -1 if start + both < len(old) else 1]:
            before = start + both if start + both < len(old) else None
            text = _insert(text, path, None, item, eol, before)
        for number in reversed(range(start + both, end)):
            text = _remove(text, path, number)
        for step in reversed(range(both)):
            at = start + step
            text = _changed(text, (*path, at), old[at], new[first + step], eol)
    return text


def _same(old: Any, new: Any) -> bool:
    """As JSON, where `1`, `1.0` and `true` are three things."""
    return msgspec.json.encode(old) == msgspec.json.encode(new)


def _find(text: str, path: _Path) -> _Node:
    node = _read(strip(text))
    for part in path:
        node = node.items[part] if isinstance(part, int) else node.members[part]
    return node


def _replace(text: str, path: _Path, value: Any, eol: str) -> str:
    node = _find(text, path)
    return (
        text[: node.start]
        + _written(value, _indent(text, node.start), text, eol)
        + text[node.end :]
    )


def _remove(text: str, path: _Path, part: str | int) -> str:
    """Take a member or item away, with one comma and the line if nothing else is on it."""
    node = _find(text, (*path, part))
    plain = _COMMENT.sub(_blank, text)
    rest = plain[node.end :].lstrip()
    before = plain[: node.begin].rstrip()
    head, tail = text[: node.begin], text[node.end :]
    if rest.startswith(","):
        comma = len(tail) - len(rest)
        tail = tail[:comma] + tail[comma + 1 :]
    elif before.endswith(","):
        gap = head[len(before) :]
        head = head[: len(before) - 1] + (gap if gap.strip(" \t") else "")
    line, (more, newline, below) = head.rpartition("\n")[2], tail.partition("\n")
    if line.strip():
        return head + (tail.lstrip(" \t") if head[-1] in " \t[{" else tail)
    if more.strip() or not newline or "\n" not in head:
        return head + tail.lstrip(" \t")
    return head[: len(head) - len(line)] + below


def _insert(
    text: str, path: _Path, key: str | None, value: Any, eol: str, before: int | None = None
) -> str:
    """Put a member at the end of an object, or an item (key None) into a list.

    before: the item that stands there now; None for the end.
    """
    node = _find(text, path)
    if before is not None:
        at = node.items[before].start
        indent = _indent(text, at)
        between = f",{eol}{indent}" if "\n" in text[node.start : at] else ", "
        new = _spaced(value) if between == ", " else _written(value, indent, text, eol)
        return text[:at] + new + between + text[at:]
    label = "" if key is None else msgspec.json.encode(key).decode() + ": "
    outer = _indent(text, node.start)
    if node.after < 0:  # nothing is in it, but there may be a comment
        inner = outer + _unit(text)
        new = f"{inner}{label}{_written(value, inner, text, eol)}{eol}{outer}"
        inside = text[node.start + 1 : node.end - 1].rstrip(" \t\r\n")
        return text[: node.start + 1] + inside + eol + new + text[node.end - 1 :]
    last = _last(node)
    if "\n" not in text[node.start : node.end]:  # all on one line
        return f"{text[: node.after]}, {label}{_spaced(value)}{text[node.after :]}"
    inner = _indent(text, last)
    new = label + _written(value, inner, text, eol)
    rest = _COMMENT.sub(_blank, text[node.after : node.end - 1])
    comma = rest.find(",")
    cut = node.after if comma < 0 else node.after + comma + 1
    line_end = text.find("\n", cut, node.end)
    at = cut if line_end < 0 else line_end - (text[line_end - 1] == "\r")
    trailing = "," if comma >= 0 else ""
    head = text[: node.after] + ("," if comma < 0 else "") + text[node.after : at]
    return f"{head}{eol}{inner}{new}{trailing}{text[at:]}"


def _spaced(value: Any) -> str:
    import json  # writes on one line as people do

    return json.dumps(value, ensure_ascii=False)


def _last(node: _Node) -> int:
    inside = [*node.members.values(), *node.items]
    return inside[-1].start


def _written(value: Any, indent: str, text: str, eol: str) -> str:
    import json  # its indentation can be any text

    plain = json.dumps(value, indent=_unit(text), ensure_ascii=False)
    return plain.replace("\n", eol + indent)


def _indent(text: str, at: int) -> str:
    """The white space at the beginning of the line."""
    start = text.rfind("\n", 0, at) + 1
    line = text[start:at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _unit(text: str) -> str:
    """What one step of indentation is in this text."""
    found = re.search(r"\n([ \t]+)\S", text)
    return found[1] if found else "  "


def _blank(match: re.Match[str]) -> str:
    return match[1] or re.sub(r"[^\n]", " ", match[0])


def _read(plain: str) -> _Node:
    """Where everything stands in valid JSON."""
    tokens = _TOKEN.finditer(plain)
    return _value(next(tokens), tokens)


def _value(token: re.Match[str], tokens: Any) -> _Node:
    node = _Node(token.start(), token.end(), token.start())
    if token[0] == "{":
        for item in tokens:
            if item[0] == "}":
                node.end = item.end()
                break
            if item[0] == ",":
                continue
            next(tokens)  # the colon
            child = _value(next(tokens), tokens)
            child.begin = item.start()
            node.members[msgspec.json.decode(item[0], type=str)] = child
            node.after = child.end
    elif token[0] == "[":
        for item in tokens:
            if item[0] == "]":
                node.end = item.end()
                break
            if item[0] == ",":
                continue
            child = _value(item, tokens)
            node.items.append(child)
            node.after = child.end
    return node
