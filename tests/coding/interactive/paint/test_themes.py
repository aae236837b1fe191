"""Themes: ours can be read on their background, and wrong files cost one line."""

import json
from pathlib import Path
from typing import Any

import pytest
from prompt_toolkit.styles import Style

from pi.coding.modes.interactive.themes import (
    background_of,
    load_theme,
    theme_names,
    tokens,
)

FILES = Path(load_theme.__code__.co_filename).parent


def write(folder: Path, name: str, **colours: Any) -> Path:
    """A theme file that says these colours, and for all else what `dark` says."""
    data = json.loads((FILES / "dark.json").read_bytes())
    data["name"] = name
    data["colors"].update(colours)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(data))
    return path


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a: str, b: str) -> float:
    """As WCAG 2 defines it, https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("name", "grounds"),
    [("dark", ("#000000", "#1e1e1e", "#22262e")), ("light", ("#ffffff", "#fafafa"))],
)
def test_texts_can_be_read(name: str, grounds: tuple[str, ...]) -> None:
    theme = load_theme(name)
    band = theme.style("userMessageBg").removeprefix("bg:")
    lines = {"border", "borderMuted", "mdHr", "mdQuoteBorder", "mdCodeBlockBorder"}
    lines |= {"thinkingOff", "thinkingMinimal", "searchMatchText"}
    for token in tokens():
        style = theme.style(token)
        if not style.startswith("fg:") or token in lines:
            continue
        for ground in (*grounds, band):
            assert contrast(style[3:], ground) >= 4, (token, ground)


@pytest.mark.parametrize("name", ["dark", "light"])
@pytest.mark.parametrize("background", ["dark", "light", "unknown"])
def test_ours_are_whole(name: str, background: Any) -> None:
    for theme in (load_theme(name), load_theme("system", (), background)):
        assert not theme.problems
        assert len(theme.styles) == 56
        Style(
            [(token.lower(), style) for token, style in theme.styles.items()]
        )  # prompt_toolkit understands them all


def test_system_follows_the_terminal() -> None:
    assert load_theme("system", (), "light").styles == load_theme("light").styles
    assert load_theme("system", (), "dark").styles == load_theme("dark").styles
    unknown = load_theme("system", (), "unknown")
    assert not any("#" in style for style in unknown.styles.values())
    assert load_theme("light/dark", (), "light").name == "light"
    assert load_theme("light/dark", (), "dark").name == "dark"


@pytest.mark.parametrize(
    ("colorfgbg", "answer", "background"),
    [
        ("15;0", "", "dark"),
        ("0;15", "", "light"),
        ("0;default;7", "", "light"),
        ("default;default", "", "unknown"),
        ("", "", "unknown"),
        ("", "\x1b]11;rgb:ffff/ffff/eeee\x1b\\", "light"),
        ("0;15", "rgb:1e/1e/1e", "dark"),
        ("", "rgb:zz//", "unknown"),
    ],
)
def test_background(colorfgbg: str, answer: str, background: str) -> None:
    assert background_of(colorfgbg, answer) == background


def test_the_established_files_are_read(tmp_path: Path) -> None:
    data = json.loads((FILES / "dark.json").read_bytes())
    data["vars"].update({"one": "two", "two": "#abc", "loop": "loop"})
    data["colors"].update(accent="one", border=203, error=9, text="", muted="loop", dim=True)
    for optional in ("scrollbarTrack", "searchMatchBg", "thinkingMax"):
        del data["colors"][optional]
    data["export"] = {"pageBg": "#fff"}
    data["colors"]["futureToken"] = "#fff"
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(data))
    theme = load_theme("mine", [tmp_path])
    assert theme.path == path
    assert theme.style("accent") == "fg:#aabbcc"
    assert theme.style("border") == "fg:#ff5f5f"
    assert theme.style("error") == "fg:ansibrightred"
    assert theme.style("text") == ""
    assert theme.style("searchMatchBg") == theme.style("selectedBg")
    assert theme.style("thinkingMax") == theme.style("thinkingXhigh")
    assert theme.style("muted") == load_theme("dark").style("muted")
    assert theme.style("nonsense") == ""
    assert len(theme.problems) == 1
    assert "muted" in theme.problems[0]
    assert "dim" in theme.problems[0]
    assert load_theme(str(path)).styles == theme.styles


@pytest.mark.parametrize(
    "text", ["{", "[]", "null", '{"colors": 3}', "\xff", "[" * 100_000, '{"colors": {}, "vars": 3}']
)
def test_a_broken_file_is_one_line_and_the_default_is_used(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(text.encode("latin-1"))
    theme = load_theme("broken", [tmp_path], "light")
    assert theme.styles == load_theme("light").styles
    (problem,) = theme.problems
    assert "\n" not in problem
    assert str(path) in problem


def test_a_missing_theme_is_one_line_with_the_names_there_are(tmp_path: Path) -> None:
    write(tmp_path, "mine")
    theme = load_theme("nope", [tmp_path])
    assert theme.styles == load_theme("dark").styles
    known = "There are: dark, light, mine, system."
    assert theme.problems == (f"There is no theme 'nope'. {known} dark is used.",)
    near = "There is no theme 'darc'. Did you mean dark? dark is used."
    assert load_theme("darc", [tmp_path]).problems == (near,)
    assert "No such file" in load_theme(str(tmp_path / "x.json")).problems[0]
    assert theme_names([tmp_path, tmp_path / "nope"]) == ("dark", "light", "system", "mine")


def test_the_first_place_counts_and_ours_can_be_replaced(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    write(one, "dark", accent="#111111")
    write(two, "dark", accent="#222222")
    assert load_theme("dark", [one, two]).style("accent") == "fg:#111111"
