"""`/compact`: replace what was said by a summary."""

from pi.coding.api.commands import Compact
from pi.coding.extensions.surface import Context

__all__ = ["run"]


async def run(arguments: str, context: Context) -> None:
    """A run that is going on is ended first. That it is done is told as an event, to everybody."""
    await context.send(Compact(arguments or None))
