"""The screen at work: events become lines, and a frame is put together.

It reaches the session as any mode does. What was typed before the session is there waits in `talk`.
"""

import asyncio
import os
from collections.abc import Sequence
from typing import Any

from prompt_toolkit.key_binding import KeyBindingsBase, merge_key_bindings
from prompt_toolkit.layout import Layout

from pi.agent.events import AgentEnd, AgentStart, MessageEnd, ToolExecutionEnd
from pi.ai.messages import AssistantMessage, ImageContent
from pi.coding.api import commands as c
from pi.coding.api import events as s
from pi.coding.api.answers import BashResult, Messages, SessionStats
from pi.coding.modes.interactive.fold import Fold
from pi.coding.modes.interactive.footer import Facts, clip, footer_lines, git_branch, short_path
from pi.coding.modes.interactive.keymap import Do, Keymap
from pi.coding.modes.interactive.lines import Line
from pi.coding.modes.interactive.replay import last_blocks
from pi.coding.modes.interactive.screen.frame import FramedApplication
from pi.coding.modes.interactive.screen.looks import Looks
from pi.coding.modes.interactive.screen.output import HeldOutput, WatchedInput
from pi.coding.modes.interactive.screen.parts import Parts
from pi.coding.modes.interactive.screen.transcript import Transcript
from pi.coding.modes.interactive.stage import Pane
from pi.coding.modes.interactive.status import Activity, cache_miss
from pi.coding.modes.interactive.talk import Talk
from pi.coding.modes.interactive.terminal import Terminal
from pi.coding.modes.interactive.view import Block, CommandBlock, ToolBlock

__all__ = ["Screen"]

REPLAYED = 40
"""Blocks of a session that goes on that are shown at once."""

_TICK = 0.1
_QUEUE_LINES = 6


