"""The controller: commands in, events out, one run at a time, everything recorded in the log.

It owns no state of the conversation: model, thinking level and messages are what the log's fold
says. Changing one appends an entry.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from pi.agent.events import AgentEvent, MessageEnd, MessageStart
from pi.agent.execute import Surroundings
from pi.agent.hooks import Hooks
from pi.agent.inbox import Inbox
from pi.agent.loop import Loop, Turn
from pi.agent.tools import Tool
from pi.ai.client import Client
from pi.ai.errors import ConfigError
from pi.ai.messages import (
    AssistantMessage,
    Context,
    ImageContent,
    Message,
    TextContent,
    UserContent,
    UserMessage,
    text_of,
)
from pi.ai.model import Model, ThinkingLevel
from pi.ai.options import Options, Retry
from pi.coding.api.commands import (
    Abort,
    ClearQueue,
    Command,
    FollowUp,
    Prompt,
    SetModel,
    SetName,
    SetThinkingLevel,
    State,
    Steer,
)
from pi.coding.api.events import (
    AgentSettled,
    AutoRetryEnd,
    AutoRetryStart,
    QueueUpdate,
    SessionEvent,
    SessionInfoChanged,
    SessionStart,
    ThinkingLevelChanged,
)
from pi.coding.policies.host import Policies, PolicyHost
from pi.coding.session.log import SessionLog
from pi.coding.settings import Settings

__all__ = ["Controller", "Services"]


def _no_policies(host: PolicyHost) -> Sequence[Hooks]:
    return ()


class Services(Struct, frozen=True, kw_only=True):
    """What a session needs around it; made by `pi.coding.compose`.

    find: `provider`, `id` to the model. configured: whether a provider has a credential.
    system: the system prompt's blocks. options: what settings say about every call.
    policies: makes the loop's hooks.
    """

    client: Client
    find: Callable[[str, str], Model]
    configured: Callable[[str], bool]
    system: Callable[[], tuple[str, ...]]
    tools: Mapping[str, Tool]
    cwd: Path
    options: Options = Options()
    settings: Settings = Settings()
    policies: Policies = _no_policies
    env: dict[str, str] = {}


class Controller:
    """A session at work. Implements `pi.coding.api.commands.Session` and the loop's `Host`.

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
        self._services = services
        self._log = log
        self._start_model = model
        self._start_thinking = thinking
        self._inbox = inbox or Inbox()
        self._listeners: list[Callable[[SessionEvent], None]] = []
        self._run: asyncio.Task[tuple[Message, ...]] | None = None
        self._retry: Retry | None = None
        self._pinned = pinned
        self._hooks = services.policies(self)

    # -- for modes ------------------------------------------------------------------------------

    def subscribe(self, listener: Callable[[SessionEvent], None]) -> Callable[[], None]:
        """Hear all events, in order; gives a function that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def send(self, command: Command) -> Any:
        """Carry out a command. Raises `PiError` if it can't be."""
        match command:
            case Prompt():
                return await self._prompt(command)
            case Steer(text, images):
                return self._queue(self._inbox.steering, text, images)
            case FollowUp(text, images):
                return self._queue(self._inbox.follow_up, text, images)
            case Abort():
                return await self._abort()
            case ClearQueue():
                texts = [text_of(message.content) for message in self._inbox.take_back()]
                self._queue_changed()
                return texts
            case SetModel(provider, model_id):
                return self._set_model(self._services.find(provider, model_id))
            case SetThinkingLevel(level):
                return self._set_thinking(self.model.clamp(level))
            case SetName(name):
                return self._set_name(name)

    @property
    def state(self) -> State:
        """How things stand now."""
        folded = self._log.state
        header = self._log.header
        answers = [m for m in folded.messages if isinstance(m, AssistantMessage)]
        return State(
            self.model,
            self.thinking,
            self._run is not None,
            SessionStart(header.version, header.id, header.timestamp, header.cwd),
            str(self._log.path) if self._log.path else None,
            folded.name,
            len(folded.messages),
            len(self._inbox.steering) + len(self._inbox.follow_up),
            answers[-1] if answers else None,
        )

    # -- for policies

    @property
    def log(self) -> SessionLog:
        """The session's log."""
        return self._log

    @property
    def client(self) -> Client:
        """The client."""
        return self._services.client

    @property
    def settings(self) -> Settings:
        """What the user has set."""
        return self._services.settings

    # -- what the fold says ---------------------------------------------------------------------

    @property
    def model(self) -> Model:
        """The model for the next request."""
        chosen = self._log.state.model
        start = self._start_model
        if self._pinned or chosen is None or chosen == (start.provider, start.id):
            return start
        return self._services.find(*chosen)

    @property
    def thinking(self) -> ThinkingLevel:
        """The thinking level for the next request, as far as the model supports it."""
        level = None if self._pinned else self._log.state.thinking_level
        return self.model.clamp(level or self._start_thinking)

    # -- the loop's host ------------------------------------------------------------------------

    def turn(self) -> Turn:
        """The state of things for the next request."""
        services, model = self._services, self.model
        definitions = tuple(tool.definition for tool in services.tools.values())
        options = msgspec.structs.replace(
            services.options,
            thinking=self.thinking,
            session_id=self._log.header.id,
            on_retry=self._retrying,
        )
        return Turn(
            model,
            Context(tuple(self._log.state.messages), services.system(), definitions),
            options,
            services.tools,
            Surroundings(services.cwd, services.env, model.sees_images),
        )

    def emit(self, event: AgentEvent) -> None:
        """Record what was said, then tell everybody."""
        if isinstance(event, MessageEnd):
            self._log.append_message(event.message)
        if self._retry is not None:
            self._retry_over(event)
        self.tell(event)

    # -- commands -------------------------------------------------------------------------------

    async def _prompt(self, prompt: Prompt) -> AssistantMessage | None:
        if self._run is not None:
            match prompt.streaming:
                case "steer":
                    return self._queue(self._inbox.steering, prompt.text, prompt.images)
                case "followUp":
                    return self._queue(self._inbox.follow_up, prompt.text, prompt.images)
                case None:
                    raise ConfigError("a run is going on: steer it, queue a follow-up, or abort it")
        model = self.model
        if not self._services.configured(model.provider):
            await self._services.client.access(model)  # raises, and says what is missing
        self._record_choice(model)
        loop = Loop(self._services.client, self, hooks=self._hooks, inbox=self._inbox)
        self._run = asyncio.ensure_future(loop.run([_message(prompt.text, prompt.images)]))
        aborted = False
        try:
            await asyncio.shield(self._run)
        except asyncio.CancelledError:
            aborted = True
            if not self._run.done():  # whoever waits was cancelled: end the run in order first
                await self._abort()
                raise
        finally:
            self._run = None
            self._retry = None
            self.tell(AgentSettled(aborted))
        return self.state.last_answer

    async def _abort(self) -> None:
        run = self._run
        if self._inbox.take_back():
            self._queue_changed()
        if run is not None:
            run.cancel()
            await asyncio.wait([run])

    def _queue(self, queue: list[UserMessage], text: str, images: tuple[ImageContent, ...]) -> None:
        queue.append(_message(text, images))
        self._queue_changed()

    def _record_choice(self, model: Model) -> None:
        """Say in the log what a new session starts with."""
        state = self._log.state
        if state.model != (model.provider, model.id):
            self._log.append_model_change(model.provider, model.id)
        level = self._start_thinking
        if state.thinking_level is None or (self._pinned and state.thinking_level != level):
            self._log.append_thinking_level(level)
        self._pinned = False

    def _set_model(self, model: Model) -> Model:
        self._pinned = False
        self._log.append_model_change(model.provider, model.id)
        return model

    def _set_thinking(self, level: ThinkingLevel) -> ThinkingLevel:
        if level != self._log.state.thinking_level:
            self._log.append_thinking_level(level)
            self.tell(ThinkingLevelChanged(level))
        return level

    def _set_name(self, name: str) -> None:
        self._log.append_name(name)
        self.tell(SessionInfoChanged(name or msgspec.UNSET))

    # -- events ---------------------------------------------------------------------------------

    def tell(self, event: SessionEvent) -> None:
        """Say something to everybody who listens."""
        for listener in tuple(self._listeners):
            listener(event)

    def _queue_changed(self) -> None:
        self.tell(
            QueueUpdate(
                tuple(text_of(m.content) for m in self._inbox.steering),
                tuple(text_of(m.content) for m in self._inbox.follow_up),
            )
        )

    def _retrying(self, retry: Retry) -> None:
        self._retry = retry
        self.tell(
            AutoRetryStart(
                retry.attempt, retry.max_attempts, round(retry.delay * 1000), retry.message
            )
        )

    def _retry_over(self, event: AgentEvent) -> None:
        retry = self._retry
        if retry is None or not isinstance(event, MessageStart | MessageEnd):
            return
        message = event.message
        if isinstance(message, AssistantMessage):
            failed = message.stop_reason == "error"
            if failed or message.content or message.stop_reason not in ("pending",):
                self._retry = None
                error = message.error_message if failed and message.error_message else msgspec.UNSET
                self.tell(AutoRetryEnd(not failed, retry.attempt, error))


def _message(text: str, images: tuple[ImageContent, ...]) -> UserMessage:
    if not images:
        return UserMessage(text)
    content: tuple[UserContent, ...] = (TextContent(text), *images) if text else images
    return UserMessage(content)
