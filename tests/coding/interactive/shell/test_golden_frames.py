"""Whole frames, as they are seen."""

from pathlib import Path

from pi._version import __version__
from support.rpc_process import calls, says, use_service
from support.server import Server
from support.virtual_terminal import VirtualTerminal

RULE = "─" * 59


async def test_a_conversation_with_a_tool(tmp_path: Path) -> None:
    script = [calls("bash", command="echo $((6*7))"), says("It is **42**.")]
    async with Server(script) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args, columns=60, rows=20) as terminal:
            await terminal.shows("m1")
            terminal.type("what is six by seven?\r")
            await terminal.shows("It is 42.")
            await terminal.shows("↑20 ↓6")
            await terminal.hides("Working")
            head = f"pi {__version__} · / commands · ! shell · @ files · esc stops"
            assert terminal.screen == [
                head,
                "model: loop/m1",
                "",
                "› what is six by seven?",
                "",
                "• $ echo $((6*7))",
                "  42",
                "",
                "It is 42.",
                "",
                RULE,
                "",
                RULE,
                "~/project  ↑20 ↓6 0.0%/128k                              m1",
            ]
            assert terminal.cursor == (0, 11)


async def test_forty_columns_and_another_model_in_mid_conversation(tmp_path: Path) -> None:
    async with Server([says("From the first."), says("From the second.")]) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args, columns=40, rows=20) as terminal:
            await terminal.shows("m1")
            terminal.type("one\r")
            await terminal.shows("From the first.")
            terminal.type("/model loop/m2\r")
            await terminal.until(lambda t: t.screen[-1].rstrip().endswith("m2 • medium"), "m2")
            terminal.type("two\r")
            await terminal.shows("From the second.")
            assert all(len(row) <= 40 for row in terminal.screen)
    assert [request.json["model"] for request in server.requests] == ["m1", "m2"]


async def test_what_breaks_in_us_is_one_line_and_a_file(tmp_path: Path) -> None:
    agent = tmp_path / ".pi" / "agent"
    (agent / "extensions").mkdir(parents=True)
    (agent / "extensions" / "bad.py").write_text(
        "import asyncio\n"
        "def boom():\n"
        "    raise RuntimeError('boom ' * 3)\n"
        "def started(event, context):\n"
        "    asyncio.get_running_loop().call_soon(boom)\n"
        "def extension(pi):\n"
        "    pi.on('session_start', started)\n"
    )
    async with VirtualTerminal(tmp_path, "--model", "demo") as terminal:
        await terminal.shows("Something went wrong")
        terminal.type("still here")
        await terminal.until(lambda t: "still here" in t.screen, "the editor")
        assert "Traceback" not in terminal.text
    assert "RuntimeError: boom" in (agent / "pi-crash.log").read_text()
