"""Providers on Google's wires, Mistral's and Bedrock's."""

from typing import Any

from providers.table import ABSENT, BEARER, KEY, Json, Row, gemini, login

__all__ = ["ROWS"]

GOOGLE_KEY = ("x-goog-api-key", KEY)
GEMINI_CLI = {
    "user-agent": "google-cloud-sdk vscode_cloudshelleditor/0.1",
    "x-goog-api-client": "gl-node/22.17.0",
    "client-metadata": '{"ideType":"IDE_UNSPECIFIED","platform":"PLATFORM_UNSPECIFIED",'
    '"pluginType":"GEMINI"}',
}
POINT = {"cachePoint": {"type": "default"}}
HOUR = {"cachePoint": {"type": "default", "ttl": "1h"}}


def at_level(word: str) -> Json:
    return {"thinkingConfig": {"includeThoughts": True, "thinkingLevel": word}}


def with_budget(tokens: int) -> Json:
    return {"thinkingConfig": {"includeThoughts": True, "thinkingBudget": tokens}}


NO_BUDGET: Json = {"thinkingConfig": {"thinkingBudget": 0}}


def google(provider: str, variable: str, base: str, model: str, **more: Any) -> Row:
    url = f"{base}/models/{model}:streamGenerateContent?alt=sse"
    api = "google-vertex" if provider == "google-vertex" else "google-generative-ai"
    fields: dict[str, Any] = {"auth": GOOGLE_KEY, "level": "high"} | more
    return Row(provider=provider, api=api, model=model, url=url, env={variable: KEY}, **fields)


def assist(provider: str, host: str, model: str, body: Json, **more: Any) -> Row:
    """Cloud Code Assist: an envelope with the project of the login."""
    envelope = {
        "model": model,
        "project": "project-1",
        "request.sessionId": "session-1",
        "project_id": ABSENT,
    }
    return Row(
        provider=provider,
        api="google-gemini-cli",
        model=model,
        login=login("test-google-token", projectId="project-1"),
        url=f"https://{host}/v1internal:streamGenerateContent?alt=sse",
        auth=("authorization", "Bearer test-google-token"),
        level="high",
        body=envelope | body,
        **more,
    )


def converse(model: str, path: str, *, points: bool, limit: int = 3000, **more: Any) -> Row:
    body: Json = {
        "system": [{"text": "Be brief."}, *([POINT] if points else [])],
        "messages.0": {"role": "user", "content": [{"text": "look"}]},
        "messages.1.content.1.toolUse.toolUseId": "call_1",
        "messages.2.content.0.toolResult": {
            "toolUseId": "call_1",
            "content": [{"text": "fine"}],
            "status": "success",
        },
        "messages.2.content.-1": POINT if points else {"text": "and now?"},
        "inferenceConfig": {"maxTokens": limit},
        "toolConfig.tools.0.toolSpec.name": "read",
        "modelId": ABSENT,
    }
    fields: dict[str, Any] = {"level": "high", "env": {"AWS_BEARER_TOKEN_BEDROCK": KEY}}
    fields["long"] = {"system.-1": HOUR, "messages.2.content.-1": HOUR} if points else {}
    return Row(
        provider="amazon-bedrock",
        api="bedrock-converse-stream",
        model=model,
        url=f"https://bedrock-runtime.{path}/converse-stream",
        auth=BEARER,
        body=body,
        **(fields | more),
    )


def fields(**values: Any) -> Json:
    return {"additionalModelRequestFields": values}


ANTIGRAVITY = {"user-agent": "antigravity/1.21.9 darwin/arm64"}
SANDBOX = "daily-cloudcode-pa.sandbox.googleapis.com"
AGENT = {"userAgent": "antigravity", "requestType": "agent"}

