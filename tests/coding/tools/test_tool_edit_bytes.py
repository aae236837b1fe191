"""The law of edit: bytes outside the replaced passages never change, whatever they are."""

from hypothesis import assume, given
from hypothesis import strategies as st

from pi.agent.tools import ToolError
from pi.coding.tools.editing.fuzzy import FoldedText, fold
from pi.coding.tools.editing.linediff import opcodes
from pi.coding.tools.editing.lineends import View
from pi.coding.tools.editing.splice import Edit, apply, plan
from pi.coding.tools.textfile import detect

MARK = "@@mark@@"

breaks = st.sampled_from([b"\n", b"\r\n", b"\r", b"\n\r", b"\r\r\n"])
pieces = st.one_of(
    breaks,
    st.text(max_size=8).map(lambda text: text.encode("utf-8", "replace")),
    st.binary(max_size=4),
    st.sampled_from([b"\xe9", b"caf\xe9", b"\xff", b"\xed\xa0\x80", b"  \t", b"\0"]),
    st.sampled_from(["“x”", "—", "ﬁ", "\u00a0", "e\u0301", "\ufffd"]).map(str.encode),
)
soup = st.lists(pieces, max_size=12).map(b"".join)


def edit(data: bytes, *edits: tuple[str, str]) -> bytes:
    encoding = detect(data)
    view = View(encoding.decode(data[len(encoding.mark) :]))
    made = plan(view, [Edit(old, new) for old, new in edits])
    return apply(data, encoding, view, made.changes)


@given(st.sampled_from([b"", b"\xef\xbb\xbf"]), soup, soup, st.sampled_from(["", "new", "x y"]))
def test_any_bytes_around_one_replacement(mark: bytes, head: bytes, tail: bytes, new: str) -> None:
    before = mark + head + MARK.encode() + tail
    assume(not before.startswith((b"\xff\xfe", b"\xfe\xff")))
    assume(MARK.encode() not in head + tail)
    assert edit(before, (MARK, new)) == mark + head + new.encode() + tail


@given(soup, soup, soup)
def test_any_bytes_around_two_replacements(head: bytes, middle: bytes, tail: bytes) -> None:
    before = head + b"@@one@@" + middle + b"@@two@@" + tail
    assume(not before.startswith((b"\xff\xfe", b"\xfe\xff")))
    after = edit(before, ("@@two@@", "2"), ("@@one@@", ""))
    assert after == head + middle + b"2" + tail


@given(
    st.sampled_from(["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]),
    st.text(max_size=20),
    st.text(max_size=20),
)
def test_wide_encodings(codec: str, head: str, tail: str) -> None:
    assume(not head.startswith("\0"))  # UTF-16 would look like UTF-32

    def encode(text: str) -> bytes:
        return ("\ufeff" + text).encode(codec, "surrogatepass")

    assert edit(encode(f"{head}{MARK}{tail}"), (MARK, "é🙂")) == encode(f"{head}é🙂{tail}")


words = st.text(st.sampled_from("ab “”\"'’—-\u00a0ﬁé"), max_size=6)
documents = st.lists(words, min_size=1, max_size=8)


@given(st.lists(st.text("ab \t", max_size=5), min_size=1, max_size=8), st.data())
def test_on_plain_text_it_is_what_replace_does(lines: list[str], data: st.DataObject) -> None:
    text = "\n".join(lines)
    start = data.draw(st.integers(0, len(text)))
    old = text[start : data.draw(st.integers(start, len(text)))]
    new = data.draw(st.text("abc\n ", max_size=8))
    assume(old and text.count(old) == 1 and text.find(old) == text.rfind(old))
    assert edit(text.encode(), (old, new)) == text.replace(old, new).encode()


@given(documents, st.data())
def test_a_match_by_likeness_changes_its_own_lines_only(
    lines: list[str], data: st.DataObject
) -> None:
    ends = [data.draw(st.sampled_from(["\n", "\r\n"])) for _ in lines]
    first = data.draw(st.integers(0, len(lines) - 1))
    last = data.draw(st.integers(first, len(lines) - 1))
    before = "".join(map(str.__add__, lines, ends))
    old = "\n".join(fold(line) for line in lines[first : last + 1])
    try:
        after = edit(before.encode(), (old, "NEW\nLINES"))
    except ToolError:
        return  # repeated, or nothing but blanks
    head = "".join(map(str.__add__, lines[:first], ends[:first]))
    tail = "".join(map(str.__add__, lines[last + 1 :], ends[last + 1 :]))
    folded = "\n".join(fold(line) for line in View(before).text.split("\n"))
    assume(folded.count(old) == 1)
    assert after.startswith(head.encode())
    assert after.endswith((ends[last] + tail).encode())


@given(st.lists(words, min_size=1, max_size=5).map("\n".join), st.data())
def test_every_place_that_looks_the_same_is_found_where_it_is(
    text: str, data: st.DataObject
) -> None:
    lines = text.split("\n")
    number = data.draw(st.integers(0, len(lines) - 1))
    wanted = fold(lines[number])
    assume(wanted.strip())
    for place in FoldedText(text).find(wanted, 100):
        (start, end), *more = place
        assert not more
        assert fold(text[start:end]) == wanted


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12))
def test_opcodes_turn_one_list_into_the_other(old: list[str], new: list[str]) -> None:
    made: list[str] = []
    at = 0
    for a, b, c, d in opcodes(old, new):
        assert a >= at
        made += old[at:a] + new[c:d]
        at = b
    assert made + old[at:] == new


@given(st.text(st.sampled_from("a\r\n"), max_size=12))
def test_a_view_leads_back_to_the_text(text: str) -> None:
    view = View(text)
    assert view.text == text.replace("\r\n", "\n").replace("\r", "\n")
    rebuilt = [text[view.to_original(n) : view.to_original(n + 1)] for n in range(len(view.text))]
    assert "".join(rebuilt) == text
    assert [piece.replace("\r\n", "\n").replace("\r", "\n") for piece in rebuilt] == list(view.text)
