"""Drive a separate `pi` process: the same commands and events, typed, over its pipes.

    async with pi.rpc.Client(["--model", "demo"]) as client:
        answer = await client.prompt("Show me")

Use it where the agent shall live in a process of its own; `pi.Session` is the same without one.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pi.coding.api.ui import UserInterface
from pi.rpc.blocking import BlockingClient
from pi.rpc.client import AsyncClient
from pi.rpc.process import RpcError, UnknownEvent

__all__ = ["BlockingClient", "Client", "RpcError", "UnknownEvent"]


class Client(AsyncClient):
    """A client, as `AsyncClient` describes it, with a twin for code without an event loop."""

    @staticmethod
    def blocking(
        args: Sequence[str] = (),
        *,
        cwd: str | Path | None = None,
        env: Mapping[str, str] | None = None,
        command: Sequence[str] = (),
        ui: UserInterface | None = None,
    ) -> BlockingClient:
        """The same for code without an event loop: `with pi.rpc.Client.blocking() as client`."""
        return BlockingClient(args, cwd=cwd, env=env, command=command, ui=ui)
