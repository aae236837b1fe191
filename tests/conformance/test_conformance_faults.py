"""Every protocol against all that goes wrong between it and its service, over real sockets."""

import asyncio
import time
from typing import Any

import pytest

from conformance.said import APIS, Call, Said, model_for, wire
from conformance.test_conformance import TOOLS, reply, run, said_in
from pi.ai.auth.base import Access, header_signer
from pi.ai.client import Client
from pi.ai.messages import Context, UserMessage
from pi.ai.model import Model
from pi.ai.options import Options, Retry
from support.faults import FAULTS
from support.server import RESET, Reply, Seen, Server

SMALL = Said(text="Hi ß", calls=[Call("c1B2c3D4e", "read", {"a": 1})], stop="toolUse")
CONTEXT = Context((UserMessage("hi", 1),), (), TOOLS)

every_api = pytest.mark.parametrize("api", APIS)


async def _authorize(model: Model) -> Access:
    return Access(model, header_signer(model, "test-key-123"))


@every_api
async def test_cut_at_every_byte(api: str) -> None:
    """The answer is whole, or one transport error with what came before it."""
    module = wire(api)
    body = b"".join(module.write(SMALL))
    cuts = iter(range(len(body)))
    whole = 0

    def script(_: Seen) -> Reply:
        headers = {"content-type": module.CONTENT_TYPE}
        return Reply([body], headers=headers, cut_at=next(cuts))

    async with Server(script) as server, Client(authorize=_authorize) as client:
        model = model_for(api, server.url)
        for at in range(len(body)):
            async with client.stream(model, CONTEXT, Options(max_retries=0)) as stream:
                ends = [event async for event in stream if event.__class__.__name__ in _ENDS]
                message = await stream.message()
            assert len(ends) == 1, at
            assert SMALL.text.startswith(message.text), at
            if message.stop_reason == "error":
                assert message.error_kind == "transport", (at, message.error_message)
                assert not whole, f"cut at {at} of {len(body)}, but the answer was whole before"
            else:
                assert said_in(message).calls[0].arguments == {"a": 1}, at
                assert (message.stop_reason, message.text) == ("toolUse", SMALL.text), at
                whole += 1
    assert whole < len(body) / 3, "only bookkeeping may be missing"


_ENDS = {"Done", "Error"}


@every_api
@pytest.mark.parametrize("fault", ["reset", "cut"])
async def test_nothing_is_sent_again_after_the_first_word(api: str, fault: str) -> None:
    module = wire(api)
    body = b"".join(module.write(SMALL))
    words = body.index(b"Hi") + 120 if b"Hi" in body else len(body) // 2
    broken = Reply([body], headers={"content-type": module.CONTENT_TYPE})
    setattr(broken, "reset_at" if fault == "reset" else "cut_at", words)
    notices: list[Retry] = []
    options = Options(max_retries=2, on_retry=notices.append)
    message, _, server = await run(api, broken, options=options)
    assert (message.stop_reason, message.error_kind) == ("error", "transport")
    assert (len(server.requests), notices) == (1, [])


TOMORROW = Reply(
    FAULTS["429"].body,
    429,
    {
        "content-type": "application/json",
        "date": "Mon, 31 Dec 2029 23:00:00 GMT",
        "retry-after": "Tue, 01 Jan 2030 23:00:00 GMT",
    },
)


# -- being asked to wait ---------------------------------------------------------------------------


async def refused(api: str, answer: Reply, **options: Any) -> tuple[Any, list[Retry], int]:
    """What a call makes of an answer, and what it would do next; it is stopped before its wait."""
    notices: list[Retry] = []
    async with Server(answer) as server, Client(authorize=_authorize) as client:

        def stop(notice: Retry) -> None:
            notices.append(notice)
            stream.abort()

        stream = client.stream(
            model_for(api, server.url), CONTEXT, Options(on_retry=stop, **options)
        )
        async with stream:
            message = await stream.message()
        return message, notices, len(server.requests)


