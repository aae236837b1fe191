"""Which key does what: the defaults, and over them the user's `keybindings.json`.

The file is `{id: key | [keys]}`. What it says replaces the defaults of that action, an empty list
takes them away. A default of another action that holds at the same place gives way to it. The file
is only read; what is wrong in it is told and left out, and everything else holds.
"""

from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import msgspec
from prompt_toolkit.filters import Always, Condition, Filter
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent

from pi.coding.api.front import Hotkey
from pi.coding.modes.interactive.editor.keys import UnknownKey, canonical, code, label, typable
from pi.coding.modes.interactive.keymap_table import ACTIONS, OLD_NAMES

__all__ = ["Do", "Keymap", "sequence"]

Do = Callable[[], Any]
"""What an action does. `False` says that it is not for it, and the next action of the key is asked;
a coroutine is run beside everything else."""

_WITHOUT_EFFECT = {"tui.input.copy"}
"""Known ids for which there is nothing to do: the terminal itself selects and copies."""

_BY_ID = {action.id: action for action in ACTIONS}


class Keymap:
    """Keys of actions. problems: what is wrong or noteworthy in the user's file, a line each."""

    def __init__(self, chosen: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self.problems: list[str] = []
        self._keys = _merge(chosen or {})

    @classmethod
    def load(cls, path: Path | None) -> "Keymap":
        """The user's keymap. A file that is missing, or broken, leaves the defaults."""
        problems: list[str] = []
        chosen = _read(path, problems) if path else {}
        keymap = cls(chosen)
        keymap.problems = problems
        return keymap

    def names(self, action: str) -> tuple[str, ...]:
        """The keys of an action as the file would have them."""
        return self._keys.get(action, ())

    def keys(self, action: str) -> tuple[tuple[str, ...], ...]:
        """The key sequences of an action in prompt_toolkit's names."""
        return tuple((code(name),) for name in self.names(action))

    def label(self, action: str) -> str:
        """The first key of an action for people, such as `Ctrl+T`; "" if it has none."""
        names = self.names(action)
        return label(names[0]) if names else ""

    def hotkeys(self) -> list[Hotkey]:
        """All actions that have keys, in the order of the table."""
        found: list[Hotkey] = []
        for action in ACTIONS:
            names = self.names(action.id)
            if names and action.id not in _WITHOUT_EFFECT:
                found.append(Hotkey(action.id, tuple(map(label, names)), action.help))
        return found

    def bind(
        self, actions: Mapping[str, Do], when: Mapping[str, Callable[[], bool]] | None = None
    ) -> KeyBindings:
        """Key bindings for these actions. Of several with one key, the first is asked first.

        when: actions that are only there at times; a key without any is left to other bindings.
        """
        doers: dict[str, list[tuple[Callable[[], bool], Do]]] = {}
        for action, do in actions.items():
            condition = (when or {}).get(action, _always)
            for name in self.names(action):
                doers.setdefault(code(name), []).append((condition, do))
        bindings = KeyBindings()
        for key, found in doers.items():
            bindings.add(key, filter=_filter(found))(_handler(found))
        return bindings


def sequence(key: str) -> tuple[str, ...]:
    """A key as in `keybindings.json` in prompt_toolkit's names; () if it is none."""
    try:
        return (code(key),)
    except UnknownKey:
        return ()


def _always() -> bool:
    return True


def _filter(doers: list[tuple[Callable[[], bool], Do]]) -> Filter:
    if any(condition is _always for condition, _ in doers):
        return Always()
    return Condition(lambda: any(condition() for condition, _ in doers))


def _handler(doers: list[tuple[Callable[[], bool], Do]]) -> Callable[[KeyPressEvent], None]:
    def press(event: KeyPressEvent) -> None:
        for condition, do in doers:
            if not condition():
                continue
            result = do()
            if isinstance(result, Coroutine):
                event.app.create_background_task(result)
            if result is not False:
                return

    return press


def _merge(chosen: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    taken: dict[str, set[str]] = {}  # keys that the user chose, by place
    for id, keys in chosen.items():
        for place in _BY_ID[id].places:
            taken.setdefault(place, set()).update(keys)
    merged: dict[str, tuple[str, ...]] = {}
    for action in ACTIONS:
        if action.id in chosen:
            merged[action.id] = chosen[action.id]
        else:
            gone = set().union(*(taken.get(place, set()) for place in action.places))
            keys = (canonical(key) for key in action.keys)
            merged[action.id] = tuple(key for key in keys if key not in gone)
    return merged


def _read(path: Path, problems: list[str]) -> dict[str, tuple[str, ...]]:
    content = b""
    try:
        content = path.read_bytes()
        data = msgspec.json.decode(content)
    except FileNotFoundError:
        return {}
    except OSError as error:
        problems.append(f"{path}: cannot be read ({error.strerror}); the default keys hold")
        return {}
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        what = _where(content) or str(error)
        problems.append(f"{path}: is not valid JSON ({what}); the default keys hold")
        return {}
    if not isinstance(data, dict):
        problems.append(f"{path}: must be an object of actions and keys; the default keys hold")
        return {}
    chosen: dict[str, tuple[str, ...]] = {}
    for id, value in data.items():
        new: str = OLD_NAMES.get(id) or id
        if new != id and new in data:
            continue
        keys = [value] if isinstance(value, str) else value
        if new not in _BY_ID:
            if not new.startswith(_PASSED_OVER):
                problems.append(f"{path}: there is no action {id!r}{_near(new)}; it is left out")
        elif not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            problems.append(f"{path}: {id} must be a key or a list of keys; its default holds")
        else:
            chosen[new] = _usable(keys, f"{path}: {id}", problems)
            if keys and not chosen[new]:
                del chosen[new]
    return chosen


def _where(content: bytes) -> str:
    """Line and column of what is wrong; "" if that cannot be told."""
    import json  # its errors name line and column

    try:
        json.loads(content)
    except json.JSONDecodeError as error:
        return f"line {error.lineno}, column {error.colno}: {error.msg[:1].lower()}{error.msg[1:]}"
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        return f"line {line}, column {column}: the file is not UTF-8"
    except RecursionError:
        return "nested too deeply"
    return ""


_PASSED_OVER = ("$schema", "tui.altScreen.", "app.bug", "app.mcp")
"""Ids that the established program has for what this one does otherwise."""


def _usable(keys: list[str], where: str, problems: list[str]) -> tuple[str, ...]:
    found: list[str] = []
    for key in keys:
        try:
            name = canonical(key)
            code(name)
        except UnknownKey as error:
            problems.append(f"{where}: {key!r} is no key ({error}); it is left out")
            continue
        if not typable(name):
            problems.append(f"{where}: note that few terminals can send {key}")
        if name not in found:
            found.append(name)
    return tuple(found)


def _near(id: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(id, list(_BY_ID), 1)
    return f" (is {close[0]} meant?)" if close else ""
