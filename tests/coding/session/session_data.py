"""Builders of session files, written by hand as other programs write them."""

import json
from pathlib import Path
from typing import Any

from pi.ai.messages import AssistantMessage, TextContent, ToolCall, Usage

TIME = "2025-01-31T12:00:00.000Z"
HEADER: dict[str, Any] = {
    "type": "session",
    "version": 3,
    "id": "0194bc0e-0000-7000-8000-000000000000",
    "timestamp": TIME,
    "cwd": "/project",
}


def answer(
    text: str = "answer", *, model: str = "model", calls: tuple[ToolCall, ...] = ()
) -> AssistantMessage:
    """An answer of a model."""
    stop = "toolUse" if calls else "stop"
    return AssistantMessage(
        (TextContent(text), *calls), "openai-completions", "provider", model, Usage(), stop, 1
    )


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text, "timestamp": 1}


def assistant(text: str, **fields: Any) -> dict[str, Any]:
    usage = {"input": 1, "output": 2, "cacheRead": 0, "cacheWrite": 0, "totalTokens": 3}
    cost = {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0, "total": 0.5}
    return {
        "role": "assistant",
        "content": [{"type": "text", "text": text}],
        "api": "openai-completions",
        "provider": "provider",
        "model": "model",
        "usage": usage | {"cost": cost},
        "stopReason": "stop",
        "timestamp": 1,
    } | fields


def entry(kind: str, entry_id: str, parent: str | None, /, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "id": entry_id, "parentId": parent, "timestamp": TIME} | fields


def message(entry_id: str, parent: str | None, content: dict[str, Any]) -> dict[str, Any]:
    return entry("message", entry_id, parent, message=content)


def lines(*items: Any) -> bytes:
    """A file: objects become compact lines, bytes stay as they are."""
    parts = [
        item if isinstance(item, bytes) else json.dumps(item, separators=(",", ":")).encode()
        for item in items
    ]
    return b"".join(part + b"\n" for part in parts)


def write(path: Path, *items: Any) -> Path:
    path.write_bytes(lines(*items))
    return path


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines() if line]
