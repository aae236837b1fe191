"""A list to choose from: type to filter, move, take."""

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout.containers import AnyContainer, HSplit, VSplit, Window
from prompt_toolkit.layout.controls import BufferControl, FormattedTextControl

from pi.coding.api.picking import Picked, PickList
from pi.coding.modes.interactive.dialogs.bindings import (
    action_key,
    action_keys,
    bind,
    bind_editing,
    bind_keys,
    key_name,
)
from pi.coding.modes.interactive.dialogs.cells import cut, one_line, padded, width, wrap
from pi.coding.modes.interactive.dialogs.panes import (
    Countdown,
    finish,
    hints,
    lines_window,
    paragraphs,
    wait,
)
from pi.coding.modes.interactive.dialogs.rows import Rows
from pi.coding.modes.interactive.dialogs.table import Table
from pi.coding.modes.interactive.lines import Line
from pi.coding.modes.interactive.stage import Pane, Stage

__all__ = ["pick"]

_LEAST = 6
"""Rows that a list takes at least, with its title, its filter and its keys."""
_MAX_ROWS = 14
_MAX_DETAIL = 4


async def pick(
    stage: Stage, picklist: PickList, *, timeout: float | None = None, filtered: bool = True
) -> Picked | None:
    """Have a row chosen; None if the list was closed. `timeout`: seconds, None is no limit.

    filtered: what is typed makes the list shorter; else it is nothing.
    """
    picker = _Picker(stage, picklist, Countdown(timeout), filtered=filtered)
    return await wait(stage, picker.pane, picker.countdown)


