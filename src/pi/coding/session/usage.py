"""What the entries of a session say about what they have used, read without the rest of them.

Answers, model work inside tools, summaries and usage entries all count, each as it was recorded and
never priced again.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from pi.ai.messages import AssistantMessage, Cost, Usage, UserMessage, text_of
from pi.coding.session.entries import Entry, MessageEntry
from pi.coding.session.lenient import decode_entry
from pi.coding.session.log import SessionLog
from pi.coding.session.scan import Node

__all__ = ["Block", "Line", "Said", "add_usage", "usage_in", "used_lines"]

_COUNTED = frozenset({"message", "compaction", "branch_summary", "usage"})


class Block(Struct):
    """A block of a message. `text` stays undecoded: most of a session is text that nobody wants."""

    type: Any = None
    text: msgspec.Raw | UnsetType = UNSET


class Said(Struct):
    """A message."""

    role: Any = None
    content: list[Block] | str | None = None
    provider: str = ""
    model: str = ""
    usage: Usage | None = None
    timestamp: Any = None

    @property
    def text(self) -> str:
        """Its text blocks, as far as they can be read."""
        if not isinstance(self.content, list):
            return self.content or ""
        texts: list[str] = []
        for block in self.content:
            if block.text is not UNSET:
                with suppress(ValueError):
                    texts.append(msgspec.json.decode(block.text, type=str))
        return " ".join(filter(None, texts))


class Line(Struct):
    """An entry: a message, or something else that may have a usage of its own."""

    message: Said | None = None
    provider: str = ""
    model: str = ""
    usage: Usage | None = None


_decode = msgspec.json.Decoder(Line).decode


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


def usage_in(entry: Entry) -> Usage | None:
    """What an entry has used, if it says so."""
    thing: Any = entry.message if isinstance(entry, MessageEntry) else entry
    usage = getattr(thing, "usage", None)
    return usage if isinstance(usage, Usage) else None


def used_lines(log: SessionLog, nodes: Iterable[Node]) -> Iterator[tuple[Node, Line]]:
    """Those of the entries that may have used something: about 2 ms for each MB."""
    counted = [node for node in nodes if node.type in _COUNTED]
    for node, line in zip(counted, log.raw(counted), strict=True):
        try:
            yield node, _decode(line)
        except (ValueError, RecursionError):
            yield node, _loosely(decode_entry(line, node.type)[0])


def _loosely(entry: Entry) -> Line:
    """An entry whose line is not as it should be."""
    usage = usage_in(entry)
    if not isinstance(entry, MessageEntry):
        return Line(None, getattr(entry, "provider", ""), getattr(entry, "model", ""), usage)
    message = entry.message
    role = type(message).__struct_config__.tag
    if isinstance(message, AssistantMessage):
        calls = [Block("toolCall") for _ in message.tool_calls]
        return Line(Said(role, calls, message.provider, message.model, usage))
    text = text_of(message.content) if isinstance(message, UserMessage) else None
    return Line(Said(role, text, usage=usage))


def _plus(one: int | UnsetType, other: int | UnsetType) -> int | UnsetType:
    if one is UNSET and other is UNSET:
        return UNSET
    return (0 if one is UNSET else one) + (0 if other is UNSET else other)