class Screen:
    """What is on the terminal. `view` draws it, `talk` carries out what is submitted."""

    def __init__(
        self, editor: Any, keymap: Keymap, terminal: Terminal, held: HeldOutput, keys: WatchedInput
    ) -> None:
        self.terminal, self.editor, self.keymap = terminal, editor, keymap
        self.looks = Looks(terminal, os.environ)
        self.fold = Fold()
        self.activity = Activity(unicode=terminal.unicode)
        self.facts = Facts()
        self.talk = Talk(self)
        self.transcript = Transcript(self.fold.blocks, self.looks.painter, self._report)
        self.session: c.Session | None = None
        self.settings: dict[str, Any] = {}
        self._above: dict[str, Sequence[str]] = {}
        self._below: dict[str, Sequence[str]] = {}
        self._queue: list[Line] = []
        self._fixed: list[Line] = []
        self._before: AssistantMessage | None = None
        self._ticker: asyncio.TimerHandle | None = None
        self._hint = ""
        self._hint_ends: asyncio.TimerHandle | None = None
        self._focus = editor.container if not hasattr(editor, "window") else editor.window
        self.parts = Parts(editor.container, self._focus, lambda: self.bindings)
        self.bindings: KeyBindingsBase = editor.key_bindings
        self.view = FramedApplication(
            held,
            self._compose,
            terminal.reflows,
            input=keys,
            layout=Layout(self.parts.container, focused_element=self._focus),
            key_bindings=self.parts.keys,
        )

    # -- stage -------------------------------------------------------------------------------------

    async def show(self, pane: Pane) -> Any:
        """Show a dialog in place of the editor."""
        return await self.parts.show(pane, self.redraw)

    def style(self, token: str) -> str:
        """A style of the theme."""
        return self.looks.style(token)

    def keys(self, action: str) -> tuple[tuple[str, ...], ...]:
        """The keys of an action."""
        return self.keymap.keys(action)

    @property
    def columns(self) -> int:
        """Cells in a line."""
        return self.view.held.get_size().columns

    @property
    def rows(self) -> int:
        """Lines of the terminal."""
        return self.view.held.get_size().rows

    def redraw(self) -> None:
        """Draw again soon."""
        self.view.soon()

    # -- where people type and read ----------------------------------------------------------------

    def give_back(self, text: str, images: Sequence[ImageContent] = ()) -> None:
        """Put a text before what is in the editor."""
        draft = self.editor.text
        self.editor.set_text(f"{text}\n\n{draft}" if draft.strip() else text)
        if images:
            self.editor.add_images(images)
        self.redraw()

    def say(self, level: str, text: str, *, markdown: bool = False) -> None:
        """A line of the program."""
        self.fold.say(level, text, markdown=markdown)
        self.redraw()

    def put(self, lines: Sequence[Line]) -> None:
        """Finished lines, above everything that is still open."""
        self._fixed += lines
        self.redraw()

    def hint(self, text: str, seconds: float = 3.0) -> None:
        """A word beside the editor that goes away by itself."""
        if self._hint_ends is not None:
            self._hint_ends.cancel()
        self._hint = text
        self._hint_ends = asyncio.get_running_loop().call_later(seconds, self._unhint)
        self.redraw()

    def _unhint(self) -> None:
        self._hint, self._hint_ends = "", None
        self.redraw()

    def send_raw(self, sequence: str) -> None:
        """Send the terminal a sequence that moves nothing."""
        self.view.held.write_raw(sequence)
        self.view.held.flush()

    def bind(self, keymap: Keymap, actions: dict[str, Do]) -> None:
        """Have these keys do something while the editor is there."""
        self.keymap = keymap
        self.bindings = merge_key_bindings([keymap.bind(actions), self.editor.key_bindings])

    def queued(self, held: Sequence[str], steering: Sequence[str], later: Sequence[str]) -> None:
        """Show what waits."""
        rows = [("Waiting", text) for text in held]
        rows += [("Steering", text) for text in steering]
        rows += [("Follow-up", text) for text in later]
        dim, muted = self.style("dim"), self.style("muted")
        self._queue = [
            [(dim, f"{kind}: "), (muted, " ".join(text[:500].split()))] for kind, text in rows
        ]
        if len(self._queue) > _QUEUE_LINES:
            more = len(self._queue) - _QUEUE_LINES + 1
            self._queue[_QUEUE_LINES - 1 :] = [[(dim, f"and {more} more")]]
        key = self.keymap.label("app.message.dequeue")
        if rows and key:
            self._queue[-1] = [*self._queue[-1], (dim, f"  ({key} takes back)")]
        self.redraw()

    def command_began(self, command: str, *, excluded: bool) -> CommandBlock:
        """Show a command of the user's."""
        self.activity.command = asyncio.get_running_loop().time()
        self.tick()
        return self.fold.command(command, excluded=excluded)

    def command_ended(self, shown: CommandBlock, result: BashResult | None) -> None:
        """It has ended."""
        self.activity.command = None
        self.fold.command_ended(shown, result)
        self.transcript.touch([shown])
        self.redraw()

    # -- the session -------------------------------------------------------------------------------

    async def begin(self, session: c.Session, settings: dict[str, Any]) -> None:
        """The session is there."""
        self.session, self.settings = session, settings
        for problem in self.looks.settle(settings, session.state.session.cwd):
            self.say("warning", problem)
        self.look_changed()
        session.subscribe(self.hear)
        self.activity.opening = ""
        await self.replay()
        self.talk.begin(session)

    async def replay(self) -> None:
        """Show the end of the session, and what it has used."""
        assert self.session is not None
        self.fold = Fold()
        self.transcript.use(self.fold.blocks)
        self._before = None
        listed: Messages = await self.session.send(c.GetMessages())
        blocks, left_out = last_blocks(listed.messages, REPLAYED)
        if left_out:
            text = f"{left_out} earlier messages are not shown (/tree has all)"
            self.fold.say("dim", text)
        self.fold.blocks.extend(blocks)
        for message in reversed(listed.messages[-20:]):
            if isinstance(message, AssistantMessage):
                self._before = message
                break
        await self.count()
        self.learn()

    async def count(self) -> None:
        """Count anew what the whole session has used."""
        assert self.session is not None
        stats: SessionStats = await self.session.send(c.GetSessionStats())
        self.facts.counted(stats)

    def learn(self) -> None:
        """Read off the session what the footer tells."""
        if self.session is None:
            return
        state, facts = self.session.state, self.facts
        model = state.model
        facts.cwd = short_path(state.session.cwd, os.path.expanduser("~"))  # noqa: PTH111
        facts.branch = git_branch(state.session.cwd)
        facts.name = " ".join((state.name or "").split())
        facts.model = "" if model.api == "unknown" else model.id
        facts.level, facts.reasoning = state.thinking_level, model.reasoning
        facts.basis = model.cost_basis
        facts.window = 0 if model.api == "unknown" else model.context_window
        self.redraw()

    def hear(self, event: s.SessionEvent) -> None:
        """Take an event of the session."""
        self.activity.add(event)
        self.talk.hear(event)
        changed = self.fold.add(event)
        self.transcript.touch(changed)
        if isinstance(event, MessageEnd):
            self._answered(event)
        elif isinstance(event, s.CompactionEnd):
            self.facts.context = None
            self._before = None
        elif isinstance(event, s.AgentSettled):
            self.talk.send(c.GetSessionStats(), self._counted)
        if isinstance(event, _TELLING):
            self.learn()
        if self.activity.busy:
            self.tick()
        self.redraw()

    def _counted(self, stats: SessionStats | None) -> None:
        if stats is not None:
            self.facts.counted(stats)
            self.redraw()

    def _answered(self, event: MessageEnd) -> None:
        message = event.message
        if not isinstance(message, AssistantMessage) or self.session is None:
            return
        self.facts.answered(message)
        if self.settings.get("showCacheMissNotices"):
            missed = cache_miss(self._before, event, self.session.state.model)
            if missed:
                self.fold.say("dim", missed)
        if message.stop_reason not in ("error", "aborted"):
            self._before = message

    # -- frames ------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Keep the spinner going as long as there is something to wait for."""
        if self._ticker is None:
            self._ticker = asyncio.get_running_loop().call_later(_TICK, self._ticked)

    def _ticked(self) -> None:
        self._ticker = None
        if self.activity.busy:
            self.redraw()
            self.tick()

    def _compose(self) -> list[Line]:
        """The finished lines; the live parts are made on the way."""
        size = self.view.held.get_size()
        # one line of an answer is never wider than the window, and never needs its last column
        width = max(1, size.columns - 1)
        lines, self._fixed = self._fixed, []
        lines = [clip(line, width) for line in lines]
        lines += self.transcript.finished(width)
        self.parts.fill(size.columns, size.rows, lambda name, left: self._part(name, width, left))
        return lines

    def _part(self, name: str, width: int, left: int) -> list[Line]:
        try:
            return getattr(self, f"_part_{name}")(width, left)
        except Exception as error:  # a frame is always drawn
            return [[("", f"{name}: {type(error).__name__}: {error}"[:width])]]

    def _part_tail(self, width: int, left: int) -> list[Line]:
        return self.transcript.live(width, left)

    def _part_queue(self, width: int, left: int) -> list[Line]:
        return [clip(line, width) for line in self._queue]

    def _part_status(self, width: int, left: int) -> list[Line]:
        key = (self.keymap.label("app.interrupt") or "esc").lower()
        spinner, text, hint = self.activity.line(key)
        if self._hint:
            return [clip([(self.style("muted"), self._hint)], width)]
        if not text:
            return [[]]
        accent, muted, dim = (self.style(token) for token in ("accent", "muted", "dim"))
        line: Line = [(accent, f"{spinner} "), (muted, text)]
        if hint:
            line.append((dim, f" · {hint}"))
        return [clip(line, width)]

    def _part_above(self, width: int, left: int) -> list[Line]:
        return _widgets(self._above, width)

    def _part_below(self, width: int, left: int) -> list[Line]:
        return _widgets(self._below, width)

    def _part_footer(self, width: int, left: int) -> list[Line]:
        styles = {token: self.style(token) for token in ("dim", "muted", "warning", "error")}
        return footer_lines(self.facts, width, styles)

    def set_widget(self, key: str, lines: Sequence[str] | None, above: bool) -> None:
        """Lines beside the editor."""
        for widgets in (self._above, self._below):
            widgets.pop(key, None)
        if lines:
            (self._above if above else self._below)[key] = tuple(lines)
        self.redraw()

    def look_changed(self) -> None:
        """Paint otherwise from now on."""
        self.transcript.look_changed(self.looks.painter)
        self.redraw()

    def again(self) -> None:
        """Show the last tool's output once more, as it looks now."""
        if self.transcript.tools:
            block = self.transcript.tools[-1]
            self.fold.blocks.append(_copy(block))
            self.redraw()

    def _report(self, text: str) -> None:
        loop = asyncio.get_running_loop()
        loop.call_soon(self.say, "warning", text)


_TELLING = (
    AgentStart,
    AgentEnd,
    ToolExecutionEnd,
    s.AgentSettled,
    s.SessionInfoChanged,
    s.ThinkingLevelChanged,
)


def _copy(block: ToolBlock) -> Block:
    return ToolBlock(
        False,
        block.started,
        block.ended,
        block.call_id,
        block.name,
        block.state,
        block.arguments,
        block.written,
        block.content,
        block.details,
        block.duration_ms,
    )


def _widgets(widgets: dict[str, Sequence[str]], width: int) -> list[Line]:
    from pi.coding.modes.sanitize import printable

    lines = [line for key in widgets for line in widgets[key]]
    return [clip([("", printable(line).expandtabs(4))], width) for line in lines]
