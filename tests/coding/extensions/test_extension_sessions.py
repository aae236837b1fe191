"""Extensions in composed sessions: what they may do, when they hear, what their mistakes cost."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from pi.agent.events import ToolExecutionEnd
from pi.ai.errors import ConfigError
from pi.ai.faux import text, tool
from pi.ai.messages import UserMessage, text_of
from pi.coding.api import commands as c
from pi.coding.api import setup as s
from pi.coding.api.events import EntryAppended, ExtensionError
from support.extended_session import talking


async def test_the_order_of_a_run(tmp_path: Path) -> None:
    source = """
NAMES = "session_start input agent_start turn_start message_start message_end before_agent_start \\
context before_provider_request before_provider_headers after_provider_response turn_end \\
agent_end agent_settled session_shutdown".split()
def extension(pi):
    for name in NAMES:
        def hear(event, context, name=name):
            HEARD.append(name)
        pi.on(name, hear)
"""
    async with talking(tmp_path, [[text("Hi")]], source) as talk:
        await talk.say("Hello")
    assert talk.heard == [
        "session_start",
        "input",
        "agent_start",
        "turn_start",
        "message_start",
        "message_end",
        "before_agent_start",
        "context",
        "before_provider_request",
        "before_provider_headers",
        "after_provider_response",
        "message_start",
        "message_end",
        "turn_end",
        "agent_end",
        "agent_settled",
        "session_shutdown",
    ]


async def test_async_handlers_are_waited_for_before_the_next_request(tmp_path: Path) -> None:
    source = """
def extension(pi):
    @pi.on("turn_end")
    async def slow(event, context):
        await asyncio.sleep(0.05)
        HEARD.append("turn is over")
    @pi.on("context")
    def asks(event, context):
        HEARD.append("asks")
"""
    async with talking(tmp_path, [[tool("read", {"path": "x"})], [text("Done")]], source) as talk:
        await talk.say("Hello")
    assert talk.heard == ["asks", "turn is over", "asks", "turn is over"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("1 / 0", "Not executed: a check failed ("),
        ("import sys; sys.exit(3)", "it called sys.exit"),
        ("raise asyncio.CancelledError", "it raised CancelledError"),
        ("return 3", "Not executed: a check gave an answer that makes no sense"),
        ("return Block('no')", "no"),
        ("return {'path': 3, 'limit': []}", "a check gave invalid arguments for read"),
        ("return {'path': 'other'}", "other"),
    ],
)
async def test_a_guard_fails_closed(answer: str, words: str, tmp_path: Path) -> None:
    source = f"""
def extension(pi):
    @pi.on("tool_call")
    async def guard(event, context):
        {answer}
"""
    async with talking(tmp_path, [[tool("read", {"path": "x"})], [text("Done")]], source) as talk:
        await talk.say("Hello")
        (end,) = talk.told(ToolExecutionEnd)
        assert end.is_error
        told = end.result["content"][0]["text"]
        assert words in told
        errors = talk.told(ExtensionError)
        assert bool(errors) == ("sense" in words or "Not executed: a check failed" in told)
        assert all(error.event == "tool_call" for error in errors)


async def test_mistakes_are_told_and_the_run_goes_on(tmp_path: Path) -> None:
    names = (
        "session_start input before_agent_start context before_provider_request turn_end"
        " before_provider_headers after_provider_response tool_result message_update"
    )
    source = f"""
def extension(pi):
    for name in "{names}".split():
        def wrong(event, context):
            raise ValueError("oh")
        pi.on(name, wrong)
    @pi.on("input")
    def nonsense(event, context):
        return 3
"""
    async with talking(
        tmp_path, [[tool("bash", {"command": "echo hi"})], [text("Done")]], source
    ) as talk:
        answer = await talk.say("Hello")
        assert answer.text == "Done"
        errors = talk.told(ExtensionError)
    assert {error.event for error in errors} == set(names.split())
    own = [error.error for error in errors if "oh" in error.error]
    assert all(error.startswith(f"{talk.folder / 'e0.py'}:8: ValueError: oh") for error in own)
    assert any("int is no answer to input: it may answer" in error.error for error in errors)


STEER = """
def extension(pi):
    async def go(arguments, context):
        await context.add_message("a", "now", deliver="now")
        await context.wait_idle()
        await context.say("said")
        await context.wait_idle()
        await context.add_message("b", "later")
        HEARD.append(context.idle)
    pi.register_command("go", go)
    @pi.on("tool_execution_start")
    async def during(event, context):
        await context.add_message("c", "steered", deliver="steer")
        await context.add_message("d", "at the end", deliver="follow_up")
        await context.add_message("e", "after", deliver="next_turn")
        try:
            await context.wait_idle()
        except ConfigError as error:
            HEARD.append("refused")
