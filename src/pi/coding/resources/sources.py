"""Where resources come from, and which of them the user's patterns let in.

A place is a folder or a file with a scope. Places are looked at in the order of precedence, flags
before the project before the user, and the first resource of a name counts. In settings, `!glob`
leaves resources out, `+path` takes one in again, `-path` leaves one out for good.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from msgspec import Struct

from pi.ai.places import expand

__all__ = [
    "Brought",
    "Named",
    "Place",
    "Scope",
    "allowed",
    "files_of",
    "first_of_each_name",
    "flag_paths",
    "is_pattern",
    "paths_of",
    "places_in",
    "places_of",
    "read_text",
]

Scope = Literal["flag", "project", "user"]


class Place(Struct, frozen=True):
    """Where to look. `base`: what patterns are relative to. `loose`: single files count too."""

    path: Path
    scope: Scope
    base: Path | None = None
    loose: bool = True


class Brought(Struct, frozen=True):
    """A file that a package brings. package: its source, as it was written."""

    path: Path
    package: str
    scope: Literal["project", "user"]


def flag_paths(flags: Iterable[str], cwd: Path, env: Mapping[str, str] | None = None) -> list[Path]:
    """The paths of a repeated option, absolute."""
    env = os.environ if env is None else env
    return [Path(os.path.abspath(cwd / expand(flag, env))) for flag in flags]  # noqa: PTH100


def places_of(
    entries: Sequence[str], brought: Iterable[Brought], folder: Path, cwd: Path
) -> tuple[list[Place], list[Place]]:
    """The places that a settings list names, and those of packages, the project's first in both."""
    named: list[Place] = []
    for path in paths_of(entries):
        scope: Scope = "project" if path.is_relative_to(cwd) else "user"
        named.append(Place(path, scope, cwd / ".pi" if scope == "project" else folder))
    packed = [Place(item.path, item.scope) for item in brought]
    return (
        sorted(named, key=lambda place: place.scope),
        sorted(packed, key=lambda place: place.scope),
    )


def places_in(
    kind: str,
    folder: Path,
    cwd: Path,
    *,
    trusted: bool = False,
    entries: Sequence[str] = (),
    flags: Sequence[Path] = (),
    brought: Sequence[Brought] = (),
) -> list[Place]:
    """Where to look for what lies in folders called `kind`, in the order of precedence.

    folder: the user's folder. entries: the setting of that name. flags: from the command line.
    brought: by packages.
    """
    named, packed = places_of(entries, brought, folder, cwd)
    places = [Place(path, "flag") for path in flags]
    if trusted:
        places.append(Place(cwd / ".pi" / kind, "project", cwd / ".pi"))
    return [*places, *named, Place(folder / kind, "user", folder), *packed]


def files_of(place: Place, suffix: str, what: str, notes: list[str]) -> Iterator[Path]:
    """The files of a place whose names end so, or the one file that it is, whatever its name.

    what: how a note calls what is not there.
    """
    try:
        with os.scandir(place.path) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except NotADirectoryError:
        yield place.path
        return
    except OSError:
        if place.scope == "flag":
            notes.append(f"{what} {place.path} does not exist")
        return
    for entry in entries:
        if entry.name.endswith(suffix) and entry.is_file():
            yield Path(entry.path)


class Named(Protocol):
    """A resource of a file."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def path(self) -> Path:
        """The file."""
        ...


T = TypeVar("T", bound=Named)


def first_of_each_name(
    files: Iterable[tuple[Place, Path]],
    entries: Sequence[str],
    read: Callable[[Path, Scope], T | None],
    call: Callable[[str], str],
    notes: list[str],
) -> tuple[T, ...]:
    """What `read` makes of the files that the patterns let in; of one name the first counts.

    call: how a note calls a resource of that name.
    """
    found: dict[str, T] = {}
    seen: set[str] = set()
    for place, path in files:
        real = os.path.realpath(path)
        if real in seen or not allowed(path, place.base, entries):
            continue
        seen.add(real)
        item = read(path, place.scope)
        if item is None:
            continue
        first = found.setdefault(item.name, item)
        if first is not item:
            notes.append(f"{call(item.name)} of {path} is not used: {first.path} has that name")
    return tuple(found.values())


def is_pattern(entry: str) -> bool:
    """Whether an entry of a settings list is a pattern and no path."""
    return entry.startswith(("!", "+", "-"))


def paths_of(entries: Iterable[str]) -> list[Path]:
    """The paths in a settings list."""
    return [Path(entry) for entry in entries if not is_pattern(entry)]


def allowed(path: Path, base: Path | None, entries: Sequence[str]) -> bool:
    """Whether the patterns in a settings list let a resource in."""
    if not entries:
        return True
    names = _names(path, base)
    if any(_exact(entry) in names for entry in entries if entry.startswith("-")):
        return False
    if any(_exact(entry) in names for entry in entries if entry.startswith("+")):
        return True
    globs = [_slashes(entry[1:].strip()) for entry in entries if entry.startswith("!")]
    return not any(fnmatchcase(name, glob) for glob in globs for name in names)


def read_text(path: Path, notes: list[str]) -> str | None:
    """The text of a file, or None with a note why not. Wrong bytes become U+FFFD."""
    try:
        return path.read_bytes().decode("utf-8-sig", "replace")
    except OSError as error:
        notes.append(f"{path} cannot be read: {error.strerror or error}")
        return None


def _names(path: Path, base: Path | None) -> list[str]:
    """Under what names a pattern may mean a resource; a skill also by its folder."""
    names: list[str] = []
    for item in (path, path.parent) if path.name == "SKILL.md" else (path,):
        names += [item.as_posix(), item.name]
        if base is not None:
            names.append(_slashes(os.path.relpath(item, base)))
    return names


def _exact(entry: str) -> str:
    text = _slashes(entry[1:].strip())
    return text.removeprefix("./").rstrip("/")


def _slashes(text: str) -> str:
    return text.replace("\\", "/")
