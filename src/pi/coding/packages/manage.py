"""Installing, renewing and removing packages, for the user or for a project.

A package is a line in settings, and for a git repository also a clone. The clone comes first, so
that settings never name what could not be had; nothing that a package brings is run.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from pi.ai.catalog.jsonc import JsoncError, decode
from pi.ai.errors import ConfigError
from pi.coding.packages.git import clone, commit_of, is_changed, newest
from pi.coding.packages.manifest import KINDS, Contents
from pi.coding.packages.paths import Package, Scope, contents_of
from pi.coding.packages.sources import Source, clone_folder, parse_source
from pi.coding.settings import PackageSource
from pi.coding.settings_file import change

__all__ = ["Shelf", "Updated"]


class Updated(Struct, frozen=True):
    """What became of a package: `new`, `same`, `pinned`, `local` or `failed`. why: in words."""

    package: Package
    state: str
    why: str = ""


class Shelf:
    """The packages of one settings file.

    root: the folder of that file, the user's or a project's `.pi`.
    """

    def __init__(self, root: Path, scope: Scope, env: Mapping[str, str]) -> None:
        self.root = root
        self.scope: Scope = scope
        self.env = env
        self.file = root / "settings.json"

    def entries(self) -> list[Any]:
        """The list as it is in the file. Raises `ConfigError` if the file cannot be used."""
        try:
            content = self.file.read_bytes()
            data = decode(content) if content.strip() else {}
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ConfigError(f"{self.file} cannot be read: {error.strerror or error}") from error
        except JsoncError as error:
            raise ConfigError(f"{self.file} is no valid JSON: {error}; mend it first") from None
        return self._list_of(data)

    def packages(self) -> list[Package]:
        """The packages that can be understood."""
        out: list[Package] = []
        for entry in self.entries():
            try:
                own = msgspec.convert(entry, str | PackageSource)
                source = parse_source(own if isinstance(own, str) else own.source, self.root)
            except (msgspec.ValidationError, ConfigError):
                continue  # told at every start
            filters = {} if isinstance(own, str) else {kind: getattr(own, kind) for kind in KINDS}
            out.append(Package(source, self.scope, self._folder(source), filters))
        return out

    def find(self, text: str, cwd: Path) -> Package | None:
        """The package that somebody means, with or without its ref."""
        wanted = parse_source(text, cwd, self.env).identity
        return next((item for item in self.packages() if item.source.identity == wanted), None)

    def install(self, text: str, cwd: Path) -> tuple[Package, Contents]:
        """Fetch a package and put it into the settings. Raises `ConfigError`, nothing changed."""
        source = parse_source(text, cwd, self.env)
        if source.path is not None:
            return self._install_local(source, source.path)
        self.entries()  # a file that cannot be used is told before anything is fetched
        folder = self._folder(source)
        had = folder.is_dir()
        if had and is_changed(folder, self.env):
            raise ConfigError(_changed(folder, text))
        clone(source, folder, self.env)
        package = Package(source, self.scope, folder)
        brought = contents_of(package)
        if brought.empty and not had:
            self._remove_clone(folder)
            raise ConfigError(
                f"{text} brings no extensions, skills, prompts or themes{_why(brought)}"
            )
        try:
            self._put(source, text.strip())
        except ConfigError:
            if not had:
                self._remove_clone(folder)
            raise
        return package, brought

    def _install_local(self, source: Source, path: Path) -> tuple[Package, Contents]:
        if not path.exists():
            raise ConfigError(f"there is no folder {path}")
        package = Package(source, self.scope, path)
        brought = contents_of(package)
        if brought.empty:
            raise ConfigError(
                f"{path} brings no extensions, skills, prompts or themes{_why(brought)}"
            )
        written = str(path)
        if self.scope == "project" and path.is_relative_to(self.root.parent):
            written = os.path.relpath(path, self.root).replace(os.sep, "/")
        self._put(source, written)
        return package, brought

    def remove(self, text: str, cwd: Path) -> tuple[Package, bool]:
        """Take a package out of the settings, and its clone away unless somebody changed it.

        Gives the package, and whether its clone was kept. Raises `ConfigError`.
        """
        package = self.find(text, cwd)
        if package is None:
            known = ", ".join(item.source.text for item in self.packages()) or "none"
            raise ConfigError(f"{text} is not in {self.file}; there: {known}")
        identity = package.source.identity
        self._edit(lambda items: [item for item in items if self._identity(item) != identity])
        if package.source.kind != "git" or not package.folder.is_dir():
            return package, False
        if is_changed(package.folder, self.env):
            return package, True
        self._remove_clone(package.folder)
        return package, False

    def update(self, package: Package) -> Updated:
        """Renew one package. Never raises `ConfigError`: what went wrong is in the answer."""
        source, folder = package.source, package.folder
        if source.kind == "local":
            return Updated(package, "local")
        try:
            there = commit_of(folder, self.env) if folder.is_dir() else ""
            if there and source.ref:
                return Updated(package, "pinned", source.ref)
            if there and there == newest(source, self.env):
                return Updated(package, "same", there[:12])
            if folder.is_dir() and is_changed(folder, self.env):
                return Updated(package, "failed", _changed(folder, source.text))
            commit = clone(source, folder, self.env)
        except ConfigError as error:
            return Updated(package, "failed", error.message)
        return Updated(package, "new", f"{f'{there[:12]} -> ' if there else ''}{commit[:12]}")

    def filter(self, package: Package, kind: str, filters: list[str] | None) -> None:
        """Save which files of one kind are used; None means all. Raises `ConfigError`."""

        def edited(items: list[Any]) -> list[Any]:
            return [own(item) if self._identity(item) == identity else item for item in items]

        def own(entry: Any) -> Any:
            changed: dict[str, Any] = dict(entry) if isinstance(entry, dict) else {"source": entry}
            changed.pop(kind, None)
            if filters is not None:
                changed[kind] = filters
            return changed["source"] if changed.keys() == {"source"} else changed

        identity = package.source.identity
        self._edit(edited)

    # -- inside ------------------------------------------------------------------------------------

    def _folder(self, source: Source) -> Path:
        return source.path if source.path is not None else clone_folder(source, self.root)

    def _identity(self, entry: Any) -> str:
        text = entry.get("source") if isinstance(entry, dict) else entry
        try:
            return parse_source(str(text), self.root).identity
        except ConfigError:
            return ""

    def _put(self, source: Source, written: str) -> None:
        """Write the source into the list, in place of one for the same package."""

        def edited(items: list[Any]) -> list[Any]:
            for number, item in enumerate(items):
                if self._identity(item) == source.identity:
                    own = isinstance(item, dict)
                    items[number] = {**item, "source": written} if own else written
                    return items
            return [*items, written]

        self._edit(edited)

    def _edit(self, edit: Callable[[list[Any]], list[Any]]) -> None:
        """Change the list in the file, while nobody else does."""

        def change_list(data: dict[str, Any]) -> None:
            data["packages"] = edit(self._list_of(data))
            if not data["packages"]:
                del data["packages"]

        change(self.file, change_list)

    def _list_of(self, data: Any) -> list[Any]:
        listed = data.get("packages") if isinstance(data, dict) else None
        if listed is not None and not isinstance(listed, list):
            raise ConfigError(f"{self.file}: packages is no list; mend it first")
        return list(listed or ())

    def _remove_clone(self, folder: Path) -> None:
        """Remove a clone, and the folders around it that are empty then."""
        shutil.rmtree(folder, ignore_errors=True)
        parent = folder.parent
        while parent not in (self.root, self.root / "git") and parent.is_relative_to(self.root):
            try:
                parent.rmdir()
            except OSError:
                return
            parent = parent.parent


def _changed(folder: Path, text: str) -> str:
    return f"{text} is left alone: somebody changed files in {folder}"


def _why(brought: Contents) -> str:
    return f" ({'; '.join(brought.notes)})" if brought.notes else ""
