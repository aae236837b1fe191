"""Markdown as it streams: however a text is cut, the lines are the same, and none is too wide."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pi.coding.modes.interactive.lines import ESCAPE, Line
from pi.coding.modes.interactive.paint.cells import line_width, soft_wrap
from pi.coding.modes.interactive.paint.markdown import Markdown
from pi.coding.modes.interactive.view import Look

LOOK = Look(style=lambda token: token)


def painted(text: str, width: int = 60, look: Look = LOOK) -> list[Line]:
    """The text in one go."""
    markdown = Markdown(look)
    return markdown.feed(text, width) + markdown.close(width)


def words(text: str, width: int = 60, look: Look = LOOK) -> list[str]:
    """Its lines without styles."""
    lines = painted(text, width, look)
    return ["".join(part for style, part in line if style != ESCAPE) for line in lines]


def styles(text: str, look: Look = LOOK) -> dict[str, str]:
    """The style of each piece of text."""
    return {part: style for line in painted(text, look=look) for style, part in line}


PARTS = (
    "# Title\n",
    "## Second *one*\n",
    "plain **bold** words and `code` in a row ",
    "[link](http://a.example/x)",
    "[bare](b.py) ",
    "[a]: http://ref.example/1\n",
    "[see][a] and [A] ",
    "[a]: <http://ref.example/2> 'title'\n",
    "🇩🇪🇫🇷👍🏽",
    "\n",
    "\n\n",
    "- item\n",
    "  - nested\n",
    "1. first\n",
    "12) twelfth\n",
    "- [x] done\n",
    "> quote\n",
    "> > deeper\n",
    "```python\n",
    "```\n",
    '    x = """doc\n',
    "/* comment\n",
    "| a | b |\n|---|--:|\n",
    "| cell with words | 2 |\n",
    "---\n",
    "===\n",
    "<div>\n",
    "\t",
    "*",
    "`",
    "~~",
    "日本語、テキスト。",
    "👨‍👩‍👧‍👦❤️",
    "e\u0301\u0301",
    "\x1b[31m",
    "\x1b]0;title\x07",
    "\x1b]8;;http://x",
    "\u202e",
    "\ud83d",
    "&amp;",
    "\\*",
    "x" * 90,
    "https://example.com/a_b_c ",
    "\r\n",
    "a sentence that ends. Another one! " * 30,
    "word " * 900,
    "y" * 4100,
)
TEXTS = st.lists(st.sampled_from(PARTS), max_size=25).map("".join)


@settings(max_examples=150)
@given(TEXTS, st.randoms(use_true_random=False), st.integers(1, 120))
def test_pieces_make_the_same_lines_as_the_whole(
    text: str, chance: random.Random, width: int
) -> None:
    markdown = Markdown(LOOK)
    lines: list[Line] = []
    at = 0
    while at < len(text):
        size = chance.choice((1, 2, 3, 7, 40, 500))
        lines += markdown.feed(text[at : at + size], width)
        at += size
        if chance.random() < 0.05:
            markdown.rest(width)
    assert lines + markdown.close(width) == painted(text, width)


@settings(max_examples=150)
@given(st.one_of(TEXTS, st.text(max_size=300)), st.integers(1, 300))
def test_no_line_is_wider_than_the_terminal_and_none_has_control_characters(
    text: str, width: int
) -> None:
    look = Look(style=lambda token: token, hyperlinks=True)
    for line in painted(text, width, look):
        assert line_width(line) <= width
        for style, part in line:
            if style != ESCAPE:
                assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", part)
            else:
                assert re.fullmatch(r"\x1b\]8;;[!-~]*\x1b\\", part)


def test_the_rest_shows_what_is_not_settled_and_changes_nothing() -> None:
    markdown = Markdown(LOOK)
    assert markdown.feed("one **bo", 60) == []
    assert markdown.rest(60) == [[("", "one **bo")]]
    assert markdown.feed("ld** two\n\nthr", 60) == [[("", "one "), ("bold", "bold"), ("", " two")]]
    assert markdown.rest(60) == [[], [("", "thr")]]


