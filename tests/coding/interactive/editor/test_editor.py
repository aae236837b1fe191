"""The editor as it is used: keys in, a screen out."""

import asyncio
from pathlib import Path

import pytest

from pi.coding.api.setup import Completion
from pi.coding.modes.interactive.editor.history import History
from pi.coding.modes.interactive.editor.offers import CommandOffer, Sources
from pi.coding.modes.interactive.keymap import Keymap
from support.typist import ESCAPE, typing

UP, DOWN, LEFT, RIGHT = "\x1b[A", "\x1b[B", "\x1b[D", "\x1b[C"
RULE = "─" * 40
UNDO = "\x1f"


def pasted(text: str) -> str:
    """A text as a terminal pastes it."""
    return f"\x1b[200~{text}\x1b[201~"


async def test_a_text_between_two_rules() -> None:
    async with typing() as typist:
        assert typist.lines == [RULE, "", RULE]
        await typist.type("hello")
        assert typist.lines == [RULE, "hello", RULE]
        assert typist.cursor == (5, 1)
        assert typist.editor.text == "hello"


@pytest.mark.parametrize("new_line", ["\n", "\x1b[13;2u", "\x1b[27;2;13~", "\\\r"])
async def test_a_new_line(new_line: str) -> None:
    async with typing() as typist:
        await typist.type(f"one{new_line}two")
        assert typist.lines == [RULE, "one", "two", RULE]
        assert typist.editor.text == "one\ntwo"


async def test_it_grows_to_a_third_of_the_window_and_scrolls() -> None:
    async with typing(rows=21) as typist:
        await typist.type("\n".join(map(str, range(12))))
        assert typist.lines[0] == "─── ↑ 5 more " + "─" * 27
        assert typist.lines[1:8] == [str(number) for number in range(5, 12)]
        await typist.type(UP * 9)
        assert typist.lines[0] == "─── ↑ 2 more " + "─" * 27
        assert typist.lines[8] == "─── ↓ 3 more " + "─" * 27


async def test_cells_of_wide_joined_and_right_to_left_characters() -> None:
    async with typing() as typist:
        await typist.type("你👨‍👩‍👧é🇩🇪שלום|")
        assert typist.lines[1].replace("\u0301", "") == "你👨éDEשלום|".replace("\u0301", "")
        assert typist.cursor == (2 + 2 + 1 + 2 + 4 + 1, 1)
        await typist.type(LEFT * 5)
        assert typist.cursor == (7, 1)
        await typist.type(LEFT)
        assert typist.cursor == (5, 1)
        await typist.type(LEFT + "\x7f")
        assert typist.editor.text == "你é🇩🇪שלום|"
        await typist.type(UNDO)
        assert typist.editor.text == "你👨‍👩‍👧é🇩🇪שלום|"


async def test_the_column_is_kept_over_rows_that_are_shorter() -> None:
    async with typing() as typist:
        await typist.type("a long line\n你\nanother long one" + UP * 2)
        assert typist.cursor == (11, 1)
        await typist.type(DOWN)
        assert typist.cursor == (2, 2)
        await typist.type(DOWN)
        assert typist.cursor == (16, 3)


async def test_moves_by_words_and_to_characters() -> None:
    async with typing() as typist:
        await typist.type("one two-three four")
        await typist.type("\x1bb")
        assert typist.cursor == (14, 1)
        await typist.type("\x1b[1;5D")
        assert typist.cursor == (8, 1)
        await typist.type("\x01\x1bf")
        assert typist.cursor == (3, 1)
        await typist.type("\x1dh")
        assert typist.cursor == (9, 1)
        await typist.type("\x1b\x1dt")
        assert typist.cursor == (8, 1)


async def test_what_was_cut_comes_back() -> None:
    async with typing() as typist:
        await typist.type("one two three\x17\x17\x19")
        assert typist.editor.text == "one two three"
        await typist.type("\x15four\x01\x0b\x19")
        assert typist.editor.text == "four"
        await typist.type("\x1by")
        assert typist.editor.text == "one two three"


async def test_undo_goes_by_words() -> None:
    async with typing() as typist:
        await typist.type("one two")
        await typist.type(UNDO)
        assert typist.editor.text == "one"
        await typist.type(UNDO)
        assert typist.editor.text == ""


async def test_a_large_paste_is_one_thing_and_never_lost() -> None:
    text = "\n".join(f"line {number} \x1b[31m" for number in range(31))
    async with typing() as typist:
        await typist.type("see " + pasted(text))
        assert typist.lines[1] == "see [paste #1 +31 lines]"
        assert typist.editor.text == f"see {text}"
        await typist.type(LEFT + "x" + RIGHT + "\x7f")
        assert typist.editor.text == "see x"
        await typist.type(UNDO)
        assert typist.editor.text == f"see x{text}"
        await typist.type("\x17")
        await typist.type("\x01\x19")
        assert typist.editor.text.startswith(text)
        sent, _ = typist.editor.take()
        assert text in sent
        assert typist.editor.empty
        await typist.type(UP)
        assert typist.lines[1] == "[paste #1 +31 lines]see x"
        assert typist.editor.text == sent


