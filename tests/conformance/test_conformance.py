"""Every protocol, the same cases, over real sockets.

The table is protocols x cases. A protocol joins it by its writer module (see `said.py`); no case
knows a protocol.
"""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from conformance.said import APIS, PRICE, Call, Said, model_for, wire
from pi.ai.auth.base import Access, header_signer
from pi.ai.client import Client
from pi.ai.events import Done, Error, Event
from pi.ai.messages import (
    AssistantMessage,
    Context,
    ImageContent,
    Message,
    TextContent,
    ThinkingContent,
    ToolCall,
    ToolDefinition,
    ToolResultMessage,
    Usage,
    UserMessage,
)
from pi.ai.model import Model
from pi.ai.options import Options
from support.faults import FAULTS, STREAM_FAULTS
from support.server import STALL, Reply, Server

UNICODE = "Grüße 🌍 👩‍👩‍👧 中文 שלום \u2028 \x7f end"
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
TOOLS = (
    ToolDefinition(
        "read",
        "Read a file.",
        {
            "type": "object",
            "properties": {"path": {"type": "string"}, "limit": {"type": "integer"}},
            "required": ["path"],
        },
    ),
)
PARALLEL = Said(
    text="Both.",
    calls=[
        Call("call_a1B2c3", "read", {"path": "a.txt", "limit": 3}),
        Call(
            "call_d4E5f6", "read", {"path": f"dir/{UNICODE}", "deep": {"x": [1, 2.5, None, True]}}
        ),
    ],
    stop="toolUse",
)
FULL = Said(
    text="The answer is " + UNICODE,
    thinking="Let me think about it.",
    calls=PARALLEL.calls,
    stop="toolUse",
    usage=Usage(100, 40, 30, 20, 190),
)


async def _authorize(model: Model) -> Access:
    return Access(model, header_signer(model, "test-key-123"), secrets=("test-key-123",))


def reply(api: str, said: Said, **changes: Any) -> Reply:
    module = wire(api)
    return Reply(module.write(said), headers={"content-type": module.CONTENT_TYPE}, **changes)


async def run(
    api: str, script: Any, prompt: Any = "hi", options: Options | None = None, **model: Any
) -> tuple[AssistantMessage, list[Event], Server]:
    """One call against a scripted server: the message, the events, the server."""
    async with Server(script) as server, Client(authorize=_authorize) as client:
        events: list[Event] = []
        target = model_for(api, server.url, **model)
        async with client.stream(target, prompt, options or Options(max_retries=0)) as stream:
            async for event in stream:
                events.append(event)
            message = await stream.message()
    assert sum(isinstance(e, Done | Error) for e in events) == 1, "exactly one terminal event"
    assert isinstance(events[-1], Done | Error), "and it is the last"
    return message, events, server


def said_in(message: AssistantMessage) -> Said:
    thinking = "".join(b.thinking for b in message.content if isinstance(b, ThinkingContent))
    calls = [Call(c.id, c.name, c.arguments) for c in message.tool_calls]
    return Said(message.text, thinking, calls, message.stop_reason)


every_api = pytest.mark.parametrize("api", APIS)


@every_api
async def test_an_empty_answer_is_an_answer(api: str) -> None:
    message, _, _ = await run(api, reply(api, Said()))
    assert (message.stop_reason, message.text, message.tool_calls) == ("stop", "", ())


@every_api
@pytest.mark.parametrize("split", [None, 1, 7])
async def test_everything_arrives_whatever_the_packets(api: str, split: int | None) -> None:
    message, _, _ = await run(api, reply(api, FULL, split=split), options=Options(thinking="high"))
    heard = said_in(message)
    assert heard.text == FULL.text
    assert heard.thinking.strip() == FULL.thinking
    assert [c.name for c in heard.calls] == ["read", "read"]
    assert [c.arguments for c in heard.calls] == [c.arguments for c in FULL.calls]
    assert len({c.id for c in heard.calls}) == 2
    assert heard.stop == "toolUse"


@every_api
async def test_gzip(api: str) -> None:
    message, _, server = await run(api, reply(api, FULL, gzip=True))
    assert message.text == FULL.text
    assert "gzip" in server.requests[0].headers["accept-encoding"]


@every_api
async def test_deltas_add_up_to_the_message(api: str) -> None:
    message, events, _ = await run(api, reply(api, FULL))
    for index, block in enumerate(message.content):
        deltas = "".join(
            e.delta for e in events if hasattr(e, "delta") and e.content_index == index
        )
        if isinstance(block, ToolCall):
            assert json.loads(deltas) == block.arguments
        else:
            assert deltas.strip() == (
                block.text if isinstance(block, TextContent) else block.thinking
            )