class _Picker:
    """A list on the stage."""

    def __init__(
        self, stage: Stage, picklist: PickList, countdown: Countdown, *, filtered: bool
    ) -> None:
        self.stage = stage
        self.filtered = filtered
        self.rows = Rows(picklist)
        self.table = Table(picklist.choices, stage.style, many=picklist.many)
        self.countdown = countdown
        self.refused = False
        self._details = (0, 0)
        self.filter = Buffer(multiline=False)
        self.filter.text = picklist.query
        self.filter.cursor_position = len(picklist.query)
        self.filter.on_text_changed += self._typed
        rows: list[AnyContainer] = [lines_window(self._list), lines_window(self._foot)]
        if filtered:
            prompt = FormattedTextControl([(stage.style("accent"), "/ ")])
            field = Window(BufferControl(self.filter), height=1, style=stage.style("text"))
            rows.insert(0, VSplit([Window(prompt, width=2, height=1), field]))
        else:
            field = Window(FormattedTextControl("", focusable=True), height=0)
            rows.append(field)
        container = HSplit([lines_window(self._head), *rows])
        self.pane = Pane(container, self._keys(), field, covers=filtered, unasked=picklist.unasked)

    # -- what is seen ---------------------------------------------------------------------------

    def _head(self) -> list[Line]:
        cells, style, rows = self.stage.columns, self.stage.style, self.rows
        title = one_line(rows.picklist.title) + self.countdown.text
        count = f"({rows.at + 1 if rows.shown else 0}/{len(rows.shown)})"
        room = cells - width(count) - 1
        if room < 6:
            lines: list[Line] = [[(f"{style('accent')} bold", cut(title, cells))]]
        else:
            heading = (f"{style('accent')} bold", padded(title, room))
            lines = [[heading, (style("dim"), f" {count}")]]
        most = 2 if self._most >= 14 else self._most // 8
        # where there are few answers, what they are about is shown whole
        most = max(most, self._most - len(rows.picklist.choices) - 5)
        if rows.picklist.hint and most == 1:
            lines.append([(style("muted"), cut(one_line(rows.picklist.hint), cells))])
        elif rows.picklist.hint and most:
            lines += paragraphs(rows.picklist.hint, cells, style("muted"), most)
        return lines

    @property
    def _most(self) -> int:
        """Rows that it may take: half of the window, so that the conversation stays in sight."""
        return min(max(_LEAST, self.stage.rows // 2), self.stage.rows)

    def _list(self) -> list[Line]:
        cells, rows = self.stage.columns, self.rows
        if not rows.shown:
            empty = rows.picklist.empty if not rows.picklist.choices else "nothing matches"
            return paragraphs(f"  {empty}", cells, self.stage.style("muted"), 2)
        return [
            self.table.line(
                choice,
                cells,
                selected=choice is rows.current,
                taken=choice.key in rows.taken,
            )
            for choice in rows.window(self._height())
        ]

    def _height(self) -> int:
        """How many rows there is room for."""
        free = self._most - len(self._head()) - self.filtered - len(self._below())
        return max(1, min(_MAX_ROWS, free))

    def _foot(self) -> list[Line]:
        """What is below the list. It all takes as many rows as it did, whatever is filtered."""
        lines = self._below()
        count = max(1, len(self.rows.picklist.choices))
        whole = min(_MAX_ROWS + len(lines), count + self._room() + len(self._keys_lines()))
        whole = min(whole, self._most - len(self._head()) - self.filtered)
        shown = len(self._list())
        return lines + [[] for _ in range(whole - shown - len(lines))]

    def _room(self) -> int:
        """Lines that a detail may take."""
        cells = self.stage.columns
        return min(_MAX_DETAIL, max(1, self._most // 6), self._detail_height(cells))

    def _below(self) -> list[Line]:
        cells, style = self.stage.columns, self.stage.style
        room = self._room()
        lines: list[Line] = []
        choice = self.rows.current
        if choice is not None and choice.why:
            token = "warning" if self.refused else "muted"
            lines += paragraphs(choice.why, cells, style(token), room)
        if choice is not None and choice.detail and len(lines) < room:
            lines += paragraphs(choice.detail, cells, style("muted"), room - len(lines))
        return lines + self._keys_lines()

    def _keys_lines(self) -> list[Line]:
        cells, style = self.stage.columns, self.stage.style
        keys = hints(self._hints(), cells, style("muted"), style("dim"))
        return keys[: max(1, self._most // 5)]

    def _detail_height(self, cells: int) -> int:
        """The lines of the longest detail, so that the list stays where it is."""
        if self._details[0] != cells:
            longest = sorted(
                {(c.why, c.detail) for c in self.rows.picklist.choices},
                key=lambda pair: len(pair[0]) + len(pair[1]),
            )[-20:]
            lines = [sum(len(wrap(text, cells)) for text in pair if text) for pair in longest]
            self._details = (cells, max(lines, default=0))
        return self._details[1]

    def _hints(self) -> list[tuple[str, str]]:
        picklist, stage = self.rows.picklist, self.stage
        current = self.rows.current
        meant = "done" if picklist.many else "choose"
        if current is not None and current.why and picklist.despite:
            meant = picklist.despite
        found = [
            (key_name(stage, "tui.select.confirm"), meant),
            (key_name(stage, "tui.select.cancel"), "close"),
        ]
        if picklist.many:
            found.append(("Space", "mark"))
        return found + [
            (name, action.help)
            for action in picklist.actions
            if action.help and (name := action_key(stage, action.key))
        ]

    # -- what keys do ---------------------------------------------------------------------------

    def _typed(self, _: Buffer) -> None:
        self.refused = False
        self.rows.filter(self.filter.text)

    def _keys(self) -> KeyBindings:
        keys, stage, rows = KeyBindings(), self.stage, self.rows

        def mover(step: int, *, around: bool = False, pages: bool = False):
            def press(_: KeyPressEvent) -> None:
                self.refused = False
                rows.move(step * self._height() if pages else step, around=around)

            return press

        if self.filtered:
            bind_editing(stage, keys)
        else:
            keys.add(Keys.Any)(lambda _: None)
        unfiltered = Condition(lambda: not self.filter.text)
        bind(stage, keys, "tui.select.up", mover(-1, around=True))
        bind(stage, keys, "tui.select.down", mover(1, around=True))
        bind(stage, keys, "tui.select.pageUp", mover(-1, pages=True))
        bind(stage, keys, "tui.select.pageDown", mover(1, pages=True))
        bind_keys(keys, (("home",), ("c-home",)), mover(-len(rows.picklist.choices)))
        bind_keys(keys, (("end",), ("c-end",)), mover(len(rows.picklist.choices)))
        keys.add("left", filter=unfiltered)(mover(-1, pages=True))
        keys.add("right", filter=unfiltered)(mover(1, pages=True))
        bind(stage, keys, "tui.select.confirm", lambda _: self._enter())
        bind(stage, keys, "tui.select.cancel", lambda _: finish(self.pane, None))
        keys.add(Keys.BracketedPaste)(self._paste)
        if rows.picklist.many:
            keys.add(" ")(lambda _: rows.toggle())
        for action in rows.picklist.actions:
            bind_keys(keys, action_keys(stage, action.key), self._actor(action.key))
        return keys

    def _actor(self, action: str):
        def press(_: KeyPressEvent) -> None:
            current = self.rows.current
            self._give(current.key if current else "", action)

        return press

    def _enter(self) -> None:
        current = self.rows.current
        if self.rows.picklist.many:
            self._give(current.key if current else "", "")
        elif current is not None:
            self.refused = bool(current.why) and not self.rows.picklist.despite
            if not self.refused:
                self._give(current.key, "")

    def _give(self, key: str, action: str) -> None:
        finish(self.pane, Picked(key, action, self.filter.text, self.rows.taken_keys()))

    def _paste(self, event: KeyPressEvent) -> None:
        if self.filtered:
            self.filter.insert_text(one_line(event.data))
