"""Cloud Code Assist: `POST {base_url}/v1internal:streamGenerateContent?alt=sse`.

A GenerateContent request wrapped in an envelope with model, project and a request id; chunks come
wrapped in `response`. The project is part of the credential and comes in `model.extra_body`.
"""

from typing import ClassVar

from msgspec import Struct

from pi.ai.messages import Context
from pi.ai.model import Model
from pi.ai.options import Options
from pi.ai.protocols.base import Decoder, Protocol
from pi.ai.protocols.google_contents import GoogleCompat, generate_content
from pi.ai.protocols.google_stream import GoogleDecoder
from pi.ai.protocols.ids import short_hash
from pi.ai.protocols.merge import deep_merge
from pi.ai.request import Request

__all__ = ["GoogleGeminiCLI"]

_HEADERS = {"Content-Type": "application/json", "Accept": "text/event-stream"}


class GoogleGeminiCLI(Protocol):
    """The protocol `google-gemini-cli`."""

    api: ClassVar[str] = "google-gemini-cli"
    Compat: ClassVar[type[Struct]] = GoogleCompat

    def encode(self, model: Model, context: Context, options: Options) -> Request:
        """The request for `context`."""
        inner = generate_content(model, context, options)
        if options.session_id and options.cache_retention != "none":
            inner["sessionId"] = options.session_id
        body = {
            "model": model.id,
            "request": inner,
            "userAgent": "pi-coding-agent",
            "requestId": _request_id(context, options),
        }
        body = deep_merge(body, model.extra_body, options.extra_body)
        url = f"{model.base_url.rstrip('/')}/v1internal:streamGenerateContent?alt=sse"
        return Request(url, dict(_HEADERS), body)

    def decoder(self, model: Model, options: Options, context: Context) -> Decoder:
        """A fresh decoder for one answer."""
        return GoogleDecoder(model, wrapped=True)


def _request_id(context: Context, options: Options) -> str:
    """Names the request. A protocol has no clock, but the last message carries its time."""
    last = context.messages[-1].timestamp if context.messages else 0
    return f"pi-{last}-{short_hash(f'{options.session_id}/{len(context.messages)}', 9)}"