async def test_a_short_paste_is_literal() -> None:
    async with typing() as typist:
        await typist.type(pasted("a\r\n\tb\x1b[A\x03"))
        assert typist.editor.text == "a\n\tb\x1b[A\x03"
        assert typist.lines[1:3] == ["a", "    b^[[A^C"]


async def test_a_paste_of_characters_that_look_like_marks_is_literal() -> None:
    async with typing() as typist:
        text = "\U0010e000 \U0010f000"
        await typist.type(pasted("x" * 1001) + pasted(text))
        assert typist.editor.text == "x" * 1001 + text


async def test_history_with_the_draft_kept(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    history = History(file)
    for text in ("first", "second\nline"):
        history.add(text)
    history.flush()
    async with typing(history=History(file)) as typist:
        await typist.type("a draft" + LEFT)
        await typist.type(UP)
        assert typist.editor.text == "second\nline"
        await typist.type(UP)
        assert typist.editor.text == "first"
        await typist.type(UP)
        assert typist.editor.text == "first"
        await typist.type(DOWN)
        assert typist.editor.text == "second\nline"
        await typist.type(DOWN)
        assert typist.editor.text == "a draft"
        assert typist.cursor == (6, 1)


async def test_a_search_in_the_history() -> None:
    history = History()
    for text in ("fix the parser", "write tests", "fix the tests"):
        history.add(text)
    async with typing(history=history) as typist:
        await typist.type("draft\x12")
        await typist.until(lambda: typist.editor.searching.query is not None)
        await typist.type("fix")
        assert "history: fix" in typist.lines[0]
        assert typist.lines[3:] == ["→ fix the tests", "  fix the parser"]
        await typist.type(ESCAPE)
        assert typist.editor.text == "draft"
        await typist.type("\x12")
        await typist.until(lambda: typist.editor.searching.query is not None)
        await typist.type("fix" + DOWN + "\r")
        assert typist.editor.text == "fix the parser"


COMMANDS = (
    CommandOffer("model", "choose a model", "[name]"),
    CommandOffer("settings", "what can be set"),
    CommandOffer("session", "about it"),
)


async def _arguments(name: str, prefix: str) -> list[Completion]:
    names = ("opus", "sonnet") if name == "model" else ()
    return [Completion(one) for one in names if one.startswith(prefix)]


async def test_commands_and_their_arguments() -> None:
    sent: list[str] = []
    sources = Sources(lambda: COMMANDS, _arguments)
    async with typing(
        complete=sources, on_submit=lambda: sent.append(typist.editor.take()[0])
    ) as typist:
        await typist.type("/se")
        assert typist.lines[3:] == ["→ /settings  what can be set", "  /session   about it"]
        await typist.type(DOWN + "\r")
        assert sent == ["/session "]
        await typist.type("/mo\t")
        await typist.completes()
        assert typist.editor.text == "/model "
        assert typist.lines[3:] == ["→ opus", "  sonnet"]
        await typist.type("so")
        await typist.completes()
        assert typist.lines[3:] == ["→ sonnet"]
        await typist.type("\r")
        assert sent[-1] == "/model so"
        await typist.type("/model ")
        await typist.completes()
        await typist.type(DOWN + "\r")
        assert sent[-1] == "/model sonnet"


async def test_escape_closes_the_list_first() -> None:
    stopped: list[str] = []
    async with typing(
        complete=Sources(lambda: COMMANDS),
        actions={"app.interrupt": lambda: stopped.append("")},
    ) as typist:
        await typist.type("/" + ESCAPE)
        assert len(typist.lines) == 3
        assert not stopped
        await typist.type(ESCAPE)
        assert stopped == [""]
        assert typist.editor.text == "/"


async def test_a_long_list_has_a_counter() -> None:
    many = tuple(CommandOffer(f"c{number:02}") for number in range(23))
    async with typing(complete=Sources(lambda: many), rows=20) as typist:
        await typist.type("/" + UP)
        assert typist.lines[3:] == [*(f"  /c{n}" for n in range(18, 22)), "→ /c22", "  (23/23)"]


async def test_files_after_an_at_sign(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("*.log\n")
    for name in ("src/parser.py", "src/with blank.py", "parser.log", ".hidden/parser.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    async with typing(cwd=tmp_path) as typist:
        await typist.type("see @pars")
        await typist.completes()
        assert typist.lines[3:] == ["→ src/parser.py", "  .hidden/parser.txt"]
        await typist.type("\r")
        assert typist.editor.text == "see @src/parser.py "
        await typist.type("@src")
        await typist.completes()
        await typist.type("\t")
        await typist.completes()
        assert typist.editor.text == "see @src/parser.py @src/"
        await typist.type("blank")
        await typist.completes()
        await typist.type("\t")
        assert typist.editor.text == 'see @src/parser.py @"src/with blank.py" '


async def test_paths_with_tab(tmp_path: Path) -> None:
    for name in ("hello.txt", "sub/alpha.txt", "sub/alps.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    async with typing(cwd=tmp_path) as typist:
        await typist.type("./h\t")
        await typist.completes()
        assert typist.editor.text == "./hello.txt"
        await typist.type(" su\t")
        await typist.completes()
        assert typist.editor.text == "./hello.txt sub/"
        assert typist.lines[3:] == ["→ alpha.txt", "  alps.txt"]
        await typist.type(ESCAPE + "al\t")
        await typist.completes()
        assert typist.editor.text == "./hello.txt sub/alp"
        await typist.type("\r")
        assert typist.editor.text == "./hello.txt sub/alpha.txt"


async def test_a_search_that_takes_long_holds_up_no_key() -> None:
    async def never(name: str, prefix: str) -> list[Completion]:
        await asyncio.Event().wait()
        return []

    sent: list[str] = []
    async with typing(
        complete=Sources(lambda: COMMANDS, never),
        on_submit=lambda: sent.append(typist.editor.take()[0]),
    ) as typist:
        await typist.type("/model x\r")
        assert sent == ["/model x"]


async def test_keys_of_the_screen_are_asked_in_their_turn() -> None:
    done: list[str] = []
    names = ("app.exit", "app.clear", "app.message.followUp", "app.model.cycleForward")
    actions = {name: (lambda name=name: done.append(name)) for name in names}
    async with typing(actions=actions) as typist:
        await typist.type("\x04ab\x01\x04")
        assert done == ["app.exit"]
        assert typist.editor.text == "b"
        await typist.type("\x10\x1b\r\x03")
        assert done == ["app.exit", "app.model.cycleForward", "app.message.followUp", "app.clear"]


async def test_a_key_of_the_users(tmp_path: Path) -> None:
    file = tmp_path / "keybindings.json"
    file.write_text('{"tui.editor.cursorLeft": "ctrl+p", "tui.input.newLine": ["alt+enter"]}')
    async with typing(keymap=Keymap.load(file)) as typist:
        await typist.type("ab\x10x\x1b\r\x1b[Dy")
        assert typist.editor.text == "ax\nyb"
        typist.editor.use(Keymap())
        await typist.type("\x1b[Dz")
        assert typist.editor.text == "ax\nzyb"


async def test_unbound_keys_write_nothing() -> None:
    async with typing() as typist:
        await typist.type("a\x1b[112;6u\x1b[24~\x1bq\x1c\x1b[57;5ub")
        assert typist.editor.text == "ab"


@pytest.mark.parametrize("columns", [2, 3, 5, 9, 20, 150])
@pytest.mark.parametrize("rows", [2, 3, 5, 30])
async def test_in_every_window_the_cursor_is_where_one_writes(columns: int, rows: int) -> None:
    many = tuple(CommandOffer(f"命令{n}", "what 你好 it does", "[x]") for n in range(30))
    async with typing(columns=columns, rows=rows, complete=Sources(lambda: many)) as typist:
        typist.editor.set_text("你好 word 👨‍👩‍👧\tש " * 5 + "\n" * 3 + "end ")
        await typist.type(UP * 3 + DOWN * 9 + "x")
        column, row = typist.cursor
        assert typist.terminal.screen.display[row][column - 1] == "x"
        typist.editor.clear()
        await typist.type("/" + UP)
        column, row = typist.cursor
        assert typist.terminal.screen.display[row][column - 1] == "/"
        await typist.type("\t")
        assert typist.editor.text == "/命令29 "


async def test_erasing_in_a_row_is_undone_in_one_step() -> None:
    async with typing() as typist:
        await typist.type("one two\x7f\x7f\x7f" + UNDO)
        assert typist.editor.text == "one two"


async def test_a_command_line_and_the_thinking_level_colour_the_rules() -> None:
    looks = {"bashMode": "fg:ansigreen", "thinkingHigh": "fg:ansired"}
    async with typing(
        style=lambda token: looks.get(token, ""), level=lambda: "thinkingHigh"
    ) as typist:
        assert typist.terminal.screen.buffer[0][0].fg == "red"
        await typist.type("!ls")
        assert typist.terminal.screen.buffer[0][0].fg == "green"


async def test_a_terminal_without_unicode_gets_ascii() -> None:
    async with typing(unicode=False, complete=Sources(lambda: COMMANDS), columns=60) as typist:
        await typist.type("/")
        shown = "".join(typist.lines[:4])
        assert shown.isascii()
        assert "> /model [name]" in shown


async def test_an_escape_alone_is_heard_after_a_short_time() -> None:
    stopped: list[str] = []
    actions = {
        "app.interrupt": lambda: stopped.append("stop"),
        "app.message.followUp": lambda: stopped.append("later"),
    }
    async with typing(actions=actions) as typist:
        typist.app.ttimeoutlen = 0.01
        typist.send("\x1b")
        await typist.until(lambda: stopped)
        assert stopped == ["stop"]
        typist.app.ttimeoutlen = 5
        typist.send("\x1b")
        await typist.type("\r")
        assert stopped == ["stop", "later"]
