"""What a tool is, for the loop and for whoever writes one.

A tool has a name, a description and a JSON Schema for the model, and `execute`. It returns a
`ToolResult` or raises `ToolError`, whose text goes to the model. Cancellation is task
cancellation: a tool cleans up what it started and lets `CancelledError` pass, or raises `ToolError`
with what it has so far.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Literal

from msgspec import Struct

from pi.ai.messages import ImageContent, TextContent, ToolDefinition, UserContent

__all__ = ["ExecutionMode", "Tool", "ToolContext", "ToolError", "ToolResult"]

ExecutionMode = Literal["parallel", "sequential"]


class ToolResult(Struct, frozen=True):
    """What a tool gives back. `content` is for the model, `details` (JSON data) for people.

    `terminate` asks the loop to end the run after this batch, if all its tools ask for it.
    """

    content: tuple[UserContent, ...]
    details: Any = None
    terminate: bool = False

    @staticmethod
    def of(text: str, *images: ImageContent, details: Any = None) -> "ToolResult":
        """A result of one text and perhaps images."""
        return ToolResult((TextContent(text), *images), details)


class ToolError(Exception):
    """A failed tool call. The text is written for the model: what went wrong and what to do."""

    def __init__(self, message: str, *, details: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class ToolContext(Struct, frozen=True):
    """The surroundings of one call.

    cwd: the session's working folder. call_id: the model's id of this call.
    update: reports a partial result that replaces earlier ones; cheap to call often.
    env: variables for child processes on top of this process's environment.
    sees_images: whether the model takes images.
    """

    cwd: Path
    call_id: str
    update: Callable[[ToolResult], None]
    env: dict[str, str] = {}
    sees_images: bool = True


class Tool:
    """Base of all tools. Subclasses set the class attributes and write `execute`.

    description: what the model is told. parameters: JSON Schema, root `object`.
    snippet: one line for the system prompt's list of tools; without it the tool is not listed.
    guidelines: sentences for the system prompt while the tool is active.
    mode: `sequential` makes the whole batch run one by one.
    """

    name: ClassVar[str]
    description: str
    parameters: ClassVar[dict[str, Any]]
    snippet: ClassVar[str] = ""
    guidelines: ClassVar[tuple[str, ...]] = ()
    mode: ClassVar[ExecutionMode] = "parallel"

    @property
    def definition(self) -> ToolDefinition:
        """The tool as a model sees it."""
        return ToolDefinition(self.name, self.description, self.parameters)

    def prepare(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Forgive known deviations in what a model wrote, before validation."""
        return arguments

    async def execute(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Do it. `arguments` were validated against `parameters`."""
        raise NotImplementedError
