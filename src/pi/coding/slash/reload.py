"""`/reload`: read settings, resources, extensions and keys anew."""

from collections.abc import Sequence

from pi.coding.api.setup import Reload, Resources
from pi.coding.extensions.surface import Context
from pi.coding.slash.words import plural

__all__ = ["run"]


async def run(arguments: str, context: Context) -> None:
    """The session goes on. What is wrong is told, a line each."""
    ui, front = context.ui, context.front
    found: Resources = await context.send(Reload())
    if front is not None:
        front.reload()
    for note in found.notes:
        ui.notify(note, "warning")
    parts: tuple[tuple[str, Sequence[object]], ...] = (
        ("context file", found.context),
        ("skill", found.skills),
        ("prompt", found.prompts),
        ("extension", found.extensions),
        ("theme", found.themes),
    )
    counts = [plural(len(rows), word) for word, rows in parts if rows]
    ui.notify(f"Read anew: {', '.join(['settings', *counts])}")
