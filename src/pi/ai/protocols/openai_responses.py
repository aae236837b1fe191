"""The Responses wire: `POST {base_url}/responses`, answered as typed server-sent events.

Nothing is stored at the service: every request carries the whole conversation, with encrypted
reasoning where the model gave it. Input items are made in `responses_input`, answers are read in
`responses_stream`. https://platform.openai.com/docs/api-reference/responses
"""

from typing import Any, ClassVar

from msgspec import Struct, field

from pi.ai.messages import Context
from pi.ai.model import Model
from pi.ai.options import Options
from pi.ai.protocols.base import Protocol
from pi.ai.protocols.merge import deep_merge
from pi.ai.protocols.responses_input import input_items, tool_choice, tool_items
from pi.ai.protocols.responses_stream import ResponsesDecoder
from pi.ai.protocols.transcript import is_blank
from pi.ai.request import Request

__all__ = ["OpenAIResponses", "ResponsesCompat", "endpoint"]

_CACHE_KEY_LENGTH = 64
_LEAST_OUTPUT = 16
_HEADERS = {"Content-Type": "application/json", "Accept": "text/event-stream"}

Json = dict[str, Any]


class ResponsesCompat(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What a service does differently; the defaults are the original.

    supports_store: `store: false` may be sent. supports_developer_role: a reasoning model takes its
    system prompt as `developer`. supports_max_output_tokens, supports_temperature: may be sent.
    supports_strict_mode: tools carry `strict: false`; else no `strict` at all.
    supports_long_cache_retention: `prompt_cache_retention: "24h"` may be sent.
    supports_explicit_prompt_cache_mode: `prompt_cache_options` takes its place.
    prompt_cache_key: the session is named in `prompt_cache_key`.
    service_tiers: what a tier does to the price.
    """

    supports_store: bool = True
    supports_developer_role: bool = True
    supports_max_output_tokens: bool = True
    supports_temperature: bool = True
    supports_strict_mode: bool = False
    supports_long_cache_retention: bool = True
    supports_explicit_prompt_cache_mode: bool = False
    prompt_cache_key: bool = True
    service_tiers: dict[str, float] = field(
        default_factory=lambda: {"flex": 0.5, "priority": 2.0, "fast": 2.0}
    )


class OpenAIResponses(Protocol):
    """The protocol `openai-responses`."""

    api: ClassVar[str] = "openai-responses"
    Compat: ClassVar[type[Struct]] = ResponsesCompat

    def encode(self, model: Model, context: Context, options: Options) -> Request:
        """The request for `context`."""
        compat = self.compat(model)
        body: Json = {"model": model.id, "stream": True, **self.head(model, compat, context)}
        if compat.supports_store:
            body["store"] = False
        if context.tools:
            body["tools"] = tool_items(context.tools, self.strict(compat))
            body |= tool_choice(options.tool_choice)
        if options.max_tokens is not None and compat.supports_max_output_tokens:
            body["max_output_tokens"] = max(_LEAST_OUTPUT, options.max_tokens)
        if options.temperature is not None and compat.supports_temperature:
            body["temperature"] = options.temperature
        if options.service_tier is not None:
            body["service_tier"] = options.service_tier
        body |= _caching(compat, options)
        body = deep_merge(body, options.thinking_body, model.extra_body, options.extra_body)
        return Request(self.url(model), dict(_HEADERS), body)

    def decoder(self, model: Model, options: Options, context: Context) -> ResponsesDecoder:
        """A fresh decoder for one answer."""
        multipliers = self.compat(model).service_tiers
        return ResponsesDecoder(model, tier=options.service_tier, multipliers=multipliers)

    # -- what relatives of this wire do differently -----------------------------------------------

    def compat(self, model: Model) -> ResponsesCompat:
        """The model's switches; a model that was made by hand may have none."""
        return model.compat if isinstance(model.compat, ResponsesCompat) else ResponsesCompat()

    def url(self, model: Model) -> str:
        """The endpoint."""
        return endpoint(model.base_url, "/responses")

    def head(self, model: Model, compat: ResponsesCompat, context: Context) -> Json:
        """System prompt and conversation."""
        items = input_items(context.messages, model)
        system = "\n\n".join(block for block in context.system if not is_blank(block))
        if system:
            developer = model.reasoning and compat.supports_developer_role
            items.insert(0, {"role": "developer" if developer else "system", "content": system})
        return {"input": items}

    def strict(self, compat: ResponsesCompat) -> Json:
        """The field `strict` of every tool."""
        return {"strict": False} if compat.supports_strict_mode else {}


def endpoint(base_url: str, path: str) -> str:
    """`path` under a base URL, which may carry a query or already end in `path`."""
    base, mark, query = base_url.partition("?")
    base = base.rstrip("/")
    return (base if base.endswith(path) else base + path) + mark + query


def _caching(compat: ResponsesCompat, options: Options) -> Json:
    retention = options.cache_retention
    fields: Json = {}
    if compat.prompt_cache_key and options.session_id and retention != "none":
        fields["prompt_cache_key"] = options.session_id[:_CACHE_KEY_LENGTH]
    if compat.supports_explicit_prompt_cache_mode:
        if retention == "long":
            fields["prompt_cache_options"] = {"ttl": "30m"}
        elif retention == "none":
            fields["prompt_cache_options"] = {"mode": "explicit"}
    elif retention == "long" and compat.supports_long_cache_retention:
        fields["prompt_cache_retention"] = "24h"
    return fields
