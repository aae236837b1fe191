"""Frames on a terminal whose window changes whenever it likes, and tells of it later."""

import random
from dataclasses import dataclass, field

import pytest

from pi.coding.modes.interactive.screen.ground import Frame, Ground, Seen, Written
from pi.coding.modes.interactive.screen.sounding import Sounding

HIGH = 10_000


@dataclass
class Paper:
    """A terminal of lines that are broken anew, as tmux does it: whole lines, cut when shown."""

    columns: int = 80
    rows: int = HIGH
    lines: list[str] = field(default_factory=lambda: [""])
    below: int = 0
    x: int = 0

    def height(self, text: str) -> int:
        return max(1, -(-len(text) // self.columns))

    def draw(self, frame: Frame) -> None:
        at = len(self.lines) - 1 - self.below
        inside = min(self.x // self.columns, self.height(self.lines[at]) - 1)
        up = frame.up
        while up > inside and at:
            up -= inside + 1
            at -= 1
            inside = self.height(self.lines[at]) - 1
        up = min(up, inside)
        head = self.lines[at][: (inside - up) * self.columns]
        del self.lines[at:]
        if inside - up:
            self.lines.append(head)
        self.lines += [text_of(written) for written in frame.settled]
        self.lines += [text_of(written)[: self.columns] for written in frame.live]
        self.below, self.x = frame.below, min(frame.x, self.columns - 1)


TEXTS: dict[int, str] = {}


def text_of(written: Written) -> str:
    return TEXTS[id(written)]


KEEP: list[Written] = []


def line(text: str, *, settled: bool) -> Written:
    made = Written(len(text) + 1, lambda: len(text), [("", text)] if settled else None)
    TEXTS[id(made)] = text
    KEEP.append(made)
    return made


def next_frame(ground: Ground, window: Seen, number: int, length: int) -> Frame:
    """A line more of the transcript, and a live area as wide as the window."""
    up, settled = ground.plan(window)
    settled.append(line(f"line {number}".ljust(length, "."), settled=True))
    cells = window.columns - 1
    live = [line(word * cells, settled=False) for word in ("-", "e", "-", "f")]
    return Frame(up, settled, live, 2, 1, whole=True)


@pytest.mark.parametrize("seed", range(40))
def test_whatever_window_a_frame_has_met_the_next_ones_mend_it(seed: int) -> None:
    chance = random.Random(seed)
    paper, sounding = Paper(), Sounding(reflows=True)
    sounding.answers = True
    known = Seen(paper.columns, paper.rows)
    for number in range(60):
        frame = next_frame(sounding.ground, known, number, chance.randint(8, 200))
        if chance.random() < 0.4:
            paper.columns = chance.randint(20, 100)
        answer = f"\x1b[8;{paper.rows};{paper.columns}t", "\x1b[500;1R"
        sounding.sent(frame, known, asked=True)
        paper.draw(frame)
        for part in answer:
            sounding.heard(part, known)
        known = Seen(sounding.told.columns, sounding.told.rows)
    sounding.sent(end := next_frame(sounding.ground, known, 60, 10), known, asked=False)
    paper.draw(end)
    assert [text.rstrip(".") for text in paper.lines if text.startswith("line")] == [
        f"line {number}" for number in range(61)
    ]
    assert [text[:1] for text in paper.lines if text and not text.startswith("line")] == list(
        "-e-f"
    )


def test_what_is_out_of_reach_is_taken_away_when_it_comes_back() -> None:
    tall, low = Seen(80, 30, 25), Seen(80, 3, 2)
    ground = Ground(row=25)
    ground = ground.after(next_frame(ground, tall, 0, 10), tall)
    up, _ = (small := ground.at(low)).plan(low)
    live = [line("x", settled=False)]
    ground = small.after(Frame(up, [], live, 0, 0, whole=True), low)
    again = ground.at(Seen(80, 30, 20))
    up, settled = again.plan(tall)
    assert (up, settled) == (0, [])  # two rows up is all that could be erased
    ground = Ground(row=25)
    ground = ground.after(next_frame(ground, tall, 0, 10), tall)
    high = [line("x", settled=False) for _ in range(20)]
    ground = ground.after(Frame(ground.plan(tall)[0], [], high, 0, 0, whole=True), tall)
    ground = ground.at(low)
    ground = ground.after(Frame(ground.plan(low)[0], [], live, 0, 0, whole=True), low)
    assert ground.plan(low) == (0, [])
    up, settled = ground.at(Seen(80, 30, 24)).plan(tall)
    assert up == 17
    assert [text_of(one)[:6] for one in settled] == []


def test_a_terminal_that_tells_columns_first_is_understood() -> None:
    sounding = Sounding(reflows=True)
    window = Seen(100, 30)
    assert sounding.heard("\x1b[8;100;30t", window) is None
    sounding.sent(None, window, asked=True)
    assert sounding.waiting
    sounding.heard("\x1b[8;100;30t", window)
    assert sounding.heard("\x1b[7;1R", window) is True
    assert sounding.told == Seen(100, 30, 6)
    assert not sounding.waiting


def test_a_terminal_that_answers_no_more_is_presumed() -> None:
    sounding = Sounding(reflows=True)
    sounding.heard("\x1b[8;30;100t", Seen(100, 30))
    sounding.sent(next_frame(sounding.ground, Seen(100, 30), 0, 10), Seen(100, 30), asked=True)
    before = sounding.ground
    sounding.give_up()
    assert not sounding.answers
    assert not sounding.waiting
    assert sounding.ground is before
    assert sounding.heard("\x1b[8;30;60t", Seen(100, 30)) is None


@pytest.mark.parametrize("seed", range(20))
def test_what_is_covered_comes_back_in_its_order(seed: int) -> None:
    chance = random.Random(seed)
    paper, sounding = Paper(), Sounding(reflows=True)
    sounding.answers = True
    window = Seen(paper.columns, paper.rows)
    for number in range(60):
        frame = next_frame(sounding.ground, window, number, chance.randint(8, 200))
        if chance.random() < 0.5:
            rows = chance.randint(1, 20)
            up, shown, kept = sounding.ground.cover(window, frame.up, frame.settled, rows)
            list_rows = [line("list", settled=False) for _ in range(rows + 4)]
            frame = Frame(up, shown, list_rows, 2, 1, whole=True, kept=kept)
        sounding.sent(frame, window, asked=True)
        paper.draw(frame)
        for part in (f"\x1b[8;{paper.rows};{paper.columns}t", "\x1b[500;1R"):
            sounding.heard(part, window)
        seen = [text.rstrip(".") for text in paper.lines if text.startswith("line")]
        assert seen == [f"line {at}" for at in range(len(seen))]
        assert number + 1 - len(seen) == len(frame.kept)
        if chance.random() < 0.1:  # another program had the terminal meanwhile
            sounding.forget()
            del paper.lines[len(paper.lines) - len(frame.live) :]
            paper.lines.append("")
            paper.below = paper.x = 0
    paper.draw(next_frame(sounding.ground, window, 60, 10))
    assert [text.rstrip(".") for text in paper.lines if text.startswith("line")] == [
        f"line {number}" for number in range(61)
    ]


def test_only_what_would_leave_the_window_is_covered() -> None:
    window = Seen(80, 30)
    ground = Ground(row=10)
    assert ground.scrolls(window, 2, [line("text", settled=True)], 21) == 0
    assert ground.scrolls(window, 2, [line("text", settled=True)], 24) == 3
