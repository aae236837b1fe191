"""Single resources switched on and off in settings: those of the folders and those of packages.

A resource of a folder is switched by an entry of its kind, `-skills/x` or `+skills/x`; one of a
package by the same in the package's own entry.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from pi.ai.catalog.jsonc import JsoncError, decode
from pi.ai.errors import ConfigError
from pi.coding.packages.manage import Shelf
from pi.coding.packages.manifest import KINDS, contents, let_in
from pi.coding.packages.paths import Package, contents_of
from pi.coding.resources.sources import allowed
from pi.coding.settings_file import save

__all__ = ["Switch", "find_switch", "switch", "switches"]


class Switch(Struct, frozen=True):
    """A resource and whether it is on. name: as settings write it; package: whose it is."""

    kind: str
    name: str
    path: Path
    on: bool
    package: Package | None = None

    @property
    def folded(self) -> bool:
        """Whether its folder stands for it."""
        return self.path.name in ("SKILL.md", "__init__.py")

    @property
    def label(self) -> str:
        """The name for people."""
        whose = self.package.source.text if self.package else "own"
        return f"{self.kind[:-1]} {self.name} ({whose})"


def switches(shelf: Shelf) -> list[Switch]:
    """All resources that the shelf's settings decide about, folders first."""
    out: list[Switch] = []
    lists = _settings(shelf)
    own = contents_of_folder(shelf.root)
    for kind in KINDS:
        entries = _texts(lists.get(kind))
        for path in own[kind]:
            name = _name(path, shelf.root)
            out.append(Switch(kind, name, path, allowed(path, shelf.root, entries)))
    for package in shelf.packages():
        if not package.there:
            continue
        brought = contents_of(package)
        base = package.folder if package.folder.is_dir() else package.folder.parent
        for kind in KINDS:
            for path in brought.of(kind):
                on = let_in(path, base, package.filters.get(kind))
                out.append(Switch(kind, _name(path, base), path, on, package))
    return out


def contents_of_folder(root: Path) -> dict[str, tuple[Path, ...]]:
    """What lies in the usual folders of a user or project."""
    if not any((root / kind).is_dir() for kind in KINDS):
        return dict.fromkeys(KINDS, ())
    found = contents(root)
    return {kind: found.of(kind) for kind in KINDS}


def find_switch(all_of: Sequence[Switch], text: str, cwd: Path) -> Switch:
    """The resource that somebody means by its path or name. Raises `ConfigError`."""
    path = Path(os.path.abspath(cwd / text))  # noqa: PTH100
    name = text.removeprefix("./").rstrip("/")
    tests: tuple[Callable[[Switch], bool], ...] = (
        lambda item: path == item.path or (item.folded and path == item.path.parent),
        lambda item: item.name == name,
        lambda item: name in (Path(item.name).name, Path(item.name).stem),
    )
    for test in tests:
        fit = [item for item in all_of if test(item)]
        if len(fit) == 1:
            return fit[0]
        if fit:
            paths = ", ".join(str(item.path) for item in fit)
            raise ConfigError(f"{text} may be several: {paths}")
    raise ConfigError(f"there is no resource {text}; `pi config` lists all")


def switch(shelf: Shelf, item: Switch, on: bool) -> None:
    """Switch a resource on or off and save that. Raises `ConfigError`."""
    if item.on == on:
        return
    if item.package is None:
        entries = _texts(_settings(shelf).get(item.kind))
        changed = _changed(entries, item.name, on)
        if on and not allowed(item.path, shelf.root, changed):
            changed = [*changed, f"+{item.name}"]
        save(shelf.file, {item.kind: changed or None})
        return
    base = item.package.folder if item.package.folder.is_dir() else item.package.folder.parent
    filters = item.package.filters.get(item.kind)
    if on and filters is not None and not filters:
        changed = [item.name]
    else:
        changed = _changed(filters or (), item.name, on)
        if on and not let_in(item.path, base, changed or None):
            changed = [*changed, f"+{item.name}"]
    shelf.filter(item.package, item.kind, changed or None)


def _changed(entries: Sequence[str], name: str, on: bool) -> list[str]:
    """The entries without those about this very resource, and with one that leaves it out."""
    rest = [entry for entry in entries if entry[1:].strip() != name or entry[0] not in "+-"]
    return rest if on else [*rest, f"-{name}"]


def _name(path: Path, base: Path) -> str:
    """The path as settings write it; a skill and a folder of code by their folder."""
    place = path.parent if path.name in ("SKILL.md", "__init__.py") else path
    return Path(os.path.relpath(place, base)).as_posix()


def _settings(shelf: Shelf) -> dict[str, Any]:
    shelf.entries()  # tells of a file that cannot be used
    try:
        data = decode(shelf.file.read_bytes() or b"{}")
    except (FileNotFoundError, JsoncError):
        return {}
    return data if isinstance(data, dict) else {}


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
