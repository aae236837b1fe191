"""Keys of dialogs: by the names of their actions in the keymap, or as a list names them."""

from collections.abc import Callable

from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent

from pi.coding.modes.interactive.stage import Stage

__all__ = ["Press", "bind", "bind_keys", "key_name", "sequence", "shown_key"]

Press = Callable[[KeyPressEvent], None]

_DEFAULTS: dict[str, tuple[str, ...]] = {
    "tui.select.up": ("up",),
    "tui.select.down": ("down",),
    "tui.select.pageUp": ("pageup",),
    "tui.select.pageDown": ("pagedown",),
    "tui.select.confirm": ("enter",),
    "tui.select.cancel": ("escape", "ctrl+c"),
    "tui.input.submit": ("enter",),
    "tui.input.newLine": ("shift+enter", "ctrl+j", "alt+enter"),
}
"""What holds where the keymap says nothing."""

_BASES = {
    "enter": "c-m",
    "return": "c-m",
    "esc": "escape",
    "tab": "c-i",
    "space": " ",
    "backspace": "c-h",
    "del": "delete",
}


def sequence(key: str) -> tuple[str, ...]:
    """A key as in `keybindings.json`, such as `ctrl+s`, in prompt_toolkit's names; or ()."""
    *modifiers, base = key.lower().replace("++", "+plus").split("+")
    base = _BASES.get(base, "+" if base == "plus" else base)
    ctrl, shift = "ctrl" in modifiers, "shift" in modifiers
    if base in ("c-m", " ") and (ctrl or shift):
        return ()  # terminals send the same as without
    if base == "c-i":
        base = "s-tab" if shift else base
    elif len(base) == 1:
        base = f"c-{base}" if ctrl else base.upper() if shift else base
    elif base not in ("c-m", "c-h", "escape"):
        base = f"{'c-' if ctrl else ''}{'s-' if shift else ''}{base}"
    return ("escape", base) if "alt" in modifiers else (base,)


def bind_keys(keys: KeyBindings, sequences: tuple[tuple[str, ...], ...], press: Press) -> None:
    """Have `press` called at these keys."""
    for names in sequences:
        if names:
            keys.add(*names)(press)


def bind(stage: Stage, keys: KeyBindings, action: str, press: Press) -> None:
    """Have `press` called at the keys that the keymap, or else the defaults, have for an action."""
    found = stage.keys(action) or tuple(sequence(key) for key in _DEFAULTS.get(action, ()))
    bind_keys(keys, found, press)


def key_name(stage: Stage, action: str) -> str:
    """The first key of an action, for people."""
    found = stage.keys(action)
    return _of_sequence(found[0]) if found else shown_key(_DEFAULTS.get(action, ("",))[0])


def shown_key(key: str) -> str:
    """A key of `keybindings.json`, for people: `Ctrl+S`."""
    words = {"escape": "Esc", "pageup": "PageUp", "pagedown": "PageDown"}
    return "+".join(words.get(p, p[:1].upper() + p[1:]) for p in key.split("+"))


def _of_sequence(names: tuple[str, ...]) -> str:
    words = {"c-m": "Enter", "c-i": "Tab", "c-h": "Backspace", "escape": "Esc", " ": "Space"}
    name, *rest = names or ("",)
    if name == "escape" and rest:
        return f"Alt+{_of_sequence(tuple(rest))}"
    if name in words:
        return words[name]
    return shown_key(name.replace("c-", "ctrl+").replace("s-", "shift+"))
