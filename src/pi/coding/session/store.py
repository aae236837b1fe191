"""Where the sessions of a project and of all projects are, and which one is meant.

A project's sessions lie in one folder under the root, or all sessions lie in one flat folder of the
user's choice; either way the header of each says to which project it belongs.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from pi.coding.api.errors import FolderGone
from pi.coding.session.errors import SessionError
from pi.coding.session.fork import fork_file, import_file
from pi.coding.session.index import SessionIndex
from pi.coding.session.listing import SessionInfo, read_header, read_info
from pi.coding.session.log import SessionLog
from pi.coding.session.names import check_session_id, folder_name

__all__ = ["LostFolder", "SessionStore", "delete_session", "folder_of", "same_file"]

_SHOWN = 8


class SessionStore:
    """The sessions that `cwd` sees. Nothing is read or made before a method asks for it.

    root: the folder with one folder for each project. flat: a folder with the sessions of all
    projects instead. index: where what lists show is remembered, if anywhere.
    """

    def __init__(
        self,
        root: Path,
        cwd: Path | str,
        *,
        flat: Path | None = None,
        index: SessionIndex | None = None,
    ) -> None:
        self.cwd = os.path.abspath(cwd)  # noqa: PTH100 (keeps symbolic links)
        self.root = flat or root
        self.folder = flat or root / folder_name(self.cwd)
        self.flat = flat is not None
        self._index = index or SessionIndex()

    # -- looking -----------------------------------------------------------------------------------

    def sessions(self) -> list[SessionInfo]:
        """The sessions of this project, the last used first."""
        infos = self._index.infos(_names(self.folder))
        ours: dict[str, bool] = {}
        for_us: list[SessionInfo] = []
        for info in infos:
            if info.cwd not in ours:  # following links takes time
                ours[info.cwd] = self._is_ours(info.cwd)
            if ours[info.cwd]:
                for_us.append(info)
        return _sorted(for_us)

    def all_sessions(self) -> list[SessionInfo]:
        """The sessions of all projects, the last used first."""
        return _sorted(self._index.infos(self._all_names()))

    def most_recent(self) -> Path | None:
        """The session of this project with the latest message."""
        best: SessionInfo | None = None
        for changed, path in sorted(map(_by_change, _files(self.folder)), reverse=True):
            if best is not None and changed < best.modified:
                break  # no message can be younger than its file
            header = read_header(path)
            if header is None or not self._is_ours(header.cwd):
                continue
            info = read_info(path)
            if info is not None and (best is None or info.modified > best.modified):
                best = info
        return best.path if best else None

    def find(self, ref: str) -> Path:
        """The session that `ref` means: a path, an id, or the beginning of an id.

        This project comes before the others, a whole id before a beginning. Raises `SessionError`
        when nothing or more than one session matches.
        """
        if _is_path(ref):
            return Path(self.cwd, Path(ref).expanduser())
        for files in (_files(self.folder), self._all_files()):
            matches: list[tuple[str, Path]] = []
            for path in files:
                header = read_header(path)
                if header is not None and header.id.startswith(ref):
                    matches.append((header.id, path))
            exact = [path for session_id, path in matches if session_id == ref]
            if exact or len(matches) == 1:
                return exact[0] if exact else matches[0][1]
            if matches:
                raise SessionError(_ambiguous(ref, [path for _, path in matches]))
        raise SessionError(f"no session has an id that begins with {ref!r}: see the list with -r")

    # -- opening -----------------------------------------------------------------------------------

    def create(self, *, session_id: str | None = None) -> SessionLog:
        """A new session of this project."""
        return SessionLog.create(self.folder, self.cwd, session_id=session_id)

    def open(self, ref: str) -> SessionLog:
        """The session that `ref` means; a path where nothing is becomes a new session there."""
        path = self.find(ref)
        if _is_path(ref) and not path.exists():
            return SessionLog.create(path.parent, self.cwd, path=path)
        return SessionLog.open(path, cwd=self.cwd)

    def open_or_create(self, session_id: str) -> SessionLog:
        """The session of this project with exactly that id, or a new one."""
        check_session_id(session_id)
        for path in _files(self.folder):
            header = read_header(path)
            if header is not None and header.id == session_id and self._is_ours(header.cwd):
                return SessionLog.open(path, cwd=self.cwd)
        return self.create(session_id=session_id)

    def fork(self, ref: str, *, session_id: str | None = None) -> SessionLog:
        """A copy, for this project, of the session that `ref` means, with all its branches."""
        return fork_file(self.find(ref), self.folder, self.cwd, session_id=session_id)

    def bring_in(self, source: Path) -> Path:
        """Copy a session file from elsewhere into this project's folder. Gives its new path."""
        return import_file(source, self.folder)

    # -- inside ------------------------------------------------------------------------------------

    def _is_ours(self, cwd: str) -> bool:
        if not cwd:
            return not self.flat  # old sessions do not say; their folder does
        return cwd == self.cwd or same_file(cwd, self.cwd)

    def _all_files(self) -> Iterator[Path]:
        return map(Path, self._all_names())

    def _all_names(self) -> Iterator[str]:
        if self.flat:
            yield from _names(self.root)
            return
        seen: set[str] = set()
        for folder in _entries(self.root):
            if folder.is_dir() and (real := os.path.realpath(folder.path)) not in seen:
                seen.add(real)
                yield from _names(folder.path)


