"""The tree of a session: which entry follows which.

Parents are looked up among the earlier entries first, so entries with the same id are told apart.
An entry whose parent is missing is a root, and so is one of every circle; hence each entry has a
path, and walking it costs no more than it is long.
"""

from collections.abc import Iterable

from pi.coding.session.scan import Node

__all__ = ["Tree"]


class Tree:
    """Entries in file order, and how they hang together. Indexes refer to `nodes`."""

    def __init__(self, nodes: Iterable[Node] = ()) -> None:
        self.nodes: list[Node] = []
        self.by_id: dict[str, int] = {}
        self._children: dict[int, list[int]] | None = None
        self._waiting: list[int] = []
        for node in nodes:
            self.add(node)

    def add(self, node: Node, parent: Node | None = None) -> Node:
        """Put an entry after all others. Its parent is found by its id unless it is given."""
        node.index = len(self.nodes)
        node.parent = -1
        if parent is not None:
            node.parent = parent.index
        elif node.parent_id is not None:
            node.parent = self.by_id.get(node.parent_id, -1)
            if node.parent < 0:
                self._waiting.append(node.index)
        self.nodes.append(node)
        self.by_id[node.id] = node.index
        if self._children is not None:
            self._children.setdefault(node.parent, []).append(node.index)
        return node

    def settle(self) -> list[str]:
        """Find the parents that come later in the file; what was wrong, in words.

        To be called when a whole file was added.
        """
        waiting, self._waiting = self._waiting, []
        orphans = 0
        for index in waiting:
            node = self.nodes[index]
            node.parent = self.by_id.get(node.parent_id or "", -1)
            orphans += node.parent < 0
        circles = self._break_circles() if orphans < len(waiting) else 0
        self._children = None
        notes: list[str] = []
        if orphans:
            notes.append(f"{_entries(orphans)} without their parent became roots")
        if circles:
            notes.append(f"{_entries(circles)} that followed themselves became roots")
        return notes

    def get(self, entry_id: str) -> Node | None:
        """The entry of that id; of several, the last."""
        index = self.by_id.get(entry_id)
        return None if index is None else self.nodes[index]

    def parent(self, node: Node) -> Node | None:
        """The entry that `node` follows."""
        return self.nodes[node.parent] if node.parent >= 0 else None

    def path(self, leaf: Node | None) -> list[Node]:
        """The entries from the root to `leaf`, which is included."""
        all_nodes, path = self.nodes, [] if leaf is None else [leaf]
        at = -1 if leaf is None else leaf.parent
        while at >= 0:
            node = all_nodes[at]
            path.append(node)
            at = node.parent
        path.reverse()
        return path

    def children(self, node: Node | None) -> list[Node]:
        """The entries that follow `node`, oldest first; the roots for None."""
        if self._children is None:
            self._children = {}
            for child in self.nodes:
                self._children.setdefault(child.parent, []).append(child.index)
        return [self.nodes[i] for i in self._children.get(-1 if node is None else node.index, ())]

    def _break_circles(self) -> int:
        seen = bytearray(len(self.nodes))  # 1: on the way up from here, 2: known to end
        broken = 0
        for start in self.nodes:
            way: list[Node] = []
            node: Node | None = start
            while node is not None and not seen[node.index]:
                seen[node.index] = 1
                way.append(node)
                node = self.parent(node)
            if node is not None and seen[node.index] == 1:
                node.parent = -1
                broken += 1
            for node in way:
                seen[node.index] = 2
        return broken


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"
