"""Sends one request at a time, reads what is needed of the answer, and counts.

Requests are encoded and signed, and answers decoded, by what pi itself uses for a call, so that
what is found out here is what will happen later.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from typing import Any

from msgspec import Struct

from pi.ai.auth.base import header_signer
from pi.ai.errors import ConfigError, ErrorInfo, PiError
from pi.ai.events import Error, Event
from pi.ai.headers import call_headers
from pi.ai.messages import Context
from pi.ai.model import AuthHeader, Model
from pi.ai.options import Options
from pi.ai.protocols import protocols
from pi.ai.request import Request
from pi.ai.stream import framers
from pi.ai.wire.http import Response, Transport
from pi.coding.probe.answer import Answer, silent

__all__ = ["MOST_REQUESTS", "Asker", "OutOfRequests", "Question"]

MOST_REQUESTS = 80
"""No run sends more than this many, whatever the server answers."""

_MOST_BYTES = 256 * 1024
_MOST_PIECES = 400
_MOST_SILENCES = 3


class OutOfRequests(PiError):
    """The bounds are reached; what was found so far counts."""


class Question(Struct, frozen=True):
    """One call of a model. pieces: hang up after so many pieces of content."""

    model: Model
    context: Context
    options: Options
    pieces: int = _MOST_PIECES


class Asker:
    """Asks. `sent` counts requests, `tokens` what the server says that they cost.

    key: as sent. headers: sent with every request. timeout: seconds for a whole answer.
    """

    def __init__(
        self,
        *,
        key: str = "",
        headers: Mapping[str, str] = {},
        timeout: float = 30.0,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.key = key
        self.headers = dict(headers)
        self.timeout = timeout
        self.sent = 0
        self.tokens = 0
        self._silences = 0
        self._transport = Transport(connect_timeout=min(10.0, timeout), env=env)

    async def get(
        self, url: str, *, header: AuthHeader | None = None, keyless: bool = False
    ) -> Answer:
        """What the server has at `url`. header: how the key travels."""
        request = Request(url, {"Accept": "application/json", **self.headers}, method="GET")
        if self.key and not keyless:
            header = header or AuthHeader()
            request = request.with_headers({header.name: header.prefix + self.key})
        return await self._bounded(self._read(request))

    async def ask(self, question: Question, *, keyless: bool = False) -> Answer:
        """What the model says."""
        model = question.model
        options = question.options.settle(model, question.context)
        protocol = protocols.get(model.api)
        request = protocol.encode(model, question.context, options)
        request = request.with_headers(
            {**call_headers(model, question.context, options), **self.headers}
        ).encoded()
        if self.key and not keyless:
            request = header_signer(model, self.key)(request)
        answer = await self._bounded(self._call(request, protocol, question, options))
        usage = answer.usage
        self.tokens += usage.total_tokens if usage else 0
        return answer

    async def aclose(self) -> None:
        """Close idle connections."""
        await self._transport.aclose()

    async def _bounded(self, work: Any) -> Answer:
        """The answer, or what there is of it when the time is over. Raises `OutOfRequests`."""
        if self.sent >= MOST_REQUESTS:
            work.close()
            raise OutOfRequests(f"{MOST_REQUESTS} requests were sent: the rest is not asked")
        self.sent += 1
        answer: Answer = await work
        self._silences = self._silences + 1 if answer.silent else 0
        if self._silences >= _MOST_SILENCES:
            raise OutOfRequests("the server takes requests and does not answer them")
        return answer

    async def _open(self, request: Request) -> Response | Answer:
        try:
            return await self._transport.send(request, timeout=None, idle_timeout=None)
        except ConfigError:
            raise
        except PiError as error:
            return Answer(failure=error.info)

    async def _read(self, request: Request) -> Answer:
        response = None
        try:
            async with asyncio.timeout(self.timeout):
                response = await self._open(request)
                if isinstance(response, Answer):
                    return response
                try:
                    body = await response.read(_MOST_BYTES)
                except PiError as error:
                    return Answer(response.status, response.headers, failure=error.info)
        except TimeoutError:
            if not isinstance(response, Response):
                return silent(self.timeout)
            info = ErrorInfo("transport", f"the answer did not end within {self.timeout:g} s")
            return Answer(response.status, response.headers, failure=info, endless=True)
        return Answer(response.status, response.headers, body)

    async def _call(
        self, request: Request, protocol: Any, question: Question, options: Options
    ) -> Answer:
        reading = _Reading()
        try:
            async with asyncio.timeout(self.timeout):
                response = await self._open(request)
                if isinstance(response, Answer):
                    return response
                reading.status, reading.headers = response.status, response.headers
                try:
                    await self._take(response, reading, protocol, question, options)
                finally:
                    response.close()
        except TimeoutError:
            if not reading.status:
                return silent(self.timeout)
            reading.endless = True
            reading.failure = reading.failure or ErrorInfo(
                "transport", f"the answer did not end within {self.timeout:g} s"
            )
        except PiError as error:
            reading.failure = error.info
        return reading.answer()

    async def _take(
        self,
        response: Response,
        reading: "_Reading",
        protocol: Any,
        question: Question,
        options: Options,
    ) -> None:
        media_type = reading.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not 200 <= response.status < 300 or media_type == "text/html":
            with suppress(PiError):  # the status has said it
                reading.body = await response.read(_MOST_BYTES)
            reading.failure = protocol.failure(response.status, response.headers, reading.body)
            return
        framer = framers.get("json" if media_type == "application/json" else protocol.framing)()
        decoder = protocol.decoder(question.model, options, question.context)
        pieces = 0
        async with aclosing(_chunks(response)) as chunks:
            async for chunk in chunks:
                reading.body += chunk[: _MOST_BYTES - len(reading.body)]
                for frame in framer.feed(chunk):
                    if frame.event == "document":
                        reading.failure = _one_document(protocol, response, frame.data)
                        return
                    events = decoder.feed(frame)
                    pieces += len(events)
                    reading.add(events)
                    if pieces > question.pieces:
                        reading.endless = True
                        return
                if len(reading.body) >= _MOST_BYTES:
                    reading.endless = True
                    return
                if decoder.finished:
                    return
        for frame in framer.close():
            if frame.event == "document":
                reading.failure = _one_document(protocol, response, frame.data)
                return
            reading.add(decoder.feed(frame))
        reading.add(decoder.close())


class _Reading:
    """An answer while it comes."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.events: list[Event] = []
        self.failure: ErrorInfo | None = None
        self.endless = False

    def add(self, events: list[Event]) -> None:
        self.events += events
        for event in events:
            if isinstance(event, Error):
                self.failure = event.error

    def answer(self) -> Answer:
        return Answer(
            self.status,
            self.headers,
            self.body,
            tuple(self.events),
            self.failure,
            self.endless,
        )


async def _chunks(response: Response) -> AsyncGenerator[bytes, None]:
    async for chunk in response:
        yield chunk


def _one_document(protocol: Any, response: Response, body: bytes) -> ErrorInfo:
    info: ErrorInfo = protocol.failure(response.status, response.headers, body)
    return ErrorInfo(info.kind, f"one JSON document instead of a stream: {info.message}")
