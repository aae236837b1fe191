"""Thinking levels as body fragments: words times template, resolved when a model is made.

A model has levels, each with or without a word of its own; a template says where the word goes.
What comes out is complete: a protocol merges the fragment of a level into its body and decides
nothing.
"""

from typing import Any, cast

from pi.ai.catalog.schema import ThinkingTemplate
from pi.ai.model import LEVELS, ThinkingLevel

__all__ = ["DEFAULT_LEVELS", "Words", "fragments", "merged", "parse_levels", "word"]

Words = dict[ThinkingLevel, str | None]
"""Level to the model's own word for it; None where the template's or the level itself will do."""

DEFAULT_LEVELS = "off minimal low medium high"
"""What a model that thinks has if nobody lists its levels."""

_EFFORT = "$effort"
_ENABLED = "$enabled"
_NOTHING = object()


def parse_levels(text: str) -> Words:
    """`"off=none low high=default"` as words. Raises `ValueError` for an unknown level."""
    words: Words = {}
    for item in text.split():
        level, _, own = item.partition("=")
        if level not in LEVELS:
            raise ValueError(f"unknown thinking level {level!r}; known: {', '.join(LEVELS)}")
        words[level] = own or None
    return words


def word(template: ThinkingTemplate, level: ThinkingLevel, own: str | None) -> str | None:
    """What stands for `level` on the wire; None if nothing does, which only `off` can have."""
    return own or template.words.get(level) or (None if level == "off" else level)


def fragments(words: Words, template: ThinkingTemplate) -> dict[ThinkingLevel, dict[str, Any]]:
    """Level to body fragment, in order. A model without levels has only an empty `off`."""
    out: dict[ThinkingLevel, dict[str, Any]] = {}
    for level in LEVELS:
        if level not in words:
            continue
        pattern = template.levels.get(level)
        if pattern is None:
            pattern = template.off if level == "off" else template.on
        filled = _fill(pattern, word(template, level, words[level]), level != "off")
        out[level] = {} if filled is _NOTHING else filled
    return out or {"off": {}}


def merged(low: dict[str, Any], high: dict[str, Any]) -> dict[str, Any]:
    """`low` with `high` laid over it, dict by dict; both stay as they are."""
    out = dict(low)
    for key, value in high.items():
        old = out.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            value = merged(cast("dict[str, Any]", old), cast("dict[str, Any]", value))
        out[key] = value
    return out


def _fill(pattern: Any, effort: str | None, enabled: bool) -> Any:
    if isinstance(pattern, dict):
        items = cast("dict[str, Any]", pattern).items()
        filled = {key: _fill(value, effort, enabled) for key, value in items}
        kept = {key: value for key, value in filled.items() if value is not _NOTHING}
        return kept if kept or not pattern else _NOTHING
    if pattern == _EFFORT:
        return _NOTHING if effort is None else effort
    return enabled if pattern == _ENABLED else pattern
