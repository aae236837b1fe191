"""What a terminal sends, as keys: the older sequences, modifyOtherKeys, CSI u and Kitty's protocol.

`use_keys(input)` has one input of prompt_toolkit decoded here; others are not touched. Compared
with prompt_toolkit's own parser: every CSI, OSC, DCS and APC is read to its end by its grammar, so
that an unknown key or a reply of the terminal never lands in the text; Alt and a key are one key;
the release of a key is none.

https://sw.kovidgoyal.net/kitty/keyboard-protocol/, https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
"""

import re
from collections.abc import Callable

from prompt_toolkit.input import Input
from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.key_binding.key_processor import KeyPress
from prompt_toolkit.keys import Keys

from pi.coding.modes.interactive.editor.keys import UnknownKey, code, is_private, name_of

__all__ = ["DISABLE", "ENABLE", "ESCAPE_TIMEOUT", "KeyDecoder", "use_keys"]

ENABLE = "\x1b[?2004h\x1b[>5u\x1b[>4;2m"
"""Bracketed paste, Kitty's protocol (disambiguated keys and the keys of the base layout) and
modifyOtherKeys. A terminal passes over what it does not know."""

DISABLE = "\x1b[>4m\x1b[<u\x1b[?2004l"
"""All of that ended: at the exit, before a stop, and while another program has the terminal."""

ESCAPE_TIMEOUT = 0.05
"""Seconds after which an Esc is a key and not the beginning of one (`Application.ttimeoutlen`).
Terminals with Kitty's protocol do not need it; far away ones need more."""

_CSI = re.compile(r"\x1b\[([<=>?]?)([0-9:;]*)([ -/]*)([@-~])")
_CSI_OPEN = re.compile(r"\x1b\[[0-?]*[ -/]*\Z")
_STRING = re.compile(r"\x1b[\]PX^_].*?(?:\x1b\\|\x07)", re.DOTALL)
_LONGEST_REPLY = 1 << 20
_PASTE_END = "\x1b[201~"

_FINALS = {"A": "up", "B": "down", "C": "right", "D": "left", "H": "home", "F": "end"}
_FINALS |= {"P": "f1", "Q": "f2", "R": "f3", "S": "f4"}
_TILDES = {1: "home", 2: "insert", 3: "delete", 4: "end", 5: "pageUp", 6: "pageDown", 7: "home"}
_TILDES |= {8: "end", 11: "f1", 12: "f2", 13: "f3", 14: "f4", 15: "f5", 17: "f6", 18: "f7"}
_TILDES |= {19: "f8", 20: "f9", 21: "f10", 23: "f11", 24: "f12", 25: "f13", 26: "f14"}
_TILDES |= {28: "f15", 29: "f16", 31: "f17", 32: "f18", 33: "f19", 34: "f20"}
_RXVT = {"a": "shift+up", "b": "shift+down", "c": "shift+right", "d": "shift+left"}
_CODES = {27: "escape", 13: "enter", 9: "tab", 127: "backspace", 8: "backspace", 32: "space"}
_CODES |= {57414: "enter", 57417: "left", 57418: "right", 57419: "up", 57420: "down"}
_CODES |= {57421: "pageUp", 57422: "pageDown", 57423: "home", 57424: "end", 57425: "insert"}
_CODES |= {57426: "delete"}
_CODES |= {57376 + number: f"f{13 + number}" for number in range(12)}
_KEYPAD = dict(zip(range(57399, 57417), "0123456789./*-+\r=,", strict=True))
_SHORT = {"\r": "enter", "\t": "tab", "\x7f": "backspace", "\x08": "backspace", "\0": "ctrl+space"}
_SHORT |= {
    chr(number): f"ctrl+{chr(number + 96)}" for number in range(1, 27) if number not in (8, 9, 13)
}
_SHORT |= {
    "\x1b": "escape",
    "\x1c": "ctrl+\\",
    "\x1d": "ctrl+]",
    "\x1e": "ctrl+^",
    "\x1f": "ctrl+_",
}