@every_api
async def test_usage_is_counted_once_and_priced(api: str) -> None:
    message, _, _ = await run(api, reply(api, FULL))
    usage = message.usage
    whole = usage.input + usage.cache_read + usage.cache_write
    assert (usage.output, whole) == (40, 150)
    assert usage.cache_read == 30
    assert usage.total_tokens == 190
    plain = msgspec.structs.replace(usage, cost=type(usage.cost)())
    assert PRICE.of(plain).cost == usage.cost
    assert usage.cost.total > 0


@every_api
async def test_the_output_limit_is_a_stop_reason(api: str) -> None:
    message, _, _ = await run(api, reply(api, Said(text="cut o", stop="length")))
    assert (message.stop_reason, message.text) == ("length", "cut o")


@every_api
async def test_a_key_travels_in_a_header_and_nowhere_else(api: str) -> None:
    _, _, server = await run(api, reply(api, Said(text="x")))
    (seen,) = server.requests
    assert any("test-key-123" in value for value in seen.headers.values())
    assert "test-key-123" not in seen.path
    assert b"test-key-123" not in seen.body


@every_api
async def test_a_stream_cut_anywhere_ends_in_one_error_and_keeps_what_came(api: str) -> None:
    frames = wire(api).write(FULL)
    body = b"".join(frames)
    ends = [sum(map(len, frames[: n + 1])) for n in range(len(frames))]
    for count in sorted({*ends[:-2], *range(1, len(body) - len(frames[-1]), 97)}):
        module = wire(api)
        cut = Reply([body], headers={"content-type": module.CONTENT_TYPE}, cut_at=count)
        message, _, _ = await run(api, cut)
        assert message.stop_reason in ("error", "toolUse")
        assert FULL.text.startswith(message.text)
        if message.stop_reason == "error":
            assert message.error_kind == "transport", message.error_message
        else:  # only the bookkeeping after the last word was missing
            assert said_in(message).calls[-1].arguments == FULL.calls[-1].arguments


@every_api
@pytest.mark.parametrize("fault", sorted(set(STREAM_FAULTS) - {"cut_before_the_end"}))
async def test_a_broken_stream_is_a_transport_error(api: str, fault: str) -> None:
    broken = STREAM_FAULTS[fault](b"".join(wire(api).write(FULL)))
    broken.headers = {"content-type": wire(api).CONTENT_TYPE}
    message, _, _ = await run(api, broken, options=Options(max_retries=0, idle_timeout=0.2))
    assert (message.stop_reason, message.error_kind) == ("error", "transport")


KINDS = {
    "401": "auth",
    "402": "quota",
    "403": "auth",
    "413": "overflow",
    "429": "rate_limit",
    "429_quota": "quota",
    "500": "overloaded",
    "500_empty": "overloaded",
    "503": "overloaded",
    "529": "overloaded",
    "502_html": "overloaded",
    "200_html": "config",
    "200_empty": "transport",
    "reset_before_head": "transport",
    "closed_before_head": "transport",
    "no_http": "transport",
}


@every_api
@pytest.mark.parametrize("fault", KINDS)
async def test_a_refusal_has_its_kind(api: str, fault: str) -> None:
    message, _, _ = await run(api, FAULTS[fault])
    assert message.stop_reason == "error"
    assert message.error_kind == KINDS[fault], message.error_message
    assert message.error_message
    assert "\n" not in message.error_message.strip()[:80]


@every_api
async def test_silence_is_a_timeout(api: str) -> None:
    options = Options(max_retries=0, timeout=0.2)
    message, _, _ = await run(api, FAULTS["silence"], options=options)
    assert (message.stop_reason, message.error_kind) == ("error", "transport")


@every_api
async def test_a_refused_request_is_sent_again_when_the_service_says_so(api: str) -> None:
    busy = msgspec.json.decode(b'{"error": {"message": "busy", "type": "rate_limit_error"}}')
    first = Reply(
        json.dumps(busy).encode(), 429, {"content-type": "application/json", "retry-after-ms": "5"}
    )
    notices: list[Any] = []
    options = Options(max_retries=2, on_retry=notices.append)
    message, _, server = await run(api, [first, reply(api, Said(text="ok"))], options=options)
    assert message.text == "ok"
    assert len(server.requests) == 2
    assert [(n.attempt, n.delay) for n in notices] == [(1, 0.005)]


