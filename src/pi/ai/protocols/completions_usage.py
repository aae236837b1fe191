"""Usage and cost as Chat Completions services report them, in one shape.

The original counts cached tokens inside the prompt and reasoning inside the completion. Some count
one or the other outside, and say so only by a total that is larger than the sum: that is what the
total is read for.
"""

from typing import Any, cast

import msgspec

from pi.ai.messages import Usage

__all__ = ["billed_cost", "read_usage"]

_READ = ("cached_tokens", "cache_read_tokens", "cache_read_input_tokens")
_WRITTEN = ("cache_write_tokens", "cache_creation_tokens", "cache_creation_input_tokens")


def read_usage(data: dict[str, Any]) -> Usage | None:
    """The usage of an answer so far, None if nothing is counted yet."""
    prompt = _first(data, "prompt_tokens", "input_tokens")
    completion = _first(data, "completion_tokens", "output_tokens")
    if not prompt and not completion:
        return None
    inside = _object(data, "prompt_tokens_details", "input_tokens_details")
    read = _first(inside, *_READ) or _first(data, "prompt_cache_hit_tokens", *_READ)
    written = _first(inside, *_WRITTEN) or _first(data, *_WRITTEN)
    spent = _object(data, "completion_tokens_details", "output_tokens_details")
    reasoning = _first(spent, "reasoning_tokens") or _first(data, "reasoning_tokens")
    uncounted = _first(data, "total_tokens") - prompt - completion
    if uncounted > 0 and uncounted == read + written:
        prompt += uncounted  # caching is counted besides the prompt
    elif uncounted > 0:
        completion += uncounted  # and so is reasoning besides the completion
        reasoning = max(reasoning, uncounted)
    elif reasoning > completion:
        completion += reasoning
    fresh = max(0, prompt - read - written)
    return Usage(
        input=fresh,
        output=completion,
        cache_read=read,
        cache_write=written,
        total_tokens=fresh + completion + read + written,
        reasoning=reasoning or msgspec.UNSET,
    )


def billed_cost(data: dict[str, Any]) -> float | None:
    """The bill in dollars, where the service presents one.

    `cost` alone may be in any currency of the service; with `is_byok` it is dollars. With the
    caller's own key at the upstream service (`is_byok`), that one's bill comes on top.
    """
    cost, own_key = _number(data.get("cost")), data.get("is_byok")
    if cost is None or not isinstance(own_key, bool):
        return None
    if not own_key:
        return cost
    upstream = _object(data, "cost_details")
    whole = _number(upstream.get("upstream_inference_cost"))
    if whole is not None:
        return cost + whole
    parts = ("upstream_inference_prompt_cost", "upstream_inference_completions_cost")
    return cost + sum(_number(upstream.get(name)) or 0.0 for name in parts)


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _first(data: dict[str, Any], *names: str) -> int:
    """The first of these counts that is more than nothing, or 0."""
    for name in names:
        value = _number(data.get(name))
        if value is not None and value > 0:
            return int(value)
    return 0


def _object(data: dict[str, Any], *names: str) -> dict[str, Any]:
    for name in names:
        value = data.get(name)
        if isinstance(value, dict):
            return cast("dict[str, Any]", value)
    return {}
