"""Text from models, tools and services, made safe to write to a terminal."""

import re

__all__ = ["printable"]

_ESCAPES = (
    r"\x1b(?:"
    r"\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC: titles, links, clipboard
    r"|[PX^_][^\x1b]*(?:\x1b\\)?"  # DCS, SOS, PM, APC
    r"|\[[0-?]*[ -/]*[@-~]?"  # CSI: colours, cursor
    r"|[@-Z\\^_a-z])"  # the short ones
    r"|\x9b[0-?]*[ -/]*[@-~]?"  # the same as single characters (C1)
    r"|\x9d[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"
    r"|[\x90\x98\x9e\x9f][^\x1b\x9c]*(?:\x1b\\|\x9c)"
)
_CONTROLS = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"


def printable(text: str) -> str:
    """`text` without escape sequences and control characters; tab and newline stay."""
    if text.isprintable():
        return text  # nearly always, and then no pattern has to be compiled
    return re.sub(_CONTROLS, "", re.sub(_ESCAPES, "", text))
