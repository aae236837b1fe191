"""Gemini's chunks: parts of text, thought and whole calls."""

import json
from typing import Any

from conformance.said import Said

CONTENT_TYPE = "text/event-stream"
MODEL: dict[str, Any] = {
    "id": "gemini-test",
    "thinking": {
        "off": {},
        "high": {
            "generationConfig": {
                "thinkingConfig": {"includeThoughts": True, "thinkingLevel": "HIGH"}
            }
        },
    },
}

Json = dict[str, Any]


def write(said: Said) -> list[bytes]:
    """One chunk an event; the last carries the reason and the usage."""
    return [f"data: {json.dumps(c, ensure_ascii=False)}\r\n\r\n".encode() for c in chunks(said)]


def chunks(said: Said) -> list[Json]:
    """The chunks before they are framed."""
    parts: list[Json] = [{"text": piece, "thought": True} for piece in said.cut(said.thinking)]
    parts += [{"text": piece} for piece in said.cut(said.text)]
    for number, call in enumerate(said.calls):
        part: Json = {
            "functionCall": {"id": call.id, "name": call.name, "args": call.arguments},
        }
        if not number:
            part["thoughtSignature"] = "c2lnbmVk"  # the first of a batch carries it
        parts.append(part)
    out = [_chunk([part]) for part in parts]
    last = _chunk([{"text": ""}])
    reason = {"stop": "STOP", "length": "MAX_TOKENS", "toolUse": "STOP"}[said.stop]
    last["candidates"][0]["finishReason"] = reason
    usage = said.usage
    prompt = usage.input + usage.cache_read + usage.cache_write
    last["usageMetadata"] = {
        "promptTokenCount": prompt,
        "cachedContentTokenCount": usage.cache_read,
        "candidatesTokenCount": usage.output - 2,
        "thoughtsTokenCount": 2,
        "totalTokenCount": prompt + usage.output,
    }
    return [*out, last]


def _chunk(parts: list[Json]) -> Json:
    content = {"role": "model", "parts": parts}
    return {
        "candidates": [{"content": content, "index": 0}],
        "modelVersion": "gemini-test",
        "responseId": "resp1",
    }
