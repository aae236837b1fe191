"""A painter for each kind of block. Only text and thinking give lines while they grow."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from pi.coding.modes.interactive.lines import ESCAPE, Line
from pi.coding.modes.interactive.paint.calls import TOOLS, ToolRenderer, call_lines, other
from pi.coding.modes.interactive.paint.cells import fill, hard_wrap, line_width, wrap
from pi.coding.modes.interactive.paint.clean import clean, one_line
from pi.coding.modes.interactive.paint.leaves import link_lines
from pi.coding.modes.interactive.paint.markdown import Markdown
from pi.coding.modes.interactive.paint.pictures import picture
from pi.coding.modes.interactive.paint.plain import plain, summary_line
from pi.coding.modes.interactive.paint.shapes import (
    MOST_LINES,
    collapse,
    seconds,
    tail_of,
    text_of,
    wrapped,
)
from pi.coding.modes.interactive.view import (
    Block,
    BlockPainter,
    CommandBlock,
    CustomBlock,
    Look,
    NoticeBlock,
    SummaryBlock,
    TextBlock,
    ThinkingBlock,
    ToolBlock,
    UserBlock,
)

__all__ = ["Renderers", "painter_of"]

_USER_ROWS = 40

Renderer = Callable[..., Sequence[str]]


class Renderers(Struct, frozen=True):
    """How extensions show what is theirs, as lines of text.

    calls: `render(arguments)` by tool. results: `render(content, details, is_error, expanded)` by
    tool, where content is the text of the result. messages: `render(content, details, expanded)` by
    kind of message or entry. tools: renderers of ours for more tools. Wherever a renderer raises,
    the usual look is shown.
    """

    calls: Mapping[str, Renderer] = {}
    results: Mapping[str, Renderer] = {}
    messages: Mapping[str, Renderer] = {}
    tools: Mapping[str, ToolRenderer] = {}


Failed = Callable[[Block, Exception], None]


def painter_of(
    block: Block,
    look: Look,
    renderers: Renderers | None = None,
    failed: Failed = lambda block, error: None,
) -> BlockPainter:
    """The painter of a block. It never raises: what cannot be painted is shown as plain text.

    failed: hears of that.
    """
    return _Safe(block, _painter(block, look, renderers or Renderers()), failed)


def _painter(block: Block, look: Look, renderers: Renderers) -> BlockPainter:
    match block:
        case ThinkingBlock() if look.hidden_thinking or block.redacted:
            return _Whole(block, look, _hidden)
        case ThinkingBlock():
            base = f"{look.style('thinkingText')} italic".strip()
            return _Streamed(block, Markdown(look, base))
        case TextBlock():
            return _Streamed(block, Markdown(look))
        case ToolBlock():
            return _Tool(block, look, renderers)
        case CustomBlock():
            return _Whole(block, look, _custom(renderers))
        case _:
            return _Whole(block, look, _PAINT.get(type(block), _nothing))


class _Safe:
    """Another painter, kept within the width and replaced by plain text if it fails."""

    def __init__(self, block: Block, painter: BlockPainter, tell: Failed) -> None:
        self._block = block
        self._painter = painter
        self._given = 0
        self._failed = False
        self._tell = tell

    def settle(self, width: int) -> list[Line]:
        """See `BlockPainter`."""
        width = max(1, width)
        if not self._failed:
            try:
                lines = _fitted(self._painter.settle(width), width)
                self._given += len(lines)
                return lines
            except Exception as error:  # odd data must not take the screen down
                self._fail(error)
        if self._block.open:
            return []
        lines = self._plain(width)[self._given :]
        self._given += len(lines)
        return lines

    def live(self, width: int, height: int) -> list[Line]:
        """See `BlockPainter`."""
        width = max(1, width)
        if height <= 0:
            return []
        if not self._failed:
            try:
                return _fitted(self._painter.live(width, height)[-height:], width)
            except Exception as error:  # as above
                self._fail(error)
        return self._plain(width)[self._given :][-height:]

    def _fail(self, error: Exception) -> None:
        self._failed = True
        self._tell(self._block, error)

    def _plain(self, width: int) -> list[Line]:
        return [row for line in plain(self._block) for row in wrapped(line, "", width)]


def _fitted(lines: list[Line], width: int) -> list[Line]:
    """The lines as they are, or cut again if one is too wide after all."""
    if all(line_width(line) <= width for line in lines):
        return lines
    fitted: list[Line] = []
    for line in lines:
        if line_width(line) <= width:
            fitted.append(line)
        else:
            fitted += hard_wrap([part for part in line if part[0] != ESCAPE], width)
    return fitted


class _Streamed:
    """Markdown that grows."""

    def __init__(self, block: TextBlock, markdown: Markdown) -> None:
        self._block = block
        self._markdown = markdown
        self._read = 0
        self._ready: list[Line] = []
        self._closed = False

    def settle(self, width: int) -> list[Line]:
        self._take(width)
        if not self._block.open and not self._closed:
            self._closed = True
            self._ready += self._markdown.close(width)
        lines, self._ready = self._ready, []
        return lines

    def live(self, width: int, height: int) -> list[Line]:
        self._take(width)
        rest = [] if self._closed else self._markdown.rest(width)
        return [*self._ready, *rest][-height:]

    def _take(self, width: int) -> None:
        text = self._block.text
        if len(text) > self._read and not self._closed:
            new = text[self._read :]
            self._read = len(text)
            self._ready += self._markdown.feed(new, width)


class _Whole:
    """A block that is painted as a whole when it is closed."""

    def __init__(self, block: Any, look: Look, paint: Callable[..., list[Line]]) -> None:
        self._block = block
        self._look = look
        self._paint = paint
        self._done = False
        self._final: tuple[int, list[Line]] = (0, [])

    def settle(self, width: int) -> list[Line]:
        if self._block.open or self._done:
            return []
        self._done = True
        return self._paint(self._block, self._look, width, False)

    def live(self, width: int, height: int) -> list[Line]:
        if self._done:
            return []
        if self._block.open:
            return self._paint(self._block, self._look, width, True)[-height:]
        if self._final[0] != width:  # it waits for others before it, and does not change
            self._final = (width, self._paint(self._block, self._look, width, True))
        return self._final[1][-height:]


class _Tool(_Whole):
    """A tool call, by the renderer of its tool."""

    def __init__(self, block: ToolBlock, look: Look, renderers: Renderers) -> None:
        super().__init__(block, look, self._lines)
        self._renderers = renderers

    def _lines(self, block: ToolBlock, look: Look, width: int, live: bool) -> list[Line]:
        name = block.name
        render = self._renderers.tools.get(name) or TOOLS.get(name, other)
        shown = render(block, look, live)
        call, result = self._renderers.calls.get(name), self._renderers.results.get(name)
        head = _lines_of(call, block.arguments) if call else None
        if head:
            rest = "\n".join(["", *head[1:]]) if head[1:] else ""
            shown.name, shown.head, shown.dim = head[0] or None, rest, ""
        if result and block.content and block.state in ("done", "failed"):
            failed = block.state == "failed"
            arguments = (text_of(block.content), block.details, failed, look.expanded)
            lines = _lines_of(result, *arguments)
            if lines is not None:
                style = look.style("toolOutput")
                body = [[(style, line)] for line in lines]
                shown.body = lambda room: collapse(body, 20, look, room)
        return call_lines(block, look, shown, width)


def _lines_of(render: Renderer, *arguments: Any) -> list[str] | None:
    """The lines of an extension's renderer, or None if it failed."""
    try:
        found = render(*arguments)
        lines = [found] if isinstance(found, str) else list(found)
        return [part for line in lines[:5000] for part in clean(line).split("\n")]
    except Exception:  # a stranger's code: the usual look instead
        return None


