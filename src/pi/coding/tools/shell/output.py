"""What a command prints: its end as plain text for the model, all of it raw in a log.

Memory is bounded however much comes. The log is made as soon as the output passes the limits of
what a model is given; before that the bytes are held here.
"""

import codecs

from pi.coding.tools.shell.logs import LogFile, LogFilter
from pi.coding.tools.shell.plaintext import PlainText
from pi.coding.tools.truncate import (
    MAX_BYTES,
    MAX_LINES,
    Truncation,
    byte_length,
    keep_tail,
    size_text,
)

__all__ = ["Output"]

_KEEP = 2 * MAX_BYTES


class Output:
    """Feed bytes as they come; look at `tail` at any time; `finish` when no more come."""

    def __init__(self, log_filter: LogFilter | None = None) -> None:
        self._log_filter = log_filter
        self.log: LogFile | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._plain = PlainText()
        self._parts: list[str] = []  # the last lines, more than a model is given
        self._size = 0  # of the parts
        self._lines = 0
        self._bytes = 0
        self._raw: list[bytes] = []  # everything, until there is a log
        self._raw_size = 0
        self._raw_lines = 0
        self._log_failed = False
        self._finished = False

    def feed(self, data: bytes) -> None:
        """Take a chunk of any size. After `finish` it goes to the log only, if there is one."""
        if self._finished:
            if self.log is not None:
                self.log.write(data)
            return
        self._record(data)
        self._add(self._plain.feed(self._decoder.decode(data)))

    def finish(self) -> None:
        """No more comes for the model; a log that is needed may go on."""
        self._add(self._plain.feed(self._decoder.decode(b"", True)))
        self._finished = True
        self._raw.clear()

    def tail(self) -> tuple[str, Truncation]:
        """What is given to the model now, without a final line break."""
        line = self._plain.line
        text = "".join(self._parts) + line
        return keep_tail(
            text,
            total_lines=self._lines + bool(text and text[-1] != "\n"),
            total_bytes=self._bytes + byte_length(line),
        )

    def describe(self) -> tuple[str, Truncation]:
        """The tail with a note on what is missing, and the figures."""
        text, truncation = self.tail()
        if not truncation.truncated:
            return text, truncation
        where = f" Whole output: {self.log.path}" if self.log else " The rest could not be saved."
        if self.log and not self.log.complete:
            where = f" The beginning of the output: {self.log.path}"
        total, size = truncation.total_lines, size_text(truncation.output_bytes)
        if truncation.last_line_partial:
            note = f"Last {size} of line {total} of {total}."
        else:
            note = f"Lines {total - truncation.output_lines + 1}-{total} of {total}."
        return f"{text}\n\n[{note}{where}]", truncation

    def start_log(self) -> None:
        """Make the log now, if it can be made."""
        if self.log is not None or self._log_failed:
            return
        try:
            self.log = LogFile(self._log_filter)
        except OSError:
            self._log_failed = True
        else:
            for data in self._raw:
                self.log.write(data)
        self._raw.clear()

    def _record(self, data: bytes) -> None:
        if self.log is not None:
            self.log.write(data)
        elif not self._log_failed:
            self._raw.append(data)
            self._raw_size += len(data)
            self._raw_lines += data.count(b"\n")
            if self._raw_size > MAX_BYTES or self._raw_lines > MAX_LINES:
                self.start_log()

    def _add(self, text: str) -> None:
        if not text:
            return
        self._lines += text.count("\n")
        self._bytes += byte_length(text)
        self._parts.append(text)
        self._size += len(text)
        if self._size > 2 * _KEEP:
            self._parts = ["".join(self._parts)[-_KEEP:]]
            self._size = _KEEP
