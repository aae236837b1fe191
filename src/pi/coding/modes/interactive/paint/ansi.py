"""Lines as bytes for a terminal: the styles become SGR sequences of as many colours as it has."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

from pi.coding.modes.interactive.lines import ESCAPE, Line

__all__ = ["Depth", "sgr", "to_ansi"]

Depth = Literal["true", "256", "16", "none"]
"""Colours of a terminal; `none` keeps bold, italic and the like (NO_COLOR)."""

_ON = {
    "bold": "1",
    "dim": "2",
    "italic": "3",
    "underline": "4",
    "blink": "5",
    "reverse": "7",
    "strike": "9",
}
_NAMES = [
    f"ansi{name}"
    for name in (
        *("black", "red", "green", "yellow", "blue", "magenta", "cyan", "gray"),
        *("brightblack", "brightred", "brightgreen", "brightyellow", "brightblue"),
        *("brightmagenta", "brightcyan", "white"),
    )
]
_SIXTEEN = (
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
)
_STEPS = (0, 95, 135, 175, 215, 255)


def to_ansi(lines: Iterable[Line], depth: Depth = "true", end: str = "\n") -> str:
    """The lines, each ended by `end`. Every line begins and ends with the terminal's own look."""
    out: list[str] = []
    put = out.append
    for line in lines:
        for style, text in line:
            if not style or style == ESCAPE:
                put(text)
            else:
                on = sgr(style, depth)
                put(f"{on}{text}\x1b[0m" if on else text)
        put(end)
    return "".join(out)


@lru_cache(maxsize=4096)
def sgr(style: str, depth: Depth) -> str:
    """The sequence that turns a style on, or "" if there is nothing to turn on."""
    flags: dict[str, bool] = {}
    fore = back = ""
    for part in style.split():
        if part in _ON:
            flags[part] = True
        elif part.startswith("no") and part[2:] in _ON:
            flags[part[2:]] = False
        elif part.startswith("bg:"):
            back = part[3:]
        elif part.startswith(("fg:", "#", "ansi")):
            fore = part.removeprefix("fg:")
    codes = [_ON[name] for name, on in flags.items() if on]
    if depth != "none":
        codes += [code for code in (_colour(fore, depth, 0), _colour(back, depth, 10)) if code]
    return f"\x1b[{';'.join(codes)}m" if codes else ""


def _colour(name: str, depth: Depth, shift: int) -> str:
    """A colour as SGR codes. shift: 10 for backgrounds."""
    if name in _NAMES:
        number = _NAMES.index(name)
        return str((30 if number < 8 else 82) + number + shift)
    rgb = _rgb(name)
    if rgb is None:
        return ""
    if depth == "true":
        return f"{38 + shift};2;{rgb[0]};{rgb[1]};{rgb[2]}"
    if depth == "256":
        return f"{38 + shift};5;{nearest_256(rgb)}"
    number = _nearest_16(rgb, background=bool(shift))
    return str((30 if number < 8 else 82) + number + shift)


def _rgb(name: str) -> tuple[int, int, int] | None:
    digits = name.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    try:
        value = int(digits, 16) if len(digits) == 6 else -1
    except ValueError:
        value = -1
    return None if value < 0 else (value >> 16, value >> 8 & 255, value & 255)


def _distance(a: tuple[int, int, int], b: tuple[int, int, int]) -> int:
    red = (a[0] + b[0]) // 2  # the eye's weights change with the amount of red
    return (
        (512 + red) * (a[0] - b[0]) ** 2 // 256
        + 4 * (a[1] - b[1]) ** 2
        + (767 - red) * (a[2] - b[2]) ** 2 // 256
    )


def nearest_256(rgb: tuple[int, int, int]) -> int:
    """The number of the nearest colour of the 256 that are the same everywhere (16 to 255)."""
    cube = [min(range(6), key=lambda step, part=part: abs(_STEPS[step] - part)) for part in rgb]
    best = 16 + 36 * cube[0] + 6 * cube[1] + cube[2]
    grey = max(0, min(23, round((sum(rgb) / 3 - 8) / 10)))
    shade = 8 + 10 * grey
    of_cube = (_STEPS[cube[0]], _STEPS[cube[1]], _STEPS[cube[2]])
    closer = _distance(rgb, (shade, shade, shade)) < _distance(rgb, of_cube)
    return 232 + grey if closer else best


def _nearest_16(rgb: tuple[int, int, int], *, background: bool) -> int:
    if max(rgb) - min(rgb) < 40:  # greys: black, dark grey, light grey, white
        shade = sum(rgb) // 3
        greys = ((0, 0), (8, 127), (7, 215), (15, 255))
        return min(greys, key=lambda item: abs(item[1] - shade))[0]
    numbers = range(1, 7) if background else (*range(1, 7), *range(9, 15))
    return min(numbers, key=lambda number: _distance(rgb, _SIXTEEN[number]))