class KeyDecoder(Vt100Parser):
    """Feed it text as it comes in any pieces; it calls back with every key.

    on_reply: hears what a terminal answers (colours, its name, its protocols), each reply whole.
    """

    def __init__(
        self,
        feed_key_callback: Callable[[KeyPress], None],
        on_reply: Callable[[str], None] | None = None,
    ) -> None:
        self.feed_key_callback = feed_key_callback
        self._reply = on_reply or (lambda reply: None)
        self.reset()

    def reset(self, request: bool = False) -> None:
        """Forget what has come of an unfinished key or paste."""
        self._pending = ""
        self._paste: list[str] | None = None

    def feed(self, data: str) -> None:
        """Decode what came."""
        text, self._pending = self._pending + data, ""
        at = 0
        while at < len(text):
            if self._paste is not None:
                at = self._in_paste(text, at)
            elif text[at] == "\x1b":
                used = self._escape(text, at)
                if used == 0:  # not finished
                    self._pending = text[at:]
                    return
                at += used
            else:
                self._plain(text[at])
                at += 1

    def flush(self) -> None:
        """Nothing followed for a while: what could be the beginning of a key is one."""
        if self._paste is not None:
            return
        text = self._pending
        if text == "\x1b":
            self._pending = ""
            self._press("escape")
        elif text == "\x1b\x1b":
            self._pending = ""
            self._press("escape")
            self._press("escape")
        elif len(text) == 2:
            self._pending = ""
            self._alt(text[1])

    def feed_and_flush(self, data: str) -> None:
        """Decode, and take an Esc at the end as one."""
        self.feed(data)
        self.flush()

    def _press(self, name: str, data: str = "") -> None:
        try:
            key = code(name)
        except UnknownKey:
            return
        self.feed_key_callback(KeyPress(key, data or (key if len(key) == 1 and _text(key) else "")))

    def _plain(self, character: str) -> None:
        named = _SHORT.get(character)
        if named:
            self._press(named, character)
        elif is_private(character):  # a character of its own, not one of our keys
            self.feed_key_callback(KeyPress(Keys.BracketedPaste, character))
        elif character >= " " and not "\x7f" <= character <= "\x9f":
            self.feed_key_callback(KeyPress(character, character))

    def _alt(self, character: str) -> None:
        named = _SHORT.get(character, character)
        if character.isupper() and len(character.lower()) == 1:
            named = f"shift+{character.lower()}"
        self._press(_with(named, "alt"))

    def _in_paste(self, text: str, at: int) -> int:
        paste = self._paste
        assert paste is not None
        # The end mark may come in pieces: the last five characters wait.
        end = text.find(_PASTE_END, at)
        if end < 0:
            keep = len(text)
            for length in range(min(5, len(text) - at), 0, -1):
                if _PASTE_END.startswith(text[len(text) - length :]):
                    keep = len(text) - length
                    break
            paste.append(text[at:keep])
            self._pending = text[keep:]
            return len(text)
        paste.append(text[at:end])
        self._paste = None
        self.feed_key_callback(KeyPress(Keys.BracketedPaste, "".join(paste)))
        return end + len(_PASTE_END)

    def _escape(self, text: str, at: int) -> int:
        """Decode what begins with Esc; how many characters it took, 0 if more must come."""
        if len(text) == at + 1:
            return 0
        second = text[at + 1]
        if second == "[":
            return self._csi(text, at)
        if second == "O":
            if len(text) == at + 2:
                return 0
            return self._ss3(text[at + 2])
        if second in "]PX^_":
            return self._string(text, at)
        if second == "\x1b":
            return self._twice(text, at)
        self._alt(second)
        return 2

    def _twice(self, text: str, at: int) -> int:
        """Esc Esc: an Esc, unless rxvt's Alt and a key."""
        if len(text) == at + 2:
            return 0
        if text[at + 2] not in "[O":
            self._press("escape")
            return 1
        caught: list[KeyPress] = []
        inner = KeyDecoder(caught.append)
        used = inner._escape(text, at + 1)
        if used and not caught:  # the terminal has answered something just after the key
            self._press("escape")
            return 1
        for press in caught:
            name = _name(press)
            if name:
                self._press(_with(name, "alt"))
        return used + 1 if used else 0

    def _string(self, text: str, at: int) -> int:
        found = _STRING.match(text, at)
        if found:
            self._reply(found[0])
            return len(found[0])
        # ESC ] could also be Alt+]: `flush` decides that. A reply without an end is dropped.
        return len(text) - at if len(text) - at > _LONGEST_REPLY else 0

    def _ss3(self, final: str) -> int:
        if final in _FINALS:
            self._press(_FINALS[final])
        elif final in "abcd":
            self._press("ctrl+" + _RXVT[final].removeprefix("shift+"))
        elif final == "M":
            self._press("enter", "\r")
        elif "j" <= final <= "y":  # the keypad in application mode
            self._plain(chr(ord(final) - 64))
        return 3

    def _csi(self, text: str, at: int) -> int:
        if text.startswith("\x1b[M", at):  # a mouse event in the oldest form
            if len(text) < at + 6:
                return 0
            self.feed_key_callback(KeyPress(Keys.Vt100MouseEvent, text[at : at + 6]))
            return 6
        if text.startswith("\x1b[[", at):  # F1 to F5 of the Linux console
            if len(text) < at + 4:
                return 0
            if "A" <= text[at + 3] <= "E":
                self._press(f"f{ord(text[at + 3]) - 64}")
            return 4
        found = _CSI.match(text, at)
        if not found:
            if _CSI_OPEN.match(text, at) and len(text) - at < 4096:
                return 0
            return 2  # no sequence: what made it one is dropped
        private, params, middle, final = found.groups()
        whole = found[0]
        if not middle and not private:
            self._key(params, final, whole)
        elif private == "<" and final in "mM":
            self.feed_key_callback(KeyPress(Keys.Vt100MouseEvent, whole))
        else:
            self._reply(whole)
        return len(whole)

    def _key(self, params: str, final: str, whole: str) -> None:
        fields = [field.split(":") for field in params.split(";")]
        first = _number(fields[0][0])
        modifiers, event = _modifiers(fields[1] if len(fields) > 1 else [])
        if event == 3:
            return
        if final == "R" and len(fields) == 2 and first > 0:
            self._reply(whole)  # where the cursor is; F3 with Shift would look the same
        elif final == "u":
            self._unicode(fields, modifiers)
        elif final == "~":
            self._tilde(first, fields, modifiers)
        elif final in "^@" and first in _TILDES:  # rxvt
            self._press(_with(_TILDES[first], *(("ctrl", "shift") if final == "@" else ("ctrl",))))
        elif final in _FINALS:
            self._press(_with(_FINALS[final], *modifiers))
        elif final == "Z":
            self._press(_with("tab", "shift", *modifiers))
        elif final in _RXVT and not params:
            self._press(_RXVT[final])
        elif final in "cnty":
            self._reply(whole)

    def _tilde(self, first: int, fields: list[list[str]], modifiers: tuple[str, ...]) -> None:
        if first == 200:
            self._paste = []
        elif first == 27 and len(fields) == 3:  # modifyOtherKeys
            self._unicode([fields[2]], modifiers)
        elif first in _TILDES:
            self._press(_with(_TILDES[first], *modifiers))

    def _unicode(self, fields: list[list[str]], modifiers: tuple[str, ...]) -> None:
        codes = [_number(field) for field in fields[0]] + [0, 0]
        number, shifted, base = codes[:3]
        if number in _CODES:
            self._press(_with(_CODES[number], *modifiers))
            return
        keypad = _KEYPAD.get(number)
        character = keypad or (chr(number) if 32 < number < 0x110000 else "")
        if not keypad and (0xE000 <= number <= 0xF8FF or 0xD800 <= number < 0xE000):
            return  # a modifier or a media key alone
        if not character or not character.isprintable():
            return
        if set(modifiers) <= {"shift"}:
            upper = chr(shifted) if 32 < shifted < 0x110000 else character.upper()
            self._plain(upper if modifiers and len(upper) == 1 else character)
            return
        if not character.isascii() and 32 < base < 127:
            character = chr(base)  # Ctrl and a letter of another script: the key, not the letter
        if character.isupper() and len(character.lower()) == 1:
            character, modifiers = character.lower(), (*modifiers, "shift")
        elif "shift" in modifiers and not character.isalpha() and 32 < shifted < 0x110000:
            character = chr(shifted)
            modifiers = tuple(word for word in modifiers if word != "shift")
        self._press(_with(character, *modifiers))