def _user(block: UserBlock, look: Look, width: int, live: bool) -> list[Line]:
    band, text_style = look.style("userMessageBg"), look.style("userMessageText")
    style = f"{band} {text_style}".strip()
    mark = "› " if look.unicode else "> "
    margin = 2 if width > 4 else 0
    rows: list[Line] = []
    most = MOST_LINES if look.expanded else _USER_ROWS
    lines = clean(block.text).strip("\n").split("\n")
    left, word = 0, "lines"
    for count, line in enumerate(lines):
        if len(rows) >= most and count + 1 < len(lines):
            left = len(lines) - count
            break
        body = line.lstrip(" ")
        indent = min(len(line) - len(body), max(0, width // 2 - margin))
        room = max(1, width - margin - indent - (1 if margin else 0))
        for row in link_lines(wrap([(style, body, "")], room, room)):
            rows.append([(style, " " * indent), *row] if indent else row)
    if not left and len(rows) > most + 1:
        left, word = len(rows) - most, "rows"
    if left:
        hint = f"{'…' if look.unicode else '...'} {left} more {word}"
        hint += "" if look.expanded else " (ctrl+o)"
        dim = f"{style} {look.style('dim')}".strip()
        rows = [*rows[:most], [(dim, hint[: max(1, width - margin)])]]
    out: list[Line] = []
    for number, row in enumerate(rows):
        first = (f"{band} {look.style('accent')} bold".strip(), mark)
        start: Line = [] if not margin else [first] if not number else [(style, "  ")]
        out.append(fill([*start, *row], width, style))
    for image in block.images:
        out += picture(one_line(image.mime_type), image.data, look, width, draw=not live)
    return out


def _hidden(block: ThinkingBlock, look: Look, width: int, live: bool) -> list[Line]:
    style = f"{look.style('thinkingText')} italic".strip()
    time_taken = block.ended - block.started if block.ended and block.started else 0
    if block.open:
        text = "thinking…" if look.unicode else "thinking..."
    elif not block.text.strip() and not block.redacted:
        return []
    else:
        text = f"thought for {seconds(time_taken)}" if time_taken >= 0.05 else "thought"
    return hard_wrap([(style, text)], width)


def _command(block: CommandBlock, look: Look, width: int, live: bool) -> list[Line]:
    style = look.style("dim" if block.excluded else "bashMode")
    sign = "!!" if block.excluded else "!"
    spans = [(f"{style} bold".strip(), f"{sign} ", ""), (style, one_line(block.command), "")]
    rows = link_lines(wrap(spans, width, width))
    room = width - 2 if width > 4 else width
    text = "".join(map(str, block.output))
    body = tail_of(text, 10 if live else 20, look, room, look.style("toolOutput"))
    ends: list[str] = []
    token = "dim"
    if block.cancelled:
        ends.append("cancelled")
        token = "warning"
    elif block.exit_code:
        ends.append(f"exit {block.exit_code}")
        token = "error"
    if block.full_output_path:
        ends.append(f"all of it in {one_line(block.full_output_path)}")
    if ends:
        body += hard_wrap([(look.style(token), ", ".join(ends))], room)
    return rows + [[("", "  "), *row] if row and width > 4 else row for row in body]


_LEVELS = {"info": "accent", "error": "error", "warning": "warning", "success": "success"}


def _notice(block: NoticeBlock, look: Look, width: int, live: bool) -> list[Line]:
    style = look.style(_LEVELS.get(block.level, "dim"))
    if block.markdown:
        markdown = Markdown(look)
        return markdown.feed(clean(block.text), width) + markdown.close(width)
    first, *rest = clean(block.text).strip("\n").split("\n")
    rows = link_lines(wrap([(style, first, "")], width, width))
    below = look.style("muted") if block.level in ("error", "warning") else style
    lines: list[Line] = [[(below, line)] if line else [] for line in rest]
    return rows + collapse(lines, 12, look, width) if lines else rows


def _summary(block: SummaryBlock, look: Look, width: int, live: bool) -> list[Line]:
    style = look.style("customMessageLabel")
    hint = "" if look.expanded or not block.text else " (ctrl+o)"
    spans = [(style, summary_line(block), ""), (look.style("dim"), hint, "")]
    rows = link_lines(wrap(spans, width, width))
    if look.expanded and block.text:
        markdown = Markdown(look, look.style("customMessageText"))
        rows += markdown.feed(clean(block.text), width) + markdown.close(width)
    return rows


def _custom(renderers: Renderers) -> Callable[..., list[Line]]:
    def paint(block: CustomBlock, look: Look, width: int, live: bool) -> list[Line]:
        render = renderers.messages.get(block.kind)
        content = (block.details, None) if block.entry else (block.text, block.details)
        lines = _lines_of(render, *content, look.expanded) if render else None
        style = look.style("customMessageText")
        if lines is not None:
            return collapse([[(style, line)] for line in lines], 40, look, width)
        if block.entry:
            return []
        label = f"{look.style('customMessageLabel')} bold".strip()
        rows = hard_wrap([(label, one_line(block.kind) or "message")], width)
        markdown = Markdown(look, style)
        return rows + markdown.feed(clean(block.text), width) + markdown.close(width)

    return paint


def _nothing(block: Block, look: Look, width: int, live: bool) -> list[Line]:
    return [row for line in plain(block) for row in wrapped(line, "", width)]


_PAINT: dict[type, Callable[..., list[Line]]] = {
    UserBlock: _user,
    CommandBlock: _command,
    NoticeBlock: _notice,
    SummaryBlock: _summary,
}
