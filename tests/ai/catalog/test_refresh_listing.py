"""Lists of models in the shapes that services give them, each by hand after its documentation."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi.ai.catalog.update.listing import Listed, keyed, read
from pi.ai.errors import ProtocolError


def one(value: Any) -> Listed:
    """The only model of a list."""
    (model,) = read(json.dumps(value).encode())
    return model


def of(items: list[dict[str, Any]], key: str = "data") -> list[Listed]:
    """The models of a list under the usual key."""
    return read(json.dumps({"object": "list", key: items}).encode())


def test_ids_alone() -> None:
    """https://platform.openai.com/docs/api-reference/models/list"""
    item = {"id": "gpt-9", "object": "model", "created": 1770000000, "owned_by": "system"}
    assert of([item]) == [Listed(id="gpt-9", released="2026-02-02")]


@pytest.mark.parametrize(
    "name",
    [
        "text-embedding-3-large",
        "whisper-1",
        "gpt-4o-mini-tts",
        "gpt-image-2",
        "omni-moderation-latest",
        "gpt-realtime-2",
        "gpt-audio-mini",
        "sora-2",
        "ft:gpt-4o:acme::x",
    ],
)
def test_ids_that_are_no_chat_models(name: str) -> None:
    (model,) = of([{"id": name, "object": "model"}])
    assert not model.chat


def test_anthropic() -> None:
    """Fields after the vendor's own client library (`anthropic.types.ModelInfo`)."""
    model = one(
        {
            "data": [
                {
                    "type": "model",
                    "id": "claude-next",
                    "display_name": "Claude Next",
                    "created_at": "2026-12-01T00:00:00Z",
                    "lifecycle": "active",
                    "max_input_tokens": 1_000_000,
                    "max_tokens": 128_000,
                    "capabilities": {
                        "image_input": {"supported": True},
                        "thinking": {"supported": True, "types": {}},
                        "batch": {"supported": True},
                    },
                }
            ],
            "has_more": False,
            "first_id": "claude-next",
        }
    )
    assert model == Listed(
        id="claude-next",
        name="Claude Next",
        images=True,
        thinks=True,
        window=1_000_000,
        output=128_000,
        released="2026-12-01",
        status="active",
    )


def test_gemini() -> None:
    """https://ai.google.dev/api/models"""
    chat, other = of(
        [
            {
                "name": "models/gemini-9",
                "baseModelId": "gemini-9",
                "displayName": "Gemini 9",
                "inputTokenLimit": 1_048_576,
                "outputTokenLimit": 65_536,
                "supportedGenerationMethods": ["generateContent", "countTokens"],
                "thinking": True,
            },
            {"name": "models/embedder", "supportedGenerationMethods": ["embedContent"]},
        ],
        "models",
    )
    assert chat == Listed(
        id="gemini-9", name="Gemini 9", thinks=True, window=1_048_576, output=65_536
    )
    assert not other.chat


def test_openrouter() -> None:
    """https://openrouter.ai/docs/models; bands of prices as its list has them since 2026."""
    model = one(
        {
            "data": [
                {
                    "id": "lab/big:free",
                    "name": "Lab: Big",
                    "created": 1770000000,
                    "context_length": 400_000,
                    "architecture": {
                        "modality": "text+image->text",
                        "input_modalities": ["text", "image"],
                        "output_modalities": ["text"],
                    },
                    "pricing": {
                        "prompt": "0.00000125",
                        "completion": "0.00001",
                        "input_cache_read": "0.000000125",
                        "overrides": [
                            {
                                "min_prompt_tokens": 200_000,
                                "prompt": "0.0000025",
                                "completion": "0.000015",
                            }
                        ],
                    },
                    "top_provider": {"context_length": 300_000, "max_completion_tokens": 64_000},
                    "supported_parameters": ["max_tokens", "reasoning", "tools"],
                    "reasoning": {"mandatory": True, "supported_efforts": ["high", "low"]},
                }
            ]
        }
    )
    assert model == Listed(
        id="lab/big:free",
        name="Lab: Big",
        tools=True,
        images=True,
        thinks=True,
        efforts=("high", "low"),
        can_rest=False,
        window=300_000,
        output=64_000,
        prices={"input": 1.25, "output": 10.0, "cache_read": 0.125},
        tiers={200_000: {"input": 2.5, "output": 15.0}},
        released="2026-02-02",
    )


def test_openrouter_router_without_a_price() -> None:
    item = {"id": "openrouter/auto", "pricing": {"prompt": "-1", "completion": "-1"}}
    (model,) = of([item])
    assert model.prices == {}


