"""What four servers that are not ours said, cut from their wire by hand; and servers that say it.

llama-server b1-7e4c0a9 (llama.cpp) and llama-cpp-python 0.3.36, with a model of random numbers;
the LiteLLM proxy with a mocked model; aimock 1.43.0. Recorded on loopback in November 2026.
"""

import json
from collections.abc import Callable
from typing import Any

from support.server import Reply, Seen, json_reply, sse

Json = dict[str, Any]

LLAMA_MODELS: Json = {
    "models": [{"name": "tiny.gguf", "model": "tiny.gguf", "capabilities": ["completion"]}],
    "object": "list",
    "data": [
        {
            "id": "tiny.gguf",
            "object": "model",
            "owned_by": "llamacpp",
            "meta": {"vocab_type": 1, "n_vocab": 285, "n_ctx": 32768, "n_ctx_train": 65536},
        }
    ],
}
LLAMA_TOO_LONG: Json = {
    "error": {
        "code": 400,
        "message": "request (200023 tokens) exceeds the available context size (32768 tokens), try"
        " increasing it",
        "type": "exceed_context_size_error",
        "n_prompt_tokens": 200023,
        "n_ctx": 32768,
    }
}
LLAMA_NO_IMAGES: Json = {
    "error": {
        "code": 500,
        "message": "image input is not supported - hint: if this is unexpected, you may need to"
        " provide the mmproj",
        "type": "server_error",
    }
}
PYTHON_TOO_LONG: Json = {
    "error": {
        "message": "This model's maximum context length is 32768 tokens. However, you requested"
        " 200022 tokens (200022 in the messages, None in the completion). Please reduce the length"
        " of the messages or completion.",
        "type": "invalid_request_error",
        "param": "messages",
        "code": "context_length_exceeded",
    }
}
PYTHON_NO_DEVELOPER: Json = {
    "error": {
        "message": "7 validation errors:\n  {'type': 'literal_error', 'loc': ('body', 'messages',"
        " 0, 'ChatCompletionRequestSystemMessage', 'role'), 'msg': \"Input should be 'system'\"}",
        "type": "internal_server_error",
    }
}
PROXY_MODELS: Json = {
    "data": [
        {"id": "mock-gpt", "mode": "chat", "max_input_tokens": 128000, "max_output_tokens": 16384},
        {"id": "behind", "mode": "chat", "max_input_tokens": 8192, "max_output_tokens": 4096},
    ],
    "object": "list",
}
PROXY_NO_KEY: Json = {
    "error": {
        "message": "Authentication Error, No api key passed in.",
        "type": "auth_error",
        "param": "None",
        "code": "401",
    }
}
PROXY_NO_MODEL: Json = {
    "error": {
        "message": "/chat/completions: Invalid model name passed in model=nope. Call `/v1/models`"
        " to view available models for your key.",
        "type": "invalid_request_error",
        "param": None,
        "code": "400",
    }
}
NOT_FOUND: Json = {"error": {"message": "File Not Found", "type": "not_found_error", "code": 404}}
MOCK_THINKING: list[tuple[str, Json]] = [
    (
        "message_start",
        {
            "message": {
                "id": "msg_1",
                "type": "message",
                "role": "assistant",
                "content": [],
                "model": "claude",
                "stop_reason": None,
                "usage": {"input_tokens": 0, "output_tokens": 0},
            }
        },
    ),
    (
        "content_block_start",
        {"index": 0, "content_block": {"type": "thinking", "thinking": "", "signature": ""}},
    ),
    (
        "content_block_delta",
        {"index": 0, "delta": {"type": "thinking_delta", "thinking": "They want OK."}},
    ),
    ("content_block_stop", {"index": 0}),
    ("content_block_start", {"index": 1, "content_block": {"type": "text", "text": ""}}),
    (
        "content_block_delta",
        {"index": 1, "delta": {"type": "text_delta", "text": "OK, here you are."}},
    ),
    ("content_block_stop", {"index": 1}),
    ("message_delta", {"delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 0}}),
    ("message_stop", {}),
]


def chunk(delta: Json, reason: str | None = None) -> Json:
    """A chunk as llama-server writes it."""
    return {
        "choices": [{"finish_reason": reason, "index": 0, "delta": delta}],
        "created": 1795828285,
        "id": "chatcmpl-vxZ",
        "model": "tiny.gguf",
        "object": "chat.completion.chunk",
    }


def stream(*deltas: Json, reason: str = "stop", usage: tuple[int, int] | None = None) -> Reply:
    """A streamed answer."""
    chunks: list[Any] = [chunk({"role": "assistant", "content": None})]
    chunks += [chunk(delta) for delta in deltas]
    chunks.append(chunk({}, reason))
    if usage:
        counts = {"prompt_tokens": usage[0], "completion_tokens": usage[1]}
        counts["total_tokens"] = sum(usage)
        chunks.append({**chunk({}), "choices": [], "usage": counts})
    return Reply(sse([*chunks, "[DONE]"]))


def said(*texts: str, **more: Any) -> Reply:
    """A streamed answer of text."""
    return stream(*({"content": text} for text in texts), **more)


def messages_stream() -> Reply:
    """A Messages answer with thinking."""
    text = "".join(
        f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n"
        for name, data in MOCK_THINKING
    )
    return Reply(text.encode(), headers={"content-type": "text/event-stream"})


def call(index: int, *pieces: str) -> list[Json]:
    """The deltas of a tool call."""
    head = {
        "index": index,
        "id": f"call_{index}",
        "type": "function",
        "function": {"name": "look_up", "arguments": ""},
    }
    rest = [{"index": index, "function": {"arguments": piece}} for piece in pieces]
    return [{"tool_calls": [item]} for item in (head, *rest)]


def text_of(seen: Seen) -> str:
    """The last thing that was asked."""
    content = seen.json["messages"][-1]["content"]
    return content if isinstance(content, str) else json.dumps(content)


def llama(*, key: str = "") -> Callable[[Seen], Reply]:
    """A server with one wire that says what llama-server says; with a key it wants that key."""

    def answer(seen: Seen) -> Reply:
        if key and seen.headers.get("authorization") != f"Bearer {key}":
            return json_reply(PROXY_NO_KEY, 401)
        if seen.path == "/v1/models":
            return json_reply(LLAMA_MODELS)
        if seen.path != "/v1/chat/completions":
            return json_reply(NOT_FOUND, 404)
        return _chat(seen)

    return answer


def _chat(seen: Seen) -> Reply:
    body, text = seen.json, text_of(seen)
    if "image_url" in text:
        return json_reply(LLAMA_NO_IMAGES, 500)
    if body["model"].startswith("no-such"):
        return json_reply(PROXY_NO_MODEL, 400)
    prompt = 28 + 20 * (len(body["messages"]) - 1)
    counted = bool(body.get("stream_options"))
    if "Count" in text:
        # it knows the older name of the limit only
        size = min(body.get("max_tokens", 60), 60)
        words = [f"{number}," for number in range(size)]
        usage = (prompt, size) if counted else None
        return said(*words, reason="length" if size < 60 else "stop", usage=usage)
    if "Look up the words" in text:
        deltas = [*call(0, '{"word"', ': "red"}'), *call(1, '{"word":', '"blue"}')]
        return stream(*deltas, reason="tool_calls", usage=(prompt, 30) if counted else None)
    thought = [{"reasoning_content": "They want OK."}]
    return stream(
        *thought, {"content": "O"}, {"content": "K"}, usage=(prompt, 4) if counted else None
    )
