"""What extensions put into a session: messages in their own name, and entries that they remember.

A message cannot come between a tool call and its result, so while a run goes on it waits: for the
next request, for the end of the run, or for the time after it.
"""

from typing import Any, Literal

import msgspec
from msgspec import UNSET

from pi.coding.api.events import EntryAppended
from pi.coding.extensions.inside import Inside
from pi.coding.extensions.quiet import remembered
from pi.coding.extensions.results import Note
from pi.coding.session.entries import Custom, CustomMessageEntry
from pi.coding.session.lines import lines

__all__ = ["Notes"]


class Notes:
    """The messages that wait, and the way into the log."""

    def __init__(self, inside: Inside) -> None:
        self._inside = inside
        self._waiting: dict[str, list[Note]] = {"steer": [], "follow_up": [], "next_turn": []}

    def queue(self, note: Note, deliver: Literal["steer", "follow_up", "next_turn"]) -> None:
        """Have it recorded when its time has come."""
        self._waiting[deliver].append(note)

    def take(self, *queues: str) -> bool:
        """Record what waits there; whether there was anything."""
        found = False
        for name in queues:
            waiting = self._waiting[name]
            while waiting:
                self.record(waiting.pop(0))
                found = True
        return found

    def record(self, note: Note) -> str:
        """Add it to the conversation; gives the entry's id."""
        details = UNSET if note.details is None else note.details
        return self.append(CustomMessageEntry(note.kind, note.content, note.display, details))

    def append(self, entry: Custom | CustomMessageEntry) -> str:
        """Add an entry and tell everybody; gives its id."""
        log = self._inside.log
        node = log.append(entry)
        self._inside.tell(EntryAppended(msgspec.json.decode(next(iter(lines(log, [node]))))))
        return node.id

    def entries(self, kind: str) -> tuple[Any, ...]:
        """The data of a kind of entry on the active branch."""
        return remembered(self._inside.log, kind)
