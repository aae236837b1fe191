"""`/clone`: go on in a copy of the active branch."""

from pi.coding.api.answers import Cancelled
from pi.coding.api.commands import Clone
from pi.coding.extensions.surface import Context

__all__ = ["run"]


async def run(arguments: str, context: Context) -> None:
    """The session that was open stays as it is."""
    ui, front = context.ui, context.front
    answer: Cancelled = await context.send(Clone())
    if answer.cancelled:
        ui.notify("An extension has prevented the copy", "warning")
        return
    if front is not None:
        await front.replay()
    ui.notify("This is a copy now; /resume goes back to the session before")
