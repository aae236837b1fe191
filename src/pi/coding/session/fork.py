"""New sessions from old ones: of one branch, of a whole file, or brought in from elsewhere.

The entries keep their lines, ids and order, so a copy means to the model what its source means. A
copy appears complete or not at all, under a name of its own, and its source is only read.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import msgspec

from pi.coding.session.entries import Header, Label, encode_line
from pi.coding.session.errors import SessionError
from pi.coding.session.log import SessionLog
from pi.coding.session.names import file_name, new_entry_id
from pi.coding.session.scan import Node, Scan
from pi.coding.session.storage import MemoryStorage, publish
from pi.coding.session.upgrade import placed, upgraded

__all__ = ["branch_lines", "fork_branch", "fork_file", "import_file"]


def fork_branch(
    log: SessionLog, folder: Path, *, leaf: Node | None, session_id: str | None = None
) -> SessionLog:
    """A new session with the entries from the root to `leaf`; with None, one without entries.

    A copy of a session in memory is in memory too.
    """
    cwd = log.header.cwd
    if log.path is None:
        new = SessionLog.memory(cwd, session_id=session_id)
        lines = branch_lines(log, leaf) if leaf else iter(())
        data = b"".join(_file(new.header, lines))
        return SessionLog(MemoryStorage(data), Scan().feed(BytesIO(data)), new.header)
    new = SessionLog.create(folder, cwd, session_id=session_id, parent=log.path)
    if leaf is None:
        return new
    assert new.path is not None
    publish(new.path, _file(new.header, branch_lines(log, leaf)))
    return SessionLog.open(new.path)


def fork_file(
    source: Path, folder: Path, cwd: Path | str, *, session_id: str | None = None
) -> SessionLog:
    """A new session of `cwd` with all entries of the file `source`, on all branches."""
    log = SessionLog.open(source)
    if not log.tree.nodes:
        raise SessionError(f"session {source} cannot be copied: it has no entries")
    new = SessionLog.create(folder, cwd, session_id=session_id, parent=source)
    assert new.path is not None
    publish(new.path, _file(new.header, _all_lines(log)))
    return SessionLog.open(new.path)


def import_file(source: Path, folder: Path) -> Path:
    """Copy a session into `folder`, under another name if its own is taken. Gives the new path.

    Raises `SessionError` if `source` is no session; then nothing was written.
    """
    log = SessionLog.open(source)
    if not log.tree.nodes:
        raise SessionError(f"session {source} cannot be imported: it has no entries")
    name = source.name if source.suffix == ".jsonl" else source.name + ".jsonl"
    target = folder / name
    if target.exists():
        fresh = SessionLog.create(folder, log.header.cwd).header
        target = folder / file_name(fresh.timestamp, fresh.id)
    with source.open("rb") as file:
        publish(target, iter(lambda: file.read(1 << 20), b""))
    return target


def branch_lines(log: SessionLog, leaf: Node) -> Iterator[bytes]:
    """The lines from the root to `leaf`, then the labels of these entries as they are now."""
    path = log.tree.path(leaf)
    taken = {node.id for node in path}
    shown: dict[str, str] = {}
    parent: Node | None = None
    for node, line in zip(path, log.raw(path), strict=True):
        parent_id = parent.id if parent else None
        if log.header.version < 2:
            yield upgraded(line, log.tree.nodes, node.index)
        else:
            yield line if node.parent_id == parent_id else placed(line, node, parent_id)
        if node.type == "label":
            entry = log.entry(node)
            if isinstance(entry, Label):
                shown[entry.target_id] = entry.label if isinstance(entry.label, str) else ""
        parent = node
    parent_id = path[-1].id
    for target, label in log.state.labels.items():
        if target in taken and shown.get(target) != label:
            label_id = new_entry_id(taken)
            taken.add(label_id)
            yield encode_line(Label(target, label), label_id, parent_id, path[-1].timestamp)
            parent_id = label_id


def _all_lines(log: SessionLog) -> Iterator[bytes]:
    nodes = log.tree.nodes
    for position, line in enumerate(log.raw(nodes)):
        yield line if log.header.version > 1 else upgraded(line, nodes, position)


def _file(header: Header, lines: Iterator[bytes]) -> Iterator[bytes]:
    yield msgspec.json.encode(header) + b"\n"
    for line in lines:
        yield line + b"\n"
