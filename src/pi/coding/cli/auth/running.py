"""Runs what waits for people and services, and ends it in order."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress

__all__ = ["run_async"]

_EXIT = {"SIGTERM": 143, "SIGHUP": 129}


def run_async(work: Callable[[], Awaitable[int]]) -> int:
    """Run `work`; gives its exit code.

    A signal cancels it, so that the terminal is put right, sockets are closed and a refresh under
    way is finished. SIGINT raises `KeyboardInterrupt` then.
    """
    ended_by: list[str] = []

    async def main() -> int:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None

        def end(name: str) -> None:
            ended_by.append(name)
            task.cancel()

        for name in _EXIT:
            number = getattr(signal, name, None)
            if number is not None:
                with suppress(NotImplementedError, RuntimeError, ValueError):
                    loop.add_signal_handler(number, end, name)
        return await work()

    try:
        return asyncio.run(main())
    except asyncio.CancelledError:
        if not ended_by:
            raise KeyboardInterrupt from None
        return _EXIT[ended_by[0]]
