"""What extensions say to one another: `pi.events`, one bus for all extensions of a program."""

import asyncio
from collections.abc import Callable
from inspect import isawaitable
from typing import Any, Protocol

from pi.ai.errors import ConfigError
from pi.coding.extensions.calling import kept
from pi.coding.extensions.given import check_function, check_texts
from pi.coding.extensions.shelf import HandlerRow, Owner, Shelf

__all__ = ["Bus"]


class _Outside(Protocol):
    """See `pi.coding.extensions.recorder.Outside`."""

    loop: asyncio.AbstractEventLoop | None

    @property
    def failed(self) -> Callable[[Owner, str, BaseException], None]: ...


class Bus:
    """The bus, as one extension has it."""

    def __init__(self, shelf: Shelf, owner: Owner, outside: _Outside) -> None:
        self._shelf = shelf
        self._owner = owner
        self._outside = outside
        self._tasks: set[asyncio.Future[Any]] = set()

    def on(self, name: str, handler: Callable[[Any], Any] | None = None) -> Any:
        """Hear a name; without a handler it is a decorator."""
        if not isinstance(name, str):
            raise ConfigError(f"events.on: a name is a text, not {name!r}")
        if handler is None:
            return lambda function: self.on(name, function) and function
        check_function(handler, f"the handler of {name}", "data")
        self._shelf.on(f"bus:{name}", HandlerRow(self._owner, handler))
        self._shelf.version += 1
        return handler

    def emit(self, name: str, data: Any = None) -> None:
        """Tell all who hear the name, in the order in which they came, our own handlers too."""
        check_texts("events.emit", name=name)
        loop = self._outside.loop
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:  # in a thread, as while an extension is loaded
            here = None
        if loop is not None and here is not loop:
            loop.call_soon_threadsafe(self._deliver, name, data)
        else:
            self._deliver(name, data)

    def _deliver(self, name: str, data: Any) -> None:
        for row in tuple(self._shelf.handlers.get(f"bus:{name}", ())):
            try:
                with kept():
                    answer = row.handler(data)
            except Exception as error:
                self._outside.failed(row.owner, name, error)
            else:
                if isawaitable(answer):
                    task = asyncio.ensure_future(self._wait(row, name, answer))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)

    async def _wait(self, row: HandlerRow, name: str, answer: Any) -> None:
        try:
            with kept():
                await answer
        except Exception as error:
            self._outside.failed(row.owner, name, error)
