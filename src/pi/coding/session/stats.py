"""Numbers about a session: what was said, and what it cost by model.

They are those of the whole file, all branches: what was paid for stays paid when its branch is
left. Usage is summed as it was recorded, never priced again.
"""

from msgspec import Struct

from pi.ai.messages import AssistantMessage, Usage
from pi.coding.session.entries import CompactionSummaryMessage
from pi.coding.session.log import SessionLog
from pi.coding.session.state import State
from pi.coding.session.usage import Block, Said, add_usage, used_lines

__all__ = ["Counts", "Spending", "count", "is_counted"]


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


def count(log: SessionLog) -> Counts:
    """The numbers of all entries. Reads the whole file: about 2 ms for each MB."""
    counts = Counts()
    for _, line in used_lines(log, tuple(log.tree.nodes)):  # in a thread it may grow meanwhile
        if line.message is not None:
            _add_message(counts, line.message)
        if line.usage is not None:
            _spend(counts, line.provider, line.model, line.usage)
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


def _add_message(counts: Counts, said: Said) -> None:
    counts.messages += 1
    counts.user += said.role == "user"
    counts.tool_results += said.role == "toolResult"
    if said.role == "assistant":
        counts.assistant += 1
        counts.tool_calls += sum(
            block.type == "toolCall" for block in said.content or () if isinstance(block, Block)
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
