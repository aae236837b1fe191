"""The Responses wire as Azure OpenAI speaks it: an `api-key` header, a deployment as the model.

The base URL, with its `api-version`, and the deployment come from the user's settings by way of the
credential; here only the fields that the service does not know are left out.
https://learn.microsoft.com/azure/ai-foundry/openai/how-to/responses
"""

from typing import ClassVar

from msgspec import Struct

from pi.ai.model import AuthHeader, Model
from pi.ai.protocols.openai_responses import OpenAIResponses, ResponsesCompat

__all__ = ["AzureCompat", "AzureOpenAIResponses"]


class AzureCompat(ResponsesCompat, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The switches of the wire, with the service's values."""

    supports_long_cache_retention: bool = False
    supports_strict_mode: bool = True


class AzureOpenAIResponses(OpenAIResponses):
    """The protocol `azure-openai-responses`."""

    api: ClassVar[str] = "azure-openai-responses"
    Compat: ClassVar[type[Struct]] = AzureCompat
    auth_header: ClassVar[AuthHeader] = AuthHeader("api-key", "")

    def compat(self, model: Model) -> ResponsesCompat:
        """The model's switches."""
        return model.compat if isinstance(model.compat, ResponsesCompat) else AzureCompat()
