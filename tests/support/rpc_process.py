"""A real `pi --mode rpc` process for tests, and a scripted service for its model.

Every line that comes out is validated against the schema that ships with the package.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, Self

from jsonschema import Draft202012Validator

import pi.coding.api
from support.replies import Script
from support.server import Reply, Server, sse

Record = dict[str, Any]
SCHEMA = Path(pi.coding.api.__file__).with_name("schema.json")


@cache
def schema() -> Record:
    """The schema as it ships."""
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


@cache
def validator(name: str) -> Draft202012Validator:
    """Checks against one definition."""
    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": schema()["$defs"]})


@cache
def _names(group: str) -> dict[str, str]:
    """Definitions of a group by the tag of their type."""
    found = {}
    for item in schema()["$defs"][group]["anyOf"]:
        name = item["$ref"].rpartition("/")[2]
        properties = schema()["$defs"][name]["properties"]
        tag = properties["method" if group == "UiRequest" else "type"]
        found[tag["enum"][0]] = name
    return found


def definition(record: Record) -> str:
    """The definition that a line of output has to fulfil."""
    if record.get("type") == "response":
        if not record["success"]:
            return "FailedResponse"
        words = record["command"].split("_")
        name = "".join(word.capitalize() for word in words)
        return {"SetSessionName": "SetName"}.get(name, name) + "Response"
    if record.get("type") == "extension_ui_request":
        return _names("UiRequest")[record["method"]]
    return _names("Event")[record["type"]]


def check(record: Record) -> None:
    """Raise if a line of output is not as the schema says."""
    validator(definition(record)).validate(record)


class Rpc:
    """A process. `events` are those that came so far, `ask` gives the response to a command."""

    def __init__(self, home: Path, args: Sequence[str] = ("--model", "demo")) -> None:
        self.home = home
        self.args = args
        self.events: list[Record] = []
        self._count = 0

    async def __aenter__(self) -> Self:
        project = self.home / "project"
        project.mkdir(parents=True, exist_ok=True)
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "pi.coding.cli.main",
            "--mode",
            "rpc",
            *self.args,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=project,
            env={"PATH": os.environ["PATH"], "HOME": str(self.home)},
            limit=1 << 26,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.communicate()

    async def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        await self.process.stdin.drain()

    async def send(self, kind: str, **fields: Any) -> str:
        """Send a command; gives its id."""
        self._count += 1
        command_id = f"t{self._count}"
        record = {"id": command_id, "type": kind, **fields}
        await self.write(json.dumps(record).encode() + b"\n")
        return command_id

    async def read(self) -> Record:
        """The next line, which has to be as the schema says."""
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), 10)
        assert line, (await self.process.stderr.read()).decode()  # type: ignore[union-attr]
        record = json.loads(line)
        check(record)
        if record["type"] not in ("response", "extension_ui_request"):
            self.events.append(record)
        return record

    async def ask(self, kind: str, **fields: Any) -> Record:
        """Send a command and give its response."""
        command_id = await self.send(kind, **fields)
        while True:
            record = await self.read()
            if record["type"] == "response" and record.get("id") == command_id:
                return record

    async def data(self, kind: str, **fields: Any) -> Any:
        """Send a command and give the data of its response."""
        response = await self.ask(kind, **fields)
        assert response["success"], response
        return response.get("data")

    async def until(self, wanted: str | Callable[[Record], bool]) -> Record:
        """Read on until an event of that type, or one that is wanted."""
        while True:
            record = await self.read()
            if record["type"] == wanted if isinstance(wanted, str) else wanted(record):
                return record

    async def prompt(self, message: str, **fields: Any) -> list[Record]:
        """Have a prompt answered; gives the events until all is settled."""
        start = len(self.events)
        await self.data("prompt", message=message, **fields)
        if not any(event["type"] == "agent_settled" for event in self.events[start:]):
            await self.until("agent_settled")
        return self.events[start:]

    async def end(self) -> int:
        """End the input and wait; gives the exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        await asyncio.wait_for(self.process.communicate(), 10)
        assert self.process.returncode is not None
        return self.process.returncode


# -- a model ---------------------------------------------------------------------------------------

USAGE = {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13}


def chunk(delta: Record, finish: str | None = None, usage: Record | None = None) -> bytes:
    """One event of a streamed answer."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    event = {"id": "c1", "object": "chat.completion.chunk", "model": "m1", "choices": [choice]}
    return sse([event | ({"usage": usage} if usage else {})])


END = chunk({}, "stop", USAGE) + sse(["[DONE]"])


def says(*texts: str) -> Reply:
    """An answer of text."""
    return Reply([*(chunk({"content": text}) for text in texts), END])


def calls(name: str, **arguments: Any) -> Reply:
    """An answer that calls a tool."""
    function = {"name": name, "arguments": json.dumps(arguments)}
    call = {"index": 0, "id": "call_1", "type": "function", "function": function}
    end = chunk({}, "tool_calls", USAGE) + sse(["[DONE]"])
    return Reply([chunk({"tool_calls": [call]}), end])


@asynccontextmanager
async def serving(home: Path, script: Script, *args: str) -> AsyncIterator[tuple[Server, Rpc]]:
    """A scripted service and a process that talks to it."""
    async with Server(script) as server, Rpc(home, (*use_service(home, server.url), *args)) as pi:
        yield server, pi


def entries_of(path: Path | str) -> list[Record]:
    """The lines of a session file after the first."""
    return [json.loads(line) for line in Path(path).read_text().splitlines()[1:]]


def header_of(path: Path | str) -> Record:
    """The first line of a session file."""
    return json.loads(Path(path).read_text().splitlines()[0])


def use_service(home: Path, url: str) -> tuple[str, ...]:
    """Have the home know the service at `url`; gives the arguments that choose its model."""
    agent = home / ".pi" / "agent"
    agent.mkdir(parents=True, exist_ok=True)
    models = [{"id": "m1"}, {"id": "m2", "reasoning": True}]
    service = {"baseUrl": f"{url}/v1", "api": "openai-completions", "apiKey": "test-key"}
    config = {"providers": {"loop": {**service, "models": models}}}
    (agent / "models.json").write_text(json.dumps(config))
    return ("--model", "loop/m1")