ROWS: list[Row] = [
    google(
        "google",
        "GEMINI_API_KEY",
        "https://generativelanguage.googleapis.com/v1beta",
        "gemini-4-argon",
        body=gemini(ids=True),
        on=at_level("HIGH"),
        off=at_level("LOW"),  # this model always thinks
        prices=(2, 10, 0.1, 0),
    ),
    google(
        "google",
        "GEMINI_API_KEY",
        "https://generativelanguage.googleapis.com/v1beta",
        "gemini-2.5-flash",
        body=gemini(ids=False),
        on=with_budget(24576),
        off=NO_BUDGET,
        prices=(0.3, 2.5, 0.03, 0),
    ),
    google(
        "google-vertex",
        "GOOGLE_CLOUD_API_KEY",
        "https://aiplatform.googleapis.com/v1/publishers/google",
        "gemini-4-argon",
        body=gemini(ids=True),
        on=at_level("HIGH"),
        off=at_level("LOW"),
        prices=(2, 10, 0.1, 0),
    ),
    google(
        "google-vertex",
        "GOOGLE_CLOUD_API_KEY",
        "https://aiplatform.googleapis.com/v1/publishers/google",
        "gemini-2.5-pro",
        body=gemini(ids=False),
        on=with_budget(32768),
        off=with_budget(128),  # the least: this model refuses 0
        prices=(1.25, 10, 0.125, 0),
    ),
    google(
        "opencode",
        "OPENCODE_API_KEY",
        "https://opencode.ai/inference/google/v1beta",
        "gemini-3-flash",
        headers={"x-opencode-client": "pi"},
        session=("x-opencode-session",),
        body=gemini(ids=True),
        on=at_level("HIGH"),
        off=at_level("MINIMAL"),
        prices=(0.5, 3, 0.05, 0),
    ),
    google(
        "opencode-go",
        "OPENCODE_API_KEY",
        "https://opencode.ai/inference/go/google/v1beta",
        "gemini-4-argon",
        headers={"x-opencode-client": "pi"},
        session=("x-opencode-session",),
        body=gemini(ids=True),
        on=at_level("HIGH"),
        off=at_level("LOW"),
        prices=(2, 10, 0.1, 0),
    ),
    assist(
        "google-gemini-cli",
        "cloudcode-pa.googleapis.com",
        "gemini-3.1-pro-preview",
        gemini(ids=True, inside="request.") | {"userAgent": "pi-coding-agent"},
        headers=GEMINI_CLI,
        on=at_level("HIGH"),
        off=at_level("LOW"),
        prices=(0, 0, 0, 0),
    ),
    assist(
        "google-gemini-cli",
        "cloudcode-pa.googleapis.com",
        "gemini-2.5-pro",
        gemini(ids=False, inside="request.", limit=3000 + 16384),
        headers=GEMINI_CLI,
        on=with_budget(16384),
        off=with_budget(1024),
        prices=(0, 0, 0, 0),
    ),
    assist(
        "google-antigravity",
        SANDBOX,
        "gemini-3.1-pro-high",
        gemini(ids=True, inside="request.") | AGENT,
        headers=ANTIGRAVITY,
        on=at_level("HIGH"),
        off=at_level("LOW"),
        prices=(2, 12, 0.2, 2.375),
    ),
    assist(
        "google-antigravity",
        SANDBOX,
        "claude-sonnet-4-5-thinking",
        gemini(ids=True, inside="request.", limit=3000 + 16384, schema=False) | AGENT,
        headers=ANTIGRAVITY | {"anthropic-beta": "interleaved-thinking-2025-05-14"},
        on=with_budget(16384),
        off=NO_BUDGET,
        prices=(3, 15, 0.3, 3.75),
    ),
    Row(
        provider="radius",
        api="pi-messages",
        model="balanced",
        env={"RADIUS_API_KEY": KEY},
        url="https://radius.pi.dev/v1/messages",
        body={
            "context.systemPrompt": ABSENT,
            "context.messages.0.role": "system",
            "context.messages.0.content": "Be brief.",
            "context.messages.0.toolsAdded.0.name": "read",
            "context.messages.1.role": "user",
            "context.messages.2.role": "assistant",
            "context.messages.3.role": "toolResult",
            "context.messages.3.content": [{"type": "text", "text": "fine"}],
            "options.maxTokens": 3000,
            "options.sessionId": "session-1",
            "options.cacheRetention": ABSENT,
            "stream": ABSENT,
        },
        level="high",
        on={"options.reasoning": "high"},
        off={"options.reasoning": "low"},
        long={"options.cacheRetention": "long"},
        prices=(3, 15, 0.3, 0),
    ),
    Row(
        provider="mistral",
        api="mistral-conversations",
        model="mistral-small-latest",
        env={"MISTRAL_API_KEY": KEY},
        url="https://api.mistral.ai/v1/chat/completions",
        session=("x-affinity",),
        body={
            "stream": True,
            "stream_options": ABSENT,
            "store": ABSENT,
            "messages.0": {"role": "system", "content": "Be brief."},
            "messages.1": {"role": "user", "content": "look"},
            "messages.2.role": "assistant",
            "messages.3.name": "read",
            "messages.3.content": [{"type": "text", "text": "fine"}],
            "max_tokens": 3000,
            "max_completion_tokens": ABSENT,
            "tools.0.function.strict": False,
            "prompt_cache_key": "session-1",
        },
        level="high",
        on={"reasoning_effort": "high"},
        off={"reasoning_effort": "none"},
        prices=(0.15, 0.6, 0.015, 0),
    ),
    converse(
        "us.anthropic.claude-opus-5-5",
        "us-east-1.amazonaws.com/model/us.anthropic.claude-opus-5-5",
        points=True,
        on=fields(
            thinking={"type": "adaptive", "display": "summarized"},
            output_config={"effort": "high"},
        ),
        off={},
        prices=(4.4, 22, 0.22, 5.5),
    ),
    converse(
        "us.anthropic.claude-sonnet-4-20250514-v1:0",
        "us-east-1.amazonaws.com/model/us.anthropic.claude-sonnet-4-20250514-v1%3A0",
        points=True,
        limit=3000 + 16384,
        on=fields(
            thinking={"type": "enabled", "budget_tokens": 16384, "display": "summarized"},
            anthropic_beta=["interleaved-thinking-2025-05-14"],
        ),
        off={},
        prices=(3, 15, 0.3, 3.75),
    ),
    converse(
        "eu.anthropic.claude-sonnet-4-6",
        "eu-central-1.amazonaws.com/model/eu.anthropic.claude-sonnet-4-6",
        points=True,
        level="max",
        on=fields(
            thinking={"type": "adaptive", "display": "summarized"},
            output_config={"effort": "max"},
        ),
        off={},
        prices=(3.3, 16.5, 0.33, 4.125),
    ),
    converse(
        "amazon.nova-pro-v1:0",
        "us-east-1.amazonaws.com/model/amazon.nova-pro-v1%3A0",
        points=False,
        on={},
        off={},
        prices=(0.8, 3.2, 0.2, 0.8),
    ),
    converse(
        "openai.gpt-oss-120b",
        "us-east-1.amazonaws.com/model/openai.gpt-oss-120b",
        points=False,
        on=fields(reasoning_effort="high"),
        off={},
        prices=(0.15, 0.6, 0, 0),
    ),
]
