"""Every example of `examples/extensions` does what it says, in a real process."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from support.rpc_process import Record, Rpc
from support.source import SRC

EXAMPLES = SRC.parent / "examples" / "extensions"
OVER_PIPES = {
    "notes.py",
    "careful_sessions.py",
    "own_summary.py",
    "user_shell.py",
    "diary.py",
    "deploy.py",
    "survey.py",
    "careful_write.py",
    "plan_mode.py",
}
OF_THEIR_OWN = {"gateway.py", "own_wire.py", "permission_gate.py"}
"""Those that have a test file of their own name."""

IN_PRINT = {
    "word_count.py",
    "greeting.py",
    "guard.py",
    "redact.py",
    "shorthand.py",
    "today.py",
    "wire_log.py",
    "company.py",
    "stop_early.py",
}


OWN = """
def extension(pi):
    pi.register_command('own', lambda arguments, context: print('printed'))
"""


def pi(home: Path, name: str, *args: str, folder: str = "project") -> "subprocess.CompletedProcess":
    """Run `pi -p` with an example."""
    cwd = home / folder
    cwd.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-m", "pi.coding.cli.main", "--model", "demo"]
        + (["-e", str(EXAMPLES / name)] if name else [])
        + ["-p", *args],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )


def notices(records: list[Record]) -> list[str]:
    """What the user was told."""
    return [record["message"] for record in records if record.get("method") == "notify"]


class Client(Rpc):
    """A client that keeps all that comes, and answers what is asked."""

    def __init__(self, home: Path, name: str, *answers: Any) -> None:
        super().__init__(home, ("--model", "demo", "-e", str(EXAMPLES / name)))
        self.records: list[Record] = []
        self.answers = list(answers)

    async def read(self) -> Record:
        record = await super().read()
        self.records.append(record)
        asked = record.get("method") in ("select", "confirm", "input", "editor")
        if record["type"] == "extension_ui_request" and asked:
            reply = {"type": "extension_ui_response", "id": record["id"], **self.answers.pop(0)}
            await self.write(json.dumps(reply).encode() + b"\n")
        return record

    async def told(self, text: str) -> str:
        """Wait until the user is told something."""
        while not (found := [words for words in notices(self.records) if text in words]):
            await self.read()
        return found[0]


def test_every_example_is_run_here() -> None:
    found = {path.name for path in EXAMPLES.glob("*.py")}
    assert found == OVER_PIPES | IN_PRINT | OF_THEIR_OWN


# -- pi -p -----------------------------------------------------------------------------------------


def test_a_tool_is_offered(tmp_path: Path) -> None:
    log = tmp_path / "log.py"
    log.write_text(
        "def extension(pi):\n"
        "    @pi.on('agent_start')\n"
        "    def start(event, context):\n"
        "        tool = context.tools['word_count']\n"
        "        context.ui.notify(f'{tool.description} {tool.parameters}')\n"
        "        context.ui.notify(' '.join(context.active_tools))\n"
    )
    done = pi(tmp_path, "word_count.py", "-e", str(log), "Show me")
    assert "Count the words of a text file." in done.stderr
    assert "read bash edit write word_count" in done.stderr
    assert done.returncode == 0


def test_options(tmp_path: Path) -> None:
    assert "Hello" not in pi(tmp_path, "greeting.py", "Show me").stderr
    done = pi(tmp_path, "greeting.py", "--greet", "--greet-whom", "Ann", "Show me")
    assert "Hello Ann! (startup)" in done.stderr
    assert done.stdout.startswith("Done")


def test_a_guard_blocks_and_changes(tmp_path: Path) -> None:
    done = pi(tmp_path, "guard.py", "--mode", "json", "Show me")
    ends = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.stdout.count('"tool_execution_end"') == 6
    results = [e["message"] for e in ends if e["type"] == "message_end"]
    assert "pipefail" not in json.dumps(results)  # what the model has said is recorded as it was


def test_results_are_redacted(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "README.md").write_text("password = hunter2\n")
    done = pi(tmp_path, "redact.py", "--mode", "json", "Show me")
    assert "hunter2" not in done.stdout
    assert "password = ***" in done.stdout


def test_input_is_expanded_and_handled(tmp_path: Path) -> None:
    done = pi(tmp_path, "shorthand.py", "--mode", "json", "ping", "? why")
    prompts = [
        event["message"]["content"]
        for event in map(json.loads, done.stdout.splitlines())
        if event["type"] == "message_end" and event["message"]["role"] == "user"
    ]
    assert prompts == ["Answer in one sentence: why"]
    assert "pong" in done.stdout


def test_what_comes_before_a_run(tmp_path: Path) -> None:
    log = tmp_path / "log.py"
    log.write_text(
        "def extension(pi):\n"
        "    @pi.on('before_provider_request')\n"
        "    def log(event, context):\n"
        "        context.ui.notify(repr(event.payload['context']))\n"
    )
    done = pi(tmp_path, "today.py", "-e", str(log), "Show me")
    first = next(line for line in done.stderr.splitlines() if "Show me" in line)
    assert first.index("Show me") < first.index("The build is red")
    assert "Be brief." in first
    last = [line for line in done.stderr.splitlines() if "The build is red" in line][-1]
    assert last.count("(left out)") == 1


def test_the_wire(tmp_path: Path) -> None:
    done = pi(tmp_path, "wire_log.py", "Show me")
    assert "Info: 200 text/event-stream" in done.stderr
    assert int(done.stderr.split(" pieces")[0].rsplit(" ", 1)[1]) > 20


def test_resources_and_trust(tmp_path: Path) -> None:
    done = pi(tmp_path, "company.py", "--mode", "json", "/changes")
    assert "Say in two sentences what has changed." in done.stdout
    for name, trusted in (("company-a", True), ("other", False)):
        own = tmp_path / name / ".pi" / "extensions" / "own.py"
        own.parent.mkdir(parents=True)
        own.write_text(OWN)
        done = pi(tmp_path, "company.py", "/own", folder=name)
        assert done.stdout.startswith("Done") != trusted
        assert ("printed" in done.stderr) == trusted
        assert "printed" not in done.stdout


def test_a_policy(tmp_path: Path) -> None:
    done = pi(tmp_path, "stop_early.py", "--mode", "json", "Show me")
    assert done.stdout.count('"turn_end"') == 3
    assert "three turns are enough" in done.stdout


# -- over pipes ------------------------------------------------------------------------------------


async def test_a_key_and_entries(tmp_path: Path) -> None:
    async with Client(tmp_path, "notes.py", {"value": "buy milk"}) as client:
        shortcuts = await client.data("get_shortcuts")
        assert [row["key"] for row in shortcuts["shortcuts"]] == ["ctrl+alt+n"]
        assert shortcuts["messages"] == ["note"]
        await client.data("run_shortcut", key="Ctrl+Alt+N")
        entry = next(r for r in client.records if r["type"] == "entry_appended")["entry"]
        assert (entry["type"], entry["customType"]) == ("custom", "note")
        drawn = await client.data("render", what="entry", name="note", content=entry["data"])
        assert drawn == {"lines": ["Note: buy milk"]}
        taken = await client.data("prompt", message="/notes")
        assert taken == {"disposition": "handled"}
        assert await client.told("buy milk")
        refused = await client.ask("run_shortcut", key="ctrl+q")
        assert not refused["success"]


async def test_a_command(tmp_path: Path) -> None:
    async with Client(tmp_path, "deploy.py", {"value": "staging"}) as client:
        commands = (await client.data("get_commands"))["commands"]
        found = next(row for row in commands if row["name"] == "deploy")
        assert (found["source"], found["hint"]) == ("extension", "[PLACE]")
        assert found["sourceInfo"]["path"].endswith("deploy.py")
        ways = await client.data("complete_argument", name="deploy", prefix="st")
        assert [way["text"] for way in ways["completions"]] == ["staging"]
        await client.data("prompt", message="/deploy")
        assert await client.told("deployed to staging")
        while not any(r["type"] == "entry_appended" for r in client.records):
            await client.read()
        messages = (await client.data("get_messages"))["messages"]
        assert messages[-1]["content"] == "The user has deployed to staging."


async def test_all_questions(tmp_path: Path) -> None:
    answers = [{"value": "Ann"}, {"value": "red"}, {"value": "Pizza"}, {"value": "Once upon"}]
    async with Client(tmp_path, "survey.py", *answers, {"confirmed": True}) as client:
        await client.data("prompt", message="/survey")
        assert await client.told("Ann, red, p, Once upon, True")
        assert notices(client.records)[0] == "asked: input, select, pick, editor, confirm"


async def test_sessions(tmp_path: Path) -> None:
    async with Client(tmp_path, "careful_sessions.py") as client:
        assert await client.told("session begins: startup")
        git = await asyncio.create_subprocess_exec("git", "init", cwd=tmp_path / "project")
        assert await git.wait() == 0
        await client.prompt("Show me")
        assert await client.data("new_session") == {"cancelled": True}
        assert await client.data("clone") == {"cancelled": True}
        first = (await client.data("get_fork_messages"))["messages"][0]["entryId"]
        forked = await client.data("fork", entryId=first)
        assert forked == {"text": "Show me", "cancelled": False}
        assert await client.told("session begins: fork")
        await client.prompt("Again")
        place = (await client.data("get_fork_messages"))["messages"][0]["entryId"]
        await client.data("navigate_tree", entryId=place, summarize=True)
        assert await client.told("goes on from another entry")
        entries = (await client.data("get_entries"))["entries"]
        assert entries[-1]["summary"] == "The first try led nowhere."
        assert entries[-1]["fromHook"] is True


async def test_a_summary(tmp_path: Path) -> None:
    settings = tmp_path / ".pi" / "agent" / "settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text('{"compaction": {"keepRecentTokens": 1}}')
    async with Client(tmp_path, "own_summary.py") as client:
        await client.prompt("First")
        await client.prompt("Second")
        result = await client.data("compact")
        assert result["summary"].startswith("The user has asked for:\n- First")
        assert await client.told("by an extension: True")


async def test_commands_of_the_user(tmp_path: Path) -> None:
    async with Client(tmp_path, "user_shell.py") as client:
        assert (await client.data("bash", command="weather"))["output"] == "sunny"
        assert "total" in (await client.data("bash", command="ll"))["output"]
        refused = await client.ask("bash", command="sudo ls")
        assert refused["error"] == "not as root"


async def test_a_diary(tmp_path: Path) -> None:
    async with Client(tmp_path, "diary.py") as client:
        await client.data("set_session_name", name="Diary")
        assert await client.told("the session is called Diary")
        await client.prompt("Show me")
        words = await client.told("agent_end 1")
        assert "turn_end 7" in words
        assert "tool_execution_end 6" in words


async def test_a_tool_instead_of_a_built_in_one(tmp_path: Path) -> None:
    async with Client(tmp_path, "careful_write.py") as client:
        events = await client.prompt("Show me")
        ends = [e for e in events if e["type"] == "tool_execution_end" and e["toolName"] == "write"]
        assert ends[0]["result"]["content"][0]["text"] == "wrote pi-demo.py, a new file"
        call = {"path": "a.py", "content": "1\n2\n3\n4"}
        drawn = await client.data("render", what="tool_call", name="write", content=call)
        assert drawn["lines"] == ["a new file: a.py", "1", "2", "3"]
        drawn = await client.data("render", what="tool_result", name="write", content="wrote")
        assert drawn["lines"] == ["yes: wrote"]
        assert await client.data("render", what="tool_call", name="read", content={}) == {
            "lines": None
        }


async def test_a_plan(tmp_path: Path) -> None:
    async with Client(tmp_path, "plan_mode.py") as client:
        await client.data("prompt", message="/plan look around")
        await client.until("agent_settled")
        assert await client.told("planning with read, bash")
        last = (await client.data("get_last_assistant_text"))["text"]
        assert "switched off" in last  # the demonstration has no tool to write with
        await client.data("prompt", message="/do")
        assert await client.told("working with 6 tools")
