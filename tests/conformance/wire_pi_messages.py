"""The unified events, as the gateway of the established program sends them."""

import json
from typing import Any

from conformance.said import Said

CONTENT_TYPE = "text/event-stream"
MODEL: dict[str, Any] = {"thinking": {"off": {}, "high": {"options": {"reasoning": "high"}}}}

Json = dict[str, Any]


def write(said: Said) -> list[bytes]:
    """One event a frame."""
    events: list[Json] = [{"type": "start"}]
    blocks = [(kind, text) for kind, text in (("thinking", said.thinking), ("text", said.text))]
    at = 0
    for kind, text in blocks:
        if not text:
            continue
        events.append({"type": f"{kind}_start", "contentIndex": at})
        for piece in said.cut(text):
            events.append({"type": f"{kind}_delta", "contentIndex": at, "delta": piece})
        end: Json = {"type": f"{kind}_end", "contentIndex": at, "content": text}
        if kind == "thinking":
            end["contentSignature"] = "c2lnbmVk"
        events.append(end)
        at += 1
    for call in said.calls:
        head = {"contentIndex": at, "id": call.id, "toolName": call.name}
        events.append({"type": "toolcall_start", **head})
        for piece in said.cut(json.dumps(call.arguments)):
            events.append({"type": "toolcall_delta", "contentIndex": at, "delta": piece})
        made = {"type": "toolCall", "id": call.id, "name": call.name, "arguments": call.arguments}
        events.append({"type": "toolcall_end", "contentIndex": at, "toolCall": made})
        at += 1
    usage = said.usage
    counts: Json = {
        "input": usage.input,
        "output": usage.output,
        "cacheRead": usage.cache_read,
        "cacheWrite": usage.cache_write,
        "totalTokens": usage.input + usage.output + usage.cache_read + usage.cache_write,
        "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0, "total": 0},
    }
    events.append({"type": "done", "reason": said.stop, "usage": counts, "responseId": "resp1"})
    return [f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode() for event in events]
