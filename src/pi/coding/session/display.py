"""Text of a session as people read it in one line: titles, lists, the tree.

Control characters never reach a terminal from here, and an expanded skill is shown as the command
that was typed.
"""

import re

__all__ = ["one_line", "typed_text"]

# patterns are compiled at first use: a start needs none
_SKILL = r'(?s)<skill name="([^"]+)" location="[^"]+">\n.*?\n</skill>(?:\n\n(.+))?'
_CONTROL = (
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|[\x00-\x08\x0e-\x1f\x7f-\x9f]"
    r"|[\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


def typed_text(text: str) -> str:
    """What the user typed: `/skill:name arguments` for an expanded skill, all else as it is."""
    found = re.fullmatch(_SKILL, text)
    if found is None:
        return text
    return f"/skill:{found[1]} {found[2] or ''}".rstrip()


def one_line(text: str, limit: int = 200) -> str:
    """The beginning of a text, at most `limit` characters, in one line."""
    line = " ".join(re.sub(_CONTROL, "", typed_text(text)[: limit * 8]).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
