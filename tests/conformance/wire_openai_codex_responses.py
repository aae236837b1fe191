"""The Responses stream of the ChatGPT backend, which ends with `response.done`."""

import json

from conformance.said import Said
from conformance.wire_openai_responses import CONTENT_TYPE, MODEL, events

__all__ = ["CONTENT_TYPE", "MODEL", "write"]


def write(said: Said) -> list[bytes]:
    """No event names, and another name for the end."""
    out = events(said)
    if out[-1]["type"] == "response.completed":
        out[-1]["type"] = "response.done"
    return [f"data: {json.dumps(event, ensure_ascii=False)}\r\n\r\n".encode() for event in out]
