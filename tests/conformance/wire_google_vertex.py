"""Gemini on Vertex AI: the same chunks."""

from conformance.wire_google_generative_ai import CONTENT_TYPE, MODEL, write

__all__ = ["CONTENT_TYPE", "MODEL", "write"]
