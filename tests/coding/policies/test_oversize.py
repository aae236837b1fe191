"""A message that is by itself too large: refused before anything is spent, or left out."""

import asyncio
import base64
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from coding.policies.policy_session import SYSTEM, Work, prompts
from conformance.said import Said, model_for, wire
from pi.ai.errors import ContextOverflowError
from pi.ai.faux import Answer, fail, faux_model, text, tool
from pi.ai.messages import Context, ImageContent
from pi.ai.model import Model, Price
from pi.coding.api.commands import FollowUp, Prompt, Steer
from pi.coding.api.events import CompactionEnd, CompactionStart, Notice
from pi.coding.session.entries import CustomMessageEntry
from pi.coding.session.log import SessionLog
from support.rpc_process import entries_of, says, serving, use_service
from support.server import BlockingServer, Reply, Seen, Server, json_reply
from support.virtual_terminal import VirtualTerminal

SMALL = faux_model("small", context_window=40_000, max_output_tokens=4000)
LARGE = faux_model("large", context_window=200_000, max_output_tokens=4000)
HUGE = "w" * 400_000  # 100,000 tokens
TALK = "t" * 60_000  # 15,000 tokens


def script(*answers: Answer, summary: str = "## Goal\nAll of it.") -> Any:
    left = list(answers)

    def answer(context: Context) -> Answer:
        return left.pop(0) if context.system == (SYSTEM,) else [text(summary)]

    return answer


# -- at the door -----------------------------------------------------------------------------------


async def test_it_is_refused_before_anything_is_recorded_or_sent() -> None:
    work = Work(script([text("a" * 60_000)]), model=SMALL, available=[SMALL, LARGE])
    await work.ask(TALK)  # a compaction could make room, but not enough
    before = list(work.log.tree.nodes), len(work.events)
    with pytest.raises(ContextOverflowError) as caught:
        await work.session.send(Prompt(HUGE))
    assert (list(work.log.tree.nodes), len(work.events)) == before
    assert len(work.transport.contexts) == 1
    assert re.fullmatch(
        r"your message has about 100,000 tokens, and faux/small has room for about 29,9\d\d in its"
        r" window of 40,000: nothing was sent\. Name the path of a file instead of its content: the"
        r" model reads what it needs of it\. Or use a model with a larger window: faux/large has"
        r" 200,000\.",
        caught.value.message,
    )


async def test_the_first_prompt_leaves_no_file_behind(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path, "/project", path=tmp_path / "s.jsonl")
    work = Work(None, model=SMALL, log=log)
    with pytest.raises(ContextOverflowError, match="none of the models that you can use has a"):
        await work.session.submit(Prompt(HUGE))
    assert not (tmp_path / "s.jsonl").exists()
    assert not work.events


async def test_a_model_of_the_same_provider_is_named_first_and_then_the_cheapest() -> None:
    def priced(provider: str, name: str, dollars: float, window: int = 200_000) -> Model:
        made = faux_model(name, context_window=window)
        return replace(made, provider=provider, cost=Price(input=dollars))

    models = [
        priced("other", "free", 0.0),
        priced("faux", "dear", 9.0),
        priced("faux", "cheap", 1.0),
        priced("faux", "cheapest", 0.5, 100_000),  # no room beside an answer
    ]
    work = Work(None, model=SMALL, available=models)
    with pytest.raises(ContextOverflowError, match="faux/cheap has 200,000"):
        await work.session.send(Prompt(HUGE))
    work = Work(None, model=SMALL, available=models[:1])
    with pytest.raises(ContextOverflowError, match="other/free has 200,000"):
        await work.session.send(Prompt(HUGE))


async def test_images_are_counted_and_named() -> None:
    images = tuple(ImageContent("aGk=", "image/png") for _ in range(30))
    work = Work(None, model=SMALL)
    with pytest.raises(ContextOverflowError, match="your message with its 30 images has about 36,"):
        await work.session.send(Prompt("look", images))
    with pytest.raises(ContextOverflowError, match="Attach fewer images"):
        await work.session.send(Prompt("look", images))


async def test_letters_that_take_more_than_a_byte_take_more_of_the_window() -> None:
    work = Work(script([text("fine")]), model=SMALL)
    assert (await work.ask("a" * 60_000)).text == "fine"
    with pytest.raises(ContextOverflowError, match="has about 45,000 tokens"):
        await work.session.send(Prompt("語" * 60_000))


