"""Widgets beside the editor: whole, whatever the width, and addresses that can be clicked."""

from types import SimpleNamespace

import pytest

from pi.coding.modes.interactive.lines import ESCAPE
from pi.coding.modes.interactive.screen.margins import Margins
from pi.coding.modes.interactive.view import Look

URL = "https://login.example/authorize?" + "&".join(f"parameter{n}=value{n}" for n in range(9))


def margins(*, links: bool) -> Margins:
    screen = SimpleNamespace(
        looks=SimpleNamespace(look=Look(lambda token: "", hyperlinks=links)),
        style=lambda token: "",
        redraw=lambda: None,
    )
    made = Margins(screen)  # type: ignore[arg-type]
    made.set_widget("login", ["Open this address:", URL, "a\x1b[2Jb"], above=True)
    return made


@pytest.mark.parametrize("width", [100, 40, 20])
def test_an_address_is_seen_to_its_end(width: int) -> None:
    lines = margins(links=False).above(width)
    texts = ["".join(text for _, text in line) for line in lines]
    assert all(len(text) <= width for text in texts)
    assert URL in "".join(texts)
    assert texts[-1] == "ab"


def test_every_part_of_an_address_can_be_clicked() -> None:
    lines = margins(links=True).above(40)
    linked = [line for line in lines if line[0][0] == ESCAPE]
    assert "".join(line[1][1] for line in linked) == URL
    assert {line[0][1] for line in linked} == {f"\x1b]8;;{URL}\x1b\\"}
    assert {line[-1][1] for line in linked} == {"\x1b]8;;\x1b\\"}


@pytest.mark.parametrize(("rows", "seen"), [(10, 10), (11, 11), (12, 10), (40, 10)])
def test_a_widget_that_is_cut_says_so(rows: int, seen: int) -> None:
    made = margins(links=False)
    made.set_widget("login", None, above=True)
    made.set_widget("long", [f"row {number}" for number in range(rows)], above=False)
    texts = ["".join(text for _, text in line) for line in made.below(30)]
    assert texts[:seen] == [f"row {number}" for number in range(seen)]
    assert texts[seen:] == ([f"… {rows - seen} more rows"] if rows > seen else [])
