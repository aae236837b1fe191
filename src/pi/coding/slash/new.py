"""`/new`: begin another session. The one before stays on the shelf."""

from pi.coding.api.answers import Cancelled
from pi.coding.api.commands import NewSession
from pi.coding.extensions.surface import Context

__all__ = ["run"]


async def run(arguments: str, context: Context) -> None:
    """A run that is going on is ended first, and kept as far as it got."""
    ui, front = context.ui, context.front
    answer: Cancelled = await context.send(NewSession())
    if answer.cancelled:
        ui.notify("An extension has prevented the new session", "warning")
        return
    if front is not None:
        await front.replay()
    ui.notify("A new session; /resume goes back")
