"""How much of a text a model is given: 2000 lines or 50 KiB, whichever is reached first.

Only whole lines are kept, from the head (files) or the tail (command output). A line break at the
very end does not start another line.
"""

from typing import Any, Literal

import msgspec
from msgspec import Struct

__all__ = [
    "MAX_BYTES",
    "MAX_LINES",
    "MAX_LINE_CHARS",
    "Truncation",
    "byte_length",
    "count_lines",
    "cut_line",
    "keep_head",
    "keep_tail",
    "size_text",
]

MAX_LINES = 2000
MAX_BYTES = 50 * 1024
"""Measured in UTF-8."""

MAX_LINE_CHARS = 500
"""Code points of one line in lists of search results."""


class Truncation(Struct, frozen=True, rename="camel"):
    """What was left out, in the established form that front ends read from `details`."""

    truncated: bool
    truncated_by: Literal["lines", "bytes"] | None
    total_lines: int
    total_bytes: int
    output_lines: int
    output_bytes: int
    last_line_partial: bool = False
    first_line_exceeds_limit: bool = False
    max_lines: int = MAX_LINES
    max_bytes: int = MAX_BYTES

    def to_details(self) -> dict[str, Any]:
        """As JSON data."""
        return msgspec.to_builtins(self)


def byte_length(text: str) -> int:
    """Length of `text` in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def count_lines(text: str) -> int:
    """Lines of `text`; a final line break does not start another one."""
    return text.count("\n") + (not text.endswith("\n")) if text else 0


def size_text(size: int) -> str:
    """A number of bytes for people: `12B`, `3.4KB`, `5.6MB`."""
    if size < 1024:
        return f"{size}B"
    if size < 1024 * 1024:
        return f"{size / 1024:.1f}KB"
    return f"{size / (1024 * 1024):.1f}MB"


def cut_line(line: str, limit: int = MAX_LINE_CHARS) -> tuple[str, bool]:
    """The first `limit` code points of a line with a mark, and whether anything was cut."""
    if len(line) <= limit:
        return line, False
    return f"{line[:limit]}... [line cut]", True


def keep_head(text: str) -> tuple[str, Truncation]:
    """The first whole lines of `text` that fit."""
    total_lines, total_bytes = count_lines(text), byte_length(text)
    if total_lines <= MAX_LINES and total_bytes <= MAX_BYTES:
        return text, Truncation(False, None, total_lines, total_bytes, total_lines, total_bytes)
    kept: list[str] = []
    size = 0
    reason: Literal["lines", "bytes"] = "lines"
    for line in text.split("\n", MAX_LINES)[:MAX_LINES]:
        step = byte_length(line) + bool(kept)
        if size + step > MAX_BYTES:
            reason = "bytes"
            break
        kept.append(line)
        size += step
    return "\n".join(kept), Truncation(
        True,
        reason,
        total_lines,
        total_bytes,
        len(kept),
        size,
        first_line_exceeds_limit=not kept,
    )


def keep_tail(
    text: str, *, total_lines: int | None = None, total_bytes: int | None = None
) -> tuple[str, Truncation]:
    """The last whole lines of `text` that fit, without a final line break.

    If the last line alone does not fit, its end is kept. The totals are given when `text` itself is
    only the end of something longer; then it must hold more than the limits.
    """
    total_lines = count_lines(text) if total_lines is None else total_lines
    total_bytes = byte_length(text) if total_bytes is None else total_bytes
    final_break = text.endswith("\n")
    text = text.removesuffix("\n")
    if total_lines <= MAX_LINES and total_bytes - final_break <= MAX_BYTES:
        size = byte_length(text)
        return text, Truncation(False, None, total_lines, total_bytes, total_lines, size)
    kept: list[str] = []
    size = 0
    reason: Literal["lines", "bytes"] = "lines"
    partial = False
    for line in reversed(text.rsplit("\n", MAX_LINES)[-MAX_LINES:]):
        step = byte_length(line) + bool(kept)
        if size + step > MAX_BYTES:
            reason = "bytes"
            if not kept:
                line = line.encode("utf-8", "surrogatepass")[-MAX_BYTES:].decode("utf-8", "ignore")
                kept, size, partial = [line], byte_length(line), True
            break
        kept.append(line)
        size += step
    kept.reverse()
    return "\n".join(kept), Truncation(
        True, reason, total_lines, total_bytes, len(kept), size, last_line_partial=partial
    )
