"""Between one session at work and the extensions: asks them, tells them, runs their commands.

A bridge belongs to one controller. What a run needs of it are hooks like those of any policy
(`pi.coding.extensions.hooks`); the rest is asked by the handlers of commands.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from inspect import isawaitable
from typing import Any, TypeVar

import msgspec

from pi.agent.hooks import Hooks
from pi.agent.tools import Tool
from pi.ai.errors import ConfigError
from pi.ai.messages import ImageContent
from pi.ai.model import Model, ThinkingLevel
from pi.coding.api.events import ExtensionError, Notice
from pi.coding.api.setup import Completion
from pi.coding.extensions.asking import Asker, made, words_of
from pi.coding.extensions.calling import kept
from pi.coding.extensions.context import SessionContext
from pi.coding.extensions.given import describe, key_name
from pi.coding.extensions.guarded import GuardedHooks, misspelt
from pi.coding.extensions.hooks import ExtensionHooks
from pi.coding.extensions.inside import Inside
from pi.coding.extensions.notes import Notes
from pi.coding.extensions.offer import Offer
from pi.coding.extensions.program import Program
from pi.coding.extensions.quiet import QuietBridge
from pi.coding.extensions.results import Handled
from pi.coding.extensions.shelf import OURS, CommandRow, HandlerRow, Owner
from pi.coding.extensions.timed import TimedTools
from pi.coding.extensions.waiting import GivenUp, Waits
from pi.coding.extensions.words import Reason

__all__ = ["Bridge"]

T = TypeVar("T")

_ENDS = {"interactive": "Esc", "rpc": "`abort`", "print": "Ctrl+C", "json": "Ctrl+C"}
"""How a person ends what takes long, by mode."""

_PATIENCE = 5.0
"""Seconds that handlers may still take when their session is over."""


class Bridge(QuietBridge):
    """The extensions, for one session. keep_tools: the command line says which tools are active."""

    def __init__(
        self, program: Program, inside: Inside, offer: Offer, *, keep_tools: bool = False
    ) -> None:
        super().__init__(program, inside, offer, keep_tools=keep_tools)
        self.notes = Notes(inside)
        self.context = SessionContext(program, inside, offer, self.notes)
        self.waits = Waits(self._late, _ENDS.get(program.mode, "an abort"), program.slow)
        self.asker = Asker(program.shelf, self.context, self._failed, self.waits)
        self._commands: set[asyncio.Task[None]] = set()
        self._begun: asyncio.Task[GivenUp | None] | None = None
        self._told: set[tuple[str, str, str]] = set()
        self._early: list[ExtensionError] = []
        self.hooks = (ExtensionHooks(self), *self._policies())

    # -- the session ----------------------------------------------------------------------------

    def begin(self, reason: Reason, previous_file: str | None = None) -> None:
        """The session is what modes talk to from now on; its extensions are told, once."""
        if self._started:
            return
        self._started = True
        for error in self._early:
            self._inside.tell(error)
        self._program.context = self.context
        self._program.tell = self.tell
        self._program.failed = self.failed
        self.restore_tools()
        if self.hears("session_start"):
            event = made("session_start", reason, previous_file)
            self._begun = asyncio.ensure_future(self._all("session_start", event))

    async def begun(self) -> None:
        """Wait until all have heard that the session begins; it begins now if it has not yet.

        Raises `GivenUp` if somebody does not want to wait for that.
        """
        self.begin("startup")
        if self._begun is not None and not self._begun.done():
            given_up = await asyncio.shield(self._begun)
            if given_up is not None:
                raise given_up

    async def end(self, reason: Reason, next_file: str | None = None) -> None:
        """The session is over: what is registered is told so, and its context ends."""
        if self._started:
            with suppress(GivenUp, TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    await self.begun()
            self.waits.give_up("asked")
            self.tell("session_shutdown", reason, next_file)
        await self.asker.close(_PATIENCE)
        self.context.end()
        for task in tuple(self._commands):
            if reason == "quit" and task is not asyncio.current_task():
                task.cancel()

    # -- asking and telling ---------------------------------------------------------------------

    def tell(self, name: str, *fields: Any) -> None:
        """Tell the event of that name, made of these fields, without waiting."""
        if self.hears(name):
            self.asker.hear(name, made(name, *fields))

    def hear(self, event: Any) -> None:
        """Tell an event of a mode, under the name of its type."""
        if self._program.shelf.handlers:
            self.asker.hear(event.__struct_config__.tag, event)

    async def first(self, name: str, kinds: tuple[type[T], ...], *fields: Any) -> T | None:
        """The first answer of one of these kinds to an event made of these fields.

        Whoever answers something else has failed. Raises `GivenUp` if somebody does not want to
        wait for one of them.
        """
        if not self.hears(name):
            return None
        event = made(name, *fields)
        for row in self.asker.rows(name):
            answer = await self.asker.ask(row, name, event, kind="asked")
            if isinstance(answer, kinds):
                return answer
            if answer is not None:
                self.wrong(row, name, answer)
        return None

    async def _all(self, name: str, event: Any) -> GivenUp | None:
        """Tell all; gives that one of them was given up."""
        given_up: GivenUp | None = None
        for row in self.asker.rows(name):
            try:
                await self.asker.ask(row, name, event, kind="asked")
            except GivenUp as error:
                given_up = error
        return given_up

    @property
    def holds(self) -> bool:
        """Whether an extension is waited for, outside of a run."""
        return self.waits.holds()

    def give_up(self, *, commands: bool) -> None:
        """Wait no longer for extensions, outside of a run. commands: their slash commands, too."""
        self.waits.give_up("asked", *(("command",) if commands else ()))

    def timed(self, tools: Mapping[str, Tool]) -> Mapping[str, Tool]:
        """The tools, those of extensions so that a person is told if one takes long."""
        return TimedTools(tools, self._program.shelf, self.waits, self.asker)

    def _late(self, text: str) -> None:
        self._inside.tell(Notice("warning", text))

    def wrong(self, row: HandlerRow, name: str, answer: Any) -> None:
        """Tell that an answer makes no sense."""
        from pi.coding.extensions.events import EVENTS

        kind = EVENTS[name]
        words = f"it may answer {kind.returns}" if kind.returns else "it is not asked for an answer"
        place = describe(row.handler, row.owner.words)
        named = isinstance(answer, type)
        kind = f"the class {answer.__name__}" if named else type(answer).__name__
        what = f"{kind} is no answer to {name}"
        self.tell_wrong(row.owner, name, f"{place}: {what}: {words}")

    def tell_wrong(self, owner: Owner, name: str, words: str) -> None:
        """Tell what is wrong with an answer: the same only once, for most come at every request."""
        told = (owner.words, name, words)
        if told not in self._told:
            self._told.add(told)
            self._failed(owner, name, words)

    async def input(
        self, text: str, images: tuple[ImageContent, ...], source: str
    ) -> tuple[str, tuple[ImageContent, ...]] | None:
        """What was said, as extensions want it; None if it is dealt with."""
        for row in self.asker.rows("input"):
            event = made("input", text, images, source)
            answer = await self.asker.ask(row, "input", event, kind="asked")
            if isinstance(answer, Handled):
                return None
            if isinstance(answer, str):
                text = answer
            elif isinstance(answer, type(event)):
                text, images = answer.text, answer.images
            elif answer is not None:
                self.wrong(row, "input", answer)
        return text, images

    def chosen(self, model: Model, before: Model, level: ThinkingLevel, was: ThinkingLevel) -> None:
        """Another model or thinking level is used from now on."""
        if model.key != before.key:
            self.tell("model_select", model, before)
        if level != was:
            self.tell("thinking_level_select", level, was)

    # -- commands -------------------------------------------------------------------------------

    def command(self, text: str) -> Callable[[bool], "asyncio.Task[None]"] | None:
        """What runs the slash command that a prompt is, if it is one of an extension.

        It is told whether nobody waits for it: then what goes wrong is told as an event.
        """
        found = self._program.shelf.command(text)
        if found is None:
            return None
        row, arguments = found

        def start(alone: bool) -> asyncio.Task[None]:
            task = asyncio.ensure_future(self._run(row, arguments, alone))
            self._commands.add(task)
            task.add_done_callback(self._commands.discard)
            return task

        return start

    async def completions(self, name: str, prefix: str) -> tuple[Completion, ...]:
        """What the argument of a command may go on with; nothing if nobody knows."""
        row = self._program.shelf.commands.get(name)
        if row is None or row.complete is None:
            return ()
        what = f"the completion of /{name}"
        try:
            with kept():
                found = row.complete(prefix, self.context)
            if isawaitable(found):
                found = await self.waits.until(row.owner, what, found, "asked")
            with kept():
                return tuple(
                    Completion(item) if isinstance(item, str) else msgspec.convert(item, Completion)
                    for item in found
                )
        except GivenUp:
            return ()
        except Exception as error:
            self.asker.failed(row.owner, what, error)
            return ()

    async def press(self, key: str) -> None:
        """Do what a key of an extension does. Raises `ConfigError` for an unknown one."""
        row = self._program.shelf.shortcuts.registry.get(key_name(key))
        try:
            with kept():
                answer = row.handler(self.context)
            if isawaitable(answer):
                await self.waits.until(row.owner, row.key, answer, "command")
        except GivenUp:
            raise
        except Exception as error:
            raise ConfigError(f"{row.key} failed: {words_of(error, row.owner)}") from error

    async def _run(self, row: CommandRow, arguments: str, alone: bool) -> None:
        try:
            with kept():
                answer = row.handler(arguments, self.context)
            if isawaitable(answer):
                await self._until_done(row, answer)
        except GivenUp as error:
            if not alone:
                raise
            self._inside.tell(Notice("info", error.message))
        except Exception as error:
            if alone:
                self.asker.failed(row.owner, f"/{row.name}", error)
            else:
                words = words_of(error, row.owner)
                raise ConfigError(f"/{row.name} failed: {words}") from error

    async def _until_done(self, row: CommandRow, answer: Awaitable[Any]) -> None:
        if row.owner == OURS:  # it waits for the person, or for what they see themselves
            with kept():
                await answer
        else:
            await self.waits.until(row.owner, f"/{row.name}", answer, "command")

    # -- inside ---------------------------------------------------------------------------------

    @property
    def inside(self) -> Inside:
        """The session."""
        return self._inside

    def _policies(self) -> Sequence[Hooks]:
        made: list[Hooks] = []
        for owner, make in self._program.shelf.policies:
            try:
                with kept():
                    hooks = make(self.context)
            except Exception as error:
                self.asker.failed(owner, "register_hooks", error)
                continue
            if isinstance(hooks, Hooks):
                for words in misspelt(hooks):
                    self._failed(owner, "register_hooks", words)
                made.append(GuardedHooks(hooks, owner, self))
            else:
                words = f"register_hooks: {type(hooks).__name__} is no `Hooks`"
                self._failed(owner, "register_hooks", words)
        return made

    def failed(self, owner: Owner, what: str, error: BaseException) -> None:
        """Tell what an extension did wrong."""
        self.asker.failed(owner, what, error)

    def _failed(self, owner: Owner, what: str, words: str) -> None:
        error = ExtensionError(owner.words, what, words)
        if self._started:
            self._inside.tell(error)
        else:
            self._early.append(error)  # nobody listens yet