"""


async def test_messages_of_extensions(tmp_path: Path) -> None:
    script = [[text("one")], [tool("bash", {"command": "echo hi"})], [text("two")], [text("three")]]
    async with talking(tmp_path, script, STEER) as talk:
        answer = await talk.say("/go")
        assert answer.text == "three"
        messages = talk.composition.controller.log.state.messages
        texts = [text_of(message.content) for message in messages]  # pyright: ignore
        assert [t for t in texts if t] == [
            "now",
            "one",
            "said",
            "hi",
            "steered",
            "two",
            "at the end",
            "three",
            "after",
            "later",
        ]
        assert talk.heard == ["refused", True]
        kinds = [event.entry["customType"] for event in talk.told(EntryAppended)]
        assert kinds == ["a", "c", "d", "e", "b"]


async def test_a_context_ends_with_its_session(tmp_path: Path) -> None:
    source = """
def extension(pi):
    async def again(arguments, context):
        context.append_entry("mine", 1)
        await context.send(commands.NewSession())
        for ask in (lambda: context.model, lambda: context.append_entry("mine", 2)):
            try:
                ask()
            except ConfigError as error:
                HEARD.append(error.message)
        HEARD.append(context.current().entries("mine"))
        context.current().append_entry("mine", 3)
        HEARD.append(context.current().entries("mine"))
    pi.register_command("again", again)
    @pi.on("session_start")
    def start(event, context):
        HEARD.append(event.reason)
    @pi.on("session_shutdown")
    def end(event, context):
        HEARD.append(f"end {event.reason}")
"""
    async with talking(tmp_path, [], source, save=True) as talk:
        await talk.say("/again")
    assert talk.heard[:3] == ["startup", "end new", "new"]
    assert all("a session that is over" in words for words in talk.heard[3:5])
    assert talk.heard[5:] == [(), (3,), "end quit"]


async def test_a_command_that_fails(tmp_path: Path) -> None:
    source = """
def extension(pi):
    async def fails(arguments, context):
        raise KeyError(arguments)
    pi.register_command("fails", fails)
"""
    async with talking(tmp_path, [], source) as talk:
        with pytest.raises(ConfigError, match=r"/fails failed: .*e0\.py:7: KeyError: 'a  b'"):
            await talk.say("/fails  a  b ")
        assert await talk.session.submit(c.Prompt("/fails\nx")) == "handled"
        async with asyncio.timeout(5):
            while not talk.told(ExtensionError):  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        assert talk.told(ExtensionError)[0].event == "/fails"


async def test_a_reload_replaces_an_extension(tmp_path: Path) -> None:
    source = """
def extension(pi):
    pi.register_command("version", lambda arguments, context: HEARD.append("one"))
    pi.register_tool(old_tool)
    @pi.on("session_start")
    def start(event, context):
        HEARD.append(event.reason)
def old_tool() -> str:
    "Old."
    return ""
"""
    async with talking(tmp_path, [[text("Hi")]], source) as talk:
        await talk.say("/version")
        assert "old_tool" in talk.composition.controller.services.tools
        path = talk.folder / "e0.py"
        path.write_text(path.read_text().replace('"one"', '"two"').replace("old_tool", "new_tool"))
        (talk.folder / "broken.py").write_text("1 / 0")
        found = await talk.session.send(s.Reload())
        await talk.say("/version")
        assert talk.heard == ["startup", "one", "reload", "two"]
        assert "new_tool" in talk.composition.controller.services.tools
        assert "old_tool" not in talk.composition.controller.services.tools
        assert [row.name for row in found.extensions] == ["broken", "e0"]
        assert "broken.py:1: ZeroDivisionError" in found.extensions[0].detail
        assert any("broken.py:1" in note for note in found.notes)
        await talk.say("Hello")


async def test_active_tools_belong_to_the_session(tmp_path: Path) -> None:
    source = """
def extension(pi):
    pi.register_command("only", lambda names, context: context.set_active_tools(names.split()))
"""
    seen: list[list[str]] = []

    def script(context: Any) -> Any:
        seen.append([definition.name for definition in context.tools])
        return [text("Hi")]

    async with talking(tmp_path, script, source, save=True) as talk:
        await talk.say("Hello")
        await talk.say("/only grep read")
        await talk.say("Hello")
        path = talk.session.state.session_file
        with pytest.raises(ConfigError, match="unknown tool 'rea'; did you mean read"):
            await talk.say("/only rea")
        await talk.session.send(c.NewSession())
        await talk.say("Hello")
        await talk.session.send(c.SwitchSession(str(path)))
        await talk.say("Hello")
    usual, chosen = ["read", "bash", "edit", "write"], ["grep", "read"]
    assert seen == [usual, chosen, usual, chosen]


async def test_the_system_prompt_of_a_run(tmp_path: Path) -> None:
    source = """
