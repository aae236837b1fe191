"""Styles as the sequences of a terminal, with as many colours as it has."""

import subprocess
import sys

import pytest

from pi.coding.modes.interactive.lines import ESCAPE
from pi.coding.modes.interactive.paint import to_ansi
from pi.coding.modes.interactive.paint.ansi import Depth, sgr


@pytest.mark.parametrize(
    ("style", "depth", "sequence"),
    [
        ("", "true", ""),
        ("fg:#ff8000 bold", "true", "\x1b[1;38;2;255;128;0m"),
        ("bg:#fff #000000", "true", "\x1b[38;2;0;0;0;48;2;255;255;255m"),
        ("fg:#ff0000", "256", "\x1b[38;5;196m"),
        ("bg:#808080", "256", "\x1b[48;5;244m"),
        ("fg:#e03030", "16", "\x1b[31m"),
        ("bg:#202020", "16", "\x1b[40m"),
        ("fg:#ffffff", "16", "\x1b[97m"),
        ("fg:ansired", "true", "\x1b[31m"),
        ("bg:ansibrightblack", "true", "\x1b[100m"),
        ("fg:#ff0000 bold italic", "none", "\x1b[1;3m"),
        ("underline reverse strike dim", "true", "\x1b[4;7;9;2m"),
        ("bold nobold", "true", ""),
        ("class:x fg:nonsense #12", "true", ""),
    ],
)
def test_sequences(style: str, depth: Depth, sequence: str) -> None:
    assert sgr(style, depth) == sequence


def test_lines_end_with_the_terminals_own_look() -> None:
    lines = [[("bold", "a"), ("", "b"), (ESCAPE, "\x1b]8;;x\x1b\\")], []]
    assert to_ansi(lines) == "\x1b[1ma\x1b[0mb\x1b]8;;x\x1b\\\n\n"
    assert to_ansi([[("fg:#123456", "a")]], "none", end="\r\n") == "a\r\n"


def test_painting_can_be_imported_without_terminal_libraries() -> None:
    code = (
        "import sys, pi.coding.modes.interactive.paint, pi.coding.modes.interactive.themes\n"
        "print([m for m in ('prompt_toolkit','pygments','rich','wcwidth') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
