"""How commands and answers are written as JSON: the one place that says it."""

from msgspec import Struct

__all__ = ["Answer", "CommandBase"]


def _wire_name(name: str) -> str:
    """`GetState` as `get_state`."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).removeprefix("_")


class CommandBase(
    Struct, frozen=True, tag_field="type", tag=_wire_name, rename="camel", omit_defaults=True
):
    """What all commands have in common."""


class Answer(Struct, frozen=True, rename="camel"):
    """What all answers have in common."""
