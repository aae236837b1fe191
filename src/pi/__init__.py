"""Pi: a terminal coding agent and the library under it. One person, every model.

Importing this package does nothing: no environment, disk, socket or output. Public names are loaded
when they are first used; their types stand in `__init__.pyi`.
"""

from importlib import import_module

from pi._version import __version__

_HOMES = {
    "pi.agent.agent": ("Agent",),
    "pi.agent.functions": ("tool",),
    "pi.agent.hooks": ("Block", "Hooks"),
    "pi.agent.tools": ("Tool", "ToolContext", "ToolError", "ToolResult"),
    "pi.ai.blocking": ("BlockingClient", "BlockingStream"),
    "pi.ai.catalog": ("Catalog",),
    "pi.ai.client": ("Client", "Stream", "transports"),
    "pi.ai.errors": (
        "AbortedError",
        "AuthError",
        "ConfigError",
        "ContextOverflowError",
        "ErrorInfo",
        "OverloadedError",
        "PiError",
        "ProtocolError",
        "QuotaError",
        "RateLimitError",
        "RefusedError",
        "TransportError",
    ),
    "pi.ai.events": ("Event", "Fold"),
    "pi.ai.messages": (
        "AssistantMessage",
        "Context",
        "Cost",
        "ImageContent",
        "Message",
        "TextContent",
        "ThinkingContent",
        "ToolCall",
        "ToolDefinition",
        "ToolResultMessage",
        "Usage",
        "UserMessage",
    ),
    "pi.ai.model": ("Model", "Price"),
    "pi.ai.options": ("Options",),
    "pi.coding.sdk": ("BlockingSession", "Session"),
}
_WHERE = {name: module for module, names in _HOMES.items() for name in names}

_MODULES = ("rpc",)

__all__ = ["__version__", *_MODULES, *sorted(_WHERE)]


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return import_module(f"pi.{name}")
    try:
        module = _WHERE[name]
    except KeyError:
        raise AttributeError(f"module 'pi' has no attribute {name!r}") from None
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
