"""What a model says in a conformance case, apart from any wire; and one writer per wire.

A writer turns `Said` into the frames that a real service would send for it, each as bytes ready for
the socket. A new protocol joins the table by a module `wire_<api with _>.py` beside this one with
`CONTENT_TYPE`, `MODEL` (fields of the `Model` that differ) and `write(said) -> list[bytes]`.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from pi.ai.messages import Usage
from pi.ai.model import Model, Price
from pi.ai.protocols import protocols

__all__ = ["APIS", "PRICE", "Call", "Said", "model_for", "wire"]

PRICE = Price(3.0, 15.0, 0.3, 3.75)


class Call(Struct):
    """A tool call."""

    id: str
    name: str
    arguments: dict[str, Any]


class Said(Struct):
    """An answer. `usage.input` is without cached tokens, as ours is.

    piece: characters in a delta, where a wire leaves that open.
    """

    text: str = ""
    thinking: str = ""
    calls: list[Call] = []
    stop: str = "stop"
    usage: Usage = Usage(11, 7, 0, 0, 18)
    piece: int = 5

    def cut(self, text: str) -> list[str]:
        """`text` in pieces."""
        return [text[at : at + self.piece] for at in range(0, len(text), self.piece)]


APIS = sorted(
    path.stem.removeprefix("wire_").replace("_", "-")
    for path in Path(__file__).parent.glob("wire_*.py")
)


def wire(api: str) -> Any:
    """The writer module of a wire."""
    return import_module(f"conformance.wire_{api.replace('-', '_')}")


def model_for(api: str, base_url: str = "http://127.0.0.1:1", **changes: Any) -> Model:
    """A model of that wire that can do everything."""
    protocol = protocols.get(api)
    fields: dict[str, Any] = {
        "id": "test-model",
        "name": "Test",
        "provider": f"{api}-provider",
        "api": api,
        "base_url": base_url,
        "reasoning": True,
        "input": ("text", "image"),
        "context_window": 200_000,
        "max_output_tokens": 8192,
        "cost": PRICE,
        "compat": protocol.Compat(),
        "auth_header": protocol.auth_header,
    }
    fields |= getattr(wire(api), "MODEL", {})
    compat = fields["compat"]
    if isinstance(compat, dict):
        fields["compat"] = msgspec.convert(compat, protocol.Compat)
    return Model(**(fields | changes))
