"""What a compaction would do: which messages become a summary, which stay. Pure.

If nothing worth it can become one there is no plan but a reason, in words for the user.
"""

from collections.abc import Sequence

from msgspec import Struct

from pi.coding.api.events import CompactionReason
from pi.coding.policies.cutpoint import choose, places, turn_start, unanswered
from pi.coding.policies.size import Limits, Size, scale_of, tokens_of
from pi.coding.policies.too_large import HEAVY, image_bytes
from pi.coding.session.entries import AgentMessage, CompactionSummaryMessage
from pi.coding.session.state import Item

__all__ = ["Plan", "plan"]

_LEAST_GAIN = 1000
"""Tokens. Less is about what a summary takes itself; of a small window it is an eighth."""


class Plan(Struct, frozen=True):
    """A compaction to be.

    history: messages of whole turns. prefix: the first part of a turn whose rest is kept; it begins
    with what the user asked. first_kept: entry id, empty if nothing is kept. scale: see `scale_of`.
    most: tokens that all of it is to have afterwards.
    """

    history: tuple[AgentMessage, ...]
    prefix: tuple[AgentMessage, ...]
    first_kept: str
    scale: float
    most: int


def plan(items: Sequence[Item], size: Size, limits: Limits, reason: CompactionReason) -> Plan | str:
    """How to compact the conversation `items`, as the model is told it; or why that is no use."""
    said = [item for item in items if not _is_summary(item)]
    messages = [item.message for item in said]
    if not messages:
        return "nothing was said since the last compaction"
    scale = scale_of(items, size.overhead)
    tokens = [tokens_of(message) for message in messages]
    if reason == "overflow" and size.tokens < limits.hard:
        tokens = _by_bytes(tokens, messages, limits)
    last = _newest(tokens, unanswered(messages), limits.room(size.overhead))
    if last is None and reason != "manual":
        return "what was said last does not fit by itself"
    tokens = [int(count * scale) for count in tokens]
    most = min(limits.threshold, size.tokens) if reason == "overflow" else limits.threshold
    usable = max(0, most - size.overhead)
    earlier = sum(tokens_of(item.message) for item in items if _is_summary(item))
    usable -= min(int(earlier * scale), usable // 2)  # the next summary has about the same size
    keep, room = min(limits.keep, usable // 2), usable * 3 // 4
    cut = choose(tokens, places(messages), len(tokens) if last is None else last, keep, room)
    gain = sum(tokens[:cut])
    if cut == 0 or gain <= 0:
        return (
            f"the conversation is short enough: about {sum(tokens):,} tokens, of which the newest"
            f" {keep:,} are always kept"
        )
    if reason != "manual" and gain < min(_LEAST_GAIN, most // 8):
        return "a summary would be no shorter than what it replaces"
    start = turn_start(messages, cut)
    split = cut if start is None else start
    first_kept = said[cut].node.id if cut < len(said) else ""
    return Plan(tuple(messages[:split]), tuple(messages[split:cut]), first_kept, scale, most)


def _is_summary(item: Item) -> bool:
    return isinstance(item.message, CompactionSummaryMessage)


def _newest(tokens: Sequence[int], first: int, room: int) -> int | None:
    """Where begins what is kept in any case: all that nobody has answered, if there is room.

    If there is not, the last of it; None if that has no room either.
    """
    left = sum(tokens[first:])
    if not left:
        return first
    for index in range(first, len(tokens)):
        if tokens[index] and left <= room:
            return index
        left -= tokens[index]
    return None


def _by_bytes(tokens: list[int], messages: Sequence[AgentMessage], limits: Limits) -> list[int]:
    """Tokens as if the window were full of images: it was their bytes that did not fit."""
    sizes = [image_bytes(message) for message in messages]
    total = sum(sizes)
    if total < HEAVY:
        return tokens
    return [count + size * limits.hard // total for count, size in zip(tokens, sizes, strict=True)]