@every_api
async def test_abort_keeps_what_came_and_closes_the_socket(api: str) -> None:
    module = wire(api)
    frames = module.write(Said(text="first words and more"))
    script = Reply([*frames[:-4], STALL], headers={"content-type": module.CONTENT_TYPE})
    async with (
        Server(script) as server,
        Client(authorize=_authorize) as client,
        client.stream(model_for(api, server.url), "hi") as stream,
    ):
        terminal: Event | None = None
        async for event in stream:
            terminal = event
            if "first" in stream.partial.text:
                asyncio.get_running_loop().call_soon(stream.abort)
        await server.wait_hang_up(0.5)
    assert isinstance(terminal, Error)
    assert terminal.reason == "aborted"
    assert stream.partial.stop_reason == "aborted"
    assert stream.partial.text.startswith("first")


@every_api
async def test_cancelling_the_task_closes_the_socket(api: str) -> None:
    module = wire(api)
    frames = module.write(Said(text="first words and more"))
    script = Reply([*frames[:-4], STALL], headers={"content-type": module.CONTENT_TYPE})
    async with Server(script) as server, Client(authorize=_authorize) as client:
        stream = client.stream(model_for(api, server.url), "hi")

        arrived = asyncio.Event()

        async def read() -> None:
            async with stream:
                async for _ in stream:
                    if "first" in stream.partial.text:
                        arrived.set()

        task = asyncio.ensure_future(read())
        await asyncio.wait_for(arrived.wait(), 2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.wait_hang_up(0.5)
    assert stream.partial.stop_reason == "aborted"


def history(model: Model, said: Said, results: Sequence[Message] = ()) -> tuple[Message, ...]:
    """A turn that `model` has answered with `said`."""
    content: list[Any] = []
    if said.thinking:
        content.append(ThinkingContent(said.thinking, "c2lnbmVk"))
    if said.text:
        content.append(TextContent(said.text))
    content += [ToolCall(c.id, c.name, c.arguments) for c in said.calls]
    answer = AssistantMessage(
        tuple(content),
        model.api,
        model.provider,
        model.id,
        Usage(),
        said.stop,
        2,  # type: ignore[arg-type]
    )
    return (UserMessage("go", 1), answer, *results)


def result(call: Call, *content: Any) -> ToolResultMessage:
    return ToolResultMessage(call.id, call.name, content or (TextContent("fine"),), timestamp=3)


async def request_for(api: str, messages: tuple[Message, ...], **model: Any) -> Any:
    context = Context(messages, ("Be brief.",), TOOLS)
    message, _, server = await run(api, reply(api, Said(text="ok")), context, **model)
    assert message.text == "ok"
    return server.requests[0].json


@every_api
async def test_an_orphan_call_is_answered_before_it_is_replayed(api: str) -> None:
    model = model_for(api)
    messages = (*history(model, PARALLEL, [result(PARALLEL.calls[0])]), UserMessage("go on", 4))
    body = json.dumps(await request_for(api, messages))
    assert body.count("fine") == 1
    for call in PARALLEL.calls:
        assert body.count(call.id) == 2, "once as a call, once as its result"


@every_api
async def test_images_reach_models_that_see_and_only_those(api: str) -> None:
    image = ImageContent(PIXEL, "image/png")
    call = Call("call_a1B2c3", "read", {"path": "x.png"})
    messages = (
        UserMessage((TextContent("look"), image), 1),
        *history(model_for(api), Said(calls=[call], stop="toolUse"), [result(call, image)])[1:],
    )
    assert json.dumps(await request_for(api, messages)).count(PIXEL) == 2
    assert PIXEL not in json.dumps(await request_for(api, messages, input=("text",)))


@every_api
@pytest.mark.parametrize("origin", APIS)
async def test_a_conversation_moves_here_from_every_wire(api: str, origin: str) -> None:
    before = model_for(origin)
    results = [result(call) for call in FULL.calls]
    messages = (*history(before, FULL, results), UserMessage("and now?", 5))
    copy = msgspec.json.encode(messages)
    body = json.dumps(await request_for(api, messages), ensure_ascii=False)
    assert msgspec.json.encode(messages) == copy, "the stored conversation is not changed"
    assert FULL.text in json.loads(json.dumps(body))
    assert "and now?" in body
    assert body.count("fine") == 2
    if api != origin:
        assert FULL.thinking not in body, "foreign thinking is left out"
        assert "c2lnbmVk" not in body, "foreign signatures are left out"


@every_api
async def test_lone_surrogates_never_reach_the_wire(api: str) -> None:
    body = await request_for(api, (UserMessage("bad \ud83d half, good 😀", 1),))
    assert "bad  half, good 😀" in json.dumps(body, ensure_ascii=False)
