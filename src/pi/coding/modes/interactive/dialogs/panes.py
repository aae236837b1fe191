"""What dialogs are built of: windows of lines, hints, and waiting with a time limit."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout.containers import Window
from prompt_toolkit.layout.controls import FormattedTextControl
from prompt_toolkit.layout.dimension import Dimension

from pi.coding.modes.interactive.dialogs.cells import cut, width, wrap
from pi.coding.modes.interactive.lines import Line
from pi.coding.modes.interactive.stage import Pane, Stage

__all__ = ["Countdown", "finish", "hints", "lines_window", "paragraphs", "wait"]


def lines_window(lines: Callable[[], Sequence[Line]]) -> Window:
    """A window that is as high as what it shows and is made anew for every frame."""

    def text() -> StyleAndTextTuples:
        joined: StyleAndTextTuples = []
        for at, line in enumerate(lines()):
            joined += [("", "\n"), *line] if at else line
        return joined

    def height() -> Dimension:
        count = len(lines())
        return Dimension(min=0, preferred=count, max=count)

    return Window(FormattedTextControl(text), height=height, dont_extend_height=True)


def paragraphs(text: str, cells: int, style: str, most: int = 1000) -> list[Line]:
    """A text in lines of one style, at most so many."""
    found = wrap(text, cells)
    if len(found) > most:
        found = found[: max(0, most)]
        found[-1:] = [cut(f"{line} …", cells) for line in found[-1:]]
    return [[(style, line)] for line in found]


def hints(items: Iterable[tuple[str, str]], cells: int, key: str, words: str) -> list[Line]:
    """Keys and what they do, in as many lines as it takes. key, words: their styles."""
    lines: list[Line] = []
    used = cells
    for name, meaning in items:
        pair = f"{name} {meaning}"
        if used + 3 + width(pair) > cells or not lines:
            parts = wrap(pair, cells)
            lines += [[(words, part)] for part in parts]
            used = width(parts[-1])
            if len(parts) == 1:
                lines[-1] = [(key, name), (words, f" {meaning}")]
        else:
            lines[-1] += [(words, " · "), (key, name), (words, f" {meaning}")]
            used += 3 + width(pair)
    return lines


def finish(pane: Pane, result: Any) -> None:
    """Give the pane its result, unless it has one."""
    if not pane.result.done():
        pane.result.set_result(result)


class Countdown:
    """How much time is left to answer. Without a limit it says nothing."""

    def __init__(self, timeout: float | None) -> None:
        self._loop = asyncio.get_running_loop()
        self.ends = None if timeout is None else self._loop.time() + timeout

    @property
    def text(self) -> str:
        """` (12 s)`, or nothing."""
        if self.ends is None:
            return ""
        return f" ({max(0, round(self.ends - self._loop.time()))} s)"

    async def tick(self, stage: Stage, pane: Pane) -> None:
        """Count down, and give up when the time is over."""
        while self.ends is not None and (left := self.ends - self._loop.time()) > 0:
            await asyncio.sleep(min(1.0, left))
            stage.redraw()
        finish(pane, None)


async def wait(stage: Stage, pane: Pane, countdown: Countdown) -> Any:
    """Show the pane until it has a result, or the time is over."""
    if countdown.ends is None:
        return await stage.show(pane)
    ticking = asyncio.ensure_future(countdown.tick(stage, pane))
    try:
        return await stage.show(pane)
    finally:
        ticking.cancel()
