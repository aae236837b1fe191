"""Messages as Chat Completions spells them, for every service that takes this spelling.

What differs between services is a field of `MessageRules`. Text that nobody said is added only
where a service would refuse the conversation without it.
"""

from collections.abc import Callable
from typing import Any, Literal, cast

import msgspec
from msgspec import Struct

from pi.ai.messages import (
    AssistantMessage,
    Context,
    ImageContent,
    TextContent,
    ThinkingContent,
    ToolCall,
    ToolResultMessage,
    UserMessage,
    text_of,
)
from pi.ai.model import Model
from pi.ai.protocols.ids import charset_id
from pi.ai.protocols.transcript import is_blank, prepare
from pi.ai.request import encode_json

__all__ = ["REASONING_FIELDS", "MessageRules", "call_id_rule", "convert_messages"]

REASONING_FIELDS = ("reasoning_content", "reasoning", "reasoning_text")
"""The names under which services send thinking and take it back."""

_BRIDGE = "I have read the tool results."
_NO_OUTPUT = "(no output)"
_PAIR_LENGTH = 40


class MessageRules(Struct, frozen=True, kw_only=True):
    """How a service wants its messages.

    non_null_content: `""` where an answer has no text. reasoning_content: every answer carries that
    field. max_call_id_length: for ids that another model made. The rest is named as in `Compat`.
    """

    system_role: Literal["system", "developer"] = "system"
    tool_result_name: bool = False
    assistant_after_tool_result: bool = False
    thinking_as_text: bool = False
    reasoning_content: bool = False
    non_null_content: bool = False
    max_call_id_length: int | None = None


def call_id_rule(limit: int | None) -> Callable[[str], str]:
    """How ids of tool calls that another model made are rewritten: to `limit` characters at most.

    The id of a wire whose ids are pairs (`call|item`) becomes one word.
    """
    whole: Callable[[str], str] = charset_id(limit, ".", hashed=True) if limit else str
    pair = charset_id(min(limit or _PAIR_LENGTH, _PAIR_LENGTH), hashed=True)
    return lambda call_id: pair(call_id) if "|" in call_id else whole(call_id)


def convert_messages(model: Model, context: Context, rules: MessageRules) -> list[dict[str, Any]]:
    """The `messages` of a request."""
    out: list[dict[str, Any]] = []
    system = "\n\n".join(context.system)
    if system:
        out.append({"role": rules.system_role, "content": system})
    call_id = call_id_rule(rules.max_call_id_length)
    for message in prepare(context.messages, model, call_id=call_id, keep_images_in_results=False):
        match message:
            case UserMessage():
                if rules.assistant_after_tool_result and out and out[-1]["role"] == "tool":
                    out.append({"role": "assistant", "content": _BRIDGE})
                out.append({"role": "user", "content": _user_content(message)})
            case ToolResultMessage():
                out.append(_tool_result(message, rules))
            case AssistantMessage():
                answer = _assistant(message, rules)
                if answer is not None:
                    out.append(answer)
    return out


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _image(image: ImageContent) -> dict[str, Any]:
    url = f"data:{image.mime_type};base64,{image.data}"
    return {"type": "image_url", "image_url": {"url": url}}


def _user_content(message: UserMessage) -> str | list[dict[str, Any]]:
    if isinstance(message.content, str):
        return message.content
    blocks = [
        block
        for block in message.content
        if isinstance(block, ImageContent) or not is_blank(block.text)
    ]
    if len(blocks) == 1 and isinstance(blocks[0], TextContent):
        return blocks[0].text  # a plain string is what every service understands
    return [_image(b) if isinstance(b, ImageContent) else _text(b.text) for b in blocks]


def _tool_result(message: ToolResultMessage, rules: MessageRules) -> dict[str, Any]:
    text = text_of(message.content)
    result: dict[str, Any] = {
        "role": "tool",
        "tool_call_id": message.tool_call_id,
        "content": _NO_OUTPUT if is_blank(text) else text,
    }
    if rules.tool_result_name and message.tool_name:
        result["name"] = message.tool_name
    return result


def _assistant(message: AssistantMessage, rules: MessageRules) -> dict[str, Any] | None:
    """An earlier answer; None if nothing of it can be said on this wire."""
    texts: list[str] = []
    thoughts: list[ThinkingContent] = []
    calls: list[ToolCall] = []
    for block in message.content:
        match block:
            case TextContent():
                if not is_blank(block.text):
                    texts.append(block.text)
            case ThinkingContent():
                thoughts.append(block)
            case ToolCall():
                calls.append(block)
    spoken = [block.thinking for block in thoughts if not is_blank(block.thinking)]
    # One string: given a list of parts, some models start to imitate that structure.
    content: Any = "".join(texts) or ("" if rules.non_null_content else None)
    if rules.thinking_as_text and spoken:
        content = [_text("\n\n".join(spoken)), *map(_text, texts)]
    if not content and not calls:
        return None
    answer: dict[str, Any] = {"role": "assistant", "content": content}
    if not rules.thinking_as_text:
        answer.update(_reasoning(thoughts, spoken, calls))
    if rules.reasoning_content:
        answer.setdefault("reasoning_content", "")
    if calls:
        answer["tool_calls"] = [_call(call) for call in calls]
    return answer


def _reasoning(
    thoughts: list[ThinkingContent], spoken: list[str], calls: list[ToolCall]
) -> dict[str, Any]:
    """Thinking in the form in which the service sent it, which its signature tells."""
    details = [item for block in thoughts for item in _details(block.thinking_signature)]
    if not details:
        details = [item for call in calls for item in _details(call.thought_signature)]
    if details:
        return {"reasoning_details": details}
    for block in thoughts:
        if not is_blank(block.thinking):
            field = block.thinking_signature
            return {field: "\n".join(spoken)} if field in REASONING_FIELDS else {}
    return {}


def _details(signature: str | None) -> list[dict[str, Any]]:
    """The `reasoning_details` kept in a signature: an array, or one object of older sessions."""
    value = _json(signature)
    items = cast("list[Any]", value) if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict) and "type" in item]


def _call(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": encode_json(call.arguments).decode()}
    sent: dict[str, Any] = {"id": call.id, "type": "function", "function": function}
    kept = _json(call.thought_signature)
    if isinstance(kept, dict) and "extra_content" in kept:
        sent["extra_content"] = kept["extra_content"]
    return sent


def _json(signature: str | None) -> Any:
    """What a signature holds if it holds JSON, else None."""
    if not signature or signature[0] not in "[{":
        return None
    try:
        return msgspec.json.decode(signature)
    except (msgspec.DecodeError, UnicodeError):
        return None
