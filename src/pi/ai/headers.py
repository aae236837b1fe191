"""The headers of a call that are data: static, made from the conversation, naming the session.

Which headers those are says the model; what the caller sets wins over all of them.
"""

from collections.abc import Callable

from pi.ai.messages import Context, ImageContent, UserMessage
from pi.ai.model import Model
from pi.ai.options import Options

__all__ = ["call_headers"]


def call_headers(model: Model, context: Context, options: Options) -> dict[str, str | None]:
    """Header names to values; None removes what the protocol set."""
    headers: dict[str, str | None] = dict(model.headers)
    for name, fact in model.context_headers.items():
        value = _FACTS[fact](context)
        if value:
            headers[name] = value
    if options.session_id and options.cache_retention != "none":
        for name in model.session_headers:
            headers[name] = options.session_id
    headers.update(options.headers)
    return headers


def _initiator(context: Context) -> str:
    messages = context.messages
    return "user" if not messages or isinstance(messages[-1], UserMessage) else "agent"


def _vision(context: Context) -> str:
    for message in context.messages:
        if any(isinstance(block, ImageContent) for block in message.content):
            return "true"
    return ""


_FACTS: dict[str, Callable[[Context], str]] = {"initiator": _initiator, "vision": _vision}
