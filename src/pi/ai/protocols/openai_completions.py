"""The Chat Completions wire: `POST {base_url}/chat/completions`, answered as server-sent events.

Spoken by more services than any other, each with its own gaps; `Compat` names every gap after the
field that differs. Requests are built here, messages in `openai_messages`, and answers are read in
`completions_stream`. https://platform.openai.com/docs/api-reference/chat
"""

from typing import Any, ClassVar, Literal, cast

from msgspec import Struct, field

from pi.ai.messages import AssistantMessage, Context, Message, ToolDefinition, ToolResultMessage
from pi.ai.model import Model
from pi.ai.options import Options
from pi.ai.protocols.base import Protocol
from pi.ai.protocols.completions_stream import CompletionsDecoder
from pi.ai.protocols.merge import deep_merge
from pi.ai.protocols.openai_messages import MessageRules, convert_messages
from pi.ai.request import Request

__all__ = ["Compat", "OpenAICompletions"]

_CACHE_KEY_LENGTH = 64
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}


class Compat(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a service does differently; the defaults are the original.

    supports_store: `store: false` may be sent.
    supports_developer_role: a reasoning model takes its system prompt as `developer`.
    supports_usage_in_streaming: `stream_options.include_usage` may be sent.
    supports_strict_mode: tools carry `strict: false`; else no `strict` at all.
    supports_long_cache_retention: prompts can be cached for longer than minutes.
    supports_finish_reason: an answer without `finish_reason` was cut off; if False, it is complete.
    max_tokens_field: the name of the limit.
    max_call_id_length: longer ids of tool calls that another model made are shortened.
    requires_tool_result_name: tool results carry the tool's `name`.
    requires_assistant_after_tool_result: no user message may follow tool results directly.
    requires_thinking_as_text: earlier thinking is replayed as text.
    requires_reasoning_content_on_assistant_messages: a reasoning model's earlier answers carry
        `reasoning_content`, if need be an empty one.
    requires_non_null_assistant_content: `content: ""` in place of null.
    requires_tools_with_tool_history: `tools: []` when only the history has tool calls.
    cache_control: prompt caching by `cache_control` markers.
    prompt_cache_key: the session is named in `prompt_cache_key`, not only when long caching is
        asked for.
    tool_stream: `tool_stream: true` makes arguments arrive in pieces.
    service_tiers: what a tier does to the price.
    """

    supports_store: bool = True
    supports_developer_role: bool = True
    supports_usage_in_streaming: bool = True
    supports_strict_mode: bool = False
    supports_long_cache_retention: bool = True
    supports_finish_reason: bool = True
    max_tokens_field: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"
    max_call_id_length: int | None = None
    requires_tool_result_name: bool = False
    requires_assistant_after_tool_result: bool = False
    requires_thinking_as_text: bool = False
    requires_reasoning_content_on_assistant_messages: bool = False
    requires_non_null_assistant_content: bool = False
    requires_tools_with_tool_history: bool = False
    cache_control: bool = False
    prompt_cache_key: bool = False
    tool_stream: bool = False
    service_tiers: dict[str, float] = field(default_factory=lambda: {"flex": 0.5, "priority": 2.0})


class OpenAICompletions(Protocol):
    """The protocol `openai-completions`."""

    api: ClassVar[str] = "openai-completions"
    Compat: ClassVar[type[Struct]] = Compat

    def encode(self, model: Model, context: Context, options: Options) -> Request:
        """The request for `context`."""
        compat = _compat(model)
        body: dict[str, Any] = {
            "model": model.id,
            "messages": convert_messages(model, context, _message_rules(model, compat)),
            "stream": True,
            **_settings(compat, options),
            **_tools(compat, context, options),
            **_caching(compat, options),
        }
        if compat.cache_control and options.cache_retention != "none":
            _mark(body, _marker(compat, options))
        body = deep_merge(body, options.thinking_body, model.extra_body, options.extra_body)
        return Request(_url(model.base_url), dict(_HEADERS), body)

    def decoder(self, model: Model, options: Options, context: Context) -> CompletionsDecoder:
        """A fresh decoder for one answer."""
        compat = _compat(model)
        return CompletionsDecoder(
            model,
            finish_reason_required=compat.supports_finish_reason,
            multiplier=compat.service_tiers.get(options.service_tier or "", 1.0),
        )


def _compat(model: Model) -> Compat:
    """The model's switches; a model that was made by hand may have none."""
    return model.compat if isinstance(model.compat, Compat) else Compat()


def _url(base_url: str) -> str:
    """The endpoint under a base URL, which may carry a query or already name the endpoint."""
    base, mark, query = base_url.partition("?")
    base = base.rstrip("/")
    if not base.endswith("/chat/completions"):
        base += "/chat/completions"
    return base + mark + query


def _message_rules(model: Model, compat: Compat) -> MessageRules:
    reasoning_field = compat.requires_reasoning_content_on_assistant_messages and model.reasoning
    return MessageRules(
        system_role="developer" if model.reasoning and compat.supports_developer_role else "system",
        tool_result_name=compat.requires_tool_result_name,
        assistant_after_tool_result=compat.requires_assistant_after_tool_result,
        thinking_as_text=compat.requires_thinking_as_text,
        reasoning_content=reasoning_field,
        non_null_content=compat.requires_non_null_assistant_content
        or compat.requires_assistant_after_tool_result,
        max_call_id_length=compat.max_call_id_length,
    )


def _settings(compat: Compat, options: Options) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if compat.supports_usage_in_streaming:
        settings["stream_options"] = {"include_usage": True}
    if compat.supports_store:
        settings["store"] = False
    if options.max_tokens is not None:
        settings[compat.max_tokens_field] = options.max_tokens
    if options.temperature is not None:
        settings["temperature"] = options.temperature
    if options.service_tier is not None:
        settings["service_tier"] = options.service_tier
    return settings


def _tools(compat: Compat, context: Context, options: Options) -> dict[str, Any]:
    if not context.tools:
        empty = compat.requires_tools_with_tool_history and _used_tools(context.messages)
        return {"tools": []} if empty else {}
    tools: dict[str, Any] = {"tools": [_tool(compat, tool) for tool in context.tools]}
    if options.tool_choice in ("auto", "none", "required"):
        tools["tool_choice"] = options.tool_choice
    elif options.tool_choice:
        tools["tool_choice"] = {"type": "function", "function": {"name": options.tool_choice}}
    if compat.tool_stream:
        tools["tool_stream"] = True
    return tools


def _tool(compat: Compat, tool: ToolDefinition) -> dict[str, Any]:
    function: dict[str, Any] = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
    }
    if compat.supports_strict_mode:
        function["strict"] = False
    return {"type": "function", "function": function}


