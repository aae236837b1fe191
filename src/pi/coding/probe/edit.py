"""Changes values inside a JSON text that people wrote, and leaves everything else as it stands.

Comments, blank lines, indentation, the order of keys, trailing commas, the byte order mark and the
kind of line ends stay. What is new is written in the manner of what stands beside it.
"""

import re
from typing import Any, cast

import msgspec
from msgspec import Struct

from pi.ai.catalog.jsonc import decode, strip

__all__ = ["merge"]

_BOM = "\ufeff"
_STRING = r'"(?:[^"\\]|\\.)*"'
_TOKEN = re.compile(rf"{_STRING}|[{{}}\[\],:]|[^\s{{}}\[\],:\"]+", re.DOTALL)
_COMMENT = re.compile(rf"({_STRING})|//[^\n]*|/\*.*?\*/", re.DOTALL)


class _Node(Struct):
    """A value: where it stands, and what is in it. after: where its last member ends."""

    start: int
    end: int = 0
    members: dict[str, "_Node"] = {}
    items: list["_Node"] = []
    after: int = -1


def merge(text: str, path: tuple[str, ...], value: Any) -> str:
    """The text with `value` merged into what is at `path`, which is made if it is not there.

    Objects are merged key by key; a list of objects with an `id` by that id; all else is replaced.
    Raises `JsoncError` if the text is no JSON, `ValueError` if something on the path is no object.
    """
    bom = _BOM if text.startswith(_BOM) else ""
    body = text.removeprefix(_BOM)
    if not body.strip():
        body = "{}\n"
    decode(body)  # raises where it is broken
    for part in reversed(path):
        value = {part: value}
    eol = "\r\n" if "\r\n" in body else "\n"
    return bom + _merged(body, (), value, eol)


def _merged(text: str, path: tuple[str | int, ...], value: Any, eol: str) -> str:
    """One change after another; the text is read anew for each, for the places move."""
    old = _at(decode(text), path)
    if old == value:
        return text
    if isinstance(value, dict):
        if not isinstance(old, dict):
            if len(path) <= 1:
                raise ValueError(f"{path[0]!r} is no object" if path else "it holds no object")
            return _replace(text, path, value, eol)
        for key, item in cast("dict[str, Any]", value).items():
            if key in old:
                text = _merged(text, (*path, key), item, eol)
            else:
                text = _insert(text, path, key, item, eol)
        return text
    if isinstance(value, list) and isinstance(old, list) and _have_ids(old) and _have_ids(value):
        for item in cast("list[dict[str, Any]]", value):
            ids = [entry["id"] for entry in cast("list[dict[str, Any]]", _at(decode(text), path))]
            if item["id"] in ids:
                text = _merged(text, (*path, ids.index(item["id"])), item, eol)
            else:
                text = _insert(text, path, None, item, eol)
        return text
    return _replace(text, path, value, eol)


def _have_ids(items: Any) -> bool:
    return all(isinstance(item, dict) and "id" in item for item in items)


def _at(data: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        data = data[part]
    return data


def _find(text: str, path: tuple[str | int, ...]) -> _Node:
    node = _read(strip(text))
    for part in path:
        node = node.items[part] if isinstance(part, int) else node.members[part]
    return node


def _replace(text: str, path: tuple[str | int, ...], value: Any, eol: str) -> str:
    node = _find(text, path)
    return (
        text[: node.start]
        + _written(value, _indent(text, node.start), text, eol)
        + text[node.end :]
    )


def _insert(text: str, path: tuple[str | int, ...], key: str | None, value: Any, eol: str) -> str:
    """Put a member at the end of an object, or an item (key None) at the end of a list."""
    node = _find(text, path)
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
    node = _Node(token.start(), token.end())
    if token[0] == "{":
        for item in tokens:
            if item[0] == "}":
                node.end = item.end()
                break
            if item[0] == ",":
                continue
            next(tokens)  # the colon
            child = _value(next(tokens), tokens)
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
