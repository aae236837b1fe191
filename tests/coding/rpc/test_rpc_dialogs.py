"""Dialogs over the lines of a server: questions out, answers in, nobody waits for ever."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from pi.coding.modes.rpc.lines import LineSplitter
from pi.coding.modes.rpc.server import Server
from support.controller_session import talking
from support.rpc_process import check


class Client:
    """The other end, in this process."""

    def __init__(self) -> None:
        self.lines: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.out: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def read(self) -> AsyncIterator[bytes]:
        while (line := await self.lines.get()) is not None:
            yield line

    def write(self, line: bytes) -> None:
        record = json.loads(line)
        check(record)
        self.out.put_nowait(record)

    def say(self, **record: Any) -> None:
        self.lines.put_nowait(json.dumps(record).encode())

    async def question(self, method: str) -> dict[str, Any]:
        record = await asyncio.wait_for(self.out.get(), 2)
        assert (record["type"], record["method"]) == ("extension_ui_request", method)
        return record


@pytest.fixture
async def ends(tmp_path: Path) -> Any:
    with talking([], tmp_path) as talk:
        client = Client()
        server = asyncio.ensure_future(Server(talk.controller, client.write).serve(client.read()))
        await asyncio.sleep(0)
        yield client, talk.controller.ui
        client.lines.put_nowait(None)
        await asyncio.wait_for(server, 2)


def answer(**fields: Any) -> dict[str, Any]:
    return {"type": "extension_ui_response", **fields}


async def test_a_choice(ends: Any) -> None:
    client, ui = ends
    choosing = asyncio.ensure_future(ui.select("Allow?", ["Yes", "No"], timeout=5))
    request = await client.question("select")
    assert (request["title"], request["options"], request["timeout"]) == (
        "Allow?",
        ["Yes", "No"],
        5000,
    )
    client.say(**answer(id="another", value="No"))
    client.say(**answer(id=request["id"], value="Yes"))
    assert await choosing == "Yes"
    client.say(**answer(id=request["id"], value="No"))  # too late; nobody minds


@pytest.mark.parametrize(
    ("fields", "expected"),
    [({"value": "Maybe"}, None), ({"cancelled": True}, None), ({"confirmed": True}, None)],
)
async def test_no_choice(ends: Any, fields: dict[str, Any], expected: object) -> None:
    client, ui = ends
    choosing = asyncio.ensure_future(ui.select("Allow?", ["Yes", "No"]))
    request = await client.question("select")
    assert "timeout" not in request
    client.say(**answer(id=request["id"], **fields))
    assert await choosing == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"confirmed": True}, True),
        ({"confirmed": False}, False),
        ({"cancelled": True}, False),
        ({"value": "yes"}, False),
    ],
)
async def test_yes_or_no(ends: Any, fields: dict[str, Any], expected: bool) -> None:
    client, ui = ends
    asking = asyncio.ensure_future(ui.confirm("Clear?", "All is lost"))
    request = await client.question("confirm")
    client.say(**answer(id=request["id"], **fields))
    assert await asking is expected


async def test_texts(ends: Any) -> None:
    client, ui = ends
    line = asyncio.ensure_future(ui.input("Name", placeholder="yours"))
    request = await client.question("input")
    assert request["placeholder"] == "yours"
    client.say(**answer(id=request["id"], value=""))
    assert await line == ""
    page = asyncio.ensure_future(ui.editor("Edit", prefill="a\nb"))
    request = await client.question("editor")
    assert request["prefill"] == "a\nb"
    client.say(**answer(id=request["id"], value="c\u2028d"))
    assert await page == "c\u2028d"


async def test_no_answer_in_time(ends: Any) -> None:
    client, ui = ends
    assert await ui.input("Name", timeout=0.02) is None
    assert await ui.confirm("Sure?", "", timeout=0.02) is False
    assert await ui.select("Which?", ["a"], timeout=0.02) is None
    assert client.out.qsize() == 3


async def test_what_is_only_told(ends: Any) -> None:
    client, ui = ends
    ui.notify("careful", "warning")
    ui.set_status("k", "busy")
    ui.set_status("k", None)
    ui.set_widget("w", ["a", "b"], "belowEditor")
    ui.set_widget("w", None)
    ui.set_title("pi")
    ui.set_editor_text("text")
    told = [await client.out.get() for _ in range(7)]
    assert len({record.pop("id") for record in told}) == 7
    for record in told:
        del record["type"]
    assert told == [
        {"method": "notify", "message": "careful", "notifyType": "warning"},
        {"method": "setStatus", "statusKey": "k", "statusText": "busy"},
        {"method": "setStatus", "statusKey": "k"},
        {
            "method": "setWidget",
            "widgetKey": "w",
            "widgetLines": ["a", "b"],
            "widgetPlacement": "belowEditor",
        },
        {"method": "setWidget", "widgetKey": "w", "widgetPlacement": "aboveEditor"},
        {"method": "setTitle", "title": "pi"},
        {"method": "set_editor_text", "text": "text"},
    ]


async def test_an_answer_passes_commands_that_wait(ends: Any) -> None:
    """A command may itself wait for a dialog; its answer stands behind other commands."""
    client, ui = ends
    asking = asyncio.ensure_future(ui.confirm("Sure?", ""))
    request = await client.question("confirm")
    for number in range(200):
        client.say(type="get_state", id=number)
    client.say(**answer(id=request["id"], confirmed=True))
    assert await asyncio.wait_for(asking, 2) is True


async def test_nobody_waits_for_a_client_that_has_left(tmp_path: Path) -> None:
    with talking([], tmp_path) as talk:
        client = Client()
        server = asyncio.ensure_future(Server(talk.controller, client.write).serve(client.read()))
        await asyncio.sleep(0)
        asking = asyncio.ensure_future(talk.controller.ui.input("Name"))
        await client.question("input")
        client.lines.put_nowait(None)
        await asyncio.wait_for(server, 2)
        assert await asking is None
        assert await talk.controller.ui.confirm("Again?", "") is False


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_lines_are_the_same_however_they_are_cut(size: int) -> None:
    data = b"one\r\ntwo\n\nth\xe2\x80\xa8ree\r\r\nlast"
    splitter = LineSplitter()
    lines = [x for i in range(0, len(data), size) for x in splitter.feed(data[i : i + size])]
    assert [*lines, *splitter.close()] == [b"one", b"two", b"", b"th\xe2\x80\xa8ree\r", b"last"]


def test_a_line_that_is_too_long_is_left_out() -> None:
    splitter = LineSplitter(longest=5)
    assert splitter.feed(b"12345\n123") == [b"12345"]
    assert splitter.feed(b"456\n7\n") == [None, b"7"]
    assert splitter.feed(b"1234567890") == []
    assert splitter.close() == [None]


WRONG = {
    "no option": (
        {"value": "Maybe"},
        "'Maybe' is none of the options: 'Yes', 'No'; the dialog counts as cancelled",
    ),
    "another field": (
        {"confirmed": True},
        "a select is answered with `value`; the dialog counts as cancelled",
    ),
    "nothing": ({}, "a select is answered with `value`; the dialog counts as cancelled"),
    "a type": (
        {"value": 5},
        "Expected `str`, got `int`: `value`; the dialog counts as cancelled",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_an_answer_that_makes_no_sense_is_told(ends: Any, wrong: str) -> None:
    client, ui = ends
    fields, words = WRONG[wrong]
    choosing = asyncio.ensure_future(ui.select("Allow?", ["Yes", "No"]))
    request = await client.question("select")
    client.say(**answer(id=request["id"], **fields))
    assert await asyncio.wait_for(choosing, 2) is None
    assert await asyncio.wait_for(client.out.get(), 2) == {
        "type": "response",
        "id": request["id"],
        "command": "extension_ui_response",
        "success": False,
        "error": words,
    }


async def test_other_dialogs_have_their_own_answers(ends: Any) -> None:
    client, ui = ends
    asking = asyncio.ensure_future(ui.confirm("Allow?", "Really?"))
    request = await client.question("confirm")
    client.say(**answer(id=request["id"], value="yes"))
    assert await asyncio.wait_for(asking, 2) is False
    told = await asyncio.wait_for(client.out.get(), 2)
    assert told["error"].startswith("a confirm is answered with `confirmed`; ")
    asking = asyncio.ensure_future(ui.input("Name?"))
    request = await client.question("input")
    client.say(**answer(id=request["id"], confirmed=True))
    assert await asyncio.wait_for(asking, 2) is None
    told = await asyncio.wait_for(client.out.get(), 2)
    assert told["error"].startswith("an input is answered with `value`; ")
