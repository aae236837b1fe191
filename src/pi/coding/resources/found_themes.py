"""Themes as files: where they lie and what they are called. They are read by the screen alone."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from pi.coding.resources.sources import Brought, Place, Scope, allowed, places_of

__all__ = ["ThemeFile", "ThemeFiles", "find_themes", "theme_places"]


class ThemeFile(Struct, frozen=True):
    """A theme that may be chosen by its name, that of the file."""

    name: str
    path: Path
    scope: Scope


class ThemeFiles(Struct, frozen=True):
    """The themes that were found, and what people should know about them."""

    themes: tuple[ThemeFile, ...] = ()
    notes: tuple[str, ...] = ()


def theme_places(
    folder: Path,
    cwd: Path,
    *,
    trusted: bool = False,
    entries: Sequence[str] = (),
    flags: Sequence[Path] = (),
    brought: Sequence[Brought] = (),
) -> list[Place]:
    """Where to look for themes, in the order of precedence; as for skills."""
    named, packed = places_of(entries, brought, folder, cwd)
    places = [Place(path, "flag") for path in flags]
    if trusted:
        places.append(Place(cwd / ".pi" / "themes", "project", cwd / ".pi"))
    places += named
    places.append(Place(folder / "themes", "user", folder))
    return places + packed


def find_themes(places: Iterable[Place], entries: Sequence[str] = ()) -> ThemeFiles:
    """The themes at these places that the patterns of the `themes` setting let in."""
    found: dict[str, ThemeFile] = {}
    seen: set[str] = set()
    notes: list[str] = []
    for place in places:
        for path in _files(place, notes):
            real = os.path.realpath(path)
            if real in seen or not allowed(path, place.base, entries):
                continue
            seen.add(real)
            name = path.stem
            theme = ThemeFile(name, path, place.scope)
            first = found.setdefault(name, theme)
            if first is not theme:
                notes.append(f"theme {name!r} of {path} is not used: {first.path} has that name")
    return ThemeFiles(tuple(found.values()), tuple(notes))


def _files(place: Place, notes: list[str]) -> Iterator[Path]:
    try:
        with os.scandir(place.path) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except NotADirectoryError:
        yield place.path
        return
    except OSError:
        if place.scope == "flag":
            notes.append(f"theme {place.path} does not exist")
        return
    for entry in entries:
        if entry.name.endswith(".json") and entry.is_file():
            yield Path(entry.path)
