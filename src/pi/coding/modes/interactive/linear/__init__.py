"""The terminal line by line (`pi --linear`, `TERM=dumb`): for screen readers and for logs.

It shares everything with the screen but the painter: the talk, the fold of events, the commands.
"""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress

from pi.ai.errors import PiError
from pi.coding.api.commands import GetEntries, GetMessages, Prompt, Session
from pi.coding.api.front import Front
from pi.coding.modes.interactive.linear.reader import LineReader
from pi.coding.modes.interactive.linear.teller import Teller
from pi.coding.modes.interactive.linear.terminal import Host, LinearTerminal
from pi.coding.modes.interactive.linear.words import say_block
from pi.coding.modes.interactive.replay import find_elsewhere, last_blocks
from pi.coding.modes.interactive.signals import Signals, ended_by
from pi.coding.modes.interactive.talk import Talk

__all__ = ["run_linear"]

_TWICE = 2.0
_REPLAYED = 6

Opening = Callable[[Front], Awaitable[Session]]


async def run_linear(
    opening: Opening,
    *,
    fd: int,
    write: Callable[[str], None],
    greeting: Sequence[str] = (),
    prompts: Sequence[Prompt] = (),
    cwd: str = "",
    home: str = "",
    open_url: Callable[[str], bool] = lambda url: False,
    copy: Callable[[str], str] = lambda text: "",
) -> int:
    """Talk until the input ends or somebody quits; gives the exit code.

    opening: makes the session; it may ask through the front. write: takes a line without its end.
    """
    program = _Program(opening, LineReader(fd), write, cwd=cwd, home=home)
    program.terminal = LinearTerminal(
        Host(
            write,
            program.ask,
            open_url=open_url,
            copy=copy,
            quit=program.quit,
            replay=program.replay,
            errand=program.errand,
        )
    )
    for line in greeting:
        write(line)
    signals = Signals(program.signalled, lambda number: os._exit(128 + number))
    signals.listen("SIGINT", "SIGTERM", "SIGHUP")
    try:
        return await program.run(prompts)
    finally:
        signals.stop()


class _Program:
    """One terminal of lines from its beginning to its end."""

    terminal: LinearTerminal

    def __init__(
        self,
        opening: Opening,
        reader: LineReader,
        write: Callable[[str], None],
        *,
        cwd: str,
        home: str,
    ) -> None:
        self.reader = reader
        self._opening = opening
        self._teller = Teller(lambda line: self.terminal.line(line), cwd=cwd, home=home)
        self._session: Session | None = None
        self._talk: Talk | None = None
        self._reading: asyncio.Task[None] | None = None
        self._interrupted = float("-inf")
        self._asks: list[asyncio.Future[str | None]] = []

    async def run(self, prompts: Sequence[Prompt]) -> int:
        self._talk = talk = Talk(self.terminal)
        self.reader.start()
        self._reading = asyncio.ensure_future(self._read())
        opening = asyncio.ensure_future(self._opening(self.terminal))
        try:
            await asyncio.wait([self._reading, opening], return_when=asyncio.FIRST_COMPLETED)
            if not opening.done():
                opening.cancel()
                return 0
            session = self._session = opening.result()
            unsubscribe = session.subscribe(self._hear)
        except PiError as error:
            self.terminal.say("error", error.message)
            return 1
        finally:
            if self._session is None:
                self._end_reading()
        session.use_ui(self.terminal)
        try:
            self._say_start(session)
            if session.state.message_count:
                await self.replay()
            talk.begin(session)
            for prompt in prompts:
                talk.submit(prompt.text, prompt.images, later=True)
            with suppress(asyncio.CancelledError):
                await self._reading
        finally:
            self._end_reading()
            await talk.end()
            unsubscribe()
            self._farewell(session)
        return 0

    async def ask(self, *, secret: bool = False) -> str | None:
        """The next line, for a dialog."""
        if self._reading is None or self._reading.done():
            return None
        waiting: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._asks.append(waiting)
        try:
            with self.reader.hidden() if secret else nullcontext():
                return await waiting
        finally:
            if waiting in self._asks:
                self._asks.remove(waiting)

    def _end_reading(self) -> None:
        self.reader.stop()
        if self._reading is not None:
            self._reading.cancel()
        for waiting in self._asks:
            if not waiting.done():
                waiting.set_result(None)

    def quit(self) -> None:
        """End soon."""
        if self._reading is not None:
            self._reading.cancel()

    def errand(self, stop: Callable[[], object]) -> AbstractContextManager[None]:
        """Have Ctrl+C stop something beside the session."""
        assert self._talk is not None
        return self._talk.errand(stop)

    async def replay(self) -> None:
        """Say the end of another conversation."""
        assert self._session is not None
        messages = (await self._session.send(GetMessages())).messages
        blocks, earlier = last_blocks(messages, _REPLAYED)
        find_elsewhere(blocks, (await self._session.send(GetEntries())).entries)
        name = self._session.state.name
        self.terminal.line(f"Session {name}." if name else "The session goes on.")
        if earlier:
            self.terminal.line(f"{earlier} earlier messages are not said again.")
        for block in blocks:
            for line in say_block(block):
                self.terminal.line(line)

    async def _read(self) -> None:
        while True:
            text = await self.reader.text(single=lambda: bool(self._asks))
            if text is None:
                return
            if self._asks:
                self._asks.pop(0).set_result(text)
            else:
                self._take(text)

    def _take(self, text: str) -> None:
        talk, terminal = self._talk, self.terminal
        assert talk is not None
        word, _, rest = text.partition(" ")
        if word == "/later" and rest:
            talk.submit(rest, later=True)
        elif word == "/back":
            talk.take_back()
        elif text.strip():
            terminal.suggested = None
            talk.submit(text)
        elif terminal.suggested is not None:
            (suggested, images), terminal.suggested = terminal.suggested, None
            talk.submit(suggested, images)

    def _hear(self, event: object) -> None:
        assert self._talk is not None
        self._teller.hear(event)  # type: ignore[arg-type]
        self._talk.hear(event)  # type: ignore[arg-type]  # what goes back is said after why

    def _say_start(self, session: Session) -> None:
        state = session.state
        if state.model.api == "unknown":
            self.terminal.line("No model can be used yet: /login signs in, or stores a key.")
        else:
            thinking = f", thinking {state.thinking_level}" if state.model.reasoning else ""
            self.terminal.line(f"Model {state.model.key}{thinking}, in {state.session.cwd}.")
        self.terminal.line("Type a prompt and Enter. /help lists the commands, Ctrl+D ends.")

    def _farewell(self, session: Session) -> None:
        state = session.state
        if state.session_file is not None and state.message_count:
            self.terminal.line(f"To go on with this session: pi --session {state.session.id}")

    def signalled(self, number: int) -> None:
        """Ctrl+C stops what goes on; all else ends the program."""
        if number == signal.SIGINT:
            self._interrupt()
        else:
            self._teller.fold.ending = ended_by(number)
            self.quit()

    def _interrupt(self) -> None:
        now = time.monotonic()
        again, self._interrupted = now - self._interrupted < _TWICE, now
        if again:
            self.quit()
        elif self._talk is not None and self._talk.escape():
            self.terminal.line("Stopping. Ctrl+C once more ends the program.")
        else:
            self.terminal.line("Ctrl+C once more ends the program.")
