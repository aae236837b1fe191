"""What becomes of a text that was submitted, and of Esc; the same on a screen and line by line.

Nothing that was typed is lost: what cannot be carried out goes back to where it was written, with
one line that says why. No terminal is known here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any, Protocol

from pi.agent.events import AgentEnd, AgentStart
from pi.ai.errors import PiError
from pi.ai.messages import AssistantMessage, ImageContent
from pi.coding.api import commands as c
from pi.coding.api import events as s
from pi.coding.api.answers import BashResult, Commands, Queued
from pi.coding.modes.interactive.replay import advice

__all__ = ["Held", "Place", "Talk"]

Held = tuple[str, tuple[ImageContent, ...], bool]
"""A text that waits for the session to be there: text, images, and whether it is a follow-up."""

_NEAR = 3
_FINAL = frozenset({"refused", "aborted"})
"""Kinds of errors after which it makes no sense to send a prompt again as it is."""


class Place(Protocol):
    """Where somebody types and reads."""

    def give_back(self, text: str, images: Sequence[ImageContent] = ()) -> None:
        """Put a text before what is in the editor."""
        ...

    def say(self, level: str, text: str) -> None:
        """One line into the transcript."""
        ...

    def queued(self, held: Sequence[str], steering: Sequence[str], later: Sequence[str]) -> None:
        """Show what waits: for the program to be ready, for the model, for the end of the run."""
        ...

    def command_began(self, command: str, *, excluded: bool) -> Any:
        """Show a command of the user's; gives what `command_ended` is told."""
        ...

    def command_ended(self, shown: Any, result: BashResult | None) -> None:
        """It has ended; without a result it could not be run."""
        ...


