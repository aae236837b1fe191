"""Words for what does not fit into a window, and which message it is. Pure."""

from collections.abc import Iterable, Sequence

from pi.ai.messages import AssistantMessage, ImageContent, ToolResultMessage, UserMessage
from pi.ai.model import Model
from pi.coding.policies.cutpoint import unanswered
from pi.coding.policies.size import Limits, Size, limits, scale_of, tokens_of
from pi.coding.session.entries import (
    AgentMessage,
    BashExecution,
    CompactionSummaryMessage,
    CustomMessage,
)
from pi.coding.session.state import Item
from pi.coding.settings import CompactionSettings

__all__ = ["HEAVY", "culprit", "image_bytes", "may_not", "remedy", "too_large", "too_much"]

HEAVY = 1 << 20
"""Bytes of images from which on a service may refuse a request for them, whatever its tokens."""


def too_large(items: Sequence[Item], size: Size, found: Limits, model: Model) -> str:
    """Why a request does not fit although nothing can be summarised, and what to do about it."""
    head = f"the request does not fit into {model.key}, and a summary cannot make it smaller: "
    fits = size.tokens < found.hard
    heaviest = max((item.message for item in items), key=image_bytes, default=None)
    if fits and heaviest is not None and image_bytes(heaviest) >= HEAVY:
        return (
            f"{head}the images of {_named(heaviest)} have {image_bytes(heaviest) / 1e6:.1f} MB,"
            " which must be more than the service takes. Attach fewer or smaller ones."
        )
    if fits:
        return (
            f"{head}it has only about {size.tokens:,} tokens, so the window must be smaller than"
            f" the {found.hard:,} tokens it is said to have. Set its contextWindow in models.json."
        )
    over = f"about {size.tokens - found.hard:,} more than the window of {found.hard:,}"
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


def may_not(items: Sequence[Item], size: Size) -> str:
    """That a request does not fit and could be made smaller, if that were allowed."""
    largest = max(items, key=lambda item: tokens_of(item.message)).message
    tokens = tokens_of(largest) * scale_of(items, size.overhead)
    return (
        f"the request does not fit, and compaction.enabled is off: {_named(largest)} has about"
        f" {tokens:,.0f} tokens of {size.tokens:,}. /compact makes room."
    )


def culprit(items: Sequence[Item], size: Size) -> Item | None:
    """What was said and not answered, and makes up most of a request that did not fit."""
    scale = scale_of(items, size.overhead)
    for item in items[unanswered([item.message for item in items]) :]:
        message = item.message
        if tokens_of(message) * scale > size.tokens / 2 or image_bytes(message) >= HEAVY:
            return item
    return None


def too_much(message: AgentMessage, tokens: int, room: int, found: Limits, model: Model) -> str:
    """That a message is by itself larger than the room that a request has for it."""
    return (
        f"{_named(message)} has about {tokens:,} tokens, and {model.key} has room for about"
        f" {room:,} in its window of {found.hard:,}"
    )


def remedy(
    message: AgentMessage,
    needed: int,
    overhead: int,
    settings: CompactionSettings,
    models: Iterable[Model],
    model: Model,
) -> str:
    """What to do about a message of `needed` tokens that has no room in `model`.

    models: those that can be used; one that is large enough is named, of the same provider if
    possible, and a cheap one.
    """
    first = "Name the path of a file instead of its content: the model reads what it needs of it"
    if _images(message) * 2 > len(_blocks(message)):
        first = "Attach fewer images"
    large = [m for m in models if limits(settings, m).room(overhead) >= needed]
    if not large:
        return f"{first}; none of the models that you can use has a window for it"
    other = min(large, key=lambda m: (m.provider != model.provider, m.cost.input, m.key))
    window = limits(settings, other).hard
    return f"{first}. Or use a model with a larger window: {other.key} has {window:,}"


def image_bytes(message: AgentMessage) -> int:
    """How much the images of a message add to a request."""
    return sum(len(b.data) for b in _blocks(message) if isinstance(b, ImageContent))


def _images(message: AgentMessage) -> int:
    return sum(isinstance(block, ImageContent) for block in _blocks(message))


def _blocks(message: AgentMessage) -> Sequence[object]:
    content = getattr(message, "content", ())
    return content if isinstance(content, tuple) else ()


def _named(message: AgentMessage) -> str:
    match message:
        case UserMessage():
            count = _images(message)
            return f"your message with its {count} images" if count > 1 else "your message"
        case AssistantMessage():
            return "an answer"
        case ToolResultMessage():
            return f"a result of the tool {message.tool_name}"
        case CompactionSummaryMessage():
            return "the summary of what was before"
        case CustomMessage():
            return f"a message of the extension that calls it {message.custom_type!r}"
        case BashExecution():
            return f"the output of `{message.command[:60]}`"
        case _:
            return "a message"
