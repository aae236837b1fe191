"""Providers on Chat Completions."""

from typing import Any

from providers.table import ABSENT, BEARER, KEY, Json, Row, chat, login

__all__ = ["ROWS"]

API = "openai-completions"
AFFINITY = ("session_id", "x-client-request-id", "x-session-affinity")
LONG = {"prompt_cache_retention": "24h", "prompt_cache_key": "session-1"}
NEVER_LONG = {"prompt_cache_retention": ABSENT, "prompt_cache_key": ABSENT}


def effort(word: str) -> Json:
    return {"reasoning_effort": word}


def switch(on: bool, **more: Any) -> Json:
    return {"thinking": {"type": "enabled" if on else "disabled"}, **more}


def kept(on: bool, **more: Any) -> Json:
    """Z.ai's switch, which keeps the thinking of earlier turns."""
    if not on:
        return {"thinking": {"type": "disabled"}}
    return {"thinking": {"type": "enabled", "clear_thinking": False}, **more}


def row(provider: str, variable: str, base: str, model: str, **more: Any) -> Row:
    fields: dict[str, Any] = {"long": LONG, "env": {variable: KEY}} | more
    return Row(provider=provider, api=API, model=model, url=f"{base}/chat/completions", **fields)


def plan(region: str, variable: str, base: str) -> list[Row]:
    """Qwen's plans: one for teams and one for individuals, on one address with one variable."""
    return [
        row(
            f"qwen-token-plan{kind}{region}",
            variable,
            base,
            "qwen3.8-max",
            body=chat("system", "max_completion_tokens", store=False, strict=True),
            level="medium",
            on={"enable_thinking": True, "reasoning_effort": "medium"},
            off={"enable_thinking": True, "reasoning_effort": "low"},
            prices=(0, 0, 0, 0),
        )
        for kind in ("", "-individual")
    ]


def xiaomi(suffix: str, variable: str, host: str, prices: Any) -> Row:
    return row(
        f"xiaomi{suffix}",
        variable,
        f"https://{host}.xiaomimimo.com/v1",
        "mimo-v2.6-pro",
        body=chat(
            "developer", "max_completion_tokens", store=True, strict=True, reasoning_content=True
        ),
        level="high",
        on=switch(True),
        off=switch(False),
        prices=prices,
    )


def zai(provider: str, variable: str, base: str, model: str, **more: Any) -> Row:
    body = chat("system", "max_tokens", store=False, strict=True, tool_stream=True)
    return row(provider, variable, base, model, body=body, level="high", **more)


def moonshot(provider: str, base: str, prices: Any) -> Row:
    return row(
        provider,
        "MOONSHOT_API_KEY",
        base,
        "kimi-k2.7-code",
        body=chat("system", "max_tokens", store=False, strict=False),
        level="high",
        on=switch(True),
        off=switch(True),  # this model always thinks
        prices=prices,
    )


def openrouter(model: str, **more: Any) -> Row:
    base = "https://openrouter.ai/api/v1"
    fields: dict[str, Any] = {"session": ("x-session-id",), "level": "high"} | more
    return row("openrouter", "OPENROUTER_API_KEY", base, model, **fields)


