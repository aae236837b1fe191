"""Where policies hold on to the loop.

A policy (retry, compaction, limits, an extension) subclasses `Hooks` and overrides what it needs;
the loop asks all of them in order. The loop imports no policy.
"""

from typing import Any

from msgspec import Struct

from pi.agent.tools import ToolResult
from pi.ai.messages import AssistantMessage, Message, ToolCall, ToolResultMessage, UserMessage
from pi.ai.options import Options

__all__ = ["Block", "Hooks"]


class Block(Struct, frozen=True):
    """A tool call is not to be executed; `reason` goes to the model."""

    reason: str


class Hooks:
    """Every method may be left as it is: the defaults change nothing.

    `accept` is asked when somebody says something. In the order of a run: `on_run_start`; for every
    request `before_turn`, `before_request`, `system_prompt`, `call_options`, then `after_answer` or
    `after_error`; for every call `before_tool` and `after_tool`; `after_turn`; `before_end` when
    nothing is left to do; `on_run_end`.
    """

    def accept(self, message: UserMessage) -> None:
        """Somebody wants to say something, now or when a run comes to it.

        Raises `PiError` if it is not to be taken; then nothing of it is recorded or queued.
        """

    def on_run_start(self) -> None:
        """A run begins."""

    async def before_turn(self) -> str | None:
        """A reason to end the run instead of asking the model; what is queued stays queued.

        Everything said so far is recorded and nothing is asked yet, so this is where the recorded
        conversation may be changed. It may take long: what is queued meanwhile goes in after it.
        """
        return None

    def call_options(self, options: Options) -> Options:
        """The options to use instead of `options`, for this request only."""
        return options

    async def before_request(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """The messages to send instead of `messages`, for this request only."""
        return messages

    def system_prompt(self, system: tuple[str, ...]) -> tuple[str, ...]:
        """The blocks of the system prompt to use instead of `system`, for this request only."""
        return system

    async def before_tool(
        self, call: ToolCall, arguments: dict[str, Any]
    ) -> Block | dict[str, Any] | None:
        """Whether a call is to be blocked, or the arguments to use instead of `arguments`.

        An exception blocks it. Other arguments are checked as those of the model were.
        """
        return None

    async def after_tool(
        self, call: ToolCall, result: ToolResult, is_error: bool
    ) -> tuple[ToolResult, bool]:
        """The result to use, and whether it is an error."""
        return result, is_error

    async def after_answer(self, message: AssistantMessage) -> bool:
        """Whether to ask again instead of going on with `message`, which came without an error.

        Whoever says so has taken the message out of the conversation; its calls are not executed.
        """
        return False

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

    async def before_end(self) -> bool | None:
        """The run is about to end: nothing is queued, the model is done.

        What is queued until this returns is still delivered in the same run. True asks the model
        again although nothing is queued: whoever says so has put something into the conversation.
        """

    def on_run_end(self) -> None:
        """The run is over, however it ended: done, failed, held back or cancelled."""
