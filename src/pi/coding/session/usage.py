"""What a session has cost: the usage of every entry in the file, on all branches.

Answers, model work inside tools, summaries and usage entries all count; tokens that were paid for
stay paid when their branch is left. Usage is summed as it was recorded, never priced again.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from pi.ai.messages import AssistantMessage, Cost, Usage, UserMessage
from pi.coding.session.entries import Entry, MessageEntry
from pi.coding.session.lenient import decode_entry
from pi.coding.session.log import SessionLog
from pi.coding.session.scan import Node

__all__ = ["Totals", "add_usage", "totals", "usage_of"]

_SPENDING = frozenset({"message", "compaction", "branch_summary", "usage"})


class _Message(Struct):
    role: Any = None
    usage: Usage | None = None


class _Line(Struct):
    message: _Message | None = None
    usage: Usage | None = None


_decode = msgspec.json.Decoder(_Line).decode


class Totals(Struct, frozen=True):
    """Sums over a session: tokens and cost, and how many answers and prompts there were."""

    usage: Usage = Usage()
    answers: int = 0
    prompts: int = 0


def add_usage(one: Usage, other: Usage) -> Usage:
    """The sum of two usages, field by field."""
    return Usage(
        input=one.input + other.input,
        output=one.output + other.output,
        cache_read=one.cache_read + other.cache_read,
        cache_write=one.cache_write + other.cache_write,
        total_tokens=one.total_tokens + other.total_tokens,
        cost=Cost(
            input=one.cost.input + other.cost.input,
            output=one.cost.output + other.cost.output,
            cache_read=one.cost.cache_read + other.cost.cache_read,
            cache_write=one.cost.cache_write + other.cost.cache_write,
            total=one.cost.total + other.cost.total,
        ),
        cache_write_1h=_plus(one.cache_write_1h, other.cache_write_1h),
        reasoning=_plus(one.reasoning, other.reasoning),
    )


def totals(log: SessionLog) -> Totals:
    """What the session has cost so far. Reads the whole file: about 1 ms for each MB."""
    return usage_of(log, log.tree.nodes)


def usage_of(log: SessionLog, nodes: Iterable[Node]) -> Totals:
    """What the entries `nodes` have cost."""
    nodes = [node for node in nodes if node.type in _SPENDING]
    usage, answers, prompts = Usage(), 0, 0
    for node, line in zip(nodes, log.raw(nodes), strict=True):
        role, used = _spent(line, node.type)
        answers += role == "assistant"
        prompts += role == "user"
        for item in used:
            usage = add_usage(usage, item)
    return Totals(usage, answers, prompts)


def _spent(line: bytes, type_name: str) -> tuple[Any, list[Usage]]:
    try:
        found = _decode(line)
    except (ValueError, RecursionError):
        return _spent_loosely(decode_entry(line, type_name)[0])
    message = found.message
    inner = message.usage if message else None
    return message and message.role, [usage for usage in (found.usage, inner) if usage]


def _spent_loosely(entry: Entry) -> tuple[str, list[Usage]]:
    thing: Any = entry.message if isinstance(entry, MessageEntry) else entry
    usage = getattr(thing, "usage", None)
    role = "assistant" if isinstance(thing, AssistantMessage) else ""
    role = "user" if isinstance(thing, UserMessage) else role
    return role, [usage] if isinstance(usage, Usage) else []


def _plus(one: int | msgspec.UnsetType, other: int | msgspec.UnsetType) -> int | msgspec.UnsetType:
    if one is UNSET and other is UNSET:
        return UNSET
    return (0 if one is UNSET else one) + (0 if other is UNSET else other)