def test_long_blocks_settle_while_they_are_open() -> None:
    for text in (
        "```python\n" + "x = 1\n" * 200,
        "- item\n" * 200,
        "A sentence of some words. " * 200,
        "word " * 2000,
        "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 200,
        "> quoted line.\n" * 400,
        "x" * 50_000,
    ):
        markdown = Markdown(LOOK)
        settled = markdown.feed(text, 80)
        rest = markdown.rest(80)
        assert len(rest) < 80, text[:20]
        assert [*settled, *rest] == painted(text, 80)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\nb", ["a b"]),
        ("a  \nb", ["a", "b"]),
        ("a\\\nb", ["a", "b"]),
        ("# A #\ntext", ["A", "text"]),
        ("A\n===\nB\n---", ["A", "B"]),
        ("- a\n- b\n\n- c", ["• a", "• b", "• c"]),
        ("- a\n\n  b", ["• a", "", "  b"]),
        ("- a\n  - b\n    - c", ["• a", "  • b", "    • c"]),
        ("1. a\n  - b\n2. c", ["1. a", "   • b", "2. c"]),
        ("9. a\n10. b", ["9. a", "10. b"]),
        ("- [ ] a\n- [x] b", ["☐ a", "☑ b"]),
        ("text\n2. is no list", ["text 2. is no list"]),
        ("> a\nb\n\nc", ["│ a b", "", "c"]),
        ("> a\n>\n> b", ["│ a", "│ ", "│ b"]),
        ("```\n<a>  **x**\n\n  y\n```\nz", ["  <a>  **x**", "", "    y", "z"]),
        ("~~~\n```\n~~~", ["  ```"]),
        ("```", []),
        ("````\n```\n````", ["  ```"]),
        ("- a\n  ```\n  code\n  ```\n- b", ["• a", "    code", "• b"]),
        ("    code\n\n    more\ntext", ["  code", "", "  more", "text"]),
        ("<details>\n<b>x</b>\n\ny", ["<details>", "<b>x</b>", "", "y"]),
        ("a <b>bold</b> &lt; &amp; &nosuch;", ["a <b>bold</b> < & &nosuch;"]),
        ("snake_case_name and __init__.py", ["snake_case_name and init.py"]),
        ("2 * 3 * 4, a*b*c", ["2 * 3 * 4, abc"]),
        ("\\*no\\* `a\\*b`", ["*no* a\\*b"]),
        ("``a`b``", ["a`b"]),
        ("[a](http://x.example)", ["a (http://x.example)"]),
        ("<http://x.example> http://y.example.", ["http://x.example http://y.example."]),
        ("![alt](p.png)", ["🖼 alt (p.png)"]),
        ("[x] and [y][z]", ["[x] and [y][z]"]),
        ("| a | b |\n|---|--:|\n| x | 1 |\n\nz", ["a │ b", "──┼──", "x │ 1", "", "z"]),
        ("| a | b |\n|---|\n", ["| a | b | |---|"]),
        ("| a |\n|---|\n| `x\\|y` |", ["a  ", "───", "x|y"]),
        ("a\tb", ["a b"]),
        ("a\r\nb\rc", ["a b c"]),
    ],
)
def test_markdown_looks_like_this(text: str, lines: list[str]) -> None:
    assert [line.rstrip() for line in words(text)] == [line.rstrip() for line in lines]


def test_emphasis_is_in_the_styles() -> None:
    found = styles("a **b *c* d** ~~e~~ ***f*** `g` _h_")
    assert found["b "] == "bold"
    assert set(found["c"].split()) == {"bold", "italic"}
    assert found["e"] == "strike"
    assert set(found["f"].split()) == {"bold", "italic"}
    assert found["g"] == "mdCode"
    assert found["h"] == "italic"


def test_code_is_coloured_across_the_parts_it_settles_in() -> None:
    text = '```py\ndef f():\n    """doc\n' + "    line\n" * 100 + '    """\n    return 1\n```'
    lines = painted(text)
    assert ("syntaxKeyword", "def") in lines[0]
    assert lines[80] == [("", "  "), ("syntaxString", "    line")]
    assert ("syntaxKeyword", "return") in lines[-1]


@pytest.mark.parametrize("name", ["", "no-such-language", "text", "python,ignore", "x" * 500])
def test_code_in_any_language_is_shown(name: str) -> None:
    assert words(f"```{name}\ncode here\n```") == ["  code here"]


def test_a_huge_line_of_code_is_not_coloured_but_shown() -> None:
    text = "```js\n" + "a(" * 20_000 + "\n```"
    assert re.sub("[ ↪]", "", "".join(words(text, 100))) == "a(" * 20_000


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "b.py", "ftp://x"])
def test_only_some_addresses_become_links_the_others_are_shown(url: str) -> None:
    look = Look(style=lambda _: "", hyperlinks=True)
    lines = painted(f"[text]({url})", look=look)
    assert not [part for line in lines for style, part in line if style == ESCAPE]
    assert words(f"[text]({url})", look=look) == [f"text ({url})"]


