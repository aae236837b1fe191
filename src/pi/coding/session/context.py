"""From what a session holds to what a model is told.

Shell commands of the user, messages of extensions and summaries become user messages here, and
nowhere else; context edits are applied here. System prompts in a transcript are left out: the
current one is made anew for every request.
"""

from typing import Any

import msgspec

from pi.ai.messages import (
    AssistantContent,
    AssistantMessage,
    Message,
    TextContent,
    ToolResultMessage,
    UserMessage,
)
from pi.coding.session.entries import (
    AgentMessage,
    BashExecution,
    BranchSummary,
    BranchSummaryMessage,
    Compaction,
    CompactionSummaryMessage,
    CustomMessage,
    CustomMessageEntry,
    Entry,
    MessageEntry,
)
from pi.coding.session.lenient import content_blocks
from pi.coding.session.names import parse_time

__all__ = ["edited", "message_of", "shell_text", "to_llm"]


def message_of(entry: Entry, timestamp: str) -> AgentMessage | None:
    """What an entry adds to the conversation, if anything. `timestamp` is the entry's own."""
    match entry:
        case MessageEntry(message):
            return message
        case CustomMessageEntry(kind, content, display, details):
            return CustomMessage(kind, content, display, details, parse_time(timestamp))
        case BranchSummary(from_id, summary) if summary:
            return BranchSummaryMessage(summary, from_id, parse_time(timestamp))
        case Compaction(summary):
            return CompactionSummaryMessage(summary, entry.tokens_before, parse_time(timestamp))
        case _:
            return None


def edited(message: AgentMessage, replacement: Any) -> AgentMessage | None:
    """The message with the content of a `ContextEdit`; None if it is to be left out."""
    if replacement is None:
        return None
    if isinstance(replacement, dict):
        replacement = replacement.get("content")
    match message:
        case AssistantMessage():
            content = content_blocks(replacement, AssistantContent)
        case ToolResultMessage():
            content = content_blocks(replacement)
        case UserMessage() | CustomMessage():
            content = replacement if isinstance(replacement, str) else content_blocks(replacement)
        case _:
            return message
    return msgspec.structs.replace(message, content=content)


def to_llm(message: AgentMessage) -> Message | None:
    """The message as a model sees it; None if it does not."""
    match message:
        case UserMessage() | AssistantMessage() | ToolResultMessage():
            return message
        case CustomMessage(_, content):
            return UserMessage(content, message.timestamp)
        case BashExecution():
            if message.exclude_from_context is True:
                return None
            return _told(shell_text(message), message.timestamp)
        case CompactionSummaryMessage(summary):
            lead = "Earlier parts of this conversation were replaced by this summary:"
            return _told(_summary(lead, summary), message.timestamp)
        case BranchSummaryMessage(summary):
            lead = "Another branch of this conversation was left; this is what happened there:"
            return _told(_summary(lead, summary), message.timestamp)
        case _:
            return None


def shell_text(message: BashExecution) -> str:
    """What a model reads of a command that the user ran."""
    output = message.output.rstrip("\n")
    fence = "```"
    while fence in output:
        fence += "`"
    parts = [f"The user ran this command: `{message.command}`"]
    parts.append(f"{fence}\n{output}\n{fence}" if output else "It printed nothing.")
    if message.cancelled:
        parts.append("The user stopped it.")
    elif message.exit_code:
        parts.append(f"Exit code: {message.exit_code}")
    if message.truncated and message.full_output_path:
        parts.append(f"The output was cut; all of it is in {message.full_output_path}")
    return "\n\n".join(parts)


def _summary(lead: str, summary: str) -> str:
    return f"{lead}\n\n<summary>\n{summary.strip()}\n</summary>"


def _told(text: str, timestamp: int) -> UserMessage:
    return UserMessage((TextContent(text),), timestamp)
