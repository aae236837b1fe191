"""The tree of a session as rows: who said what, what is left out, and what hangs under what.

A long session is tens of megabytes of lines, of which a row shows a hundred letters: what was said
is read of those entries only that are shown.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Raw, Struct

from pi.coding.api.picking import Choice
from pi.coding.slash.words import first_line, shortened

__all__ = ["FILTERS", "Node", "nodes_of", "rows", "stand"]

FILTERS = ("default", "no-tools", "user-only", "labeled-only", "all")

_BOOKKEEPING = frozenset(
    {
        "context_edit",
        "custom",
        "label",
        "model_change",
        "session_info",
        "thinking_level_change",
        "usage",
    }
)
_MAIN_ARGUMENTS = ("path", "command", "pattern", "query", "url")


class _Message(Struct, rename="camel", gc=False):
    role: Any = None
    content: Raw = Raw(b"null")
    tool_name: Any = None
    command: Any = None
    stop_reason: Any = None
    error_message: Any = None


class _Line(Struct, rename="camel", gc=False):
    id: Any = None
    type: Any = None
    parent_id: Any = None
    timestamp: Any = None
    message: _Message | None = None
    content: Raw = Raw(b"null")
    target_id: Any = None
    summary: Any = None
    model_id: Any = None
    thinking_level: Any = None
    name: Any = None
    label: Any = None
    custom_type: Any = None
    kind: Any = None


class _Block(Struct, gc=False):
    type: Any = None
    text: Any = None
    name: Any = None
    arguments: Any = None


_line = msgspec.json.Decoder(_Line).decode
_content = msgspec.json.Decoder(str | list[_Block] | None).decode


class Node(Struct, eq=False, gc=False):
    """An entry. kind: its role, or its type."""

    id: str
    parent: str | None
    kind: str
    line: _Line
    label: str = ""
    label_time: str = ""
    said: tuple[str, bool] | None = None

    @property
    def text(self) -> str:
        """What it says, in a line."""
        return self._read()[0]

    @property
    def tools_only(self) -> bool:
        """Whether it is an answer that is nothing but tool calls."""
        return self._read()[1]

    def _read(self) -> tuple[str, bool]:
        if self.said is None:
            self.said = _said(self.line)
        return self.said


def nodes_of(lines: Iterable[bytes | Raw]) -> dict[str, Node]:
    """The entries of a session by id, in the order of the file, with their labels."""
    nodes: dict[str, Node] = {}
    for data in lines:
        try:
            line = _line(data)
        except (ValueError, RecursionError):
            line = _loosely(bytes(data))
        if line is None or not isinstance(line.id, str):
            continue  # what follows it stands at the top
        node = _node(line)
        nodes[node.id] = node
        if node.kind == "label":
            target = nodes.get(str(line.target_id))
            if target is not None:
                target.label = first_line(str(line.label or ""), 60)
                target.label_time = str(line.timestamp or "")
    return nodes


def rows(
    nodes: dict[str, Node],
    leaf: str | None,
    *,
    mode: str,
    folded: set[str],
    times: bool = False,
) -> tuple[Choice, ...]:
    """What is shown of the tree, and how far each row is indented: a step at every fork."""
    shown = _VISIBLE.get(mode, _VISIBLE["default"])
    children: dict[str | None, list[Node]] = {}
    place: dict[str | None, str | None] = {None: None}  # of an entry: itself, or who shows for it
    for node in nodes.values():
        above = place.get(node.parent)
        if shown(node):
            children.setdefault(above, []).append(node)
            place[node.id] = node.id
        else:
            place[node.id] = above
    path = _path(nodes, leaf)
    here = place.get(leaf)
    found: list[Choice] = []
    roots = children.get(None, [])
    todo = [(node, int(len(roots) > 1)) for node in reversed(roots)]
    while todo:
        node, depth = todo.pop()
        below = children.get(node.id, [])
        closed = node.id in folded and bool(below)
        mark = "●" if node.id == here else "•" if node.id in path else ""
        found.append(_choice(node, depth, mark, closed=closed, times=times))
        if not closed:
            step = depth + (len(below) > 1)
            todo += [(child, step) for child in reversed(below)]
    return tuple(found)


def stand(nodes: dict[str, Node], leaf: str | None, shown: Sequence[Choice]) -> str:
    """The row to begin with: the leaf, or the nearest row above it."""
    keys = {choice.key for choice in shown}
    seen: set[str] = set()
    while leaf is not None and leaf not in keys and leaf not in seen:
        seen.add(leaf)
        node = nodes.get(leaf)
        leaf = node.parent if node else None
    return leaf if leaf in keys else ""


# -- inside ----------------------------------------------------------------------------------------

_VISIBLE: dict[str, Callable[[Node], bool]] = {
    "default": lambda node: node.kind not in _BOOKKEEPING and node.kind != "toolResult",
    "no-tools": lambda node: (
        node.kind not in _BOOKKEEPING and node.kind != "toolResult" and not node.tools_only
    ),
    "user-only": lambda node: node.kind == "user",
    "labeled-only": lambda node: bool(node.label),
    "all": lambda node: True,
}


def _path(nodes: dict[str, Node], leaf: str | None) -> set[str]:
    """The ids from the leaf up to its root."""
    found: set[str] = set()
    while leaf is not None and leaf not in found:
        found.add(leaf)
        node = nodes.get(leaf)
        leaf = node.parent if node else None
    return found


def _choice(node: Node, depth: int, mark: str, *, closed: bool, times: bool) -> Choice:
    more = " …" if closed else ""
    label = f"[{node.label}] " if node.label else ""
    time = f"{node.label_time[:16].replace('T', ' ')} " if times and node.label else ""
    return Choice(
        key=node.id,
        label=f"{time}{label}{node.kind}: {node.text}{more}",
        mark=mark,
        depth=depth,
    )


def _loosely(data: bytes) -> _Line | None:
    """A line with something unexpected in it, if it is an object at all."""
    try:
        entry = json.loads(data)
        if not isinstance(entry, dict):
            return None
        if not isinstance(entry.get("message"), dict):
            entry.pop("message", None)
        return _line(json.dumps(entry, ensure_ascii=False).encode(errors="replace"))
    except (ValueError, RecursionError):
        return None


def _node(line: _Line) -> Node:
    kind, message = str(line.type), line.message
    if kind == "message" and message is not None:
        kind = str(message.role)
    elif kind == "custom_message":
        kind = str(line.custom_type)
    parent = line.parent_id
    return Node(line.id, parent if isinstance(parent, str) else None, kind, line)


def _said(line: _Line) -> tuple[str, bool]:
    """An entry in a line, and whether it is nothing but tool calls."""
    if line.type == "message" and line.message is not None:
        return _message(line.message)
    if line.type == "custom_message":
        return first_line(_text(_blocks(line.content))), False
    about = (
        line.summary,
        line.model_id,
        line.thinking_level,
        line.name,
        line.label,
        line.custom_type,
        line.kind,
    )
    return first_line(next((str(value) for value in about if value), "")), False


def _message(message: _Message) -> tuple[str, bool]:
    if message.role == "bashExecution":
        return first_line(f"! {message.command}"), False
    content = _blocks(message.content)
    words = _typed(_text(content))
    text = first_line(_unmarked(words) if message.role == "assistant" else words)
    if message.role == "toolResult":
        return first_line(f"[{message.tool_name}] {text}"), False
    calls = [_call(block) for block in content if block.type == "toolCall"]
    parts = [text, *calls[:4], "…" if len(calls) > 4 else "", _ending(message)]
    return shortened(" ".join(filter(None, parts))), bool(calls) and not text


def _ending(message: _Message) -> str:
    if message.stop_reason == "error":
        return first_line(f"(error) {message.error_message or ''}")
    return "(aborted)" if message.stop_reason == "aborted" else ""


def _call(block: _Block) -> str:
    found = block.arguments if isinstance(block.arguments, dict) else {}
    main = next((str(found[key]) for key in _MAIN_ARGUMENTS if found.get(key)), "")
    return first_line(f"[{block.name}{': ' if main else ''}{main}]", 60)


def _blocks(content: Raw) -> list[_Block]:
    try:
        found = _content(content)
    except (ValueError, RecursionError):
        found = _readable(content)
    return [_Block("text", found)] if isinstance(found, str) else found or []


def _readable(content: Raw) -> list[_Block]:
    """The blocks among other things."""
    try:
        found = msgspec.json.decode(content)
    except (ValueError, RecursionError):
        return []
    items = found if isinstance(found, list) else []
    return [msgspec.convert(item, _Block) for item in items if isinstance(item, dict)]


def _text(blocks: list[_Block]) -> str:
    return " ".join(str(block.text) for block in blocks if block.type == "text")


def _unmarked(text: str) -> str:
    """The beginning of an answer without the marks of Markdown that only look nice."""
    begun = text[:300]  # a row has a hundred letters
    if not _MARK.search(begun):
        return text
    return _MARKS.sub(lambda found: found[1] or found[2] or "", begun)


_MARK = re.compile(r"[#*`]")
_MARKS = re.compile(r"^[ ]*#{1,6}[ ]+|\*\*(?=\S)(.+?)(?<=\S)\*\*|`([^`\n]+)`", re.MULTILINE)


def _typed(text: str) -> str:
    """`/skill:name arguments` for an expanded skill."""
    if not text.startswith('<skill name="'):
        return text
    name = text[13:].partition('"')[0]
    return f"/skill:{name} {text.rpartition('</skill>')[2].strip()}".rstrip()
