"""Instructions for agents that lie in folders: `AGENTS.md` and its kin.

The user's own come first, then those of every folder from the root down to the working folder, so
that the nearest has the last word. One file counts in each folder.
"""

import os
from pathlib import Path

from msgspec import Struct

from pi.coding.resources.sources import read_text

__all__ = ["CONTEXT_NAMES", "ContextFile", "ContextFiles", "find_context_files"]

CONTEXT_NAMES = ("AGENTS.override.md", "AGENTS.md", "AGENTS.MD", "CLAUDE.md", "CLAUDE.MD")
"""The first of these that a folder has counts."""


class ContextFile(Struct, frozen=True):
    """Instructions and the file that they come from."""

    path: Path
    content: str


class ContextFiles(Struct, frozen=True):
    """All instructions, in the order in which the model reads them."""

    files: tuple[ContextFile, ...] = ()
    notes: tuple[str, ...] = ()


def find_context_files(folder: Path, cwd: Path) -> ContextFiles:
    """The instructions of the user (in `folder`) and those that hold at the absolute `cwd`."""
    notes: list[str] = []
    files: list[ContextFile] = []
    for place in dict.fromkeys((folder, *reversed(cwd.parents), cwd)):
        found = _of_folder(place, notes)
        if found is not None:
            files.append(found)
    shadowed = _shadowed_by_worktree(cwd) if len(files) > 1 else None
    if shadowed is not None:
        main, worktree = shadowed
        names = {file.path.name for file in files if _is(file.path.parent, worktree)}
        files = [f for f in files if not (_is(f.path.parent, main) and f.path.name in names)]
    return ContextFiles(tuple(file for file in files if file.content.strip()), tuple(notes))


def _of_folder(folder: Path, notes: list[str]) -> ContextFile | None:
    for name in CONTEXT_NAMES:
        path = folder / name
        if os.path.isfile(path):  # noqa: PTH113 (twice as fast, and asked five times a folder)
            content = read_text(path, notes)
            if content is not None:
                return ContextFile(path, content)
    return None


def _shadowed_by_worktree(cwd: Path) -> tuple[Path, Path] | None:
    """Main folder and worktree, when `cwd` is in a git worktree that lies inside its main folder.

    Both have the same instructions, which would otherwise be given twice.
    """
    root = next((place for place in (cwd, *cwd.parents) if (place / ".git").exists()), None)
    if root is None or not (root / ".git").is_file():
        return None
    try:
        text = (root / ".git").read_text(encoding="utf-8").strip()
        git = root / text.removeprefix("gitdir:").strip()
        common = git / (git / "commondir").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    main = Path(os.path.realpath(common)).parent
    inside = Path(os.path.realpath(root)).is_relative_to(main)
    return (main, root) if inside and _is(main / ".git", common) else None


def _is(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
