"""The last question: the entry is read as pi will read it, and asked as pi will ask."""

import tempfile
from pathlib import Path
from typing import Any

import msgspec

from pi.ai.catalog import Catalog
from pi.ai.catalog.jsonc_edit import merge
from pi.ai.errors import PiError
from pi.ai.messages import Context, ToolDefinition
from pi.ai.model import AuthHeader
from pi.coding.probe.ask import Asker, Question
from pi.coding.probe.questions import SHORT, question

__all__ = ["prove"]

_TOOL = ToolDefinition(
    "read",
    "Reads a file.",
    {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
)


async def prove(asker: Asker, name: str, entry: dict[str, Any]) -> str:
    """Why the entry does not work; "" if it does."""
    try:
        asked = _question(name, entry)
        answer = await asker.ask(asked)
    except PiError as error:
        return error.message
    return "" if answer.good else answer.complaint


def _question(name: str, entry: dict[str, Any]) -> Question:
    """What pi sends: instructions, a tool, a named session and its usual caching."""
    with tempfile.TemporaryDirectory(prefix="pi-probe-") as folder:
        path = Path(folder) / "models.json"
        # neither key nor headers are needed for this, so neither touches the disk
        plain = {key: value for key, value in entry.items() if key not in ("apiKey", "headers")}
        path.write_text(merge("", ("providers", name), plain), "utf-8")
        catalog = Catalog(path)
        model = catalog.model(name, entry["models"][0]["id"])
    if entry.get("authHeader"):
        model = msgspec.structs.replace(model, auth_header=AuthHeader())
    context = Context.of("Say OK.", system="You are a terse assistant.", tools=(_TOOL,))
    return question(model, context, limit=SHORT, cache_retention="short", session_id="pi-probe")