@pytest.mark.parametrize("command", [Steer(HUGE), FollowUp(HUGE), Prompt(HUGE, (), "steer")])
async def test_what_is_queued_is_refused_too(command: Any) -> None:
    work = Work(script([tool("big", {}, id="c")], [text("done")]), model=SMALL)
    work.tool.gate = asyncio.Event()
    run = asyncio.ensure_future(work.ask("go"))
    await work.tool.running.wait()
    with pytest.raises(ContextOverflowError, match="nothing was sent"):
        await work.session.send(command)
    assert not work.session.inbox.waiting
    work.tool.gate.set()
    assert (await run).text == "done"
    assert all(len(prompt) < 100 for context in work.asked for prompt in prompts(context))


async def test_a_window_full_of_tools_still_takes_something() -> None:
    """What the tools take is an estimate: it never makes a short message impossible."""
    tiny = faux_model("tiny", context_window=100, max_output_tokens=50)
    work = Work(script([text("fine")]), model=tiny)
    assert (await work.ask("hi")).text == "fine"


async def test_a_reserve_for_early_compaction_is_no_limit() -> None:
    settings = {"compaction": {"reserveTokens": 150_000}}  # compacts at 50,000 of 200,000
    work = Work(script([text("fine")]), model=LARGE, settings=settings)
    assert (await work.ask(HUGE)).text == "fine"


# -- what came another way -------------------------------------------------------------------------


async def test_what_an_extension_has_written_is_left_out() -> None:
    work = Work(script([text("one")], [text("two")]), model=SMALL)
    await work.ask("hi")
    work.log.append(CustomMessageEntry("notes", HUGE))
    assert (await work.ask("go on")).text == "two"
    (notice,) = work.heard(Notice)
    assert notice.message == (
        "a message of the extension that calls it 'notes' has about 100,000 tokens, and faux/small"
        " has room for about 29,9" + notice.message.partition("room for about 29,9")[2]
    )
    assert notice.message.endswith("it is left out of what the model is told")
    assert prompts(work.asked[-1]) == ["hi", "go on"]
    assert not work.heard(CompactionStart)


async def test_a_run_with_nothing_else_to_say_ends() -> None:
    work = Work(script([text("one")]), model=SMALL)
    await work.ask("hi")
    work.log.append(CustomMessageEntry("notes", HUGE))
    work.session.begin()
    await work.session.settled()
    (notice,) = work.heard(Notice)
    assert notice.level == "error"
    assert len(work.transport.contexts) == 1
    assert not any("w" * 99 in str(message) for message in work.log.state.messages)


async def test_a_message_for_a_larger_model_is_left_out_after_a_change(tmp_path: Path) -> None:
    """It is in the file, and a session that is loaded again leaves it out as well."""
    models = {"small": SMALL, "large": LARGE}
    path = tmp_path / "s.jsonl"
    work = Work(
        script([text("one")], [fail("auth", "no")], [text("two")], [text("three")]),
        model=LARGE,
        log=SessionLog.create(tmp_path, "/project", path=path),
        find=lambda provider, name: models[name],
    )
    await work.ask("hi")
    await work.ask(HUGE)
    work.log.append_model_change("faux", "small")
    assert (await work.ask("and now?")).text == "two"
    assert prompts(work.asked[-1]) == ["hi", "and now?"]
    again = SessionLog.open(path)
    assert HUGE in path.read_text()
    assert not any(HUGE in str(message) for message in again.state.messages)
    assert (await work.ask("still there?")).text == "three"


# -- services that disagree ------------------------------------------------------------------------

OVERFLOW: dict[str, tuple[int, Any]] = {
    "openai-completions": (400, {"error": {"code": "context_length_exceeded", "message": "long"}}),
    "openai-responses": (
        400,
        {"error": {"code": "context_length_exceeded", "message": "exceeds the context window"}},
    ),
    "anthropic-messages": (413, {"type": "error", "error": {"type": "request_too_large"}}),
    "google-generative-ai": (
        400,
        {
            "error": {
                "code": 400,
                "status": "INVALID_ARGUMENT",
                "message": "The input token count (1200000) exceeds the maximum number of tokens",
            }
        },
    ),
    "mistral-conversations": (
        400,
        {"object": "error", "message": "too large for model with 32768 maximum context length"},
    ),
    "bedrock-converse-stream": (400, {"message": "Input is too long for requested model."}),
}


