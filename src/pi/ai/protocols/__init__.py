"""The shelf of wire protocols. A protocol is imported when the first request needs it."""

from typing import cast

from pi.ai.protocols.base import Protocol
from pi.ai.registry import Lazy, Registry, lazy

__all__ = ["protocols"]

protocols: Registry[Protocol] = Registry("api")

for _name, _path in {
    "openai-completions": "pi.ai.protocols.openai_completions:OpenAICompletions",
    "openai-responses": "pi.ai.protocols.openai_responses:OpenAIResponses",
    "openai-codex-responses": "pi.ai.protocols.openai_codex:OpenAICodexResponses",
    "azure-openai-responses": "pi.ai.protocols.azure_openai:AzureOpenAIResponses",
    "anthropic-messages": "pi.ai.protocols.anthropic_messages:AnthropicMessages",
    "google-generative-ai": "pi.ai.protocols.google_generative_ai:GoogleGenerativeAI",
    "google-vertex": "pi.ai.protocols.google_vertex:GoogleVertex",
    "google-gemini-cli": "pi.ai.protocols.google_gemini_cli:GoogleGeminiCLI",
    "mistral-conversations": "pi.ai.protocols.mistral_conversations:MistralConversations",
    "bedrock-converse-stream": "pi.ai.protocols.bedrock_converse:BedrockConverseStream",
    "pi-messages": "pi.ai.protocols.pi_messages:PiMessages",
    "faux": "pi.ai.protocols.faux:Faux",
}.items():
    protocols.add(_name, cast("Lazy[Protocol]", lazy(_path, call=True)))
