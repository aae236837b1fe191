"""What is asked of extensions before there is a session, and so nobody to abort it."""

import asyncio
from collections.abc import Callable
from inspect import isawaitable
from pathlib import Path
from typing import Any, TypeVar

from pi.coding.extensions.asking import made, words_of
from pi.coding.extensions.calling import kept
from pi.coding.extensions.events import EVENTS
from pi.coding.extensions.given import describe
from pi.coding.extensions.load import line_in
from pi.coding.extensions.results import Discovered
from pi.coding.extensions.shelf import HandlerRow

__all__ = ["answer_of"]

T = TypeVar("T")


async def answer_of(
    row: HandlerRow,
    name: str,
    kind: type[T],
    fields: tuple[Any, ...],
    patience: float,
    note: Callable[[str], None],
) -> T | None:
    """What a handler answers; None if it says nothing, fails, or takes longer than `patience`.

    patience: seconds. note: hears what was wrong.
    """
    limit = asyncio.timeout(patience)
    try:
        with kept():
            answer = row.handler(made(name, *fields), None)
        if isawaitable(answer):
            async with limit:
                with kept():
                    answer = await answer
    except Exception as error:
        if isinstance(error, TimeoutError) and limit.expired():
            cause = error.__cause__ or error
            place = line_in(cause.__traceback__, row.owner.path) or row.owner.path
            note(f"{place}: it did not answer within {patience:g} s (at {name})")
        else:
            note(f"{words_of(error, row.owner)} (at {name})")
        return None
    wrong = _wrong(answer, kind)
    if wrong:
        may = EVENTS[name].returns
        place = describe(row.handler, row.owner.words)
        note(f"{place}: {wrong} is no answer to {name}: it may answer {may}")
        return None
    return answer


def _wrong(answer: Any, kind: type) -> str:
    """What makes no sense in an answer; "" if it does."""
    if answer is None:
        return ""
    if not isinstance(answer, kind):
        return type(answer).__name__
    if isinstance(answer, Discovered):
        for field in ("skills", "prompts", "themes"):
            paths = getattr(answer, field)
            if isinstance(paths, str) or not all(isinstance(path, str | Path) for path in paths):
                return f"{field}={paths!r}"
    return ""
