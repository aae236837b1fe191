"""Names of keys, as `keybindings.json` and extensions write them. No terminal is known here."""

__all__ = ["NAMED", "UnknownKey", "canonical"]

NAMED = (
    *("escape", "enter", "tab", "space", "backspace", "delete", "insert", "clear", "home", "end"),
    *("pageUp", "pageDown", "up", "down", "left", "right"),
    *(f"f{number}" for number in range(1, 25)),
)
"""Keys that have a name."""

_BY_LOWER = {name.lower(): name for name in NAMED} | {
    "esc": "escape",
    "return": "enter",
    "del": "delete",
    "ins": "insert",
    "pgup": "pageUp",
    "pgdn": "pageDown",
}
_MODIFIERS = ("ctrl", "shift", "alt", "super")

_SAME = {
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+[": "escape",
    "ctrl+h": "backspace",
    "ctrl+-": "ctrl+_",
    "ctrl+@": "ctrl+space",
    "shift+space": "space",
}
"""Keys that terminals cannot tell apart, or not without a protocol."""


class UnknownKey(ValueError):
    """A key that has no meaning; the text says what is allowed."""


def canonical(key: str) -> str:
    """The one way to write a key: `Shift+Ctrl+P` is `ctrl+shift+p`. Raises `UnknownKey`."""
    text = key.strip()
    head, plus, base = text.rpartition("+")
    if text == "+" or text.endswith("++"):  # the plus key itself
        head, base = text[:-2], "+"
    elif not plus:
        head = ""
    modifiers = {word.strip().lower() for word in head.split("+")} if head else set()
    if not modifiers <= set(_MODIFIERS):
        raise UnknownKey("a key is written as ctrl+, shift+, alt+ or super+ and a key")
    base = base.strip() or base
    if len(base) > 1 or not base:
        named = _BY_LOWER.get(base.lower())
        if named is None:
            raise UnknownKey("a key is a character, f1-f24 or one of " + ", ".join(NAMED[:16]))
        base = named
    elif base == " ":
        base = "space"
    elif not base.isprintable():
        raise UnknownKey("a key is a character that can be seen")
    elif base != base.lower() and len(base.lower()) == 1:
        modifiers = modifiers or {"shift"}
        base = base.lower()
    name = _written(modifiers, base)
    same = _SAME.get(_written(modifiers - {"alt"}, base))
    if same is None:
        return name
    *held, base = same.split("+")
    return _written(modifiers & {"alt"} | set(held), base)


def _written(modifiers: set[str], base: str) -> str:
    return "+".join([word for word in _MODIFIERS if word in modifiers] + [base])
