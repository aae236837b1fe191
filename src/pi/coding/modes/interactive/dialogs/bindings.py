"""Keys of dialogs: by the names of their actions in the keymap, or as a list names them."""

from collections.abc import Callable

from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.bindings.named_commands import get_by_name
from prompt_toolkit.key_binding.key_processor import KeyPressEvent

from pi.coding.modes.interactive.editor.keys import UnknownKey, code, label, name_of
from pi.coding.modes.interactive.stage import Stage

__all__ = [
    "Press",
    "action_key",
    "action_keys",
    "bind",
    "bind_editing",
    "bind_keys",
    "key_name",
    "sequence",
    "shown_key",
]

Press = Callable[[KeyPressEvent], None]

_NEEDED: dict[str, tuple[str, ...]] = {
    "tui.select.up": ("up",),
    "tui.select.down": ("down",),
    "tui.select.pageUp": ("pageUp",),
    "tui.select.pageDown": ("pageDown",),
    "tui.select.confirm": ("enter",),
    "tui.select.cancel": ("escape", "ctrl+c"),
    "tui.input.submit": ("enter",),
    "tui.input.newLine": ("shift+enter", "ctrl+j"),
}
"""What holds where the keymap has nothing: a dialog that cannot be closed helps nobody."""

_TOOLKIT = {"c-m": "Enter", "c-i": "Tab", "c-h": "Backspace", "s-tab": "Shift+Tab", " ": "Space"}


_EDITING = {
    "tui.editor.cursorLeft": "backward-char",
    "tui.editor.cursorRight": "forward-char",
    "tui.editor.cursorWordLeft": "backward-word",
    "tui.editor.cursorWordRight": "forward-word",
    "tui.editor.cursorLineStart": "beginning-of-line",
    "tui.editor.cursorLineEnd": "end-of-line",
    "tui.editor.deleteCharBackward": "backward-delete-char",
    "tui.editor.deleteCharForward": "delete-char",
    "tui.editor.deleteWordBackward": "unix-word-rubout",
    "tui.editor.deleteWordForward": "kill-word",
    "tui.editor.deleteToLineStart": "unix-line-discard",
    "tui.editor.deleteToLineEnd": "kill-line",
    "tui.editor.yank": "yank",
    "tui.editor.undo": "undo",
}
"""Editing actions of the keymap, and what prompt_toolkit calls them."""


def sequence(key: str) -> tuple[str, ...]:
    """A key as in `keybindings.json`, such as `ctrl+s`, in prompt_toolkit's names; or ()."""
    try:
        return (code(key),)
    except UnknownKey:
        return ()


def bind_keys(keys: KeyBindings, sequences: tuple[tuple[str, ...], ...], press: Press) -> None:
    """Have `press` called at these keys, at once: nobody waits for a second key after Esc."""
    for names in sequences:
        if names:
            keys.add(*names, eager=True)(press)


def bind(stage: Stage, keys: KeyBindings, action: str, press: Press) -> None:
    """Have `press` called at the keys that the keymap has for an action."""
    found = stage.keys(action) or tuple(sequence(key) for key in _NEEDED.get(action, ()))
    bind_keys(keys, found, press)


def bind_editing(stage: Stage, keys: KeyBindings) -> None:
    """Have the editing keys of the keymap work in a field. To be called before other keys are
    bound: of two with the same key, the later one holds."""
    for action, name in _EDITING.items():
        for names in stage.keys(action):
            keys.add(*names)(get_by_name(name))


def action_keys(stage: Stage, key: str) -> tuple[tuple[str, ...], ...]:
    """The key sequences of an action of a list: by its id in the keymap, or a key itself."""
    return stage.keys(key) or (sequence(key),)


def action_key(stage: Stage, key: str) -> str:
    """The key of an action of a list, for people; "" if it has none."""
    if stage.keys(key):
        return key_name(stage, key)
    return shown_key(key) if sequence(key) else ""


def key_name(stage: Stage, action: str) -> str:
    """The first key of an action, for people."""
    found = stage.keys(action)
    return _of_sequence(found[0]) if found else shown_key(_NEEDED.get(action, ("",))[0])


def shown_key(key: str) -> str:
    """A key of `keybindings.json`, for people: `Ctrl+S`."""
    try:
        return label(key)
    except UnknownKey:
        return key


def _of_sequence(names: tuple[str, ...]) -> str:
    """The last part of what prompt_toolkit calls a key, for people."""
    name = str(getattr(names[-1], "value", names[-1])) if names else ""
    known = name_of(name)
    if known:
        return shown_key(known)
    return _TOOLKIT.get(name) or shown_key(name.replace("c-", "ctrl+").replace("s-", "shift+"))
