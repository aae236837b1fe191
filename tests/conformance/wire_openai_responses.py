"""The Responses stream, with item ids that change from event to event, as some services do."""

import json
from typing import Any

from conformance.said import Said

CONTENT_TYPE = "text/event-stream"
MODEL: dict[str, Any] = {
    "thinking": {
        "off": {},
        "high": {
            "reasoning": {"effort": "high", "summary": "auto"},
            "include": ["reasoning.encrypted_content"],
        },
    },
}

Json = dict[str, Any]


def write(said: Said) -> list[bytes]:
    """The events of one response; two calls are written at the same time."""
    return [
        f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()
        for event in events(said)
    ]


def events(said: Said) -> list[Json]:
    """The events before they are framed."""
    response: Json = {"id": "resp_1", "object": "response", "model": "test-model", "output": []}
    out: list[Json] = [{"type": "response.created", "response": {**response, "status": "queued"}}]
    index = 0
    if said.thinking:
        out += _reasoning(index, said)
        index += 1
    if said.text:
        out += _message(index, said)
        index += 1
    heads, tails, ends = [], [], []
    for call in said.calls:
        item = {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": ""}
        at = {"output_index": index}
        index += 1
        arguments = json.dumps(call.arguments)
        added = {**item, "id": f"fc_{index}_a", "status": "in_progress"}
        heads.append({"type": "response.output_item.added", **at, "item": added})
        tails += [
            {"type": "response.function_call_arguments.delta", **at, "item_id": f"x{n}", "delta": p}
            for n, p in enumerate(said.cut(arguments))
        ]
        ends.append({"type": "response.function_call_arguments.done", **at, "arguments": arguments})
        done = {**item, "id": f"fc_{index}_b", "status": "completed", "arguments": arguments}
        ends.append({"type": "response.output_item.done", **at, "item": done})
    out += [*heads, *tails, *ends]
    usage = said.usage
    prompt = usage.input + usage.cache_read + usage.cache_write
    response["usage"] = {
        "input_tokens": prompt,
        "input_tokens_details": {
            "cached_tokens": usage.cache_read,
            "cache_write_tokens": usage.cache_write,
        },
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": prompt + usage.output,
    }
    if said.stop == "length":
        response |= {
            "status": "incomplete",
            "incomplete_details": {"reason": "max_output_tokens"},
        }
        out.append({"type": "response.incomplete", "response": response})
    else:
        response["status"] = "completed"
        out.append({"type": "response.completed", "response": response})
    return [{**event, "sequence_number": n} for n, event in enumerate(out)]


def _reasoning(index: int, said: Said) -> list[Json]:
    text = said.thinking
    at: Json = {"output_index": index}
    item: Json = {"type": "reasoning", "id": "rs_1", "summary": []}
    summary = {"type": "summary_text", "text": text}
    return [
        {"type": "response.output_item.added", **at, "item": item},
        {
            "type": "response.reasoning_summary_part.added",
            **at,
            "item_id": "rs_1",
            "summary_index": 0,
            "part": {"type": "summary_text", "text": ""},
        },
        *(
            {
                "type": "response.reasoning_summary_text.delta",
                **at,
                "item_id": "rs_2",
                "summary_index": 0,
                "delta": piece,
            }
            for piece in said.cut(text)
        ),
        {
            "type": "response.output_item.done",
            **at,
            "item": {**item, "summary": [summary], "encrypted_content": "c2lnbmVk"},
        },
    ]


def _message(index: int, said: Said) -> list[Json]:
    text = said.text
    at: Json = {"output_index": index}
    item: Json = {"type": "message", "id": "msg_1", "role": "assistant", "status": "in_progress"}
    item["phase"] = "commentary"
    part = {"type": "output_text", "text": text, "annotations": []}
    return [
        {"type": "response.output_item.added", **at, "item": {**item, "content": []}},
        *(
            {
                "type": "response.output_text.delta",
                **at,
                "item_id": "msg_2",
                "content_index": 0,
                "delta": piece,
            }
            for piece in said.cut(text)
        ),
        {
            "type": "response.output_item.done",
            **at,
            "item": {**item, "status": "completed", "content": [part]},
        },
    ]
