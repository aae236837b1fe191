"""What every prompt of the active branch has cost, as it was recorded."""

from typing import Any

from msgspec import UNSET

from pi.ai.messages import Usage
from pi.coding.api.setup import Costs, GetCosts, TurnCost
from pi.coding.session.display import one_line
from pi.coding.session.usage import add_usage, used_lines
from pi.coding.setup.desk import SetupDesk

__all__ = ["get_costs"]


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
    log = desk.controller.log
    turns: list[_Turn] = []
    for node, line in used_lines(log, log.branch):
        said = line.message
        if said is not None and said.role == "user":
            turns.append(_Turn(node.id, one_line(said.text), said.timestamp))
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
