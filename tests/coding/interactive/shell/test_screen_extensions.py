"""What extensions bring to the screen: keys, dialogs, widgets, and how their things look."""

import shutil
from pathlib import Path

from support.rpc_process import calls, says, use_service
from support.server import Server
from support.virtual_terminal import VirtualTerminal

EXAMPLES = Path(__file__).parents[4] / "examples" / "extensions"


def bring(home: Path, *names: str) -> None:
    folder = home / ".pi" / "agent" / "extensions"
    folder.mkdir(parents=True)
    for name in names:
        shutil.copy(EXAMPLES / f"{name}.py", folder)


async def test_a_key_a_dialog_a_widget_and_an_entry(tmp_path: Path) -> None:
    bring(tmp_path, "notes")
    async with VirtualTerminal(tmp_path, "--model", "demo") as terminal:
        await terminal.shows("~/project")
        terminal.type("a draft")
        await terminal.shows("a draft")
        terminal.type("\x1b\x0e")
        await terminal.shows("what to remember")
        terminal.type("buy milk\r")
        await terminal.shows("1 notes")
        await terminal.shows("Note: buy milk")
        await terminal.until(lambda t: "a draft" in t.screen, "the draft")


async def test_everything_that_can_be_asked(tmp_path: Path) -> None:
    bring(tmp_path, "survey")
    async with VirtualTerminal(tmp_path, "--model", "demo") as terminal:
        await terminal.shows("~/project")
        steps = (
            ("/survey\r", "Your name"),
            ("Ann\r", "Your colour"),
            ("\x1b[B\r", "Food"),
            ("\r", "Your story"),
            (" upon a time\r", "Send it?"),
            ("y", "Ann, green, p, Once upon a time, True"),
        )
        for keys, seen in steps:
            terminal.type(keys)
            await terminal.shows(seen)
        await terminal.until(lambda t: "thank you" in t.screen, "the text in the editor")
        await terminal.shows("colour: green")
        assert b"\x1b]0;Survey\x07" in terminal.written


async def test_calls_and_results_look_as_the_extension_says(tmp_path: Path) -> None:
    bring(tmp_path, "careful_write")
    script = [calls("write", path="x.txt", content="hello\n"), says("ok")]
    async with Server([*script, *script]) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args) as terminal:
            await terminal.shows("m1")
            terminal.type("write\r")
            await terminal.shows("yes: wrote x.txt")
            assert "• a new file: x.txt" in terminal.screen
            assert "  hello" in terminal.screen
            await terminal.until(lambda t: "ok" in t.screen, "the end")
            terminal.type("again\r")
            await terminal.shows("exists already")
            assert "yes: " not in terminal.text.partition("again")[2]


SAYING = """
def extension(pi):
    async def tell(arguments, context):
        await context.add_message("news", "shown news", display=True)
        await context.add_message("news", "secret news", display=False)

    pi.register_command("tell", tell, description="adds messages")
"""


async def test_what_they_have_added_is_shown_again_on_resume(tmp_path: Path) -> None:
    bring(tmp_path, "notes")
    (tmp_path / ".pi" / "agent" / "extensions" / "saying.py").write_text(SAYING)
    async with Server([says("one"), says("two")]) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args) as terminal:
            await terminal.shows("m1")
            terminal.type("first\r")
            await terminal.until(lambda t: "one" in t.screen, "the answer")
            terminal.type("\x1b\x0e")
            await terminal.shows("what to remember")
            terminal.type("buy milk\r")
            await terminal.shows("Note: buy milk")
            terminal.type("/tell\r")
            await terminal.shows("shown news")
            terminal.type("second\r")
            await terminal.until(lambda t: "two" in t.screen, "the answer")
            terminal.type("\x04")
            assert await terminal.ended() == 0
        async with VirtualTerminal(tmp_path, *args, "-c") as terminal:
            await terminal.until(lambda t: "two" in t.screen, "the session again")
            seen = [row for row in terminal.screen if row]
            rows = ["› first", "one", "Note: buy milk", "news", "shown news", "› second", "two"]
            assert seen[seen.index("› first") :][: len(rows)] == rows
            assert "secret" not in terminal.text


COUNTING = """
def extension(pi):
    count = [0]

    def bump(arguments, context):
        count[0] += 1
        texts = ("\U0001f468\u200d\U0001f469\u200d\U0001f467 rows", "سلام rows", "plain rows")
        context.ui.set_widget("count", [f"{text} {count[0]} end" for text in texts])

    pi.register_command("bump", bump, description="counts")
"""


async def test_a_row_that_terminals_place_differently_is_written_whole(tmp_path: Path) -> None:
    folder = tmp_path / ".pi" / "agent" / "extensions"
    folder.mkdir(parents=True)
    (folder / "counting.py").write_text(COUNTING, encoding="utf-8")
    async with VirtualTerminal(tmp_path, "--model", "demo") as terminal:
        await terminal.shows("~/project")
        for number in (1, 2):
            start = len(terminal.written)
            terminal.type("/bump\r")
            await terminal.shows(f"plain rows {number} end")
        written = terminal.written[start:].decode()
        assert "\U0001f468\u200d\U0001f469\u200d\U0001f467 rows 2 end" in written
        assert "سلام rows 2 end" in written
        assert "plain rows 2 end" not in written


FAILING = """
def extension(pi):
    def draw(content, details, expanded):
        raise ValueError("I cannot draw")

    async def tell(arguments, context):
        await context.add_message("bad", f"the words of {arguments}", display=True)

    pi.register_renderer("bad", draw)
    pi.register_command("tell", tell, description="adds a message")
"""


async def test_a_renderer_that_fails_is_named_once_and_its_words_are_shown(tmp_path: Path) -> None:
    folder = tmp_path / ".pi" / "agent" / "extensions"
    folder.mkdir(parents=True)
    (folder / "failing.py").write_text(FAILING)
    async with VirtualTerminal(tmp_path, "--model", "demo") as terminal:
        await terminal.shows("~/project")
        for number in ("one", "two"):
            terminal.type(f"/tell {number}\r")
            await terminal.shows(f"the words of {number}")
        await terminal.shows("I cannot draw")
        terminal.type("/session\r")
        await terminal.shows("Cost:")
        assert terminal.text.count("I cannot draw") == 1
        assert "Traceback" not in terminal.text
