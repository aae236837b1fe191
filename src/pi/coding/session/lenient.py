"""Reading entries that are not as they should be.

Old versions, other programs, editors and failing disks leave null contents, missing fields, bytes
that are no UTF-8 and roles of long ago. What can be understood is used, the rest is left out of
the typed view only; a line that gives nothing becomes `Unknown`. Nothing here raises.
"""

from typing import Any

import msgspec
from msgspec import Struct

from pi.ai.messages import (
    AssistantContent,
    AssistantMessage,
    Cost,
    TextContent,
    ToolResultMessage,
    Usage,
    UserContent,
    UserMessage,
)
from pi.coding.session.entries import (
    ENTRY_TYPES,
    BashExecution,
    CustomMessage,
    Entry,
    MessageEntry,
    SystemMessage,
    Unknown,
    decode_strictly,
    without_surrogates,
)
from pi.coding.session.names import parse_time

__all__ = ["content_blocks", "decode_entry", "parse_loosely"]

_USER_ROLES: dict[str, type[Struct]] = {
    "user": UserMessage,
    "toolResult": ToolResultMessage,
    "custom": CustomMessage,
    "hookMessage": CustomMessage,  # its name in versions 1 and 2
}
_OTHER_ROLES: dict[str, type[Struct]] = {
    "assistant": AssistantMessage,
    "bashExecution": BashExecution,
    "system": SystemMessage,
}
_MISSING: dict[str, Any] = {
    "timestamp": 0,
    "api": "",
    "provider": "",
    "model": "",
    "usage": Usage(),
    "stopReason": "stop",
    "toolCallId": "",
    "toolName": "",
    "customType": "",
    "command": "",
    "output": "",
    "content": (),
    "fromId": "root",
    "kind": "",
}
"""What stands for a required field that is missing or unreadable."""


def decode_entry(line: bytes, type_name: str) -> tuple[Entry, bool]:
    """What a line of that type says, and whether that is all that it says."""
    if type_name not in ENTRY_TYPES:
        return Unknown(type_name), True
    try:
        return decode_strictly(line), True
    except (ValueError, RecursionError):
        pass
    try:
        entry = _entry(parse_loosely(line), type_name)
    except (ValueError, RecursionError):
        entry = None
    if entry is None:
        return Unknown(type_name), False
    exact = isinstance(entry, MessageEntry) and isinstance(entry.message, CustomMessage)
    return entry, exact


def parse_loosely(line: bytes) -> dict[str, Any]:
    """A JSON object with wrong bytes and half surrogate pairs replaced. Raises `ValueError`."""
    from json import loads  # lines that msgspec refuses are rare

    value = loads(line.decode(errors="replace"), parse_constant=lambda _: None)
    if not isinstance(value, dict):
        raise ValueError("no JSON object")
    return without_surrogates(value)


def content_blocks(value: Any, kind: Any = UserContent) -> tuple[Any, ...]:
    """The readable blocks of a message's content; text counts as one block."""
    if isinstance(value, str):
        return (TextContent(value),)
    if not isinstance(value, list | tuple):
        return ()
    blocks: list[Any] = []
    for item in value:
        if isinstance(item, dict) and item.get("type") == "toolCall":
            item = _tool_call(item)
        try:
            blocks.append(msgspec.convert(item, kind))
        except ValueError:
            continue
    return tuple(blocks)


def _entry(data: dict[str, Any], type_name: str) -> Entry | None:
    if type_name == "message":
        message = data.get("message")
        if not isinstance(message, dict):
            return None
        if not isinstance(message.get("timestamp"), int | float):
            moment = data.get("timestamp")
            message = {
                **message,
                "timestamp": parse_time(moment if isinstance(moment, str) else ""),
            }
        fixed = _message(message)
        return None if fixed is None else MessageEntry(fixed)
    if type_name == "custom_message":
        data = {**data, "content": content_blocks(data.get("content"))}
    return _build(ENTRY_TYPES[type_name], data)


def _message(data: dict[str, Any]) -> Any:
    role = data.get("role")
    if not isinstance(role, str):
        return None
    if role in _USER_ROLES:
        content = data.get("content")
        if not isinstance(content, str) or role == "toolResult":
            content = content_blocks(content)
        return _build(_USER_ROLES[role], {**data, "content": content})
    if role == "assistant":
        data = {**data, "content": content_blocks(data.get("content"), AssistantContent)}
        data["usage"] = _usage(data.get("usage"))
    return _build(_OTHER_ROLES[role], data) if role in _OTHER_ROLES else None


def _tool_call(data: dict[str, Any]) -> dict[str, Any]:
    """A tool call whose arguments are an object, whatever they were."""
    arguments = data.get("arguments")
    if isinstance(arguments, dict):
        return data
    if isinstance(arguments, str):
        try:
            parsed = msgspec.json.decode(arguments, type=dict[str, Any])
        except (ValueError, RecursionError):
            parsed = {}
        return {**data, "arguments": parsed}
    return {**data, "arguments": {}}


def _usage(data: Any) -> Usage:
    if not isinstance(data, dict):
        return Usage()
    cost = data.get("cost")
    fixed = _build(Cost, cost) if isinstance(cost, dict) else Cost()
    return _build(Usage, {**data, "cost": fixed}) or Usage()


def _build(kind: type[Struct], data: dict[str, Any]) -> Any:
    """A struct of the readable fields of `data`, or None if a required one cannot be made up."""
    values: dict[str, Any] = {}
    for item in msgspec.structs.fields(kind):
        name = item.encode_name
        if name in data:
            value = data[name]
            if isinstance(value, float) and item.type is int:
                value = int(value)  # JSON of other programs may say 1.0, or 1.5 for a time
            try:
                values[item.name] = msgspec.convert(value, item.type)
                continue
            except ValueError:
                pass
        if item.required:
            if name not in _MISSING:
                return None
            values[item.name] = _MISSING[name]
    return kind(**values)
