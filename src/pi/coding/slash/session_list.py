"""Sessions as rows of a list: in order of use, or replies under what they answer to."""

import time
from collections.abc import Sequence
from pathlib import Path

from pi.coding.api.picking import Choice
from pi.coding.api.setup import SessionRow
from pi.coding.slash.words import age, first_line

__all__ = ["rows", "threaded"]


def rows(
    sessions: Sequence[SessionRow], *, threads: bool, folders: bool, said: str
) -> tuple[Choice, ...]:
    """Sessions as choices. folders: with their folders. said: all of them were found by that."""
    now = time.time()
    order = threaded(sessions) if threads else [(row, 0) for row in sessions]
    gone = {row.cwd for row in sessions if row.cwd and not Path(row.cwd).is_dir()}
    return tuple(
        _choice(row, depth, now, folders=folders, gone=row.cwd in gone, said=said)
        for row, depth in order
    )


def threaded(sessions: Sequence[SessionRow]) -> list[tuple[SessionRow, int]]:
    """Each session with its depth: what was forked stands under what it was forked from."""
    known = {row.path: row for row in sessions}
    replies: dict[str, list[SessionRow]] = {}
    roots: list[SessionRow] = []
    for row in sessions:
        parent = row.parent_session or ""
        if parent in known and parent != row.path:
            replies.setdefault(parent, []).append(row)
        else:
            roots.append(row)
    found: list[tuple[SessionRow, int]] = []
    seen: set[str] = set()
    todo = [(row, 0) for row in reversed(roots)]
    while todo:
        row, depth = todo.pop()
        if row.path not in seen:
            seen.add(row.path)
            found.append((row, depth))
            todo += [(reply, depth + 1) for reply in reversed(replies.get(row.path, []))]
    return found + [(row, 0) for row in sessions if row.path not in seen]  # forked in a circle


def _choice(
    row: SessionRow, depth: int, now: float, *, folders: bool, gone: bool, said: str
) -> Choice:
    messages = f"{row.message_count} msg"
    cells = (age(row.modified, now), messages)
    return Choice(
        key=row.path,
        label=first_line(row.title, 200) or "(nothing was said)",
        cells=(*cells, Path(row.cwd).name or row.cwd) if folders else cells,
        detail=f"{row.cwd}{', which is gone' if gone else ''}\n{Path(row.path).name}",
        mark="✓" if row.current else "•" if row.name else "",
        depth=depth,
        search=f"{row.id} {said} {row.cwd if folders else ''}",
    )