def _used_tools(messages: tuple[Message, ...]) -> bool:
    return any(
        isinstance(message, ToolResultMessage)
        or (isinstance(message, AssistantMessage) and message.tool_calls)
        for message in messages
    )


# -- prompt caching ------------------------------------------------------------------------------


def _caching(compat: Compat, options: Options) -> dict[str, Any]:
    caching: dict[str, Any] = {}
    if options.cache_retention == "none":
        return caching
    long = options.cache_retention == "long" and compat.supports_long_cache_retention
    kept = long and not compat.cache_control
    if (compat.prompt_cache_key or kept) and options.session_id:
        caching["prompt_cache_key"] = options.session_id[:_CACHE_KEY_LENGTH]
    if kept:
        caching["prompt_cache_retention"] = "24h"
    return caching


def _marker(compat: Compat, options: Options) -> dict[str, str]:
    if options.cache_retention == "long" and compat.supports_long_cache_retention:
        return {"type": "ephemeral", "ttl": "1h"}
    return {"type": "ephemeral"}


def _mark(body: dict[str, Any], marker: dict[str, str]) -> None:
    """Mark the ends of what stays the same: the system prompt, the tools and the conversation."""
    messages: list[dict[str, Any]] = body["messages"]
    if messages and messages[0]["role"] in ("system", "developer"):
        _mark_text(messages[0], marker)
    if body.get("tools"):
        body["tools"][-1]["cache_control"] = marker
    for message in reversed(messages):
        if message["role"] in ("user", "assistant", "tool") and _mark_text(message, marker):
            return


def _mark_text(message: dict[str, Any], marker: dict[str, str]) -> bool:
    """Mark the last text of a message; False if it has none."""
    content: Any = message.get("content")
    if isinstance(content, str) and content:
        message["content"] = [{"type": "text", "text": content, "cache_control": marker}]
        return True
    if isinstance(content, list):
        for part in reversed(cast("list[dict[str, Any]]", content)):
            if part["type"] == "text":
                part["cache_control"] = marker
                return True
    return False
