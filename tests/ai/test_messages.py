"""Messages and usage in the established JSON form, read and written without loss."""

import json
from typing import Any

import pytest

from pi.ai.messages import (
    AssistantMessage,
    Cost,
    TextContent,
    ToolCall,
    ToolResultMessage,
    Usage,
    UserMessage,
    message_from_json,
    to_json,
)
from pi.ai.model import Price, PriceTier

COST = {"input": 0.1, "output": 0.2, "cacheRead": 0, "cacheWrite": 0, "total": 0.3}
USAGE = {"input": 10, "output": 5, "cacheRead": 2, "cacheWrite": 1, "totalTokens": 18, "cost": COST}
MESSAGES: list[dict[str, Any]] = [
    {"role": "user", "content": "hi", "timestamp": 1},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "look"},
            {"type": "image", "data": "QQ==", "mimeType": "image/png"},
        ],
        "timestamp": 2,
    },
    {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "", "thinkingSignature": "s", "redacted": True},
            {"type": "text", "text": "ok", "textSignature": "t"},
            {
                "type": "toolCall",
                "id": "c",
                "name": "read",
                "arguments": {"path": "a", "deep": [1, None, {"x": 1.5}]},
                "thoughtSignature": "u",
            },
        ],
        "api": "openai-completions",
        "provider": "p",
        "model": "m",
        "responseId": "r",
        "usage": {**USAGE, "cacheWrite1h": 1, "reasoning": 3},
        "stopReason": "toolUse",
        "timestamp": 3,
    },
    {
        "role": "assistant",
        "content": [],
        "api": "a",
        "provider": "p",
        "model": "m",
        "usage": {**USAGE, "cost": {**COST, "totalFromProvider": True}},
        "stopReason": "error",
        "errorMessage": "boom",
        "timestamp": 4,
    },
    {
        "role": "toolResult",
        "toolCallId": "c",
        "toolName": "read",
        "content": [{"type": "text", "text": "body"}],
        "details": {"truncation": {"truncated": False}},
        "isError": False,
        "timestamp": 5,
    },
]


@pytest.mark.parametrize("given", MESSAGES, ids=lambda m: m["role"])
def test_json_round_trip(given: dict[str, Any]) -> None:
    message = message_from_json(json.dumps(given))
    assert json.loads(to_json(message)) == given
    assert message_from_json(given) == message


def test_a_tool_result_without_details_has_none_in_json() -> None:
    result = ToolResultMessage("c", "read", (TextContent("x"),), timestamp=1)
    assert "details" not in json.loads(to_json(result))


def test_unknown_fields_of_a_newer_program_do_not_matter() -> None:
    given = {**MESSAGES[3], "diagnostics": [], "thinkingLevel": "high"}
    assert isinstance(message_from_json(given), AssistantMessage)


def test_convenience_properties() -> None:
    message = message_from_json(MESSAGES[2])
    assert isinstance(message, AssistantMessage)
    assert message.text == "ok"
    assert [call.id for call in message.tool_calls] == ["c"]
    assert isinstance(message.tool_calls[0], ToolCall)
    assert UserMessage("x").timestamp > 1_600_000_000_000


PRICE = Price(2.0, 10.0, 0.2, 2.5, (PriceTier(1000, 4.0, 20.0, 0.4, 5.0),))


def test_cost_is_per_million_and_summed() -> None:
    usage = PRICE.of(Usage(100, 50, 200, 10, 360))
    cost = usage.cost
    assert (cost.input, cost.output) == (100 * 2 / 1e6, 50 * 10 / 1e6)
    assert cost.total == pytest.approx(
        sum((cost.input, cost.output, cost.cache_read, cost.cache_write))
    )


@pytest.mark.parametrize(("input_tokens", "rate"), [(1000, 2.0), (1001, 4.0)])
def test_a_tier_applies_strictly_above_its_threshold_to_everything(
    input_tokens: int, rate: float
) -> None:
    usage = PRICE.of(Usage(input_tokens - 500, 0, 500))
    assert usage.cost.input == pytest.approx((input_tokens - 500) * rate / 1e6)


def test_hour_long_cache_writes_cost_twice_the_input() -> None:
    usage = PRICE.of(Usage(0, 0, 0, 100, 100, cache_write_1h=40))
    assert usage.cost.cache_write == pytest.approx((60 * 2.5 + 40 * 2 * 2.0) / 1e6)


def test_the_providers_bill_wins() -> None:
    cost = PRICE.of(Usage(100), billed=0.5).cost
    assert (cost.total, cost.total_from_provider) == (0.5, True)
    assert cost.input == pytest.approx(0.0002)


def test_a_service_tier_multiplies() -> None:
    assert PRICE.of(Usage(100), multiplier=0.5).cost == Cost(0.0001, 0.0, 0.0, 0.0, 0.0001)