ROWS: list[Row] = [
    row(
        "ant-ling",
        "ANT_LING_API_KEY",
        "https://api.ant-ling.com/v1",
        "Ring-2.6-1T",
        body=chat("system", "max_tokens", store=False, strict=True),
        level="xhigh",
        on={"reasoning": {"effort": "xhigh"}},
        off={"reasoning": {"effort": "high"}},
        long=NEVER_LONG,
        prices=(0.06, 0.25, 0, 0),
    ),
    Row(
        provider="azure-openai-responses",
        api=API,
        model="deepseek-v4-pro",
        env={"AZURE_OPENAI_API_KEY": KEY, "AZURE_OPENAI_RESOURCE_NAME": "res"},
        url="https://res.openai.azure.com/openai/v1/chat/completions?api-version=v1",
        body=chat(
            "system", "max_completion_tokens", store=True, strict=True, reasoning_content=True
        ),
        level="high",
        on=effort("high"),
        off={},
        long=NEVER_LONG,
        prices=(1.925, 3.828, 0.165, 0),
    ),
    row(
        "baseten",
        "BASETEN_API_KEY",
        "https://inference.baseten.co/v1",
        "zai-org/GLM-5.3",
        body=chat("system", "max_tokens", store=False, strict=True),
        session=AFFINITY,
        level="max",
        on=effort("max"),
        off=effort("low"),
        long=NEVER_LONG,
        prices=(1.4, 4.4, 0.14, 0),
    ),
    row(
        "baseten",
        "BASETEN_API_KEY",
        "https://inference.baseten.co/v1",
        "zai-org/GLM-5.2",
        body=chat("system", "max_tokens", store=False, strict=True),
        session=AFFINITY,
        level="high",
        on={"chat_template_args": {"enable_thinking": True}, "reasoning_effort": "high"},
        off={"chat_template_args": {"enable_thinking": False}},
        long=NEVER_LONG,
        prices=(1.4, 4.4, 0.14, 0),
    ),
    row(
        "cerebras",
        "CEREBRAS_API_KEY",
        "https://api.cerebras.ai/v1",
        "gpt-oss-120b",
        body=chat("system", "max_completion_tokens", store=False, strict=False),
        level="high",
        on=effort("high"),
        off=effort("low"),
        prices=(0.35, 0.75, 0.35, 0),
    ),
    Row(
        provider="cloudflare-ai-gateway",
        api=API,
        model="workers-ai/@cf/moonshotai/kimi-k2.7-code",
        env={
            "CLOUDFLARE_API_KEY": KEY,
            "CLOUDFLARE_ACCOUNT_ID": "acct",
            "CLOUDFLARE_GATEWAY_ID": "gate",
        },
        url="https://gateway.ai.cloudflare.com/v1/acct/gate/compat/chat/completions",
        auth=("cf-aig-authorization", f"Bearer {KEY}"),
        headers={"user-agent": "pi-coding-agent"},
        session=AFFINITY,
        body=chat("system", "max_tokens", store=False, strict=False),
        level="high",
        on={},
        off={},
        long=NEVER_LONG,
        prices=(0.95, 4, 0.19, 0),
    ),
    Row(
        provider="cloudflare-workers-ai",
        api=API,
        model="@cf/moonshotai/kimi-k2.6",
        env={"CLOUDFLARE_API_KEY": KEY, "CLOUDFLARE_ACCOUNT_ID": "acct"},
        url="https://api.cloudflare.com/client/v4/accounts/acct/ai/v1/chat/completions",
        headers={"user-agent": "pi-coding-agent"},
        session=AFFINITY,
        body=chat("system", "max_completion_tokens", store=False, strict=True),
        level="high",
        on=effort("high"),
        off=effort("none"),
        long=NEVER_LONG,
        prices=(0.95, 4, 0.16, 0),
    ),
    row(
        "deepseek",
        "DEEPSEEK_API_KEY",
        "https://api.deepseek.com",
        "deepseek-v4-pro",
        body=chat("system", "max_tokens", store=False, strict=True, reasoning_content=True),
        level="high",
        on=switch(True, reasoning_effort="high"),
        off=switch(False),
        prices=(1.32, 3.96, 0.044, 0),
    ),
    row(
        "fireworks",
        "FIREWORKS_API_KEY",
        "https://api.fireworks.ai/inference/v1",
        "accounts/fireworks/models/kimi-k3",
        body=chat(
            "system", "max_completion_tokens", store=False, strict=True, reasoning_content=True
        ),
        session=AFFINITY,
        level="high",
        on=effort("high"),
        off=effort("low"),
        long=NEVER_LONG,
        prices=(3, 15, 0.3, 0),
    ),
    Row(
        provider="github-copilot",
        api=API,
        model="gemini-3.8-flash",
        login=login("tid=1;exp=2;proxy-ep=proxy.business.githubcopilot.com;x"),
        url="https://api.business.githubcopilot.com/chat/completions",
        auth=(
            "authorization",
            "Bearer tid=1;exp=2;proxy-ep=proxy.business.githubcopilot.com;x",
        ),
        headers={
            "user-agent": "GitHubCopilotChat/0.35.0",
            "editor-version": "vscode/1.107.0",
            "editor-plugin-version": "copilot-chat/0.35.0",
            "copilot-integration-id": "vscode-chat",
            "openai-intent": "conversation-edits",
            "x-initiator": "user",
        },
        body=chat("system", "max_completion_tokens", store=False, strict=True),
        level="high",
        on={},
        off={},
        prices=(0.75, 3.75, 0.075, 0),
    ),
    row(
        "groq",
        "GROQ_API_KEY",
        "https://api.groq.com/openai/v1",
        "openai/gpt-oss-120b",
        body=chat("developer", "max_completion_tokens", store=True, strict=True),
        level="high",
        on=effort("high"),
        off=effort("low"),
        prices=(0.15, 0.6, 0.075, 0),
    ),
    row(
        "groq",
        "GROQ_API_KEY",
        "https://api.groq.com/openai/v1",
        "qwen/qwen3.6-27b",
        body=chat("developer", "max_completion_tokens", store=True, strict=True),
        level="high",
        on=effort("default"),
        off=effort("none"),
        prices=(0.6, 3, 0.3, 0),
    ),
    row(
        "huggingface",
        "HF_TOKEN",
        "https://router.huggingface.co/v1",
        "moonshotai/Kimi-K2.7-Code",
        body=chat("system", "max_completion_tokens", store=True, strict=True),
        level="high",
        on=effort("high"),
        off={},
        prices=(0.95, 4, 0, 0),
    ),
    row(
        "kimi-coding",
        "KIMI_API_KEY",
        "https://api.kimi.com/coding/v1",
        "kimi-for-coding",
        body=chat("system", "max_tokens", store=False, strict=False, reasoning_content=True),
        level="high",
        on=effort("high"),
        off=effort("low"),
        prices=(0.95, 4, 0.19, 0),
    ),
    row(
        "kimi-coding",
        "KIMI_API_KEY",
        "https://api.kimi.com/coding/v1",
        "kimi-for-coding-highspeed",
        body=chat("system", "max_tokens", store=False, strict=False),
        level="high",
        on=switch(True),
        off=switch(True),
        prices=(1.9, 8, 0.38, 0),
    ),
    moonshot("moonshotai", "https://api.moonshot.ai/v1", (0.95, 4, 0.19, 0)),
    moonshot("moonshotai-cn", "https://api.moonshot.cn/v1", (0.9711, 4.0337, 0.1942, 0)),
    row(
        "nvidia",
        "NVIDIA_API_KEY",
        "https://integrate.api.nvidia.com/v1",
        "nvidia/nemotron-3.5-super-vl-120b-a12b",
        headers={"nvcf-poll-seconds": "3600"},
        body=chat("system", "max_tokens", store=False, strict=False),
        level="high",
        on={},
        off={},
        long=NEVER_LONG,
        prices=(0, 0, 0, 0),
    ),
    row(
        "nvidia",
        "NVIDIA_API_KEY",
        "https://integrate.api.nvidia.com/v1",
        "deepseek-ai/deepseek-v4.1-flash",
        headers={"nvcf-poll-seconds": "3600"},
        body=chat("system", "max_tokens", store=False, strict=False, reasoning_content=True),
        level="high",
        on=switch(True),
        off=switch(False),
        long=NEVER_LONG,
        prices=(0, 0, 0, 0),
    ),
    row(
        "opencode",
        "OPENCODE_API_KEY",
        "https://opencode.ai/inference/openai/v1",
        "kimi-k2.7-code",
        headers={"x-opencode-client": "pi"},
        session=("x-opencode-session",),
        body=chat("system", "max_tokens", store=False, strict=True),
        level="high",
        on=effort("high"),
        off={},
        prices=(0.95, 4, 0.19, 0),
    ),
    row(
        "opencode-go",
        "OPENCODE_API_KEY",
        "https://opencode.ai/inference/go/openai/v1",
        "deepseek-v4-pro",
        headers={"x-opencode-client": "pi"},
        session=("x-opencode-session",),
        body=chat("system", "max_tokens", store=False, strict=True, reasoning_content=True),
        level="high",
        on=switch(True, reasoning_effort="high"),
        off=switch(False),
        prices=(0.66, 1.98, 0.022, 0),
    ),
    openrouter(
        "moonshotai/kimi-k2.7-code",
        body=chat("system", "max_completion_tokens", store=True, strict=True),
        on={"reasoning": {"effort": "high"}},
        off={"reasoning": {"effort": "minimal"}},
        prices=(0.6, 3.5, 0.16, 0),
    ),
    openrouter(
        "anthropic/claude-sonnet-4.6:batch",
        body=chat("developer", "max_completion_tokens", store=True, strict=True, marks=True),
        on={"reasoning": {"effort": "high"}},
        off={"reasoning": {"effort": "none"}},
        long={"messages.-1.content.0.cache_control": {"type": "ephemeral", "ttl": "1h"}},
        prices=(1.5, 7.5, 0.15, 1.875),
    ),
    *plan(
        "",
        "QWEN_TOKEN_PLAN_API_KEY",
        "https://token-plan.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1",
    ),
    *plan(
        "-cn",
        "QWEN_TOKEN_PLAN_CN_API_KEY",
        "https://token-plan.cn-beijing.maas.aliyuncs.com/compatible-mode/v1",
    ),
    row(
        "qwen-token-plan",
        "QWEN_TOKEN_PLAN_API_KEY",
        "https://token-plan.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1",
        "qwen3.7-plus",
        body=chat("system", "max_completion_tokens", store=False, strict=True),
        level="high",
        on={"enable_thinking": True},
        off={"enable_thinking": False},
        prices=(0, 0, 0, 0),
    ),
    row(
        "together",
        "TOGETHER_API_KEY",
        "https://api.together.ai/v1",
        "moonshotai/Kimi-K3",
        body=chat("system", "max_tokens", store=False, strict=False),
        level="high",
        on={"reasoning": {"enabled": True}},
        off={"reasoning": {"enabled": False}},
        long=NEVER_LONG,
        prices=(3, 15, 0.3, 0),
    ),
    row(
        "together",
        "TOGETHER_API_KEY",
        "https://api.together.ai/v1",
        "openai/gpt-oss-120b",
        body=chat("system", "max_tokens", store=False, strict=False),
        level="high",
        on=effort("high"),
        off=effort("low"),
        long=NEVER_LONG,
        prices=(0.15, 0.6, 0, 0),
    ),
    xiaomi("", "XIAOMI_API_KEY", "api", (0.435, 0.87, 0.0036, 0)),
    xiaomi("-token-plan-ams", "XIAOMI_TOKEN_PLAN_AMS_API_KEY", "token-plan-ams", (0, 0, 0, 0)),
    xiaomi("-token-plan-cn", "XIAOMI_TOKEN_PLAN_CN_API_KEY", "token-plan-cn", (0, 0, 0, 0)),
    xiaomi("-token-plan-sgp", "XIAOMI_TOKEN_PLAN_SGP_API_KEY", "token-plan-sgp", (0, 0, 0, 0)),
    zai(
        "zai",
        "ZAI_API_KEY",
        "https://api.z.ai/api/coding/paas/v4",
        "glm-5.3",
        on=kept(True, reasoning_effort="high"),
        off=kept(True, reasoning_effort="low"),
        prices=(1.4, 4.4, 0.26, 0),
    ),
    zai(
        "zai",
        "ZAI_API_KEY",
        "https://api.z.ai/api/coding/paas/v4",
        "glm-4.7",
        on=kept(True),
        off=kept(False),
        prices=(0.6, 2.2, 0.11, 0),
    ),
    zai(
        "zai-coding-cn",
        "ZAI_CODING_CN_API_KEY",
        "https://open.bigmodel.cn/api/coding/paas/v4",
        "glm-5.3",
        on=kept(True, reasoning_effort="high"),
        off=kept(True, reasoning_effort="low"),
        prices=(1.4, 4.4, 0.26, 0),
    ),
]
assert all(row.auth == BEARER or row.provider.startswith(("cloudflare", "github")) for row in ROWS)
