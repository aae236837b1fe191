"""What every prompt of the active branch has cost, as it was recorded."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from pi.ai.messages import AssistantMessage, Usage, UserMessage, text_of
from pi.coding.api.setup import Costs, GetCosts, TurnCost
from pi.coding.session.display import one_line
from pi.coding.session.entries import MessageEntry
from pi.coding.session.lenient import decode_entry
from pi.coding.session.log import SessionLog
from pi.coding.session.scan import Node
from pi.coding.session.usage import add_usage
from pi.coding.setup.desk import SetupDesk

__all__ = ["get_costs"]

_COUNTED = frozenset({"message", "compaction", "branch_summary", "usage"})


class _Said(Struct):
    role: Any = None
    content: list[Any] | str | None = None
    provider: str = ""
    model: str = ""
    usage: Usage | None = None
    timestamp: Any = None


class _Line(Struct):
    message: _Said | None = None
    provider: str = ""
    model: str = ""
    usage: Usage | None = None


_decode = msgspec.json.Decoder(_Line).decode


class _Turn:
    """A prompt, and what was spent on it so far."""

    def __init__(self, entry_id: str, text: str, timestamp: Any) -> None:
        self.entry_id = entry_id
        self.text = text
        self.timestamp = int(timestamp) if isinstance(timestamp, int | float) else UNSET
        self.answers = 0
        self.usage = Usage()
        self.models: dict[str, None] = {}

    def spend(self, usage: Usage | None, provider: str, model: str) -> None:
        """Add what something has used."""
        if usage is not None:
            self.usage = add_usage(self.usage, usage)
        if model:
            self.models[f"{provider}/{model}"] = None

    def cost(self) -> TurnCost:
        """As an answer."""
        return TurnCost(
            entry_id=self.entry_id,
            text=self.text,
            answers=self.answers,
            usage=self.usage,
            models=tuple(self.models),
            timestamp=self.timestamp,
        )


async def get_costs(desk: SetupDesk, command: GetCosts) -> Costs:
    """Summaries count for the prompt that they follow."""
    turns: list[_Turn] = []
    for node, line in _lines(desk.controller.log):
        said = line.message
        if said is not None and said.role == "user":
            turns.append(_Turn(node.id, _text(said.content), said.timestamp))
            continue
        if not turns:
            if said is None and line.usage is None:
                continue
            turns.append(_Turn(node.id, "", UNSET))
        turn = turns[-1]
        if said is not None:
            turn.answers += said.role == "assistant"
            turn.spend(said.usage, said.provider, said.model)
        turn.spend(line.usage, line.provider, line.model)
    return Costs(tuple(turn.cost() for turn in turns))


def _lines(log: SessionLog) -> Iterator[tuple[Node, _Line]]:
    nodes = [node for node in log.branch if node.type in _COUNTED]
    for node, raw in zip(nodes, log.raw(nodes), strict=True):
        try:
            yield node, _decode(raw)
        except (ValueError, RecursionError):
            yield node, _loosely(raw, node.type)


def _loosely(raw: bytes, type_name: str) -> _Line:
    """A line that is not as it should be."""
    entry = decode_entry(raw, type_name)[0]
    if isinstance(entry, MessageEntry):
        message = entry.message
        role = type(message).__struct_config__.tag
        content = text_of(message.content) if isinstance(message, UserMessage) else None
        if isinstance(message, AssistantMessage):
            return _Line(_Said(role, None, message.provider, message.model, message.usage))
        return _Line(_Said(role, content))
    usage = getattr(entry, "usage", None)
    return _Line(usage=usage if isinstance(usage, Usage) else None)


def _text(content: list[Any] | str | None) -> str:
    if isinstance(content, list):
        blocks = (block for block in content if isinstance(block, dict))
        content = " ".join(str(block["text"]) for block in blocks if block.get("text"))
    return one_line(content or "")
