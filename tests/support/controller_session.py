"""A controller with a scripted model, in memory or on disk, for tests in this process."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pi.agent.hooks import Hooks
from pi.agent.tools import Tool
from pi.ai.auth.base import Access
from pi.ai.client import Client, transports
from pi.ai.errors import ConfigError
from pi.ai.faux import FauxTransport, Script, faux_model
from pi.ai.model import Model
from pi.coding.api.events import SessionEvent
from pi.coding.controller import Controller, Services
from pi.coding.session.log import SessionLog

MODELS = {name: faux_model(name) for name in ("faux", "other")}


async def until(condition: Callable[[], object]) -> None:
    """Let others work until something holds."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 (conditions of all kinds)
            await asyncio.sleep(0.001)


async def authorize(model: Model) -> Access:
    """No credential is needed."""
    return Access(model, lambda request: request)


class Talk:
    """A controller, what it told, and the transport of its model."""

    def __init__(self, controller: Controller, transport: FauxTransport) -> None:
        self.controller = controller
        self.transport = transport
        self.events: list[SessionEvent] = []
        controller.subscribe(self.events.append)

    def told(self, kind: type) -> list[Any]:
        """The events of that type so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def roles(self) -> list[str]:
        """Who spoke, by the log."""
        transcript = self.controller.log.state.transcript
        return [message.__struct_config__.tag for message in transcript]


def find(provider: str, model_id: str) -> Model:
    """A model of the tests."""
    if model_id not in MODELS:
        raise ConfigError(f"no model {model_id}")
    return MODELS[model_id]


@contextmanager
def talking(
    script: Script,
    cwd: Path,
    *,
    log: SessionLog | None = None,
    tools: Sequence[Tool] = (),
    hooks: Callable[[Any], Sequence[Hooks]] = lambda host: (),
    pause: float = 0.0,
    pinned: bool = False,
    **services: Any,
):
    """A talk whose model plays the script."""
    transport = FauxTransport(script, pause=pause)
    transports.remove("faux")  # other tests may have left theirs
    transports.add("faux", transport)
    try:
        made = Services(
            client=Client(authorize=authorize, find=lambda key: find(*key.split("/"))),
            find=find,
            configured=lambda provider: provider == "faux",
            system=lambda: (),
            tools={tool.name: tool for tool in tools},
            cwd=cwd,
            policies=hooks,
            available=lambda: list(MODELS.values()),
            **services,
        )
        log = log or SessionLog.memory(cwd)
        controller = Controller(made, log, model=MODELS["faux"], thinking="off", pinned=pinned)
        yield Talk(controller, transport)
    finally:
        transports.remove("faux")
