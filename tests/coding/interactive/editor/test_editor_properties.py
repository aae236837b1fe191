"""What holds for every text, every window and every order of keys."""

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.utils import get_cwidth
from wcwidth import iter_graphemes

from pi.coding.modes.interactive.editor.graphemes import after, before, boundary, clip, painted
from pi.coding.modes.interactive.editor.marks import Marks
from pi.coding.modes.interactive.editor.page import Page
from pi.coding.modes.interactive.editor.text import Text

AWKWARD = [
    "👨‍👩‍👧",
    "🇩🇪",
    "é",
    "e\u0301",
    "你",
    "ש\u05b8",
    "\t",
    "\x1b",
    "\u200d",
    "\u202e",
    "❤️",
    "👍🏽",
]
AWKWARD += [
    "\u200b",
    "क्षि",
    "각",
    "\u0301",
    "\u0600",
    "\x9b",
    "\xa0",
    "\u3000",
    "﷽",
    "🏴\U000e0067\U000e007f",
]
words = st.sampled_from([*AWKWARD, "a", "word", " ", "  ", "\n", "longer-than-most", "\U0010e005"])
texts = st.one_of(st.lists(words, max_size=40).map("".join), st.text(max_size=60))


def starts(text: str) -> set[int]:
    """Where characters begin, found from the start of every line."""
    found = {0}
    at = 0
    for line in text.split("\n"):
        for cluster in iter_graphemes(line):
            found.add(at)
            at += len(cluster)
        found.add(at)
        at += 1
    return found


@given(texts, st.integers(1, 60), st.integers(1, 30), st.data())
def test_no_row_is_wider_than_the_window(
    text: str, columns: int, height: int, data: st.DataObject
) -> None:
    page = Page()
    marks = page.marks
    page.text.insert(marks.insertable(text, collapse=False))
    page.text.insert(marks.paste("x\n" * 30))
    page.text.go(data.draw(st.integers(0, len(page.text.text))))
    view = page.view(columns, height, "", "")
    assert 1 <= len(view.rows) <= height
    assert 0 <= view.y < len(view.rows)
    for row in view.rows:
        shown = "".join(part for _, part in row)
        assert get_cwidth(shown) <= columns
        assert not any(
            ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u202a\u202e\u2066" for c in shown
        )
    before_cursor = "".join(part for _, part in view.rows[view.y])[: view.x]
    assert get_cwidth(before_cursor) < columns or columns == 1


@given(texts, st.integers(1, 40))
def test_rows_show_the_whole_text(text: str, columns: int) -> None:
    page = Page()
    page.text.reset(text.replace("\r", ""))
    text = page.text.text
    layout = page.layout(columns)
    seen = [layout.position(row, 0) for row in range(layout.height)]
    assert seen == sorted(seen)
    assert seen[0] == 0
    last = -1
    for position in sorted(starts(text)):
        if boundary(text, position) != position:
            continue
        row, column = layout.place(position)
        assert 0 <= row < layout.height
        assert 0 <= column < columns or column == 0
        assert row >= last
        last = row


@given(texts)
def test_the_cursor_goes_through_all_characters_and_back(text: str) -> None:
    there = [0]
    while there[-1] < len(text):
        there.append(after(text, there[-1]))
    back = [len(text)]
    while back[-1] > 0:
        back.append(before(text, back[-1]))
    assert there == back[::-1]
    assert all(boundary(text, position) == position for position in there)
    if not any("\U0010e000" <= c <= "\U0010efff" for c in text):
        assert set(there) == starts(text)


@given(st.text(min_size=1, max_size=8).filter(lambda text: "\n" not in text))
def test_what_is_painted_is_safe_and_as_wide_as_it_says(text: str) -> None:
    for cluster in iter_graphemes(text):
        shown = painted(cluster, 3)
        assert get_cwidth(shown) >= 1
        assert "\u200d" not in shown or not shown[0] >= "\U0001f000"
        assert all(c >= " " and not "\x7f" <= c <= "\x9f" for c in shown)


@given(texts, st.integers(0, 30))
def test_a_text_is_clipped_to_its_cells(text: str, cells: int) -> None:
    assert get_cwidth(clip(text.replace("\n", " "), cells)) <= cells


