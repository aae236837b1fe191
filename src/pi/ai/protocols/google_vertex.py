"""Gemini on Vertex AI: the same bodies under a path of the publisher.

`base_url` is the root under which `publishers/google/models/…` stands; project, location and token
are the credential's business.
https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference
"""

from typing import ClassVar

from pi.ai.protocols.google_generative_ai import GoogleGenerativeAI

__all__ = ["GoogleVertex"]


class GoogleVertex(GoogleGenerativeAI):
    """The protocol `google-vertex`."""

    api: ClassVar[str] = "google-vertex"
    path: ClassVar[str] = "/publishers/google/models/"
