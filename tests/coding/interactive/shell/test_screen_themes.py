"""Themes of files on the screen: wherever they come from, chosen by name, read anew."""

import json
from pathlib import Path

from pi.coding.modes.interactive.themes import load_theme
from support.virtual_terminal import VirtualTerminal

DARK = Path(load_theme.__code__.co_filename).parent / "dark.json"


def theme(path: Path, colour: str) -> Path:
    """A theme in which the lines around the editor and messages have that colour."""
    data = json.loads(DARK.read_bytes())
    data["colors"] = {
        token: colour if token.startswith(("border", "thinking", "accent")) else value
        for token, value in data["colors"].items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data))
    return path


def written(colour: str) -> bytes:
    parts = [str(int(colour[at : at + 2], 16)) for at in (1, 3, 5)]
    return f"38;2;{';'.join(parts)}".encode()


async def sees(terminal: VirtualTerminal, colour: str) -> None:
    start = len(terminal.written)
    await terminal.until(lambda t: written(colour) in t.written[max(0, start - 4000) :], colour)


def prepare(home: Path) -> tuple[str, ...]:
    agent = home / ".pi" / "agent"
    theme(agent / "themes" / "mine.json", "#010203")
    theme(home / "project" / ".pi" / "themes" / "ours.json", "#040506")
    theme(home / "kit" / "themes" / "packed.json", "#070809")
    named = theme(home / "elsewhere" / "named.json", "#0a0b0c")
    (agent / "settings.json").write_text(
        json.dumps({"packages": [str(home / "kit")], "theme": "mine"})
    )
    return ("--model", "demo", "--theme", str(named))


async def test_themes_from_everywhere_are_used_and_read_anew(tmp_path: Path) -> None:
    args = prepare(tmp_path)
    async with VirtualTerminal(
        tmp_path, *args, "--approve", columns=80, rows=30, env={"COLORTERM": "truecolor"}
    ) as terminal:
        await sees(terminal, "#010203")
        await terminal.shows("demo")
        for name, colour in (("ours", "#040506"), ("packed", "#070809"), ("named", "#0a0b0c")):
            terminal.type(f"/theme {name}\r")
            await terminal.shows(f"Theme: {name}")
            await sees(terminal, colour)
        theme(tmp_path / "elsewhere" / "named.json", "#0d0e0f")
        theme(tmp_path / ".pi" / "agent" / "themes" / "late.json", "#111213")
        terminal.type("/reload\r")
        await terminal.shows("Read anew")
        await sees(terminal, "#0d0e0f")
        terminal.type("/theme late\r")
        await sees(terminal, "#111213")
        terminal.type("\x04")
        assert await terminal.ended() == 0


async def test_a_theme_of_a_project_waits_for_trust(tmp_path: Path) -> None:
    args = prepare(tmp_path)
    async with VirtualTerminal(
        tmp_path,
        *args,
        "--no-approve",
        "--use-theme",
        "ours",
        columns=90,
        rows=30,
        env={"COLORTERM": "truecolor"},
    ) as terminal:
        await terminal.shows("There is no theme 'ours'")
        await terminal.shows("demo")
        assert written("#040506") not in terminal.written
        terminal.type("/trust\r")
        await terminal.shows("Trust it until")
        terminal.type("\x1b[A\x1b[A\r")
        await terminal.shows("The project is trusted")
        await sees(terminal, "#040506")
        terminal.type("\x04")
        assert await terminal.ended() == 0


async def test_a_broken_theme_and_a_wrong_name(tmp_path: Path) -> None:
    themes = tmp_path / ".pi" / "agent" / "themes"
    theme(themes / "mine.json", "#010203")
    (themes / "bad.json").write_text("{")
    async with VirtualTerminal(tmp_path, "--model", "demo", columns=200) as terminal:
        await terminal.shows("~/project")
        assert "themes: mine" in terminal.screen
        assert f"not a theme: {themes / 'bad.json'}" in terminal.screen
        terminal.type("/theme mien\r")
        await terminal.shows("There is no theme 'mien'. Did you mean mine?")
        terminal.type("/theme bad\r")
        await terminal.shows("is no valid JSON")
        assert "is used" not in terminal.text