def test_links_are_closed_on_every_line() -> None:
    look = Look(style=lambda _: "", hyperlinks=True)
    lines = painted("[some long words here](http://x.example/ä)", 12, look)
    assert len(lines) > 1
    for line in lines:
        escapes = [part for style, part in line if style == ESCAPE]
        assert escapes[0] == "\x1b]8;;http://x.example/%C3%A4\x1b\\"
        assert escapes[-1] == "\x1b]8;;\x1b\\"


REFERENCES = """\
[docs]: https://docs.example/a_b "The docs"
[Two  Words]: <https://two.example/x>
[docs]: https://later.example

Read [the *docs*][Docs], [two words][], [docs] and ![a picture][docs].
Not [this][unknown], not [unknown], and [docs](https://own.example) is its own.

> [quoted]: https://quoted.example

[quoted] is known.
[ERROR]: failed

[after] comes too early.

[after]: https://after.example
[^1]: https://note.example
"""


def test_references_are_links_once_their_addresses_are_known() -> None:
    assert words(REFERENCES, 300) == [
        "Read the docs (https://docs.example/a_b), two words (https://two.example/x),"
        " docs (https://docs.example/a_b) and 🖼 a picture (https://docs.example/a_b)."
        " Not [this][unknown], not [unknown], and docs (https://own.example) is its own.",
        "",
        "quoted (https://quoted.example) is known. [ERROR]: failed",
        "",
        "[after] comes too early.",
        "",
        "[^1]: https://note.example",
    ]


def test_a_half_written_definition_is_not_remembered() -> None:
    markdown = Markdown(LOOK)
    markdown.feed("[a]: https://x.exam", 60)
    assert markdown.rest(60) == []
    lines = markdown.feed("ple/whole\n\n[a]\n\n", 60) + markdown.close(60)
    text = "".join(part for line in lines for _, part in line)
    assert text == "a (https://x.example/whole)"


@pytest.mark.parametrize("width", [10, 20, 40, 80])
def test_a_table_fits_the_width_and_loses_nothing(width: int) -> None:
    cells = ["alpha beta gamma delta", "some longer words to wrap in here", "third"]
    text = "| A | B | C |\n|---|---|---|\n" + f"| {' | '.join(cells)} |\n" * 3
    shown = words(text, width)
    assert all(len(line) <= width for line in shown)
    letters = "".join("".join(shown).split())
    for word in " ".join(cells).split():
        assert word[:3] in letters


def test_a_long_table_goes_on_with_the_columns_of_its_first_rows() -> None:
    text = "| A | B |\n|---|---|\n" + "| x | y |\n" * 70 + f"| {'long ' * 40}| y |\n"
    shown = words(text, 40)
    assert len(shown) > 73
    assert all(len(line) <= 40 for line in shown)


@pytest.mark.parametrize(
    "text", [">" * 5000 + " x", "- " * 3000, "*" * 5000, "[" * 5000, "`" * 5000, "**a " * 3000]
)
def test_nesting_without_end_is_bounded(text: str) -> None:
    assert painted(text, 80)
    assert all(line_width(line) <= 20 for line in painted(text, 20))


def test_ascii_alone_where_the_terminal_has_no_more() -> None:
    look = Look(style=lambda _: "", unicode=False)
    text = "- a\n- [x] b\n\n> c\n\n---\n\n| d | e |\n|---|---|\n| 1 | 2 |"
    assert "".join(words(text, look=look)).isascii()


def test_code_is_broken_after_a_blank_that_is_near_and_says_so() -> None:
    code = "```js\nconst f = async (x) => { await g(x); return null; } // a comment\n```\n"
    rows = ["".join(text for _, text in row) for row in painted(code, 44)]
    assert rows == [
        "  const f = async (x) => { await g(x); ",
        "↪ return null; } // a comment",
    ]
    rows = ["".join(text for _, text in row) for row in painted(f"```\n{'x' * 50}\n```\n", 44)]
    assert rows == ["  " + "x" * 42, "↪ " + "x" * 8]


@given(st.text(alphabet="ab c\u65e5\u0301\U0001f468\u200d", max_size=200), st.integers(1, 40))
def test_a_soft_break_leaves_nothing_out(text: str, room: int) -> None:
    line = [("a", text[:7]), ("b", text[7:])]
    rows = soft_wrap(line, room)
    assert all(line_width(row) <= room for row in rows)
    if room >= 8:
        assert "".join(part for row in rows for _, part in row) == text
