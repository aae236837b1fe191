"""The state of a session: a fold of its log from the leaf back to the root.

There are no setters: `add` takes the next entry of the path, `fold` all of a path. Only entries
that the model is told are read from the file; what a compaction replaced stays unread. Name and
labels belong to the whole file and are carried along.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import UNSET, Struct

from pi.ai.messages import AssistantMessage, Message, ToolResultMessage, UserMessage
from pi.coding.session.context import edited, message_of, to_llm
from pi.coding.session.entries import (
    AgentMessage,
    Compaction,
    ContextEdit,
    Entry,
    Label,
    MessageEntry,
    ModelChange,
    SessionInfo,
    SystemMessage,
    ThinkingLevelChange,
)
from pi.coding.session.scan import Node

__all__ = ["Item", "Load", "State", "Titles", "fold", "refold"]

Load = Callable[[Sequence[Node]], Sequence[Entry]]
"""Reads entries."""

_SPOKEN = frozenset({"message", "custom_message", "branch_summary"})
_CHANGING = frozenset({"compaction", "context_edit"})
_CHOICES = frozenset({"model_change", "thinking_level_change"})


class Titles(Struct):
    """What was said about the session as a whole: its name, and labels by entry id."""

    name: str | None = None
    labels: dict[str, str] = {}
    label_times: dict[str, str] = {}

    def add(self, entry: Entry, timestamp: str) -> None:
        """Take a `SessionInfo` or a `Label`, in file order."""
        if isinstance(entry, SessionInfo):
            self.name = entry.name.strip() or None if isinstance(entry.name, str) else None
        elif isinstance(entry, Label):
            if isinstance(entry.label, str) and entry.label:
                self.labels[entry.target_id] = entry.label
                self.label_times[entry.target_id] = timestamp
            else:
                self.labels.pop(entry.target_id, None)
                self.label_times.pop(entry.target_id, None)


class Item(Struct, frozen=True, gc=False):
    """A message of the conversation and the entry it comes from."""

    node: Node
    message: AgentMessage


class State:
    """What holds at the leaf.

    model: provider and model id, or None if none was chosen. thinking_level: the same.
    compaction: the one that counts, if there was one. items: the conversation since then, before
    context edits. All are for reading only.
    """

    def __init__(self, titles: Titles) -> None:
        self.model: tuple[str, str] | None = None
        self.thinking_level: str | None = None
        self.compaction: Compaction | None = None
        self.items: list[Item] = []
        self._titles = titles
        self._model_chosen = False
        self._edits: dict[str, Any] = {}
        self._llm: list[Message] | None = []

    @property
    def messages(self) -> tuple[Message, ...]:
        """The conversation as the model is told it."""
        if self._llm is None:
            self._llm = []
            for item in self.items:
                self._tell(item)
        return tuple(self._llm)

    def tell_later(self) -> None:
        """Make up what the model is told when somebody asks: a look at a branch needs it not."""
        self._llm = None

    @property
    def transcript(self) -> tuple[AgentMessage, ...]:
        """The conversation with its summaries, shell commands and custom messages as such."""
        return tuple(item.message for item in self.items)

    @property
    def projection(self) -> tuple[Item, ...]:
        """The items after context edits: with the new content, without those that are left out."""
        if not self._edits:
            return tuple(self.items)
        found: list[Item] = []
        for item in self.items:
            if item.node.id in self._edits:
                message = edited(item.message, self._edits[item.node.id])
                if message is None:
                    continue
                item = Item(item.node, message)
            found.append(item)
        return tuple(found)

    @property
    def name(self) -> str | None:
        """The session's name."""
        return self._titles.name

    @property
    def labels(self) -> dict[str, str]:
        """Entry id to label."""
        return self._titles.labels

    @property
    def label_times(self) -> dict[str, str]:
        """Entry id to the time at which its label was put there (ISO)."""
        return self._titles.label_times

    @property
    def edited(self) -> bool:
        """Whether a context edit changes what the model is told."""
        return bool(self._edits)

    def add(self, node: Node, entry: Entry) -> None:
        """Take the entry after the leaf. A compaction needs `fold` instead."""
        match entry:
            case ModelChange():
                self.choose(entry)
            case ThinkingLevelChange(level):
                self.thinking_level = level
            case ContextEdit(target, replacement):
                self._edits[target] = replacement
                self._llm = None
            case _:
                message = message_of(entry, node.timestamp)
                if message is None:
                    return
                if isinstance(message, AssistantMessage):
                    self.answered_by(message)
                item = Item(node, message)
                self.items.append(item)
                if self._llm is not None:
                    self._tell(item)

    def choose(self, change: ModelChange) -> None:
        """Go on with another model, whichever one may still be answering."""
        self.model = (change.provider, change.model_id)
        self._model_chosen = True

    def answered_by(self, message: AssistantMessage) -> None:
        """The model of an answer counts in a session in which none was ever chosen."""
        if message.model and not self._model_chosen:
            self.model = (message.provider, message.model)

    def _tell(self, item: Item) -> None:
        assert self._llm is not None
        message: AgentMessage | None = item.message
        if item.node.id in self._edits:
            message = edited(item.message, self._edits[item.node.id])
        told = None if message is None else to_llm(message)
        if told is not None:
            self._llm.append(told)


