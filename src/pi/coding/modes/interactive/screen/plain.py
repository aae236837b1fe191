"""Plain lines for any block: what is shown when its own painter fails."""

import re
from collections.abc import Iterator

from pi.coding.modes.interactive.footer import width as cells_of
from pi.coding.modes.interactive.lines import Line
from pi.coding.modes.interactive.view import (
    Block,
    CommandBlock,
    CustomBlock,
    NoticeBlock,
    SummaryBlock,
    TextBlock,
    ToolBlock,
    UserBlock,
)
from pi.coding.modes.sanitize import printable

__all__ = ["PlainPainter"]

_HIDDEN = re.compile(r"[\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


class PlainPainter:
    """Paints a block without looks. `given`: how many lines were settled already."""

    def __init__(self, block: Block, given: int = 0) -> None:
        self._block = block
        self._given = given

    def settle(self, width: int) -> list[Line]:
        """All of it, once the block is closed."""
        if self._block.open:
            return []
        lines = list(_lines(self._block, width))[self._given :]
        self._given += len(lines)
        return lines

    def live(self, width: int, height: int) -> list[Line]:
        """The end of it."""
        return list(_lines(self._block, width))[self._given :][-height:] if height > 0 else []


def _lines(block: Block, width: int) -> Iterator[Line]:
    for line in _text(block).splitlines():
        yield from _wrapped(_HIDDEN.sub("", printable(line).expandtabs(4)), max(1, width))


def _wrapped(text: str, width: int) -> Iterator[Line]:
    start = used = 0
    for at, char in enumerate(text):
        room = cells_of(char)
        if used + room > width:
            yield [("", text[start:at])]
            start, used = at, 0
        used += room
    yield [("", text[start:])]


def _text(block: Block) -> str:
    match block:
        case TextBlock():
            return block.text
        case UserBlock():
            return f"> {block.text}"
        case NoticeBlock() | SummaryBlock() | CustomBlock():
            return block.text
        case CommandBlock():
            return f"$ {block.command}\n{''.join(block.output)}"
        case ToolBlock():
            texts = [part.get("text", "") for part in block.content]
            return "\n".join([f"{block.name} {block.arguments}"[:400], *texts])
        case _:
            return ""
