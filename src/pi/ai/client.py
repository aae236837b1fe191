"""The one door to a model: `Client.stream` and `Client.complete`.

Here, and only here, a protocol meets the wire: encode, sign, send, cut into frames, decode. No
exception escapes from a stream: it ends in exactly one `done` or `error`, and what arrived is kept.
A request that fails before its first content is tried again; after that, never.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any
from typing import Protocol as Interface

from pi.ai.auth.base import Access, Authorizer
from pi.ai.errors import ErrorInfo, PiError, to_exception
from pi.ai.events import Done, Error, Event, Fold, Metadata, Start
from pi.ai.messages import AssistantMessage, Context, ImageContent, Message, UserMessage, now_ms
from pi.ai.model import Model
from pi.ai.options import Options, Retry
from pi.ai.protocols import protocols
from pi.ai.protocols.base import Decoder
from pi.ai.protocols.base import Protocol as WireProtocol
from pi.ai.registry import Registry, lazy
from pi.ai.request import Frame, Request
from pi.ai.wire.retry import backoff, should_retry

__all__ = ["Client", "Prompt", "Stream", "transports"]

Prompt = str | UserMessage | Context | list[Message] | tuple[Message, ...]


class Response(Interface):
    """What a transport answers with; see `pi.ai.wire.http.Response`."""

    status: int
    headers: dict[str, str]

    def __aiter__(self) -> AsyncIterator[bytes]: ...
    async def read(self, limit: int = ...) -> bytes: ...
    def close(self) -> None: ...


class Transport(Interface):
    """Sends requests of one URL scheme; see `pi.ai.wire.http.Transport`."""

    async def send(
        self, request: Request, *, timeout: float | None = ..., idle_timeout: float | None = ...
    ) -> Response: ...
    async def aclose(self) -> None: ...


class Framer(Interface):
    """Cuts a body into frames."""

    def feed(self, data: bytes) -> list[Frame]: ...
    def close(self) -> list[Frame]: ...


transports: Registry[Any] = Registry("URL scheme")
transports.add("http", lazy("pi.ai.wire.http:Transport"))
transports.add("https", lazy("pi.ai.wire.http:Transport"))
"""Scheme to a function without arguments that makes a `Transport`."""

framers: Registry[Any] = Registry("framing")
framers.add("sse", lazy("pi.ai.wire.sse:SseParser"))
framers.add("eventstream", lazy("pi.ai.wire.eventstream:EventStreamParser"))
framers.add("json", lazy("pi.ai.wire.jsonarray:JsonArrayParser"))


class Client:
    """Calls models.

    authorize: finds the credential for a model; see `pi.ai.auth.resolve.Resolver.authorize`.
    find: turns `provider/id` into a `Model`; see `pi.ai.catalog`.
    A client may be used by many tasks of one event loop at once. `aclose()` closes its connections;
    a client that is only dropped leaves nothing behind either.
    """

    def __init__(
        self, *, authorize: Authorizer, find: Callable[[str], Model] | None = None
    ) -> None:
        self._authorize = authorize
        self._find = find
        self._transports: dict[str, Transport] = {}

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
        if self._find is None:
            raise TypeError("this client has no catalog: pass a Model, not a name")
        return self._find(model)

    async def access(self, model: Model) -> Access:
        """What the credential for `model` makes of a call."""
        return await self._authorize(model)

    def transport(self, url: str) -> Transport:
        """The transport for the scheme of `url`, made at first use."""
        scheme = url.partition(":")[0].lower()
        kind = "http" if scheme == "https" else scheme
        if kind not in self._transports:
            self._transports[kind] = transports.get(kind)()
        return self._transports[kind]

    async def aclose(self) -> None:
        """Close idle connections."""
        for transport in self._transports.values():
            await transport.aclose()
        self._transports.clear()

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()


class Stream:
    """One call in progress: iterate it for events, or await `message()` for the end."""

    def __init__(self, client: Client, model: Model, context: Context, options: Options) -> None:
        self._client = client
        self._model = model
        self._context = context
        self._options = options
        self._fold = Fold(api=model.api, provider=model.provider, model=model.id)
        self._abort: asyncio.Event | None = None
        self._response: Response | None = None
        self._events: AsyncIterator[Event] | None = None
        self.error: ErrorInfo | None = None
        """The error that ended the stream, if one did."""

    async def __aenter__(self) -> "Stream":
        self._abort = asyncio.Event()
        self._events = self._run()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._response is not None:
            self._response.close()
        if not self._fold.finished:
            self._end_aborted()

    def __aiter__(self) -> AsyncIterator[Event]:
        if self._events is None:
            raise RuntimeError("use `async with client.stream(...) as stream`")
        return self._events

    @property
    def partial(self) -> AssistantMessage:
        """The message as far as it has arrived."""
        return self._fold.message()

    @property
    def fold(self) -> Fold:
        """The accumulated state, for reading tool arguments while they are written."""
        return self._fold

    async def message(self) -> AssistantMessage:
        """Read to the end and give the final message; its `stop_reason` says how it ended."""
        async for _ in self:
            pass
        return self._fold.message()

    def abort(self) -> None:
        """End the stream now: the socket is closed and one `error` with reason `aborted` comes."""
        if self._abort is not None:
            self._abort.set()
        if self._response is not None:
            self._response.close()

    # -- one call, from the first attempt to the terminal event ------------------------------------

    async def _run(self) -> AsyncIterator[Event]:
        fold = self._fold
        attempt = 0
        started = False
        while True:
            failure: Error | None = None
            content = False
            try:
                async for event in self._attempt():
                    kind = type(event)
                    if kind is Error:
                        failure = event  # type: ignore[assignment]
                        break
                    if kind is Start:
                        if started:
                            continue
                        started = True
                    elif kind is not Metadata:
                        content = True
                    fold.add(event)
                    yield event
                    if kind is Done:
                        return
            except asyncio.CancelledError:
                self._end_aborted()
                raise
            assert failure is not None, "an attempt ends in Done or Error"
            attempt += 1
            if not content and await self._wait_to_retry(failure.error, attempt):
                continue
            if self._aborted():
                failure = _ABORTED
            self.error = failure.error
            fold.add(failure)
            yield failure
            return

    async def _attempt(self) -> AsyncIterator[Event]:
        """The events of one attempt; ends in Done or Error, raises nothing but cancellation."""
        try:
            access = await self._client.access(self._model)
        except PiError as error:
            yield Error("error", error.info)
            return
        try:
            protocol, decoder, request = self._prepare(access)
            response = self._response = await self._send(request)
            if response is None:
                yield _ABORTED
                return
            failure = await self._refusal(protocol, response)
            if failure is not None:
                yield Error("error", _masked(failure, access))
                return
            model = access.model
            yield Start(model.api, model.provider, model.id, now_ms())
            framing = "json" if _is_json(response) else protocol.framing
            framer: Framer = framers.get(framing)()
            async for chunk in response:
                for frame in framer.feed(chunk):
                    for event in decoder.feed(frame):
                        yield event if type(event) is not Error else _mask(event, access)
                if decoder.finished:
                    return
            for frame in framer.close():
                if frame.event == "document":
                    yield _mask(_no_stream(protocol, response, frame.data), access)
                    return
                for event in decoder.feed(frame):
                    yield event if type(event) is not Error else _mask(event, access)
            for event in decoder.close():
                yield event if type(event) is not Error else _mask(event, access)
        except PiError as error:
            yield Error("error", _masked(error.info, access))
        finally:
            if self._response is not None:
                self._response.close()

    def _prepare(self, access: Access) -> tuple[WireProtocol, Decoder, Request]:
        model, context = access.model, self._context
        if access.system_prefix:
            context = Context(
                context.messages, (*access.system_prefix, *context.system), context.tools
            )
        options = self._options.settle(model, context)
        protocol = protocols.get(model.api)
        request = protocol.encode(model, context, options)
        request = request.with_headers(_headers(model, context, options))
        if options.on_request is not None:
            request = options.on_request(request) or request
        return protocol, protocol.decoder(model, options, context), access.signer(request.encoded())

    async def _send(self, request: Request) -> Response | None:
        """The response, or None if the call was aborted before it came."""
        assert self._abort is not None
        options = self._options
        sending = asyncio.ensure_future(
            self._client.transport(request.url).send(
                request, timeout=options.timeout, idle_timeout=options.idle_timeout
            )
        )
        stop = asyncio.ensure_future(self._abort.wait())
        try:
            await asyncio.wait({sending, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                return None
            response = sending.result()
        finally:
            stop.cancel()
            sending.cancel()
        if options.on_response is not None:
            options.on_response(response.status, response.headers)
        return response

    async def _refusal(self, protocol: WireProtocol, response: Response) -> ErrorInfo | None:
        """Why the response is no answer, if it is none."""
        if 200 <= response.status < 300 and _media_type(response) != "text/html":
            return None
        return protocol.failure(response.status, response.headers, await response.read())

    async def _wait_to_retry(self, info: ErrorInfo, attempt: int) -> bool:
        """Whether the request is to be sent again; waits as long as that needs."""
        options = self._options
        assert self._abort is not None
        if self._aborted() or not should_retry(info, attempt, options.max_retries):
            return False
        delay = info.retry_after
        if delay is None:
            delay = backoff(attempt, rand=random.random())
        elif options.max_retry_delay and delay > options.max_retry_delay:
            return False
        if options.on_retry is not None:
            options.on_retry(Retry(attempt, options.max_retries, delay, info.message, info.kind))
        try:
            await asyncio.wait_for(self._abort.wait(), delay)
        except TimeoutError:
            return True
        return False

    def _aborted(self) -> bool:
        return self._abort is not None and self._abort.is_set()

    def _end_aborted(self) -> None:
        if not self._fold.finished:
            self.error = _ABORTED.error
            self._fold.add(_ABORTED)


_ABORTED = Error("aborted", ErrorInfo("aborted", "Request was aborted"))


def _media_type(response: Response) -> str:
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()


def _is_json(response: Response) -> bool:
    return _media_type(response) == "application/json"


def _no_stream(protocol: WireProtocol, response: Response, body: bytes) -> Error:
    """A whole JSON document where a stream should be: mostly an error under a good status."""
    info = protocol.failure(response.status, response.headers, body)
    message = f"the service sent one JSON document instead of a stream: {info.message}"
    return Error("error", ErrorInfo(info.kind, message, None, info.retry_after))


def _headers(model: Model, context: Context, options: Options) -> dict[str, str | None]:
    """The headers that are data: static, from the conversation, for the session, the caller's."""
    headers: dict[str, str | None] = dict(model.headers)
    for name, fact in model.context_headers.items():
        value = _FACTS[fact](context)
        if value:
            headers[name] = value
    if options.session_id and options.cache_retention != "none":
        for name in model.session_headers:
            headers[name] = options.session_id
    headers.update(options.headers)
    return headers


def _initiator(context: Context) -> str:
    messages = context.messages
    return "user" if not messages or isinstance(messages[-1], UserMessage) else "agent"


def _vision(context: Context) -> str:
    for message in context.messages:
        if any(isinstance(block, ImageContent) for block in message.content):
            return "true"
    return ""


_FACTS: dict[str, Callable[[Context], str]] = {"initiator": _initiator, "vision": _vision}


def _masked(info: ErrorInfo, access: Access) -> ErrorInfo:
    message = info.message
    for secret in access.secrets:
        if len(secret) >= 8:
            message = message.replace(secret, "***")
    return ErrorInfo(info.kind, message, info.status, info.retry_after)


def _mask(event: Event, access: Access) -> Event:
    assert isinstance(event, Error)
    return Error(event.reason, _masked(event.error, access))
