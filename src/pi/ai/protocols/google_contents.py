"""A conversation as Gemini `contents`, shared by the wires that carry GenerateContent requests.

Signatures go back only to the model that made them, and only if they are base64. All results of a
turn stand in one content. https://ai.google.dev/api/caching#Content
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, cast

from msgspec import Struct

from pi.ai.messages import (
    AssistantMessage,
    Context,
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
from pi.ai.options import Options
from pi.ai.protocols.ids import charset_id
from pi.ai.protocols.merge import deep_merge
from pi.ai.protocols.transcript import is_blank, prepare

__all__ = ["GoogleCompat", "generate_content"]

Json = dict[str, Any]

_call_name = charset_id(64, "[A-Za-z0-9_.:-]")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY"}
_NOT_IN_SUBSET = frozenset(
    {
        "$anchor",
        "$comment",
        "$defs",
        "$dynamicAnchor",
        "$id",
        "$schema",
        "$vocabulary",
        "additionalProperties",
        "const",
        "definitions",
    }
)
_NAMED = frozenset(("properties", "patternProperties", "$defs", "definitions"))


class GoogleCompat(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What a model family does differently; the defaults are those of the newest.

    tool_call_ids: calls and results carry an `id`. multimodal_results: images may stand in a
    function response; else they follow in a content of their own. json_schema: tools are declared
    by `parametersJsonSchema`; else by `parameters`, an OpenAPI subset.
    unsigned_calls: the signature under which calls are sent that another model made in the turn
    that goes on; "" sends none. Only models whose calls carry ids ask for signatures.
    """

    tool_call_ids: bool = True
    multimodal_results: bool = True
    json_schema: bool = True
    unsigned_calls: str = "skip_thought_signature_validator"


def generate_content(model: Model, context: Context, options: Options) -> Json:
    """The body of a GenerateContent request, without what a wire wraps around it."""
    compat = model.compat if isinstance(model.compat, GoogleCompat) else GoogleCompat()
    messages = prepare(
        context.messages,
        model,
        call_id=charset_id(64),
        call_name=_call_name,
        user_first=True,
        keep_images_in_results=compat.multimodal_results,
    )
    contents = _contents(messages, compat)
    if compat.tool_call_ids and compat.unsigned_calls:
        _sign_running_turn(contents, compat.unsigned_calls)
    body: Json = {"contents": contents}
    system = [{"text": block} for block in context.system if not is_blank(block)]
    if system:
        body["systemInstruction"] = {"role": "user", "parts": system}
    if context.tools:
        declared = [_declaration(tool, compat) for tool in context.tools]
        body["tools"] = [{"functionDeclarations": declared}]
        if options.tool_choice is not None:
            body["toolConfig"] = {"functionCallingConfig": _mode(options.tool_choice)}
    config: Json = {}
    if options.temperature is not None:
        config["temperature"] = options.temperature
    if options.max_tokens is not None:
        config["maxOutputTokens"] = options.max_tokens
    body["generationConfig"] = config
    return deep_merge(body, options.thinking_body)


def _mode(choice: str) -> Json:
    if choice in _MODES:
        return {"mode": _MODES[choice]}
    return {"mode": "ANY", "allowedFunctionNames": [choice]}


def _contents(messages: Iterable[Message], compat: GoogleCompat) -> list[Json]:
    contents: list[Json] = []
    results: list[Json] | None = None
    for message in messages:
        if isinstance(message, ToolResultMessage):
            if results is None:
                results = []
                contents.append({"role": "user", "parts": results})
            results.append(_result(message, compat))
            continue
        results = None
        if isinstance(message, UserMessage):
            parts = _user(message.content)
            role = "user"
        else:
            parts = _answer(message, compat)
            role = "model"
        if parts and role == "model" and contents and contents[-1]["role"] == role:
            contents[-1]["parts"] += parts  # a call may follow only the user's turn
        elif parts:
            contents.append({"role": role, "parts": parts})
    return contents


def _sign_running_turn(contents: Sequence[Json], signature: str) -> None:
    """Sign the first call of each step since the user last spoke, if the step has no signature.

    Without one the service refuses the request; in earlier turns it does not look.
    https://ai.google.dev/gemini-api/docs/thought-signatures
    """
    for content in reversed(contents):
        parts: list[Json] = content["parts"]
        if content["role"] == "user":
            if "functionResponse" not in parts[0]:
                return
            continue
        calls = [part for part in parts if "functionCall" in part]
        if calls and not any("thoughtSignature" in part for part in calls):
            calls[0]["thoughtSignature"] = signature


def _user(content: str | Sequence[UserContent]) -> list[Json]:
    if isinstance(content, str):
        return [{"text": content}]
    return [
        _image(block) if isinstance(block, ImageContent) else {"text": block.text}
        for block in content
        if isinstance(block, ImageContent) or not is_blank(block.text)
    ]


def _image(block: ImageContent) -> Json:
    return {"inlineData": {"mimeType": block.mime_type, "data": block.data}}


def _answer(message: AssistantMessage, compat: GoogleCompat) -> list[Json]:
    parts: list[Json] = []
    for block in message.content:
        match block:
            case TextContent():
                signed = _signed({"text": block.text}, block.text_signature)
                if not is_blank(block.text) or len(signed) > 1:
                    parts.append(signed)
            case ThinkingContent():
                thought = _signed(
                    {"thought": True, "text": block.thinking}, block.thinking_signature
                )
                if not is_blank(block.thinking) or "thoughtSignature" in thought:
                    parts.append(thought)
            case ToolCall():
                call: Json = {"name": block.name, "args": block.arguments}
                if compat.tool_call_ids:
                    call["id"] = block.id
                parts.append(_signed({"functionCall": call}, block.thought_signature))
    return parts


def _signed(part: Json, signature: str | None) -> Json:
    if signature and len(signature) % 4 == 0 and _BASE64.fullmatch(signature):
        part["thoughtSignature"] = signature
    return part


def _result(message: ToolResultMessage, compat: GoogleCompat) -> Json:
    text = "\n".join(b.text for b in message.content if isinstance(b, TextContent))
    response: Json = {
        "name": message.tool_name,
        "response": {"error" if message.is_error else "output": text},
    }
    images = [_image(block) for block in message.content if isinstance(block, ImageContent)]
    if images:
        response["parts"] = images
    if compat.tool_call_ids:
        response["id"] = message.tool_call_id
    return {"functionResponse": response}


def _declaration(tool: ToolDefinition, compat: GoogleCompat) -> Json:
    declaration: Json = {"name": tool.name, "description": tool.description}
    if compat.json_schema:
        declaration["parametersJsonSchema"] = _schema(tool.parameters, frozenset())
    else:
        declaration["parameters"] = _schema(tool.parameters, _NOT_IN_SUBSET)
    return declaration


def _schema(schema: Any, dropped: frozenset[str], *, names: bool = False) -> Any:
    """`schema` without the keywords `dropped`, and with `const` said as `enum`.

    `const` of text and numbers is ignored by the service where `enum` is not. In an object of
    `names` the keys are names of properties, which are kept whatever they are.
    """
    if isinstance(schema, list):
        return [_schema(item, dropped) for item in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    rules = cast("Json", schema)
    if names:
        return {name: _schema(value, dropped) for name, value in rules.items()}
    out: Json = {}
    for key, value in rules.items():
        if key == "const" and isinstance(value, str | int | float) and not isinstance(value, bool):
            out["enum"] = [value]
        elif key in dropped:
            continue
        elif key in ("enum", "default", "examples", "const"):
            out[key] = value
        else:
            out[key] = _schema(value, dropped, names=key in _NAMED)
    return out
