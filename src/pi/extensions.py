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

from pi.coding.extensions.exports import WHERE

__all__ = sorted(WHERE)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    try:
        module, attribute = WHERE[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *WHERE})
