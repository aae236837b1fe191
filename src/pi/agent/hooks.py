"""Where policies hold on to the loop.

A policy (retry, compaction, limits, an extension) subclasses `Hooks` and overrides what it needs;
the loop asks all of them in order. The loop imports no policy.
"""

from typing import Any

from msgspec import Struct

from pi.agent.tools import ToolResult
from pi.ai.messages import AssistantMessage, Message, ToolCall, ToolResultMessage

__all__ = ["Block", "Hooks"]


class Block(Struct, frozen=True):
    """A tool call is not to be executed; `reason` goes to the model."""

    reason: str


class Hooks:
    """Every method may be left as it is: the defaults change nothing."""

    async def before_request(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """The messages to send instead of `messages`, for this request only."""
        return messages

    async def before_tool(self, call: ToolCall, arguments: dict[str, Any]) -> Block | None:
        """Whether a call is to be blocked. An exception blocks it."""
        return None

    async def after_tool(
        self, call: ToolCall, result: ToolResult, is_error: bool
    ) -> tuple[ToolResult, bool]:
        """The result to use, and whether it is an error."""
        return result, is_error

    async def after_turn(
        self, message: AssistantMessage, results: tuple[ToolResultMessage, ...]
    ) -> str | None:
        """A reason to end the run here, although the model wants to go on."""
        return None

    async def after_error(self, message: AssistantMessage) -> bool:
        """Whether to send the request again although it failed with `message`.

        The failed message is not part of the conversation when it is.
        """
        return False
