"""The entries of a session as JSON: its own lines, flat or nested.

A line is given as it stands in the file, so fields that nobody here knows are kept; only bytes that
are no UTF-8 are replaced, and entries of version 1 get the ids that they have in memory.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from pi.coding.session.lenient import parse_loosely
from pi.coding.session.log import SessionLog
from pi.coding.session.scan import Node
from pi.coding.session.upgrade import upgraded

__all__ = ["lines", "tree_json"]


def lines(log: SessionLog, nodes: Sequence[Node]) -> Iterator[bytes]:
    """The lines of these entries, each valid JSON."""
    for node, line in zip(nodes, log.raw(nodes), strict=True):
        if log.header.version < 2 and log.on_disk:
            yield upgraded(line, log.tree.nodes, node.index)
        elif line.isascii() or _is_utf8(line):
            yield line
        else:
            yield msgspec.json.encode(parse_loosely(line))


def tree_json(log: SessionLog) -> bytes:
    """All entries as an array of roots: `{entry, children, label?, labelTimestamp?}` each.

    Made without recursion: a session is as deep as it is long.
    """
    texts = list(lines(log, log.tree.nodes))
    labels = _labels(log)
    parts: list[bytes] = []
    # what is still to be written: nodes, and texts that close what was opened
    todo: list[Node | bytes] = [b"]"]
    _push(todo, log.tree.children(None))
    parts.append(b"[")
    while todo:
        item = todo.pop()
        if isinstance(item, bytes):
            parts.append(item)
            continue
        parts += (b'{"entry":', texts[item.index], b',"children":[')
        todo.append(b"]" + labels.get(item.id, b"") + b"}")
        _push(todo, log.tree.children(item))
    return b"".join(parts)


def _push(todo: list[Node | bytes], children: Iterable[Node]) -> None:
    """Put siblings on the stack, with commas between them, so that the first comes off first."""
    for position, child in enumerate(reversed(list(children))):
        if position:
            todo.append(b",")
        todo.append(child)


def _labels(log: SessionLog) -> dict[str, bytes]:
    """What is written of the labels, by entry id."""
    times = log.state.label_times
    return {
        target: b"," + msgspec.json.encode({"label": label, "labelTimestamp": times[target]})[1:-1]
        for target, label in log.state.labels.items()
    }


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
