"""The controller: commands in, events out, one run at a time, everything recorded in the log.

It owns no state of the conversation: model, thinking level and messages are what the log's fold
says. Changing one appends an entry. What a command does is a handler (`pi.coding.handlers`); here
is only the run, and what handlers and policies share.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import msgspec

from pi.agent.events import AgentEvent, MessageEnd, MessageStart
from pi.agent.execute import Surroundings
from pi.agent.hooks import Hooks
from pi.agent.inbox import Inbox
from pi.agent.loop import Loop, Turn
from pi.ai.client import Client
from pi.ai.errors import ConfigError, PiError
from pi.ai.messages import AssistantMessage, Context, ImageContent, UserMessage, text_of
from pi.ai.model import Model, ThinkingLevel
from pi.coding.api.answers import BashResult
from pi.coding.api.commands import Command, Disposition, Prompt, State
from pi.coding.api.events import (
    AgentSettled,
    CompactionEnd,
    CompactionStart,
    ExtensionError,
    Notice,
    QueueUpdate,
    SessionEvent,
    SessionStart,
    ThinkingLevelChanged,
)
from pi.coding.api.ui import NoUser, UserInterface
from pi.coding.extensions.quiet import QuietBridge
from pi.coding.handlers.desk import Services
from pi.coding.handlers.table import handler_of
from pi.coding.handlers.talk import user_message
from pi.coding.session.again import take_again
from pi.coding.session.entries import AgentMessage
from pi.coding.session.log import SessionLog
from pi.coding.settings import Settings

__all__ = ["Controller", "Services"]


class Controller:
    """A session at work: a `Session` for modes, a desk for handlers, a host for loop and policies.

    model, thinking: what a new session starts with; with `pinned` also one that goes on, whatever
    it used before. Either way the log says so from the first prompt on.
    """

    def __init__(
        self,
        services: Services,
        log: SessionLog,
        *,
        model: Model,
        thinking: ThinkingLevel,
        pinned: bool = False,
        inbox: Inbox | None = None,
    ) -> None:
        self.services = services
        self.log = log
        log.mask = services.mask
        self.inbox = inbox or Inbox()
        self.ui: UserInterface = NoUser()
        self.bash: asyncio.Task[BashResult] | None = None
        self.summary: asyncio.Task[Any] | None = None
        self._start: tuple[Model, ThinkingLevel] = (model, thinking)
        self._pinned = pinned
        self._listeners: list[Callable[[SessionEvent], None]] = []
        self._run: asyncio.Task[None] | None = None
        self._parked: list[AgentMessage] = []
        self._told = (0, 0)
        self._compacting = False
        self.bridge: QuietBridge = services.bridge(self)
        self.hooks: Sequence[Hooks] = services.policies(self)

    # -- for modes ------------------------------------------------------------------------------

    def subscribe(self, listener: Callable[[SessionEvent], None]) -> Callable[[], None]:
        """Hear all events, in order; gives a function that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def use_ui(self, ui: UserInterface) -> None:
        """Ask and tell the user there from now on."""
        self.ui = ui
        self.bridge.begin("startup")

    async def send(self, command: Command) -> Any:
        """Carry out a command. Raises `PiError` if it can't be."""
        if isinstance(command, Prompt):
            return await self._prompt(command)
        handler = handler_of(type(command))
        if handler is None:
            raise ConfigError(f"{type(command).__name__} is nothing that one session can do")
        return await handler(self, command)

    async def submit(self, prompt: Prompt) -> Disposition:
        """Take a prompt without waiting for its run; what goes wrong in it is told as an event."""
        return await self._accept(prompt, alone=True)

    @property
    def state(self) -> State:
        """How things stand now."""
        folded = self.log.state
        header = self.log.header
        answers = (m for m in reversed(folded.messages) if isinstance(m, AssistantMessage))
        return State(
            self.model,
            self.thinking,
            self.busy,
            SessionStart(header.version, header.id, header.timestamp, header.cwd),
            str(self.log.path) if self.log.path else None,
            folded.name,
            len(folded.messages),
            len(self.inbox.steering) + len(self.inbox.follow_up),
            next(answers, None),
            self.bridge.holds,
        )

    # -- for policies and handlers --------------------------------------------------------------

    @property
    def cwd(self) -> Path:
        """The session's working folder."""
        return self.services.cwd

    @property
    def client(self) -> Client:
        """The client."""
        return self.services.client

    @property
    def settings(self) -> Settings:
        """What the user has set."""
        return self.services.settings

    @property
    def busy(self) -> bool:
        """Whether a run is going on."""
        return self._run is not None

    @property
    def pinned(self) -> bool:
        """Whether the next prompt goes to another model than the log says so far."""
        return self._pinned

    @property
    def compacting(self) -> bool:
        """Whether a summary is being made."""
        return self._compacting or self.summary is not None

    @property
    def model(self) -> Model:
        """The model for the next request."""
        chosen = self.log.state.model
        start = self._start[0]
        if self._pinned or chosen is None or chosen == (start.provider, start.id):
            return start
        return self.services.find(*chosen)

    @property
    def thinking(self) -> ThinkingLevel:
        """The thinking level for the next request, as far as the model supports it."""
        level = None if self._pinned else self.log.state.thinking_level
        return self.model.clamp(level or self._start[1])  # type: ignore[arg-type]

    def choose(self, model: Model | None, level: ThinkingLevel | None) -> None:
        """Record what is used from now on; None leaves it as it is."""
        before, was = self.thinking, self.model
        if model is not None and model.key == self._start[0].key:
            self._start = (model, self._start[1])  # models.json may say something else of it now
        if self._pinned:
            self._record_choice(model or self.model)
        elif model is not None:
            self.log.append_model_change(model.provider, model.id)
        if level is not None:
            self.log.append_thinking_level(level)
        if self.thinking != before:
            self.tell(ThinkingLevelChanged(self.thinking))
        self.bridge.chosen(self.model, was, self.thinking, before)

    def record(self, message: AgentMessage) -> None:
        """Add a message to the log: now, or when the run that is going on has settled."""
        if self.busy:
            self._parked.append(message)
        else:
            self.log.append_message(message)

    def available(self) -> Sequence[Model]:
        """The models that the user can use."""
        return self.services.available()

    # -- the loop's host ------------------------------------------------------------------------

    def turn(self) -> Turn:
        """The state of things for the next request."""
        services, model = self.services, self.model
        definitions = tuple(tool.definition for tool in services.tools.values())
        options = msgspec.structs.replace(
            services.options,
            thinking=self.thinking,
            session_id=self.log.header.id,
        )
        return Turn(
            model,
            Context(tuple(self.log.state.messages), services.system(), definitions),
            options,
            self.bridge.timed(services.tools),
            Surroundings(services.cwd, services.env, model.sees_images),
        )

    def emit(self, event: AgentEvent) -> None:
        """Record what was said, then tell everybody."""
        if isinstance(event, MessageEnd):
            self.log.append_message(event.message)
        elif isinstance(event, MessageStart) and self._told != self._waiting():
            self.queue_changed()  # what was queued is said now
        self.tell(event)

    # -- the run --------------------------------------------------------------------------------

    async def _prompt(self, prompt: Prompt) -> AssistantMessage | None:
        before = self.state.last_answer
        taken = await self._accept(prompt, alone=False)
        if taken == "queued":
            return None
        await self.settled()
        answer = self.state.last_answer
        return None if taken == "handled" and answer is before else answer

    async def settled(self) -> None:
        """Wait until no run goes on. Raises what went wrong in one that nobody else waits for."""
        run = self._run
        if run is None:
            return
        try:
            await asyncio.shield(run)
        except asyncio.CancelledError:
            if not run.done():  # whoever waits was cancelled: end the run in order first
                await self.abort()
            raise

    async def say(self, text: str, images: Sequence[ImageContent]) -> None:
        """Say something in the name of an extension: begin a run, or queue a follow-up."""
        prompt = Prompt(text, tuple(images), "followUp")
        await self._accept(prompt, alone=True, source="extension")

    async def _accept(
        self, prompt: Prompt, *, alone: bool, source: Literal["user", "extension"] = "user"
    ) -> Disposition:
        """Begin a run, or queue the prompt. Raises `PiError` if it is not taken.

        alone: nobody waits for it. A slash command of an extension is carried out.
        """
        bridge = self.bridge
        await bridge.begun()
        command = bridge.command(prompt.text) if source == "user" else None
        if command is not None:
            task = command(alone)
            if not alone:
                await task
            return "handled"
        said = await bridge.input(prompt.text, prompt.images, source)
        if said is None:
            return "handled"
        waits = self.busy or self.summary is not None
        if not waits:
            self._refresh()
        message = user_message(self, *said)
        if waits:
            if prompt.streaming is None and self.busy:
                raise ConfigError("a run is going on: steer it, queue a follow-up, or abort it")
            queue = self.inbox.steering if prompt.streaming == "steer" else self.inbox.follow_up
            queue.append(message)
            self.queue_changed()
            return "queued"
        model = self.model
        if not self.services.configured(model.provider):
            await self.client.access(model)  # raises, and says what is missing
        take_again(self.log, message)
        self._begin([message], alone=alone)
        return "started"

    def _refresh(self) -> None:
        """Go on with what `models.json` says now, if it has changed."""
        start, find = self._start[0], self.services.find
        known: Model | None = None
        with suppress(ConfigError):  # a model that nobody lists stays what it was
            known = find(start.provider, start.id)
        changed = self.services.refresh()
        for line in self.services.news():
            self.tell(Notice("warning", line))
        if changed and known == start:
            self._start = (find(start.provider, start.id), self._start[1])

    def _begin(self, messages: list[UserMessage], *, alone: bool) -> None:
        self._record_choice(self.model)
        self._run = asyncio.ensure_future(self._carry(messages, alone=alone))

    def begin(self) -> None:
        """Begin a run with what is in the log, if nothing goes on."""
        if not self.busy and self.summary is None:
            self._begin([], alone=True)

    async def _carry(self, messages: list[UserMessage], *, alone: bool) -> None:
        """A run from its first message until nothing goes on by itself.

        alone: nobody waits for it, so what goes wrong is told.
        """
        hooks = (*self.bridge.hooks, *self.hooks)
        loop = Loop(self.client, self, hooks=hooks, inbox=self.inbox)
        aborted = False
        try:
            await loop.run(messages)
        except asyncio.CancelledError:
            aborted = True
        except Exception as error:
            if not alone:
                raise
            text = error.message if isinstance(error, PiError) else repr(error)
            self.tell(Notice("error", text))
        finally:
            self._run = None
            try:
                self._unpark()
            finally:
                self.tell(AgentSettled(aborted))

    def _unpark(self) -> None:
        while self._parked:
            self.log.append_message(self._parked.pop(0))

    async def abort(self) -> None:
        """End the run, drop what was queued, and wait until all is settled."""
        self.drop_queue()
        await self.end_run()

    def drop_queue(self) -> None:
        """Forget what was queued."""
        if self.inbox.take_back():
            self.queue_changed()

    async def end_run(self) -> None:
        """End the run or the summary that is being made, and wait until all is settled."""
        for task in (self._run, self.summary):
            if task is not None and task is not asyncio.current_task():
                await asyncio.sleep(0)  # a run that was just accepted records its prompt first
                task.cancel()
                await asyncio.wait([task])

    def go_on(self) -> None:
        """Begin a run with what was queued, if nothing goes on."""
        if self.busy or self.summary is not None:
            return
        messages = self.inbox.take_steering() or self.inbox.take_follow_up()
        if messages:
            self.queue_changed()
            self._begin(messages, alone=True)

    def _record_choice(self, model: Model) -> None:
        """Say in the log what a new session starts with."""
        state = self.log.state
        if state.model != (model.provider, model.id):
            self.log.append_model_change(model.provider, model.id)
        level = self._start[1]
        if state.thinking_level is None or (self._pinned and state.thinking_level != level):
            self.log.append_thinking_level(level)
        self._pinned = False

    # -- events ---------------------------------------------------------------------------------

    def tell(self, event: SessionEvent) -> None:
        """Say something to everybody who listens."""
        if isinstance(event, CompactionStart | CompactionEnd):
            self._compacting = isinstance(event, CompactionStart)
        for listener in tuple(self._listeners):
            listener(event)
        if not isinstance(event, ExtensionError):
            self.bridge.hear(event)

    def queue_changed(self) -> None:
        """Tell what is queued."""
        inbox = self.inbox
        self._told = self._waiting()
        steering = tuple(text_of(message.content) for message in inbox.steering)
        self.tell(QueueUpdate(steering, tuple(text_of(m.content) for m in inbox.follow_up)))

    def _waiting(self) -> tuple[int, int]:
        return len(self.inbox.steering), len(self.inbox.follow_up)
