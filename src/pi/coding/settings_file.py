"""Settings files: read without harm, merged, saved key by key.

A file that is broken, or a value that is of the wrong kind, is told in one line and left out; the
rest counts. Saving changes only the keys that were changed, under the established lock, and never
writes over a file that could not be read in full. Unknown keys, comments and the way it is written
stay as they are.
"""

import contextlib
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from pi.ai.errors import ConfigError
from pi.coding.settings import NEEDS_TRUST, USER_ONLY, Settings, expand

__all__ = ["Loaded", "SettingsError", "load", "problems", "save", "written"]

Data = dict[str, Any]
Tell = Callable[[tuple[str, ...], str], None]

_RESOURCES = ("packages", "extensions", "skills", "prompts", "themes")
_LEGACY = frozenset({"$schema", "apiKeys"})
_BOM = b"\xef\xbb\xbf"
_NO_PATHS = ("!", "+", "-", "builtin:", "npm:", "git:", "http:", "https:", "ssh:", "file:")
_REMOTE = re.compile(r"[\w.-]+@[\w.-]+:")


class SettingsError(ConfigError):
    """Settings cannot be saved. The message names the file and what to do."""


class Loaded(Struct, frozen=True):
    """Settings, and what people should know about the files they come from.

    held_back: keys of the project that would count if the project were trusted.
    """

    settings: Settings = Settings()
    notes: tuple[str, ...] = ()
    held_back: tuple[str, ...] = ()


def load(
    folder: Path,
    cwd: Path,
    *,
    trusted: bool = False,
    flags: Mapping[str, Any] | None = None,
    env: Mapping[str, str] | None = None,
) -> Loaded:
    """The settings of the user (in `folder`), of the project at `cwd`, and of the command line.

    `flags` has the form of a file. `trusted` says whether all of the project's keys count.
    """
    env = os.environ if env is None else env
    notes: list[str] = []
    user_file, project_file = folder / "settings.json", cwd / ".pi" / "settings.json"
    data = _read(user_file, notes, env)
    held: tuple[str, ...] = ()
    if project_file != user_file:
        project = _read(project_file, notes, env, counts=trusted)
        held = _hold_back(project, project_file, notes, trusted=trusted)
        data = _merge(data, project)
    if flags:
        told = _Told("command line:")
        checked, _ = _check(Settings, dict(flags), told)
        notes += told.notes
        data = _merge(data, checked)
    settings = msgspec.convert(data, Settings) if data else Settings()
    return Loaded(settings, tuple(notes), held)


