"""One file per login, and the shelf they stand on. A flow is loaded when it is used first.

`flows` is the registry of `pi.ai.auth.base`; importing this package puts ours into it, under the
names that `auth.login` of the providers' rows use.
"""

from typing import cast

from pi.ai.auth.base import LoginFlow, flows
from pi.ai.registry import Lazy, lazy

__all__ = ["BUILT_IN", "flows"]

BUILT_IN = {
    "anthropic": "pi.ai.auth.flows.anthropic:Anthropic",
    "openai-codex": "pi.ai.auth.flows.openai_codex:OpenAICodex",
    "github-copilot": "pi.ai.auth.flows.github_copilot:GitHubCopilot",
    "google-gemini-cli": "pi.ai.auth.flows.google_gemini_cli:GoogleGeminiCLI",
    "google-antigravity": "pi.ai.auth.flows.google_antigravity:GoogleAntigravity",
    "openrouter": "pi.ai.auth.flows.openrouter:OpenRouter",
    "xai": "pi.ai.auth.flows.xai:XAI",
    "kimi-coding": "pi.ai.auth.flows.kimi_coding:KimiCoding",
    "radius": "pi.ai.auth.flows.radius:Radius",
}
"""Name to the class that makes the flow."""

for _name, _path in BUILT_IN.items():
    flows.add(_name, cast("Lazy[LoginFlow]", lazy(_path, call=True)))
