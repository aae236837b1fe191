"""Functions of extensions are called in here: whatever they raise is a mistake of theirs.

`sys.exit` and `KeyboardInterrupt` would end the program, and a `CancelledError` that nobody asked
for would end whatever waits; all become an `Astray`, an exception like any other. Ctrl+C and a real
cancellation pass.
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
    except KeyboardInterrupt as error:
        if _may_be_ctrl_c():
            raise
        words = "it raised KeyboardInterrupt"
        raise Astray(words).with_traceback(error.__traceback__) from None
    except asyncio.CancelledError as error:
        if _cancelled():
            raise
        words = "it raised CancelledError, and nobody had cancelled it"
        raise Astray(words).with_traceback(error.__traceback__) from None


def _may_be_ctrl_c() -> bool:
    """Whether Ctrl+C raises an exception in this program. Ours hear the signal themselves."""
    import signal  # only for who raises it
    from functools import partial

    heard = signal.getsignal(signal.SIGINT)
    if isinstance(heard, partial):  # that of `asyncio.run`
        heard = heard.func
    name = getattr(heard, "__name__", "")
    return heard is signal.default_int_handler or name == "_on_sigint"


def _cancelled() -> bool:
    """Whether somebody wants the task to end in which we are."""
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no loop is running
        return False
    return task is not None and task.cancelling() > 0
