"""What to do with a session whose folder is gone. Asked by `/resume`, `/import` and `--session`."""

from collections.abc import Sequence
from pathlib import Path

from pi.coding.api.picking import Choice, PickList
from pi.coding.api.ui import UserInterface

__all__ = ["ask_lost_folder"]

_WAYS = {
    "here": ("Continue here", "the session stays one of the folder that is gone"),
    "fork": ("Fork into this folder", "a copy goes on here; the session stays as it is"),
}


async def ask_lost_folder(
    ui: UserInterface, folder: Path, cwd: Path, *, ways: Sequence[str] = ("here", "fork")
) -> str:
    """`here`, `fork`, or "" for neither."""
    choices = [Choice(key=way, label=_WAYS[way][0], detail=_WAYS[way][1]) for way in ways]
    picked = await ui.pick(
        PickList(
            title="The folder of this session is gone",
            hint=f"It was {folder}. You are in {cwd}.",
            choices=tuple(choices),
            selected=ways[0],
        )
    )
    return picked.key if picked else ""
