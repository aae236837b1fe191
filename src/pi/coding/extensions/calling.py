"""Functions of extensions are called in here: whatever they raise is a mistake of theirs.

`sys.exit` would end the program, and a `CancelledError` that nobody asked for would end whatever
waits; both become an `Astray`, an exception like any other. Ctrl+C and a real cancellation pass.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Astray", "kept"]


class Astray(Exception):
    """A function of an extension has ended in a way that it should not. The text says how."""


@contextmanager
def kept() -> Iterator[None]:
    """Around a call of a function of an extension, and around the wait for it."""
    try:
        yield
    except SystemExit as error:
        raise Astray("it called sys.exit").with_traceback(error.__traceback__) from None
    except asyncio.CancelledError as error:
        if _cancelled():
            raise
        words = "it raised CancelledError, and nobody had cancelled it"
        raise Astray(words).with_traceback(error.__traceback__) from None


def _cancelled() -> bool:
    """Whether somebody wants the task to end in which we are."""
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no loop is running
        return False
    return task is not None and task.cancelling() > 0
