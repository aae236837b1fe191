"""A policy on the loop's own hooks, for what events do not offer."""

from pi.extensions import AssistantMessage, Context, Hooks, Pi, ToolResultMessage


class StopEarly(Hooks):
    """Ends a run after three turns."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._turns = 0

    def on_run_start(self) -> None:
        """Count anew."""
        self._turns = 0

    async def after_turn(
        self, message: AssistantMessage, results: tuple[ToolResultMessage, ...]
    ) -> str | None:
        """A reason to end the run here."""
        self._turns += 1
        if self._turns < 3:
            return None
        self._context.ui.notify("three turns are enough")
        return "three turns"


def extension(pi: Pi) -> None:
    pi.register_hooks(StopEarly)
