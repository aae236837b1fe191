"""Themes as files: where they lie and what they are called. They are read by the screen alone."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from pi.coding.resources.sources import (
    Place,
    Scope,
    files_of,
    first_of_each_name,
)

__all__ = ["ThemeFile", "ThemeFiles", "find_themes"]


class ThemeFile(Struct, frozen=True):
    """A theme that may be chosen by its name, that of the file."""

    name: str
    path: Path
    scope: Scope


class ThemeFiles(Struct, frozen=True):
    """The themes that were found, and what people should know about them."""

    themes: tuple[ThemeFile, ...] = ()
    notes: tuple[str, ...] = ()


def find_themes(places: Iterable[Place], entries: Sequence[str] = ()) -> ThemeFiles:
    """The themes at these places that the patterns of the `themes` setting let in."""
    notes: list[str] = []
    files = ((place, path) for place in places for path in files_of(place, ".json", "theme", notes))
    found = first_of_each_name(
        files,
        entries,
        lambda path, scope: ThemeFile(path.stem, path, scope),
        lambda name: f"theme {name!r}",
        notes,
    )
    return ThemeFiles(found, tuple(notes))
