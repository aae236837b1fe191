"""`reasoning_details`: opaque pieces of thinking that a router wants back as they were.

They arrive in fragments; text and summaries of one entry are joined, everything else is kept as it
came. https://openrouter.ai/docs/use-cases/reasoning-tokens
"""

from typing import Any, cast

from pi.ai.request import encode_json

__all__ = ["ReasoningDetails"]

_SHOWN = {"reasoning.text": "text", "reasoning.summary": "summary"}


class ReasoningDetails:
    """The entries of one answer."""

    __slots__ = ("_entries", "_parts")

    def __init__(self) -> None:
        self._entries: list[dict[str, Any]] = []
        self._parts: list[list[str]] = []  # the text of each entry, in pieces

    def add(self, details: list[Any]) -> str:
        """Take the fragments of one chunk; returns what of them is text for people."""
        shown: list[str] = []
        for detail in details:
            if isinstance(detail, dict):
                shown.append(self._add(cast("dict[str, Any]", detail)))
        return "".join(shown)

    def signature(self) -> str | None:
        """All entries as a JSON array, None if there are none."""
        if not self._entries:
            return None
        for entry, parts in zip(self._entries, self._parts, strict=True):
            field = _SHOWN.get(str(entry.get("type")))
            if field and parts:
                entry[field] = "".join(parts)
        return encode_json(self._entries).decode()

    def _add(self, detail: dict[str, Any]) -> str:
        field = _SHOWN.get(str(detail.get("type")))
        text = detail.get(field) if field else None
        piece = text if isinstance(text, str) else ""
        at = self._open_entry(detail) if field else None
        if at is None:
            self._entries.append(dict(detail))
            self._parts.append([piece] if piece else [])
        else:
            fresh = {key: value for key, value in detail.items() if value is not None}
            fresh.pop(field or "", None)
            self._entries[at].update(fresh)
            if piece:
                self._parts[at].append(piece)
        return piece

    def _open_entry(self, detail: dict[str, Any]) -> int | None:
        """The entry that this fragment goes on with: of its type and index, and not yet signed."""
        for at in range(len(self._entries) - 1, -1, -1):
            entry = self._entries[at]
            if entry.get("type") == detail["type"] and entry.get("index") == detail.get("index"):
                return None if entry.get("signature") and detail.get(_SHOWN[detail["type"]]) else at
        return None
