"""The tree of a session as rows: who said what, what is left out, and what hangs under what."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pi.coding.api.picking import Choice
from pi.coding.slash.words import first_line

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


@dataclass(slots=True, eq=False)
class Node:
    """An entry. kind: its role, or its type. tools_only: an answer that is nothing but calls."""

    id: str
    parent: str | None
    kind: str
    text: str
    tools_only: bool = False
    label: str = ""
    label_time: str = ""
    children: "list[Node]" = field(default_factory=list)


def nodes_of(lines: Iterable[bytes]) -> dict[str, Node]:
    """The entries of a session by id, in the order of the file, with their labels."""
    nodes: dict[str, Node] = {}
    for line in lines:
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue  # what follows it stands at the top
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
            continue
        node = _node(entry)
        nodes[node.id] = node
        if node.kind == "label":
            target = nodes.get(str(entry.get("targetId")))
            if target is not None:
                target.label = first_line(str(entry.get("label") or ""), 60)
                target.label_time = str(entry.get("timestamp") or "")
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


def _node(entry: dict[str, Any]) -> Node:
    kind = str(entry.get("type"))
    parent = entry.get("parentId")
    node = Node(entry["id"], parent if isinstance(parent, str) else None, kind, "")
    message = entry.get("message")
    if kind == "message" and isinstance(message, dict):
        node.kind = str(message.get("role"))
        node.text, node.tools_only = _said(message)
    elif kind == "custom_message":
        node.kind = str(entry.get("customType"))
        node.text = first_line(_text(entry.get("content")))
    else:
        about = ("summary", "modelId", "thinkingLevel", "name", "label", "customType", "kind")
        node.text = first_line(next((str(entry[key]) for key in about if entry.get(key)), ""))
    return node


def _said(message: dict[str, Any]) -> tuple[str, bool]:
    """A message in a line, and whether it is nothing but tool calls."""
    content = message.get("content")
    text = first_line(_typed(_text(content)))
    if message.get("role") == "bashExecution":
        return first_line(f"! {message.get('command')}"), False
    if message.get("role") == "toolResult":
        return first_line(f"[{message.get('toolName')}] {text}"), False
    calls = [
        _call(block)
        for block in (content if isinstance(content, list) else ())
        if isinstance(block, dict) and block.get("type") == "toolCall"
    ]
    ended = {"aborted": "(aborted)", "error": f"(error) {message.get('errorMessage') or ''}"}
    ending = ended.get(str(message.get("stopReason")), "")
    parts = [text, *calls[:4], "…" if len(calls) > 4 else "", ending]
    return first_line(" ".join(filter(None, parts))), bool(calls) and not text


def _call(block: dict[str, Any]) -> str:
    arguments = block.get("arguments")
    found = arguments if isinstance(arguments, dict) else {}
    main = next((str(found[key]) for key in _MAIN_ARGUMENTS if found.get(key)), "")
    return first_line(f"[{block.get('name')}{': ' if main else ''}{main}]", 60)


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else ()
    return " ".join(
        str(block.get("text"))
        for block in blocks
        if isinstance(block, dict) and block.get("type") == "text"
    )


def _typed(text: str) -> str:
    """`/skill:name arguments` for an expanded skill."""
    if not text.startswith('<skill name="'):
        return text
    name = text[13:].partition('"')[0]
    return f"/skill:{name} {text.rpartition('</skill>')[2].strip()}".rstrip()
