"""Usage and cost in the spellings of many services."""

from typing import Any

import msgspec
import pytest

from pi.ai.events import Fold
from pi.ai.messages import Context, Usage
from pi.ai.model import Model, Price
from pi.ai.options import Options
from pi.ai.protocols.completions_usage import billed_cost, read_usage
from pi.ai.protocols.openai_completions import OpenAICompletions
from pi.ai.request import Frame, encode_json


def counted(prompt: int, completion: int, total: int | None = None, **more: Any) -> dict[str, Any]:
    total = prompt + completion if total is None else total
    fields = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total}
    return fields | more


def shape(usage: Usage | None) -> tuple[int, ...]:
    assert usage is not None
    reasoning = 0 if usage.reasoning is msgspec.UNSET else usage.reasoning
    assert usage.total_tokens == usage.input + usage.output + usage.cache_read + usage.cache_write
    return usage.input, usage.output, usage.cache_read, usage.cache_write, reasoning


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        (counted(100, 20), (100, 20, 0, 0, 0)),
        (counted(100, 20, prompt_tokens_details={"cached_tokens": 64}), (36, 20, 64, 0, 0)),
        (
            counted(100, 20, prompt_tokens_details={"cached_tokens": 64, "cache_write_tokens": 6}),
            (30, 20, 64, 6, 0),
        ),
        (
            counted(100, 20, completion_tokens_details={"reasoning_tokens": 15}),
            (100, 20, 0, 0, 15),
        ),
        (
            counted(100, 20, prompt_cache_hit_tokens=64, prompt_cache_miss_tokens=36),
            (36, 20, 64, 0, 0),
        ),
        (counted(100, 20, cached_tokens=64), (36, 20, 64, 0, 0)),
        (
            counted(100, 20, cached_tokens=64, prompt_tokens_details={"cached_tokens": 0}),
            (36, 20, 64, 0, 0),
        ),
        (
            counted(100, 20, cache_read_input_tokens=64, cache_creation_input_tokens=6),
            (30, 20, 64, 6, 0),
        ),
        (
            counted(36, 20, 120, prompt_tokens_details={"cached_tokens": 64}),
            (36, 20, 64, 0, 0),
        ),
        (
            counted(100, 5, 205, completion_tokens_details={"reasoning_tokens": 100}),
            (100, 105, 0, 0, 100),
        ),
        (counted(100, 5, 205), (100, 105, 0, 0, 100)),
        (
            {"prompt_tokens": 9, "completion_tokens": 5,
             "completion_tokens_details": {"reasoning_tokens": 7}},
            (9, 12, 0, 0, 7),
        ),
        (counted(10, 1, prompt_tokens_details={"cached_tokens": 64}), (0, 1, 64, 0, 0)),
        (counted(100, 20, prompt_tokens_details=None), (100, 20, 0, 0, 0)),
        (
            {"prompt_tokens": 7.0, "completion_tokens": None, "total_tokens": "7"},
            (7, 0, 0, 0, 0),
        ),
        (
            {"input_tokens": 9, "output_tokens": 4, "input_tokens_details": {"cached_tokens": 8}},
            (1, 4, 8, 0, 0),
        ),
    ],
)  # fmt: skip
def test_spellings(reported: dict[str, Any], expected: tuple[int, ...]) -> None:
    assert shape(read_usage(reported)) == expected


@pytest.mark.parametrize("empty", [{}, counted(0, 0), {"prompt_tokens": None}, {"x": 1}])
def test_nothing_counted_yet(empty: dict[str, Any]) -> None:
    assert read_usage(empty) is None


@pytest.mark.parametrize(
    ("reported", "bill"),
    [
        ({"cost": 0.5}, None),
        ({"cost": 0.5, "is_byok": False}, 0.5),
        ({"cost": 0, "is_byok": False}, 0.0),
        ({"cost": None, "is_byok": False}, None),
        ({"cost": {"usd": 1.0}, "is_byok": False}, None),
        (
            {"cost": 0.5, "is_byok": True, "cost_details": {"upstream_inference_cost": 2}},
            2.5,
        ),
        (
            {
                "cost": 0.5,
                "is_byok": True,
                "cost_details": {
                    "upstream_inference_cost": None,
                    "upstream_inference_prompt_cost": 1,
                    "upstream_inference_completions_cost": 0.25,
                },
            },
            1.75,
        ),
        ({"cost": 0.5, "is_byok": True}, 0.5),
    ],
)
def test_bills(reported: dict[str, Any], bill: float | None) -> None:
    assert billed_cost(reported) == bill


def usage_of(*chunks: dict[str, Any], tier: str | None = None) -> Usage:
    model = Model(
        id="m",
        name="M",
        provider="p",
        api="openai-completions",
        base_url="http://127.0.0.1:1/v1",
        cost=Price(1.0, 10.0, 0.1, 2.0),
    )
    decoder = OpenAICompletions().decoder(model, Options(service_tier=tier), Context())
    fold = Fold()
    for item in chunks:
        for event in decoder.feed(Frame(encode_json(item))):
            fold.add(event)
    return fold.message().usage


def test_repeated_usage_replaces() -> None:
    usage = usage_of(
        {"choices": [{"delta": {"content": "a"}}], "usage": counted(100, 1)},
        {"choices": [{"delta": {"content": "b"}}], "usage": counted(100, 2)},
        {"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": counted(100, 2)},
        {"choices": [], "usage": counted(100, 2)},
        {"choices": [], "usage": counted(0, 0)},
    )
    assert (usage.input, usage.output) == (100, 2)
    assert usage.cost.total == pytest.approx(120e-6)


def test_usage_on_the_choice() -> None:
    choice = {"delta": {}, "finish_reason": "stop", "usage": counted(100, 2)}
    assert usage_of({"choices": [choice]}).input == 100


def test_the_bill_wins_and_the_tier_scales() -> None:
    reported = counted(100, 2)
    chunk: dict[str, Any] = {"choices": [], "usage": {**reported, "cost": 0.5, "is_byok": False}}
    cost = usage_of(chunk).cost
    assert (cost.total, cost.total_from_provider) == (0.5, True)
    flex = usage_of({"choices": [], "usage": reported}, tier="flex").cost
    assert flex.total == pytest.approx(60e-6)
    assert flex.total_from_provider is msgspec.UNSET
