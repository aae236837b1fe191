"""`/import`: go on with a copy of a session file."""

from pi.ai.errors import ConfigError
from pi.coding.api.answers import Cancelled
from pi.coding.api.commands import ImportSession
from pi.coding.api.errors import FolderGone
from pi.coding.extensions.surface import Context
from pi.coding.slash.lost_folder import ask_lost_folder
from pi.coding.slash.words import unquoted

__all__ = ["run"]


async def run(arguments: str, context: Context) -> None:
    """The file itself is only read."""
    if not arguments:
        raise ConfigError("which file? /import FILE.jsonl")
    ui, front = context.ui, context.front
    path = unquoted(arguments)
    try:
        answer: Cancelled = await context.send(ImportSession(path))
    except FolderGone as error:
        if await ask_lost_folder(ui, error.folder, context.cwd, ways=("fork",)) != "fork":
            return
        answer = await context.send(ImportSession(path, str(context.cwd)))
    if answer.cancelled:
        ui.notify("An extension has prevented it", "warning")
        return
    if front is not None:
        await front.replay()
    ui.notify(f"This is a copy of {path}")
