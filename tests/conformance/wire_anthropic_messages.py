"""Anthropic's messages stream."""

import json
from typing import Any

from conformance.said import Said

CONTENT_TYPE = "text/event-stream"
MODEL: dict[str, Any] = {
    "thinking": {
        "off": {"thinking": {"type": "disabled"}},
        "high": {"thinking": {"type": "enabled", "budget_tokens": "$budget"}},
    },
}


def write(said: Said) -> list[bytes]:
    """The events of one message, blocks one after the other."""
    usage = said.usage
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "test-model",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {
            "input_tokens": usage.input,
            "output_tokens": 1,
            "cache_read_input_tokens": usage.cache_read,
            "cache_creation_input_tokens": usage.cache_write,
        },
    }
    events: list[dict[str, Any]] = [{"type": "message_start", "message": message}, {"type": "ping"}]
    blocks: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
    if said.thinking:
        deltas = [{"type": "thinking_delta", "thinking": p} for p in said.cut(said.thinking)]
        signature = {"type": "signature_delta", "signature": "c2lnbmVk"}
        blocks.append(({"type": "thinking", "thinking": "", "signature": ""}, [*deltas, signature]))
    if said.text:
        deltas = [{"type": "text_delta", "text": p} for p in said.cut(said.text)]
        blocks.append(({"type": "text", "text": ""}, deltas))
    for call in said.calls:
        deltas = [
            {"type": "input_json_delta", "partial_json": p}
            for p in said.cut(json.dumps(call.arguments))
        ]
        blocks.append(({"type": "tool_use", "id": call.id, "name": call.name, "input": {}}, deltas))
    for index, (block, deltas) in enumerate(blocks):
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        for delta in deltas:
            events.append({"type": "content_block_delta", "index": index, "delta": delta})
        events.append({"type": "content_block_stop", "index": index})
    reason = {"stop": "end_turn", "length": "max_tokens", "toolUse": "tool_use"}[said.stop]
    events.append(
        {
            "type": "message_delta",
            "delta": {"stop_reason": reason, "stop_sequence": None},
            "usage": {"output_tokens": usage.output},
        }
    )
    events.append({"type": "message_stop"})
    return [
        f"event: {e['type']}\ndata: {json.dumps(e, ensure_ascii=False)}\n\n".encode()
        for e in events
    ]
