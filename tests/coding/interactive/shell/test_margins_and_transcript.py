"""What stands around the editor, and what becomes of a painter that fails."""

from pathlib import Path

import pytest

from pi.agent.events import AgentStart, MessageEnd, ToolExecutionStart
from pi.ai.messages import AssistantMessage, Cost, Usage
from pi.ai.model import Model, Price
from pi.coding.api import events as s
from pi.coding.modes.interactive.footer import Facts, clip, count, footer_lines, git_branch, width
from pi.coding.modes.interactive.keymap import Keymap
from pi.coding.modes.interactive.paint import painter_of
from pi.coding.modes.interactive.screen.looks import Looks
from pi.coding.modes.interactive.screen.margins import Margins
from pi.coding.modes.interactive.screen.transcript import Transcript
from pi.coding.modes.interactive.status import Activity, cache_miss, elapsed
from pi.coding.modes.interactive.terminal import Terminal, clipboard_sequence, title_sequence
from pi.coding.modes.interactive.view import Block, BlockPainter, Look, NoticeBlock, TextBlock


def text_of(line: list[tuple[str, str]]) -> str:
    return "".join(text for _, text in line)


def facts() -> Facts:
    found = Facts()
    found.cwd, found.branch, found.name = "~/some/folder", "main", "a name 漢字"
    found.model, found.level, found.reasoning = "some-model", "high", True
    found.usage, found.window, found.context = Usage(1234, 56), 200_000, 150_000
    return found


@pytest.mark.parametrize("cells", range(1, 301))
def test_the_footer_fits_every_width(cells: int) -> None:
    lines = footer_lines(facts(), cells, {})
    assert 1 <= len(lines) <= 2
    assert all(width(text_of(line)) <= cells for line in lines)


def test_a_wide_footer_has_everything_in_one_line() -> None:
    (line,) = footer_lines(facts(), 200, {"warning": "yellow"})
    text = text_of(line)
    for part in ("~/some/folder (main)", "a name", "↑1.2k ↓56", "75.0%/200k", "some-model • high"):
        assert part in text
    assert ("yellow", "75.0%/200k") in line


def test_a_narrow_footer_keeps_the_share_of_the_window_and_the_cost() -> None:
    found = facts()
    found.usage = Usage(58_000, 1624, 32_000, cost=Cost(total=1.25))
    second = text_of(footer_lines(found, 40, {})[1])
    assert second == "75.0%/200k $1.250      some-model • high"
    found.model = "a-model-with-a-very-long-name"
    assert text_of(footer_lines(found, 40, {})[1]) == "75.0%/200k $1.250  a-model-with-a-very-…"


class Whole:
    """What the margins need of a screen."""

    def __init__(self) -> None:
        self.keymap = Keymap()
        self.facts = facts()
        self.activity = Activity(lambda: 0.0)
        self.looks = Looks(Terminal({}), {})

    def style(self, token: str) -> str:
        return ""

    def redraw(self) -> None:
        """Nothing is drawn."""


def test_a_hint_stands_beside_what_goes_on() -> None:
    whole = Whole()
    margins = Margins(whole)
    margins._hint = "thinking is hidden"
    assert text_of(margins.status(80)[0]) == "thinking is hidden"
    whole.activity.begin()
    assert text_of(margins.status(80)[0])[2:] == "Working · 0s · esc to stop · thinking is hidden"
    assert text_of(margins.status(40)[0])[2:] == "Working · 0s · thinking is hidden"


def test_what_is_waited_for_before_a_retry_keeps_its_essentials() -> None:
    whole = Whole()
    margins = Margins(whole)
    reason = "429 Rate limit reached for requests of your organisation in this minute"
    whole.activity.begin()
    whole.activity.add(s.AutoRetryStart(1, 3, 5000, reason))
    wide, narrow = (text_of(margins.status(cells)[0])[2:] for cells in (80, 40))
    assert wide.startswith("Retry 1 of 3 in 5s · esc to give up · 429 Rate limit reached")
    assert narrow == "Retry 1 of 3 in 5s · esc to give up"


def test_the_context_is_unknown_after_a_compaction() -> None:
    found = facts()
    found.context = None
    assert "?/200k" in text_of(footer_lines(found, 200, {})[0])


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (999, "999"), (1500, "1.5k"), (57_900, "57k"), (2_500_000, "2.5M")],
)
def test_numbers(number: int, text: str) -> None:
    assert count(number) == text


def test_clipping() -> None:
    assert clip([("a", "abc"), ("b", "def")], 6) == [("a", "abc"), ("b", "def")]
    assert clip([("a", "abc"), ("b", "def")], 5) == [("a", "abc"), ("b", "d…")]
    assert width(text_of(clip([("", "漢字漢字")], 4))) <= 4
    assert clip([("", "abc")], 0) == []


def test_branches(tmp_path: Path) -> None:
    assert git_branch(str(tmp_path)) == ""
    git = tmp_path / ".git"
    (git / "worktrees" / "w").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/feature/x\n")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    assert git_branch(str(tmp_path / "deep" / "er")) == "feature/x"
    (git / "HEAD").write_text("0123456789abcdef0123456789abcdef01234567\n")
    assert git_branch(str(tmp_path)) == "01234567"
    worktree = tmp_path / "other"
    worktree.mkdir()
    (git / "worktrees" / "w" / "HEAD").write_text("ref: refs/heads/wt\n")
    (worktree / ".git").write_text(f"gitdir: {git / 'worktrees' / 'w'}\n")
    assert git_branch(str(worktree)) == "wt"


