"""A session with policies, a scripted model and a clock that nobody waits for."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from pi.agent.hooks import Hooks
from pi.agent.inbox import Inbox
from pi.agent.tools import Tool, ToolContext, ToolResult
from pi.ai.auth.base import Access, header_signer
from pi.ai.client import Client, transports
from pi.ai.faux import FauxTransport, Script, faux_model
from pi.ai.messages import AssistantMessage, Context, Message, UserMessage, text_of
from pi.ai.model import Model
from pi.coding.api.commands import Prompt
from pi.coding.api.events import SessionEvent
from pi.coding.controller import Controller, Services
from pi.coding.policies.compaction import Compactor
from pi.coding.policies.host import PolicyHost
from pi.coding.policies.oversize import Oversize
from pi.coding.policies.retry import Retry
from pi.coding.session.entries import Compaction, Entry
from pi.coding.session.log import SessionLog
from pi.coding.settings import Settings

SYSTEM = "Be good."


class Clock:
    """A sleep that notes how long it was to be. With `hold` it lasts until `release` is set."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.hold = False
        self.release = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self.hold:
            await self.release.wait()


class Big(Tool):
    """Returns as many letters as it is asked for."""

    name = "big"
    description = "Letters."
    parameters: ClassVar[dict[str, Any]] = {
        "type": "object",
        "properties": {"size": {"type": "integer"}},
    }

    def __init__(self) -> None:
        self.gate: asyncio.Event | None = None
        self.running = asyncio.Event()

    async def execute(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        self.running.set()
        if self.gate is not None:
            await self.gate.wait()
        return ToolResult.of("x" * arguments.get("size", 10))


class Work:
    """A session at work: `ask` says something, `events` is what was heard."""

    def __init__(
        self,
        script: Script | None,
        *,
        model: Model | None = None,
        settings: dict[str, Any] | None = None,
        policies: Callable[[PolicyHost], Sequence[Hooks]] | None = None,
        log: SessionLog | None = None,
        inbox: Inbox | None = None,
        find: Callable[[str, str], Model] | None = None,
        eager: bool = False,
        available: Sequence[Model] = (),
    ) -> None:
        self.clock = Clock()
        self.tool = Big()
        self.transport = FauxTransport(script or [])
        transports.remove("faux")
        transports.add("faux", self.transport)
        self.client = Client(authorize=_authorize)
        self.log = log or SessionLog.memory("/project")
        chosen = model or faux_model()

        def standard(host: PolicyHost) -> Sequence[Hooks]:
            return (
                Oversize(host),
                Compactor(host, eager=eager, sleep=self.clock),
                Retry(host, sleep=self.clock),
            )

        services = Services(
            client=self.client,
            find=find or (lambda provider, model_id: chosen),
            configured=lambda provider: True,
            system=lambda: (SYSTEM,),
            tools={"big": self.tool},
            cwd=Path("/project"),
            settings=msgspec.convert(settings or {}, Settings),
            policies=policies or standard,
            available=lambda: available,
        )
        self.session = Controller(services, self.log, model=chosen, thinking="off", inbox=inbox)
        self.events: list[SessionEvent] = []
        self.session.subscribe(self.events.append)

    async def ask(self, text: str = "go") -> AssistantMessage:
        """Say it and wait until all is settled."""
        answer = await self.session.send(Prompt(text))
        assert isinstance(answer, AssistantMessage)
        return answer

    def hook(self, kind: type[Any]) -> Any:
        """The policy of that type."""
        return next(hook for hook in self.session.hooks if isinstance(hook, kind))

    def heard(self, *kinds: type[Any]) -> list[Any]:
        """The events of these types."""
        return [event for event in self.events if isinstance(event, kinds)]

    @property
    def types(self) -> list[str]:
        """What was heard, in short."""
        return [event.__struct_config__.tag for event in self.events]  # type: ignore[misc]

    @property
    def entries(self) -> list[Entry]:
        """What the branch says."""
        return [entry for _, entry in self.log.entries()]

    @property
    def compactions(self) -> list[Compaction]:
        """The compactions of the branch."""
        return [entry for entry in self.entries if isinstance(entry, Compaction)]

    @property
    def asked(self) -> list[Context]:
        """The requests for answers."""
        return [c for c in self.transport.contexts if c.system == (SYSTEM,)]

    @property
    def summarised(self) -> list[str]:
        """The requests for summaries."""
        return [prompts(c)[0] for c in self.transport.contexts if c.system != (SYSTEM,)]


async def _authorize(model: Model) -> Access:
    return Access(model, header_signer(model, "test-key"))


def prompts(context: Context) -> list[str]:
    """What the user says in a request."""
    return [text_of(m.content) for m in context.messages if isinstance(m, UserMessage)]


def roles(messages: Sequence[Message]) -> list[str]:
    """The roles of messages."""
    return [m.__struct_config__.tag for m in messages]  # type: ignore[misc]


async def until(condition: Callable[[], object]) -> None:
    """Let others work until it is so."""
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to that")
