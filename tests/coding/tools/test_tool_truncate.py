"""How much of a text is kept."""

from hypothesis import given
from hypothesis import strategies as st

from pi.coding.tools.truncate import (
    MAX_BYTES,
    MAX_LINES,
    count_lines,
    cut_line,
    keep_head,
    keep_tail,
    size_text,
)

texts = st.builds(
    lambda line, times, end: "\n".join([line] * times) + end,
    st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=200),
    st.integers(0, 2500),
    st.sampled_from(["", "\n"]),
)


@given(texts)
def test_the_head_is_whole_lines_within_the_limits(text: str) -> None:
    kept, truncation = keep_head(text)
    assert text.startswith(kept)
    assert len(kept.encode()) <= MAX_BYTES
    assert count_lines(kept) <= MAX_LINES
    if truncation.truncated:
        assert not kept or text[len(kept)] == "\n"
        assert truncation.output_bytes == len(kept.encode())
    else:
        assert kept == text


@given(texts)
def test_the_tail_is_whole_lines_within_the_limits(text: str) -> None:
    kept, truncation = keep_tail(text)
    assert text.removesuffix("\n").endswith(kept)
    assert len(kept.encode()) <= MAX_BYTES
    assert kept.count("\n") < MAX_LINES
    assert truncation.total_lines == count_lines(text)
    if not truncation.truncated:
        assert kept == text.removesuffix("\n")


def test_a_final_line_break_is_no_line() -> None:
    text = "x\n" * MAX_LINES
    assert count_lines(text) == MAX_LINES
    assert not keep_tail(text)[1].truncated
    assert keep_tail(text + "y")[1].truncated_by == "lines"


def test_exactly_the_limit_of_bytes_fits_with_its_line_break() -> None:
    assert not keep_tail("x" * MAX_BYTES + "\n")[1].truncated


def test_a_last_line_that_is_too_long_is_cut_between_characters() -> None:
    kept, truncation = keep_tail("a\n" + "é" * MAX_BYTES)
    assert truncation.last_line_partial
    assert set(kept) == {"é"}
    assert len(kept.encode()) in (MAX_BYTES, MAX_BYTES - 1)


def test_a_first_line_that_is_too_long_is_not_shown() -> None:
    kept, truncation = keep_head("x" * (MAX_BYTES + 1) + "\ny")
    assert kept == ""
    assert truncation.first_line_exceeds_limit


def test_the_details_have_the_established_names() -> None:
    assert keep_tail("x\n" * 3000)[1].to_details() == {
        "truncated": True,
        "truncatedBy": "lines",
        "totalLines": 3000,
        "totalBytes": 6000,
        "outputLines": 2000,
        "outputBytes": 3999,
        "lastLinePartial": False,
        "firstLineExceedsLimit": False,
        "maxLines": 2000,
        "maxBytes": 51200,
    }


def test_lines_are_cut_at_code_points() -> None:
    assert cut_line("🙂" * 500) == ("🙂" * 500, False)
    assert cut_line("🙂" * 501) == ("🙂" * 500 + "... [line cut]", True)


def test_sizes() -> None:
    assert [size_text(n) for n in (0, 1023, 1024, 1536, 5 * 1024 * 1024)] == [
        "0B",
        "1023B",
        "1.0KB",
        "1.5KB",
        "5.0MB",
    ]
