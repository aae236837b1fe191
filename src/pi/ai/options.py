"""What a caller may ask of one model call, and how the open questions are settled.

`Options` is what the caller gives; `Options.settle(model, context)` answers everything left open,
so that a protocol finds every field filled and never chooses by itself.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal, cast

import msgspec
from msgspec import Struct

from pi.ai.messages import Context, ImageContent, Message, TextContent, ThinkingContent
from pi.ai.model import BUDGET, Model, ThinkingLevel
from pi.ai.request import Frame, Request

__all__ = [
    "DEFAULT_BUDGETS",
    "CacheRetention",
    "Options",
    "Retry",
    "estimate_message",
    "estimate_tokens",
    "is_large",
]

CacheRetention = Literal["none", "short", "long"]

DEFAULT_BUDGETS: dict[ThinkingLevel, int] = {
    "minimal": 1024,
    "low": 2048,
    "medium": 8192,
    "high": 16384,
    "xhigh": 16384,
    "max": 32768,
}
"""Tokens of thinking per level, for services that take a budget instead of a level."""

_IMAGE_TOKENS = 1200
_MANY, _LARGE = 500, 2_000_000
"""Messages, and characters in them, that take more than about 10 ms to make a request of."""
_ANSWER_RESERVE = 1024
_MARGIN = 4096


class Retry(Struct, frozen=True):
    """A retry that is about to happen: attempt `attempt` of `max_attempts` in `delay` seconds.

    `asked` says that it is the service that wants this delay.
    """

    attempt: int
    max_attempts: int
    delay: float
    message: str
    kind: str
    asked: bool = False


class Options(Struct, frozen=True, kw_only=True):
    """Options of one call. Times are in seconds.

    thinking: a level; it is clamped to what the model supports.
    thinking_budgets: tokens per level, where they differ from `DEFAULT_BUDGETS`.
    max_tokens: limit of the answer; by default as much as the model and its window allow.
    cache_retention: how long a provider may keep the prompt cached.
    session_id: names the conversation for prompt caching and routing.
    tool_choice: `auto`, `none`, `required`, or the name of a tool.
    headers: set or (with None) remove request headers; they win over everything else.
    extra_body: merged into the request body, last.
    timeout: to the response headers. idle_timeout: between two pieces of the body. None: no limit.
    max_retries: how often a request that failed before its first event is tried again.
    max_retry_delay: a server that asks for a longer wait is an error at once; 0 is no limit.
    on_request: may replace the request (its `body` is JSON data) before it is encoded and signed;
    plain or async.
    on_response: hears status and headers of the response. on_frame: hears every piece of a stream.
    on_retry: hears of every retry before its wait.
    before_retry: waits before a retry, instead of the client; with False there is no retry.
    metadata: `user_id` is passed to services that take one.
    service_tier: passed to services that have tiers; the price follows.
    transport: for wires that can be spoken over a WebSocket; `auto` tries that and falls back.
    """

    thinking: ThinkingLevel | None = None
    thinking_budgets: dict[ThinkingLevel, int] = {}
    max_tokens: int | None = None
    temperature: float | None = None
    cache_retention: CacheRetention = "short"
    session_id: str | None = None
    tool_choice: str | None = None
    headers: dict[str, str | None] = {}
    extra_body: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    service_tier: str | None = None
    transport: Literal["sse", "websocket", "auto"] = "sse"
    timeout: float | None = 600.0
    idle_timeout: float | None = 300.0
    max_retries: int = 2
    max_retry_delay: float = 60.0
    on_request: Callable[[Request], Request | Awaitable[Request | None] | None] | None = None
    on_response: Callable[[int, dict[str, str]], None] | None = None
    on_frame: Callable[[Frame], None] | None = None
    on_retry: Callable[[Retry], None] | None = None
    before_retry: Callable[[Retry], Awaitable[bool]] | None = None
    thinking_body: dict[str, Any] = {}
    """Filled by `settle`: the body fragment that selects the thinking level."""

    def settle(self, model: Model, context: Context) -> "Options":
        """The same options with `thinking`, `max_tokens` and `thinking_body` decided."""
        level = model.clamp(self.thinking or "off")
        fragment = model.thinking.get(level, {})
        limit = _fit(model, context, self.max_tokens)
        if _mentions_budget(fragment):
            budget = self.thinking_budgets.get(level) or DEFAULT_BUDGETS.get(level, 1024)
            if self.max_tokens is not None:
                limit = min(self.max_tokens + budget, model.max_output_tokens)
            budget = max(0, min(budget, limit - _ANSWER_RESERVE))
            fragment = _fill(fragment, budget)
        return msgspec.structs.replace(
            self, thinking=level, max_tokens=limit, thinking_body=fragment
        )


def estimate_tokens(context: Context) -> int:
    """A rough count of the input tokens of `context`: four bytes a token, 1200 an image."""
    size = sum(map(_size, context.system))
    for tool in context.tools:
        size += len(tool.name) + len(tool.description) + 4 * len(tool.parameters) * 20
    return (size + sum(map(_size_of_message, context.messages))) // 4


def estimate_message(message: Message) -> int:
    """The same for one message, rounded up: it is nothing only if it is empty."""
    return -(-_size_of_message(message) // 4)


def _size_of_message(message: Message) -> int:
    if isinstance(message.content, str):
        return _size(message.content)
    size = 0
    for block in message.content:
        match block:
            case TextContent():
                size += _size(block.text)
            case ThinkingContent():
                size += _size(block.thinking)
            case ImageContent():
                size += 4 * _IMAGE_TOKENS
            case _:
                size += len(block.name) + _size_of_data(block.arguments)
    return size


def is_large(messages: Sequence[Message]) -> bool:
    """Whether a request with these messages takes so long to write that nobody should wait for it.

    Found out quickly: it looks at no more than it has to.
    """
    if len(messages) > _MANY:
        return True
    size = 0
    for message in messages:
        if isinstance(message.content, str):
            size += len(message.content)
        else:
            for block in message.content:
                match block:
                    case TextContent():
                        size += len(block.text)
                    case ImageContent():
                        size += len(block.data)
                    case ThinkingContent():
                        size += len(block.thinking)
                    case _:
                        size += _size_of_data(block.arguments)
        if size > _LARGE:
            return True
    return False


def _size(text: str) -> int:
    """Bytes of UTF-8: a letter of most scripts takes as many tokens more as it takes bytes."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _size_of_data(value: Any) -> int:
    """About the bytes of JSON data."""
    if isinstance(value, str):
        return _size(value) + 2
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        return sum(len(key) + 4 + _size_of_data(item) for key, item in items)
    if isinstance(value, list | tuple):
        return sum(2 + _size_of_data(item) for item in cast("list[Any]", value))
    return 4


def _fit(model: Model, context: Context, wanted: int | None) -> int:
    limit = wanted if wanted is not None else model.max_output_tokens
    window = model.context_window
    used = estimate_tokens(context)
    margin = min(_MARGIN, window // 8)  # of a small window 4096 would leave nothing to answer in
    room = window - used - max(margin, -(-used * 15 // 100))
    if room < 32_768:
        room = min(32_768, window - used - margin)
    return min(limit, max(1, room))


def _mentions_budget(fragment: Any) -> bool:
    if isinstance(fragment, dict):
        return any(map(_mentions_budget, cast("dict[str, Any]", fragment).values()))
    return fragment == BUDGET


def _fill(fragment: Any, budget: int) -> Any:
    if isinstance(fragment, dict):
        items = cast("dict[str, Any]", fragment).items()
        return {key: _fill(value, budget) for key, value in items}
    return budget if fragment == BUDGET else fragment