def good(api: str, words: str) -> Reply:
    module = wire(api)
    return Reply(module.write(Said(text=words)), headers={"content-type": module.CONTENT_TYPE})


@pytest.mark.parametrize("api", sorted(OVERFLOW))
async def test_a_first_prompt_that_the_service_finds_too_large(api: str) -> None:
    """Nothing can shrink: one request, no summary, and the next prompt gets by."""
    status, body = OVERFLOW[api]
    sizes: list[int] = []

    def reply(seen: Seen) -> Reply:
        sizes.append(len(seen.body))
        return json_reply(body, status) if len(seen.body) > 100_000 else good(api, "fine")

    async with Server(reply) as server:
        work = Work(None, model=model_for(api, server.url))
        answer = await work.ask("w" * 200_000)
        assert (answer.error_kind, len(sizes)) == ("overflow", 1)
        (end,) = work.heard(CompactionEnd)
        assert "has only about 50,0" in end.error_message
        assert "Set its contextWindow in models.json" in end.error_message
        assert end.error_message.endswith("left out of what the model is told from here on.")
        assert (await work.ask("hi")).text == "fine"
        await work.client.aclose()
    assert len(sizes) == 2
    assert sizes[1] < 10_000


@pytest.mark.parametrize("api", sorted(OVERFLOW))
async def test_after_a_long_conversation_it_costs_no_summary_either(api: str) -> None:
    """The history can shrink, but the message alone is more than the window."""
    status, body = OVERFLOW[api]
    said: list[str] = []

    def reply(seen: Seen) -> Reply:
        said.append("too large" if len(seen.body) > 300_000 else "answer")
        return json_reply(body, status) if said[-1] == "too large" else good(api, "fine")

    async with Server(reply) as server:
        work = Work(None, model=model_for(api, server.url))
        for _ in range(3):
            await work.ask(TALK)
        work.log.append(CustomMessageEntry("notes", "w" * 900_000))
        assert (await work.ask("what now?")).text == "fine"
        await work.client.aclose()
    assert said == ["answer"] * 4
    assert not work.heard(CompactionStart)


async def test_images_that_are_too_many_bytes_for_a_service_are_summarised() -> None:
    """In tokens they are nothing, so the size of the window is not what was learnt."""
    image = ImageContent(base64.b64encode(b"i" * 600_000).decode(), "image/png")
    api = "anthropic-messages"
    said: list[str] = []

    def reply(seen: Seen) -> Reply:
        if b"hand-over notes" in seen.body:
            said.append("summary")
            return good(api, "notes")
        said.append("too large" if len(seen.body) > 2_000_000 else "answer")
        status, body = OVERFLOW[api]
        return json_reply(body, status) if said[-1] == "too large" else good(api, "fine")

    async with Server(reply) as server:
        work = Work(None, model=model_for(api, server.url))
        for index in range(3):
            answer = await work.session.send(Prompt(f"picture {index}", (image,)))
            assert answer.text == "fine"
        assert said == ["answer", "answer", "too large", "summary", "answer"]
        for _ in range(3):
            assert (await work.ask("x" * 40_000)).text == "fine"
        await work.client.aclose()
    assert said.count("summary") == 1, "a window of a few thousand tokens would need more"


async def test_one_message_with_too_many_bytes_of_images_is_named() -> None:
    image = ImageContent(base64.b64encode(b"i" * 900_000).decode(), "image/png")
    api = "anthropic-messages"

    def reply(seen: Seen) -> Reply:
        status, body = OVERFLOW[api]
        large = len(seen.body) > 2_000_000
        return json_reply(body, status) if large else good(api, "fine")

    async with Server(reply) as server:
        work = Work(None, model=model_for(api, server.url))
        await work.ask("hi")
        await work.session.send(Prompt("look", (image, image)))
        (end,) = work.heard(CompactionEnd)
        assert "the images of your message with its 2 images have 2.4 MB" in end.error_message
        assert (await work.ask("then without")).text == "fine"
        await work.client.aclose()
    assert len(server.requests) == 3


