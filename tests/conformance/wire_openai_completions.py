"""Chat completions as servers send them."""

import json
from typing import Any

from conformance.said import Said

CONTENT_TYPE = "text/event-stream"
MODEL: dict[str, Any] = {
    "thinking": {"off": {}, "high": {"reasoning_effort": "high"}},
}


def write(said: Said) -> list[bytes]:
    """One chunk an event, usage in the last one."""
    chunks: list[dict[str, Any]] = [_delta({"role": "assistant", "content": ""})]
    chunks += [_delta({"reasoning_content": piece}) for piece in said.cut(said.thinking)]
    chunks += [_delta({"content": piece}) for piece in said.cut(said.text)]
    for index, call in enumerate(said.calls):
        head = {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": ""}}
        chunks.append(_delta({"tool_calls": [{"index": index, **head}]}))
    for index, call in enumerate(said.calls):  # the tails interleave only by index
        for piece in said.cut(json.dumps(call.arguments)):
            tail = {"index": index, "function": {"arguments": piece}}
            chunks.append(_delta({"tool_calls": [tail]}))
    reason = {"stop": "stop", "length": "length", "toolUse": "tool_calls"}[said.stop]
    chunks.append({**_delta({}), "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
    usage = said.usage
    prompt = usage.input + usage.cache_read + usage.cache_write
    chunks.append(
        {
            **_delta({}),
            "choices": [],
            "usage": {
                "prompt_tokens": prompt,
                "completion_tokens": usage.output,
                "total_tokens": prompt + usage.output,
                "prompt_tokens_details": {
                    "cached_tokens": usage.cache_read,
                    "cache_write_tokens": usage.cache_write,
                },
            },
        }
    )
    frames = [f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n".encode() for chunk in chunks]
    return [*frames, b"data: [DONE]\n\n"]


def _delta(delta: dict[str, Any]) -> dict[str, Any]:
    choices = [{"index": 0, "delta": delta, "finish_reason": None}]
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "test-model",
        "choices": choices,
    }
