"""A conversation as Markdown, for notebooks: what was said, and one line for each tool call."""

from collections.abc import Iterable

from pi.ai.messages import AssistantMessage, ToolResultMessage, UserMessage, text_of
from pi.coding.session.display import one_line, typed_text
from pi.coding.session.entries import (
    AgentMessage,
    BashExecution,
    BranchSummaryMessage,
    CompactionSummaryMessage,
    CustomMessage,
)

__all__ = ["markdown_of"]


def markdown_of(messages: Iterable[AgentMessage]) -> str:
    """All messages, a blank line between them."""
    return "\n\n".join(filter(None, map(_shown, messages)))


def _shown(message: AgentMessage) -> str:
    match message:
        case UserMessage(content):
            quoted = typed_text(text_of(content)).strip().replace("\n", "\n> ")
            return f"> {quoted or '(pictures)'}"
        case AssistantMessage():
            return _answer(message)
        case ToolResultMessage() if message.is_error:
            return f"- ✗ `{message.tool_name}` {_code(text_of(message.content))}"
        case BashExecution(command):
            return f"- `!` {_code(command)}"
        case CustomMessage(_, content) if message.display:
            return text_of(content)
        case CompactionSummaryMessage(summary) | BranchSummaryMessage(summary):
            return f"*Summary:*\n\n{summary.strip()}"
        case _:
            return ""


def _answer(message: AssistantMessage) -> str:
    parts = [message.text.strip()]
    for call in message.tool_calls:
        first = next((v for v in call.arguments.values() if isinstance(v, str)), "")
        parts.append(f"- `{call.name}` {_code(first)}")
    if message.stop_reason in ("error", "aborted"):
        parts.append(f"*{message.stop_reason}: {one_line(message.error_message or '')}*")
    return "\n\n".join(filter(None, parts))


def _code(text: str) -> str:
    line = one_line(text, 120).replace("`", "'")
    return f"`{line}`" if line else ""
