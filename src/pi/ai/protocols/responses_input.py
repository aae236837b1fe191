"""A conversation as input items of the Responses wire.

What the same model said goes back as it came: reasoning items whole, messages with their id and
phase, calls with the id of their item. Of other models' answers only text and calls remain.
https://platform.openai.com/docs/api-reference/responses/create
"""

from collections.abc import Iterable
from typing import Any, cast

import msgspec

from pi.ai.messages import (
    AssistantMessage,
    ImageContent,
    Message,
    TextContent,
    ThinkingContent,
    ToolCall,
    ToolDefinition,
    ToolResultMessage,
    UserContent,
    UserMessage,
)
from pi.ai.model import Model
from pi.ai.protocols.ids import charset_id, short_hash
from pi.ai.protocols.transcript import is_blank, prepare
from pi.ai.request import encode_json

__all__ = ["input_items", "tool_choice", "tool_items"]

Json = dict[str, Any]

_MAX_ID = 64
_NO_OUTPUT = "(no output)"
_clean = charset_id(_MAX_ID, hashed=True)


def input_items(messages: Iterable[Message], model: Model) -> list[Json]:
    """The items of a conversation, without the system prompt."""
    items: list[Json] = []
    for index, message in enumerate(prepare(messages, model, call_id=_foreign_id)):
        match message:
            case UserMessage():
                items += _user(message)
            case AssistantMessage():
                items += _assistant(message, index)
            case ToolResultMessage():
                items.append(_result(message))
    return items


def tool_items(tools: Iterable[ToolDefinition], strict: Json) -> list[Json]:
    """The tools; `strict` is `{"strict": value}`, or empty where the field is not known."""
    return [
        {
            "type": "function",
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
            **strict,
        }
        for tool in tools
    ]


def tool_choice(choice: str | None) -> Json:
    """The field `tool_choice`, if there is anything to say."""
    if choice is None:
        return {}
    if choice in ("auto", "none", "required"):
        return {"tool_choice": choice}
    return {"tool_choice": {"type": "function", "name": choice}}


def _foreign_id(call_id: str) -> str:
    """Only the call's id: that of the item belongs to the answer it came with."""
    return _clean(call_id.partition("|")[0])


def _user(message: UserMessage) -> list[Json]:
    if isinstance(message.content, str):
        content = [{"type": "input_text", "text": message.content}]
    else:
        content = _parts(message.content)
    return [{"role": "user", "content": content}] if content else []


def _parts(content: Iterable[UserContent]) -> list[Json]:
    parts: list[Json] = []
    for block in content:
        if isinstance(block, ImageContent):
            url = f"data:{block.mime_type};base64,{block.data}"
            parts.append({"type": "input_image", "detail": "auto", "image_url": url})
        elif not is_blank(block.text):
            parts.append({"type": "input_text", "text": block.text})
    return parts


def _assistant(message: AssistantMessage, index: int) -> list[Json]:
    """An answer, in the order in which it was given.

    Reasoning that nothing follows is refused, and so are the service's own ids of items whose
    reasoning is missing.
    """
    items: list[Json] = []
    whole = True
    for position, block in enumerate(message.content):
        match block:
            case ThinkingContent():
                item = _reasoning(block.thinking_signature)
                if item is not None:
                    items.append(item)
                whole = whole and (item is not None or not block.thinking_signature)
            case TextContent():
                if not is_blank(block.text):
                    items.append(_text(block, f"msg_pi_{index}_{position}", keep_id=whole))
            case ToolCall():
                items.append(_call(block, keep_id=whole))
    while items and items[-1].get("type") == "reasoning":
        items.pop()
    return items


def _reasoning(signature: str | None) -> Json | None:
    """The item of a signature, if it holds what is needed: the service has stored nothing."""
    item = _json(signature)
    if item is None or item.get("type") != "reasoning":
        return None
    return item if item.get("encrypted_content") or item.get("content") else None


def _text(block: TextContent, fallback: str, *, keep_id: bool) -> Json:
    signed = _json(block.text_signature)
    if signed is None:
        name = block.text_signature
        signed = {}
    else:
        name = signed.get("id")
    name = str(name) if name and keep_id else fallback
    if len(name) > _MAX_ID:
        name = f"msg_{short_hash(name)}"
    item: Json = {
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "id": name,
        "content": [{"type": "output_text", "text": block.text, "annotations": []}],
    }
    if signed.get("phase"):
        item["phase"] = signed["phase"]
    return item


def _call(call: ToolCall, *, keep_id: bool) -> Json:
    call_id, _, item_id = call.id.partition("|")
    item: Json = {
        "type": "function_call",
        "call_id": call_id,
        "name": call.name,
        "arguments": encode_json(call.arguments).decode(),
    }
    if keep_id and item_id.startswith("fc_") and len(item_id) <= _MAX_ID:
        item["id"] = item_id
    return item


def _result(message: ToolResultMessage) -> Json:
    parts = _parts(message.content)
    output: Any = "\n".join(part["text"] for part in parts if "text" in part) or _NO_OUTPUT
    if any(part["type"] == "input_image" for part in parts):
        output = parts
    call_id = message.tool_call_id.partition("|")[0]
    return {"type": "function_call_output", "call_id": call_id, "output": output}


def _json(text: str | None) -> Json | None:
    """A signature that is a JSON object; older ones are bare ids."""
    if not text or not text.startswith("{"):
        return None
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None
    return cast("Json", value) if isinstance(value, dict) else None
