"""A session: an append-only log on disk, and the state that follows from it.

What was accepted is in the file before anybody acts on it: an append that fails raises, and the
entry is not part of the session. Nothing is ever rewritten; a file of version 1, whose entries have
no ids, is upgraded into a new file beside a copy of the old one when the session goes on.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path

import msgspec
from msgspec import UNSET

from pi.ai.messages import AssistantMessage, UserMessage
from pi.coding.session.entries import (
    LEAF,
    VERSION,
    AgentMessage,
    BranchSummary,
    Compaction,
    Custom,
    Entry,
    Header,
    Label,
    MessageEntry,
    ModelChange,
    SessionInfo,
    ThinkingLevelChange,
    clean,
    encode_line,
    entry_type,
    without_surrogates,
)
from pi.coding.session.errors import SessionError
from pi.coding.session.lenient import decode_entry
from pi.coding.session.names import (
    check_session_id,
    file_name,
    iso_time,
    new_entry_id,
    new_session_id,
)
from pi.coding.session.scan import Node, Scan
from pi.coding.session.state import State, Titles, refold
from pi.coding.session.storage import FileStorage, MemoryStorage
from pi.coding.session.tree import Tree
from pi.coding.session.upgrade import upgrade_file

__all__ = ["SessionLog"]

_TITLES = frozenset({"session_info", "label"})


class SessionLog:
    """One session. `state` is what holds at `leaf`, the entry that the next one follows.

    header: the first line. notes: what was wrong with the file and what became of it, for people.
    mask: takes secrets out of every line that is added, and so out of the conversation.
    on_append: hears of every entry that is added here, once it is part of the session.
    Two programs may append to one file; each goes on from its own leaf.
    """

    def __init__(self, storage: MemoryStorage, scan: Scan, header: Header) -> None:
        """Use `create`, `open` or `memory`."""
        self.header = header
        self.tree = Tree(scan.nodes)
        self.notes = [*scan.notes(), *self.tree.settle()]
        self.leaf: Node | None = None
        self.mask: Callable[[bytes], bytes] | None = None
        self.on_append: Callable[[Entry], None] | None = None
        self._storage = storage
        self._titles = Titles()
        titles = [node for node in self.tree.nodes if node.type in _TITLES]
        for node, entry in zip(titles, self._load(titles), strict=True):
            self._titles.add(entry, node.timestamp)
        self._branch: list[Node] = []
        self.state = State(self._titles)
        self._stand_at(self._last_leaf())

    # -- making ------------------------------------------------------------------------------------

    @staticmethod
    def create(
        folder: Path | str,
        cwd: Path | str,
        *,
        session_id: str | None = None,
        parent: Path | None = None,
        path: Path | None = None,
    ) -> "SessionLog":
        """A new session in `folder`, or in the file `path`. The file comes with the first prompt.

        parent: the session that this one is forked from.
        """
        header = _new_header(cwd, session_id, parent)
        path = path or Path(folder) / file_name(header.timestamp, header.id)
        return _begin(FileStorage(path), header)

    @staticmethod
    def memory(cwd: Path | str, *, session_id: str | None = None) -> "SessionLog":
        """A session that is kept nowhere."""
        return _begin(MemoryStorage(), _new_header(cwd, session_id, None))

    @staticmethod
    def open(path: Path | str, *, cwd: Path | str = "") -> "SessionLog":
        """Read a session, however damaged. An empty file becomes a new session of `cwd`.

        Raises `SessionError`, and leaves the file alone, if it is no session.
        """
        path = Path(path)
        scan = Scan()
        try:
            with path.open("rb", buffering=1 << 20) as file:
                scan.feed(file)
        except OSError as error:
            raise SessionError(
                f"session {path} cannot be read: {error.strerror or error}"
            ) from error
        if scan.end == 0:
            return SessionLog.create(path.parent, cwd or Path.cwd(), path=path)
        if not scan.is_session:
            raise SessionError(f"{path} is no session file; it was left alone")
        header, lost = scan.header, scan.header is None
        if header is None:
            header = _made_up_header(path, scan, cwd)
        storage = FileStorage(path, exists=True, end=scan.end, complete=scan.complete)
        log = SessionLog(storage, scan, header)
        if lost:
            log.notes.insert(0, "the first line with the session's id and folder is lost")
        return log

    # -- reading -----------------------------------------------------------------------------------

    @property
    def path(self) -> Path | None:
        """The file, which need not exist yet; None for a session in memory."""
        return self._storage.path if isinstance(self._storage, FileStorage) else None

    @property
    def on_disk(self) -> bool:
        """Whether the file exists."""
        return self._storage.pending is None

    @property
    def branch(self) -> Sequence[Node]:
        """The entries from the root to the leaf. For reading only."""
        return self._branch

    def entry(self, node: Node) -> Entry:
        """What an entry says."""
        return self._load([node])[0]

    def entries(self, nodes: Iterable[Node] | None = None) -> Iterator[tuple[Node, Entry]]:
        """Entries and their places: those of the branch, or `nodes`."""
        nodes = list(self._branch if nodes is None else nodes)
        return zip(nodes, self._load(nodes), strict=True)

    def raw(self, nodes: Iterable[Node]) -> Iterator[bytes]:
        """The lines of entries, as they are in the file, without newline."""
        return self._storage.read((node.start, node.size) for node in nodes)

    # -- appending ---------------------------------------------------------------------------------

    def append(self, entry: Entry) -> Node:
        """Add an entry after the leaf and go there. Raises `SessionError`: then nothing changed."""
        return self._append(entry, self.leaf)

    def append_message(self, message: AgentMessage) -> Node:
        """Add a message. A prompt is safe on the disk when this returns."""
        return self._append(MessageEntry(message), self.leaf)

    def append_model_change(self, provider: str, model_id: str) -> None:
        """Choose the model for what follows, unless it is chosen already."""
        if self.state.model != (provider, model_id):
            self.append(ModelChange(provider, model_id))

    def append_thinking_level(self, level: str) -> None:
        """Choose the thinking level for what follows, unless it is chosen already."""
        if self.state.thinking_level != level:
            self.append(ThinkingLevelChange(level))

    def append_name(self, name: str) -> None:
        """Name the session; an empty name takes it away."""
        self.append(SessionInfo(" ".join(name.split())))

    def append_label(self, target_id: str, label: str) -> None:
        """Put a bookmark on an entry; an empty label takes it away."""
        label = " ".join(label.split())
        self.append(Label(target_id, label or UNSET))

    def move(self, target_id: str | None) -> None:
        """Go on after another entry, or before all of them. Kept in the file."""
        target = self._find(target_id)
        if target is not self.leaf:
            self._append(Custom(LEAF), target)
            self._stand_at(target)

    def move_with_summary(self, target_id: str | None, summary: BranchSummary) -> Node:
        """Go on after another entry, with a summary of the branch that is left."""
        left = self.leaf.id if self.leaf else "root"
        summary = msgspec.structs.replace(summary, from_id=left)
        target = self._find(target_id)
        node = self._append(summary, target)
        self._stand_at(node)
        return node

    def work_in(self, folder: Path) -> None:
        """Take another folder for the session's, as long as it is open. The file keeps its own."""
        cwd = without_surrogates(str(folder))
        self.header = msgspec.structs.replace(self.header, cwd=cwd)

    def publish(self) -> None:
        """Make the file now, although nothing was said yet."""
        if isinstance(self._storage, FileStorage):
            self._storage.publish()

    # -- inside ------------------------------------------------------------------------------------

    def _append(self, entry: Entry, parent: Node | None) -> Node:
        if self.header.version < 2 and self.on_disk and self.tree.nodes:
            self._upgrade()
        entry_id = new_entry_id(self.tree.by_id)
        if isinstance(entry, Compaction) and not entry.first_kept_entry_id:
            entry = msgspec.structs.replace(entry, first_kept_entry_id=entry_id)
        parent_id = parent.id if parent else None
        timestamp = iso_time()
        try:
            line = encode_line(entry, entry_id, parent_id, timestamp)
        except UnicodeEncodeError:
            entry = clean(entry)
            line = encode_line(entry, entry_id, parent_id, timestamp)
        if self.mask is not None:
            masked = self.mask(line)
            if masked != line:
                line, entry = masked, decode_entry(masked, entry_type(entry))[0]
        start = self._write(line + b"\n", entry)
        node = Node(entry_type(entry), entry_id, parent_id, timestamp, start, len(line))
        node.entry = entry
        self.tree.add(node, parent)
        self._titles.add(entry, timestamp)
        if parent is self.leaf:
            self._go_on(node, entry)
        if self.on_append is not None:
            self.on_append(entry)
        return node

    def _write(self, line: bytes, entry: Entry) -> int:
        """Write a line, and learn what others wrote meanwhile. The offset of the line."""
        prompt = isinstance(entry, MessageEntry) and isinstance(entry.message, UserMessage)
        spoken = prompt or (
            isinstance(entry, MessageEntry) and isinstance(entry.message, AssistantMessage)
        )
        storage = self._storage
        before = storage.end
        start, foreign = storage.append(line, sync=prompt)
        if spoken and isinstance(storage, FileStorage) and storage.pending is not None:
            try:
                storage.publish()
            except SessionError:
                storage.withdraw(before)
                raise
        if foreign:
            self._take_foreign(Scan(before, self.header).feed(BytesIO(foreign)).nodes)
        return start

    def _take_foreign(self, nodes: Sequence[Node]) -> None:
        """Know the entries of another program, which are no part of this branch."""
        for node in nodes:
            self.tree.add(node)
            if node.type in _TITLES:
                self._titles.add(self.entry(node), node.timestamp)
        if nodes:
            self._note("another program is writing to this session too")

    def _upgrade(self) -> None:
        """Give the entries of a file of version 1 their ids, so that others can follow them."""
        assert isinstance(self._storage, FileStorage)
        self.header = msgspec.structs.replace(self.header, version=VERSION)
        nodes = self.tree.nodes
        spans, end = upgrade_file(self._storage.path, self.header, nodes, self.raw(nodes))
        for node, (start, size) in zip(nodes, spans, strict=True):
            node.start, node.size = start, size
        self._storage.end, self._storage.complete = end, True

    def _go_on(self, node: Node, entry: Entry) -> None:
        if isinstance(entry, Compaction):
            self._stand_at(node)
        else:
            self._branch.append(node)
            self.leaf = node
            self.state.add(node, entry)

    def _stand_at(self, leaf: Node | None) -> None:
        before, path = self._branch, self.tree.path(leaf)
        self.state = refold(self.state, before, path, self._load, self._titles)
        self.leaf, self._branch = leaf, path
        if self.state.compaction is not None and self.on_disk:
            shown = {item.node.index for item in self.state.items}
            for node in self._branch:
                if node.index not in shown:
                    node.entry = None  # can be read again; need not stay in memory

    def _last_leaf(self) -> Node | None:
        node = self.tree.nodes[-1] if self.tree.nodes else None
        if node is not None and node.type == "custom":
            entry = self.entry(node)
            if isinstance(entry, Custom) and entry.custom_type == LEAF:
                return self.tree.parent(node)
        return node

    def _find(self, entry_id: str | None) -> Node | None:
        if entry_id is None:
            return None
        node = self.tree.get(entry_id)
        if node is None:
            raise SessionError(f"there is no entry {entry_id!r} in this session")
        return node

    def _load(self, nodes: Sequence[Node]) -> list[Entry]:
        missing = [node for node in nodes if node.entry is None]
        for node, line in zip(missing, self.raw(missing) if missing else (), strict=True):
            node.entry, exact = decode_entry(line, node.type)
            if not exact:
                self._note(f"entry {node.id} ({node.type}) can only be read in part")
        return [node.entry for node in nodes]

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def _new_header(cwd: Path | str, session_id: str | None, parent: Path | None) -> Header:
    session_id = new_session_id() if session_id is None else check_session_id(session_id)
    return Header(
        VERSION,
        session_id,
        iso_time(),
        without_surrogates(os.path.abspath(cwd)),  # noqa: PTH100 (keeps symbolic links)
        UNSET if parent is None else without_surrogates(str(parent)),
    )


def _begin(storage: MemoryStorage, header: Header) -> SessionLog:
    storage.append(msgspec.json.encode(header) + b"\n")
    return SessionLog(storage, Scan(), header)


def _made_up_header(path: Path, scan: Scan, cwd: Path | str) -> Header:
    session_id = path.stem.rpartition("_")[2] or new_session_id()
    timestamp = next((node.timestamp for node in scan.nodes), "")
    return Header(VERSION, session_id, timestamp, str(cwd or Path.cwd()))
