"""`/help`: the commands there are."""

from pi.coding.api.answers import Commands
from pi.coding.api.commands import GetCommands
from pi.coding.extensions.surface import Context
from pi.coding.slash import BUILT_IN
from pi.coding.slash.words import show, table

__all__ = ["run"]


async def run(arguments: str, context: Context) -> None:
    """As a table in the transcript; with a text, only those in which it occurs."""
    rows = [
        (f"`/{name} {row.hint}`".replace(" `", "`"), row.description)
        for name, row in BUILT_IN.items()
    ]
    others: Commands = await context.send(GetCommands())
    rows += [
        (f"`/{info.name}`", " ".join(filter(None, (info.description, f"({info.source})"))))
        for info in others.commands
        if info.name not in BUILT_IN
    ]
    wanted = arguments.lower()
    rows = [row for row in rows if wanted in " ".join(row).lower()]
    if not rows:
        context.ui.notify(f"No command is about {arguments!r}; /help lists all", "warning")
        return
    text = table(("Command", "What it does"), rows)
    if not arguments:
        text += (
            "\n\n`!command` runs a command and tells the model, `!!command` does not tell it."
            " `/hotkeys` lists the keys."
        )
    show(context, text)