def edits_of(
    page: Page, piece: str, typed: Callable[[], Any] = lambda: None
) -> dict[str, Callable[[], Any]]:
    """What the keys do, by name; ``typed`` is called after each character of a piece."""
    text, marks = page.text, page.marks

    def type_it() -> None:
        for character in piece:
            text.insert(marks.insertable(character, collapse=False), typed=True)
            typed()

    return {
        "type": type_it,
        "space": lambda: text.insert(" ", typed=True),
        "left": lambda: text.go(text.left()),
        "right": lambda: text.go(text.right()),
        "wleft": lambda: text.go(text.word_left()),
        "wright": lambda: text.go(text.word_right()),
        "back": lambda: text.delete(text.left(), text.cursor),
        "delete": lambda: text.delete(text.cursor, text.right()),
        "kill": lambda: text.kill(text.cursor, text.word_right()),
        "killback": lambda: text.kill(text.word_left(), text.cursor),
        "yank": text.yank,
        "pop": text.yank_pop,
        "undo": text.undo,
        "paste": lambda: text.insert(marks.insertable(piece)),
        "mark": lambda: text.insert(marks.paste(piece)),
        "start": lambda: text.go(text.line_start()),
        "end": lambda: text.go(text.line_end()),
        "up": lambda: page.vertical(-1),
        "down": lambda: page.vertical(1),
    }


edits = st.lists(st.tuples(st.sampled_from(sorted(edits_of(Page(), ""))), words), max_size=30)


@given(edits, st.integers(1, 20))
def test_the_cursor_is_always_between_characters_and_undo_restores_all(
    todo: list[tuple[str, str]], columns: int
) -> None:
    page = Page()
    page.layout(columns)
    seen = [""]
    text = page.text
    for edit, piece in todo:
        edits_of(page, piece, lambda: seen.append(page.marks.expand(text.text)))[edit]()
        assert boundary(text.text, text.cursor) == text.cursor
        if edit != "undo":
            seen.append(page.marks.expand(text.text))
        else:
            assert page.marks.expand(text.text) in seen
    while page.text.undo():
        assert page.marks.expand(page.text.text) in seen
        assert boundary(page.text.text, page.text.cursor) == page.text.cursor
    assert page.text.text == ""


@given(st.lists(st.tuples(st.booleans(), texts), max_size=8))
def test_marks_lose_nothing(pieces: list[tuple[bool, str]]) -> None:
    marks = Marks()
    wanted = written = ""
    for paste, piece in pieces:
        piece = piece.replace("\r\n", "\n").replace("\r", "\n")
        wanted += piece
        written += marks.paste(piece) if paste else marks.insertable(piece, collapse=False)
    assert marks.expand(written) == wanted
    again = Marks()
    kept, spans = marks.remembered(written)
    assert kept == wanted
    recalled = again.collapse(kept, spans)
    assert again.expand(recalled) == wanted
    assert marks.expand(marks.restore(wanted, written)) == wanted


@given(st.text(max_size=3000))
def test_a_paste_is_expanded_to_itself(text: str) -> None:
    marks = Marks()
    wanted = text.replace("\r\n", "\n").replace("\r", "\n")
    wanted = wanted.encode("utf-8", "replace").decode()
    assert marks.expand(marks.insertable(text)) == wanted


@given(texts, texts)
def test_cuts_come_back_as_they_were(head: str, tail: str) -> None:
    text = Text()
    text.reset(head + "\n" + tail)
    whole = text.text
    while text.kill(text.word_left(), text.cursor):
        pass
    assert text.text == ""
    text.yank()
    assert text.text == whole


@given(st.lists(texts, min_size=2, max_size=6), st.integers(1, 30))
def test_rows_do_not_depend_on_what_was_there_before(versions: list[str], columns: int) -> None:
    old, new = Page(), Page()
    for version in versions:
        old.text.reset(version)
        old.layout(columns)
    new.text.reset(versions[-1])
    assert old.view(columns, 100, "", "") == new.view(columns, 100, "", "")
    for position in range(len(versions[-1]) + 1):
        assert old.layout().place(position) == new.layout().place(position)
