"""Cloud Code Assist: the same chunks, each wrapped."""

import json

from conformance.said import Said
from conformance.wire_google_generative_ai import CONTENT_TYPE, MODEL, chunks

__all__ = ["CONTENT_TYPE", "MODEL", "write"]


def write(said: Said) -> list[bytes]:
    """One wrapped chunk an event."""
    wrapped = [{"response": chunk, "traceId": "t"} for chunk in chunks(said)]
    return [f"data: {json.dumps(w, ensure_ascii=False)}\n\n".encode() for w in wrapped]
