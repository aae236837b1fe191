"""Providers on Anthropic's Messages."""

from typing import Any

from providers.table import KEY, Json, Row, login, messages

__all__ = ["ROWS"]

API = "anthropic-messages"
FINE_GRAINED = "fine-grained-tool-streaming-2025-05-14"
INTERLEAVED = "interleaved-thinking-2025-05-14"
VERSION = {"anthropic-version": "2023-06-01"}
HOUR = {"type": "ephemeral", "ttl": "1h"}
LONG = {"system.0.cache_control": HOUR, "messages.-1.content.-1.cache_control": HOUR}
NEVER_LONG = {name: {"type": "ephemeral"} for name in LONG}
OFF: Json = {"thinking": {"type": "disabled"}}
BUDGET: Json = {"thinking": {"type": "enabled", "budget_tokens": 16384, "display": "summarized"}}


def adaptive(word: str) -> Json:
    return {
        "thinking": {"type": "adaptive", "display": "summarized"},
        "output_config": {"effort": word},
    }


def row(provider: str, env: Any, base: str, model: str, **more: Any) -> Row:
    """A model that thinks adaptively."""
    fields: dict[str, Any] = {
        "auth": ("x-api-key", KEY),
        "headers": {},
        "body": messages(),
        "long": LONG,
        "level": "high",
        "on": adaptive("high"),
        "off": OFF,
    } | more
    fields["headers"] = VERSION | fields["headers"]
    if isinstance(env, str):
        env = {env: KEY}
    return Row(
        provider=provider, api=API, model=model, url=f"{base}/v1/messages", env=env, **fields
    )


def older(provider: str, env: Any, base: str, model: str, **more: Any) -> Row:
    """A model that takes a budget of thinking, which is added to the output limit."""
    fields: dict[str, Any] = {
        "on": BUDGET,
        "body": messages(limit=3000 + 16384),
        "headers_on": {"anthropic-beta": INTERLEAVED},
    }
    return row(provider, env, base, model, **(fields | more))


COPILOT = "tid=1;exp=2;x"

ROWS: list[Row] = [
    row(
        "anthropic",
        "ANTHROPIC_API_KEY",
        "https://api.anthropic.com",
        "claude-opus-5-5",
        off=adaptive("low"),  # this model always thinks
        prices=(4, 20, 0.2, 5),
    ),
    older(
        "anthropic",
        "ANTHROPIC_API_KEY",
        "https://api.anthropic.com",
        "claude-sonnet-4-5",
        prices=(3, 15, 0.3, 3.75),
    ),
    older(
        "cloudflare-ai-gateway",
        {
            "CLOUDFLARE_API_KEY": KEY,
            "CLOUDFLARE_ACCOUNT_ID": "acct",
            "CLOUDFLARE_GATEWAY_ID": "gate",
        },
        "https://gateway.ai.cloudflare.com/v1/acct/gate/anthropic",
        "claude-haiku-4-5",
        auth=("cf-aig-authorization", f"Bearer {KEY}"),
        headers={"user-agent": "pi-coding-agent"},
        session=("x-session-affinity",),
        prices=(1, 5, 0.1, 1.25),
    ),
    row(
        "fireworks",
        "FIREWORKS_API_KEY",
        "https://api.fireworks.ai/inference",
        "accounts/fireworks/models/deepseek-v4p1-flash",
        headers={"anthropic-beta": FINE_GRAINED},
        session=("x-session-affinity",),
        body=messages(eager=False, tool_mark=False),
        long=NEVER_LONG,
        prices=(0.3, 1.2, 0.006, 0),
    ),
    older(
        "github-copilot",
        {},
        "https://api.individual.githubcopilot.com",
        "claude-haiku-4.5",
        login=login(COPILOT),
        auth=("authorization", f"Bearer {COPILOT}"),
        headers={
            "anthropic-beta": FINE_GRAINED,
            "user-agent": "GitHubCopilotChat/0.35.0",
            "editor-version": "vscode/1.107.0",
            "editor-plugin-version": "copilot-chat/0.35.0",
            "copilot-integration-id": "vscode-chat",
            "openai-intent": "conversation-edits",
            "x-initiator": "user",
        },
        headers_on={"anthropic-beta": f"{FINE_GRAINED},{INTERLEAVED}"},
        body=messages(limit=3000 + 16384, eager=False),
        prices=(1, 5, 0.1, 1.25),
    ),
    older(
        "minimax",
        "MINIMAX_API_KEY",
        "https://api.minimax.io/anthropic",
        "MiniMax-M3",
        prices=(0.3, 1.2, 0.06, 0),
    ),
    older(
        "minimax-cn",
        "MINIMAX_CN_API_KEY",
        "https://api.minimaxi.com/anthropic",
        "MiniMax-M3",
        prices=(0.3137, 1.2549, 0.0627, 0),
    ),
    older(
        "opencode",
        "OPENCODE_API_KEY",
        "https://opencode.ai/inference/anthropic",
        "claude-haiku-4-5",
        headers={"x-opencode-client": "pi"},
        session=("x-opencode-session",),
        prices=(1, 5, 0.1, 1.25),
    ),
    row(
        "opencode-go",
        "OPENCODE_API_KEY",
        "https://opencode.ai/inference/go/anthropic",
        "claude-haiku-5-5",
        headers={"x-opencode-client": "pi"},
        session=("x-opencode-session",),
        prices=(0.1, 0.5, 0.01, 0.125),
    ),
    older(
        "openrouter",
        "OPENROUTER_API_KEY",
        "https://openrouter.ai/api",
        "anthropic/claude-haiku-4.5",
        session=("x-session-id",),
        prices=(1, 5, 0.1, 1.25),
    ),
    older(
        "vercel-ai-gateway",
        "AI_GATEWAY_API_KEY",
        "https://ai-gateway.vercel.sh",
        "zai/glm-5.3",
        prices=(1.4, 4.4, 0.14, 0),
    ),
    row(
        "vercel-ai-gateway",
        "AI_GATEWAY_API_KEY",
        "https://ai-gateway.vercel.sh",
        "anthropic/claude-sonnet-4.6",
        prices=(3, 15, 0.3, 3.75),
    ),
]
