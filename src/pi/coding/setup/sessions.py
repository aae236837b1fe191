"""Sessions on disk: the list, names, removal."""

import asyncio
from pathlib import Path

from pi.coding.api.commands import SetName
from pi.coding.api.setup import (
    Deleted,
    DeleteSession,
    ListSessions,
    RenameSession,
    SessionRow,
    Sessions,
)
from pi.coding.session.errors import SessionError
from pi.coding.session.listing import SessionInfo, read_header
from pi.coding.session.log import SessionLog
from pi.coding.session.store import delete_session as remove
from pi.coding.session.store import same_file
from pi.coding.setup.desk import SetupDesk

__all__ = ["delete_session", "list_sessions", "rename_session"]


async def list_sessions(desk: SetupDesk, command: ListSessions) -> Sessions:
    """Read beside everything else: a first look at many large sessions takes its time."""
    store = desk.composer.sessions(desk.controller.services.cwd)

    def look() -> list[SessionInfo]:
        found = store.all_sessions() if command.everywhere else store.sessions()
        if command.query.strip():
            from pi.coding.session.search import search

            fits = search(command.query.strip())
            found = [info for info in found if fits(info)]
        return found

    found = await asyncio.to_thread(look)
    here = str(desk.controller.log.path or "")
    return Sessions(tuple(_row(info, current=info.file == here) for info in found))


async def rename_session(desk: SetupDesk, command: RenameSession) -> None:
    """Append the name, as somebody who has the session open would."""
    path = _session(desk, command.session_path)
    if _is_open(desk, path):
        await desk.controller.send(SetName(command.name))
    else:
        await asyncio.to_thread(lambda: SessionLog.open(path).append_name(command.name))


async def delete_session(desk: SetupDesk, command: DeleteSession) -> Deleted:
    """Remove a file that is a session, and not the one in use."""
    path = _session(desk, command.session_path)
    if _is_open(desk, path):
        raise SessionError("this session is open: begin or open another one before it is removed")
    return Deleted(await asyncio.to_thread(remove, path))


def _session(desk: SetupDesk, name: str) -> Path:
    path = desk.controller.services.cwd / Path(name).expanduser()
    if not path.is_file():
        raise SessionError(f"there is no session file {path}")
    if read_header(path) is None:
        raise SessionError(f"{path} is no session file; it was left alone")
    return path


def _is_open(desk: SetupDesk, path: Path) -> bool:
    here = desk.controller.log.path
    return here is not None and same_file(here, path)


def _row(info: SessionInfo, *, current: bool) -> SessionRow:
    return SessionRow(
        path=info.file,
        id=info.id,
        cwd=info.cwd,
        title=info.title,
        name=info.name,
        parent_session=info.parent_session,
        created=info.created,
        modified=info.modified,
        message_count=info.message_count,
        current=current,
    )
