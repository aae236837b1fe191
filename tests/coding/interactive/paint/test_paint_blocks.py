"""Blocks of every kind: what is shown, what is left out; odd data never stops a painter."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pi.ai.messages import ImageContent
from pi.coding.modes.interactive.lines import ESCAPE, Line
from pi.coding.modes.interactive.paint import Renderers, painter_of, plain
from pi.coding.modes.interactive.paint.cells import line_width
from pi.coding.modes.interactive.view import (
    Block,
    CommandBlock,
    CustomBlock,
    Look,
    NoticeBlock,
    SummaryBlock,
    TextBlock,
    ThinkingBlock,
    ToolBlock,
    UserBlock,
)

LOOK = Look(style=lambda token: token, cwd="/w", home="/home/me")
WHOLE = Look(style=lambda token: token, cwd="/w", home="/home/me", expanded=True)


def text_of(lines: list[Line]) -> list[str]:
    """Lines without styles."""
    return ["".join(text for style, text in line if style != ESCAPE).rstrip() for line in lines]


def shown(block: Block, look: Look = LOOK, width: int = 80, **more: Any) -> list[str]:
    """What is there to see of a closed block."""
    block.open = False
    return text_of(painter_of(block, look, **more).settle(width))


def tool(name: str, text: str = "", state: Any = "done", **arguments: Any) -> ToolBlock:
    """A tool call with a result."""
    content = [{"type": "text", "text": text}] if text else []
    return ToolBlock(name=name, state=state, arguments=arguments, content=content)


def numbered(count: int) -> str:
    return "\n".join(f"line {number}" for number in range(1, count + 1))


def test_text_settles_as_it_grows_and_each_line_once() -> None:
    block = TextBlock(parts=["one\n\ntw"])
    painter = painter_of(block, LOOK)
    assert text_of(painter.settle(80)) == ["one"]
    assert text_of(painter.live(80, 10)) == ["", "tw"]
    block.parts.append("o\n\nthree")
    assert text_of(painter.live(80, 10)) == ["", "two", "", "three"]
    assert text_of(painter.live(80, 2)) == ["", "three"]
    assert text_of(painter.settle(80)) == ["", "two"]
    block.open = False
    assert text_of(painter.settle(80)) == ["", "three"]
    assert painter.settle(80) == painter.live(80, 10) == []


def test_what_the_user_said_is_a_band_as_wide_as_the_window() -> None:
    block = UserBlock(open=False, text="hi *there*\n  indented", images=(image(),))
    lines = painter_of(block, LOOK).settle(30)
    assert text_of(lines) == ["› hi *there*", "    indented", "[image/png, 3x2, 24 B]"]
    assert [line_width(line) for line in lines[:2]] == [30, 30]
    assert all("userMessageBg" in style for line in lines[:2] for style, _ in line)


def test_a_long_paste_of_the_user_is_shortened() -> None:
    assert shown(UserBlock(text=numbered(100)))[-1].strip() == "… 60 more lines (ctrl+o)"
    assert len(shown(UserBlock(text=numbered(100)), WHOLE)) == 100
    assert shown(UserBlock(text="word " * 1000))[-1].strip() == "… 27 more rows (ctrl+o)"


def image() -> ImageContent:
    """The first bytes of a PNG of 3 by 2 pixels."""
    return ImageContent(data="iVBORw0KGgoAAAANSUhEUgAAAAMAAAAC", mime_type="image/png")


def test_thinking_is_italic_or_one_line() -> None:
    block = ThinkingBlock(parts=["let me `see`"], started=10.0, ended=13.0)
    assert shown(block) == ["let me see"]
    assert "italic" in painter_of(block, LOOK).settle(80)[0][0][0]
    hidden = Look(style=lambda token: token, hidden_thinking=True)
    assert shown(block, hidden) == ["thought for 3.0 s"]
    block.open, block.ended = True, 0
    assert text_of(painter_of(block, hidden).live(80, 5)) == ["thinking…"]
    assert shown(ThinkingBlock(redacted=True)) == ["thought"]


def test_read_says_what_was_read_and_shows_it_when_expanded() -> None:
    block = tool("read", numbered(30), path="/w/src/a.py", offset=5, limit=30)
    assert shown(block) == ["• read src/a.py:5-34 30 lines"]
    assert len(shown(block, WHOLE)) == 31
    assert shown(tool("read", "No such file", "failed", path="/home/me/x")) == [
        "✗ read ~/x",
        "  No such file",
    ]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("one\ntwo\n", "2 lines"),
        ("one\ntwo", "2 lines"),
        ("one\n\n\n", "3 lines"),
        ("one\ntwo\n\n[3 lines more. Go on with offset=3.]", "2 lines"),
        ("one\ntwo\n\n[Lines 1-2 of more than 900. Go on with offset=3.]", "2 lines"),
        ("one\n\n[The file is not UTF-8; shown as Latin-1. edit keeps its bytes.]", "1 line"),
        ("one\n\n[a line of the file]\n", "3 lines"),
        ("[The file is empty.]", ""),
    ],
)
def test_read_counts_lines_of_the_file_and_not_what_was_added(text: str, title: str) -> None:
    assert shown(tool("read", text, path="/w/a"))[0] == f"• read a {title}".rstrip()


def test_write_shows_the_end_while_it_is_written_and_the_beginning_afterwards() -> None:
    block = tool("write", "", "writing", path="a.txt", content=numbered(30))
    lines = text_of(painter_of(block, LOOK).live(80, 40))
    assert lines[0] == "◦ write a.txt 30 lines"
    assert lines[1:] == ["  … 20 earlier lines (ctrl+o)", *(f"  line {n}" for n in range(21, 31))]
    block.state = "done"
    assert shown(block) == [
        "• write a.txt 30 lines",
        *(f"  line {number}" for number in range(1, 11)),
        "  … 20 more lines (ctrl+o)",
    ]


DIFF = " 1 same\n-2 a = old_value\n+2 a = new_value\n+3 more\n ...\n 9 end"


def test_edit_shows_its_diff_with_numbers_and_what_differs_in_a_line() -> None:
    block = tool("edit", "Replaced one passage.", path="/w/a.py", edits=[])
    block.details = {"diff": DIFF}
    assert shown(block) == [
        "• edit a.py +2 -1",
        "   1   same",
        "   2 - a = old_value",
        "   2 + a = new_value",
        "   3 + more",
        "       ...",
        "  10   end",  # what was line 9 is line 10 now
    ]
    parts = [part for line in painter_of(block, LOOK).settle(80) for part in line]
    assert ("toolDiffRemoved reverse", "old_value") in parts
    assert ("toolDiffAdded reverse", "new_value") in parts
    assert ("toolDiffRemoved", "a = ") in parts


@pytest.mark.parametrize(
    "arguments",
    [
        {"edits": [{"oldText": "a\nb", "newText": "c"}]},
        {"edits": {"oldText": "a\nb", "newText": "c"}},
        {"edits": '[{"oldText": "a\\nb", "newText": "c"}]'},
        {"oldText": "a\nb", "newText": "c"},
    ],
)
def test_edit_grows_while_it_is_written_in_any_shape(arguments: dict[str, Any]) -> None:
    block = tool("edit", "", "writing", path="x", **arguments)
    lines = text_of(painter_of(block, LOOK).live(80, 20))
    assert lines == ["◦ edit x", "  - a", "  - b", "  + c"]


def test_bash_shows_the_command_the_end_of_the_output_and_the_time() -> None:
    block = tool("bash", numbered(30), command="make\ntest", timeout=60)
    block.duration_ms = 3100
    assert shown(block) == [
        "• $ make",
        "  test (timeout 60 s)",
        "  … 25 earlier lines (ctrl+o)",
        *(f"  line {number}" for number in range(26, 31)),
        "  took 3.1 s",
    ]
    assert len(shown(block, WHOLE)) == 33


def test_bash_that_failed_says_how() -> None:
    block = tool("bash", "out\n\nCommand exited with code 4.", "failed", command="x")
    block.duration_ms = 2000
    assert shown(block) == ["✗ $ x", "  out", "  exit 4, 2.0 s"]
    block = tool("bash", "The command was stopped by the user.", "failed", command="x")
    assert shown(block) == ["✗ $ x", "  The command was stopped by the user"]


def test_a_running_command_shows_elapsed_time() -> None:
    block = tool("bash", "", "running", command="sleep 9")
    block.started, block.ended = 100.0, 112.0
    assert text_of(painter_of(block, LOOK).live(80, 9)) == ["◦ $ sleep 9", "  12 s"]


def test_lists_are_counted_and_shortened() -> None:
    text = numbered(20) + "\n\n[20 of 100 entries.]"
    assert shown(tool("grep", text, pattern="x", path="/w/src", glob="*.py")) == [
        "• grep x in src *.py, 20 lines",
        *(f"  line {number}" for number in range(1, 6)),
        "  … 15 more lines (ctrl+o)",
        "  [20 of 100 entries.]",
    ]
    assert shown(tool("ls", "a\nb/"))[0] == "• ls . 2 entries"
    assert shown(tool("find", "[No files found.]", pattern="*.x")) == [
        "• find *.x 0 files",
        "  [No files found.]",
    ]


def test_any_other_tool_shows_its_main_argument_and_the_end_of_its_result() -> None:
    assert shown(tool("search", numbered(9), query="cats", count=3)) == [
        '• search cats {"count": 3}',
        "  … 4 earlier lines (ctrl+o)",
        *(f"  line {number}" for number in range(5, 10)),
    ]


def test_calls_have_no_blank_rows() -> None:
    for name in ("bash", "grep", "other", "ls"):
        assert "" not in shown(tool(name, "\n\na\nb\n\n", command="x", pattern="p"))


def test_extensions_show_their_tools_and_messages_and_may_fail() -> None:
    renderers = Renderers(
        calls={"mine": lambda arguments: [f"MINE {arguments['x']}"], "bad": lambda _: 1 / 0},
        results={"mine": lambda text, details, is_error, expanded: [text, "\x1b[31mraw", "a\nb"]},
        messages={"note": lambda text, details, expanded: [text.upper()], "bad": list},
    )
    assert shown(tool("mine", "out", x=1), renderers=renderers) == [
        "• MINE 1",
        "  out",
        "  raw",
        "  a",
        "  b",
    ]
    assert shown(tool("bad", "out", x="1"), renderers=renderers) == ["• bad 1", "  out"]
    assert shown(CustomBlock(kind="note", text="hi"), renderers=renderers) == ["HI"]
    assert shown(CustomBlock(kind="bad", text="**hi**"), renderers=renderers) == ["bad", "hi"]


def test_commands_notices_and_summaries() -> None:
    command = CommandBlock(command="ls", output=["a\n", "b\n"], exit_code=4)
    assert shown(command) == ["! ls", "  a", "  b", "  exit 4"]
    command = CommandBlock(command="ls", excluded=True, cancelled=True)
    assert shown(command) == ["!! ls", "  cancelled"]
    notice = NoticeBlock(level="error", text="Error: 401\ndetails")
    lines = painter_of(notice, LOOK)
    notice.open = False
    assert lines.settle(80) == [[("error", "Error: 401")], [("muted", "details")]]
    assert shown(NoticeBlock(text="**x**", markdown=True)) == ["x"]
    summary = SummaryBlock(text="# What", tokens_before=1200)
    assert shown(summary) == ["Earlier conversation summarised (1200 tokens) (ctrl+o)"]
    assert shown(summary, WHOLE)[1:] == ["What"]


def test_a_huge_output_is_bounded_also_when_expanded() -> None:
    lines = shown(tool("bash", numbered(10_000), command="x"), WHOLE)
    assert len(lines) == 2002
    assert lines[1] == "  8,000 earlier lines not shown"
    assert len(shown(tool("bash", "x" * 1_000_000, command="x"))) < 12


def cut_output(ending: str = "", state: Any = "done") -> ToolBlock:
    """What `bash` gives of 10,000 lines."""
    text = "\n".join(f"line {number}" for number in range(8001, 10_001))
    note = "\n\n[Lines 8001-10000 of 10000. Whole output: /tmp/x.log]"
    block = tool("bash", text + note + ending, state, command="x")
    figures = {"truncated": True, "totalLines": 10_000, "outputLines": 2000}
    block.details = {"fullOutputPath": "/tmp/x.log", "truncation": figures}
    return block


def test_an_output_that_the_tool_has_cut_is_counted_whole_and_its_note_stands_apart() -> None:
    rows = ["  … 9,995 earlier lines (ctrl+o)", *(f"  line {n}" for n in range(9996, 10_001))]
    rows.append("  Whole output: /tmp/x.log")
    assert shown(cut_output()) == ["• $ x", *rows]
    running = "\n\n[Still running in the background: 7 (sleep).]"
    assert shown(cut_output(running))[-1] == "  Still running in the background: 7 (sleep)."
    failed = cut_output("\n\nCommand exited with code 3", "failed")
    assert shown(failed) == ["✗ $ x", *rows, "  exit 3"]
    whole = shown(cut_output(), WHOLE)
    assert whole[1] == "  8,000 earlier lines not shown"
    assert len(whole) == 2003


def test_words_alone() -> None:
    assert plain(tool("bash", "a\x1b[1mb", command="ls")) == ["$ ls", "ab"]
    edit = tool("edit", "Replaced.", path="a")
    edit.details = {"diff": "-1 a\n+1 b"}
    assert plain(edit) == ["edit a +1 -1", "-1 a", "+1 b"]
    assert plain(NoticeBlock(level="error", text="no")) == ["Error: no"]
    assert plain(TextBlock(parts=["# a\n", "b"])) == ["# a", "b"]
    assert plain(UserBlock(text="q", images=(image(),))) == ["q", "(png image)"]
    assert plain(tool("x", "boom", "failed")) == ["x", "boom", "(failed)"]


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
NAMES = st.sampled_from(
    [
        "path",
        "content",
        "edits",
        "oldText",
        "newText",
        "command",
        "timeout",
        "offset",
        "limit",
        "pattern",
        "glob",
        "query",
        "x",
    ]
)


@settings(max_examples=300)
@given(
    name=st.sampled_from(["read", "write", "edit", "bash", "grep", "find", "ls", "other", ""]),
    state=st.sampled_from(["writing", "waiting", "running", "done", "failed"]),
    arguments=st.dictionaries(NAMES, ODD, max_size=5) | ODD,
    content=st.lists(ODD | st.fixed_dictionaries({"type": st.just("text"), "text": ODD})) | ODD,
    details=ODD | st.fixed_dictionaries({"diff": ODD}),
    width=st.integers(1, 300),
    expanded=st.booleans(),
)
def test_no_argument_of_a_model_stops_a_painter(
    name: str, state: Any, arguments: Any, content: Any, details: Any, width: int, expanded: bool
) -> None:
    block = ToolBlock(name=name, state=state, arguments=arguments, content=content)
    block.details = details
    look = WHOLE if expanded else LOOK
    painter = painter_of(block, look)
    lines = painter.live(width, 50)
    block.open = False
    lines += painter.settle(width)
    assert painter._failed is False  # type: ignore[attr-defined]
    assert "cannot be shown" not in plain(block)[0]
    check(lines, width)


TEXT = st.text(max_size=200)


@settings(max_examples=200)
@given(
    block=st.one_of(
        st.builds(UserBlock, text=TEXT),
        st.builds(ThinkingBlock, parts=st.lists(TEXT)),
        st.builds(CommandBlock, command=TEXT, output=st.lists(TEXT), exit_code=st.integers()),
        st.builds(NoticeBlock, text=TEXT, markdown=st.booleans(), level=TEXT),
        st.builds(SummaryBlock, text=TEXT),
        st.builds(CustomBlock, kind=TEXT, text=TEXT),
    ),
    width=st.integers(1, 300),
)
def test_every_block_fits_every_width(block: Block, width: int) -> None:
    painter = painter_of(block, WHOLE)
    check(painter.live(width, 40), width)
    block.open = False
    check(painter.settle(width), width)
    assert painter._failed is False  # type: ignore[attr-defined]


def check(lines: list[Line], width: int) -> None:
    """No line is too wide, none has control characters."""
    for line in lines:
        assert line_width(line) <= width
        for style, text in line:
            assert style != ESCAPE
            assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", text)


def test_a_painter_that_fails_is_replaced_by_the_words() -> None:
    block = TextBlock(parts=["# words"])
    painter = painter_of(block, Look(style=lambda token: str(1 / (token != "mdHeading"))))
    block.open = False
    assert text_of(painter.settle(80)) == ["# words"]
