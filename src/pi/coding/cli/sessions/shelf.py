"""The sessions that a sub-command is about, and how they are shown."""

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from pi.coding.cli.args import Arguments
from pi.coding.composer import store_of
from pi.coding.home import Home
from pi.coding.modes.sanitize import printable
from pi.coding.session.errors import SessionError
from pi.coding.session.listing import SessionInfo, read_info
from pi.coding.session.store import SessionStore
from pi.coding.wishes import Wishes

__all__ = ["Shelf"]


class Shelf(Struct, frozen=True):
    """One call of a sub-command."""

    home: Home
    args: Arguments

    @property
    def store(self) -> SessionStore:
        """Where the sessions are."""
        wishes = Wishes(session_dir=self.args.text("session-dir"))
        return store_of(self.home, wishes, self.home.cwd)

    def sessions(self) -> list[SessionInfo]:
        """Those of this folder, or with `--all` of all; the last used first."""
        return self.store.all_sessions() if self.args.flag("all") else self.store.sessions()

    def session(self, ref: str) -> SessionInfo:
        """The session that is meant. Raises `SessionError`."""
        path = self.store.find(ref)
        if not path.is_file():
            raise SessionError(f"there is no session file {path}")
        info = read_info(path)
        if info is None:
            raise SessionError(f"{path} is no session file; it was left alone")
        return info

    def show(self, sessions: Iterable[SessionInfo], none: str) -> int:
        """Print them; gives how many there are."""
        found = list(sessions)
        if not found and not self.args.flag("json"):
            sys.stderr.write(none + "\n")
        elif self.args.flag("json"):
            self.answer("", [as_data(info) for info in found])
        else:
            self.answer("\n".join(_lines(found, places=self.args.flag("all"))), None)
        return len(found)

    def answer(self, text: str, data: Any) -> None:
        """Say the result: in words, or as JSON if that was asked for."""
        text = printable(text)
        if self.args.flag("json"):
            text = msgspec.json.format(msgspec.json.encode(data), indent=2).decode()
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def as_data(info: SessionInfo) -> dict[str, Any]:
    """A session as JSON data. Times are ms since the epoch."""
    return {
        "path": str(info.path),
        "id": info.id,
        "cwd": info.cwd,
        "title": info.title,
        "name": info.name,
        "parentSession": info.parent_session,
        "created": info.created,
        "modified": info.modified,
        "messageCount": info.message_count,
    }


def _lines(found: list[SessionInfo], *, places: bool) -> list[str]:
    ids = _short([info.id for info in found])
    width = max(map(len, ids))
    home = str(Path.home())
    lines: list[str] = []
    for info, short in zip(found, ids, strict=True):
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(info.modified / 1000))
        line = f"{short:<{width}}  {when}  {info.message_count:>5}  {info.title}"
        if places:
            cwd = info.cwd
            line += f"  ({'~' + cwd[len(home) :] if cwd.startswith(home + '/') else cwd})"
        lines.append(line)
    return lines


def _short(ids: list[str]) -> list[str]:
    """The beginnings of ids by which they can be told apart, as long as one another."""
    size = 8
    longest = max(map(len, ids))
    while size < longest and len({name[:size] for name in ids}) < len(set(ids)):
        size += 1
    return [name[:size] for name in ids]
