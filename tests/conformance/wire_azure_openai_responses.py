"""The Responses stream of Azure: the same."""

from conformance.wire_openai_responses import CONTENT_TYPE, MODEL, write

__all__ = ["CONTENT_TYPE", "MODEL", "write"]
