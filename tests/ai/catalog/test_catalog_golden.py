"""Single models in full, as their services want them. Each stands for a family of rules."""

from typing import Any

import msgspec
import pytest

from pi.ai.catalog import Catalog
from pi.ai.model import AuthHeader, Model, Price, PriceTier


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog()


def compat(model: Model) -> dict[str, Any]:
    """The switches that differ from the wire's standard."""
    kind = type(model.compat)
    standard = msgspec.structs.asdict(kind())
    return {
        name: value
        for name, value in msgspec.structs.asdict(model.compat).items()
        if value != standard[name]
    }


def test_cloudflare_workers_ai(catalog: Catalog) -> None:
    """The example from which the rule comes that providers are data."""
    model = catalog.model("cloudflare-workers-ai", "@cf/moonshotai/kimi-k2.6")
    assert model.api == "openai-completions"
    assert model.base_url == (
        "https://api.cloudflare.com/client/v4/accounts/{CLOUDFLARE_ACCOUNT_ID}/ai/v1"
    )
    assert model.headers == {"User-Agent": "pi-coding-agent"}
    assert model.session_headers == ("session_id", "x-client-request-id", "x-session-affinity")
    assert model.auth_header == AuthHeader("Authorization", "Bearer ")
    assert model.context_window == 262_144
    assert model.max_output_tokens == 256_000
    assert model.cost == Price(0.95, 4.0, 0.16)
    assert model.sees_images
    assert compat(model) == {
        "supports_store": False,
        "supports_developer_role": False,
        "supports_strict_mode": True,
        "supports_long_cache_retention": False,
    }
    assert model.thinking == {
        "off": {"reasoning_effort": "none"},
        "high": {"reasoning_effort": "high"},
    }
    auth = catalog.provider("cloudflare-workers-ai").auth
    assert auth.env == ("CLOUDFLARE_API_KEY",)
    assert auth.required_env == ("CLOUDFLARE_ACCOUNT_ID",)


def test_cloudflare_gateway_keeps_its_key_out_of_the_vendors_header(catalog: Catalog) -> None:
    models = catalog.models("cloudflare-ai-gateway")
    assert {model.auth_header for model in models} == {
        AuthHeader("cf-aig-authorization", "Bearer ")
    }
    assert {model.base_url.rpartition("/")[2] for model in models} == {
        "compat",
        "openai",
        "anthropic",
    }


def test_anthropic_adaptive(catalog: Catalog) -> None:
    model = catalog.model("anthropic", "claude-opus-4-7")
    assert model.base_url == "https://api.anthropic.com"
    assert model.auth_header == AuthHeader("x-api-key", "")
    assert compat(model) == {
        "force_adaptive_thinking": True,
        "supports_strict_tools": True,
        "supports_temperature": False,
    }
    assert model.thinking_levels == ("off", "minimal", "low", "medium", "high", "xhigh", "max")
    assert model.thinking["off"] == {"thinking": {"type": "disabled"}}
    assert model.thinking["minimal"] == model.thinking["low"]
    assert model.thinking["max"] == {
        "thinking": {"type": "adaptive", "display": "summarized"},
        "output_config": {"effort": "max"},
    }


def test_anthropic_budget(catalog: Catalog) -> None:
    model = catalog.model("anthropic", "claude-sonnet-4-5")
    assert compat(model) == {"supports_strict_tools": True}
    assert model.thinking_levels == ("off", "minimal", "low", "medium", "high")
    assert model.thinking["high"] == {
        "thinking": {"type": "enabled", "budget_tokens": "$budget", "display": "summarized"}
    }


def test_thinking_that_cannot_be_switched_off(catalog: Catalog) -> None:
    assert catalog.model("anthropic", "claude-fable-5").thinking_levels[0] == "minimal"
    assert catalog.model("anthropic", "claude-opus-5-5").thinking_levels[0] == "low"
    for provider in ("google", "google-vertex", "google-gemini-cli"):
        assert catalog.model(provider, "gemini-2.5-pro").thinking_levels[0] == "minimal"


