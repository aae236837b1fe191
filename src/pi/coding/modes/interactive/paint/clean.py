"""Text of models, tools and services, made safe for a terminal: no escape sequence is left.

What is hidden by a cut or unfinished sequence is left out for good. Tabs become blanks, a lone
surrogate becomes U+FFFD, marks that turn the direction of writing are taken out.
"""

import re

from pi.coding.modes.interactive.paint.patterns import Pattern

__all__ = ["Cleaner", "clean", "clean_url", "one_line"]

_BAD = Pattern(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_ESCAPE = Pattern(
    r"(?:\x1b[]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]{0,8000}"  # strings: OSC, DCS
    r"(?:\x07|\x1b\\|\x9c|(?=[\x1b\n])|(\Z)|)"  # or it is too long and ends there
    r"|(?:\x1b\[|\x9b)[0-?]{0,200}[ -/]{0,9}(?:[@-~]|(?=[^ -~])|(\Z)|)"  # CSI: colours, cursor
    r"|\x1b[ -/]{0,9}(?:[0-Z\\`a-~]|(?=[^ -~])|(\Z)|)"  # the short ones
)
_SPACES = {0x2028: "\n", 0x2029: "\n"}


class Cleaner:
    """Cleans a text that comes in pieces. However it is cut, the outcome is the same."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """What can be shown of it so far."""
        if self._held:
            text, self._held = self._held + text, ""
        if not _BAD.search(text):
            return text
        return self._strip(text, last=False)

    def close(self) -> str:
        """What was held back and is to be shown after all."""
        text, self._held = self._held, ""
        return self._strip(text, last=True)

    def fork(self) -> "Cleaner":
        """A copy that goes on by itself."""
        other = Cleaner()
        other._held = self._held
        return other

    def _strip(self, text: str, *, last: bool) -> str:
        if not last:
            for found in _ESCAPE.finditer(text):
                if found.lastindex is not None:  # unfinished, at the end of the text
                    self._held = text[found.start() :]
                    text = text[: found.start()]
                    break
        text = _ESCAPE.sub("", text)
        if not last and text.endswith("\r"):  # a line feed may follow
            text, self._held = text[:-1], "\r" + self._held
        text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_SPACES)
        return _BAD.sub(_instead, text)


def _instead(found: re.Match[str]) -> str:
    return "\ufffd" if "\ud800" <= found[0] <= "\udfff" else ""


def clean(text: object, tab: int = 4) -> str:
    """A whole text made safe; what is no text becomes one. Tabs become blanks, lines stay."""
    text = text if isinstance(text, str) else "" if text is None else str(text)
    if text.isascii() and text.isprintable():
        return text
    if _BAD.search(text):
        cleaner = Cleaner()
        text = cleaner.feed(text) + cleaner.close()
    return text.expandtabs(tab) if "\t" in text else text


def one_line(text: object) -> str:
    """The same as a single line."""
    text = clean(text)
    return " ".join(text.split()) if "\n" in text else text


_URL = Pattern(r"(?:https?://|mailto:|file://)[!-~]+\Z", re.IGNORECASE)


def clean_url(url: str) -> str:
    """An address that may be sent to the terminal as a link, or nothing.

    Only web, mail and file addresses, in printable ASCII.
    """
    if not url.isascii():
        from urllib.parse import quote  # rare

        url = quote(url, safe="!#$%&'()*+,/:;=?@[]~", errors="replace")
    return url if len(url) <= 2000 and _URL.match(url) else ""
