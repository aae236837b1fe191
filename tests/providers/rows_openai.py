"""Providers on the Responses wire and its relatives."""

import base64
import json
from typing import Any

from providers.table import ABSENT, KEY, Json, Row, login, responses

__all__ = ["ROWS", "TOKEN"]

API = "openai-responses"
SESSION = ("session-id", "x-client-request-id")
LONG = {"prompt_cache_retention": "24h", "prompt_cache_options": ABSENT}
NEVER_LONG = {"prompt_cache_retention": ABSENT, "prompt_cache_options": ABSENT}
ENCRYPTED = ["reasoning.encrypted_content"]


def _token() -> str:
    """What ChatGPT hands out: a JWT with the account in it. Signed by nobody."""
    claims = {"https://api.openai.com/auth": {"chatgpt_account_id": "account-1"}, "x": "??>>"}
    parts = ({"alg": "none"}, claims)
    coded = (base64.urlsafe_b64encode(json.dumps(part).encode()) for part in parts)
    return b".".join([*(part.rstrip(b"=") for part in coded), b"test-signature"]).decode()


TOKEN = _token()


def effort(word: str) -> Json:
    return {"reasoning": {"effort": word, "summary": "auto"}, "include": ENCRYPTED}


def row(provider: str, env: Any, base: str, model: str, **more: Any) -> Row:
    fields: dict[str, Any] = {
        "long": LONG,
        "session": SESSION,
        "level": "high",
        "on": effort("high"),
    }
    if isinstance(env, str):
        env = {env: KEY}
    return Row(
        provider=provider, api=API, model=model, url=f"{base}/responses", env=env, **(fields | more)
    )


COPILOT = "tid=1;exp=2;x"

ROWS: list[Row] = [
    row(
        "openai",
        "OPENAI_API_KEY",
        "https://api.openai.com/v1",
        "gpt-5.4",
        body=responses("developer", strict=True),
        off={"reasoning": {"effort": "none"}},
        prices=(2.5, 15, 0.25, 0),
    ),
    row(
        "openai",
        "OPENAI_API_KEY",
        "https://api.openai.com/v1",
        "gpt-6.1-sol",
        body=responses("developer", strict=True),
        off=effort("low"),  # this model always thinks
        long={"prompt_cache_retention": ABSENT, "prompt_cache_options": {"ttl": "30m"}},
        prices=(2, 10, 0.1, 2.5),
    ),
    row(
        "openai",
        "OPENAI_API_KEY",
        "https://api.openai.com/v1",
        "gpt-4.1",
        body=responses("system", strict=True),
        on={},
        off={},
        prices=(2, 8, 0.5, 0),
    ),
    Row(
        provider="openai-codex",
        api="openai-codex-responses",
        model="gpt-6.1-sol",
        login=login(TOKEN),
        url="https://chatgpt.com/backend-api/codex/responses",
        auth=("authorization", f"Bearer {TOKEN}"),
        headers={
            "originator": "pi",
            "openai-beta": "responses=experimental",
            "chatgpt-account-id": "account-1",
        },
        session=SESSION,
        body={
            "stream": True,
            "store": False,
            "instructions": "Be brief.",
            "input.0": {"role": "user", "content": [{"type": "input_text", "text": "look"}]},
            "input.1.type": "message",
            "input.2.type": "function_call",
            "input.2.call_id": "call_1",
            "input.3": {"type": "function_call_output", "call_id": "call_1", "output": "fine"},
            "text": {"verbosity": "low"},
            "tool_choice": "auto",
            "parallel_tool_calls": True,
            "max_output_tokens": ABSENT,  # the backend refuses it
            "tools.0.name": "read",
            "tools.0.strict": None,
            "prompt_cache_key": "session-1",
        },
        level="high",
        on=effort("high"),
        off=effort("low"),
        long=NEVER_LONG,
        prices=(2, 10, 0.1, 2.5),
    ),
    Row(
        provider="azure-openai-responses",
        api="azure-openai-responses",
        model="gpt-5.4",
        env={"AZURE_OPENAI_API_KEY": KEY, "AZURE_OPENAI_RESOURCE_NAME": "res"},
        url="https://res.openai.azure.com/openai/v1/responses?api-version=v1",
        auth=("api-key", KEY),
        body=responses("developer", strict=True),
        level="high",
        on=effort("high"),
        off=effort("minimal"),
        long=NEVER_LONG,
        prices=(2.5, 15, 0.25, 0),
    ),
    row(
        "cloudflare-ai-gateway",
        {
            "CLOUDFLARE_API_KEY": KEY,
            "CLOUDFLARE_ACCOUNT_ID": "acct",
            "CLOUDFLARE_GATEWAY_ID": "gate",
        },
        "https://gateway.ai.cloudflare.com/v1/acct/gate/openai",
        "gpt-6-luna",
        auth=("cf-aig-authorization", f"Bearer {KEY}"),
        headers={"user-agent": "pi-coding-agent"},
        body=responses("developer", strict=True),
        off={"reasoning": {"effort": "none"}},
        prices=(0.1, 0.5, 0.01, 0.125),
    ),
    row(
        "github-copilot",
        {},
        "https://api.individual.githubcopilot.com",
        "gpt-6-luna",
        login=login(COPILOT),
        auth=("authorization", f"Bearer {COPILOT}"),
        headers={
            "user-agent": "GitHubCopilotChat/0.35.0",
            "editor-version": "vscode/1.107.0",
            "editor-plugin-version": "copilot-chat/0.35.0",
            "copilot-integration-id": "vscode-chat",
            "openai-intent": "conversation-edits",
            "x-initiator": "user",
        },
        body=responses("developer", strict=False),
        off={},
        prices=(0.1, 0.5, 0.01, 0.125),
    ),
    row(
        "meta",
        "META_API_KEY",
        "https://api.meta.ai/v1",
        "muse-spark-1.3",
        body=responses("developer", strict=False),
        off=effort("minimal"),
        prices=(1.25, 4.25, 0.15, 0),
    ),
    row(
        "opencode",
        "OPENCODE_API_KEY",
        "https://opencode.ai/inference/openai/v1",
        "gpt-6-luna",
        headers={"x-opencode-client": "pi"},
        session=("x-client-request-id", "x-opencode-session"),
        body=responses("developer", strict=False),
        off={"reasoning": {"effort": "none"}},
        prices=(0.1, 0.5, 0.01, 0.125),
    ),
    row(
        "opencode-go",
        "OPENCODE_API_KEY",
        "https://opencode.ai/inference/go/openai/v1",
        "gpt-6-luna",
        headers={"x-opencode-client": "pi"},
        session=("x-client-request-id", "x-opencode-session"),
        body=responses("developer", strict=False),
        off={"reasoning": {"effort": "none"}},
        prices=(0.1, 0.5, 0.01, 0.125),
    ),
    row(
        "xai",
        "XAI_API_KEY",
        "https://api.x.ai/v1",
        "grok-4.3",
        body=responses("developer", strict=False),
        off={"reasoning": {"effort": "none"}, "include": ENCRYPTED},
        long=NEVER_LONG,
        prices=(1.25, 2.5, 0.2, 0),
    ),
]