async def test_without_compaction_it_is_named_all_the_same() -> None:
    off = {"compaction": {"enabled": False}}
    full = [fail("overflow", "prompt is too long")]
    work = Work(script([tool("big", {"size": 1_000_000}, id="c")], full), model=LARGE, settings=off)
    await work.ask("look")
    (end,) = work.heard(CompactionEnd)
    assert "compaction.enabled is off: a result of the tool big has about 250,000 tokens of" in (
        end.error_message
    )
    assert end.error_message.endswith("/compact makes room.")
    work = Work(script(full), model=LARGE, settings=off)
    await work.ask("x" * 400_000)
    (end,) = work.heard(CompactionEnd)
    assert "only about 100,0" in end.error_message
    assert prompts(Context(work.log.state.messages)) == []


async def test_two_tries_of_a_large_prompt_do_not_add_up() -> None:
    """The first was never answered: of the two only the last has to be sent as it is."""
    work = Work(script([text("hi")], [fail("auth", "no")], [text("fine")]), model=LARGE)
    await work.ask("hello")
    await work.ask("a" * 500_000)
    assert (await work.ask("b" * 500_000)).text == "fine"
    (entry,) = work.compactions
    assert prompts(work.asked[-1])[-1] == "b" * 500_000
    assert not any("a" * 9999 in prompt for prompt in prompts(work.asked[-1]))
    assert entry.tokens_before > 200_000


# -- as programs and people see it -----------------------------------------------------------------


def small_window(home: Path, url: str) -> tuple[str, ...]:
    args = use_service(home, url)
    file = home / ".pi" / "agent" / "models.json"
    config = json.loads(file.read_text())
    config["providers"]["loop"]["models"] = [
        {"id": "m1", "contextWindow": 20_000, "maxTokens": 2000},
        {"id": "wide", "contextWindow": 900_000, "maxTokens": 2000},
    ]
    file.write_text(json.dumps(config))
    return args


async def test_rpc_answers_that_it_was_not_taken(tmp_path: Path) -> None:
    async with serving(tmp_path, [says("fine")]) as (server, pi):
        small_window(tmp_path, server.url)
        for kind in ("prompt", "steer", "follow_up"):
            refused = await pi.ask(kind, message=HUGE)
            assert not refused["success"]
            assert "your message has about 100,000 tokens" in refused["error"]
            assert "loop/wide has 900,000" in refused["error"]
        assert not server.requests
        await pi.prompt("hi")
        state = await pi.data("get_state")
    entries = entries_of(state["sessionFile"])
    assert HUGE not in str(entries)
    assert [e["message"]["role"] for e in entries if "message" in e] == ["user", "assistant"]


@pytest.mark.parametrize("mode", [(), ("--mode", "json")])
def test_one_line_on_standard_error_and_exit_code_1(tmp_path: Path, mode: tuple[str, ...]) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "big.txt").write_text(HUGE)
    with BlockingServer(lambda seen: says("never")) as server:
        args = small_window(tmp_path, server.url)
        done = subprocess.run(
            [sys.executable, "-m", "pi.coding.cli.main", *args, *mode, "-p", "@big.txt", "sum up"],
            input="",
            capture_output=True,
            text=True,
            timeout=30,
            cwd=tmp_path / "project",
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
            check=False,
        )
    assert done.returncode == 1
    assert re.fullmatch(r"Error: your message has about 100,0\d\d tokens, [^\n]*\n", done.stderr)
    assert not server.requests
    assert "agent_start" not in done.stdout
    assert not list((tmp_path / ".pi" / "agent" / "sessions").rglob("*.jsonl"))


async def paste(terminal: VirtualTerminal, text: str) -> None:
    """Paste more than a terminal takes at once."""
    left = f"\x1b[200~{text}\x1b[201~".encode()
    while left:
        try:
            left = left[os.write(terminal.master, left) :]
        except BlockingIOError:
            await asyncio.sleep(0.001)


async def test_on_the_screen_the_text_comes_back_into_the_editor(tmp_path: Path) -> None:
    async with Server([says("An answer.")]) as server:
        args = small_window(tmp_path, server.url)
        async with VirtualTerminal(tmp_path, *args) as terminal:
            await terminal.shows("m1")
            await paste(terminal, f"please read this {HUGE}")
            terminal.type("\r")
            await terminal.shows("your message has about 100,0")
            await terminal.shows("loop/wide has 900,000")
            assert "/compact makes room" not in terminal.text
            assert not server.requests
            terminal.type("\x15\x03short\r")
            await terminal.shows("An answer.")
    assert len(server.requests) == 1