def written(path: Path) -> Data:
    """What a file says, as it stands there; nothing if it cannot be read."""
    try:
        data = _parse(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def problems(changes: Mapping[str, Any]) -> list[str]:
    """What of these changes would not count, one line each: values of the wrong kind."""
    told = _Told("settings:")
    _check(Settings, dict(changes), told)
    return [note.replace(" is ignored", "", 1) for note in told.notes]


def save(path: Path, changes: Mapping[str, Any]) -> None:
    """Change keys of the file: nested objects are merged, None takes a key away.

    Raises `SettingsError`, with the file as it was.
    """
    change(path, lambda data: _apply(data, changes))


def change(path: Path, edit: Callable[[Data], None]) -> None:
    """Change the file as it is now, while nobody else does; `edit` changes what it is given.

    Raises `SettingsError`, or what `edit` raises, with the file as it was.
    """
    from pi.ai.auth.lock import FileLock  # loads asyncio

    target = Path(os.path.realpath(path))
    try:
        _make_folder(target.parent)
        with FileLock(target, stale=10.0, patience=12.0) as lock:
            _replace(target, _rewritten(target, edit), lock.ensure)
    except OSError as error:
        raise SettingsError(f"{path} cannot be saved: {error.strerror or error}") from error


# -- reading ---------------------------------------------------------------------------------------


def _read(path: Path, notes: list[str], env: Mapping[str, str], *, counts: bool = True) -> Data:
    """The usable keys of a file, with the paths of its resources made absolute.

    counts: whether its extensions are loaded.
    """
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        notes.append(f"{path} cannot be read: {error.strerror or error}; it is ignored")
        return {}
    try:
        data = _parse(content)
    except (ValueError, RecursionError) as error:
        notes.append(f"{path} is ignored until it is mended: {error}")
        return {}
    if not isinstance(data, dict):
        notes.append(f"{path} is ignored: it holds no JSON object")
        return {}

    told = _Told(str(path), content)
    checked, unknown = _check(Settings, _modern(data), told)
    _hint(unknown, path, notes)
    for key in _RESOURCES:
        if key in checked:
            listed = [item for item in checked[key] if _is_clean(item)]
            if len(listed) < len(checked[key]):
                told((key,), "has an entry with a character that no path has; it is left out")
            checked[key] = [_absolute(item, path.parent, env) for item in listed]
    for item in checked.get("extensions", ()) if counts else ():
        if not item.startswith(_NO_PATHS) and not os.path.exists(item):  # noqa: PTH110
            told(("extensions",), f"names {item}, and there is no such file or folder")
    notes += told.notes
    return checked


def _parse(content: bytes) -> Any:
    """The JSON value, comments and trailing commas allowed. Raises `ValueError` with the place."""
    plain = content.removeprefix(_BOM)
    if not plain.strip():
        return {}
    try:
        return msgspec.json.decode(plain)
    except (ValueError, RecursionError):
        from pi.ai.catalog.jsonc import decode  # brings in the catalog

        return decode(content)


def _check(
    kind: type[Struct], data: Data, tell: Tell, above: tuple[str, ...] = ()
) -> tuple[Data, list[tuple[str, list[str]]]]:
    """What of `data` is of the right kind; and unknown keys, each with those that are known."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    good: Data = {}
    unknown: list[tuple[str, list[str]]] = []
    for key, value in data.items():
        keys = (*above, key)
        if value is None:
            continue
        if key not in fields:
            prefix = ".".join((*above, ""))
            unknown.append((prefix + key, [prefix + known for known in fields]))
            continue
        inner = fields[key].type
        if isinstance(inner, type) and issubclass(inner, Struct) and isinstance(value, dict):
            good[key], more = _check(inner, value, tell, keys)
            unknown += more
            continue
        value = _whole(value)
        try:
            msgspec.convert(value, inner)
        except msgspec.ValidationError:
            from pi.ai.catalog.plain import allowed, show_value  # brings in the catalog

            tell(keys, f"is ignored: expected {allowed(inner)}, got {show_value(value)}")
        else:
            good[key] = value
    return good, unknown


class _Told:
    """Collects what is wrong, with the line where it stands if it comes from a file."""

    def __init__(self, where: str, content: bytes = b"") -> None:
        self.notes: list[str] = []
        self._where = where
        self._content = content

    def __call__(self, keys: tuple[str, ...], text: str) -> None:
        where = self._where
        if self._content:
            from pi.ai.catalog.jsonc import line_of  # brings in the catalog

            where += f" line {line_of(self._content, keys)}:"
        self.notes.append(f"{where} {'.'.join(keys)} {text}")


def _is_clean(item: Any) -> bool:
    text = item["source"] if isinstance(item, dict) else item
    return not any(ord(char) < 32 for char in text)


def _whole(value: Any) -> Any:
    """`2000.0` as a whole number, as the established program takes it."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    return value


def _hint(unknown: list[tuple[str, list[str]]], path: Path, notes: list[str]) -> None:
    """Tell of unknown keys that look like a slip. Others may belong to an extension."""
    for key, known in unknown:
        if key in _LEGACY:
            continue
        from difflib import get_close_matches  # costs 3 ms, needed only for this message

        near = get_close_matches(key, known, n=1, cutoff=0.8)
        if near:
            notes.append(f"{path}: there is no setting {key!r}; did you mean {near[0]!r}?")


def _modern(data: Data) -> Data:
    """The data with keys of older versions under their present names."""
    data = dict(data)
    queue_mode, websockets = data.pop("queueMode", None), data.pop("websockets", None)
    if queue_mode is not None:
        data.setdefault("steeringMode", queue_mode)
    if isinstance(websockets, bool):
        data.setdefault("transport", "websocket" if websockets else "sse")
    skills = data.get("skills")
    if isinstance(skills, dict):
        if "enableSkillCommands" in skills:
            data.setdefault("enableSkillCommands", skills["enableSkillCommands"])
        data["skills"] = skills.get("customDirectories") or []
    retry = data.get("retry")
    if isinstance(retry, dict) and "maxDelayMs" in retry:
        retry = dict(retry)
        delay, provider = retry.pop("maxDelayMs"), retry.get("provider") or {}
        if isinstance(provider, dict):
            retry["provider"] = {"maxRetryDelayMs": delay} | provider
        data["retry"] = retry
    return data


def _absolute(item: Any, base: Path, env: Mapping[str, str]) -> Any:
    """A resource with its path made absolute; patterns and package names stay as they are."""
    if isinstance(item, dict):
        return item | {"source": _absolute(item["source"], base, env)}
    if item.startswith(_NO_PATHS) or _REMOTE.match(item):
        return item
    return os.path.abspath(base / expand(item.strip(), env))  # noqa: PTH100 (keeps links)


def _hold_back(data: Data, path: Path, notes: list[str], *, trusted: bool) -> tuple[str, ...]:
    """Take away what a project may not set. Gives the keys that trust would let in."""
    never = [key for key in USER_ONLY if data.pop(key, None) is not None]
    if never:
        notes.append(f"{path}: {', '.join(never)} can only be set in the user's own settings")
    if trusted:
        return ()
    return tuple(key for key in NEEDS_TRUST if data.pop(key, None) is not None)


def _merge(base: Data, top: Data, *, nested: bool = False) -> Data:
    merged = dict(base)
    for key, value in top.items():
        old = merged.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            value = _merge(old, value, nested=True)
        elif not nested and old and (key in _RESOURCES or (key == "defaultTools" and _adds(value))):
            value = [*old, *value]
        merged[key] = value
    return merged


def _adds(tools: Any) -> bool:
    """Whether a list of tools changes another one instead of replacing it."""
    return bool(tools) and all(name.startswith(("+", "-")) for name in tools)


# -- saving ----------------------------------------------------------------------------------------


def _rewritten(path: Path, edit: Callable[[Data], None]) -> bytes:
    """The content of the file after the change; what was not changed stays as it is written."""
    from pi.ai.catalog.jsonc import JsoncError  # brings in the catalog
    from pi.ai.catalog.jsonc_edit import rewrite

    def changed(data: Any) -> Data:
        if not isinstance(data, dict):
            raise SettingsError(f"{path} holds no JSON object; nothing was saved")
        edit(data)
        return data

    content = b""
    with contextlib.suppress(FileNotFoundError):
        content = path.read_bytes()
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise SettingsError(
            f"{path} is not UTF-8; nothing was saved, mend the file first"
        ) from None
    try:
        return rewrite(text, changed).encode()
    except JsoncError as error:
        raise SettingsError(
            f"{path} is no valid JSON: {error}; nothing was saved, mend the file first"
        ) from None


def _apply(data: Data, changes: Mapping[str, Any]) -> None:
    for key, value in changes.items():
        if value is None:
            data.pop(key, None)
        elif isinstance(value, Mapping):
            inner = data.get(key)
            if not isinstance(inner, dict):
                inner = data[key] = {}
            _apply(inner, value)
        else:
            data[key] = value


def _replace(path: Path, content: bytes, last_check: Any) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        handle = os.open(
            temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600
        )
        with open(handle, "wb") as file:  # noqa: PTH123 (of a descriptor)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            temporary.chmod(path.stat().st_mode & 0o777)
        last_check()
        temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(0o700, exist_ok=True)
