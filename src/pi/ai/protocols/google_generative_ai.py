"""The Gemini API: `POST {base_url}/models/{id}:streamGenerateContent?alt=sse`.

https://ai.google.dev/api/generate-content
"""

from typing import ClassVar

from msgspec import Struct

from pi.ai.messages import Context
from pi.ai.model import AuthHeader, Model
from pi.ai.options import Options
from pi.ai.protocols.base import Decoder, Protocol
from pi.ai.protocols.google_contents import GoogleCompat, generate_content
from pi.ai.protocols.google_stream import GoogleDecoder
from pi.ai.protocols.merge import deep_merge
from pi.ai.request import Request

__all__ = ["GoogleGenerativeAI"]

_HEADERS = {"Content-Type": "application/json", "Accept": "text/event-stream"}


class GoogleGenerativeAI(Protocol):
    """The protocol `google-generative-ai`."""

    api: ClassVar[str] = "google-generative-ai"
    Compat: ClassVar[type[Struct]] = GoogleCompat
    auth_header: ClassVar[AuthHeader] = AuthHeader("x-goog-api-key", "")
    path: ClassVar[str] = "/models/"

    def encode(self, model: Model, context: Context, options: Options) -> Request:
        """The request for `context`."""
        body = generate_content(model, context, options)
        body = deep_merge(body, model.extra_body, options.extra_body)
        base, _, query = model.base_url.partition("?")
        url = f"{base.rstrip('/')}{self.path}{model.id}:streamGenerateContent?alt=sse"
        return Request(f"{url}&{query}" if query else url, dict(_HEADERS), body)

    def decoder(self, model: Model, options: Options, context: Context) -> Decoder:
        """A fresh decoder for one answer."""
        return GoogleDecoder(model)
