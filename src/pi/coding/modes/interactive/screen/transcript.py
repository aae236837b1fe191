"""The transcript's open end: which lines are finished, and how the rest looks now.

Blocks are finished in order. The first one may give lines away while it grows; the others are only
looked at. A painter that fails is replaced by a plain one, and that is said once.
"""

from collections import deque
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, field

from pi.coding.modes.interactive.lines import Line
from pi.coding.modes.interactive.screen.plain import PlainPainter
from pi.coding.modes.interactive.view import (
    Block,
    BlockPainter,
    NoticeBlock,
    TextBlock,
    ThinkingBlock,
    ToolBlock,
)

__all__ = ["MakePainter", "Transcript"]

MakePainter = Callable[[Block], BlockPainter]

_CUT = "(ctrl+o)"
_MARKED = frozenset({"bash", "edit", "find", "grep", "ls", "write"})
"""Tools whose calls say that there is more to see."""
_KEPT = 100


@dataclass(slots=True, eq=False)
class _Shown:
    block: Block
    painter: BlockPainter
    given: int = 0
    dirty: bool = True
    size: tuple[int, int] = (0, 0)
    lines: list[Line] = field(default_factory=list)


class Transcript:
    """`blocks` is the list of the fold: what is finished is taken from its front.

    headed: something else stands above. cut: finished blocks of which there is more to see, the
    last ones. thought: the last finished thinking.
    """

    def __init__(
        self, blocks: list[Block], make: MakePainter, report: Callable[[str], None]
    ) -> None:
        self._blocks = blocks
        self._make = make
        self._report = report
        self._shown: dict[Block, _Shown] = {}
        self._last: Block | None = None
        self.headed = False
        self._broken: set[str] = set()
        self.cut: deque[Block] = deque(maxlen=_KEPT)
        self._repeated: set[Block] = set()
        self.thought: ThinkingBlock | None = None

    def use(self, blocks: list[Block]) -> None:
        """Another session: nothing that was open goes on."""
        self._blocks = blocks
        self._shown.clear()

    def touch(self, blocks: Sequence[Block]) -> None:
        """These have changed."""
        for block in blocks:
            shown = self._shown.get(block)
            if shown is not None:
                shown.dirty = True

    def look_changed(self, make: MakePainter) -> None:
        """Paint otherwise from now on; what has given lines away stays as it is."""
        self._make = make
        for block, shown in list(self._shown.items()):
            if not shown.given:
                del self._shown[block]

    def repeat(self, block: Block) -> None:
        """Show a finished block once more, as it looks now."""
        again = copy(block)
        self._repeated.add(again)
        self._blocks.append(again)

    @property
    def moving(self) -> bool:
        """Whether a tool or a command runs, whose clock is shown."""
        return any(block.open for block in self._blocks)

    def finished(self, width: int) -> list[Line]:
        """The lines that are finished and were not given before."""
        lines: list[Line] = []
        while self._blocks:
            block = self._blocks[0]
            shown = self._of(block)
            new: list[Line] = []
            if shown.dirty or not block.open:
                new = self._settle(shown, width)
                if new and not shown.given:
                    lines += self._gap(block)
                    self._last = block
                shown.given += len(new)
                lines += new
            if block.open:
                break
            self._blocks.pop(0)
            self._shown.pop(block, None)
            if block in self._repeated:
                self._repeated.discard(block)
            elif _is_cut(block, new):
                self.cut.append(block)
            elif isinstance(block, ThinkingBlock):
                self.thought = block
        return lines

    def live(self, width: int, height: int) -> list[Line]:
        """The last lines of what is not finished."""
        lines: list[Line] = []
        first = 0
        before = self._last
        for block in self._blocks:
            shown = self._of(block)
            if shown.dirty or shown.size != (width, height) or isinstance(block, ToolBlock):
                shown.lines = self._live(shown, width, height)
                shown.dirty, shown.size = False, (width, height)
            if shown.lines:
                if not shown.given:
                    lines += self._space(before, block)
                before = block
                lines += shown.lines
            first = first or len(lines)
        if height <= 0:
            return []
        # what came later does not hide what is still being written
        rest = min(len(lines) - first, height - min(first, (height + 1) // 2))
        return lines[:first][-(height - rest) :] + lines[len(lines) - rest :]

    def _gap(self, block: Block) -> list[Line]:
        return self._space(self._last, block)

    def _space(self, before: Block | None, block: Block) -> list[Line]:
        """Calls follow one another closely, and so do lines of the program."""
        if before is None:
            return [[]] if self.headed and not isinstance(block, NoticeBlock) else []
        close = isinstance(block, ToolBlock | NoticeBlock) and type(before) is type(block)
        return [] if close else [[]]

    def _of(self, block: Block) -> _Shown:
        shown = self._shown.get(block)
        if shown is None:
            try:
                painter = self._make(block)
            except Exception as error:  # a painter may be anybody's
                painter = self._plain(block, 0, error)
            shown = self._shown[block] = _Shown(block, painter)
        return shown

    def _settle(self, shown: _Shown, width: int) -> list[Line]:
        try:
            return shown.painter.settle(width)
        except Exception as error:
            shown.painter = self._plain(shown.block, shown.given, error)
            return shown.painter.settle(width)

    def _live(self, shown: _Shown, width: int, height: int) -> list[Line]:
        try:
            return shown.painter.live(width, height)
        except Exception as error:
            shown.painter = self._plain(shown.block, shown.given, error)
            return shown.painter.live(width, height)

    def _plain(self, block: Block, given: int, error: Exception) -> BlockPainter:
        self.failed(block, error)
        return PlainPainter(block, given)

    def failed(self, block: Block, error: Exception) -> None:
        """A block is shown plain from now on: say so, once for a kind."""
        name = type(block).__name__
        if name not in self._broken:
            self._broken.add(name)
            self._report(
                f"{name} could not be painted ({type(error).__name__}: {error}); shown plain"
            )


def _is_cut(block: Block, lines: Sequence[Line]) -> bool:
    if isinstance(block, TextBlock):
        return False
    if isinstance(block, ToolBlock) and block.name not in _MARKED and block.content:
        return True  # it is short without saying so, or looks as a stranger wants
    return any(_CUT in text for line in lines for _, text in line)
