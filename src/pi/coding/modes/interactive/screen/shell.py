"""The screen at work: events become lines, and a frame is put together.

It reaches the session as any mode does. What was typed before the session is there waits in `talk`.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from prompt_toolkit.application.run_in_terminal import in_terminal
from prompt_toolkit.key_binding import KeyBindingsBase, merge_key_bindings
from prompt_toolkit.layout import Layout

from pi.agent.events import AgentEnd, AgentStart, MessageEnd, ToolExecutionEnd
from pi.ai.messages import AssistantMessage, ImageContent
from pi.coding.api import commands as c
from pi.coding.api import events as s
from pi.coding.api.answers import BashResult, Messages, SessionStats
from pi.coding.api.setup import GetResources, GetSettings, SettingsInfo
from pi.coding.modes.interactive.editor.decode import DISABLE, ENABLE
from pi.coding.modes.interactive.editor.editor import Editor
from pi.coding.modes.interactive.editor.history import History
from pi.coding.modes.interactive.fold import Fold
from pi.coding.modes.interactive.footer import Facts, clip, git_branch, short_path
from pi.coding.modes.interactive.keymap import Keymap
from pi.coding.modes.interactive.lines import Line
from pi.coding.modes.interactive.replay import find_elsewhere, last_blocks
from pi.coding.modes.interactive.screen.clipboard import copy_with_program
from pi.coding.modes.interactive.screen.frame import FramedApplication
from pi.coding.modes.interactive.screen.looks import Looks
from pi.coding.modes.interactive.screen.margins import Margins
from pi.coding.modes.interactive.screen.offers import SlashOffers
from pi.coding.modes.interactive.screen.output import HeldOutput, WatchedInput
from pi.coding.modes.interactive.screen.parts import Parts
from pi.coding.modes.interactive.screen.strangers import Strangers
from pi.coding.modes.interactive.screen.transcript import Transcript
from pi.coding.modes.interactive.stage import Pane
from pi.coding.modes.interactive.status import Activity, cache_miss
from pi.coding.modes.interactive.talk import Talk
from pi.coding.modes.interactive.terminal import (
    Terminal,
    after_run,
    clipboard_sequence,
    notification,
    progress,
    title_sequence,
)
from pi.coding.modes.interactive.view import (
    Block,
    BlockPainter,
    CommandBlock,
    NoticeBlock,
    ToolBlock,
    UserBlock,
)

__all__ = ["Screen"]

REPLAYED = 24
"""Blocks of a session that goes on that are shown at once."""

_MANY = 1000
"""Messages of a session that is counted only after the first frames, `_LATER` seconds."""
_LATER = 0.5
_TICK = 0.1
_NO_MODEL = "no model can be used yet"
_CALM = 0.7
"""Seconds without a key in the editor after which a dialog that nobody asked for may appear."""
_NOTICED = 5
"""Tenths of a second that somebody who types needs to see it."""


class Screen:
    """What is on the terminal. `view` draws it, `talk` carries out what is submitted."""

    def __init__(
        self,
        keymap: Keymap,
        held: HeldOutput,
        keys: WatchedInput,
        *,
        terminal: Terminal,
        env: Mapping[str, str],
        cwd: Path,
        history: History,
    ) -> None:
        self.keymap = keymap
        self.looks = Looks(terminal, env)
        self.fold = Fold()
        self.activity = Activity(unicode=terminal.unicode)
        self.facts = Facts()
        self.talk = Talk(self, self._carried_out)
        self.transcript = Transcript(self.fold.blocks, self._painter, self._report)
        self.session: c.Session | None = None
        self.settings: dict[str, Any] = {}
        self.offers = SlashOffers()
        self.strangers = Strangers(self.talk.send)
        self.margins = Margins(self)
        self._fixed: list[Line] = []
        self._title = ""
        self._before: AssistantMessage | None = None
        self._ticker: asyncio.TimerHandle | None = None
        self.editor = Editor(
            keymap,
            history=history,
            complete=self.offers.sources,
            style=self.style,
            level=self._level,
            cwd=cwd,
            env=env,
            rows=lambda: self.settings.get("autocompleteMaxVisible", 5),
            padding=lambda: self.settings.get("editorPaddingX", 0),
            external_editor=lambda: self.settings.get("externalEditor"),
            say=self.say,
            redraw=self.redraw,
            free_terminal=self.free_terminal,
            unicode=terminal.unicode,
        )
        self._bindings = self._merged()  # merging costs more than all else that a key does
        self.parts = Parts(self.editor.container, self.editor.window, lambda: self._bindings)
        self.view = FramedApplication(
            held,
            self._compose,
            terminal,
            lambda: self.parts.covering,
            input=keys,
            layout=Layout(self.parts.container, focused_element=self.editor.window),
            key_bindings=self.parts.keys,
        )

    def _merged(self) -> KeyBindingsBase:
        return merge_key_bindings([self.strangers.bindings, self.editor.key_bindings])

    def _level(self) -> str:
        return f"thinking{self.facts.level.capitalize()}" if self.facts.level else "border"

    def _painter(self, block: Block) -> BlockPainter:
        return self.looks.painter(block, self.strangers.renderers, self.transcript.failed)

    @asynccontextmanager
    async def free_terminal(self) -> AsyncIterator[None]:
        """Another program has the terminal meanwhile."""
        held = self.view.held
        await self.view.sounding.answered(0.5)
        async with in_terminal():
            held.write_raw(DISABLE)
            held.flush()
            try:
                yield
            finally:
                held.write_raw(ENABLE)
                held.forget_cursor()
                held.flush()

    # -- stage -------------------------------------------------------------------------------------

    async def show(self, pane: Pane) -> Any:
        """Show a dialog in place of the editor, when nobody is in the middle of a word."""

        async def calm() -> None:
            while self.session is None or pane.unasked or not self.editor.empty:
                left = self.editor.touched + _CALM - time.monotonic()
                if left <= 0:
                    break
                await asyncio.sleep(left)

        async def quiet() -> bool:
            touched = self.editor.touched
            for _ in range(_NOTICED):
                await asyncio.sleep(_TICK)
                if self.editor.touched != touched or pane.result.done():
                    break
            return self.editor.touched == touched

        address = self.margins.address
        if address:
            pane.keys.add("c-x")(lambda event: self._copy(address))
            self.hint("ctrl+x copies the address", 60.0)
        try:
            return await self.parts.show(pane, self.redraw, calm, quiet)
        finally:
            if address:
                self.hint("", 0)

    def _copy(self, text: str) -> None:
        if not copy_with_program(text):
            self.send_raw(clipboard_sequence(text))
        self.hint("copied")

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

    def hint(self, text: str, seconds: float = 3.0) -> None:
        """A word beside the editor that goes away by itself."""
        self.margins.hint(text, seconds)

    def queued(self, held: Sequence[str], steering: Sequence[str], later: Sequence[str]) -> None:
        """Show what waits."""
        self.margins.queued(held, steering, later)

    # -- where people type and read ----------------------------------------------------------------

    def give_back(self, text: str, images: Sequence[ImageContent] = ()) -> None:
        """Put a text before what is in the editor."""
        self.editor.prepend(text)
        if images:
            self.editor.add_images(images)
        self.redraw()

    def say(self, level: str, text: str, *, markdown: bool = False) -> None:
        """A line of the program."""
        if text.startswith(_NO_MODEL):
            text = f"{_NO_MODEL}: /login signs in or takes a key. What you wrote is in the editor."
        self.fold.say(level, text, markdown=markdown)
        self.redraw()

    def put(self, lines: Sequence[Line]) -> None:
        """Finished lines, above everything that is still open."""
        self._fixed += lines
        self.transcript.headed = True
        self.redraw()

    def send_raw(self, sequence: str) -> None:
        """Send the terminal a sequence that moves nothing."""
        self.view.held.write_raw(sequence)
        self.view.held.flush()

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

    async def begin(self, session: c.Session, settings: dict[str, Any], theme: str = "") -> None:
        """The session is there. theme: instead of that of the settings."""
        self.session, self.settings = session, settings
        chosen = {"theme": theme} if theme else {}
        problems = self.looks.settle({**settings, **chosen}, session.state.session.cwd)
        self.look_changed()
        session.subscribe(self.hear)
        self.activity.opening = ""
        self.offers.session = session
        await self._learn_extensions(session)
        await self.replay()
        for problem in problems:
            self.say("warning", problem)
        self.talk.begin(session)

    async def renew(self) -> None:
        """Commands, themes, and what extensions bring, may be others now."""
        assert self.session is not None
        self.looks.found(await self.session.send(GetResources()))
        for problem in self.looks.use(self.looks.theme):
            self.say("warning", problem)
        await self._learn_extensions(self.session)

    async def _learn_extensions(self, session: c.Session) -> None:
        await self.offers.learn()
        await self.strangers.learn(session)
        self._bindings = self._merged()
        self.look_changed()

    async def replay(self) -> None:
        """Show the end of the session, and what it has used."""
        assert self.session is not None
        said = [block for block in self.fold.blocks if isinstance(block, NoticeBlock)]
        self.fold = Fold()
        self.fold.blocks += said  # what nobody has seen yet
        self.transcript.use(self.fold.blocks)
        self._before = None
        listed: Messages = await self.session.send(c.GetMessages())
        data = await self.strangers.data_blocks(self.session, 4 * REPLAYED)
        blocks, left_out = last_blocks(listed.messages, REPLAYED, data)
        if left_out:
            text = f"{left_out} earlier messages are not shown (/tree has all)"
            self.fold.say("dim", text)
        if any(isinstance(block, ToolBlock) and block.state == "missing" for block in blocks):
            find_elsewhere(blocks, (await self.session.send(c.GetEntries())).entries)
        self.fold.blocks.extend(blocks)
        self.editor.history.extend(_prompts(blocks))
        for message in reversed(listed.messages[-20:]):
            if isinstance(message, AssistantMessage):
                self._before = message
                break
        if len(listed.messages) < _MANY:
            self.facts.counted(await self.session.send(c.GetSessionStats()))
        else:  # it is read as a whole for that: the first frames go before
            self.facts.context = None
            asyncio.get_running_loop().call_later(_LATER, self._count)
        self.learn()

    def _count(self) -> None:
        """Count anew what the whole session has used."""
        self.talk.send(c.GetSessionStats(), self._counted)

    def learn(self) -> None:
        """Read off the session what the footer tells."""
        if self.session is None:
            return
        state, facts = self.session.state, self.facts
        model = state.model
        if state.streaming:
            self.activity.begin()
            self.tick()
        facts.cwd = short_path(state.session.cwd, os.path.expanduser("~"))  # noqa: PTH111
        facts.branch = git_branch(state.session.cwd)
        facts.name = " ".join((state.name or "").split())
        facts.model = "" if model.api == "unknown" else model.id
        facts.level, facts.reasoning = state.thinking_level, model.reasoning
        facts.basis = model.cost_basis
        facts.window = 0 if model.api == "unknown" else model.context_window
        name = f" - {facts.name}" if facts.name else ""
        self._entitle(f"pi{name} - {os.path.basename(state.session.cwd)}")  # noqa: PTH119
        self.redraw()

    def _entitle(self, title: str) -> None:
        """Name the window, if it is not named so already."""
        if title != self._title:
            self._title = title
            self.send_raw(title_sequence(title))

    def _carried_out(self, text: str) -> None:
        """A command may have changed anything."""
        self.learn()
        if text.startswith("/"):
            self.talk.send(GetSettings(), self._set)

    def _set(self, info: SettingsInfo | None) -> None:
        if info is None or info.values == self.settings or self.session is None:
            return
        theme = self.settings.get("theme")
        self.settings = info.values
        if info.values.get("theme") == theme:  # what was chosen for this session only stays
            self.settings = {**info.values, "theme": self.looks.theme}
        self.looks.settle(self.settings, self.session.state.session.cwd)
        self.settings = info.values
        self.look_changed()

    def hear(self, event: s.SessionEvent) -> None:
        """Take an event of the session."""
        self.activity.add(event)
        self.talk.hear(event)
        changed = self.fold.add(event)
        self.transcript.touch(changed)
        if isinstance(event, MessageEnd):
            self._answered(event)
        elif isinstance(event, AgentStart):
            if self.settings.get("terminal", {}).get("showTerminalProgress"):
                self.send_raw(progress(on=True))
        elif isinstance(event, s.CompactionEnd):
            self.facts.context = None
            self._before = None
        elif isinstance(event, s.AgentSettled):
            if self.facts.context is None:
                self._count()
            self._done(event)
        if isinstance(event, _TELLING):
            self.learn()
        if self.activity.busy:
            self.tick()
        self.redraw()

    def _done(self, event: s.AgentSettled) -> None:
        terminal = self.settings.get("terminal", {})
        if terminal.get("showTerminalProgress"):
            self.send_raw(progress(on=False))
        if not event.aborted:
            name = self.facts.name or self.facts.cwd
            how = terminal.get("notify", "auto")
            self.send_raw(notification(after_run(self.activity.took, name, how)))

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

    def _compose(self) -> tuple[list[Line], list[Line]]:
        """The finished lines and those of the tail; the other parts are made on the way."""
        size = self.view.held.get_size()
        width = size.columns
        lines, self._fixed = self._fixed, []
        lines = [clip(line, width) for line in lines]
        lines += self.transcript.finished(width)
        self.parts.fill(size.columns, size.rows, lambda name, left: self._part(name, width, left))
        return lines, self.parts.tail

    def _part(self, name: str, width: int, left: int) -> list[Line]:
        try:
            if name == "tail":
                return self.transcript.live(width, left)
            return getattr(self.margins, name)(width)
        except Exception as error:  # a frame is always drawn
            return [[("", f"{name}: {type(error).__name__}: {error}"[:width])]]

    def look_changed(self) -> None:
        """Paint otherwise from now on."""
        self.view.held.use(self.looks.terminal)
        self.transcript.look_changed(self._painter)
        self.redraw()

    def rethink(self) -> None:
        """Show the last thinking once more, as it looks now."""
        block = self.transcript.thought
        if block is not None:
            self.transcript.repeat(block)
            self.redraw()

    def again(self, before: int = 0) -> bool:
        """Show once more what was cut last, as it looks now; whether there is anything.

        before: how many that were cut later are left out.
        """
        cut = self.transcript.cut
        if before >= len(cut):
            return False
        self.transcript.repeat(cut[-1 - before])
        self.redraw()
        return True

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


def _prompts(blocks: Sequence[Block]) -> list[str]:
    return [block.text for block in blocks if isinstance(block, UserBlock)]
