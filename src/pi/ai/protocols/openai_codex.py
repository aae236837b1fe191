"""The Responses wire as the ChatGPT backend speaks it: `POST {base_url}/codex/responses`.

The system prompt is a field of its own that must not be empty, nothing limits the output, and tools
say neither strict nor not. Which account pays is a header that the credential adds.
"""

from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from pi.ai.errors import ErrorInfo
from pi.ai.messages import Context
from pi.ai.model import Model
from pi.ai.options import Options
from pi.ai.protocols.classify import classify
from pi.ai.protocols.openai_responses import OpenAIResponses, ResponsesCompat, endpoint
from pi.ai.protocols.responses_input import input_items
from pi.ai.protocols.transcript import is_blank
from pi.ai.request import Request

__all__ = ["CodexCompat", "OpenAICodexResponses"]

_NO_PROMPT = "You are a helpful assistant."


class CodexCompat(ResponsesCompat, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The switches of the wire, with the backend's values."""

    supports_max_output_tokens: bool = False
    supports_long_cache_retention: bool = False


class OpenAICodexResponses(OpenAIResponses):
    """The protocol `openai-codex-responses`."""

    api: ClassVar[str] = "openai-codex-responses"
    Compat: ClassVar[type[Struct]] = CodexCompat

    def encode(self, model: Model, context: Context, options: Options) -> Request:
        """The request for `context`."""
        request = super().encode(model, context, options)
        body: dict[str, Any] = request.body
        body.setdefault("text", {"verbosity": "low"})
        body.setdefault("include", ["reasoning.encrypted_content"])
        body.setdefault("tool_choice", "auto")
        body.setdefault("parallel_tool_calls", True)
        if options.transport == "sse":
            return request.with_headers({"OpenAI-Beta": "responses=experimental"})
        return msgspec.structs.replace(
            request.with_headers({"OpenAI-Beta": "responses_websockets=2026-02-06"}),
            url=request.url.replace("http", "ws", 1),
            body={"type": "response.create", **body},
        )

    def compat(self, model: Model) -> ResponsesCompat:
        """The model's switches."""
        return model.compat if isinstance(model.compat, ResponsesCompat) else CodexCompat()

    def url(self, model: Model) -> str:
        """The endpoint; a base URL may name it wholly or in part."""
        base, mark, query = model.base_url.partition("?")
        base = base.rstrip("/")
        path = "/responses" if base.endswith(("/codex", "/codex/responses")) else "/codex/responses"
        return endpoint(base + mark + query, path)

    def head(self, model: Model, compat: ResponsesCompat, context: Context) -> dict[str, Any]:
        """System prompt and conversation."""
        system = "\n\n".join(block for block in context.system if not is_blank(block))
        return {
            "instructions": system or _NO_PROMPT,
            "input": input_items(context.messages, model),
        }

    def strict(self, compat: ResponsesCompat) -> dict[str, Any]:
        """The field `strict` of every tool."""
        return {"strict": None}

    def failure(self, status: int, headers: dict[str, str], body: bytes) -> ErrorInfo:
        """What an error status means; a used-up plan says which one, and for how long."""
        return _with_plan(classify(status, headers, body), body)


def _with_plan(info: ErrorInfo, body: bytes) -> ErrorInfo:
    if info.kind not in ("quota", "rate_limit"):
        return info
    try:
        error: Any = msgspec.json.decode(body)["error"]
        plan, seconds = error.get("plan_type"), error.get("resets_in_seconds")
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return info
    words = f" ({plan} plan)" if plan else ""
    if isinstance(seconds, int | float):
        words += f", usable again in {max(1, round(seconds / 60))} min"
    return msgspec.structs.replace(info, message=info.message + words)