def test_vercel() -> None:
    """https://vercel.com/docs/ai-gateway/models-and-providers; a band starts at its `min`."""
    chat, other = of(
        [
            {
                "id": "lab/big",
                "object": "model",
                "created": 1770000000,
                "released": 1760000000,
                "name": "Big",
                "context_window": 1_000_000,
                "max_tokens": 64_000,
                "type": "language",
                "tags": ["tool-use", "reasoning"],
                "pricing": {
                    "input": "0.000002",
                    "output": "0.000012",
                    "input_cache_read": "0.0000002",
                    "input_tiers": [
                        {"cost": "0.000002", "min": 0, "max": 200_001},
                        {"cost": "0.000004", "min": 200_001},
                    ],
                    "output_tiers": [
                        {"cost": "0.000012", "min": 0, "max": 200_001},
                        {"cost": "0.000018", "min": 200_001},
                    ],
                },
            },
            {"id": "lab/vectors", "type": "embedding", "tags": []},
        ]
    )
    assert chat == Listed(
        id="lab/big",
        name="Big",
        tools=True,
        images=False,
        thinks=True,
        window=1_000_000,
        output=64_000,
        prices={"input": 2.0, "output": 12.0, "cache_read": 0.2},
        tiers={200_000: {"input": 4.0, "output": 18.0}},
        released="2025-10-09",
    )
    assert not other.chat
    assert other.tools is False


def test_groq() -> None:
    """https://console.groq.com/docs/api-reference#models-list"""
    model, gone = of(
        [
            {"id": "m", "active": True, "context_window": 131_072, "max_completion_tokens": 65_536},
            {"id": "n", "active": False, "context_window": 8192},
        ]
    )
    assert (model.window, model.output, model.chat) == (131_072, 65_536, True)
    assert not gone.chat


def test_mistral() -> None:
    """https://docs.mistral.ai/api/#tag/models"""
    able = {"completion_chat": True, "function_calling": True, "vision": True, "reasoning": False}
    model, other = of(
        [
            {
                "id": "mistral-huge",
                "type": "base",
                "name": "mistral-huge-2612",
                "max_context_length": 262_144,
                "capabilities": able,
            },
            {"id": "voice", "type": "base", "capabilities": {"completion_chat": False}},
        ]
    )
    assert model == Listed(
        id="mistral-huge",
        name="mistral-huge-2612",
        tools=True,
        images=True,
        thinks=False,
        window=262_144,
    )
    assert not other.chat


def test_xai() -> None:
    """https://docs.x.ai/docs/api-reference: cents for a hundred million tokens."""
    (model,) = of(
        [
            {
                "id": "grok-9",
                "created": 1770000000,
                "input_modalities": ["text", "image"],
                "output_modalities": ["text"],
                "prompt_text_token_price": 20000,
                "cached_prompt_text_token_price": 5000,
                "completion_text_token_price": 60000,
                "max_prompt_length": 500_000,
                "long_context_threshold": 200_000,
                "prompt_text_token_price_long_context": 40000,
                "completion_text_token_price_long_context": 120000,
            }
        ],
        "models",
    )
    assert model == Listed(
        id="grok-9",
        images=True,
        window=500_000,
        prices={"input": 2.0, "output": 6.0, "cache_read": 0.5},
        tiers={200_000: {"input": 4.0, "output": 12.0}},
        released="2026-02-02",
    )


def test_cloudflare() -> None:
    """https://developers.cloudflare.com/api/resources/ai/subresources/models/: `id` is another."""
    chat, other = of(
        [
            {
                "id": "0b1c-2d3e",
                "name": "@cf/lab/big",
                "task": {"id": "c329", "name": "Text Generation"},
                "properties": [
                    {"property_id": "context_window", "value": "128000"},
                    {"property_id": "function_calling", "value": "true"},
                    {
                        "property_id": "price",
                        "value": [
                            {"unit": "per M input tokens", "price": 0.35, "currency": "USD"},
                            {"unit": "per M output tokens", "price": 0.75, "currency": "USD"},
                        ],
                    },
                ],
            },
            {"id": "9", "name": "@cf/openai/whisper", "task": {"name": "Speech Recognition"}},
        ],
        "result",
    )
    assert chat == Listed(
        id="@cf/lab/big",
        name="@cf/lab/big",
        tools=True,
        window=128_000,
        prices={"input": 0.35, "output": 0.75},
    )
    assert not other.chat


def test_copilot() -> None:
    (model,) = of(
        [
            {
                "id": "gpt-9",
                "name": "GPT-9",
                "capabilities": {
                    "type": "chat",
                    "limits": {"max_context_window_tokens": 400_000, "max_output_tokens": 128_000},
                    "supports": {"tool_calls": True, "vision": True, "streaming": True},
                },
            }
        ]
    )
    assert model == Listed(
        id="gpt-9", name="GPT-9", tools=True, images=True, window=400_000, output=128_000
    )


