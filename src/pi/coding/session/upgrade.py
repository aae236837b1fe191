"""Files of version 1, whose entries are a plain sequence without ids.

They are read as they are. Only when such a session goes on is it written anew, with an id and a
parent for each entry, and the old file is kept beside it. Version 2 differs from 3 by the name of
one role, which is read under both names, so it needs no upgrade.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from pi.coding.session.entries import Header
from pi.coding.session.lenient import parse_loosely
from pi.coding.session.scan import Node
from pi.coding.session.storage import publish

__all__ = ["placed", "upgrade_file", "upgraded"]

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])


def placed(line: bytes, node: Node, parent_id: str | None, **changes: Any) -> bytes:
    """The line with the id of `node`, that parent and other changed fields, all else as it was."""
    try:
        data: dict[str, Any] = dict(_fields.decode(line))
    except (ValueError, RecursionError):
        data = parse_loosely(line)
    place = {"type": node.type, "id": node.id, "parentId": parent_id, "timestamp": node.timestamp}
    rest = {key: value for key, value in data.items() if key not in place}
    return msgspec.json.encode(place | rest | changes)


def upgraded(line: bytes, nodes: Sequence[Node], position: int) -> bytes:
    """The line of the entry at `position` among all `nodes` of a file of version 1."""
    node = nodes[position]
    changes: dict[str, Any] = {}
    if node.type == "compaction":
        index = parse_loosely(line).get("firstKeptEntryIndex")
        if isinstance(index, int) and 0 < index <= len(nodes):
            changes["firstKeptEntryId"] = nodes[index - 1].id  # the header was entry 0
    return placed(line, node, nodes[position - 1].id if position else None, **changes)


def upgrade_file(
    path: Path, header: Header, nodes: Sequence[Node], lines: Iterable[bytes]
) -> tuple[list[tuple[int, int]], int]:
    """Write `path` anew with ids. Gives offset and size of each entry, and the file's length."""
    parts = [msgspec.json.encode(header) + b"\n"]
    spans: list[tuple[int, int]] = []
    end = len(parts[0])
    for position, line in enumerate(lines):
        parts.append(upgraded(line, nodes, position) + b"\n")
        spans.append((end, len(parts[-1]) - 1))
        end += len(parts[-1])
    _keep(path)
    publish(path, parts, replace=True)
    return spans, end


def _keep(path: Path) -> None:
    copy = path.with_name(path.name + ".v1")
    if copy.exists():
        return
    try:
        os.link(path, copy)
    except OSError:  # a file system without links
        from shutil import copy2

        copy2(path, copy)
