"""What an extension imports: the surface, events and answers, tools and policies.

    from pi.extensions import Block, Pi

    def extension(pi: Pi) -> None:
        @pi.on("tool_call")
        def guard(event, context):
            if event.name == "bash" and "sudo" in event.arguments["command"]:
                return Block("sudo is not allowed here")

Names are loaded when they are first used. `docs/extensions.md` tells the rest.
"""

from importlib import import_module

_HOMES = {
    "pi.agent.functions": ("tool",),
    "pi.agent.hooks": ("Block", "Hooks"),
    "pi.agent.tools": ("Tool", "ToolContext", "ToolError", "ToolResult"),
    "pi.ai.auth.base": ("Access", "ApiKey", "Credential", "LoginFlow", "OAuth"),
    "pi.ai.auth.flows.browser": ("BrowserFlow", "BrowserParams"),
    "pi.ai.auth.flows.device_code": ("DeviceFlow", "DeviceParams"),
    "pi.ai.auth.oauth.pkce": ("Loopback",),
    "pi.ai.auth.overlay": ("with_headers",),
    "pi.ai.auth.oauth.tokens": ("Tokens",),
    "pi.ai.errors": ("AuthError", "ConfigError", "PiError"),
    "pi.ai.messages": (
        "AssistantMessage",
        "ImageContent",
        "Message",
        "TextContent",
        "ToolResultMessage",
        "Usage",
        "UserMessage",
        "text_of",
    ),
    "pi.ai.model": ("Model", "Price"),
    "pi.ai.options": ("Options",),
    "pi.ai.registry": ("Lazy",),
    "pi.ai.request": ("Frame", "Request"),
    "pi.coding.api": ("commands",),
    "pi.coding.api.answers": ("BashResult",),
    "pi.coding.api.front": ("Front", "Hotkey"),
    "pi.coding.api.picking": ("Choice", "PickAction", "PickList", "Picked"),
    "pi.coding.api.setup": ("Completion",),
    "pi.coding.api.ui": ("UserInterface",),
    "pi.coding.extensions.events": (
        "EVENTS",
        "AfterProviderResponse",
        "BeforeAgentStart",
        "BeforeProviderHeaders",
        "BeforeProviderRequest",
        "Cancel",
        "ContextEvent",
        "Discovered",
        "Handled",
        "Input",
        "ModelSelect",
        "Note",
        "Patch",
        "ProjectTrust",
        "ProviderStreamEvent",
        "ResourcesDiscover",
        "SessionBeforeCompact",
        "SessionBeforeFork",
        "SessionBeforeSwitch",
        "SessionBeforeTree",
        "SessionCompact",
        "SessionShutdown",
        "SessionStart",
        "SessionTree",
        "StartWith",
        "Summary",
        "ThinkingLevelSelect",
        "ToolCallEvent",
        "ToolResultEvent",
        "UiPromptEnd",
        "UiPromptStart",
        "UserBash",
    ),
    "pi.coding.extensions.surface": ("Context", "Mode", "Pi"),
}
_WHERE = {name: (module, name) for module, names in _HOMES.items() for name in names}
_WHERE |= {  # their own names mean something else here
    "Conversation": ("pi.ai.messages", "Context"),
    "Decoder": ("pi.ai.protocols.base", "Decoder"),
    "WireProtocol": ("pi.ai.protocols.base", "Protocol"),
}

__all__ = sorted(_WHERE)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    try:
        module, attribute = _WHERE[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
