"""Which models a server lists, and what it says about their context windows."""

import re
from typing import Any, cast

from msgspec import Struct

__all__ = ["Listed", "limit_in_error", "limit_in_props", "read_list"]

_LIMITS = (
    "n_ctx",
    "max_model_len",
    "context_length",
    "context_window",
    "contextWindow",
    "max_context_length",
    "loaded_context_length",
    "max_context_window_tokens",
    "max_input_tokens",
    "inputTokenLimit",
    "n_ctx_train",
)
"""Names of the limit, those of the server as it runs before those of the model as such."""

_ANSWER_LIMITS = ("max_output_tokens", "max_completion_tokens", "outputTokenLimit")
_INNER = (
    "meta",
    "model_info",
    "limits",
    "capabilities",
    "top_provider",
    "default_generation_settings",
)
_NO_CHAT = re.compile(r"embed|whisper|rerank|tts|moderation|dall-?e|stable-diffusion|bge-", re.I)
_IN_ERROR = (
    r"maximum context length (?:is|of) (\d[\d,]*)",
    r"context (?:size|window|length)\D{0,20}?(\d[\d,]{2,})",
    r"n_ctx\D{0,8}(\d[\d,]*)",
    r"(\d[\d,]*)(?: tokens)? (?:context|maximum)",
    r"> (\d[\d,]*) maximum",
)


class Listed(Struct, frozen=True, rename="camel", omit_defaults=True):
    """A model of a list. Limits in tokens; 0 if nothing is said about them."""

    id: str
    context_window: int = 0
    max_tokens: int = 0

    @property
    def chats(self) -> bool:
        """Whether its name is not that of a model for something else."""
        return _NO_CHAT.search(self.id) is None


def read_list(data: Any) -> list[Listed]:
    """The models of a list in any of the usual forms; none if it is no list of models."""
    if isinstance(data, dict):
        table = cast("dict[str, Any]", data)
        data = table.get("data") if isinstance(table.get("data"), list) else table.get("models")
    if not isinstance(data, list):
        return []
    found: dict[str, Listed] = {}
    for item in cast("list[Any]", data):
        listed = _listed(item)
        if listed is not None:
            found.setdefault(listed.id, listed)
    return list(found.values())


def limit_in_props(data: Any) -> int:
    """The context window in a server's own description of itself; 0 if it has none."""
    return _number(data, _LIMITS) if isinstance(data, dict) else 0


def limit_in_error(message: str) -> int:
    """The context window that the refusal of a long request names; 0 if it names none."""
    for pattern in _IN_ERROR:
        found = re.search(pattern, message, re.I)
        if found:
            return int(found[1].replace(",", ""))
    return 0


def _listed(item: Any) -> Listed | None:
    if isinstance(item, str):
        return Listed(item)
    if not isinstance(item, dict):
        return None
    row = cast("dict[str, Any]", item)
    name = row.get("id") or row.get("model_name") or row.get("name") or row.get("model")
    if not isinstance(name, str) or not name:
        return None
    name = name.removeprefix("models/")
    return Listed(name, _number(row, _LIMITS), _number(row, _ANSWER_LIMITS))


def _number(row: dict[str, Any], names: tuple[str, ...], depth: int = 0) -> int:
    for name in names:
        value = row.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    for inner in _INNER if depth < 3 else ():
        value = row.get(inner)
        if isinstance(value, dict):
            found = _number(cast("dict[str, Any]", value), names, depth + 1)
            if found:
                return found
    return 0
