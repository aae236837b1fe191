"""Where extensions are: files and folders of the user and the project, installed packages.

Places are looked at in the order of precedence: the command line, the project, the user, packages.
An extension is a file `name.py`, or a folder `name` with an `__init__.py`; names that begin with
`.` or `_` are helpers. Nothing is imported here, and looking costs next to nothing where there is
nothing.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from pi.ai.errors import ConfigError
from pi.ai.places import expand
from pi.coding.extensions.shelf import Scope
from pi.coding.resources.sources import allowed, paths_of

__all__ = ["Found", "find_extensions", "find_packages", "given", "own_folders"]

_GROUP = b"[pi.extensions]"
_INDEX = "extension-packages.json"


class Found(Struct, frozen=True):
    """An extension that is to be loaded. entry: `module:attribute` of an installed package.

    function: `extension(pi)` itself, of a program that uses us as a library.
    """

    name: str
    path: Path
    scope: Scope
    entry: str = ""
    function: Callable[..., Any] | None = None


def own_folders(cwd: Path) -> tuple[Path, ...]:
    """The folders of a project in which there may be extensions, which need trust."""
    return (cwd / ".pi" / "extensions",)


def find_extensions(
    folder: Path,
    cwd: Path,
    *,
    flags: Sequence[str] = (),
    discover: bool = True,
    trusted: bool = False,
    entries: Sequence[str] = (),
    packages: Sequence[Path] = (),
    env: Mapping[str, str] | None = None,
) -> list[Found]:
    """All extensions in the order in which they are loaded. folder: the user's.

    flags: paths of the command line. discover: whether to look further. trusted: whether the
    project's own count. entries: the setting `extensions`, paths absolute. packages: files and
    folders that installed pi packages bring. Raises `ConfigError` for a path that does not exist.
    """
    found: list[Found] = []
    for flag in flags:
        plain = expand(flag, os.environ if env is None else env)
        path = Path(os.path.abspath(cwd / plain))  # noqa: PTH100 (keeps symbolic links)
        if not path.exists():
            raise ConfigError(f"--extension {flag}: there is no such file or folder ({path})")
        found += _at(path, "flag")
    if discover:
        more: list[Found] = []
        for place in own_folders(cwd) if trusted else ():
            more += _inside(place, "project")
        user = folder / "extensions"
        more += _inside(user, "user")
        for path in filter(Path.exists, paths_of(entries)):  # what is not there was told
            more += _at(path, "project" if path.is_relative_to(cwd / ".pi") else "user")
        for path in packages:
            more += _at(path, "package")
        more += find_packages(folder)
        found += [item for item in more if allowed(item.path, folder, entries)]
    return _once(found)


def given(function: Callable[..., Any], number: int = 1) -> Found:
    """An extension that is a function of the program that uses us. number: tells it from others."""
    code = getattr(function, "__code__", None)
    path = Path(code.co_filename if code is not None else "program")
    name = getattr(function, "__name__", "") or type(function).__name__
    name = name if name.isidentifier() and name != "extension" else path.stem
    return Found(name, path, "flag", f"{number}:{name}", function)


def _at(path: Path, scope: Scope) -> Iterator[Found]:
    """A file, a folder that is one extension, or a folder of extensions."""
    if path.is_dir() and not (path / "__init__.py").is_file():
        yield from _inside(path, scope)
    elif path.is_dir():
        yield Found(path.name, path / "__init__.py", scope)
    else:
        name = path.parent.name if path.name == "__init__.py" else path.stem
        yield Found(name, path, scope)


def _inside(folder: Path, scope: Scope) -> Iterator[Found]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:  # most have no such folder
        return
    for entry in entries:
        if entry.name.startswith((".", "_")):
            continue
        path = Path(entry.path)
        if entry.name.endswith(".py") and entry.is_file():
            yield Found(path.stem, path, scope)
        elif entry.is_dir() and (path / "__init__.py").is_file():
            yield Found(path.name, path / "__init__.py", scope)


def _once(found: Iterable[Found]) -> list[Found]:
    """Without those that were found before, by another road."""
    seen: dict[str, Found] = {}
    for item in found:
        seen.setdefault(item.entry or os.path.realpath(item.path), item)
    return list(seen.values())


# -- installed packages ----------------------------------------------------------------------------


class _Index(Struct):
    """What was found in the folders of installed packages, and when those changed last."""

    folders: dict[str, int]
    found: list[tuple[str, str, str]]


def find_packages(folder: Path, search: Sequence[str] | None = None) -> list[Found]:
    """Extensions of installed Python packages: entry points of the group `pi.extensions`.

    Reading them all takes milliseconds, so what was found is kept in the user's folder until
    something is installed or removed.
    """
    folders = {path: stamp for path in search or sys.path if (stamp := _stamp(path))}
    index = _read_index(folder / _INDEX)
    if index is None or index.folders != folders:
        index = _Index(folders, [item for path in folders for item in _entry_points(Path(path))])
        _keep_index(folder / _INDEX, index)
    return [Found(name, Path(path), "package", entry) for name, path, entry in index.found]


def _stamp(path: str) -> int:
    """When a folder of installed packages was changed; 0 if it is none."""
    if not path.endswith(("site-packages", "dist-packages")):
        return 0
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116 (a Path costs as much as the look)
    except OSError:
        return 0


def _read_index(path: Path) -> _Index | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Index)
    except (OSError, ValueError):
        return None


def _keep_index(path: Path, index: _Index) -> None:
    try:
        if path.parent.is_dir():
            spare = path.with_suffix(f".{os.getpid()}.tmp")
            spare.write_bytes(msgspec.json.encode(index))
            spare.replace(path)
    except OSError:  # next time, then
        return


def _entry_points(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Name, file and `module:attribute`; a distribution's file is where its list stands."""
    for entry in os.scandir(folder):
        if not entry.name.endswith((".dist-info", ".egg-info")):
            continue
        file = Path(entry.path, "entry_points.txt")
        try:
            text = file.read_bytes()
        except OSError:
            continue
        if _GROUP in text:
            for name, value in _group(text.decode("utf-8", "replace")):
                yield name, str(file), value


def _group(text: str) -> Iterator[tuple[str, str]]:
    inside: Any = False
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("["):
            inside = line == _GROUP.decode()
        elif inside and "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            yield name.strip(), value.partition("[")[0].strip()
