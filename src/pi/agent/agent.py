"""An agent that keeps its conversation in memory: the loop for library users.

agent = Agent(client, model, tools=[MyTool()])
answer = await agent.prompt("What is in this folder?")
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from pi.agent.events import AgentEvent, MessageEnd
from pi.agent.execute import Surroundings
from pi.agent.hooks import Hooks
from pi.agent.inbox import Inbox
from pi.agent.loop import Loop, Turn
from pi.agent.tools import Tool
from pi.ai.client import Client
from pi.ai.errors import AbortedError
from pi.ai.messages import AssistantMessage, Context, Message, UserMessage
from pi.ai.model import Model
from pi.ai.options import Options

__all__ = ["Agent"]


class Agent:
    """A conversation with tools. One prompt at a time; `steer` and `follow_up` while it runs."""

    def __init__(
        self,
        client: Client,
        model: Model | str,
        *,
        system: str | tuple[str, ...] = (),
        tools: Sequence[Tool] = (),
        options: Options | None = None,
        hooks: Sequence[Hooks] = (),
        messages: Sequence[Message] = (),
        cwd: Path | None = None,
    ) -> None:
        self.model = client.model(model)
        self.messages: tuple[Message, ...] = tuple(messages)
        self.inbox = Inbox()
        self._system = (system,) if isinstance(system, str) else system
        self._tools = {tool.name: tool for tool in tools}
        self._options = options or Options()
        self._cwd = cwd
        self._listeners: list[Callable[[AgentEvent], None]] = []
        self._loop = Loop(client, self, hooks=hooks, inbox=self.inbox)
        self._task: asyncio.Task[tuple[Message, ...]] | None = None

    @property
    def busy(self) -> bool:
        """Whether a run is going on."""
        return self._task is not None

    async def prompt(self, prompt: str | UserMessage) -> AssistantMessage:
        """Run until the model has nothing left to do; gives its last answer.

        A failed or aborted answer is returned as well: see its `stop_reason`. Raises `AbortedError`
        if the run ended before the model said anything.
        """
        if self._task is not None:
            raise RuntimeError("the agent is busy: use steer() or follow_up()")
        before = len(self.messages)
        message = UserMessage(prompt) if isinstance(prompt, str) else prompt
        self._task = asyncio.ensure_future(self._loop.run([message]))
        try:
            await asyncio.shield(self._task)
        except asyncio.CancelledError:
            if not self._task.done():  # our caller was cancelled: end the run in order first
                self._task.cancel()
                await asyncio.wait([self._task])
                raise
        finally:
            self._task = None
        answers = [m for m in self.messages[before:] if isinstance(m, AssistantMessage)]
        if not answers:
            raise AbortedError("the run ended before there was an answer")
        return answers[-1]

    def steer(self, text: str) -> None:
        """Say something before the next request of the run."""
        self.inbox.steering.append(UserMessage(text))

    def follow_up(self, text: str) -> None:
        """Say something when the run would otherwise end."""
        self.inbox.follow_up.append(UserMessage(text))

    def abort(self) -> None:
        """End the run; what arrived is kept."""
        if self._task is not None:
            self._task.cancel()

    def subscribe(self, listener: Callable[[AgentEvent], None]) -> Callable[[], None]:
        """Hear all events; gives a function that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # -- the host of the loop ----------------------------------------------------------------------

    def turn(self) -> Turn:
        """The state of things for the next request."""
        tools = tuple(tool.definition for tool in self._tools.values())
        return Turn(
            self.model,
            Context(self.messages, self._system, tools),
            self._options,
            self._tools,
            Surroundings(self._cwd or Path.cwd(), sees_images=self.model.sees_images),
        )

    def emit(self, event: AgentEvent) -> None:
        """Record and pass on."""
        if isinstance(event, MessageEnd):
            self.messages = (*self.messages, event.message)
        for listener in tuple(self._listeners):
            listener(event)