def use_keys(input: Input, on_reply: Callable[[str], None] | None = None) -> None:
    """Have this input decoded here. One that does not read a terminal's bytes stays as it is."""
    buffer = getattr(input, "_buffer", None)
    if getattr(input, "vt100_parser", None) is not None and buffer is not None:
        # The list is another one after every read, so it is looked up each time.
        input.vt100_parser = KeyDecoder(lambda press: input._buffer.append(press), on_reply)  # type: ignore[attr-defined]


def _number(field: str) -> int:
    return int(field) if field and len(field) < 9 else 0


def _modifiers(field: list[str]) -> tuple[tuple[str, ...], int]:
    bits = max(0, _number(field[0]) - 1) if field else 0
    event = _number(field[1]) if len(field) > 1 else 1
    # Meta counts as Alt; Hyper and the locks are passed over.
    flags = (("shift", 1), ("alt", 2 | 32), ("ctrl", 4), ("super", 8))
    return tuple(word for word, bit in flags if bits & bit), event


def _with(name: str, *modifiers: str) -> str:
    return "".join(f"{word}+" for word in modifiers if f"{word}+" not in name) + name


def _text(key: str) -> bool:
    return key.isprintable() and not is_private(key)


def _name(press: KeyPress) -> str:
    if isinstance(press.key, Keys):
        return _TOOLKIT_NAMES.get(press.key, "")
    return name_of(press.key)


_TOOLKIT_NAMES = {code(name): name for name in {*_FINALS.values(), *_TILDES.values()}}
_TOOLKIT_NAMES |= {code(f"ctrl+{n}"): f"ctrl+{n}" for n in ("up", "down", "left", "right")}
_TOOLKIT_NAMES |= {code(f"shift+{n}"): f"shift+{n}" for n in ("up", "down", "left", "right")}
