"""Where theme files are: a project's, those the settings name, the user's.

They are found here and read by the screen, which alone knows what they mean.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from pi.coding.resources.sources import Place, allowed, paths_of

__all__ = ["find_theme_files", "theme_places"]


def theme_places(
    folder: Path,
    cwd: Path,
    *,
    trusted: bool = False,
    entries: Sequence[str] = (),
    flags: Sequence[Path] = (),
) -> list[Place]:
    """Where to look for themes, in the order of precedence.

    folder: the user's folder. entries: the `themes` setting. flags: from the command line.
    """
    places = [Place(path, "flag") for path in flags]
    if trusted:
        places.append(Place(cwd / ".pi" / "themes", "project", cwd / ".pi"))
    places += [Place(folder / path.expanduser(), "user", folder) for path in paths_of(entries)]
    places.append(Place(folder / "themes", "user", folder))
    return places


def find_theme_files(places: Iterable[Place], entries: Sequence[str] = ()) -> tuple[Path, ...]:
    """The theme files at these places that the patterns of the setting let in, unread."""
    found: list[Path] = []
    for place in places:
        try:
            files = sorted(place.path.glob("*.json")) if place.path.is_dir() else [place.path]
        except OSError:
            continue  # a folder that cannot be read has no themes
        for path in files:
            if path.suffix == ".json" and path.is_file() and allowed(path, place.base, entries):
                found.append(path)
    return tuple(dict.fromkeys(found))
