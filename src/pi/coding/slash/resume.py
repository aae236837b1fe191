"""`/resume`: go on with another session. The same list is shown by `pi --resume` before a start."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pi.ai.errors import PiError
from pi.coding.api.answers import Cancelled
from pi.coding.api.commands import Command, ImportSession, SwitchSession
from pi.coding.api.errors import FolderGone
from pi.coding.api.picking import PickAction, Picked, PickList
from pi.coding.api.setup import (
    Deleted,
    DeleteSession,
    ListSessions,
    RenameSession,
    SessionRow,
    Sessions,
)
from pi.coding.api.ui import UserInterface
from pi.coding.extensions.surface import Context
from pi.coding.slash.lost_folder import ask_lost_folder
from pi.coding.slash.session_list import rows
from pi.coding.slash.words import first_line

__all__ = ["choose_session", "run"]

Send = Callable[[Command], Awaitable[Any]]


async def run(arguments: str, context: Context) -> None:
    """A run that is going on is ended first, and kept as far as it got."""
    ui, front = context.ui, context.front
    row = await choose_session(ui, context.send, query=arguments)
    if row is None:
        return
    if row.current:
        ui.notify("That session is the one that is open")
        return
    answer = await _switch(context, row.path)
    if answer is None:
        return
    if answer.cancelled:
        ui.notify("An extension has prevented it", "warning")
        return
    if front is not None:
        await front.replay()
    ui.notify(f"Back in {first_line(row.title, 60)!r}")


async def _switch(context: Context, path: str) -> Cancelled | None:
    try:
        return await context.send(SwitchSession(path))
    except FolderGone as error:
        here = str(context.cwd)
        way = await ask_lost_folder(context.ui, error.folder, context.cwd)
    if way == "fork":
        return await context.send(ImportSession(path, here))
    return await context.send(SwitchSession(path, here)) if way else None


async def choose_session(ui: UserInterface, send: Send, *, query: str = "") -> SessionRow | None:
    """Have a session chosen; None if none was. No session need be open.

    `send` carries out `ListSessions`, `RenameSession` and `DeleteSession`.
    """
    view = _View(query=query)
    while True:
        found: Sessions = await send(ListSessions(view.everywhere, view.said))
        picked = await ui.pick(_list(found, view))
        if picked is None:
            return None
        view.query, view.selected = picked.query, picked.key
        row = next((row for row in found.sessions if row.path == picked.key), None)
        if not picked.action:
            return row
        try:
            await _act(ui, send, view, picked, row)
        except PiError as error:
            ui.notify(error.message, "error")


@dataclass(slots=True)
class _View:
    """Which sessions are listed, and how. said: only those in which that was said."""

    everywhere: bool = False
    named: bool = False
    threads: bool = True
    said: str = ""
    query: str = ""
    selected: str = ""


def _list(found: Sessions, view: _View) -> PickList:
    sessions = [row for row in found.sessions if row.name or not view.named]
    where = "all folders" if view.everywhere else "this project"
    title = f"Sessions of {where}{', named ones' if view.named else ''}"
    return PickList(
        title=title,
        hint=f"In which {view.said!r} was said." if view.said else "",
        choices=rows(sessions, threads=view.threads, folders=view.everywhere, said=view.said),
        query=view.query,
        selected=view.selected or next((row.path for row in sessions if not row.current), ""),
        actions=(
            PickAction("tab", "scope", "this project" if view.everywhere else "all folders"),
            PickAction("app.session.rename", "rename", "rename"),
            PickAction("app.session.delete", "delete", "delete"),
            PickAction(
                "app.session.toggleNamedFilter", "named", "all" if view.named else "named only"
            ),
            PickAction(
                "app.session.toggleSort", "sort", "recent first" if view.threads else "threads"
            ),
            PickAction(
                "ctrl+f", "said", "search what was said" if not view.said else "search no more"
            ),
        ),
        empty="there is no such session here; Tab looks in all folders"
        if not view.everywhere
        else "there is no such session",
    )


async def _act(
    ui: UserInterface, send: Send, view: _View, picked: Picked, row: SessionRow | None
) -> None:
    match picked.action:
        case "tab":
            view.everywhere = not view.everywhere
        case "app.session.toggleNamedFilter":
            view.named = not view.named
        case "app.session.toggleSort":
            view.threads = not view.threads
        case "ctrl+f":
            await _search(ui, view, picked.query.strip())
        case "app.session.rename" if row is not None:
            await _rename(ui, send, row)
            view.query = ""  # it may have matched the name before
        case "app.session.delete" if row is not None:
            await _delete(ui, send, row)
        case _:
            pass


async def _search(ui: UserInterface, view: _View, text: str) -> None:
    """Only sessions in which a text was said, or all again."""
    if view.said:
        view.said = ""
        return
    if not text:
        text = (await ui.input("Sessions in which this was said") or "").strip()
    view.said, view.query, view.selected = text, text, ""


async def _rename(ui: UserInterface, send: Send, row: SessionRow) -> None:
    name = await ui.input("Name of the session", placeholder=row.name or first_line(row.title, 60))
    if name and name.strip():
        await send(RenameSession(row.path, name.strip()))


async def _delete(ui: UserInterface, send: Send, row: SessionRow) -> None:
    if row.current:
        ui.notify("That session is open here: it is not deleted", "warning")
        return
    about = f"{first_line(row.title, 100)}\n{row.path}"
    if await ui.confirm("Delete this session?", about):
        deleted: Deleted = await send(DeleteSession(row.path))
        ui.notify("It lies in the trash" if deleted.trash else "It is deleted")
