"""Answers and tools in words: nothing is said twice, nothing of the text is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi.coding.modes.interactive.linear.words import Prose, say_block, say_call
from pi.coding.modes.interactive.view import ToolBlock


def said(text: str) -> list[str]:
    prose = Prose()
    return [*prose.feed(text), *prose.end()]


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("# Title", ["Title"]),
        ("a **bold** and *slanted* `code`", ["a bold and slanted code"]),
        ("[docs](https://x.test/a)", ["docs (https://x.test/a)"]),
        ("snake_case_name and 2*3*4", ["snake_case_name and 2*3*4"]),
        ("```python\nx = '**'\n```", ["Code, python:", "x = '**'", "End of code."]),
        ("```\nnever closed", ["Code:", "never closed", "End of code."]),
        ("one\n\n\n\ntwo", ["one", "", "two"]),
        ("| a | b |\n|---|---|\n| 1 | 2 |", ["| a | b |", "| 1 | 2 |"]),
    ],
)
def test_markdown_is_said_without_its_marks(markdown: str, words: list[str]) -> None:
    assert said(markdown) == words


@given(st.text(alphabet="ab*`#\n -[](){}", max_size=80), st.lists(st.integers(1, 9)))
def test_how_an_answer_is_cut_changes_nothing(text: str, sizes: list[int]) -> None:
    prose, found, at = Prose(), [], 0
    for size in sizes:
        found += prose.feed(text[at : at + size])
        at += size
    found += prose.feed(text[at:])
    assert found + prose.end() == said(text)


def test_a_tool_says_what_it_does_and_how_it_ended() -> None:
    block = ToolBlock(name="bash", arguments={"command": "ls\n  -la"}, state="running")
    assert say_call(block) == "Running bash: ls -la"
    block.state, block.duration_ms, block.open = "failed", 2300, False
    block.content = [{"type": "text", "text": "\n".join(map(str, range(40)))}]
    lines = say_block(block)
    assert lines[0] == "bash failed after 2s."
    assert lines[1] == "28 lines of output left out, then:"
    assert lines[-1] == "39"


@pytest.mark.parametrize("arguments", [None, [], {"command": 3}, {"x": {}}])
def test_odd_arguments_are_said_all_the_same(arguments: object) -> None:
    assert say_call(ToolBlock(name="odd", arguments=arguments)) == "Running odd."  # type: ignore[arg-type]
