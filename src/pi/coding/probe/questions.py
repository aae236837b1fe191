"""What is asked: tiny prompts, and the models that stand for a server while it is asked."""

from typing import Any

import msgspec

from pi.ai.messages import (
    AssistantMessage,
    Context,
    ImageContent,
    TextContent,
    ToolCall,
    ToolDefinition,
    ToolResultMessage,
    Usage,
    UserMessage,
)
from pi.ai.model import AuthHeader, Model
from pi.ai.options import Options
from pi.ai.protocols import protocols
from pi.coding.probe.ask import Question

__all__ = [
    "COUNT_LIMIT",
    "NO_MODEL",
    "OVERSIZE_WORDS",
    "PLAIN",
    "SHORT",
    "TOOLS_LIMIT",
    "TOOL_NAME",
    "model_for",
    "question",
    "with_count",
    "with_history",
    "with_image",
    "with_system",
    "with_tools",
    "with_words",
]

NO_MODEL = "no-such-model-of-pi-probe"
"""A name that no server knows."""

OVERSIZE_WORDS = 140_000
"""Length of the one request that is meant to be too long."""

SHORT = 16
COUNT_LIMIT = 8
TOOLS_LIMIT = 160

_PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)
TOOL_NAME = "look_up"
_TOOL = ToolDefinition(
    TOOL_NAME,
    "Looks a word up in a dictionary.",
    {
        "type": "object",
        "properties": {"word": {"type": "string", "description": "The word."}},
        "required": ["word"],
        "additionalProperties": False,
    },
)

PLAIN = Context.of("Say OK.")


def with_system() -> Context:
    """The plain prompt after instructions that cost tokens."""
    return Context.of("Say OK.", system="You are a friendly parrot and you like short answers.")


def with_count() -> Context:
    """A prompt whose answer is long."""
    return Context.of("Count from 1 to 60, with a comma between the numbers.")


def with_tools() -> Context:
    """A prompt that asks for two calls at once."""
    text = "Look up the words red and blue with the tool: two calls, both at once, no other text."
    return Context.of(text, tools=(_TOOL,))


def with_history(model: Model, *, tools: bool = True) -> Context:
    """A conversation in which a tool was called and has answered."""
    call = ToolCall("call_a1b2c3d4e", TOOL_NAME, {"word": "red"})
    return Context(
        (
            UserMessage("Look up red, then say OK."),
            AssistantMessage((call,), model.api, model.provider, model.id, Usage(), "toolUse", 1),
            ToolResultMessage(call.id, call.name, (TextContent("red: a colour"),)),
        ),
        tools=(_TOOL,) if tools else (),
    )


def with_image() -> Context:
    """The plain prompt and a picture of one pixel."""
    message = UserMessage((TextContent("Say OK."), ImageContent(_PIXEL, "image/png")))
    return Context((message,))


def with_words(count: int) -> Context:
    """A prompt of so many words, most of which are a token or more."""
    return Context.of("word " * count)


def model_for(
    api: str,
    base_url: str,
    model_id: str,
    compat: dict[str, Any],
    *,
    auth_header: AuthHeader | None = None,
    thinking: dict[str, Any] | None = None,
    reasoning: bool = False,
) -> Model:
    """A model that stands for a server, with these switches of its wire.

    thinking: the fragment of the body that asks for a little of it.
    """
    protocol = protocols.get(api)
    levels: dict[Any, dict[str, Any]] = {"off": {}}
    if thinking is not None:
        levels["low"] = thinking
    return Model(
        id=model_id,
        name=model_id,
        provider="probe",
        api=api,
        base_url=base_url,
        reasoning=reasoning or thinking is not None,
        thinking=levels,
        input=("text", "image"),
        context_window=4 * OVERSIZE_WORDS,
        compat=msgspec.convert(compat, protocol.Compat),
        auth_header=auth_header or protocol.auth_header,
    )


def question(
    model: Model,
    context: Context = PLAIN,
    *,
    limit: int = SHORT,
    pieces: int = 400,
    **options: Any,
) -> Question:
    """One call. limit: the most tokens that the answer may have."""
    settings = {"max_tokens": limit, "cache_retention": "none", "timeout": None} | options
    return Question(model, context, Options(**settings), pieces)
