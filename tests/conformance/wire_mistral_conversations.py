"""Mistral's chat stream: thinking as parts, later pieces of a call without id and name."""

import json
from typing import Any

from conformance.said import Said

CONTENT_TYPE = "text/event-stream"
MODEL: dict[str, Any] = {"thinking": {"off": {}, "high": {"reasoning_effort": "high"}}}

Json = dict[str, Any]


def write(said: Said) -> list[bytes]:
    """One chunk an event; the last carries the reason and the usage."""
    deltas: list[Json] = [{"role": "assistant", "content": ""}]
    for piece in said.cut(said.thinking):
        thought = [{"type": "text", "text": piece}]
        deltas.append({"content": [{"type": "thinking", "thinking": thought}]})
    deltas += [{"content": piece} for piece in said.cut(said.text)]
    for index, call in enumerate(said.calls):
        first, *rest = said.cut(json.dumps(call.arguments))
        head = {"name": call.name, "arguments": first}
        deltas.append({"tool_calls": [{"id": call.id, "function": head, "index": index}]})
        for piece in rest:
            tail = {"name": "", "arguments": piece}
            deltas.append({"tool_calls": [{"id": "null", "function": tail, "index": index}]})
    chunks = [_chunk({"index": 0, "delta": delta, "finish_reason": None}) for delta in deltas]
    reason = {"stop": "stop", "length": "length", "toolUse": "tool_calls"}[said.stop]
    last = _chunk({"index": 0, "delta": {"content": ""}, "finish_reason": reason})
    usage = said.usage
    prompt = usage.input + usage.cache_read + usage.cache_write
    last["usage"] = {
        "prompt_tokens": prompt,
        "completion_tokens": usage.output,
        "total_tokens": prompt + usage.output,
        "num_cached_tokens": usage.cache_read,
    }
    frames = [f"data: {json.dumps(c, ensure_ascii=False)}\n\n".encode() for c in [*chunks, last]]
    return [*frames, b"data: [DONE]\n\n"]


def _chunk(choice: Json) -> Json:
    return {
        "id": "cmpl1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "test-model",
        "choices": [choice],
    }