def fold(path: Sequence[Node], load: Load, titles: Titles) -> State:
    """The state at the end of `path`, whose first entry is the root."""
    last = next((i for i in reversed(range(len(path))) if path[i].type == "compaction"), None)
    state = State(titles)
    state.tell_later()
    if last is None:
        _add_all(state, path, load, _SPOKEN)
    else:
        checkpoint = load([path[last]])[0]
        kept = path[_first_kept(path, last, checkpoint) : last]
        if isinstance(checkpoint, Compaction):
            state.compaction = checkpoint
            state.add(path[last], checkpoint)
        _add_all(state, kept, load, _SPOKEN, system=False)
        _add_all(state, path[last + 1 :], load, _SPOKEN)
    _find_choices(state, path, load)
    return state


def refold(
    state: State, before: Sequence[Node], path: Sequence[Node], load: Load, titles: Titles
) -> State:
    """The state at the end of `path`, with what it shares with `state`, which is that of `before`.

    Compactions and edits change what came before them; with one of them, all is folded anew.
    """
    shared = _shared(before, path)
    rest = path[shared:]
    if state.compaction is not None or state.edited or any(n.type in _CHANGING for n in rest):
        return fold(path, load, titles)
    left = {node.index for node in before[shared:]}
    count = len(state.items)
    while count and state.items[count - 1].node.index in left:
        count -= 1
    new = State(titles)
    new.tell_later()
    new.items = state.items[:count]
    _add_all(new, rest, load, _SPOKEN)
    _find_choices(new, path, load)
    return new


def _shared(before: Sequence[Node], path: Sequence[Node]) -> int:
    """How many entries two paths have in common; where they differ once, they differ on."""
    common = range(min(len(before), len(path)))
    return bisect_left(common, True, key=lambda at: before[at] is not path[at])


def _add_all(
    state: State, nodes: Sequence[Node], load: Load, types: frozenset[str], *, system: bool = True
) -> None:
    wanted = [node for node in nodes if node.type in types or node.type == "context_edit"]
    items, kinds = state.items, (UserMessage, ToolResultMessage, AssistantMessage)
    for node, entry in zip(wanted, load(wanted), strict=True):
        if type(entry) is MessageEntry and isinstance(entry.message, kinds):  # most of a session
            items.append(Item(node, entry.message))
        elif system or not _is_system(entry):
            state.add(node, entry)


def _is_system(entry: Entry) -> bool:
    return isinstance(entry, MessageEntry) and isinstance(entry.message, SystemMessage)


def _first_kept(path: Sequence[Node], last: int, checkpoint: Entry) -> int:
    """Where the entries that a compaction kept begin on the path.

    Where the file was damaged, the path begins after the damage; what was kept before it is lost,
    and all of the rest was kept.
    """
    if not isinstance(checkpoint, Compaction):
        return 0  # unreadable: nothing was replaced
    index = checkpoint.first_kept_entry_index
    wanted = checkpoint.first_kept_entry_id
    if not wanted and index is not UNSET:
        return min(max(index - 1, 0), last)  # version 1 counted the header too
    if wanted == path[last].id:
        return last
    for position in reversed(range(last)):
        if path[position].id == wanted:
            return position
    cut_off = bool(path) and path[0].parent_id is not None
    return 0 if cut_off else last


def _find_choices(state: State, path: Sequence[Node], load: Load) -> None:
    """Model and thinking level, which count from before a compaction too."""
    model: ModelChange | None = None
    for node in reversed(path):
        if node.type not in _CHOICES:
            continue
        entry = load([node])[0]
        if isinstance(entry, ThinkingLevelChange) and state.thinking_level is None:
            state.thinking_level = entry.thinking_level
        elif isinstance(entry, ModelChange) and model is None:
            model = entry
            state.choose(entry)
        if model is not None and state.thinking_level is not None:
            return
    if model is not None:
        return
    for node in reversed(path):
        if node.type == "message":
            entry = load([node])[0]
            message = entry.message if isinstance(entry, MessageEntry) else None
            if isinstance(message, AssistantMessage) and message.model:
                state.answered_by(message)
                return
