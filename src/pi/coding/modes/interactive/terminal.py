"""What this terminal can do, by its environment, and the sequences that have it do something."""

import os
import re
import sys
from collections.abc import Mapping
from typing import Any, Literal

from pi.coding.modes.interactive.status import elapsed

__all__ = [
    "Terminal",
    "after_run",
    "ask_answers",
    "ask_background",
    "ask_size",
    "begin_frame",
    "clipboard_sequence",
    "end_frame",
    "notification",
    "progress",
    "title_sequence",
]

begin_frame = "\x1b[?2026h"
"""What follows is shown at once (synchronized output)."""

end_frame = "\x1b[?2026l"

ask_background = "\x1b]11;?\x07"
"""Asks for the colour of the background. The answer comes among the keys, or never."""

ask_answers = "\x1b[18t"
"""Asks for the size of the window alone: whoever answers can be asked with every frame."""

ask_size = "\x1b[18t\x1b[6n"
"""Asks for the size of the window and the place of the cursor, as they are at this moment."""

_LONG_RUN = 10.0
"""Seconds after which somebody may look elsewhere."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_REFLOWING = (
    "TMUX",
    "VTE_VERSION",
    "KITTY_WINDOW_ID",
    "WT_SESSION",
    "WEZTERM_PANE",
    "KONSOLE_VERSION",
)
_REFLOWING_PROGRAMS = frozenset({"Apple_Terminal", "iTerm.app", "WezTerm", "ghostty", "vscode"})
_LINKING_PROGRAMS = frozenset({"iTerm.app", "WezTerm", "ghostty", "vscode"})


class Terminal:
    """What the environment, and what `settings` says of the terminal, let us do.

    colors: False if none may be used. links: OSC 8. images: the protocol of pictures, or "".
    reflows: lines are broken anew when the window gets narrower. rest: seconds without another size
    after which a window has come to rest; tmux tells sizes 250 ms apart. escape_wait: seconds after
    which Esc is the key and not the beginning of another one.
    """

    def __init__(self, env: Mapping[str, str], settings: Mapping[str, Any] | None = None) -> None:
        settings = settings or {}
        self.term = env.get("TERM", "")
        program = env.get("TERM_PROGRAM", "")
        # what calls itself a VT100 or VT220 has no colours, and some that do show the codes
        self.colors = not env.get("NO_COLOR") and not self.term.startswith(("vt1", "vt2", "dumb"))
        true_color = settings.get("trueColor", "auto")
        named = env.get("COLORTERM", "") in ("truecolor", "24bit")
        self.true_color = named if true_color == "auto" else bool(true_color)
        links = settings.get("hyperlinks", "auto")
        known = program in _LINKING_PROGRAMS or any(env.get(name) for name in _REFLOWING[1:])
        self.links = known if links == "auto" else bool(links)
        self.images: Literal["", "kitty", "iterm2"] = _images(env, settings)
        self.reflows = program in _REFLOWING_PROGRAMS or any(env.get(name) for name in _REFLOWING)
        self.reflows = self.reflows or self.term.startswith(("tmux", "alacritty", "foot"))
        self.rest = 0.3 if env.get("TMUX") or self.term.startswith(("tmux", "screen")) else 0.05
        self.escape_wait = 0.15 if env.get("SSH_CONNECTION") else 0.05
        self.unicode = _knows_unicode(env)


def _knows_unicode(env: Mapping[str, str]) -> bool:
    """Whether the terminal shows more than ASCII: by the locale, else by standard output."""
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower()
    locale = next((env[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if env.get(name)), "")
    if locale in ("C", "POSIX"):
        return False
    return encoding.startswith("utf")


def _images(env: Mapping[str, str], settings: Mapping[str, Any]) -> Literal["", "kitty", "iterm2"]:
    wanted = settings.get("images", "auto")
    if wanted in ("kitty", "iterm2"):
        return wanted
    if not wanted or not settings.get("showImages", True) or env.get("TMUX"):
        return ""
    program = env.get("TERM_PROGRAM", "")
    if env.get("KITTY_WINDOW_ID") or program in ("ghostty", "WezTerm"):
        return "kitty"
    return "iterm2" if program == "iTerm.app" else ""


def _plain(text: str, limit: int = 200) -> str:
    return _CONTROL.sub(" ", text)[:limit]


def title_sequence(title: str) -> str:
    """Names the window."""
    return f"\x1b]0;{_plain(title)}\x07"


def after_run(seconds: float, name: str, how: str) -> str | None:
    """What to tell after a run of so many seconds, by the setting `terminal.notify`: a text, the
    bell alone (""), or nothing (None). name: of the session or its folder."""
    if seconds < _LONG_RUN or how == "off":
        return None
    return "" if how == "bell" else f"pi is done after {elapsed(seconds)}: {name}"


def notification(text: str | None) -> str:
    """Tells somebody who looks elsewhere: a message where it is understood (OSC 9), and the bell.

    The bell alone, if there is no text; nothing for None.
    """
    if text is None:
        return ""
    return f"\x1b]9;{_plain(text)}\x07\x07" if text else "\x07"


def progress(*, on: bool) -> str:
    """Shows in the tab or the task bar that work goes on, or that it is over (OSC 9;4)."""
    return "\x1b]9;4;3\x07" if on else "\x1b]9;4;0\x07"


def clipboard_sequence(text: str, env: Mapping[str, str] = os.environ) -> str:
    """Puts a text into the clipboard of the terminal, also through tmux and over SSH (OSC 52)."""
    import base64

    sequence = f"\x1b]52;c;{base64.b64encode(text.encode('utf-8', 'replace')).decode()}\x07"
    if env.get("TMUX"):
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    return sequence
