"""Files of the project for `@`: a walk in a thread, and the ranking of what it found.

Hidden files are found, folders of version control and what is ignored are not. Links to folders are
followed, each folder once.
"""

import os
import re
import threading
import time
from collections import deque
from heapq import nsmallest
from pathlib import Path

from pi.coding.resources.ignore import Ignore

__all__ = ["FileIndex", "rank"]

_VCS = frozenset({".git", ".hg", ".svn", ".jj"})
_MOST = 100_000
_FRESH = 5.0
"""Seconds for which a walk is good."""

_PATIENCE = 0.5
_STEP = 0.05


class FileIndex:
    """The files below a folder, walked by a thread that nobody waits for at the exit."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.Lock()
        self._walk: _Walk | None = None

    def find(self, query: str, limit: int, stop: threading.Event) -> tuple[list[str], bool]:
        """The best paths for a query, folders with a slash at the end, and whether all files are
        known already. It waits for a while, so it is for a thread; nothing when told to stop."""
        with self._lock:
            walk = self._walk
            if walk is None or (walk.done.is_set() and time.monotonic() - walk.ended > _FRESH):
                walk = self._walk = _Walk(self.root)
        waited = 0.0
        while not walk.done.is_set() and waited < _PATIENCE and not stop.is_set():
            walk.done.wait(_STEP)
            waited += _STEP
        complete = walk.done.is_set()
        return rank(query, list(walk.paths), limit, stop), complete


class _Walk:
    """One walk: `paths` grows until `done`."""

    def __init__(self, root: Path) -> None:
        self.paths: list[str] = []
        self.done = threading.Event()
        self.ended = 0.0
        threading.Thread(target=self._run, args=(root,), name="files", daemon=True).start()

    def _run(self, root: Path) -> None:
        try:
            _walk(root, self.paths)
        finally:
            self.ended = time.monotonic()
            self.done.set()


def _walk(root: Path, found: list[str]) -> None:
    """Add the paths below the root, near ones first."""
    top, above = _repository(root)
    ignore = Ignore()
    prefix = ""
    for folder in above:  # the rules of folders between the repository's top and the root
        ignore = ignore.within(folder, prefix, _names(folder))
        part = root.relative_to(folder).parts[:1]
        prefix += "".join(f"{name}/" for name in part)
    base = "".join(f"{part}/" for part in root.relative_to(top).parts)
    seen: set[tuple[int, int]] = set()
    todo: deque[tuple[str, Ignore]] = deque([("", ignore)])
    while todo and len(found) < _MOST:
        inside, rules = todo.popleft()
        folder = root / inside
        try:
            here = folder.stat()
            with os.scandir(folder) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError:
            continue
        if (here.st_dev, here.st_ino) in seen:
            continue
        seen.add((here.st_dev, here.st_ino))
        rules = rules.within(folder, base + inside, {entry.name for entry in entries})
        for entry in entries:
            is_folder = _is_folder(entry)
            path = inside + entry.name
            if entry.name in _VCS or rules.ignores(base + path, is_folder=is_folder):
                continue
            if not entry.name.isprintable():
                continue
            found.append(path + "/" if is_folder else path)
            if is_folder:
                todo.append((path + "/", rules))


def _repository(root: Path) -> tuple[Path, list[Path]]:
    """The top of the repository that the root is in, and the folders from there to the root."""
    above: list[Path] = []
    for folder in (root, *root.parents):
        if folder != root:
            above.append(folder)
        if (folder / ".git").exists():
            return folder, above[::-1]
    return root, []


def _names(folder: Path) -> set[str]:
    return {name for name in (".gitignore", ".ignore", ".fdignore") if (folder / name).is_file()}


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def rank(
    query: str, paths: list[str], limit: int, stop: threading.Event | None = None
) -> list[str]:
    """The paths in which the letters of the query occur in order, the best first.

    Best is the name itself, then its beginning, then somewhere in it, then in the path, then with
    other letters between. Among equals the shorter one.
    """
    wanted = query.casefold()
    if not wanted:
        return [path for path in paths if "/" not in path[:-1]][:limit]
    letters = re.compile(".*?".join(map(re.escape, wanted)), re.DOTALL)
    hits: list[tuple[int, int, str]] = []
    for number, path in enumerate(paths):
        if stop is not None and number % 1000 == 0 and stop.is_set():
            return []
        folded = path.casefold()
        found = letters.search(folded)
        if found:
            hits.append((_distance(wanted, folded, found), len(path), path))
    return [path for _, _, path in nsmallest(limit, hits)]


def _distance(wanted: str, path: str, found: re.Match[str]) -> int:
    bare = path.removesuffix("/")
    name = bare[bare.rfind("/") + 1 :]
    if name == wanted:
        return 0
    if name.startswith(wanted):
        return 10
    at = name.find(wanted)
    if at >= 0:
        return 20 if at and not name[at - 1].isalnum() else 30
    if wanted in path:
        return 40
    in_name = re.search(".*?".join(map(re.escape, wanted)), name)
    if in_name:
        return 50 + min(40, len(in_name[0]) - len(wanted))
    return 100 + min(400, len(found[0]) - len(wanted))
