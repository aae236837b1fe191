"""Which files a conversation has read and changed: carried from summary to summary. Pure."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from pi.ai.messages import AssistantMessage, ToolResultMessage
from pi.coding.session.entries import AgentMessage

__all__ = ["Files", "files_in", "files_of", "without_lists"]

_SHOWN = 200
_READING = frozenset({"read"})
_CHANGING = frozenset({"edit", "write"})
_LISTS = re.compile(r"\s*<(read|modified)-files>.*?</\1-files>", re.DOTALL)


class Files(Struct, frozen=True):
    """Paths as the model wrote them. A file that was read and changed counts as changed."""

    read: frozenset[str] = frozenset()
    modified: frozenset[str] = frozenset()

    def __or__(self, other: "Files") -> "Files":
        return Files(self.read | other.read, self.modified | other.modified)

    @property
    def details(self) -> dict[str, list[str]]:
        """What an entry keeps of them."""
        return {
            "readFiles": sorted(self.read - self.modified),
            "modifiedFiles": sorted(self.modified),
        }

    @property
    def text(self) -> str:
        """What a model is told of them."""
        details = self.details
        lists = (("read-files", details["readFiles"]), ("modified-files", details["modifiedFiles"]))
        return "\n\n".join(f"<{tag}>\n{_lines(paths)}\n</{tag}>" for tag, paths in lists if paths)


def files_in(messages: Sequence[AgentMessage]) -> Files:
    """The files of the tool calls that did not fail."""
    failed = {m.tool_call_id for m in messages if isinstance(m, ToolResultMessage) and m.is_error}
    read: set[str] = set()
    modified: set[str] = set()
    for message in messages:
        if not isinstance(message, AssistantMessage):
            continue
        for call in message.tool_calls:
            path = call.arguments.get("path")
            if call.id in failed or not isinstance(path, str):
                continue
            if call.name in _READING:
                read.add(path)
            elif call.name in _CHANGING:
                modified.add(path)
    return Files(frozenset(read), frozenset(modified))


def files_of(details: Any) -> Files:
    """The files that an earlier summary kept; none if its details are of another form."""
    if not isinstance(details, dict):
        return Files()
    return Files(_paths(details.get("readFiles")), _paths(details.get("modifiedFiles")))


def without_lists(summary: str) -> str:
    """A summary without the lists of files at its end."""
    return _LISTS.sub("", summary).strip()


def _paths(value: Any) -> frozenset[str]:
    if not isinstance(value, list | tuple):
        return frozenset()
    return frozenset(path for path in value if isinstance(path, str))


def _lines(paths: Iterable[str]) -> str:
    shown = list(paths)
    more = len(shown) - _SHOWN
    return "\n".join([*shown[:_SHOWN], *([f"… and {more} more"] if more > 0 else [])])
