"""A line of text; with `secret`, one that is not shown."""

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout.containers import HSplit, VSplit, Window
from prompt_toolkit.layout.controls import BufferControl, FormattedTextControl
from prompt_toolkit.layout.processors import (
    AfterInput,
    ConditionalProcessor,
    PasswordProcessor,
    Processor,
)

from pi.coding.modes.interactive.dialogs.bindings import bind, bind_editing, key_name
from pi.coding.modes.interactive.dialogs.cells import one_line
from pi.coding.modes.interactive.dialogs.panes import (
    Countdown,
    finish,
    hints,
    lines_window,
    paragraphs,
    wait,
)
from pi.coding.modes.interactive.lines import Line
from pi.coding.modes.interactive.stage import Pane, Stage

__all__ = ["ask"]


async def ask(
    stage: Stage,
    title: str,
    *,
    placeholder: str = "",
    secret: bool = False,
    timeout: float | None = None,
) -> str | None:
    """A line without control characters; None if it was given up. `timeout` is in seconds."""
    countdown = Countdown(timeout)
    buffer = Buffer(multiline=False)
    style = stage.style

    def head() -> list[Line]:
        text = title.strip() + countdown.text
        room = max(1, stage.rows - 4)
        return paragraphs(text, stage.columns, f"{style('accent')} bold", room)

    def foot() -> list[Line]:
        items = [
            (key_name(stage, "tui.input.submit"), "done"),
            (key_name(stage, "tui.select.cancel"), "give up"),
        ]
        return hints(items, stage.columns, style("muted"), style("dim"))

    empty = Condition(lambda: not buffer.text)
    hint = AfterInput([(style("dim"), one_line(placeholder))])
    processors: list[Processor] = [ConditionalProcessor(hint, empty)]
    if secret:
        processors.insert(0, PasswordProcessor())
    control = BufferControl(buffer, input_processors=processors)
    field = Window(control, height=1, style=style("text"))
    prompt = Window(FormattedTextControl([(style("accent"), "> ")]), width=2, height=1)
    keys = KeyBindings()
    pane = Pane(
        HSplit([lines_window(head), VSplit([prompt, field]), lines_window(foot)]), keys, field
    )

    def paste(event: KeyPressEvent) -> None:
        buffer.insert_text(one_line(event.data.strip()))

    bind_editing(stage, keys)
    bind(stage, keys, "tui.input.submit", lambda _: finish(pane, one_line(buffer.text)))
    bind(stage, keys, "tui.select.cancel", lambda _: finish(pane, None))
    keys.add(Keys.BracketedPaste)(paste)
    return await wait(stage, pane, countdown)
