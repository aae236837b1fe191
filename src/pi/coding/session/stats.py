"""Numbers about a session: what was said, and what it cost by model.

They are those of the whole file, all branches: what was paid for stays paid when its branch is
left. Usage is summed as it was recorded, never priced again.
"""

from typing import Any

import msgspec
from msgspec import Struct

from pi.ai.messages import AssistantMessage, Usage
from pi.coding.session.entries import CompactionSummaryMessage, MessageEntry
from pi.coding.session.lenient import decode_entry
from pi.coding.session.log import SessionLog
from pi.coding.session.state import State
from pi.coding.session.usage import add_usage

__all__ = ["Counts", "Spending", "count", "is_counted"]

_COUNTED = frozenset({"message", "compaction", "branch_summary", "usage"})


class Spending(Struct):
    """What one model has used; an empty `model` stands for work whose model is not recorded."""

    provider: str
    model: str
    answers: int = 0
    usage: Usage = Usage()


class Counts(Struct):
    """Numbers about a whole session."""

    user: int = 0
    assistant: int = 0
    tool_calls: int = 0
    tool_results: int = 0
    messages: int = 0
    usage: Usage = Usage()
    models: dict[tuple[str, str], Spending] = {}


class _Block(Struct):
    type: Any = None


class _Said(Struct):
    role: Any = None
    content: list[_Block] | str | None = None
    provider: str = ""
    model: str = ""
    usage: Usage | None = None


class _Line(Struct):
    message: _Said | None = None
    provider: str = ""
    model: str = ""
    usage: Usage | None = None


_decode = msgspec.json.Decoder(_Line).decode


def count(log: SessionLog) -> Counts:
    """The numbers of all entries. Reads the whole file: about 2 ms for each MB."""
    counts = Counts()
    nodes = [node for node in log.tree.nodes if node.type in _COUNTED]
    for node, line in zip(nodes, log.raw(nodes), strict=True):
        try:
            found = _decode(line)
        except (ValueError, RecursionError):
            found = _loosely(line, node.type)
        if found.message is not None:
            _add_message(counts, found.message)
        if found.usage is not None:
            _spend(counts, found.provider, found.model, found.usage)
    return counts


def is_counted(state: State) -> bool:
    """Whether a service has counted the conversation as it is now, or nothing was compacted yet."""
    boundary = max(
        (i.node.index for i in state.items if isinstance(i.message, CompactionSummaryMessage)),
        default=-1,
    )
    return boundary < 0 or any(
        item.node.index > boundary
        and isinstance(item.message, AssistantMessage)
        and item.message.stop_reason not in ("error", "aborted")
        and item.message.usage.output > 0
        for item in state.items
    )


def _add_message(counts: Counts, said: _Said) -> None:
    counts.messages += 1
    counts.user += said.role == "user"
    counts.tool_results += said.role == "toolResult"
    if said.role == "assistant":
        counts.assistant += 1
        counts.tool_calls += sum(
            block.type == "toolCall" for block in said.content or () if isinstance(block, _Block)
        )
    if said.usage is not None:
        answer = said.role == "assistant"
        _spend(counts, said.provider, said.model, said.usage, answers=int(answer))


def _spend(counts: Counts, provider: str, model: str, usage: Usage, *, answers: int = 0) -> None:
    counts.usage = add_usage(counts.usage, usage)
    key = (provider, model)
    spending = counts.models.setdefault(key, Spending(provider, model))
    spending.answers += answers
    spending.usage = add_usage(spending.usage, usage)


def _loosely(line: bytes, type_name: str) -> _Line:
    entry = decode_entry(line, type_name)[0]
    if not isinstance(entry, MessageEntry):
        usage = getattr(entry, "usage", None)
        return _Line(
            None,
            getattr(entry, "provider", ""),
            getattr(entry, "model", ""),
            usage if isinstance(usage, Usage) else None,
        )
    message = entry.message
    if not isinstance(message, AssistantMessage):
        return _Line(_Said(type(message).__struct_config__.tag))
    blocks = [_Block("toolCall") for _ in message.tool_calls]
    return _Line(_Said("assistant", blocks, message.provider, message.model, message.usage))
