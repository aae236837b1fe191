"""Themes: the established JSON files that say which colour each part of the screen has.

A file has a `name`, `vars` and `colors`. A colour is `#rgb` or `#rrggbb`, a number of the palette
(0 to 255), the name of a variable, or "" for the terminal's own. What is wrong in a file costs one
line in `problems`, and that part looks as in the built-in theme.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

__all__ = [
    "BUILT_IN",
    "Background",
    "Theme",
    "background_of",
    "load_theme",
    "theme_names",
    "tokens",
]

Background = Literal["dark", "light", "unknown"]
"""What a terminal writes on."""

BUILT_IN = ("dark", "light", "system")

_OPTIONAL = {
    "scrollbarTrack": "borderMuted",
    "scrollbarThumb": "border",
    "searchMatchBg": "selectedBg",
    "searchMatchText": "text",
    "thinkingMax": "thinkingXhigh",
}
"""What a file may leave out, and what it looks like then."""

_LARGEST = 1_000_000
_ANSI = (
    *("ansiblack", "ansired", "ansigreen", "ansiyellow", "ansiblue", "ansimagenta", "ansicyan"),
    *("ansigray", "ansibrightblack", "ansibrightred", "ansibrightgreen", "ansibrightyellow"),
    *("ansibrightblue", "ansibrightmagenta", "ansibrightcyan", "ansiwhite"),
)
_STEPS = (0, 95, 135, 175, 215, 255)


class Theme(Struct, frozen=True):
    """A theme. styles: prompt_toolkit styles by token. problems: a line for each thing amiss."""

    name: str
    styles: Mapping[str, str]
    problems: tuple[str, ...] = ()
    path: Path | None = None

    def style(self, token: str) -> str:
        """The style of a token; "", the terminal's own look, for an unknown one."""
        return self.styles.get(token, "")


def load_theme(name: str, places: Iterable[Path] = (), background: Background = "unknown") -> Theme:
    """The theme of that name or at that path. Never raises: a problem is told in `problems`.

    places: folders with theme files, or files, those that count first in front. `system` follows
    the background; `a/b` is theme a on a light background and b on a dark one.
    """
    files = _files(places)
    light, slash, dark = name.partition("/")
    if slash and all(part in BUILT_IN or part in files for part in (light, dark)):
        name = light if background == "light" else dark
    if name == "system" and name not in files:
        return _built_in(background if background in ("dark", "light") else "system")
    default = "light" if background == "light" else "dark"
    path = files.get(name)
    if path is None and name in BUILT_IN:
        return _built_in(name)
    if path is None and ("/" in name or name.endswith(".json")):
        path = Path(name).expanduser()
    if path is None:
        return _instead(default, unknown_theme(name, {*BUILT_IN, *files}))
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError("it is too large for a theme")
        data = json.loads(path.read_bytes())
    except OSError as error:
        return _instead(default, f"Theme {path}: {error.strerror or error}.")
    except (ValueError, RecursionError) as error:
        return _instead(default, f"Theme {path} is no valid JSON: {error}.")
    return _theme(data, name, path, default)


def theme_names(places: Iterable[Path] = ()) -> tuple[str, ...]:
    """The names of all themes, ours first."""
    return (*BUILT_IN, *sorted(set(_files(places)) - set(BUILT_IN)))


def background_of(colorfgbg: str = "", answer: str = "") -> Background:
    """What the terminal writes on.

    answer: what it said to OSC 11, such as `rgb:1e1e/1e1e/1e1e`; it counts before `COLORFGBG`.
    """
    if "rgb:" in answer or "rgba:" in answer:
        parts = answer.split(":", 1)[1].rstrip("\x07\x1b\\").split("/")[:3]
        try:
            red, green, blue = (int(part, 16) / (16 ** len(part) - 1) for part in parts)
        except (ValueError, ZeroDivisionError):
            pass
        else:
            return "light" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "dark"
    last = colorfgbg.rsplit(";", 1)[-1]
    if last.isdigit() and int(last) < 16:
        return "light" if int(last) in (7, 15) else "dark"
    return "unknown"


