"""Yes or no. Enter alone says no: who types when the question appears agrees to nothing."""

from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout.containers import HSplit, Window
from prompt_toolkit.layout.controls import FormattedTextControl

from pi.coding.modes.interactive.dialogs.bindings import bind, bind_keys, key_name
from pi.coding.modes.interactive.dialogs.cells import wrap
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

__all__ = ["confirm"]


async def confirm(stage: Stage, title: str, message: str, *, timeout: float | None = None) -> bool:
    """Whether the answer is yes. `timeout` is in seconds; no answer is a no."""
    question = _Question(stage, title, message, Countdown(timeout))
    return bool(await wait(stage, question.pane, question.countdown))


class _Question:
    """A question on the stage. `top`: the first line of the message that is seen."""

    def __init__(self, stage: Stage, title: str, message: str, countdown: Countdown) -> None:
        self.stage = stage
        self.title = title
        self.message = message
        self.countdown = countdown
        self.yes = False
        self.top = 0
        focus = Window(FormattedTextControl("", focusable=True), height=0)
        container = HSplit([lines_window(self._lines), lines_window(self._answers), focus])
        self.pane = Pane(container, self._keys(), focus)

    def _lines(self) -> list[Line]:
        cells, style = self.stage.columns, self.stage.style
        title = self.title.strip() + self.countdown.text
        lines = paragraphs(title, cells, f"{style('accent')} bold", 3)
        if not self.message.strip():
            return lines
        message = wrap(self.message.rstrip(), cells)
        room = max(1, self.stage.rows - len(lines) - len(self._answers()) - 1)
        self.top = max(0, min(self.top, len(message) - room))
        return lines + [[(style("text"), line)] for line in message[self.top : self.top + room]]

    def _answers(self) -> list[Line]:
        cells, style = self.stage.columns, self.stage.style
        lines: list[Line] = []
        for word, meant in (("Yes", True), ("No", False)):
            chosen = meant == self.yes
            look = f"{style('selectedBg')} {style('accent')} bold" if chosen else style("text")
            lines.append([(look.strip(), ("› " if chosen else "  ") + word)])
        keys = [
            ("Y", "yes"),
            ("N", "no"),
            (key_name(self.stage, "tui.select.confirm"), "take it"),
            (key_name(self.stage, "tui.select.cancel"), "no"),
        ]
        more = len(wrap(self.message, cells)) > self.stage.rows - 7
        keys += [("PageDown", "more")] if more else []
        return lines + hints(keys, cells, style("muted"), style("dim"))

    def _keys(self) -> KeyBindings:
        keys, stage = KeyBindings(), self.stage

        def answer(value: bool):
            return lambda _: finish(self.pane, value)

        def turn(_: KeyPressEvent) -> None:
            self.yes = not self.yes

        def scroll(step: int):
            def press(_: KeyPressEvent) -> None:
                self.top += step

            return press

        keys.add(Keys.Any)(lambda _: None)
        keys.add(Keys.BracketedPaste)(lambda _: None)
        bind(stage, keys, "tui.select.up", turn)
        bind(stage, keys, "tui.select.down", turn)
        bind_keys(keys, (("left",), ("right",), ("c-i",)), turn)
        bind(stage, keys, "tui.select.pageUp", scroll(-5))
        bind(stage, keys, "tui.select.pageDown", scroll(5))
        bind_keys(keys, (("y",), ("Y",)), answer(True))
        bind_keys(keys, (("n",), ("N",)), answer(False))
        bind(stage, keys, "tui.select.confirm", lambda _: finish(self.pane, self.yes))
        bind(stage, keys, "tui.select.cancel", answer(False))
        return keys
