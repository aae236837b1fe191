"""The wire "anthropic-messages": POST /v1/messages, answered by server-sent events.

This module makes the body and the headers of a request; its messages and tools are written in
`anthropic_request`, the answer is read in `anthropic_stream`.
Reference: https://docs.claude.com/en/api/messages
"""

from typing import Any

from pi.ai.messages import Context, ToolDefinition
from pi.ai.model import AuthHeader, Model
from pi.ai.options import Options
from pi.ai.protocols.anthropic_request import (
    AnthropicCompat,
    cached,
    encode_messages,
    encode_tools,
    wire_name,
)
from pi.ai.protocols.anthropic_stream import AnthropicDecoder
from pi.ai.protocols.base import Protocol
from pi.ai.protocols.ids import charset_id
from pi.ai.protocols.merge import deep_merge
from pi.ai.protocols.transcript import is_blank, prepare
from pi.ai.request import Request

__all__ = ["AnthropicCompat", "AnthropicMessages"]

_Json = dict[str, Any]
_FINE_GRAINED = "fine-grained-tool-streaming-2025-05-14"
_INTERLEAVED = "interleaved-thinking-2025-05-14"
_THINKING = ("thinking", "redacted_thinking")
_MIN_BUDGET = 1024  # https://docs.claude.com/en/docs/build-with-claude/extended-thinking
_SERVICE_TIERS = ("auto", "standard_only")
_CHOICES: dict[str, _Json] = {
    "auto": {"type": "auto"},
    "none": {"type": "none"},
    "required": {"type": "any"},
}
_call_id = charset_id(64)
_call_name = charset_id(128)


class AnthropicMessages(Protocol):
    """The protocol."""

    api = "anthropic-messages"
    Compat = AnthropicCompat
    auth_header = AuthHeader("x-api-key", "")

    def encode(self, model: Model, context: Context, options: Options) -> Request:
        """The request for `context`."""
        compat = _compat(model)
        body = _body(model, context, options, compat)
        headers = {
            "content-type": "application/json",
            "accept": "application/json",
            "anthropic-version": "2023-06-01",
        }
        betas = _betas(body, compat)
        if betas:
            headers["anthropic-beta"] = ",".join(betas)
        body = deep_merge(body, model.extra_body, options.extra_body)
        return Request(f"{model.base_url.rstrip('/')}/v1/messages", headers, body)

    def decoder(self, model: Model, options: Options, context: Context) -> AnthropicDecoder:
        """A decoder that gives tools back the names they have in `context`."""
        return AnthropicDecoder(model, _own_names(context.tools, _compat(model)))


def _compat(model: Model) -> AnthropicCompat:
    return model.compat if isinstance(model.compat, AnthropicCompat) else AnthropicCompat()


def _body(model: Model, context: Context, options: Options, compat: AnthropicCompat) -> _Json:
    mark = _cache_mark(options, compat)
    limit = options.max_tokens or model.max_output_tokens
    prepared = prepare(context.messages, model, call_id=_call_id, call_name=_call_name)
    messages = encode_messages(prepared, compat)
    body: _Json = {
        "model": model.id,
        "max_tokens": limit,
        "stream": True,
        "messages": _cached_end(messages, mark),
    }
    system = [{"type": "text", "text": text} for text in context.system if not is_blank(text)]
    if system:
        body["system"] = cached(system, mark)
    if context.tools:
        tool_mark = mark if compat.supports_cache_control_on_tools else None
        body["tools"] = cached(encode_tools(context.tools, compat), tool_mark)
        if options.tool_choice:
            named = {"type": "tool", "name": wire_name(options.tool_choice, compat)}
            body["tool_choice"] = _CHOICES.get(options.tool_choice, named)
    thinking = _affordable(options.thinking_body, limit)
    if _resumes_without_thinking(messages):
        thinking = _not_by_budget(thinking)
    body = deep_merge(body, thinking)
    if options.temperature is not None and compat.supports_temperature and not _thinks(body):
        body["temperature"] = options.temperature
    if isinstance(options.metadata.get("user_id"), str):
        body["metadata"] = {"user_id": options.metadata["user_id"]}
    if options.service_tier in _SERVICE_TIERS:
        body["service_tier"] = options.service_tier
    return body


def _cache_mark(options: Options, compat: AnthropicCompat) -> _Json | None:
    if options.cache_retention == "none":
        return None
    if options.cache_retention == "long" and compat.supports_long_cache_retention:
        return {"type": "ephemeral", "ttl": "1h"}
    return {"type": "ephemeral"}


def _cached_end(messages: list[_Json], mark: _Json | None) -> list[_Json]:
    """`messages` with a cache breakpoint at their end, if that is the user's.

    With the system prompt and the tools this makes three breakpoints; the API takes four.
    """
    if mark is None or not messages or messages[-1]["role"] != "user":
        return messages
    content = messages[-1]["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return [*messages[:-1], {"role": "user", "content": cached(blocks, mark)}]


def _affordable(fragment: _Json, limit: int) -> _Json:
    """The thinking fragment with a budget that leaves room for an answer, or without thinking."""
    thinking: _Json = fragment.get("thinking") or {}
    if "budget_tokens" not in thinking:
        return fragment
    budget = min(thinking["budget_tokens"], limit - _MIN_BUDGET)
    if budget < _MIN_BUDGET:
        return {name: value for name, value in fragment.items() if name != "thinking"}
    return deep_merge(fragment, {"thinking": {"budget_tokens": budget}})


def _resumes_without_thinking(messages: list[_Json]) -> bool:
    """Whether the last answer is to go on after tool results, and did not begin with thinking.

    The API refuses to think in the middle of an answer that another model has begun.
    """
    begun: _Json | None = None
    for message in reversed(messages):
        if message["role"] == "assistant":
            begun = message
        elif isinstance(message["content"], str) or message["content"][0]["type"] != "tool_result":
            break
    return begun is not None and begun["content"][0]["type"] not in _THINKING


def _not_by_budget(fragment: _Json) -> _Json:
    """The thinking fragment without a budget; adaptive thinking may begin anywhere."""
    if fragment.get("thinking", {}).get("type") != "enabled":
        return fragment
    return {name: value for name, value in fragment.items() if name != "thinking"}


def _thinks(body: _Json) -> bool:
    return body.get("thinking", {}).get("type") in ("enabled", "adaptive")


def _betas(body: _Json, compat: AnthropicCompat) -> list[str]:
    betas = list(compat.betas)
    if "tools" in body and not compat.supports_eager_tool_input_streaming:
        betas.append(_FINE_GRAINED)
    if _thinks(body) and not compat.force_adaptive_thinking:
        betas.append(_INTERLEAVED)
    return list(dict.fromkeys(betas))


def _own_names(tools: tuple[ToolDefinition, ...], compat: AnthropicCompat) -> dict[str, str]:
    """From the lower-case name of a tool to the name that the caller gave it."""
    if not compat.canonical_tool_names:
        return {}
    return {tool.name.lower(): tool.name for tool in tools}