def _files(places: Iterable[Path]) -> dict[str, Path]:
    """Theme files by name: the file's, without reading it."""
    found: dict[str, Path] = {}
    for place in places:
        try:
            files = sorted(place.glob("*.json")) if place.is_dir() else [place]
        except OSError:
            continue
        for path in files:
            if path.suffix == ".json":
                found.setdefault(path.stem, path)
    return found


def _instead(default: str, problem: str) -> Theme:
    theme = _built_in(default)
    return Theme(theme.name, theme.styles, (f"{' '.join(problem.split())} {default} is used.",))


def unknown_theme(name: str, known: Iterable[str]) -> str:
    """That there is no such theme, and which one may be meant."""
    from difflib import get_close_matches  # costs 3 ms, needed only for this message

    names = sorted(known)
    near = get_close_matches(name, names, n=3)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(names)}."
    return f"There is no theme {name!r}. {hint}"


@cache
def _built_in(name: str) -> Theme:
    path = Path(__file__).parent / f"{name}.json"
    data = json.loads(path.read_bytes())
    return Theme(name, _styles(data, {}, []))


def tokens() -> tuple[str, ...]:
    """The names of everything that has a colour."""
    return tuple(_built_in("dark").styles)


def _theme(data: Any, name: str, path: Path, default: str) -> Theme:
    colours = data.get("colors") if isinstance(data, dict) else None
    if not isinstance(colours, dict):
        return _instead(default, f"Theme {path} has no `colors`.")
    light = data.get("appearance") == "light"
    fallback = _built_in("light" if light else default)
    wrong: list[str] = []
    styles = {**fallback.styles, **_styles(data, fallback.styles, wrong)}
    problems: list[str] = []
    if wrong:
        problems.append(f"Theme {path}: {'; '.join(wrong[:3])}{'; …' if len(wrong) > 3 else ''}.")
    missing = [token for token in tokens() if token not in colours and token not in _OPTIONAL]
    if missing:
        shown = ", ".join(missing[:5]) + (", …" if len(missing) > 5 else "")
        problems.append(f"Theme {path} leaves out {shown}: as in {fallback.name}.")
    return Theme(name, styles, tuple(problems), path)


def _styles(data: dict[str, Any], known: Mapping[str, str], wrong: list[str]) -> dict[str, str]:
    """Styles of the colours in a file; what is wrong is left out and noted."""
    variables = data.get("vars") if isinstance(data.get("vars"), dict) else {}
    styles: dict[str, str] = {}
    for token, value in data["colors"].items():
        if known and token not in known:
            continue  # a newer file, or the exported page's colours
        colour = _colour(value, variables or {})
        if colour is None:
            wrong.append(f"{token} is no colour: {_shown(value)}")
        else:
            ground = "bg:" if token.endswith(("Bg", "Track", "Thumb")) else "fg:"
            styles[token] = f"{ground}{colour}" if colour else ""
    for token, like in _OPTIONAL.items():
        if token not in styles and like in styles:
            ground = "bg:" if token.endswith(("Bg", "Track", "Thumb")) else "fg:"
            styles[token] = styles[like].replace("fg:", ground).replace("bg:", ground)
    return styles


def _colour(value: Any, variables: Mapping[str, Any]) -> str | None:
    """A colour in prompt_toolkit's words; None if it is none."""
    for _ in range(20):  # variables may name variables
        if isinstance(value, str) and value in variables and value:
            value = variables[value]
        else:
            break
    if value == "":
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return _palette(value) if 0 <= value <= 255 else None
    if not isinstance(value, str) or not value.startswith("#") or len(value) not in (4, 7):
        return None
    digits = value[1:].lower()
    if any(digit not in "0123456789abcdef" for digit in digits):
        return None
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))


def _palette(number: int) -> str:
    if number < 16:
        return _ANSI[number]
    if number >= 232:
        grey = 8 + 10 * (number - 232)
        return f"#{grey:02x}{grey:02x}{grey:02x}"
    number -= 16
    red, green, blue = _STEPS[number // 36], _STEPS[number // 6 % 6], _STEPS[number % 6]
    return f"#{red:02x}{green:02x}{blue:02x}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 and text.isprintable() else text[:40] + "…"
