"""The one door to a model: `Client.stream` and `Client.complete`.

A client holds what calls share: where credentials come from, and open connections. What happens in
one call is `pi.ai.stream`.
"""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from pi.ai.auth.base import Access, Authorizer
from pi.ai.errors import to_exception
from pi.ai.messages import AssistantMessage, Context, Message, UserMessage
from pi.ai.model import Model
from pi.ai.options import Options
from pi.ai.places import agent_dir
from pi.ai.registry import Registry, lazy
from pi.ai.stream import Stream, Transport

__all__ = ["Client", "Prompt", "Stream", "transports"]

Prompt = str | UserMessage | Context | list[Message] | tuple[Message, ...]

transports: Registry[Any] = Registry("URL scheme")
transports.add("http", lazy("pi.ai.wire.http:Transport"))
transports.add("ws", lazy("pi.ai.wire.websocket:WebSocketTransport"))
"""Scheme, without the `s` of `https` and `wss`, to a function that makes a `Transport`."""


class Client:
    """Calls models.

    Without arguments a client finds credentials and models where the program `pi` does: in
    `~/.pi/agent` (`PI_CODING_AGENT_DIR` moves it) and in the environment. Both are read when the
    first call needs them.

    authorize: finds the credential for a model; see `pi.ai.auth.resolve.Resolver.authorize`.
    refused: told the provider whose service refused a credential; if there is another one after
    that (a login that was refreshed), the request is sent once more.
    find: turns `provider/id` into a `Model`; see `pi.ai.catalog`.
    wires: by the scheme of URLs without encryption (`http`, `ws`), what their transports are made
    with: limits, and the environment that names proxies.
    A client may be used by many tasks of one event loop at once. `aclose()` closes its connections;
    a client that is only dropped leaves nothing behind either.
    """

    def __init__(
        self,
        *,
        authorize: Authorizer | None = None,
        refused: Callable[[str], None] | None = None,
        find: Callable[[str], Model] | None = None,
        wires: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self._authorize = authorize
        self._refused = refused
        self._find = find
        self._wires = wires or {}
        self._transports: dict[str, Transport] = {}
        self._own: Any = None

    def stream(
        self, model: Model | str, prompt: Prompt, options: Options | None = None
    ) -> "Stream":
        """Start a call. Use it as `async with client.stream(...) as stream`.

        Nothing is sent before the stream is entered. Raises `ConfigError` for an unknown model.
        """
        return Stream(self, self.model(model), Context.of(prompt), options or Options())

    async def complete(
        self, model: Model | str, prompt: Prompt, options: Options | None = None
    ) -> AssistantMessage:
        """The whole answer. Raises `PiError` by kind if there is none."""
        async with self.stream(model, prompt, options) as stream:
            message = await stream.message()
        if stream.error is not None:
            raise to_exception(stream.error)
        return message

    def model(self, model: Model | str) -> Model:
        """The model of that name, `provider/id`."""
        if isinstance(model, Model):
            return model
        return (self._find or self._user().catalog.find)(model)

    async def access(self, model: Model) -> Access:
        """What the credential for `model` makes of a call."""
        return await (self._authorize or self._user().authorize)(model)

    def refused(self, provider: str) -> bool:
        """Tell that a service refused its credential; whether there may be another one now."""
        refused = self._refused
        if refused is None and self._authorize is None:
            refused = self._user().refused
        if refused is None:
            return False
        refused(provider)
        return True

    def transport(self, url: str) -> Transport:
        """The transport for the scheme of `url`, made at first use."""
        scheme = url.partition(":")[0].lower()
        kind = {"https": "http", "wss": "ws"}.get(scheme, scheme)
        if kind not in self._transports:
            self._transports[kind] = transports.get(kind)(**self._wires.get(kind, {}))
        return self._transports[kind]

    async def aclose(self) -> None:
        """Close idle connections."""
        for transport in self._transports.values():
            await transport.aclose()
        self._transports.clear()
        if self._own is not None:
            await self._own.aclose()

    def _user(self) -> Any:
        """The resolver of this user's credentials, with the user's models."""
        if self._own is None:
            import os

            from pi.ai.auth.resolve import Resolver
            from pi.ai.auth.store import CredentialStore
            from pi.ai.catalog import Catalog

            folder = agent_dir(os.environ)
            catalog = Catalog(folder / "models.json")
            self._own = Resolver(catalog, CredentialStore(folder / "auth.json"))
        return self._own

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()
