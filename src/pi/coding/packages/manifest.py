"""What a package brings: what its manifest lists, or what lies in the usual folders.

The manifest is `pi.toml`, `[tool.pi]` of `pyproject.toml`, or the key `pi` of `package.json`, the
first that is there; its lists `extensions`, `skills`, `prompts` and `themes` name files, folders
and globs inside the package. A manifest without a list of a kind brings nothing of that kind.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

__all__ = ["KINDS", "Contents", "contents", "let_in"]

KINDS = ("extensions", "skills", "prompts", "themes")
"""What a package may bring; also the names of the usual folders and of the settings."""

_DEEPEST = 6


class Contents(Struct, frozen=True):
    """The files that a package brings: Python files, `SKILL.md`s or Markdown, Markdown, JSON."""

    extensions: tuple[Path, ...] = ()
    skills: tuple[Path, ...] = ()
    prompts: tuple[Path, ...] = ()
    themes: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()

    def of(self, kind: str) -> tuple[Path, ...]:
        """The files of one of `KINDS`."""
        return getattr(self, kind)

    @property
    def empty(self) -> bool:
        """Whether there is nothing."""
        return not any(self.of(kind) for kind in KINDS)


def contents(folder: Path) -> Contents:
    """What the package in `folder` brings. Never raises: what is wrong becomes a note."""
    notes: list[str] = []
    lists, requires = _manifest(folder, notes)
    found: dict[str, tuple[Path, ...]] = {}
    for kind in KINDS:
        entries = [kind] if lists is None else lists.get(kind) or []
        if not isinstance(entries, list) or not all(isinstance(item, str) for item in entries):
            notes.append(f"{folder}: the manifest's {kind} is no list of paths; none is used")
            entries = []
        paths = _expanded(folder, entries, notes, required=lists is not None)
        files = [file for path in paths for file in _FINDERS[kind](path)]
        found[kind] = tuple(dict.fromkeys(files))
    return Contents(**found, notes=tuple(notes), requires=requires)


def let_in(path: Path, base: Path, filters: Sequence[str] | None) -> bool:
    """Whether the filters of a settings entry let a file of the package in `base` in.

    None lets all in, an empty list none. `!glob` leaves out, `+path` takes in again, `-path` leaves
    out for good; if there are plain globs, one of them must fit.
    """
    if filters is None:
        return True
    if not filters:
        return False
    names = _names(path, base)
    if any(_plain(item) in names for item in filters if item.startswith("-")):
        return False
    if any(_plain(item) in names for item in filters if item.startswith("+")):
        return True
    if any(_fits(names, _plain(item)) for item in filters if item.startswith("!")):
        return False
    wanted = [item for item in filters if not item.startswith(("!", "+", "-"))]
    return not wanted or any(_fits(names, item.strip().removeprefix("./")) for item in wanted)


def _names(path: Path, base: Path) -> set[str]:
    """The path in the package, and those of the folders around it."""
    relative = path.relative_to(base) if path.is_relative_to(base) else path
    return {item.as_posix() for item in (relative, *relative.parents)} - {"."}


def _plain(item: str) -> str:
    return item[1:].strip().removeprefix("./").rstrip("/")


def _fits(names: set[str], glob: str) -> bool:
    return any(fnmatchcase(name, glob.rstrip("/")) for name in names)


# -- the manifest ----------------------------------------------------------------------------------


def _manifest(folder: Path, notes: list[str]) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """The lists of the manifest, None without one; and the Python packages that are needed."""
    project = _read(folder / "pyproject.toml", _toml, notes)
    needs = project.get("project", {}) if isinstance(project.get("project"), dict) else {}
    required = needs.get("dependencies")
    requires = tuple(map(str, required)) if isinstance(required, list) else ()
    tool = project.get("tool")
    for data in (
        _read(folder / "pi.toml", _toml, notes) if (folder / "pi.toml").is_file() else None,
        tool.get("pi") if isinstance(tool, dict) else None,
        _read(folder / "package.json", msgspec.json.decode, notes).get("pi"),
    ):
        if isinstance(data, dict):
            return data, requires
    return None, requires


def _toml(data: bytes) -> Any:
    import tomllib  # 10 ms, only for packages that have such a file

    return tomllib.loads(data.decode())


def _read(path: Path, decode: Callable[[bytes], Any], notes: list[str]) -> dict[str, Any]:
    try:
        data = decode(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        notes.append(f"{path} cannot be used: {reason}")
        return {}
    return data if isinstance(data, dict) else {}


def _expanded(
    folder: Path, entries: Sequence[str], notes: list[str], *, required: bool
) -> list[Path]:
    """The files and folders that entries name, inside the package only."""
    out: list[Path] = []
    inside = Path(os.path.realpath(folder))
    dropped = [item[1:].removeprefix("./") for item in entries if item.startswith("!")]
    for entry in entries:
        if entry.startswith("!"):
            continue
        name = entry.strip().removeprefix("./").rstrip("/") or "."
        try:
            paths = sorted(folder.glob(name)) if _is_glob(name) else [folder / name]
        except (ValueError, NotImplementedError):
            notes.append(f"{folder}: the manifest's {entry!r} is no path inside the package")
            continue
        for path in paths:
            if not Path(os.path.realpath(path)).is_relative_to(inside):
                notes.append(f"{folder}: {entry!r} leads out of the package and is not used")
            elif not path.exists():
                if required:
                    notes.append(f"{folder}: the manifest names {entry!r}, which is not there")
            elif not any(_fits(_names(path, folder), glob) for glob in dropped):
                out.append(path)
    return out


def _is_glob(name: str) -> bool:
    return any(char in name for char in "*?[")


# -- what counts in a folder -----------------------------------------------------------------------


def _extensions(path: Path) -> Iterator[Path]:
    if path.is_file():
        if path.suffix == ".py":
            yield path
    elif (path / "__init__.py").is_file():
        yield path / "__init__.py"
    else:
        for item in _listed(path):
            if item.is_file() and item.suffix == ".py":
                yield item
            elif (item / "__init__.py").is_file():
                yield item / "__init__.py"


def _skills(path: Path, depth: int = 0) -> Iterator[Path]:
    if path.is_file():
        if path.suffix == ".md":
            yield path
    elif (path / "SKILL.md").is_file():
        yield path / "SKILL.md"
    elif depth < _DEEPEST:
        for item in _listed(path):
            if item.is_dir():
                yield from _skills(item, depth + 1)
            elif depth == 0 and item.suffix == ".md":
                yield item


def _files(suffix: str) -> Callable[[Path], Iterator[Path]]:
    def find(path: Path) -> Iterator[Path]:
        for item in [path] if path.is_file() else _listed(path):
            if item.suffix == suffix and item.is_file():
                yield item

    return find


def _listed(folder: Path) -> list[Path]:
    """What is in a folder, in order, without helpers and caches."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 (names are what is asked)
    except OSError:
        return []
    return [
        folder / name
        for name in names
        if not name.startswith((".", "_")) and name != "node_modules"
    ]


_FINDERS: dict[str, Callable[[Path], Iterator[Path]]] = {
    "extensions": _extensions,
    "skills": _skills,
    "prompts": _files(".md"),
    "themes": _files(".json"),
}
