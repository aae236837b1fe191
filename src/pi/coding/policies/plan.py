"""What a compaction would do: which messages become a summary, which stay. Pure.

If nothing worth it can become one there is no plan but a reason, in words for the user.
"""

from collections.abc import Sequence

from msgspec import Struct

from pi.ai.messages import AssistantMessage, ToolResultMessage, UserMessage
from pi.ai.model import Model
from pi.coding.api.events import CompactionReason
from pi.coding.policies.cutpoint import choose, places, turn_start, unanswered
from pi.coding.policies.size import Limits, Size, scale_of, tokens_of
from pi.coding.session.entries import AgentMessage, CompactionSummaryMessage
from pi.coding.session.state import Item

__all__ = ["Plan", "plan", "too_large"]

_LEAST_GAIN = 1000
"""Tokens. Less than this is about what a summary takes itself."""


class Plan(Struct, frozen=True):
    """A compaction to be.

    history: messages of whole turns. prefix: the first part of a turn whose rest is kept; it begins
    with what the user asked. first_kept: entry id, empty if nothing is kept. scale: see `scale_of`.
    """

    history: tuple[AgentMessage, ...]
    prefix: tuple[AgentMessage, ...]
    first_kept: str
    scale: float = 1.0


def plan(items: Sequence[Item], size: Size, limits: Limits, reason: CompactionReason) -> Plan | str:
    """How to compact the conversation `items`, as the model is told it; or why that is no use."""
    said = [item for item in items if not isinstance(item.message, CompactionSummaryMessage)]
    messages = [item.message for item in said]
    if not messages:
        return "nothing was said since the last compaction"
    scale = scale_of(items, size.overhead)
    tokens = [int(tokens_of(message) * scale) for message in messages]
    most = min(limits.threshold, size.tokens) if reason == "overflow" else limits.threshold
    usable = max(0, most - size.overhead)
    keep, room = min(limits.keep, usable // 2), usable * 3 // 4
    last = unanswered(messages)
    cut = choose(tokens, places(messages), last, keep, room)
    gain = sum(tokens[:cut])
    if cut == 0 or gain <= 0:
        return (
            f"the conversation is short enough: about {sum(tokens):,} tokens, of which the newest"
            f" {keep:,} are always kept"
        )
    if reason != "manual" and gain < _LEAST_GAIN:
        return "a summary would be no shorter than what it replaces"
    start = turn_start(messages, cut)
    split = cut if start is None else start
    first_kept = said[cut].node.id if cut < len(said) else ""
    return Plan(tuple(messages[:split]), tuple(messages[split:cut]), first_kept, scale)


def too_large(items: Sequence[Item], size: Size, limits: Limits, model: Model) -> str:
    """Why a request does not fit although nothing can be summarised, and what to do about it."""
    window = limits.hard
    head = f"the request does not fit into {model.key}, and a summary cannot make it smaller: "
    if size.tokens < window:
        return (
            f"{head}it has only about {size.tokens:,} tokens, so the window must be smaller than"
            f" the {window:,} tokens it is said to have. Set its contextWindow in models.json."
        )
    over = f"about {size.tokens - window:,} more than the window of {window:,}"
    scale = scale_of(items, size.overhead)
    tokens = [tokens_of(item.message) * scale for item in items]
    largest = max(tokens, default=0)
    if largest <= size.overhead:
        return (
            f"{head}the system prompt and the tools take about {size.overhead:,} tokens of"
            f" {size.tokens:,}, {over}. Offer fewer tools or use a model with a larger window."
        )
    what = _named(items[tokens.index(largest)].message)
    return (
        f"{head}{what} has about {largest:,.0f} tokens; all of it is {over}."
        " Shorten it or use a model with a larger window."
    )


def _named(message: AgentMessage) -> str:
    match message:
        case UserMessage():
            return "your message"
        case AssistantMessage():
            return "an answer"
        case ToolResultMessage():
            return f"a result of the tool {message.tool_name}"
        case CompactionSummaryMessage():
            return "the summary of what was before"
        case _:
            return "a message"
