"""One call to a model in progress, from the first attempt to the terminal event.

No exception escapes from it: it ends in exactly one `done` or `error`, and what arrived is kept. An
attempt that fails before its first content may be followed by another; after that, never.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from types import TracebackType
from typing import Any, TypeVar
from typing import Protocol as Interface

import msgspec

from pi.ai.auth.base import Access
from pi.ai.errors import AbortedError, ErrorInfo, PiError, ProtocolError
from pi.ai.events import Done, Error, Event, Fold, Metadata, Start
from pi.ai.headers import call_headers
from pi.ai.messages import AssistantMessage, Context, now_ms
from pi.ai.model import Model
from pi.ai.options import Options, Retry, is_large
from pi.ai.protocols import protocols
from pi.ai.protocols.base import Decoder
from pi.ai.protocols.base import Protocol as WireProtocol
from pi.ai.registry import Registry, lazy
from pi.ai.request import Frame, Request
from pi.ai.wire.retry import backoff, should_retry

T = TypeVar("T")

__all__ = ["Door", "Framer", "Response", "Stream", "Transport", "framers"]


class Response(Interface):
    """What a transport answers with; see `pi.ai.wire.http.Response`."""

    status: int
    headers: dict[str, str]

    def __aiter__(self) -> AsyncIterator[bytes]: ...
    async def read(self, limit: int = ...) -> bytes: ...
    def finish(self) -> None: ...
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


class Door(Interface):
    """What a stream needs of its client."""

    async def access(self, model: Model) -> Access:
        """The access for a model."""
        ...

    def refused(self, provider: str) -> bool:
        """Tell that a credential was refused; whether there may be another one now."""
        ...

    def transport(self, url: str) -> Transport:
        """The transport for a URL."""
        ...


framers: Registry[Any] = Registry("framing")
framers.add("sse", lazy("pi.ai.wire.sse:SseParser"))
framers.add("eventstream", lazy("pi.ai.wire.eventstream:EventStreamParser"))
framers.add("json", lazy("pi.ai.wire.jsonarray:JsonArrayParser"))


class Stream:
    """Iterate it for events, or await `message()` for the end."""

    def __init__(self, client: Door, model: Model, context: Context, options: Options) -> None:
        self._client = client
        self._model = model
        self._context = context
        self._options = options
        self._fold = Fold(api=model.api, provider=model.provider, model=model.id)
        self._abort = asyncio.Event()
        self._response: Response | None = None
        self._events: AsyncIterator[Event] | None = None
        self._access: Access | None = None
        self._refused: tuple[Access, ErrorInfo] | None = None
        self._over_websocket = False
        self.error: ErrorInfo | None = None
        """The error that ended the stream, if one did."""

    async def __aenter__(self) -> "Stream":
        self._events = self._run()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._hang_up()
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
        self._abort.set()
        self._hang_up()

    # -- attempts ----------------------------------------------------------------------------------

    async def _run(self) -> AsyncIterator[Event]:
        fold = self._fold
        attempt = 0
        started = content = False
        while True:
            failure: Error | None = None
            try:
                async with aclosing(self._attempt()) as events:
                    async for event in events:
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
            if not content and not self._abort.is_set():
                if self._falls_back() or self._has_new_credential(failure.error):
                    continue
                attempt += 1
                if await self._wait_to_retry(self._masked(failure).error, attempt):
                    continue
            failure = _ABORTED if self._abort.is_set() else self._masked(failure)
            self.error = failure.error
            fold.add(failure)
            yield failure
            return

    async def _attempt(self) -> AsyncGenerator[Event, None]:
        """The events of one attempt; ends in Done or Error, raises nothing but cancellation."""
        try:
            access = self._access = await self._client.access(self._model)
            if self._refused is not None and self._refused[0].secrets == access.secrets:
                yield Error("error", self._refused[1])  # the same would be refused again
                return
            protocol, decoder, request = await self._prepare(access)
            self._response = None
            self._over_websocket = request.url.startswith("ws")
            response = self._response = await self._send(request)
            if response is None:
                yield _ABORTED
                return
            if not 200 <= response.status < 300 or _media_type(response) == "text/html":
                body = await response.read()
                yield Error("error", protocol.failure(response.status, response.headers, body))
                return
            model, on_frame = access.model, self._options.on_frame
            yield Start(model.api, model.provider, model.id, now_ms())
            try:
                async for frames in _frames(response, protocol):
                    for frame in frames:
                        if on_frame is not None:
                            on_frame(frame)
                        if frame.event == "document":
                            yield _no_stream(protocol, response, frame.data)
                            return
                        events = decoder.feed(frame)
                        if decoder.finished:
                            # what is left of the body may pass, so that the next call finds the
                            # connection; after the last event nobody may come back to us
                            response.finish()
                            self._response = None
                        for event in events:
                            yield event
                    if decoder.finished:
                        return
                last = decoder.close()
            except PiError as error:
                last = _last_words(decoder, error)
            for event in last:
                yield event
        except PiError as error:
            yield Error("error", error.info)
        finally:
            self._hang_up()

    async def _prepare(self, access: Access) -> tuple[WireProtocol, Decoder, Request]:
        model, context = access.model, self._context
        if access.system_prefix:
            context = Context(
                context.messages, (*access.system_prefix, *context.system), context.tools
            )
        protocol = protocols.get(model.api)
        ours = protocols.owner(model.api) == "pi"
        beside = ours and is_large(context.messages)  # another's code may not be made for threads

        def encode() -> tuple[Options, Request]:
            options = self._options.settle(model, context)
            try:
                request = protocol.encode(model, context, options)
            except Exception as error:
                if ours or isinstance(error, PiError):
                    raise
                owner, words = protocols.owner(model.api), f"{type(error).__name__}: {error}"
                said = f"the wire {model.api!r} of {owner} has failed: {words}"
                raise ProtocolError(said) from error
            return options, request.with_headers(call_headers(model, context, options))

        options, request = await self._work(encode, beside=beside)
        if options.on_request is not None:
            given = options.on_request(request)
            request = (await given if isinstance(given, Awaitable) else given) or request
        signed = await self._work(
            lambda: access.signer(request.encoded(in_pieces=beside)), beside=beside
        )
        return protocol, protocol.decoder(model, options, context), signed

    async def _work(self, work: Callable[[], T], *, beside: bool) -> T:
        """What `work` gives. beside: it takes long, so the event loop goes on meanwhile."""
        if not beside:
            return work()
        working = asyncio.ensure_future(asyncio.to_thread(work))
        stop = asyncio.ensure_future(self._abort.wait())
        try:
            await asyncio.wait({working, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise AbortedError("Request was aborted")
            return working.result()
        finally:
            stop.cancel()
            working.cancel()

    async def _send(self, request: Request) -> Response | None:
        """The response, or None if the call was aborted before it came."""
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

    # -- what follows a failure --------------------------------------------------------------------

    def _falls_back(self) -> bool:
        """Whether to try once more over plain HTTP because a WebSocket was only one possibility."""
        if self._options.transport != "auto" or not self._over_websocket:
            return False
        self._options = msgspec.structs.replace(self._options, transport="sse")
        return True

    def _has_new_credential(self, info: ErrorInfo) -> bool:
        """Whether to try once more because the credential was refused and may be renewed."""
        if info.status != 401 or self._refused is not None or self._access is None:
            return False
        self._refused = (self._access, info)
        return self._client.refused(self._model.provider)

    async def _wait_to_retry(self, info: ErrorInfo, attempt: int) -> bool:
        """Whether the request is to be sent again; waits as long as that needs."""
        options = self._options
        headers = self._response.headers if self._response is not None else None
        if not should_retry(info, attempt, options.max_retries, headers):
            return False
        delay, asked = info.retry_after, True
        if delay is None:
            delay, asked = backoff(attempt, rand=random.random()), False
        elif options.max_retry_delay and delay > options.max_retry_delay:
            return False
        retry = Retry(attempt, options.max_retries, delay, info.message, info.kind, asked)
        if options.on_retry is not None:
            options.on_retry(retry)
        try:
            if options.before_retry is not None:
                return await options.before_retry(retry) and not self._abort.is_set()
            await asyncio.wait_for(self._abort.wait(), delay)
        except TimeoutError:
            return True
        except asyncio.CancelledError:
            self._end_aborted()
            raise
        return False

    def _masked(self, failure: Error) -> Error:
        """The failure without what the credential's owner keeps secret."""
        info = failure.error
        message = info.message
        for secret in self._access.secrets if self._access else ():
            if len(secret) >= 8:
                message = message.replace(secret, "***")
        info = ErrorInfo(info.kind, message, info.status, info.retry_after)
        return Error(failure.reason, info)

    def _end_aborted(self) -> None:
        if not self._fold.finished:
            self.error = _ABORTED.error
            self._fold.add(_ABORTED)

    def _hang_up(self) -> None:
        if self._response is not None:
            self._response.close()


_ABORTED = Error("aborted", ErrorInfo("aborted", "Request was aborted"))


async def _frames(response: Response, protocol: WireProtocol) -> AsyncIterator[list[Frame]]:
    framing = "json" if _media_type(response) == "application/json" else protocol.framing
    framer: Framer = framers.get(framing)()
    async for chunk in response:
        yield framer.feed(chunk)
    yield framer.close()


def _last_words(decoder: Decoder, error: PiError) -> list[Event]:
    """What follows when the connection broke: services drop it right after the last word, too."""
    last = decoder.close()
    return last if last and isinstance(last[-1], Done) else [Error("error", error.info)]


def _media_type(response: Response) -> str:
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()


def _no_stream(protocol: WireProtocol, response: Response, body: bytes) -> Error:
    """A whole JSON document where a stream should be: mostly an error under a good status."""
    info = protocol.failure(response.status, response.headers, body)
    message = f"the service sent one JSON document instead of a stream: {info.message}"
    return Error("error", ErrorInfo(info.kind, message, None, info.retry_after))
