"""What extensions print while a screen is up is a notice, and nothing that the terminal obeys."""

from pathlib import Path

from support.virtual_terminal import VirtualTerminal

LOUD = r"""
import sys

def extension(pi):
    print("loaded \x1b[2Jloudly")

    @pi.on("session_start")
    async def start(event, context):
        print("started", "loudly")

    @pi.on("tool_call")
    def guard(event, context):
        print(f"\x1b[Hthe call\x07 of {event.name}\nin two lines")

    def command(arguments, context):
        sys.stdout.write("\x1b]0;title\x07in two ")
        sys.stderr.write("an error of mine\n")
        sys.stdout.write("pieces\n")

    pi.register_command("loud", command)
"""


async def test_prints_are_notices(tmp_path: Path) -> None:
    folder = tmp_path / ".pi" / "agent" / "extensions"
    folder.mkdir(parents=True)
    (folder / "loud.py").write_text(LOUD)
    async with VirtualTerminal(tmp_path, "--model", "demo") as terminal:
        await terminal.shows("demo")
        terminal.type("/loud\r")
        await terminal.shows("pieces")
        await terminal.shows("started loudly")
        terminal.type("Show me\r")
        await terminal.shows("the call")
        await terminal.shows("I listed this folder")
        terminal.type("abc")
        await terminal.until(lambda t: "abc" in t.screen, "the editor")
        for words in ("the call", "in two lines", "an error of mine", "started loudly"):
            assert words in terminal.text
        for raw in (b"\x1b[Hthe call", b"\x1b]0;title", b"\x1b[2Jloudly", b"the call\x07"):
            assert raw not in terminal.written
