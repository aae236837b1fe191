"""The loop: ask the model, run the tools it calls, until it has nothing left to do.

The loop holds no conversation. It asks its host for the state of things before every request and
tells it, by events, what was said; the host keeps the record. So a change of model, tools or
history between two requests needs no setter here. Policies come in as `Hooks`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from pi.agent.events import (
    AgentEnd,
    AgentEvent,
    AgentStart,
    MessageEnd,
    MessageStart,
    MessageUpdate,
    TurnEnd,
    TurnStart,
)
from pi.agent.execute import Surroundings, execute
from pi.agent.hooks import Hooks
from pi.agent.inbox import Inbox
from pi.agent.tools import Tool
from pi.ai.client import Client
from pi.ai.events import Done, Error, Metadata, Start
from pi.ai.messages import (
    AssistantMessage,
    Context,
    Message,
    TextContent,
    ToolResultMessage,
    Usage,
    now_ms,
)
from pi.ai.model import Model
from pi.ai.options import Options

__all__ = ["Host", "Loop", "Turn"]


class Turn(Struct, frozen=True):
    """All that one request needs, as things stand now."""

    model: Model
    context: Context
    options: Options
    tools: Mapping[str, Tool]
    surroundings: Surroundings


class Host(Protocol):
    """Who owns the conversation."""

    def turn(self) -> Turn:
        """The state of things for the next request. Raises `PiError` if there can be none."""
        ...

    def emit(self, event: AgentEvent) -> None:
        """Hear what happened. A `MessageEnd` is to be recorded before this returns."""
        ...


class Loop:
    """Runs prompts for a host."""

    def __init__(
        self, client: Client, host: Host, *, hooks: Sequence[Hooks] = (), inbox: Inbox | None = None
    ) -> None:
        self._client = client
        self._host = host
        self._hooks = tuple(hooks)
        self._inbox = inbox or Inbox()
        self._added: list[Message] = []

    async def run(self, prompts: Sequence[Message]) -> tuple[Message, ...]:
        """One run. Gives the messages that it added.

        When the task is cancelled, the answer so far is recorded as aborted, running tools are
        stopped and answered for, `agent_end` is sent, and then the cancellation goes on.
        """
        self._added = []
        for hook in self._hooks:
            hook.on_run_start()
        self._host.emit(AgentStart())
        try:
            await self._turns(prompts)
        finally:
            try:
                for hook in self._hooks:
                    hook.on_run_end()
            finally:
                self._host.emit(AgentEnd(tuple(self._added)))
        return tuple(self._added)

    async def _turns(self, prompts: Sequence[Message]) -> None:
        emit, inbox = self._host.emit, self._inbox
        emit(TurnStart())
        for prompt in prompts:
            self._say(prompt)
        first = going_on = True
        while True:
            again = False
            if not going_on and not inbox.waiting:
                again = any([await hook.before_end() for hook in self._hooks])  # all are asked
                if not inbox.waiting and not again:
                    return
            if await self._held_back():
                return
            pending = inbox.take_steering()
            if not going_on and not pending:
                pending = inbox.take_follow_up()
                if not pending and not again:  # it was taken back while a hook was at work
                    return
            if not first:
                emit(TurnStart())
            first = False
            for message in pending:
                self._say(message)
            outcome = await self._turn()
            if outcome is None:
                return
            going_on = outcome

    async def _held_back(self) -> bool:
        """Whether a hook has a reason to end the run before the next request."""
        for hook in self._hooks:
            if await hook.before_turn():
                return True
        return False

    async def _turn(self) -> bool | None:
        """One turn. Whether the model goes on; None means that the run ends whatever is queued."""
        answer, turn = await self._answer()
        if answer.stop_reason in ("error", "aborted") or turn is None:
            self._host.emit(TurnEnd(answer, ()))
            for hook in self._hooks:
                if answer.stop_reason == "error" and await hook.after_error(answer):
                    return True
            return None
        if any([await hook.after_answer(answer) for hook in self._hooks]):  # all of them hear it
            self._host.emit(TurnEnd(answer, ()))
            return True
        results, terminate = await self._results(answer, turn)
        for result in results:
            self._say(result)
        self._host.emit(TurnEnd(answer, tuple(results)))
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError
        for hook in self._hooks:
            if await hook.after_turn(answer, tuple(results)):
                return None
        return bool(answer.tool_calls) and not terminate

    async def _results(
        self, answer: AssistantMessage, turn: Turn
    ) -> tuple[list[ToolResultMessage], bool]:
        """What the calls of an answer gave, and whether the tools asked to end the run."""
        calls = answer.tool_calls
        if not calls:
            return [], False
        if answer.stop_reason == "length":
            return [_cut_off(call.id, call.name) for call in calls], False
        return await execute(calls, turn.tools, self._hooks, self._host.emit, turn.surroundings)

    async def _answer(self) -> tuple[AssistantMessage, Turn | None]:
        """One answer of the model, recorded however it ended."""
        turn = self._host.turn()
        messages = turn.context.messages
        for hook in self._hooks:
            messages = await hook.before_request(messages)
        options = turn.options
        for hook in self._hooks:
            options = hook.call_options(options)
        system = turn.context.system
        for hook in self._hooks:
            system = hook.system_prompt(system)
        context = Context(messages, system, turn.context.tools)
        emit = self._host.emit
        started = False
        async with self._client.stream(turn.model, context, options) as stream:
            try:
                async for event in stream:
                    kind = type(event)
                    if kind is Start:
                        started = True
                        emit(MessageStart(stream.partial))
                    elif kind not in _SILENT:
                        emit(MessageUpdate(stream.fold.usage, event))
            except asyncio.CancelledError:
                self._close(stream.partial, started)
                emit(TurnEnd(stream.partial, ()))
                raise
            answer = stream.partial
        self._close(answer, started)
        return answer, turn

    def _close(self, answer: AssistantMessage, started: bool) -> None:
        if not started:
            self._host.emit(MessageStart(_empty(answer)))
        self._added.append(answer)
        self._host.emit(MessageEnd(answer))

    def _say(self, message: Message) -> None:
        self._added.append(message)
        self._host.emit(MessageStart(message))
        self._host.emit(MessageEnd(message))


_SILENT = frozenset({Start, Metadata, Done, Error})


def _empty(answer: AssistantMessage) -> AssistantMessage:
    return AssistantMessage(
        (), answer.api, answer.provider, answer.model, Usage(), "pending", now_ms()
    )


def _cut_off(call_id: str, name: str) -> ToolResultMessage:
    return ToolResultMessage(
        call_id,
        name,
        (
            TextContent(
                "Not executed: the answer was cut off at the output limit, so this call may be"
                " incomplete. Send it again, in smaller steps if it is long."
            ),
        ),
        is_error=True,
    )
