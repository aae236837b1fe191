"""Terminal output as plain text, whatever the chunks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi.coding.tools.shell.output import Output
from pi.coding.tools.shell.plaintext import PlainText


def plain(*chunks: str) -> str:
    text = PlainText()
    return "".join(text.feed(chunk) for chunk in chunks) + text.line


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[38;2;1;2;3mx\x1b[m", "x"),
        ("\x1b[?25l\x1b[2Kx\x1b[?25h", "x"),
        ("\x9b31mx", "x"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b]8;;http://a\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;never ends\nnext", "\nnext"),
        ("\x1bPq#0;2;0;0\x1b\\x", "x"),
        ("\x1b(B\x1b=x\x1b>", "x"),
        ("a\x1b", "a"),
        ("a\x00b\x07c\x7fd", "abcd"),
        ("a\tb", "a\tb"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("a\r\r\nb", "a\nb"),
        ("10%\r20%\r", "20%"),
        ("10%\r20%\n", "20%\n"),
        ("long text\r\x1b[Kdone\n", "done\n"),
        ("a\bb", "b"),
        ("50%\b\b\b60%", "60%"),
        ("\b\bx", "x"),
        ("é\u2028🙂", "é\u2028🙂"),
    ],
)
def test_what_a_reader_would_have_seen(raw: str, shown: str) -> None:
    assert plain(raw) == shown
    assert plain(*raw) == shown


pieces = st.sampled_from(
    ["\x1b", "[", "31", "m", "]", "0;", "\x07", "\\", "P", "(", "B", "a", "b", "\r", "\n", "\b",
     "\0", "é", "\x9b", "\x9d", "\x9c", " ", "\t"]
)  # fmt: skip


@given(st.lists(pieces, max_size=30).map("".join), st.data())
def test_chunks_make_no_difference(raw: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=6)))
    chunks = [raw[a:b] for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    assert plain(*chunks) == plain(raw)


@given(st.lists(pieces, max_size=30).map("".join))
def test_nothing_that_moves_the_cursor_is_left(raw: str) -> None:
    assert not {"\x1b", "\r", "\b", "\0", "\x9b", "\x07"} & set(plain(raw))


@given(st.text(max_size=40), st.data())
def test_characters_survive_being_cut(text: str, data: st.DataObject) -> None:
    raw = text.encode("utf-8", "replace")
    output = Output()
    at = data.draw(st.integers(0, len(raw)))
    output.feed(raw[:at])
    output.feed(raw[at:])
    output.finish()
    assert output.tail()[0] == plain(raw.decode()).removesuffix("\n")


def test_endless_lines_and_sequences_are_bounded() -> None:
    text = PlainText()
    for _ in range(100):
        assert len(text.feed("x" * 10_000)) < 80_000
        assert len(text.line) < 80_000
    text = PlainText()
    for _ in range(100):
        assert text.feed("\x1b]0;" + "x" * 10_000) == ""
    assert text.feed("\x07end\n") == "end\n"


def test_a_million_lines_take_little_memory() -> None:
    import tracemalloc

    output = Output()
    block = b"".join(b"line %d\n" % n for n in range(5000))
    tracemalloc.start()
    try:
        for _ in range(200):
            output.feed(block)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    text, truncation = output.tail()
    assert truncation.total_lines == 1_000_000
    assert truncation.output_lines == 2000
    assert text.endswith("line 4999")
    assert peak < 3_000_000
