"""A conversation written down as plain text, for a model that is to summarise it. Pure.

As text it cannot be mistaken for a conversation to go on with. What tools returned is cut short: it
makes up most of a conversation and least of what has to be remembered. Thinking is left out.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from pi.ai.messages import (
    AssistantMessage,
    ImageContent,
    TextContent,
    ToolCall,
    ToolResultMessage,
    UserContent,
    UserMessage,
)
from pi.ai.request import encode_json
from pi.coding.policies.size import is_told
from pi.coding.session.context import shell_text
from pi.coding.session.entries import (
    AgentMessage,
    BashExecution,
    BranchSummaryMessage,
    CompactionSummaryMessage,
    CustomMessage,
)

__all__ = ["shorten", "write_down"]

_STAGES = ((2000, 40_000), (600, 8_000), (150, 2_000), (60, 500))
"""Characters of a tool result and of anything else; the first that fits is used."""

_NOTE = 48
"""Characters for the note about what is missing."""


def write_down(messages: Sequence[AgentMessage], room: int, *, results: bool = True) -> str:
    """The conversation in `room` characters at most. `results`: with what tools returned."""
    told = [message for message in messages if is_told(message)]
    *larger, smallest = _STAGES
    for short, long in larger:
        text = _within(room, (_part(message, short, long, results) for message in told))
        if text is not None:
            return text
    parts = (_part(message, *smallest, results) for message in told)
    return shorten("\n\n".join(filter(None, parts)), room)


def _within(room: int, parts: Iterable[str]) -> str | None:
    """The parts that say something as one text; None as soon as they have more than `room`."""
    kept: list[str] = []
    size = -2
    for part in filter(None, parts):
        size += len(part) + 2
        if size > room:
            return None
        kept.append(part)
    return "\n\n".join(kept)


def shorten(text: str, limit: int) -> str:
    """`text` in `limit` characters: its first third and its end, with a note between them."""
    if len(text) <= limit:
        return text
    kept = max(0, limit - _NOTE)
    head = kept // 3
    tail = kept - head
    note = f"\n[… {len(text) - kept} characters left out …]\n"
    return f"{text[:head]}{note}{text[len(text) - tail :]}"


def _part(message: AgentMessage, short: int, long: int, results: bool) -> str:
    match message:
        case UserMessage(content):
            return _said("User", shorten(_text(content), long))
        case AssistantMessage():
            said = "".join(b.text for b in message.content if isinstance(b, TextContent))
            calls = "; ".join(_call(call, short) for call in message.tool_calls)
            parts = (_said("Assistant", shorten(said, long)), _said("Assistant called", calls))
            return "\n\n".join(filter(None, parts))
        case ToolResultMessage():
            if not results:
                return ""
            who = f"Error of {message.tool_name}" if message.is_error else f"{message.tool_name}"
            return _said(f"Result: {who}", shorten(_text(message.content), short) or "(nothing)")
        case BashExecution():
            if message.exclude_from_context is True:
                return ""
            return _said("User", shorten(shell_text(message), short))
        case CustomMessage(kind, content):
            return _said(f"Note of {kind}", shorten(_text(content), long))
        case BranchSummaryMessage(summary):
            return _said("Summary of another branch", shorten(summary, long))
        case CompactionSummaryMessage(summary):
            return _said("Summary of what was before", shorten(summary, long))
        case _:
            return ""


def _said(who: str, text: str) -> str:
    return f"[{who}]: {text.strip()}" if text.strip() else ""


def _call(call: ToolCall, limit: int) -> str:
    most = max(limit // 2, 60)
    arguments = ", ".join(f"{name}={_value(value, most)}" for name, value in call.arguments.items())
    return f"{call.name}({arguments})"


def _value(value: Any, most: int) -> str:
    if isinstance(value, str):  # shortened before it is escaped: it may be a whole file
        return encode_json(shorten(value, most)).decode()
    return shorten(msgspec.json.encode(value, enc_hook=str).decode(errors="replace"), most)


def _text(content: str | tuple[UserContent, ...]) -> str:
    if isinstance(content, str):
        return content
    blocks = (b.text if not isinstance(b, ImageContent) else "(an image)" for b in content)
    return "\n".join(blocks)
