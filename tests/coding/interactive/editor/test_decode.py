"""Keys as terminals send them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.key_binding.key_processor import KeyPress
from prompt_toolkit.keys import Keys

from pi.coding.modes.interactive.editor.decode import KeyDecoder, use_keys
from pi.coding.modes.interactive.editor.keys import code


def decoded(*pieces: str) -> tuple[list[KeyPress], list[str]]:
    """What comes of text in pieces, with a pause at the end."""
    keys: list[KeyPress] = []
    replies: list[str] = []
    decoder = KeyDecoder(keys.append, replies.append)
    for piece in pieces:
        decoder.feed(piece)
    decoder.flush()
    return keys, replies


SENT = [
    ("a", "a"),
    ("é", "é"),
    ("\r", "enter"),
    ("\n", "ctrl+j"),
    ("\t", "tab"),
    ("\x7f", "backspace"),
    ("\x1b", "escape"),
    ("\x1b\r", "alt+enter"),
    ("\x1bb", "alt+b"),
    ("\x1bB", "shift+alt+b"),
    ("\x1b\x7f", "alt+backspace"),
    ("\x1b\x1d", "ctrl+alt+]"),
    ("\x1d", "ctrl+]"),
    ("\x1f", "ctrl+-"),
    ("\x00", "ctrl+space"),
    ("\x1b[A", "up"),
    ("\x1bOA", "up"),
    ("\x1b[1;3A", "alt+up"),
    ("\x1b\x1b[A", "alt+up"),
    ("\x1b[1;5D", "ctrl+left"),
    ("\x1b[1;6D", "ctrl+shift+left"),
    ("\x1bOd", "ctrl+left"),
    ("\x1b[3~", "delete"),
    ("\x1b[3;3~", "alt+delete"),
    ("\x1b[3^", "ctrl+delete"),
    ("\x1b[5;5~", "ctrl+pageUp"),
    ("\x1b[H", "home"),
    ("\x1b[4~", "end"),
    ("\x1b[Z", "shift+tab"),
    ("\x1bOP", "f1"),
    ("\x1b[[A", "f1"),
    ("\x1b[24~", "f12"),
    ("\x1b[13;2u", "shift+enter"),
    ("\x1b[13;5u", "ctrl+enter"),
    ("\x1b[27;2;13~", "shift+enter"),
    ("\x1b[27;5;112~", "ctrl+p"),
    ("\x1b[27;2;65~", "shift+a"),
    ("\x1b[112;6u", "ctrl+shift+p"),
    ("\x1b[112:80;6u", "ctrl+shift+p"),
    ("\x1b[80;6u", "ctrl+shift+p"),
    ("\x1b[45;5u", "ctrl+-"),
    ("\x1b[127;5u", "ctrl+backspace"),
    ("\x1b[27u", "escape"),
    ("\x1b[9;2u", "shift+tab"),
    ("\x1b[1092::97;5u", "ctrl+a"),
    ("\x1b[97;69u", "ctrl+a"),  # with Caps Lock
    ("\x1b[99;9u", "super+c"),
    ("\x1b[57414u", "enter"),
]


@pytest.mark.parametrize(("sent", "name"), SENT)
def test_a_key(sent: str, name: str) -> None:
    keys, replies = decoded(sent)
    assert [press.key for press in keys] == [code(name)]
    assert not replies


@pytest.mark.parametrize(("sent", "name"), SENT)
def test_a_key_in_pieces(sent: str, name: str) -> None:
    keys, _ = decoded(*sent)
    assert [press.key for press in keys] == [code(name)]


@pytest.mark.parametrize(
    "reply",
    [
        "\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\",
        "\x1b]4;1;rgb:ff/00/00\x07",
        "\x1b[?62;22c",
        "\x1b[?1u",
        "\x1b[?2026;2$y",
        "\x1bP>|some terminal\x1b\\",
        "\x1b_Gi=31;OK\x1b\\",
    ],
)
def test_replies_of_the_terminal_are_no_keys(reply: str) -> None:
    keys, replies = decoded("a", *reply, "b")
    assert [press.key for press in keys] == ["a", "b"]
    assert replies == [reply]


@pytest.mark.parametrize(
    "sent", ["\x1b[97;1:3u", "\x1b[57441;2u", "\x1b[999x", "\x1b[I", "\x1b[99;99;99;99~"]
)
def test_releases_and_unknown_sequences_are_nothing(sent: str) -> None:
    keys, _ = decoded(sent, "x")
    assert [press.key for press in keys] == ["x"]


def test_what_the_window_is_like_is_an_answer_and_no_key() -> None:
    keys, replies = decoded("\x1b[8;24;80t\x1b[3;14R\x1b[1;2R")
    assert keys == []
    assert replies == ["\x1b[8;24;80t", "\x1b[3;14R", "\x1b[1;2R"]


def test_the_mouse_is_left_to_the_toolkit() -> None:
    keys, _ = decoded("\x1b[<0;3;4M\x1b[M !!")
    assert keys == [
        KeyPress(Keys.Vt100MouseEvent, "\x1b[<0;3;4M"),
        KeyPress(Keys.Vt100MouseEvent, "\x1b[M !!"),
    ]


@pytest.mark.parametrize("reply", ["\x1b[8;24;80t", "\x1b[3;14R"])
def test_an_answer_just_after_an_escape_leaves_it_a_key(reply: str) -> None:
    keys, replies = decoded("\x1b", *reply)
    assert [press.key for press in keys] == [Keys.Escape]
    assert replies == [reply]


def test_two_escapes_are_two_keys() -> None:
    assert [press.key for press in decoded("\x1b\x1b")[0]] == [Keys.Escape, Keys.Escape]


@given(st.text().filter(lambda text: "\x1b[201~" not in text), st.data())
def test_a_paste_is_literal_however_it_is_cut(text: str, data: st.DataObject) -> None:
    whole = f"\x1b[200~{text}\x1b[201~z"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    edges = [0, *cuts, len(whole)]
    keys, replies = decoded(*(whole[a:b] for a, b in pairwise(edges)))
    assert keys == [KeyPress(Keys.BracketedPaste, text), KeyPress("z", "z")]
    assert not replies


@given(st.text(alphabet="\x1b[]OP;:0123456789~uAaR?<$\\\x07\x9b é"), st.booleans())
def test_nothing_breaks_it_and_the_next_keys_are_heard(text: str, pause: bool) -> None:
    keys: list[KeyPress] = []
    decoder = KeyDecoder(keys.append)
    decoder.feed(text)
    if pause:
        decoder.flush()
    decoder.feed("\x1b[201~\x1b\\\x07zzzz")
    decoder.flush()
    assert [press.key for press in keys][-1] == "z"


def test_a_character_that_looks_like_one_of_our_keys_is_text() -> None:
    assert decoded("\U0010f001")[0] == [KeyPress(Keys.BracketedPaste, "\U0010f001")]


def test_only_the_input_that_asks_for_it_is_changed() -> None:
    with create_pipe_input() as ours, create_pipe_input() as theirs:
        use_keys(ours)
        for pipe in (ours, theirs):
            pipe.send_text("\x1bb")
        assert [press.key for press in ours.read_keys()] == [code("alt+b")]
        assert [press.key for press in theirs.read_keys()] == [Keys.Escape, "b"]
