"""A person in front of the screen: a conversation with a scripted service, seen as it is shown."""

import asyncio
from pathlib import Path

from pi.ai.messages import UserMessage
from pi.coding.session.log import SessionLog
from support.replies import Reply
from support.rpc_process import END, calls, chunk, says, use_service
from support.server import Seen, Server
from support.virtual_terminal import VirtualTerminal


def agent_file(home: Path, name: str, text: str) -> None:
    folder = home / ".pi" / "agent"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def session_files(home: Path) -> list[Path]:
    return sorted((home / ".pi" / "agent" / "sessions").rglob("*.jsonl"))


class Gate:
    """Answers with a first text, and with the rest when it is opened."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()

    def reply(self) -> Reply:
        first, last = chunk({"content": "first words\n\n"}), chunk({"content": "last words"})
        return Reply([first, self.opened.wait, last, END])


async def test_a_prompt_and_its_answer_stay_in_the_scrollback(tmp_path: Path) -> None:
    async with Server([says("Good ", "morning.")]) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args) as terminal:
            await terminal.shows("m1")
            terminal.type("hello there\r")
            await terminal.shows("Good morning.")
            terminal.type("\x04")
            assert await terminal.ended() == 0
            assert terminal.text.count("hello there") == 1
            assert terminal.text.count("Good morning.") == 1
            assert "pi --session" in terminal.text
    assert server.requests[0].json["messages"][-1]["content"] == "hello there"


async def test_what_is_typed_at_once_is_sent_when_the_session_is_there(tmp_path: Path) -> None:
    async with Server([says("An answer.")]) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args) as terminal:
            terminal.type("typed before anything was there\r")
            await terminal.shows("An answer.")
    assert "typed before" in str(server.requests[0].json["messages"][-1]["content"])


async def test_a_prompt_of_the_command_line_is_sent(tmp_path: Path) -> None:
    async with Server([says("An answer.")]) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args, "from the shell") as terminal:
            await terminal.shows("An answer.")
    assert "from the shell" in str(server.requests[0].json["messages"][-1]["content"])


async def test_enter_while_the_model_works_steers_and_alt_enter_waits(tmp_path: Path) -> None:
    gate = Gate()

    def script(seen: Seen) -> Reply:
        if len(seen.json["messages"]) <= 2:
            return gate.reply()
        return says(f"seen {len(seen.json['messages'])}")

    async with Server(script) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args) as terminal:
            terminal.type("go\r")
            await terminal.shows("first words")
            terminal.type("steer it\r")
            await terminal.shows("Steering: steer it")
            terminal.type("and later\x1b\r")
            await terminal.shows("Follow-up: and later")
            gate.opened.set()
            await terminal.hides("Follow-up")
            await terminal.until(lambda t: len(server.requests) == 3, "three requests")
    said = [m["content"] for m in server.requests[2].json["messages"] if m["role"] == "user"]
    assert [str(text) for text in said][-2:] == ["steer it", "and later"]


async def test_escape_stops_and_gives_the_queue_back(tmp_path: Path) -> None:
    gate = Gate()
    async with Server(lambda seen: gate.reply()) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args) as terminal:
            terminal.type("go\r")
            await terminal.shows("first words")
            terminal.type("one\r")
            await terminal.shows("Steering: one")
            terminal.type("two\r")
            await terminal.shows("Steering: two")
            terminal.type("\x1b")
            await terminal.shows("Operation aborted")
            await terminal.hides("Steering")
            rows = terminal.screen
            assert "one" in rows, terminal.text
            assert rows[rows.index("one") + 2] == "two"
            assert "first words" in terminal.text


async def test_a_refused_key_gives_the_prompt_back_and_names_login(tmp_path: Path) -> None:
    refusal = Reply(b'{"error": {"message": "Incorrect API key"}}', status=401)
    async with Server(lambda seen: refusal) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args) as terminal:
            await terminal.shows("m1")
            terminal.type("my prompt\r")
            await terminal.shows("(/login signs in")
            await terminal.until(lambda t: "my prompt" in t.screen, "the prompt again")
            assert terminal.text.count("Incorrect API key") == 1
            assert terminal.text.count("my prompt") == 2


async def test_without_a_model_there_is_a_welcome_and_nothing_is_lost(tmp_path: Path) -> None:
    async with VirtualTerminal(tmp_path) as terminal:
        await terminal.shows("/login")
        await terminal.shows("pi --model demo")
        await terminal.hides("Opening")
        terminal.type("keep this\r")
        await terminal.shows("no model can be used yet")
        await terminal.until(lambda t: "keep this" in t.screen, "the prompt in the editor")


async def test_an_unknown_command_is_not_sent(tmp_path: Path) -> None:
    async with Server([]) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args) as terminal:
            await terminal.shows("m1")
            terminal.type("/nosuchthing now\r")
            await terminal.shows("/nosuchthing is no command")
            await terminal.until(lambda t: "/nosuchthing now" in t.screen, "the text again")
        assert not server.requests


async def test_a_path_is_no_command(tmp_path: Path) -> None:
    async with Server([says("A path.")]) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args) as terminal:
            terminal.type("/usr/bin/env is what?\r")
            await terminal.shows("A path.")


async def test_own_commands_run_beside_and_escape_kills_them(tmp_path: Path) -> None:
    async with Server([says("I know of it.")]) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args) as terminal:
            await terminal.shows("m1")
            terminal.type("!echo out$((40+2)); exit 4\r")
            await terminal.shows("out42")
            terminal.type("!!echo begun$((1+1)); sleep 300\r")
            await terminal.shows("begun2")
            terminal.type("!true\r")
            await terminal.shows("running already")
            terminal.type("\x15")
            terminal.type("\x1b")
            await terminal.hides("Running your command")
            terminal.type("\x15what did I do?\r")
            await terminal.shows("I know of it.")
    sent = str(server.requests[0].json["messages"])
    assert "out42" in sent
    assert "begun2" not in sent


async def test_a_tool_call_is_shown_with_its_result(tmp_path: Path) -> None:
    async with Server([calls("bash", command="echo tool$((6*7))"), says("Done it.")]) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args) as terminal:
            terminal.type("do it\r")
            await terminal.shows("Done it.")
            assert "tool42" in terminal.text


async def test_a_session_goes_on_where_it_was(tmp_path: Path) -> None:
    async with Server([says("The first answer."), says("The second.")]) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args) as terminal:
            terminal.type("remember me\r")
            await terminal.shows("The first answer.")
            terminal.type("\x04")
            assert await terminal.ended() == 0
        async with VirtualTerminal(tmp_path, *args, "-c") as terminal:
            await terminal.shows("The first answer.")
            await terminal.shows("remember me")
            terminal.type("again\r")
            await terminal.shows("The second.")
    assert len(session_files(tmp_path)) == 1
    assert len(server.requests[1].json["messages"]) == 4


async def test_a_session_whose_folder_is_gone_goes_on_here(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    log = SessionLog.create(tmp_path, gone)
    log.append_message(UserMessage("asked over there"))
    async with Server([says("An answer here.")]) as server:
        args = use_service(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args, "--session", str(log.path)) as terminal:
            await terminal.shows("Continue here")
            assert str(gone) in terminal.text.replace("\n", "")
            terminal.type("\r")
            await terminal.shows("asked over there")
            terminal.type("and here?\r")
            await terminal.shows("An answer here.")
    assert "asked over there" in str(server.requests[0].json["messages"])
