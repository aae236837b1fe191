"""Server-sent events: a byte stream cut into frames.

The rules are those of the WHATWG (https://html.spec.whatwg.org/multipage/server-sent-events.html),
for any split of the bytes; `id` and `retry` mean nothing here. Two things differ on purpose: data
stays bytes, and `close()` gives out a last event that lacks its blank line.
"""

from pi.ai.errors import TransportError
from pi.ai.request import Frame

__all__ = ["MAX_EVENT", "SseParser"]

MAX_EVENT = 64 * 1024 * 1024
"""Bytes of one event. More than that is no event stream."""

_BOM = b"\xef\xbb\xbf"


class SseParser:
    """Feed it the body as it comes; each call gives the frames that are complete."""

    __slots__ = ("_after_cr", "_event_lines", "_max_event", "_pending", "_size", "_started")

    def __init__(self, *, max_event: int = MAX_EVENT) -> None:
        self._max_event = max_event
        self._pending: list[bytes] = []  # an unfinished event; line ends are already LF
        self._size = 0
        self._after_cr = False  # the last byte was CR, so a LF that follows is part of it
        self._started = False
        self._event_lines: dict[bytes, str] = {}  # seen lines `event: x`, and x

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that end in `data`. Raises `TransportError` on an event without end."""
        if not self._started:
            data = self._start(data)
        if self._after_cr or b"\r" in data:
            data = self._normalise(data)
        pending = self._pending
        if pending:
            if not data:
                return []
            joins = data[0] == 10 and pending[-1][-1] == 10
            pending.append(data)
            if not joins and b"\n\n" not in data:
                self._size += len(data)
                if self._size > self._max_event:
                    raise TransportError("the service sent an event without an end")
                return []
            data = b"".join(pending)
            pending.clear()
        elif data[:6] == b"data: " and data.find(b"\n") == len(data) - 2 and data[-1] == 10:
            return [Frame(data[6:-2])]
        blocks = data.split(b"\n\n")
        rest = blocks.pop()
        if rest:
            pending.append(rest)
            self._size = len(rest)
        frames: list[Frame] = []
        names = self._event_lines
        for block in blocks:
            if block[:6] == b"data: " and b"\n" not in block:
                frames.append(Frame(block[6:]))
                continue
            line, mark, value = block.partition(b"\ndata: ")
            name = names.get(line)
            if name is not None and mark and b"\n" not in value:
                frames.append(Frame(value, name))
            else:
                self._read(block, frames)
        return frames

    def close(self) -> list[Frame]:
        """The frame of an event that was not ended by a blank line, if there is one."""
        frames: list[Frame] = []
        self._read(b"".join(self._pending), frames)
        self._pending.clear()
        return [Frame(frame.data, frame.event, cut=True) for frame in frames]

    def _start(self, data: bytes) -> bytes:
        """`data` without a byte order mark, which may itself come in pieces."""
        data = b"".join((*self._pending, data))
        self._pending.clear()
        if len(data) < 3 and _BOM.startswith(data):
            if data:
                self._pending.append(data)
            return b""
        self._started = True
        return data.removeprefix(_BOM)

    def _normalise(self, data: bytes) -> bytes:
        """`data` with LF for every line end."""
        if self._after_cr and data:
            self._after_cr = False
            if data[0] == 10:
                data = data[1:]
        if data[-1:] == b"\r":
            self._after_cr = True
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _read(self, block: bytes, frames: list[Frame]) -> None:
        """Append the frame of one event, given without its blank line."""
        data: list[bytes] = []
        event = ""
        for line in block.split(b"\n"):
            name, _, value = line.partition(b":")
            if name == b"data":
                data.append(value[1:] if value[:1] == b" " else value)
            elif name == b"event":
                event = self._event(line, value[1:] if value[:1] == b" " else value)
        if data:
            frames.append(Frame(data[0] if len(data) == 1 else b"\n".join(data), event))

    def _event(self, line: bytes, value: bytes) -> str:
        event = self._event_lines.get(line)
        if event is None:
            event = value.decode("utf-8", "replace")
            if len(self._event_lines) < 100:
                self._event_lines[line] = event
        return event