@every_api
@pytest.mark.parametrize(
    ("fault", "delay"),
    [
        ("429", None),
        ("429_seconds", 7.0),
        ("429_ms", 1.5),
        ("500", None),
        ("503", None),
        ("529", None),
    ],
)
async def test_a_retry_is_shown_before_its_wait(api: str, fault: str, delay: float | None) -> None:
    _, notices, requests = await refused(api, FAULTS[fault])
    (notice,) = notices
    assert (notice.attempt, notice.max_attempts, requests) == (1, 2, 1)
    assert notice.kind == ("rate_limit" if fault.startswith("429") else "overloaded")
    assert notice.message
    if delay is None:
        assert 0.3 <= notice.delay <= 0.5, "the first wait that nobody asked for"
    else:
        assert notice.delay == delay


@every_api
async def test_a_wait_that_is_too_long_is_an_error_at_once(api: str) -> None:
    message, notices, requests = await refused(api, TOMORROW)
    assert (message.stop_reason, message.error_kind, requests) == ("error", "rate_limit", 1)
    assert (message.retry_after, notices) == (86_400, [])
    _, notices, _ = await refused(api, FAULTS["429_seconds"], max_retry_delay=5)
    assert notices == []
    _, notices, _ = await refused(api, TOMORROW, max_retry_delay=0)
    assert [notice.delay for notice in notices] == [86_400], "0 is no limit"


@every_api
async def test_the_wait_is_kept(api: str) -> None:
    busy = FAULTS["429"]
    busy = Reply(busy.body, 429, {**busy.headers, "retry-after-ms": "60"})
    start = time.monotonic()
    message, _, server = await run(api, [busy, busy, reply(api, SMALL)], CONTEXT, Options())
    assert message.stop_reason == "toolUse"
    assert len(server.requests) == 3
    assert time.monotonic() - start >= 0.12
    assert len({request.body for request in server.requests}) == 1, "the same request"


@every_api
@pytest.mark.parametrize("fault", ["400", "401", "402", "403", "404", "413", "429_quota"])
async def test_what_waiting_cannot_cure_is_not_tried_again(api: str, fault: str) -> None:
    message, notices, requests = await refused(api, FAULTS[fault])
    assert (message.stop_reason, requests, notices) == ("error", 1, [])


@every_api
@pytest.mark.parametrize("fault", ["reset_before_head", "closed_before_head"])
async def test_a_connection_that_breaks_before_the_answer_is_made_again(
    api: str, fault: str
) -> None:
    _, notices, _ = await refused(api, FAULTS[fault])
    assert [notice.kind for notice in notices] == ["transport"]


@every_api
async def test_a_retry_can_be_stopped_while_it_waits(api: str) -> None:
    async with Server(FAULTS["429_seconds"]) as server, Client(authorize=_authorize) as client:
        options = Options(on_retry=lambda _: loop.call_later(0.02, stream.abort))
        loop = asyncio.get_running_loop()
        stream = client.stream(model_for(api, server.url), CONTEXT, options)
        start = time.monotonic()
        async with stream:
            message = await stream.message()
    assert (message.stop_reason, message.error_kind) == ("aborted", "aborted")
    assert time.monotonic() - start < 1


# -- connections -----------------------------------------------------------------------------------


@every_api
async def test_calls_of_one_client_share_a_connection(api: str) -> None:
    async with Server(reply(api, SMALL)) as server, Client(authorize=_authorize) as client:
        for _ in range(3):
            message = await client.complete(model_for(api, server.url), CONTEXT)
            assert message.stop_reason == "toolUse"
        assert [request.connection for request in server.requests] == [0, 0, 0]


@every_api
async def test_a_connection_that_died_while_idle_is_no_error(api: str) -> None:
    """The service closes it between two calls, or resets it when the next request comes."""
    dead = Reply([RESET], raw=b"")

    def script(seen: Seen) -> Reply:
        return dead if seen.connection == 0 and len(server.requests) > 1 else reply(api, SMALL)

    async with Server(script) as server, Client(authorize=_authorize) as client:
        model = model_for(api, server.url)
        for _ in range(2):
            message = await client.complete(model, CONTEXT, Options(max_retries=0))
            assert message.stop_reason == "toolUse"
        assert [request.connection for request in server.requests] == [0, 0, 1]


@every_api
@pytest.mark.parametrize("split", [1, 3])
async def test_gzip_in_small_pieces(api: str, split: int) -> None:
    message, _, _ = await run(api, reply(api, SMALL, gzip=True, split=split), CONTEXT)
    assert said_in(message).text == SMALL.text
    assert said_in(message).calls[0].arguments == {"a": 1}
