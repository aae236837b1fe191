"""Blocking twins of the client for code without an event loop, and for notebooks that run one.

One daemon thread runs an event loop for the whole process; the twins only carry calls into it, so
there is no second implementation of anything.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Any, TypeVar

from pi.ai.client import Client, Prompt, Stream
from pi.ai.errors import ConfigError
from pi.ai.events import Event
from pi.ai.messages import AssistantMessage
from pi.ai.model import Model
from pi.ai.options import Options

__all__ = ["BlockingClient", "BlockingStream", "iterate_blocking", "run_blocking"]

T = TypeVar("T")
_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def run_blocking(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the shared background loop and wait for it.

    Ctrl+C cancels the coroutine and raises `KeyboardInterrupt` here. Raises `ConfigError` in that
    loop itself, where tools, listeners and hooks of a blocking session run.
    """
    loop = _background()
    if _running() is loop:
        work.close()
        raise ConfigError(
            "this code runs in the event loop that a blocking call would wait for: await the same"
            " method of the async twin instead, or make the tool a plain function"
        )
    future = asyncio.run_coroutine_threadsafe(work, loop)
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


def iterate_blocking(events: AsyncGenerator[T, None]) -> Iterator[T]:
    """What an asynchronous generator gives, each waited for. Leaving early closes it."""
    try:
        while (event := run_blocking(_next(events))) is not None:
            yield event
    finally:
        run_blocking(_close(events))


async def _next(events: AsyncIterator[T]) -> T | None:
    return await anext(events, None)


async def _close(events: AsyncGenerator[Any, None]) -> None:
    await events.aclose()


def _running() -> asyncio.AbstractEventLoop | None:
    with suppress(RuntimeError):
        return asyncio.get_running_loop()
    return None


def _background() -> asyncio.AbstractEventLoop:
    global _loop
    with _lock:
        if _loop is None or _loop.is_closed():
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="pi-blocking", daemon=True).start()
        return _loop


class BlockingClient:
    """A `Client` whose calls wait."""

    def __init__(self, client: Client | None = None) -> None:
        self._client = client or Client()

    def complete(
        self, model: Model | str, prompt: Prompt, options: Options | None = None
    ) -> AssistantMessage:
        """As `Client.complete`."""
        return run_blocking(self._client.complete(model, prompt, options))

    def stream(
        self, model: Model | str, prompt: Prompt, options: Options | None = None
    ) -> "BlockingStream":
        """As `Client.stream`: `with client.stream(...) as stream: for event in stream: ...`."""
        return BlockingStream(self._client.stream(model, prompt, options))

    def close(self) -> None:
        """Close idle connections."""
        run_blocking(self._client.aclose())

    def __enter__(self) -> "BlockingClient":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class BlockingStream:
    """A `Stream` whose events are waited for."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def __enter__(self) -> "BlockingStream":
        run_blocking(self._stream.__aenter__())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(RuntimeError):  # the interpreter is going down and the loop with it
            run_blocking(self._stream.__aexit__(None, None, None))

    def __iter__(self) -> Iterator[Event]:
        events = aiter(self._stream)
        while (event := run_blocking(_next(events))) is not None:
            yield event

    def message(self) -> AssistantMessage:
        """Read to the end and give the final message."""
        return run_blocking(self._stream.message())

    @property
    def partial(self) -> AssistantMessage:
        """The message as far as it has arrived."""
        return self._stream.partial