def same_file(one: Path | str, other: Path | str) -> bool:
    """Whether two paths lead to the same place, over symbolic links too."""
    return os.path.realpath(one) == os.path.realpath(other)


LostFolder = Literal["", "here", "fork"]
"""It is an error; or the session goes on in this folder; or a copy of it does, which stays here."""


def folder_of(log: SessionLog, cwd: Path) -> Path:
    """The working folder of a session; `cwd` if it says none. Raises `FolderGone`."""
    folder = Path(log.header.cwd) if log.header.cwd else cwd
    if same_file(folder, cwd):
        return cwd
    if not folder.is_dir():
        raise FolderGone(folder)
    return folder


def delete_session(path: Path) -> bool:
    """Remove a session file; True if it went to the system's trash. Raises `SessionError`."""
    import shutil  # only here
    import subprocess

    trash = shutil.which("trash")
    if trash is not None:
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run([trash, str(path)], check=True, capture_output=True, timeout=10)
            return True
    try:
        path.unlink()
    except OSError as error:
        raise SessionError(
            f"session {path} cannot be removed: {error.strerror or error}"
        ) from error
    return False


def _entries(folder: Path | str) -> "list[os.DirEntry[str]]":
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name, reverse=True)
    except OSError:
        return []


def _names(folder: Path | str) -> Iterator[str]:
    """The paths of the session files in a folder, the newest name first."""
    for entry in _entries(folder):
        if entry.name.endswith(".jsonl") and not entry.name.startswith("."):
            yield entry.path


def _files(folder: Path) -> Iterator[Path]:
    return map(Path, _names(folder))


def _infos(files: Iterable[Path]) -> Iterator[SessionInfo]:
    for path in files:
        info = read_info(path)
        if info is not None:
            yield info


def _sorted(infos: Iterable[SessionInfo]) -> list[SessionInfo]:
    return sorted(infos, key=lambda info: info.modified, reverse=True)


def _by_change(path: Path) -> tuple[int, Path]:
    try:
        return path.stat().st_mtime_ns // 1_000_000, path
    except OSError:
        return 0, path


def _is_path(ref: str) -> bool:
    return "/" in ref or os.sep in ref or ref.endswith(".jsonl")


def _ambiguous(ref: str, paths: list[Path]) -> str:
    rows = [f"  {info.id}  {info.title}" for info in _infos(paths[:_SHOWN])]
    if len(paths) > _SHOWN:
        rows.append(f"  and {len(paths) - _SHOWN} more")
    return "\n".join(
        [f"{len(paths)} sessions have an id that begins with {ref!r}; give more of it:", *rows]
    )
