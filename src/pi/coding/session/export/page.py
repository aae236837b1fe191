"""The page: head, what the session is, its articles in the order of the file, its tree.

It is made piece by piece, entries are read once and not kept, so a session of any size can be
written. All branches are in it; those that are not looked at are hidden by a class. The page needs
nothing from elsewhere, and its own policy forbids it to load or run anything else.
"""

import base64
import hashlib
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path

import msgspec
from msgspec import Struct

from pi.ai.messages import ToolCall
from pi.coding.session.export.articles import Shown, calls_of, show
from pi.coding.session.lenient import decode_entry
from pi.coding.session.log import SessionLog
from pi.coding.session.stats import Counts, count

__all__ = ["page"]

_HERE = Path(__file__).parent
_DEEPEST = 12
_HEAD = 600
_CALL_ID = re.compile(rb'"toolCallId":\s*"([^"\\]*)"')


class _Row(Struct):
    kind: str
    title: str


def page(log: SessionLog) -> Iterator[str]:
    """The page in pieces."""
    style, script = _read("page.css"), _read("page.js")
    name = log.state.name or "Session"
    yield _head(name, style, script)
    yield f'<main id="log">{_about(log, name, count(log))}'
    rows: dict[int, _Row] = {}
    active = {node.index for node in log.branch}
    calls: dict[str, ToolCall] = {}
    answered = _answered(log)
    labels = log.state.labels
    nodes = log.tree.nodes
    for node, line in zip(nodes, log.raw(nodes), strict=True):
        entry, _ = decode_entry(line, node.type)
        calls.update((call.id, call) for call in calls_of(entry))
        shown = show(entry, calls, answered)
        if shown is not None:
            label = labels.get(node.id, "")
            rows[node.index] = _Row(
                shown.kind, f"★ {label}: {shown.title}" if label else shown.title
            )
            yield _article(node.index, node.timestamp, shown, label, node.index in active)
    yield "</main>"
    yield from _tree(log, rows, active)
    parents = msgspec.json.encode([node.parent for node in nodes]).decode()
    leaf = log.leaf.index if log.leaf else -1
    yield f'<script type="application/json" id="parents">{parents}</script>'
    yield f'<script type="application/json" id="leaf">{leaf}</script>'
    yield f"<script>{script}</script></body></html>\n"


def _answered(log: SessionLog) -> set[str]:
    """The ids of tool calls that have a result."""
    nodes = [node for node in log.tree.nodes if node.type == "message"]
    found = (_CALL_ID.search(line, 0, _HEAD) for line in log.raw(nodes))
    return {match[1].decode("utf-8", "replace") for match in found if match}


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _head(name: str, style: str, script: str) -> str:
    policy = (
        f"default-src 'none'; img-src data:; style-src {_hash(style)};"
        f" script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{escape(name)}</title><style>{style}</style></head><body>\n"
    )


def _about(log: SessionLog, name: str, counts: Counts) -> str:
    header = log.header
    facts = [
        ("Folder", header.cwd),
        ("Begun", header.timestamp.replace("T", " ")[:16]),
        ("Session", header.id),
        ("Prompts", f"{counts.user:,}"),
        ("Answers", f"{counts.assistant:,}"),
        ("Tool calls", f"{counts.tool_calls:,}"),
    ]
    rows = "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in facts if v)
    spending = ""
    for found in counts.models.values():
        usage = found.usage
        key = f"{found.provider}/{found.model}" if found.model else "(summaries and tools)"
        cells = (
            escape(key),
            f"{found.answers:,}",
            f"{usage.input:,}",
            f"{usage.output:,}",
            f"{usage.cache_read:,}",
            f"{usage.cache_write:,}",
            f"${usage.cost.total:,.4f}",
        )
        spending += f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
    titles = ("Model", "Answers", "Input", "Output", "Cache read", "Cache write", "Cost")
    head = "".join(f"<th>{title}</th>" for title in titles)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{spending}</tbody></table>"
    costs = f"<details><summary>Cost: ${counts.usage.cost.total:,.4f}</summary>{table}</details>"
    return (
        f'<section id="about"><h1>{escape(name)}</h1><dl>{rows}</dl>'
        f"{costs if spending else ''}</section>"
    )


def _article(index: int, timestamp: str, shown: Shown, label: str, active: bool) -> str:
    kind = shown.kind if active else f"{shown.kind} off"
    who = f'<span class="who">{escape(shown.who)}</span>' if shown.who else ""
    mark = f'<span class="label">{escape(label)}</span>' if label else ""
    time = escape(timestamp.replace("T", " ")[:19])
    head = f'<header>{who}{mark}<a class="time" href="#e{index}">{time}</a></header>'
    return f'<article class="{kind}" id="e{index}">{head}{shown.body}</article>\n'


def _tree(log: SessionLog, rows: dict[int, _Row], active: set[int]) -> Iterator[str]:
    """The rows of the tree. A branch is indented only where there is another one."""
    yield (
        '<nav id="side"><div id="tools">'
        '<input type="search" id="query" placeholder="Search  ( / )" autocomplete="off">'
        '<span id="found"></span>'
        '<button id="open" title="Open or close all details">± details</button>'
        '<button id="quiet" title="Show or hide tool calls">tools</button>'
        '<button id="theme" title="Light, dark, or as the system">◐</button>'
        '</div><ol id="tree">'
    )
    roots = log.tree.children(None)
    todo = [(child, 0, len(roots) > 1) for child in reversed(roots)]
    while todo:
        node, depth, fork = todo.pop()
        row = rows.get(node.index)
        if row is not None:
            kind = row.kind + (" on" if node.index in active else "") + (" fork" if fork else "")
            yield (
                f'<li class="{kind} d{min(depth, _DEEPEST)}">'
                f'<a href="#e{node.index}">{escape(row.title)}</a></li>\n'
            )
            fork = False
        children = log.tree.children(node)
        forks = len(children) > 1
        todo += [(child, depth + forks, forks or fork) for child in reversed(children)]
    yield "</ol></nav>\n"