def test_hugging_face() -> None:
    """https://huggingface.co/docs/inference-providers/hub-api: one entry for each server."""
    (model,) = of(
        [
            {
                "id": "lab/Big",
                "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
                "providers": [
                    {"provider": "a", "status": "live", "supports_tools": False},
                    {
                        "provider": "b",
                        "status": "live",
                        "context_length": 131_072,
                        "pricing": {"input": 0.5, "output": 1},
                        "supports_tools": True,
                    },
                ],
            }
        ]
    )
    assert model == Listed(id="lab/Big", tools=True, images=False, window=131_072)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (  # Fireworks
            {"context_length": 262_144, "supports_tools": True, "supports_image_input": True},
            Listed(id="m", tools=True, images=True, window=262_144),
        ),
        (  # Kimi
            {
                "context_length": 262_144,
                "supports_reasoning": True,
                "supports_image_in": False,
                "display_name": "Kimi",
            },
            Listed(id="m", name="Kimi", images=False, thinks=True, window=262_144),
        ),
        ({"max_model_len": 32_768}, Listed(id="m", window=32_768)),  # vLLM
    ],
)
def test_more_fields_of_openai_like_lists(fields: dict[str, Any], expected: Listed) -> None:
    assert of([{"id": "m", "object": "model", **fields}]) == [expected]


def test_models_dev() -> None:
    """https://models.dev/api.json: an object of providers, each with an object of models."""
    model = {
        "id": "big",
        "name": "Big",
        "attachment": True,
        "reasoning": True,
        "reasoning_options": [
            {"type": "effort", "values": ["none", "low", "high"]},
            {"type": "budget_tokens", "min": 1024},
        ],
        "tool_call": True,
        "release_date": "2026-05",
        "modalities": {"input": ["text", "image", "pdf"], "output": ["text"]},
        "limit": {"context": 400_000, "input": 272_000, "output": 128_000},
        "cost": {
            "input": 2.5,
            "output": 15,
            "cache_read": 0.25,
            "tiers": [{"input": 5, "output": 22.5, "tier": {"type": "context", "size": 272_000}}],
            "context_over_200k": {"input": 5, "output": 22.5},
        },
        "provider": {"npm": "@ai-sdk/openai"},
        "status": "beta",
    }
    body = json.dumps({"lab": {"id": "lab", "name": "Lab", "models": {"big": model}}}).encode()
    assert read(bytes(keyed(body)["lab"])) == [
        Listed(
            id="big",
            name="Big",
            tools=True,
            images=True,
            thinks=True,
            efforts=("none", "low", "high"),
            can_rest=True,
            window=400_000,
            output=128_000,
            prices={"input": 2.5, "output": 15.0, "cache_read": 0.25},
            tiers={272_000: {"input": 5.0, "output": 22.5}},
            released="2026-05",
            status="beta",
            api="openai-responses",
        )
    ]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"<!doctype html><html>", "starts with '<!doctype html>"),
        (b'{"data": [', "no JSON"),
        (b'{"error": {"message": "no"}}', "no list of models"),
        (b'{"data": {}}', "no list of models"),
        (b"[" * 100_000, "no JSON"),
        (b'{"data": "\xff"}', "no JSON"),
    ],
)
def test_what_is_no_list(body: bytes, words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        read(body)


def test_no_parts_in_a_list() -> None:
    with pytest.raises(ProtocolError, match="no JSON object"):
        keyed(b"[1]")


@pytest.mark.parametrize(
    "name", ["", "a b", "a\nb", "\x1b[2J", "x" * 300, 7, None, ["a"], "ä", 'a"b']
)
def test_ids_that_cannot_be_typed_or_shown_are_left_out(name: object) -> None:
    assert of([{"id": name}, {"id": "good"}]) == [Listed(id="good")]


def test_each_id_once() -> None:
    first, second = {"id": "a", "name": "first"}, {"id": "a", "name": "second"}
    assert of([first, second]) == [Listed(id="a", name="first")]


@pytest.mark.parametrize("value", [0, -1, 1e18, "many", True, None, [], {}])
def test_token_counts_that_are_none(value: object) -> None:
    assert of([{"id": "a", "context_length": value}])[0].window is None


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    [
        "id",
        "name",
        "limit",
        "cost",
        "modalities",
        "reasoning",
        "reasoning_options",
        "tool_call",
        "status",
        "provider",
        "pricing",
        "architecture",
        "capabilities",
        "task",
        "properties",
        "providers",
        "tags",
        "type",
        "created",
        "release_date",
        "supported_parameters",
        "top_provider",
        "context_length",
        "max_tokens",
    ]
)


@given(st.lists(st.dictionaries(FIELDS, JSON, max_size=8), max_size=4), st.sampled_from("dm"))
def test_no_entry_breaks_a_list(items: list[dict[str, Any]], key: str) -> None:
    """Whatever stands at any of the places that are read."""
    good = {"id": "good", "limit": {"context": 1000, "output": 100}}
    found = of([*items, good], {"d": "data", "m": "models"}[key])
    assert "good" in {model.id for model in found}
    for model in found:
        assert model.window is None or model.window > 0
        assert all(price >= 0 for price in model.prices.values())
        assert [*model.tiers] == sorted(model.tiers)
