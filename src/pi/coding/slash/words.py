"""Words and numbers for people, and the way they are shown. Used by several commands."""

import re
import time
from collections.abc import Iterable, Sequence

from pi.ai.errors import ConfigError
from pi.ai.model import ThinkingLevel
from pi.coding.api.front import Front
from pi.coding.api.setup import Completion, ModelRow
from pi.coding.api.ui import UserInterface
from pi.coding.extensions.surface import Context

__all__ = [
    "age",
    "completions",
    "count",
    "dollars",
    "first_line",
    "give_back",
    "level_named",
    "meaning",
    "need_front",
    "plural",
    "price",
    "shortened",
    "show",
    "table",
    "unquoted",
]

_CONTROL = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)

_MEANINGS = {
    "metered": "billed by use",
    "subscription": "part of a plan; the price is what use would cost",
    "subscription-unpriced": "part of a plan",
    "free": "free",
}


def level_named(word: str, levels: Iterable[ThinkingLevel]) -> ThinkingLevel | None:
    """The level of that name; None if it is not among them."""
    for level in levels:
        if level == word.lower():
            return level
    return None


def show(context: Context, markdown: str) -> None:
    """Put a text into the transcript, or wherever this mode tells things."""
    front = context.front
    if front is not None:
        front.show(markdown)
    else:
        context.ui.notify(markdown)


def give_back(ui: UserInterface, front: Front | None, text: str) -> None:
    """Put a prompt back to be said anew; what is being typed is not lost."""
    if front is not None:
        front.give_back(text)
    else:
        ui.set_editor_text(text)


def need_front(context: Context, what: str) -> Front:
    """The terminal. Raises `ConfigError` where there is none."""
    front = context.front
    if front is None:
        raise ConfigError(f"{what} needs a terminal with somebody in front of it")
    return front


def count(number: float) -> str:
    """A number of tokens: 950, 1.2K, 200K, 1M."""
    for size, unit in ((1_000_000, "M"), (1_000, "K")):
        if number >= size:
            text = f"{number / size:.1f}" if number < 100 * size else f"{number / size:.0f}"
            return text.removesuffix(".0") + unit
    return str(int(number))


def plural(number: int, word: str) -> str:
    """`1 prompt`, `2 prompts`."""
    return f"{number} {word}{'s' * (number != 1)}"


def dollars(amount: float) -> str:
    """An amount: $0, $0.0042, $1.25."""
    if amount == 0:
        return "$0"
    return f"${amount:.4f}" if amount < 0.1 else f"${amount:,.2f}"


def price(row: ModelRow) -> str:
    """What a million tokens cost, in and out; `~` before it is what a plan saves."""
    rates = f"${row.input_price:g}/${row.output_price:g}"
    if row.cost_basis == "free":
        return "free"
    if row.cost_basis.startswith("subscription"):
        return f"~{rates}" if row.cost_basis == "subscription" and row.input_price else "plan"
    return rates if row.input_price or row.output_price or row.cost_basis == "metered" else "?"


def meaning(basis: str) -> str:
    """How a price is meant."""
    return _MEANINGS.get(basis, "the price is not known")


def age(ms: int, now: float | None = None) -> str:
    """How long ago a moment was: `now`, `5 min`, `3 h`, `2 d`, or the day."""
    seconds = (time.time() if now is None else now) - ms / 1000
    if seconds < 60:
        return "now"
    if seconds < 3600:
        return f"{int(seconds // 60)} min"
    if seconds < 86400:
        return f"{int(seconds // 3600)} h"
    if seconds < 30 * 86400:
        return f"{int(seconds // 86400)} d"
    return time.strftime("%Y-%m-%d", time.localtime(ms / 1000))


def first_line(text: str, limit: int = 120) -> str:
    """The beginning of a text as one line without control characters."""
    line = _visible(text[: limit * 2])
    if len(line) <= limit < len(text):
        line = _visible(text[: limit * 8])  # much of it is indented
    return shortened(line, limit)


def shortened(line: str, limit: int = 120) -> str:
    """A line of at most `limit` letters."""
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _visible(text: str) -> str:
    line = " ".join(text.split())
    return line if line.isprintable() else " ".join(_CONTROL.sub("", line).split())


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def unquoted(path: str) -> str:
    """A path as it was typed or dropped, without quotes around it."""
    if len(path) > 1 and path[0] == path[-1] and path[0] in "\"'":
        return path[1:-1]
    return path


def completions(prefix: str, found: Iterable[tuple[str, str]]) -> list[Completion]:
    """Those of `found` (text, detail) in which the prefix occurs; at the beginning comes first."""
    wanted = prefix.lower()
    hits = [(text, detail) for text, detail in found if wanted in text.lower()]
    hits.sort(key=lambda hit: not hit[0].lower().startswith(wanted))
    return [Completion(text, detail) for text, detail in hits]


def _cell(text: str) -> str:
    return first_line(text, 200).replace("|", "\\|")
