"""Terminal output made plain text: what a reader would have seen, without the colours.

Escape sequences and control characters go; a line that was overwritten after a carriage return
shows its last state; a backspace takes a character away. All of it works across chunk borders: a
sequence or line that is not finished yet is kept back, within bounds.
"""

import re

__all__ = ["PlainText"]

# ECMA-48: CSI, then the strings OSC, DCS, SOS, PM and APC, then all shorter escape sequences. No
# string goes beyond its line, so that stray bytes cannot swallow what follows.
_ESCAPE = (
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]"
    r"|\x1b"
)
_UNFINISHED = (
    r"(?:(?:\x1b\[|\x9b)[0-?]*[ -/]*"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*\x1b?"
    r"|\x1b[ -/]*)\Z"
)
_CONTROL = r"[\x00-\x07\x0b\x0c\x0e-\x1f\x7f-\x9f]"

_MAX_KEPT = 64 * 1024


class PlainText:
    """Feed text as it comes; `feed` returns whole lines, `line` is the unfinished one."""

    def __init__(self) -> None:
        self._escape = ""  # an escape sequence whose end has not come
        self._line = ""  # the unfinished line, with carriage returns

    def feed(self, text: str) -> str:
        """Take a chunk; the lines that are now complete, line breaks included."""
        text = self._without_escapes(text)
        head, newline, rest = (self._line + text).rpartition("\n")
        self._line = _settle(rest, ended=False)
        done = ""
        if len(self._line) > _MAX_KEPT:
            # An endless line: its beginning is let go, and can no longer be overwritten.
            done, self._line = self._line[:-1], self._line[-1:]
        if not newline:
            return done
        if "\r" in head or "\b" in head:
            head = "\n".join(_settle(line, ended=True) for line in head.split("\n"))
        return f"{head}\n{done}"

    @property
    def line(self) -> str:
        """The unfinished line as it looks now."""
        return _settle(self._line, ended=True)

    def _without_escapes(self, text: str) -> str:
        if self._escape:
            text, self._escape = self._escape + text, ""
        if "\x1b" in text or not text.isascii():
            unfinished = re.search(_UNFINISHED, text)
            if unfinished:
                text, kept = text[: unfinished.start()], unfinished.group()
                self._escape = kept if len(kept) <= _MAX_KEPT else kept[:2]
            text = re.sub(_ESCAPE, "", text)
        return re.sub(_CONTROL, "", text)


def _settle(line: str, *, ended: bool) -> str:
    """A line after its carriage returns and backspaces.

    Unless it has `ended`, carriage returns at its end are kept: they may belong to a line break,
    and what follows overwrites the line.
    """
    if "\r" in line:
        shown = line.rstrip("\r")
        returns = "" if ended else line[len(shown) :]
        line = shown[shown.rfind("\r") + 1 :] + returns[:1]
    if "\b" in line:
        kept: list[str] = []
        for char in line:
            if char != "\b":
                kept.append(char)
            elif kept:
                kept.pop()
        line = "".join(kept)
    return line
