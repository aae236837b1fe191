"""A text stream that lets no secret pass: what is written to it is masked first."""

from collections.abc import Callable
from typing import TextIO, cast

__all__ = ["masked"]


def masked(stream: TextIO, mask: Callable[[str], str]) -> TextIO:
    """`stream`, whose `write` masks. A secret has to come in one piece to be seen."""
    return cast("TextIO", _Masked(stream, mask))


class _Masked:
    def __init__(self, stream: TextIO, mask: Callable[[str], str]) -> None:
        self._stream = stream
        self._mask = mask
        self.flush = stream.flush
        self.isatty = stream.isatty

    def write(self, text: str) -> int:
        self._stream.write(self._mask(text))
        return len(text)
