"""A text of many lines."""

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout.containers import HSplit, Window
from prompt_toolkit.layout.controls import BufferControl
from prompt_toolkit.layout.dimension import Dimension

from pi.coding.modes.interactive.dialogs.bindings import bind, bind_editing, key_name
from pi.coding.modes.interactive.dialogs.cells import width
from pi.coding.modes.interactive.dialogs.panes import finish, hints, lines_window, paragraphs
from pi.coding.modes.interactive.lines import Line
from pi.coding.modes.interactive.stage import Pane, Stage
from pi.coding.modes.sanitize import printable

__all__ = ["edit"]


async def edit(stage: Stage, title: str, *, prefill: str = "") -> str | None:
    """The text as it was left; None if it was given up. Nothing is stripped."""
    text = _safe(prefill)
    buffer = Buffer(document=Document(text, len(text)), multiline=True)
    style = stage.style

    def head() -> list[Line]:
        most = max(1, stage.rows // 3)
        return paragraphs(title.strip(), stage.columns, f"{style('accent')} bold", most)

    def foot() -> list[Line]:
        items = [
            (key_name(stage, "tui.input.submit"), "done"),
            ("Ctrl+J", "new line"),
            (key_name(stage, "tui.select.cancel"), "give up"),
        ]
        return hints(items, stage.columns, style("muted"), style("dim"))

    def height() -> Dimension:
        cells = max(1, stage.columns)
        rows = sum(1 + width(line) // cells for line in buffer.document.lines)
        room = max(1, stage.rows - len(head()) - len(foot()) - 1)
        return Dimension(min=1, preferred=min(max(3, rows), room), max=room)

    field = Window(BufferControl(buffer), wrap_lines=True, height=height, style=style("text"))
    keys = KeyBindings()
    pane = Pane(HSplit([lines_window(head), field, lines_window(foot)]), keys, field)

    def paste(event: KeyPressEvent) -> None:
        buffer.insert_text(_safe(event.data))

    bind_editing(stage, keys)
    bind(stage, keys, "tui.input.submit", lambda _: finish(pane, _safe(buffer.text)))
    bind(stage, keys, "tui.input.newLine", lambda _: buffer.insert_text("\n"))
    keys.add("c-j")(lambda _: buffer.insert_text("\n"))
    bind(stage, keys, "tui.select.cancel", lambda _: finish(pane, None))
    keys.add(Keys.BracketedPaste)(paste)
    return await stage.show(pane)


def _safe(text: str) -> str:
    return printable(text.replace("\r\n", "\n").replace("\r", "\n"))
