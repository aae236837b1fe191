"""Where a conversation may be cut so that what is kept is a valid request. Pure.

A tool result is never parted from its call, and what the user said last and nobody has answered is
never summarised away. Between the places that are left, the budget decides.
"""

from collections.abc import Sequence

from pi.ai.messages import AssistantMessage, ToolResultMessage
from pi.coding.policies.size import is_told
from pi.coding.session.entries import AgentMessage, CompactionSummaryMessage, SystemMessage

__all__ = ["choose", "places", "turn_start", "unanswered"]


def places(messages: Sequence[AgentMessage]) -> list[int]:
    """Indexes of messages that what is kept may begin with, in order; 0 is not among them."""
    parted: set[int] = set()
    calls: dict[str, int] = {}
    for index, message in enumerate(messages):
        if isinstance(message, AssistantMessage):
            calls.update((call.id, index) for call in message.tool_calls)
        elif isinstance(message, ToolResultMessage):
            parted.update(range(calls.get(message.tool_call_id, index - 1) + 1, index + 1))
    return [i for i in range(1, len(messages)) if i not in parted and _may_begin(messages[i])]


def unanswered(messages: Sequence[AgentMessage]) -> int:
    """Where the end of the conversation begins that nobody has answered; its length if none."""
    index = len(messages)
    while index and not (_from_model(messages[index - 1]) and is_told(messages[index - 1])):
        index -= 1
    return index


def choose(tokens: Sequence[int], places: Sequence[int], last: int, keep: int, room: int) -> int:
    """The index of the first message to keep; 0 keeps all of them, `len(tokens)` none.

    tokens: of each message. places: see there. last: what begins here is kept in any case.
    keep: tokens to keep. room: tokens that may be kept when the smallest part at the end has more.
    """
    kept = list(tokens)
    for index in reversed(range(len(kept) - 1)):
        kept[index] += kept[index + 1]
    kept.append(0)
    allowed = [0, *(place for place in places if place <= last)]
    for place in allowed:
        if kept[place] <= keep:
            return place
    if kept[allowed[-1]] <= room or last < len(tokens):
        return allowed[-1]
    return len(tokens)


def turn_start(messages: Sequence[AgentMessage], cut: int) -> int | None:
    """The beginning of the turn that a cut goes through; None if it goes between two turns."""
    if cut < len(messages) and not _from_model(messages[cut]):
        return None
    if cut == len(messages) and not _at_work(messages):
        return None
    for index in reversed(range(cut)):
        if not _from_model(messages[index]):
            return index
    return None


def _from_model(message: AgentMessage) -> bool:
    """Whether the model or its tools said it, or nobody is told it."""
    return isinstance(
        message, AssistantMessage | ToolResultMessage | SystemMessage | CompactionSummaryMessage
    )


def _may_begin(message: AgentMessage) -> bool:
    left_out = ToolResultMessage | SystemMessage | CompactionSummaryMessage
    return not isinstance(message, left_out) and is_told(message)


def _at_work(messages: Sequence[AgentMessage]) -> bool:
    """Whether the model is in the middle of something: the last word is a tool's."""
    return bool(messages) and isinstance(messages[-1], ToolResultMessage)
