"""`/hotkeys`: the keys that do something."""

from pi.coding.extensions.surface import Context
from pi.coding.slash.words import need_front, show, table

__all__ = ["run"]


async def run(arguments: str, context: Context) -> None:
    """As a table in the transcript; with a text, only those in which it occurs."""
    wanted = arguments.lower()
    rows = [
        (" or ".join(f"`{key}`" for key in hotkey.keys) or "(none)", hotkey.help, hotkey.id)
        for hotkey in need_front(context, "a list of keys").hotkeys()
    ]
    rows = [row for row in rows if wanted in " ".join(row).lower()]
    if not rows:
        context.ui.notify(f"No key is about {arguments!r}", "warning")
        return
    show(context, table(("Key", "What it does", "Name in keybindings.json"), rows))
