"""A session for a Python program.

It is composed as one of the program `pi` is, with the user's settings, models and credentials, and
asked by the same commands; here is only what makes that pleasant to write. Nothing is read before
the session is used.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack

from pi.agent.functions import as_tool
from pi.agent.hooks import Hooks
from pi.agent.tools import Tool
from pi.ai.client import Client
from pi.ai.errors import AbortedError, ConfigError, ErrorInfo, to_exception
from pi.ai.messages import AssistantMessage, ImageContent
from pi.ai.model import Model, ThinkingLevel
from pi.coding.api import commands as c
from pi.coding.api.answers import BashResult, Queued, SessionStats
from pi.coding.api.events import AgentSettled, CompactionResult, SessionEvent
from pi.coding.api.ui import UserInterface
from pi.coding.compose import Composition, compose
from pi.coding.extensions.find import given as found_of
from pi.coding.extensions.runtime import Runtime
from pi.coding.home import Home, open_home
from pi.coding.loading import load_extensions, new_runtime
from pi.coding.sdk.options import SessionOptions
from pi.coding.sdk.show import markdown_of
from pi.coding.session.entries import AgentMessage
from pi.coding.wishes import Extras, Wishes

__all__ = ["AsyncSession"]

ToolLike = str | Tool | Callable[..., Any]


class AsyncSession:
    """A conversation with a model that has tools. Use it as `async with pi.Session(...)`.

    model: `provider/id` or part of a name, as on the command line, or a `Model`; without one it is
    chosen as the program does. The other arguments are explained in `SessionOptions`: tools,
    thinking, system, append_system, cwd, save, resume, name, hooks, extensions, client, models,
    api_key, env, context_files, skills, templates, max_turns, max_cost.

    Methods raise `PiError` by kind when something cannot be done. One prompt at a time; `steer` and
    `follow_up` while it runs. A session belongs to the event loop in which it was first used.
    """

    def __init__(self, model: str | Model | None = None, **options: Unpack[SessionOptions]) -> None:
        self._model = model
        self._options = options
        self._composition: Composition | None = None
        self._opening = asyncio.Lock()
        self._listeners: list[Callable[[SessionEvent], None]] = []

    # -- talking --------------------------------------------------------------------------------

    async def prompt(self, text: str, *images: ImageContent) -> AssistantMessage:
        """Say something and wait until all is settled; gives the last answer.

        Raises `PiError` by kind if the answer failed, `AbortedError` if somebody aborted the run;
        what arrived is in `messages`.
        """
        session = await self._open()
        ended: list[AgentSettled] = []
        unsubscribe = session.subscribe(
            lambda event: ended.append(event) if isinstance(event, AgentSettled) else None
        )
        try:
            answer: AssistantMessage | None = await session.send(c.Prompt(text, images))
        finally:
            unsubscribe()
        if any(settled.aborted for settled in ended):
            raise AbortedError("the run was aborted")
        if answer is None:
            raise ConfigError("the prompt was not answered: nothing was asked of the model")
        if answer.stop_reason == "error":
            message = answer.error_message or "unknown error"
            info = ErrorInfo(answer.error_kind or "protocol", message, None, answer.retry_after)
            raise to_exception(info)
        return answer

    async def stream(self, text: str, *images: ImageContent) -> AsyncGenerator[SessionEvent, None]:
        """Say something and hear what happens, until all is settled. Leaving early aborts."""
        session = await self._open()
        events: asyncio.Queue[SessionEvent] = asyncio.Queue()
        unsubscribe = session.subscribe(events.put_nowait)
        try:
            await session.submit(c.Prompt(text, images))
            while True:
                event = await events.get()
                yield event
                if isinstance(event, AgentSettled):
                    return
        finally:
            unsubscribe()
            if session.state.streaming:
                await session.send(c.Abort())

    async def steer(self, text: str, *images: ImageContent) -> None:
        """Say something before the next request of the run."""
        await self.send(c.Steer(text, images))

    async def follow_up(self, text: str, *images: ImageContent) -> None:
        """Say something when the run would otherwise end."""
        await self.send(c.FollowUp(text, images))

    async def abort(self) -> None:
        """End the run and wait for its end; what arrived is kept, what was queued is dropped."""
        await self.send(c.Abort())

    async def clear_queue(self) -> Queued:
        """Take back what was queued."""
        return await self.send(c.ClearQueue())

    async def bash(self, command: str, *, exclude_from_context: bool = False) -> BashResult:
        """Run a command yourself; the model hears of it with the next prompt."""
        return await self.send(c.Bash(command, exclude_from_context))

    def subscribe(self, listener: Callable[[SessionEvent], None]) -> Callable[[], None]:
        """Hear all events, in order; gives a function that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def send(self, command: c.Command) -> Any:
        """Any command there is; what it answers says `pi.coding.api.answers`."""
        return await (await self._open()).send(command)

    # -- changing -------------------------------------------------------------------------------

    async def set_model(self, model: str | Model) -> Model:
        """Go on with another model: `provider/id`, or one given when the session was made."""
        session = await self._open()
        if isinstance(model, str):
            assert self._composition is not None
            model = self._composition.home.catalog.find(model)
        await session.send(c.SetModel(model.provider, model.id))
        return session.state.model

    async def set_thinking(self, level: ThinkingLevel) -> ThinkingLevel:
        """Think more or less; gives the level that the model supports."""
        session = await self._open()
        await session.send(c.SetThinkingLevel(level))
        return session.state.thinking_level

    async def set_name(self, name: str) -> None:
        """Name the session; an empty name takes the name away."""
        await self.send(c.SetName(name))

    async def compact(self, instructions: str | None = None) -> CompactionResult:
        """Replace history by a summary now."""
        return await self.send(c.Compact(instructions))

    async def new(self) -> None:
        """Begin another session, kept where this one is kept."""
        await self.send(c.NewSession())

    async def switch(self, path: str | Path) -> None:
        """Go on with the session in a file."""
        await self.send(c.SwitchSession(str(path)))

    async def fork(self, entry_id: str) -> str:
        """Go on in a new session from before a prompt; gives the text of that prompt."""
        forked = await self.send(c.Fork(entry_id))
        return forked.text

    async def clone(self) -> None:
        """Go on in a copy of this session."""
        await self.send(c.Clone())

    async def navigate(self, entry_id: str | None, *, summarize: bool = False) -> str | None:
        """Go on from another entry; from a prompt it is the place before it, and gives its text."""
        went = await self.send(c.NavigateTree(entry_id, summarize))
        return went.text or None

    # -- looking --------------------------------------------------------------------------------

    async def open(self) -> Self:
        """Read settings, credentials and the session now, and not when they are first needed."""
        await self._open()
        return self

    async def stats(self) -> SessionStats:
        """Tokens and cost, by model, and how full the window is."""
        return await self.send(c.GetSessionStats())

    async def export(self, path: str | Path) -> Path:
        """Write the session: as one page, or the active branch if the name ends in `.jsonl`."""
        kind = c.ExportJsonl if str(path).endswith(".jsonl") else c.ExportHtml
        return Path((await self.send(kind(str(path)))).path)

    @property
    def state(self) -> c.State:
        """How things stand. Raises `ConfigError` before the session is open."""
        return self._opened.session.state

    @property
    def model(self) -> Model:
        """The model for the next request. Raises `ConfigError` before the session is open."""
        return self.state.model

    @property
    def messages(self) -> tuple[AgentMessage, ...]:
        """The conversation since the last compaction; empty before the session is open."""
        if self._composition is None:
            return ()
        return self._composition.controller.log.state.transcript

    @property
    def path(self) -> Path | None:
        """The session's file, which need not exist before the first prompt."""
        return self._opened.controller.log.path

    @property
    def id(self) -> str:
        """The session's id."""
        return self.state.session.id

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know about settings, files and the choice of the model."""
        opened = self._opened
        return (*opened.home.notes, *opened.notes)

    def use_ui(self, ui: UserInterface) -> None:
        """Let policies and extensions ask the person there. The session has to be open."""
        self._opened.session.use_ui(ui)

    def __repr__(self) -> str:
        if self._composition is None:
            return f"<pi.Session {self._model or ''} (not open)>"
        name = f" {self.state.name!r}" if self.state.name else ""
        return f"<pi.Session{name} {self.model.key}, {len(self.messages)} messages>"

    def _repr_markdown_(self) -> str:
        """What a notebook shows: the conversation."""
        return markdown_of(self.messages) or repr(self)

    # -- opening and closing --------------------------------------------------------------------

    async def aclose(self) -> None:
        """End what goes on, in order, and close connections."""
        composition, self._composition = self._composition, None
        if composition is not None:
            await composition.session.quiet()
            await composition.__aexit__()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    @property
    def _opened(self) -> Composition:
        if self._composition is None:
            raise ConfigError("the session is not open yet: use `async with`, or `await open()`")
        return self._composition

    async def _open(self) -> Any:
        async with self._opening:
            if self._composition is None:
                self._composition = await _compose(self._model, self._options)
                self._composition.session.subscribe(self._tell)
        return self._composition.session

    def _tell(self, event: SessionEvent) -> None:
        for listener in tuple(self._listeners):
            listener(event)


async def _compose(model: str | Model | None, options: SessionOptions) -> Composition:
    env: Mapping[str, str] = options.get("env") or os.environ
    cwd = options.get("cwd")
    home = open_home(env, None if cwd is None else Path(cwd))
    tools = options.get("tools")
    names, own = _sorted_tools(tools)
    save = options.get("save", False)
    extensions = options.get("extensions", ())
    wishes = Wishes(
        model=model if isinstance(model, str) else None,
        thinking=options.get("thinking"),
        api_key=options.get("api_key"),
        resume=options.get("resume", False),
        session=_file(save),
        no_session=not save,
        name=options.get("name"),
        tools=names,
        system_prompt=options.get("system"),
        append_system_prompt=tuple(options.get("append_system", ())),
        context_files=options.get("context_files", True),
        skills=options.get("skills", True),
        templates=options.get("templates", True),
        max_turns=options.get("max_turns"),
        max_cost=options.get("max_cost"),
        extensions=tuple(str(item) for item in extensions if not callable(item)),
        ask_trust=False,
    )
    hooks: Sequence[Hooks] = options.get("hooks", ())
    given = (model,) if isinstance(model, Model) else ()
    extras = Extras(tools=own, hooks=tuple(hooks), models=(*given, *options.get("models", ())))
    client: Client | None = options.get("client")
    runtime: Runtime | None = None
    if extensions:
        functions = tuple(item for item in extensions if callable(item))
        runtime, home = await _loaded(home, wishes, functions)
    return await compose(
        home, wishes, extras, client=client, model=given[0] if given else None, runtime=runtime
    )


async def _loaded(
    home: Home, wishes: Wishes, functions: Sequence[Callable[..., Any]]
) -> tuple[Runtime, Home]:
    """The extensions of the program. Raises `ConfigError` for one that cannot be loaded."""
    runtime = new_runtime(home, wishes)
    runtime.given = tuple(found_of(item, number) for number, item in enumerate(functions))
    home = await load_extensions(runtime, home, wishes)
    for item in runtime.loaded:
        if item.problem:
            raise ConfigError(f"the extension {item.owner.name} cannot be loaded: {item.problem}")
    return runtime, home


def _file(save: bool | str | Path) -> str | None:
    return None if isinstance(save, bool) else str(Path(save).absolute())


def _sorted_tools(
    tools: Sequence[ToolLike] | None,
) -> tuple[tuple[str, ...] | None, tuple[Tool, ...]]:
    """Names of built-in tools, None for the usual ones, and the caller's own tools."""
    if tools is None:
        return None, ()
    names = tuple(item for item in tools if isinstance(item, str))
    return names, tuple(as_tool(item) for item in tools if not isinstance(item, str))