def extension(pi):
    @pi.on("before_agent_start")
    def start(event, context):
        if event.prompt == "special":
            return StartWith(system_prompt=("Only this.",))
"""
    seen: list[tuple[str, ...]] = []

    def script(context: Any) -> Any:
        seen.append(context.system)
        return [text("Hi")]

    async with talking(tmp_path, script, source) as talk:
        await talk.say("special")
        await talk.say("usual")
    assert seen[0] == ("Only this.",)
    assert seen[1] != ("Only this.",)


async def test_a_hook_may_have_the_model_go_on(tmp_path: Path) -> None:
    source = """
class Once(Hooks):
    def __init__(self, context):
        self.context = context
        self.done = False
    async def before_end(self):
        if self.done:
            return False
        self.done = True
        await self.context.add_message("more", "once more", deliver="steer")
        return True
def extension(pi):
    pi.register_hooks(Once)
    pi.register_hooks(lambda context: 3)
"""
    async with talking(tmp_path, [[text("one")], [text("two")]], source) as talk:
        assert (await talk.say("Hello")).text == "two"
        messages = talk.composition.controller.log.state.messages
        assert [text_of(m.content) for m in messages if isinstance(m, UserMessage)] == [
            "Hello",
            "once more",
        ]


async def test_programs(tmp_path: Path) -> None:
    source = """
def extension(pi):
    async def run(arguments, context):
        HEARD.append(await context.exec("sh", "-c", "echo out; echo err >&2; exit 3"))
        for argv, seconds in ((("no-such-program",), None), (("sleep", "9"), 0.05)):
            try:
                await context.exec(*argv, timeout=seconds)
            except ConfigError as error:
                HEARD.append(error.message)
    pi.register_command("run", run)
"""
    async with talking(tmp_path, [], source) as talk:
        await talk.say("/run")
    assert talk.heard[0] == (3, "out\n", "err\n")
    assert talk.heard[1].startswith("no-such-program cannot be run")
    assert talk.heard[2] == "sleep took longer than 0.05 s and was ended"


async def test_a_tool_asks_the_user(tmp_path: Path) -> None:
    source = """
def extension(pi):
    try:
        pi.context
    except ConfigError as error:
        HEARD.append(error.message)
    async def ask(question: str) -> str:
        "Ask."
        pi.context.append_entry("asked", question)
        return str(await pi.context.ui.input(question))
    pi.register_tool(ask)
"""
    script = [[tool("ask", {"question": "why?"})], [text("Done")]]
    async with talking(tmp_path, script, source) as talk:
        await talk.say("Hello")
        assert talk.told(EntryAppended)[0].entry["data"] == "why?"
        assert talk.told(ToolExecutionEnd)[0].result["content"][0]["text"] == "None"
        assert talk.heard[0].startswith("there is no session yet")


async def test_extensions_speak_to_one_another(tmp_path: Path) -> None:
    listens = """
def extension(pi):
    pi.events.on("count", lambda data: HEARD.append(("plain", data)))
    @pi.events.on("count")
    async def later(data):
        HEARD.append(("async", data))
    pi.events.on("count", lambda data: data and 1 / 0)
    pi.events.on("other", lambda data: HEARD.append("never"))
"""
    speaks = """
def extension(pi):
    pi.events.emit("count", 0)
    pi.events.on("count", lambda data: HEARD.append(("own", data)))
    pi.on("input", lambda event, context: pi.events.emit("count", [event.text]))
"""
    async with talking(tmp_path, [[text("Hi")], [text("Hi")]], listens, speaks) as talk:
        # it was said in the thread that loads
        assert [item for item in talk.heard if item[0] != "own"] == [("plain", 0), ("async", 0)]
        talk.heard.clear()
        await talk.say("Hello")
        assert talk.heard == [("plain", ["Hello"]), ("own", ["Hello"]), ("async", ["Hello"])]
        (wrong,) = talk.told(ExtensionError)
        assert "e0.py:10" in wrong.error
        assert "ZeroDivisionError" in wrong.error
        (talk.folder / "e0.py").unlink()
        await talk.session.send(s.Reload())
        talk.heard.clear()
        await talk.say("Again")
        assert talk.heard == [("own", ["Again"])]
