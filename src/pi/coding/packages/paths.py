"""What the packages of the settings bring to a session.

Nothing is fetched here: a package that is not there is told of, with what to do.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from pi.ai.errors import ConfigError
from pi.coding.packages.manifest import KINDS, Contents, contents, let_in
from pi.coding.packages.sources import Source, clone_folder, parse_source
from pi.coding.resources.sources import Brought
from pi.coding.settings import PackageSource, Settings

__all__ = ["Package", "PackagePaths", "contents_of", "package_paths", "packages_of"]


Scope = Literal["project", "user"]


class Package(Struct, frozen=True):
    """A package of the settings. folder: where it is, whether or not it is there.

    filters: per kind, what the settings say about its files; None for a kind lets all in.
    """

    source: Source
    scope: Scope
    folder: Path
    filters: dict[str, tuple[str, ...] | None] = {}

    @property
    def there(self) -> bool:
        """Whether its files are on this machine."""
        return self.folder.is_dir() or (self.source.kind == "local" and self.folder.is_file())


class PackagePaths(Struct, frozen=True):
    """What all packages bring, and what people should know."""

    extensions: tuple[Brought, ...] = ()
    skills: tuple[Brought, ...] = ()
    prompts: tuple[Brought, ...] = ()
    themes: tuple[Brought, ...] = ()
    notes: tuple[str, ...] = ()

    def by_kind(self) -> dict[str, tuple[Brought, ...]]:
        """The files under the names of `KINDS`."""
        return {kind: getattr(self, kind) for kind in KINDS}


def package_paths(
    folder: Path, cwd: Path, settings: Settings, *, trusted: bool = False
) -> PackagePaths:
    """The files of the packages of the settings, those that they leave out aside.

    folder: the user's. trusted: whether the project is; clones that lie in it count only then.
    """
    if not settings.packages:
        return PackagePaths()
    notes: list[str] = []
    found: dict[str, list[Brought]] = {kind: [] for kind in KINDS}
    for package in packages_of(settings.packages, folder, cwd, notes, trusted=trusted):
        text = package.source.text
        if not package.there:
            fetch = f"; `pi update {text}` fetches it" if package.source.kind == "git" else ""
            notes.append(f"package {text} is not there: {package.folder}{fetch}")
            continue
        brought = contents_of(package)
        notes += brought.notes
        for kind in KINDS:
            found[kind] += [
                Brought(path, text, package.scope)
                for path in brought.of(kind)
                if let_in(path, package.folder, package.filters.get(kind))
            ]
    return PackagePaths(**{kind: tuple(items) for kind, items in found.items()}, notes=tuple(notes))


def contents_of(package: Package) -> Contents:
    """What a package brings, whatever the settings say. A file is an extension by itself."""
    if package.folder.is_file():
        return Contents(extensions=(package.folder,))
    return contents(package.folder)


def packages_of(
    entries: Iterable[str | PackageSource],
    folder: Path,
    cwd: Path,
    notes: list[str],
    *,
    trusted: bool = False,
) -> list[Package]:
    """The packages of a list in the settings, whose paths are absolute; each only once.

    A later entry for the same package, which is the project's, takes the place of the earlier one;
    with `autoload: false` it only adds its filters to it.
    """
    out: dict[str, Package] = {}
    for entry in entries:
        text = entry if isinstance(entry, str) else entry.source
        try:
            source = parse_source(text, folder)
        except ConfigError as error:
            notes.append(f"package {error.message}")
            continue
        filters = {} if isinstance(entry, str) else _filters(entry)
        before = out.pop(source.identity, None)
        if before is not None and isinstance(entry, PackageSource) and not entry.autoload:
            merged = {kind: _joined(before.filters.get(kind), filters.get(kind)) for kind in KINDS}
            out[source.identity] = Package(before.source, before.scope, before.folder, merged)
            continue
        scope, place = _place(source, folder, cwd, trusted=trusted)
        out[source.identity] = Package(source, scope, place, filters)
    return list(out.values())


def _place(source: Source, folder: Path, cwd: Path, *, trusted: bool) -> tuple[Scope, Path]:
    if source.path is not None:
        return ("project" if source.path.is_relative_to(cwd) else "user"), source.path
    ours = clone_folder(source, cwd / ".pi")
    if trusted and ours.is_dir():
        return "project", ours
    return "user", clone_folder(source, folder)


def _filters(entry: PackageSource) -> dict[str, tuple[str, ...] | None]:
    fields: Mapping[str, Any] = {kind: getattr(entry, kind) for kind in KINDS}
    return dict(fields)


def _joined(low: tuple[str, ...] | None, high: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if low is None or high is None:
        return high if low is None else low
    return (*low, *high)