def test_anthropic_subscription_tokens(catalog: Catalog) -> None:
    row = catalog.provider("anthropic")
    assert row.auth.env == ("ANTHROPIC_OAUTH_TOKEN", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY")
    gateway, subscription = row.auth.variants
    assert gateway.when == "env:ANTHROPIC_AUTH_TOKEN"
    assert gateway.auth_header == AuthHeader()
    assert not gateway.system_prefix
    assert not gateway.headers
    assert subscription.key_contains == "sk-ant-oat"
    assert subscription.compat["betas"] == ["claude-code-20250219", "oauth-2025-04-20"]
    assert subscription.headers["x-app"] == "cli"
    assert len(subscription.compat["canonical_tool_names"]) == 17
    assert subscription.system_prefix[0].startswith("You are Claude Code,")


def test_openai(catalog: Catalog) -> None:
    model = catalog.model("openai", "gpt-5.4")
    assert model.api == "openai-responses"
    assert model.session_headers == ("session-id", "x-client-request-id")
    assert model.extended_context_window == 1_050_000
    assert model.cost.tiers == (PriceTier(272_000, 5.0, 22.5, 0.5, 0.0),)
    assert compat(model) == {"supports_strict_mode": True}
    assert model.thinking["off"] == {"reasoning": {"effort": "none"}}
    assert model.thinking["xhigh"] == {
        "reasoning": {"effort": "xhigh", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
    }
    assert catalog.model("openai", "gpt-5").thinking_levels[0] == "minimal"
    assert catalog.model("openai", "gpt-4").thinking == {"off": {}}
    explicit = catalog.model("openai", "gpt-6.1-sol")
    assert explicit.compat.supports_explicit_prompt_cache_mode


def test_the_tiers_of_one_model_cost_more(catalog: Catalog) -> None:
    dear = catalog.model("openai", "gpt-5.5").compat.service_tiers
    assert dear["priority"] == 2.5
    assert catalog.model("openai", "gpt-5.4").compat.service_tiers["priority"] == 2.0


def test_copilot(catalog: Catalog) -> None:
    responses = catalog.model("github-copilot", "gpt-6-luna")
    assert responses.thinking["off"] == {}
    assert responses.headers["Copilot-Integration-Id"] == "vscode-chat"
    assert responses.headers["Openai-Intent"] == "conversation-edits"
    assert responses.context_headers == {
        "X-Initiator": "initiator",
        "Copilot-Vision-Request": "vision",
    }
    messages = catalog.model("github-copilot", "claude-haiku-4.5")
    assert messages.api == "anthropic-messages"
    assert messages.auth_header == AuthHeader("Authorization", "Bearer ")
    assert compat(messages) == {"supports_eager_tool_input_streaming": False}
    chat = catalog.model("github-copilot", "kimi-k3")
    assert chat.api == "openai-completions"
    assert chat.thinking["high"] == {}
    assert {model.base_url for model in (responses, messages, chat)} == {
        "https://api.individual.githubcopilot.com"
    }


def test_openrouter(catalog: Catalog) -> None:
    ours = catalog.model("openrouter", "openai/gpt-5.4")
    assert compat(ours) == {"supports_strict_mode": True}
    assert ours.thinking["low"] == {"reasoning": {"effort": "low"}}
    other = catalog.model("openrouter", "moonshotai/kimi-k2.6")
    assert compat(other) == {
        "supports_developer_role": False,
        "supports_strict_mode": True,
        "requires_reasoning_content_on_assistant_messages": True,
    }
    claude = catalog.model("openrouter", "anthropic/claude-opus-4.7")
    assert claude.api == "anthropic-messages"
    assert claude.base_url == "https://openrouter.ai/api"
    batch = catalog.model("openrouter", "anthropic/claude-opus-4.7:batch")
    assert batch.compat.cache_control
    assert {m.session_headers for m in (ours, other, claude, batch)} == {("x-session-id",)}


@pytest.mark.parametrize(
    ("provider", "model_id", "on", "off"),
    [
        (
            "deepseek",
            "deepseek-v4-pro",
            {"thinking": {"type": "enabled"}, "reasoning_effort": "high"},
            {"thinking": {"type": "disabled"}},
        ),
        (
            "zai",
            "glm-5.2",
            {"thinking": {"type": "enabled", "clear_thinking": False}, "reasoning_effort": "high"},
            {"thinking": {"type": "disabled"}},
        ),
        (
            "zai",
            "glm-4.7",
            {"thinking": {"type": "enabled", "clear_thinking": False}},
            {"thinking": {"type": "disabled"}},
        ),
        (
            "qwen-token-plan",
            "glm-5",
            {"enable_thinking": True, "reasoning_effort": "high"},
            {"enable_thinking": False},
        ),
        (
            "qwen-token-plan",
            "kimi-k2.6",
            {"enable_thinking": True},
            {"enable_thinking": False},
        ),
        (
            "together",
            "MiniMaxAI/MiniMax-M3",
            {"reasoning": {"enabled": True}},
            {"reasoning": {"enabled": False}},
        ),
        (
            "together",
            "deepseek-ai/DeepSeek-V4-Pro-0813",
            {"reasoning": {"enabled": True}, "reasoning_effort": "high"},
            {"reasoning": {"enabled": False}},
        ),
        (
            "baseten",
            "zai-org/GLM-5.2",
            {"chat_template_args": {"enable_thinking": True}, "reasoning_effort": "high"},
            {"chat_template_args": {"enable_thinking": False}},
        ),
        ("ant-ling", "Ring-2.6-1T", {"reasoning": {"effort": "high"}}, None),
        (
            "groq",
            "qwen/qwen3.6-27b",
            {"reasoning_effort": "default"},
            {"reasoning_effort": "none"},
        ),
        ("xai", "grok-4.3", None, {"reasoning": {"effort": "none"}}),
        (
            "moonshotai",
            "kimi-k2.6",
            {"thinking": {"type": "enabled"}},
            {"thinking": {"type": "disabled"}},
        ),
        ("moonshotai", "kimi-k3", {"reasoning_effort": "high"}, None),
        ("nvidia", "moonshotai/kimi-k2.6", {}, {}),
        (
            "fireworks",
            "accounts/fireworks/models/deepseek-v4p1-flash",
            {
                "thinking": {"type": "adaptive", "display": "summarized"},
                "output_config": {"effort": "high"},
            },
            {"thinking": {"type": "disabled"}},
        ),
    ],
)
def test_thinking_per_service(
    catalog: Catalog,
    provider: str,
    model_id: str,
    on: dict[str, Any] | None,
    off: dict[str, Any] | None,
) -> None:
    thinking = catalog.model(provider, model_id).thinking
    if on is not None:
        assert thinking["high"] == on
    assert thinking.get("off") == off


def google(**config: Any) -> dict[str, Any]:
    """A fragment of the Gemini API."""
    return {"generationConfig": {"thinkingConfig": config}}


@pytest.mark.parametrize("provider", ["google", "google-vertex"])
def test_gemini_levels_and_budgets(catalog: Catalog, provider: str) -> None:
    new = catalog.model(provider, "gemini-3.5-flash")
    assert new.thinking["minimal"] == google(includeThoughts=True, thinkingLevel="MINIMAL")
    assert new.compat.tool_call_ids
    old = catalog.model(provider, "gemini-2.5-flash-lite")
    assert old.thinking["off"] == google(thinkingBudget=0)
    assert old.thinking["minimal"] == google(includeThoughts=True, thinkingBudget=512)
    assert old.thinking["high"] == google(includeThoughts=True, thinkingBudget=24576)
    assert not old.compat.multimodal_results
    pro = catalog.model(provider, "gemini-2.5-pro")
    assert pro.thinking["high"] == google(includeThoughts=True, thinkingBudget=32768)


def test_code_assist(catalog: Catalog) -> None:
    cli = catalog.model("google-gemini-cli", "gemini-3.1-pro-preview")
    assert cli.thinking["medium"] == google(includeThoughts=True, thinkingLevel="HIGH")
    assert cli.headers["X-Goog-Api-Client"] == "gl-node/22.17.0"
    claude = catalog.model("google-antigravity", "claude-opus-4-6-thinking")
    assert claude.thinking["low"] == google(includeThoughts=True, thinkingBudget="$budget")
    assert claude.headers["anthropic-beta"] == "interleaved-thinking-2025-05-14"
    assert claude.extra_body == {"userAgent": "antigravity", "requestType": "agent"}
    assert not claude.compat.json_schema


def test_bedrock(catalog: Catalog) -> None:
    new = catalog.model("amazon-bedrock", "us.anthropic.claude-opus-4-6-v1")
    assert new.thinking["max"] == {
        "additionalModelRequestFields": {
            "thinking": {"type": "adaptive", "display": "summarized"},
            "output_config": {"effort": "max"},
        }
    }
    assert new.compat.cache_points
    old = catalog.model("amazon-bedrock", "us.anthropic.claude-sonnet-4-20250514-v1:0")
    assert old.thinking["low"]["additionalModelRequestFields"]["anthropic_beta"] == [
        "interleaved-thinking-2025-05-14"
    ]
    assert old.thinking["off"] == {}
    europe = catalog.model("amazon-bedrock", "eu.anthropic.claude-opus-4-6-v1")
    assert europe.base_url == "https://bedrock-runtime.eu-central-1.amazonaws.com"
    oss = catalog.model("amazon-bedrock", "openai.gpt-oss-120b-1:0")
    assert oss.thinking["minimal"] == {"additionalModelRequestFields": {"reasoning_effort": "low"}}
    assert catalog.model("amazon-bedrock", "zai.glm-4.7").thinking["high"] == {}


def test_azure_has_no_url_of_its_own(catalog: Catalog) -> None:
    assert {model.base_url for model in catalog.models("azure-openai-responses")} == {""}
    model = catalog.model("azure", "gpt-5.4")
    assert model.provider == "azure-openai-responses"
    assert model.auth_header == AuthHeader("api-key", "")
    assert model.session_headers == ()


def test_opencode_sends_its_session_header_on_every_wire(catalog: Catalog) -> None:
    models = catalog.models("opencode")
    assert len({model.api for model in models}) == 4
    assert all("x-opencode-session" in model.session_headers for model in models)
    assert all(model.headers["x-opencode-client"] == "pi" for model in models)
