"""Bedrock's ConverseStream: event-stream frames. Text and reasoning have no start event."""

import json
import struct
from typing import Any
from zlib import crc32

from conformance.said import Said

CONTENT_TYPE = "application/vnd.amazon.eventstream"
MODEL: dict[str, Any] = {
    "thinking": {
        "off": {},
        "high": {
            "additionalModelRequestFields": {
                "thinking": {"type": "enabled", "budget_tokens": "$budget"}
            }
        },
    },
    "compat": {"signed_reasoning": True, "cache_points": True},
}


def frame(event: str, payload: dict[str, Any], kind: str = "event") -> bytes:
    """One frame, as the service builds it."""
    headers = b""
    named = {":message-type": kind, f":{kind}-type": event, ":content-type": "application/json"}
    for name, value in named.items():
        headers += bytes([len(name)]) + name.encode() + b"\x07"
        headers += struct.pack(">H", len(value)) + value.encode()
    body = json.dumps(payload, ensure_ascii=False).encode()
    prelude = struct.pack(">II", len(headers) + len(body) + 16, len(headers))
    message = prelude + struct.pack(">I", crc32(prelude)) + headers + body
    return message + struct.pack(">I", crc32(message))


def write(said: Said) -> list[bytes]:
    """The frames of one message; usage comes last."""
    frames = [frame("messageStart", {"role": "assistant", "p": "abcdef"})]
    blocks: list[tuple[dict[str, Any] | None, list[dict[str, Any]]]] = []
    if said.thinking:
        deltas = [{"reasoningContent": {"text": piece}} for piece in said.cut(said.thinking)]
        blocks.append((None, [*deltas, {"reasoningContent": {"signature": "c2lnbmVk"}}]))
    if said.text:
        blocks.append((None, [{"text": piece} for piece in said.cut(said.text)]))
    for call in said.calls:
        start = {"toolUse": {"toolUseId": call.id, "name": call.name}}
        pieces = said.cut(json.dumps(call.arguments))
        blocks.append((start, [{"toolUse": {"input": piece}} for piece in pieces]))
    for index, (start, deltas) in enumerate(blocks):
        at = {"contentBlockIndex": index}
        if start:
            frames.append(frame("contentBlockStart", {**at, "start": start}))
        frames += [frame("contentBlockDelta", {**at, "delta": delta}) for delta in deltas]
        frames.append(frame("contentBlockStop", at))
    reason = {"stop": "end_turn", "length": "max_tokens", "toolUse": "tool_use"}[said.stop]
    frames.append(frame("messageStop", {"stopReason": reason}))
    usage = {
        "inputTokens": said.usage.input,
        "outputTokens": said.usage.output,
        "cacheReadInputTokens": said.usage.cache_read,
        "cacheWriteInputTokens": said.usage.cache_write,
        "totalTokens": said.usage.total_tokens,
    }
    frames.append(frame("metadata", {"usage": usage, "metrics": {"latencyMs": 5}}))
    return frames
