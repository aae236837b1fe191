"""Names of keys, as `keybindings.json` has them, and what prompt_toolkit is told.

prompt_toolkit knows no Shift+Enter and sees Alt+B as two keys, after which every Esc has to wait
for a second one. So a key that it does not know is one private character (U+10F000 and up) that
stands for the name; `decode` makes them, and key bindings are made for them.
"""

import re

from prompt_toolkit.keys import Keys

from pi.coding.api.keys import NAMED, UnknownKey, canonical

__all__ = ["NAMED", "UnknownKey", "canonical", "code", "is_private", "label", "name_of", "typable"]

_FIRST, _LAST = 0x10F000, 0x10F7FF

_TOOLKIT = {
    "escape": Keys.Escape,
    "enter": Keys.ControlM,
    "tab": Keys.ControlI,
    "backspace": Keys.ControlH,
    "shift+tab": Keys.BackTab,
    "ctrl+space": Keys.ControlAt,
    "space": " ",
}
_LEGACY_CTRL = frozenset("abcdefghijklmnopqrstuvwxyz\\]^_")

_codes: dict[str, str] = {}
_names: dict[str, str] = {}


def code(key: str) -> str:
    """What prompt_toolkit calls the key. Raises `UnknownKey`."""
    name = canonical(key)
    if name not in _codes:
        _codes[name] = _toolkit(name) or _private(name)
    return _codes[name]


def name_of(key: str) -> str:
    """The name of a private character, or ""."""
    return _names.get(key, "")


def is_private(character: str) -> bool:
    """Whether a character lies where keys are, so that it cannot be told from one."""
    return "\U0010f000" <= character <= "\U0010f7ff"


def typable(key: str) -> bool:
    """Whether a terminal without any key protocol can send it."""
    *modifiers, base = _parts(canonical(key))
    if "super" in modifiers or base == "clear":
        return False
    plain = set(modifiers) - {"alt"}
    if base in ("enter", "space", "escape", "backspace"):
        return not plain or (base == "space" and plain == {"ctrl"})
    if base == "tab":
        return plain <= {"shift"}
    if len(base) == 1:
        if plain == {"ctrl"}:
            return base in _LEGACY_CTRL
        return not plain or (plain == {"shift"} and base.isalpha())
    return True


def label(key: str) -> str:
    """A key for people: `Ctrl+Shift+P`."""
    words = {"escape": "Esc", "pageUp": "PageUp", "pageDown": "PageDown", "_": "-"}
    parts = _parts(canonical(key))
    shown = [words.get(part, part[:1].upper() + part[1:]) for part in parts]
    if len(parts) == 1 and len(parts[0]) == 1:
        return parts[0]
    return "+".join(shown)


def _parts(name: str) -> list[str]:
    if name.endswith("+"):
        return [*name[:-1].removesuffix("+").split("+"), "+"] if len(name) > 1 else ["+"]
    return name.split("+")


def _toolkit(name: str) -> str:
    if name in _TOOLKIT:
        return _TOOLKIT[name]
    *modifiers, base = _parts(name)
    if not modifiers and len(base) == 1:
        return base
    if modifiers == ["shift"] and len(base) == 1 and len(base.upper()) == 1 and base.isalpha():
        return base.upper()
    if modifiers == ["ctrl"] and base in _LEGACY_CTRL:
        return Keys(f"c-{base}")
    if set(modifiers) <= {"ctrl", "shift"} and len(base) > 1:
        short = "".join(f"{word[0]}-" for word in modifiers) + base.lower()
        if re.fullmatch(r"(c-)?(s-)?(up|down|left|right|home|end|insert|delete|page\w+)", short):
            return Keys(short)
        if re.fullmatch(r"(c-)?f\d+", short):
            return Keys(short)
    return ""


def _private(name: str) -> str:
    character = chr(_FIRST + len(_names))
    if character > chr(_LAST):
        raise UnknownKey("there are too many different keys")
    _names[character] = name
    return character
