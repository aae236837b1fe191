"""Tool-call ids as the wires accept them.

Every wire has its own rule for ids; a rule here is a small function from any id to an allowed one,
made by a factory that takes the wire's limits. Rules are pure and idempotent, so that a request
looks the same each time and prompt caches stay warm. Making ids unique is the transcript's work.
"""

import re
from collections.abc import Callable

__all__ = ["charset_id", "exact_id", "short_hash"]

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def short_hash(text: str, length: int = 8) -> str:
    """A stable hash of `text`: `length` (at most 24) characters of 0-9 and a-z."""
    from hashlib import blake2b  # loads OpenSSL, and few conversations need it

    number = int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest())
    digits: list[str] = []
    for _ in range(length):
        number, digit = divmod(number, 36)
        digits.append(_DIGITS[digit])
    return "".join(digits)


def charset_id(
    max_length: int = 64, pattern: str = "[A-Za-z0-9_-]", *, hashed: bool = False
) -> Callable[[str], str]:
    """Ids of at most `max_length` characters that match `pattern`, one character each.

    Other characters become `_`. A longer id is cut; with `hashed` its end becomes a hash of the
    whole, so that ids which begin alike stay different.
    """
    allowed = re.compile(f"(?:{pattern})*")
    one = re.compile(pattern)

    def normalise(call_id: str) -> str:
        if not allowed.fullmatch(call_id):
            clean = "".join(char if one.match(char) else "_" for char in call_id)
        else:
            clean = call_id
        if len(clean) <= max_length:
            return clean
        if not hashed:
            return clean[:max_length]
        return f"{clean[: max_length - 9]}_{short_hash(call_id)}"

    return normalise


def exact_id(length: int) -> Callable[[str], str]:
    """Ids of exactly `length` letters and digits: the id's own if they are so many, or a hash."""
    others = re.compile("[^A-Za-z0-9]")

    def normalise(call_id: str) -> str:
        clean = others.sub("", call_id)
        return clean if len(clean) == length else short_hash(call_id, length)

    return normalise
