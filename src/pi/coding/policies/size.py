"""How large the next request is, and how large it may become. Pure: no clock, no disk.

What the service counted for its last answer is the truth; only what was said after it is estimated.
A count from before a compaction says nothing about the conversation after it.
"""

from collections.abc import Sequence

from msgspec import Struct

from pi.ai.messages import AssistantMessage, Context, Usage
from pi.ai.model import Model
from pi.ai.options import estimate_message, estimate_tokens
from pi.coding.session.context import to_llm
from pi.coding.session.entries import AgentMessage, CompactionSummaryMessage
from pi.coding.session.state import Item
from pi.coding.settings import CompactionSettings

__all__ = ["Limits", "Size", "is_told", "limits", "measure", "scale_of", "tokens_of", "tokens_used"]

_LARGEST_SHARE = 3 / 4
_DEFAULT_SHARE = 1 / 4
_LARGEST_SCALE = 4.0
_SAMPLE = 500
"""Estimated tokens from which on a comparison with the service's count says something."""

_DEFAULT_RESERVE = CompactionSettings().reserve_tokens


class Limits(Struct, frozen=True):
    """Tokens, for one model.

    window: what fits into a request before its price jumps. hard: what fits at all.
    reserve: what is to stay free. keep: how much of the end a compaction leaves as it is.
    """

    window: int
    hard: int
    reserve: int
    keep: int

    @property
    def threshold(self) -> int:
        """A larger conversation is compacted."""
        return self.window - self.reserve

    @property
    def largest(self) -> int:
        """A larger request is not worth sending: there would be no room for an answer.

        Somebody may want to compact early, with a reserve of most of the window; that is no reason
        to send less.
        """
        return self.hard - min(self.reserve, self.hard // 4)

    def room(self, overhead: int) -> int:
        """What may be said at once beside a system prompt and tools of `overhead` tokens.

        Half of the largest request at least: small windows are full of tools, and the sizes are
        estimates.
        """
        return max(self.largest - overhead, self.least_room)

    @property
    def least_room(self) -> int:
        """The room that any prompt leaves."""
        return self.largest // 2


class Size(Struct, frozen=True):
    """Tokens of the next request as things stand.

    overhead: the part that no summary can shrink: system prompt and tools.
    """

    tokens: int
    overhead: int


def limits(settings: CompactionSettings, model: Model, *, window: int | None = None) -> Limits:
    """The limits for a model; `window` if it is known to be smaller than the model says.

    The default reserve is made for large windows and takes a quarter of a small one at most. What
    somebody chose counts up to three quarters. So the threshold is always positive.
    """
    override = settings.model_overrides.get(model.key)
    reserve, keep = settings.reserve_tokens, settings.keep_recent_tokens
    if override is not None:
        reserve = reserve if override.reserve_tokens is None else override.reserve_tokens
        keep = keep if override.keep_recent_tokens is None else override.keep_recent_tokens
    share = _DEFAULT_SHARE if reserve == _DEFAULT_RESERVE else _LARGEST_SHARE
    hard = max(model.context_window, model.extended_context_window or 0, 1)
    if window is not None:
        hard = max(1, min(window, hard))
    window = max(1, min(model.context_window, hard))
    return Limits(window, hard, min(reserve, int(window * share)), keep)


def measure(items: Sequence[Item], prompt: Context) -> Size:
    """The size of the next request.

    items: the conversation as the model is told it. prompt: system prompt and tools.
    """
    overhead = estimate_tokens(Context((), prompt.system, prompt.tools))
    last = _last_counted(items)
    if last is None:
        return Size(overhead + sum(tokens_of(item.message) for item in items), overhead)
    later = sum(tokens_of(item.message) for item in items[last + 1 :])
    return Size(_counted(items[last]) + later, overhead)


def scale_of(items: Sequence[Item], overhead: int) -> float:
    """How many tokens the service counts for one that is estimated, from 1 to 4."""
    last = _last_counted(items)
    if last is None:
        return 1.0
    estimated = overhead + sum(tokens_of(item.message) for item in items[: last + 1])
    if estimated < _SAMPLE:
        return 1.0
    return min(max(1.0, _counted(items[last]) / estimated), _LARGEST_SCALE)


def tokens_used(usage: Usage) -> int:
    """All tokens that an answer and its request took."""
    total = usage.input + usage.output + usage.cache_read + usage.cache_write
    return total or usage.total_tokens


def tokens_of(message: AgentMessage) -> int:
    """An estimate of a message in a request; 0 if no model is told it."""
    told = to_llm(message) if is_told(message) else None
    return 0 if told is None else estimate_message(told)


def is_told(message: AgentMessage) -> bool:
    """Whether requests hold the message: answers that broke off are left out of them."""
    return not isinstance(message, AssistantMessage) or message.stop_reason not in (
        "error",
        "aborted",
        "pending",
    )


def _counted(item: Item) -> int:
    message = item.message
    return tokens_used(message.usage) if isinstance(message, AssistantMessage) else 0


def _last_counted(items: Sequence[Item]) -> int | None:
    """Where the last answer is whose usage counts for the conversation as it is now."""
    boundary = max(
        (i.node.index for i in items if isinstance(i.message, CompactionSummaryMessage)), default=-1
    )
    for index in reversed(range(len(items))):
        message = items[index].message
        if not isinstance(message, AssistantMessage) or items[index].node.index < boundary:
            continue
        if is_told(message) and tokens_used(message.usage):
            return index
    return None