def test_what_goes_on_in_words() -> None:
    clock = [100.0]
    activity = Activity(lambda: clock[0])
    assert activity.line() == ("", "", "")
    activity.add(AgentStart())
    clock[0] += 65
    assert activity.line("esc")[1:] == ("Working · 1m 05s", "esc to stop")
    activity.add(ToolExecutionStart("1", "bash", {}))
    assert "Running bash" in activity.line()[1]
    activity.add(s.AutoRetryStart(2, 3, 4000, "busy\nnow"))
    clock[0] += 1
    assert activity.line()[1] == "Retry 2 of 3 in 3s · esc to give up · busy now"
    activity.add(s.AgentSettled(aborted=False))
    assert not activity.busy
    assert activity.took == 66
    activity.add(s.CompactionStart("manual"))
    assert "Summarising" in activity.line()[1]
    activity.add(s.CompactionEnd(reason="manual"))
    assert not activity.busy


def test_times() -> None:
    assert [elapsed(n) for n in (3, 61, 3700)] == ["3s", "1m 01s", "1h 01m"]


def answer(read: int, write: int, model: str = "m") -> AssistantMessage:
    usage = Usage(100, 1, read, write)
    return AssistantMessage((), "a", "p", model, usage, "stop", 1)


def test_a_cache_that_was_missed() -> None:
    price = Price(3.0, 15.0, 0.3, 3.75)
    model = Model(id="m", name="m", provider="p", api="a", base_url="", cost=price)
    before = answer(10_000, 2000)
    assert cache_miss(before, MessageEnd(answer(12_000, 10)), model) == ""
    told = cache_miss(before, MessageEnd(answer(0, 12_000)), model)
    assert "12,000 tokens" in told
    assert "$0.032" in told
    assert cache_miss(before, MessageEnd(answer(0, 0, "other")), model) == ""
    assert cache_miss(None, MessageEnd(answer(0, 0)), model) == ""


class Broken:
    """A painter that gives one line and fails."""

    def __init__(self, block: Block) -> None:
        self.settled = 0

    def settle(self, width: int) -> list[list[tuple[str, str]]]:
        self.settled += 1
        if self.settled == 1:
            return [[("", "first")]]
        raise ValueError("odd")

    def live(self, width: int, height: int) -> list[list[tuple[str, str]]]:
        raise ValueError("odd")


def test_a_painter_that_fails_is_replaced_and_named_once() -> None:
    said: list[str] = []
    block = TextBlock(parts=["first\nsecond\nthird"])
    blocks: list[Block] = [block, TextBlock(False, parts=["x\ny"])]
    transcript = Transcript(blocks, Broken, said.append)
    assert [text_of(line) for line in transcript.finished(80)] == ["first"]
    assert [text_of(line) for line in transcript.live(80, 10)][:2] == ["second", "third"]
    block.open = False
    transcript.touch([block])
    lines = [text_of(line) for line in transcript.finished(80)]
    assert lines[:2] == ["second", "third"]
    assert len(said) == 1
    assert "TextBlock" in said[0]


def test_what_cannot_be_painted_is_plain_and_named_once() -> None:
    said: list[str] = []

    def style(token: str) -> str:
        if token == "mdHeading":
            raise LookupError(token)
        return ""

    def make(block: Block) -> BlockPainter:
        return painter_of(block, Look(style), failed=transcript.failed)

    blocks: list[Block] = [TextBlock(False, parts=["# a"]), TextBlock(False, parts=["# b"])]
    transcript = Transcript(blocks, make, said.append)
    assert [text_of(line) for line in transcript.finished(80)] == ["# a", "", "# b"]
    assert said == ["TextBlock could not be painted (LookupError: mdHeading); shown plain"]


def test_finished_blocks_leave_in_order() -> None:
    one, two = NoticeBlock(text="one"), NoticeBlock(False, text="two")

    class Plain:
        def __init__(self, block: Block) -> None:
            self.block = block

        def settle(self, width: int) -> list[list[tuple[str, str]]]:
            return [] if self.block.open else [[("", self.block.text)]]  # type: ignore[attr-defined]

        def live(self, width: int, height: int) -> list[list[tuple[str, str]]]:
            return [[("", self.block.text)]]  # type: ignore[attr-defined]

    blocks: list[Block] = [one, two]
    transcript = Transcript(blocks, Plain, print)
    assert transcript.finished(80) == []
    assert [text_of(line) for line in transcript.live(80, 9)] == ["one", "two"]
    one.open = False
    assert [text_of(line) for line in transcript.finished(80)] == ["one", "two"]
    assert blocks == []


def test_sequences_carry_no_sequences() -> None:
    assert title_sequence("a\x1b]0;b\x07c").count("\x1b") == 1
    assert clipboard_sequence("x\x1b", {}).count("\x1b") == 1
    assert clipboard_sequence("x", {"TMUX": "1"}).startswith("\x1bPtmux;")


def test_what_a_terminal_can_do() -> None:
    assert not Terminal({"NO_COLOR": "1"}).colors
    assert Terminal({"TERM_PROGRAM": "iTerm.app"}).images == "iterm2"
    assert Terminal({"KITTY_WINDOW_ID": "1", "TMUX": "x"}).images == ""
    assert Terminal({"KITTY_WINDOW_ID": "1"}, {"images": False}).images == ""
    assert Terminal({"TERM": "xterm"}, {"hyperlinks": True}).links
