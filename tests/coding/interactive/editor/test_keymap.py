"""keybindings.json."""

import json
from pathlib import Path

import pytest

from pi.coding.modes.interactive.editor.keys import (
    NAMED,
    UnknownKey,
    canonical,
    code,
    label,
    typable,
)
from pi.coding.modes.interactive.keymap import Keymap, sequence
from pi.coding.modes.interactive.keymap_table import ACTIONS, OLD_NAMES


def keymap(folder: Path, content: object) -> Keymap:
    """A keymap of a file with that in it."""
    file = folder / "keybindings.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return Keymap.load(file)


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    loaded = Keymap.load(tmp_path / "none.json")
    assert not loaded.problems
    assert loaded.keys("tui.editor.cursorLeft") == (("left",), ("c-b",))
    assert loaded.label("app.model.cycleBackward") == "Ctrl+Shift+P"
    assert loaded.keys("app.session.new") == ()


def test_every_action_is_told_once_and_every_default_is_a_key() -> None:
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    for action in ACTIONS:
        assert action.help
        for key in action.keys:
            code(key)
    assert set(OLD_NAMES.values()) <= {action.id for action in ACTIONS}
    shown = {hotkey.id: hotkey for hotkey in Keymap().hotkeys()}
    assert shown["tui.editor.undo"].keys == ("Ctrl+-",)
    assert "app.session.new" not in shown


def test_a_key_of_the_users_replaces_the_defaults_of_its_action(tmp_path: Path) -> None:
    loaded = keymap(tmp_path, {"tui.editor.yank": ["ctrl+y", "f5"], "tui.editor.undo": "ctrl+Z"})
    assert loaded.names("tui.editor.yank") == ("ctrl+y", "f5")
    assert loaded.names("tui.editor.undo") == ("ctrl+z",)
    assert not loaded.problems


def test_it_shadows_defaults_at_the_same_place_only(tmp_path: Path) -> None:
    loaded = keymap(tmp_path, {"tui.editor.cursorUp": ["up", "ctrl+p"]})
    assert loaded.names("app.model.cycleForward") == ()
    assert loaded.names("app.session.togglePath") == ("ctrl+p",)
    assert loaded.names("tui.select.up") == ("up",)


def test_an_empty_list_disables(tmp_path: Path) -> None:
    loaded = keymap(tmp_path, {"app.suspend": []})
    assert loaded.keys("app.suspend") == ()
    assert loaded.label("app.suspend") == ""
    assert not loaded.problems


def test_old_names_hold_unless_the_new_one_is_there(tmp_path: Path) -> None:
    loaded = keymap(tmp_path, {"expandTools": "ctrl+e", "undo": "f2", "tui.editor.undo": "f3"})
    assert loaded.names("app.tools.expand") == ("ctrl+e",)
    assert loaded.names("tui.editor.undo") == ("f3",)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "is not valid JSON (line 1, column 2: "),
        ('{\n  "a": "b"\n  "c": 1}', "is not valid JSON (line 3, column 3: "),
        ("[]", "must be an object"),
        ({"app.clera": "x"}, "there is no action 'app.clera' (is app.clear meant?)"),
        ({"app.clear": 5}, "must be a key or a list of keys"),
        ({"app.clear": "strg+c"}, "'strg+c' is no key"),
        ({"app.clear": "super+k"}, "note that few terminals can send super+k"),
        ("\ufeff\x00", "is not valid JSON"),
    ],
)
def test_what_is_wrong_is_told_in_a_line_and_left_out(
    tmp_path: Path, content: object, told: str
) -> None:
    loaded = keymap(tmp_path, content)
    assert len(loaded.problems) == 1
    assert told in loaded.problems[0]
    assert str(tmp_path / "keybindings.json") in loaded.problems[0]
    assert "\n" not in loaded.problems[0]
    assert loaded.names("app.clear") == (("super+k",) if "super" in told else ("ctrl+c",))


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "keybindings.json").mkdir()
    loaded = Keymap.load(tmp_path / "keybindings.json")
    assert "cannot be read" in loaded.problems[0]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Shift+Ctrl+P", "ctrl+shift+p"),
        ("ctrl++", "ctrl++"),
        ("+", "+"),
        ("L", "shift+l"),
        ("return", "enter"),
        ("PAGEUP", "pageUp"),
        ("ctrl+m", "enter"),
        ("alt+ctrl+]", "ctrl+alt+]"),
        ("ctrl+-", "ctrl+_"),
        ("ctrl+alt+h", "alt+backspace"),
        ("alt+ctrl+m", "alt+enter"),
        ("ctrl+alt+-", "ctrl+alt+_"),
        ("ü", "ü"),
    ],
)
def test_how_keys_are_written(written: str, meant: str) -> None:
    assert canonical(written) == meant
    assert canonical(meant) == meant


@pytest.mark.parametrize("written", ["", "ctrl+", "hyper+x", "ab", "ctrl+ab", "\x01", "ctrl+shift"])
def test_what_is_no_key(written: str) -> None:
    with pytest.raises(UnknownKey):
        canonical(written)
    assert sequence(written) == ()


def test_keys_for_people_and_terminals() -> None:
    assert label("ctrl+alt+]") == "Ctrl+Alt+]"
    assert label("escape") == "Esc"
    assert label("ctrl+-") == "Ctrl+-"
    assert label("/") == "/"
    assert typable("ctrl+p")
    assert typable("alt+enter")
    assert not typable("ctrl+enter")
    assert not typable("ctrl+shift+p")
    assert len({code(name) for name in NAMED}) == len(NAMED)