class Talk:
    """Carries out what is submitted. Before `begin` texts wait.

    carried_out: called after each text; a command may have changed anything.
    """

    def __init__(
        self, place: Place, carried_out: Callable[[str], None] = lambda text: None
    ) -> None:
        self._place = place
        self._carried_out = carried_out
        self._session: c.Session | None = None
        self._held: list[Held] = []
        self._queue: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
        self._retrying = False
        self._compacting = False
        self._bash = False
        self._last: tuple[str, tuple[ImageContent, ...]] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._errands: list[Callable[[], object]] = []

    # -- the session -------------------------------------------------------------------------------

    def begin(self, session: c.Session) -> None:
        """The session is there: what waited is sent."""
        self._session = session
        held, self._held = self._held, []
        self._show_queue()
        if held:
            self._spawn(self._send_held(held))

    async def _send_held(self, held: list[Held]) -> None:
        for text, images, later in held:
            await self._carry_out(text, images, later)

    def failed(self) -> None:
        """There will be no session: what waited goes back."""
        self._give_back([text for text, _, _ in self._held])
        self._held.clear()
        self._show_queue()

    def hear(self, event: s.SessionEvent) -> None:
        """Take an event of the session."""
        match event:
            case s.QueueUpdate(steering, later):
                self._queue = (steering, later)
                self._show_queue()
            case s.AutoRetryStart() | s.SummarizationRetryScheduled():
                self._retrying = True
            case s.AutoRetryEnd() | s.SummarizationRetryFinished() | AgentStart():
                self._retrying = False
            case s.CompactionStart():
                self._compacting = True
            case s.CompactionEnd():
                self._compacting = self._retrying = False
            case AgentEnd():
                self._run_ended(event)
            case s.AgentSettled():
                self._retrying = False
            case _:
                pass

    def _run_ended(self, event: AgentEnd) -> None:
        """A prompt that was answered by nothing but an error can be sent again."""
        answers = [m for m in event.messages if isinstance(m, AssistantMessage)]
        said = any(answer.content for answer in answers)
        last = answers[-1] if answers else None
        if event.will_retry or self._last is None:
            return
        text, images = self._last
        self._last = None
        if last is None or last.stop_reason != "error" or said:
            return
        if last.error_kind not in _FINAL:
            self._place.give_back(text, images)

    # -- what is submitted -------------------------------------------------------------------------

    def submit(
        self, text: str, images: Sequence[ImageContent] = (), *, later: bool = False
    ) -> None:
        """Carry out a text. later: if the model is at work, only after it is done."""
        text = text.strip()
        if not text and not images:
            return
        if self._session is None:
            self._held.append((text, tuple(images), later))
            self._show_queue()
            return
        self._spawn(self._carry_out(text, tuple(images), later))

    async def _carry_out(self, text: str, images: tuple[ImageContent, ...], later: bool) -> None:
        try:
            if text.startswith("!"):
                await self._run_command(text)
            elif not _is_command(text) or await self._known(text):
                await self._prompt(text, images, later)
            else:
                self._place.give_back(text, images)
        except PiError as error:
            self._place.give_back(text, images)
            self._place.say("error", f"{error.message}{self._advice(error)}")
        finally:
            self._carried_out(text)

    def _advice(self, error: PiError) -> str:
        if error.kind == "overflow" or "login" in error.message:
            return ""  # what was not taken says what to do
        return advice(error.kind, error.message)

    async def _prompt(self, text: str, images: tuple[ImageContent, ...], later: bool) -> None:
        session = self._required
        prompt = c.Prompt(text, images, "followUp" if later else "steer")
        model = session.state.model
        if images and model.api != "unknown" and not model.sees_images:
            words = "cannot see images: it is only told that there is one (/model has others)"
            self._place.say("warning", f"{model.id} {words}")
        before, self._last = self._last, (text, images)
        try:
            disposition = await session.submit(prompt)
        except PiError:
            self._last = before  # this one goes back at once, not when a run ends
            raise
        if disposition == "handled":
            self._last = None

    async def _known(self, text: str) -> bool:
        """Whether there is such a command; says so if there is not."""
        name = text[1:].split(None, 1)[0]
        listed: Commands = await self._required.send(c.GetCommands())
        names = [command.name for command in listed.commands]
        if name in names:
            return True
        near = get_close_matches(name, names, n=_NEAR, cutoff=0.5)
        near = near or [known for known in names if known.startswith(name)][:_NEAR]
        hint = f"did you mean {' or '.join(f'/{known}' for known in near)}?" if near else ""
        hint = hint or "/help lists them."
        self._place.say("warning", f"/{name} is no command: {hint} Nothing was sent.")
        return False

    async def _run_command(self, text: str) -> None:
        excluded = text.startswith("!!")
        command = text[2 if excluded else 1 :].strip()
        if not command:
            return
        if self._bash:
            self._place.give_back(text)
            self._place.say("warning", "A command is running already: Esc ends it.")
            return
        self._bash = True
        shown = self._place.command_began(command, excluded=excluded)
        result: BashResult | None = None
        try:
            result = await self._required.send(c.Bash(command, excluded))
        finally:
            self._bash = False
            self._place.command_ended(shown, result)

    # -- stopping ----------------------------------------------------------------------------------

    @property
    def stops(self) -> bool:
        """Whether Esc would end something."""
        session = self._session
        state = session.state if session is not None else None
        busy = state is not None and (state.streaming or state.held)
        busy = busy or bool(self._errands)
        return busy or self._retrying or self._compacting or self._bash or bool(self._held)

    @contextmanager
    def errand(self, stop: Callable[[], object]) -> Iterator[None]:
        """Something goes on beside the session, and Esc stops it."""
        self._errands.append(stop)
        try:
            yield
        finally:
            self._errands.remove(stop)

    def escape(self) -> bool:
        """Esc: end the innermost thing that goes on. False if nothing does."""
        if self._errands:
            self._errands[-1]()
            return True
        if self._session is None:
            held = bool(self._held)
            self.failed()
            return held
        state = self._session.state
        if self._retrying:
            self._spawn(self._give_up())
        elif self._compacting or state.streaming or state.held:
            self._spawn(self._abort())
        elif self._bash:
            self._spawn(self._send(c.AbortBash()))
        else:
            return False
        return True

    async def _give_up(self) -> None:
        await self._take_back()
        await self._send(c.AbortRetry())

    async def _abort(self) -> None:
        await self._take_back()
        self._last = None
        await self._send(c.Abort())

    def take_back(self) -> None:
        """What was queued goes back into the editor."""
        if self._session is None:
            self.failed()
        else:
            self._spawn(self._take_back())

    async def _take_back(self) -> None:
        queued = await self._send(c.ClearQueue())
        if isinstance(queued, Queued):
            self._give_back([*queued.steering, *queued.follow_up])

    def _give_back(self, texts: Sequence[str]) -> None:
        if texts:
            self._place.give_back("\n\n".join(texts))

    # -- inside ------------------------------------------------------------------------------------

    @property
    def _required(self) -> c.Session:
        assert self._session is not None
        return self._session

    def _show_queue(self) -> None:
        self._place.queued([text for text, _, _ in self._held], *self._queue)

    async def _send(self, command: c.Command) -> Any:
        """Send a command; what cannot be done is said."""
        try:
            return await self._required.send(command)
        except PiError as error:
            self._place.say("error", error.message)
            return None

    def send(
        self, command: c.Command, then: Callable[[Any], Awaitable[None] | None] | None = None
    ) -> None:
        """Send a command for a key, and do something with its answer."""

        async def work() -> None:
            answer = await self._send(command)
            if then is not None:
                done = then(answer)
                if done is not None:
                    await done

        if self._session is not None:
            self._spawn(work())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._place.say("error", f"{type(error).__name__}: {error}")

    async def end(self) -> None:
        """End whatever goes on, in order."""
        if self._session is not None:
            await self._send(c.Abort())
            await self._send(c.AbortBash())
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _is_command(text: str) -> bool:
    """Whether it is meant as a command: `/word`, not a path such as `/usr/bin`."""
    if not text.startswith("/"):
        return False
    word = text[1:].split(None, 1)[0] if len(text) > 1 and not text[1].isspace() else ""
    return "/" not in word
