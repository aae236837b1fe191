"""`--max-turns`: a run ends after so many answers, if the model wants to go on."""

from pi.agent.hooks import Hooks
from pi.ai.messages import AssistantMessage
from pi.coding.api.events import LimitReached
from pi.coding.policies.host import PolicyHost

__all__ = ["MaxTurns"]


class MaxTurns(Hooks):
    """The policy. Counts the answers of one run that came without an error."""

    def __init__(self, host: PolicyHost, most: int) -> None:
        self._host = host
        self._most = most
        self._answers = 0

    def on_run_start(self) -> None:
        """Count anew."""
        self._answers = 0

    async def after_answer(self, message: AssistantMessage) -> bool:
        """Count."""
        self._answers += 1
        return False

    async def before_turn(self) -> str | None:
        """End the run when it has had its answers."""
        if self._answers < self._most:
            return None
        turns = "1 turn" if self._most == 1 else f"{self._most} turns"
        reason = f"the run was ended after {turns} (--max-turns), before the model was done"
        self._host.tell(LimitReached("turns", reason))
        return reason
