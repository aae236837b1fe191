"""What happens during a run, as frozen data in the established JSON form.

A run is everything from a prompt until the loop has nothing left to do; a turn is one answer of the
model and the tool results it caused. `message_update` carries only the delta.
"""

from typing import Any

import msgspec
from msgspec import Struct

from pi.ai.events import Event
from pi.ai.messages import AssistantMessage, Message, ToolResultMessage, Usage

__all__ = [
    "AgentEnd",
    "AgentEvent",
    "AgentStart",
    "MessageEnd",
    "MessageStart",
    "MessageUpdate",
    "ToolExecutionEnd",
    "ToolExecutionStart",
    "ToolExecutionUpdate",
    "TurnEnd",
    "TurnStart",
]


class AgentStart(Struct, frozen=True, tag_field="type", tag="agent_start"):
    """A run begins."""


class TurnStart(Struct, frozen=True, tag_field="type", tag="turn_start"):
    """A turn begins."""


class MessageStart(Struct, frozen=True, tag_field="type", tag="message_start"):
    """A message begins; a streamed one is still empty and `pending`."""

    message: Message


class MessageUpdate(Struct, frozen=True, tag_field="type", tag="message_update", rename="camel"):
    """A delta of the answer that is being streamed, with the latest usage."""

    usage: Usage
    assistant_message_event: Event


class MessageEnd(Struct, frozen=True, tag_field="type", tag="message_end"):
    """A message is complete. This is the authoritative one, and belongs in the session."""

    message: Message


class ToolExecutionStart(
    Struct, frozen=True, tag_field="type", tag="tool_execution_start", rename="camel"
):
    """A tool is about to run."""

    tool_call_id: str
    tool_name: str
    args: dict[str, Any]


class ToolExecutionUpdate(
    Struct, frozen=True, tag_field="type", tag="tool_execution_update", rename="camel"
):
    """A partial result; it replaces earlier ones."""

    tool_call_id: str
    tool_name: str
    args: dict[str, Any]
    partial_result: dict[str, Any]


class ToolExecutionEnd(
    Struct, frozen=True, tag_field="type", tag="tool_execution_end", rename="camel"
):
    """A tool is done. `duration_ms` is absent when it did not run."""

    tool_call_id: str
    tool_name: str
    result: dict[str, Any]
    is_error: bool
    duration_ms: int | msgspec.UnsetType = msgspec.UNSET


class TurnEnd(Struct, frozen=True, tag_field="type", tag="turn_end", rename="camel"):
    """A turn is over."""

    message: AssistantMessage
    tool_results: tuple[ToolResultMessage, ...]


class AgentEnd(Struct, frozen=True, tag_field="type", tag="agent_end", rename="camel"):
    """A run is over. `messages` are those that it added."""

    messages: tuple[Message, ...]
    will_retry: bool = False


AgentEvent = (
    AgentStart
    | TurnStart
    | MessageStart
    | MessageUpdate
    | MessageEnd
    | ToolExecutionStart
    | ToolExecutionUpdate
    | ToolExecutionEnd
    | TurnEnd
    | AgentEnd
)
