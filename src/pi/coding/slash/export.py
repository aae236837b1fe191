"""`/export`: write the session as one page, or its active branch as a session file."""

from pathlib import Path

from pi.ai.errors import ConfigError
from pi.coding.api.answers import Written
from pi.coding.api.commands import ExportHtml, ExportJsonl
from pi.coding.extensions.surface import Context
from pi.coding.slash.words import unquoted

__all__ = ["run"]


async def run(arguments: str, context: Context) -> None:
    """What the file's name ends with says which. Nobody's file is replaced without a yes."""
    name = unquoted(arguments)
    suffix = Path(name).suffix.lower()
    if name and suffix not in (".html", ".htm", ".jsonl"):
        raise ConfigError(f"{name!r} should end with .html for a page or .jsonl for a session file")
    path = context.cwd / Path(name).expanduser() if name else None  # noqa: ASYNC240
    if path is not None and not await _free(context, path):
        context.ui.notify("Nothing was written")
        return
    command = ExportJsonl(name) if suffix == ".jsonl" else ExportHtml(name or None)
    written: Written = await context.send(command)
    context.ui.notify(f"Written: {written.path}")


async def _free(context: Context, path: Path) -> bool:
    """Whether the name may be used: nothing has it, or it may be replaced."""
    if path.is_dir():  # noqa: ASYNC240 (one look at a disk)
        raise ConfigError(f"{path} is a folder")
    if not path.parent.is_dir():
        raise ConfigError(f"there is no folder {path.parent}: make it, or name another one")
    free = not path.exists()  # noqa: ASYNC240
    return free or await context.ui.confirm("Replace the file?", str(path))
