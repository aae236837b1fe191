"""Paths as models and people write them, and what to say when they lead nowhere.

A path is taken as typed if something is there; otherwise a leading `@`, special spaces and `~` are
understood. It is relative to the session's folder and may lead anywhere. For files that must exist,
a name that differs only in look-alike characters is found too (screenshots of macOS).
"""

import errno
import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from pi.agent.tools import ToolError

__all__ = ["existing", "explain", "fold_special", "near_names", "resolve", "shown"]

_SPECIAL_SPACES = "[\u00a0\u2000-\u200a\u202f\u205f\u3000]"  # compiled at first use
_LOOK_ALIKES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'})
_MAX_SIBLINGS = 5000


def resolve(typed: str, cwd: Path) -> Path:
    """The absolute path that was meant, whether or not anything is there."""
    if not typed.strip():
        raise ToolError("path is empty. Give the path of a file or folder.")
    if "\0" in typed:
        raise ToolError("path contains a NUL character.")
    literal = cwd / typed
    if os.path.lexists(literal):
        return literal
    text = re.sub(_SPECIAL_SPACES, " ", typed)
    if text.startswith("@") and not _first_folder_exists(text, cwd):
        text = text[1:]
    if text == "~" or text.startswith(("~/", "~\\")):
        text = str(Path.home()) + text[1:]
    return cwd / text


def existing(typed: str, cwd: Path) -> Path:
    """Like `resolve`, for something that has to be there.

    Raises `ToolError` with near names if nothing is.
    """
    path = resolve(typed, cwd)
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        found = _look_alike(path)
        if found is None:
            raise ToolError(_missing(typed, path, cwd)) from None
        return found
    except OSError as error:
        raise explain(error, typed, "read") from None
    return path


def shown(path: Path, cwd: Path) -> str:
    """`path` for a message: relative where it lies inside `cwd`, with forward slashes."""
    try:
        relative = path.relative_to(cwd)
    except ValueError:
        return printable(path)
    return printable(relative)


def printable(path: Path | str) -> str:
    """A path as text that can always be encoded, with forward slashes."""
    text = path.as_posix() if isinstance(path, Path) else path.replace(os.sep, "/")
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def explain(error: OSError, typed: str, doing: str) -> ToolError:
    """A failure of the operating system as a sentence. `doing`: "read", "write", "list", …"""
    name = printable(typed)
    match error.errno:
        case errno.ENOENT:
            text = f"{name} does not exist."
        case errno.EACCES | errno.EPERM:
            text = f"No permission to {doing} {name} ({error.strerror})."
        case errno.EISDIR:
            text = f"{name} is a folder, not a file."
        case errno.ENOTDIR:
            text = f"A part of the path {name} is a file, not a folder."
        case errno.EROFS:
            text = f"{name} is on a read-only file system."
        case errno.ENOSPC | errno.EDQUOT:
            text = f"No space left to {doing} {name}; nothing was changed."
        case errno.ENAMETOOLONG:
            text = f"The path {name[:120]}… is too long for this system."
        case errno.ELOOP:
            text = f"{name} is a symbolic link that leads back to itself."
        case _:
            text = f"Could not {doing} {name}: {error.strerror or error}."
    return ToolError(text)


def near_names(name: str, names: Iterable[str], count: int = 3) -> list[str]:
    """The names that look most like `name`, best first."""
    from difflib import get_close_matches  # only needed for a message

    by_fold: dict[str, str] = {}
    for other in names:
        by_fold.setdefault(fold_special(other).casefold(), other)
    found = get_close_matches(fold_special(name).casefold(), by_fold, n=count, cutoff=0.6)
    return [by_fold[fold] for fold in found]


def fold_special(text: str) -> str:
    """`text` with compatibility characters, special spaces and curly quotes made plain."""
    return re.sub(_SPECIAL_SPACES, " ", unicodedata.normalize("NFKC", text)).translate(_LOOK_ALIKES)


def _first_folder_exists(text: str, cwd: Path) -> bool:
    """Whether `@scope/name` lies in a folder that is really called `@scope`."""
    first, slash, _ = text.partition("/")
    return bool(slash) and (cwd / first).is_dir()


def _siblings(folder: Path) -> list[str]:
    names: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                names.append(entry.name)
                if len(names) >= _MAX_SIBLINGS:
                    break
    except OSError:
        pass
    return names


def _look_alike(path: Path) -> Path | None:
    """The only path whose names differ from `path` in nothing but look-alike characters."""
    found = Path(path.anchor)
    for part in path.parts[1:]:
        if not os.path.lexists(found / part):
            fold = fold_special(part)
            same = [name for name in _siblings(found) if fold_special(name) == fold]
            if len(same) != 1:
                return None
            part = same[0]
        found /= part
    return found if found.exists() else None


def _missing(typed: str, path: Path, cwd: Path) -> str:
    name = printable(typed)
    if path.is_symlink():
        return f"{name} is a symbolic link to {printable(path.readlink())}, which does not exist."
    parent = path.parent
    while not parent.exists() and parent != parent.parent:
        path, parent = parent, parent.parent
    if not parent.is_dir():
        return f"{name} does not exist: {shown(parent, cwd)} is a file, not a folder."
    folder = shown(parent, cwd)
    near = near_names(path.name, _siblings(parent))
    text = f"{name} does not exist."
    if path != resolve(typed, cwd):
        where = "the working folder" if folder == "." else folder
        text = f"{name} does not exist: there is no {printable(path.name)} in {where}."
    if near:
        names = ", ".join(shown(parent / other, cwd) for other in near)
        text += f" Did you mean {names}?"
    return text
