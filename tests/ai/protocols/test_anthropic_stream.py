"""Answers of the Messages API, compared with what the official SDK makes of the same bytes."""

import json
from typing import Any

import anthropic
import msgspec
import pytest

from pi.ai.events import Event, Fold, TextDelta, ToolCallDelta
from pi.ai.messages import (
    AssistantMessage,
    Context,
    Cost,
    TextContent,
    ThinkingContent,
    ToolCall,
    ToolDefinition,
    Usage,
)
from pi.ai.model import Model, Price
from pi.ai.options import Options
from pi.ai.protocols.anthropic_messages import AnthropicCompat, AnthropicMessages
from pi.ai.request import Frame
from pi.ai.wire.sse import SseParser
from support.server import Reply, Server, sse

MODEL = Model(
    id="claude-x",
    name="Claude X",
    provider="p",
    api="anthropic-messages",
    base_url="http://localhost",
    cost=Price(3.0, 15.0, 0.3, 3.75),
)


def start(**message: Any) -> dict[str, Any]:
    usage = {"input_tokens": 10, "output_tokens": 1}
    blank: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }
    return {"type": "message_start", "message": blank | message}


def block(index: int, kind: str, **content: Any) -> dict[str, Any]:
    return {
        "type": "content_block_start",
        "index": index,
        "content_block": {"type": kind, **content},
    }


def delta(index: int, kind: str, text: str) -> dict[str, Any]:
    field = {"input_json_delta": "partial_json"}.get(kind, kind.removesuffix("_delta"))
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, field: text}}


def stop(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def end(reason: str | None = "end_turn", usage: Any = None, **more: Any) -> list[dict[str, Any]]:
    change = {"type": "message_delta", "delta": {"stop_reason": reason, **more}, "usage": usage}
    return [change, {"type": "message_stop"}]


COUNTED = {"output_tokens": 42}
TEXT = [
    start(),
    block(0, "text", text=""),
    {"type": "ping"},
    delta(0, "text_delta", "Hel"),
    delta(0, "text_delta", "lo 🌍"),
    stop(0),
    *end(usage=COUNTED),
]
EVERYTHING = [
    start(
        usage={
            "input_tokens": 100,
            "output_tokens": 3,
            "cache_read_input_tokens": 20,
            "cache_creation_input_tokens": 30,
            "cache_creation": {"ephemeral_5m_input_tokens": 18, "ephemeral_1h_input_tokens": 12},
        }
    ),
    block(0, "thinking", thinking="", signature=""),
    delta(0, "thinking_delta", "Let me "),
    delta(0, "thinking_delta", "think"),
    delta(0, "signature_delta", "c2ln"),
    stop(0),
    block(1, "redacted_thinking", data="b3BhcXVl"),
    stop(1),
    block(2, "text", text="Start ", citations=None),
    delta(2, "text_delta", "middle \u2028 end"),
    stop(2),
    block(3, "tool_use", id="toolu_1", name="read", input={}),
    block(4, "tool_use", id="toolu_2", name="grep", input={}),
    delta(3, "input_json_delta", ""),
    delta(4, "input_json_delta", '{"q": "é'),
    delta(3, "input_json_delta", '{"path": "a'),
    delta(4, "input_json_delta", '\\n"}'),
    delta(3, "input_json_delta", '.txt", "deep": [1, {"x": null}]}'),
    stop(4),
    stop(3),
    block(5, "tool_use", id="toolu_3", name="now", input={}),
    stop(5),
    *end(
        "tool_use",
        {
            "output_tokens": 50,
            "input_tokens": None,
            "cache_read_input_tokens": 21,
            "output_tokens_details": {"thinking_tokens": 7},
        },
    ),
]


def framed(events: list[dict[str, Any]]) -> bytes:
    return sse([(event["type"], event) for event in events])


def decoder(names: tuple[str, ...] = (), **compat: Any) -> Any:
    model = msgspec.structs.replace(MODEL, compat=AnthropicCompat(**compat))
    tools = tuple(ToolDefinition(name, "", {}) for name in names)
    return AnthropicMessages().decoder(model, Options(), Context(tools=tools))


def heard(body: bytes, split: int = 0, reader: Any = None) -> tuple[AssistantMessage, list[Event]]:
    """The message and the events of a body that comes in pieces of `split` bytes."""
    parser, reader = SseParser(), reader or decoder()
    pieces = [body[i : i + split] for i in range(0, len(body), split)] if split else [body]
    frames = [frame for piece in pieces for frame in parser.feed(piece)] + parser.close()
    events = [event for frame in frames for event in reader.feed(frame)] + reader.close()
    fold = Fold()
    for event in events:
        fold.add(event)
    assert [type(e).__name__ for e in events if type(e).__name__ in ("Done", "Error")] == [
        type(events[-1]).__name__
    ]
    return fold.message(), events


def said(*events: dict[str, Any], **more: Any) -> AssistantMessage:
    return heard(framed(list(events)), **more)[0]


# -- the official SDK as a witness ----------------------------------------------------------------


async def sdk_hears(body: bytes) -> anthropic.types.Message:
    async with (
        Server(Reply([body])) as server,
        anthropic.AsyncAnthropic(base_url=server.url, api_key="test-key", max_retries=0) as client,
        client.messages.stream(
            model="claude-x", max_tokens=9, messages=[{"role": "user", "content": "hi"}]
        ) as stream,
    ):
        return await stream.get_final_message()


def as_ours(block: Any) -> Any:
    match block.type:
        case "text":
            return TextContent(block.text)
        case "thinking":
            return ThinkingContent(block.thinking, block.signature or None)
        case "redacted_thinking":
            return ThinkingContent("", block.data, redacted=True)
        case "tool_use":
            return ToolCall(block.id, block.name, block.input)
        case _:
            return None


SERVER_TOOLS = [
    start(),
    block(0, "server_tool_use", id="srvtoolu_1", name="web_search", input={}),
    delta(0, "input_json_delta", '{"query": "x"}'),
    stop(0),
    block(1, "web_search_tool_result", tool_use_id="srvtoolu_1", content=[]),
    stop(1),
    block(2, "text", text=""),
    delta(2, "text_delta", "found"),
    {
        "type": "content_block_delta",
        "index": 2,
        "delta": {
            "type": "citations_delta",
            "citation": {
                "type": "char_location",
                "cited_text": "x",
                "document_index": 0,
                "document_title": None,
                "file_id": None,
                "start_char_index": 0,
                "end_char_index": 1,
            },
        },
    },
    stop(2),
    *end("pause_turn", {"output_tokens": 9, "input_tokens": 77}),
]


@pytest.mark.parametrize("split", [0, 1, 7])
@pytest.mark.parametrize(
    "events", [TEXT, EVERYTHING, SERVER_TOOLS], ids=["text", "everything", "server_tools"]
)
async def test_the_sdk_hears_the_same(events: list[dict[str, Any]], split: int) -> None:
    body = framed(events)
    theirs = await sdk_hears(body)
    ours, _ = heard(body, split)
    expected = [content for content in map(as_ours, theirs.content) if content is not None]
    assert list(ours.content) == expected
    usage = theirs.usage
    assert (ours.response_id, ours.usage.input, ours.usage.output) == (
        theirs.id,
        usage.input_tokens,
        usage.output_tokens,
    )
    assert ours.usage.cache_read == (usage.cache_read_input_tokens or 0)
    assert ours.usage.cache_write == (usage.cache_creation_input_tokens or 0)


# -- content -------------------------------------------------------------------------------------


def test_deltas_and_ends_agree() -> None:
    message, events = heard(framed(EVERYTHING))
    for index, content in enumerate(message.content):
        deltas = "".join(getattr(e, "delta", "") for e in events if _index(e) == index)
        ends = [e for e in events if _index(e) == index and type(e).__name__.endswith("End")]
        assert len(ends) == 1
        if isinstance(content, ToolCall):
            assert json.loads(deltas or "{}") == content.arguments
        else:
            assert deltas == (
                content.text if isinstance(content, TextContent) else content.thinking
            )


def _index(event: Event) -> int | None:
    return getattr(event, "content_index", None)


def test_what_the_start_of_a_block_says_is_kept() -> None:
    message = said(
        start(),
        block(0, "thinking", thinking="all", signature="sig"),
        stop(0),
        block(1, "text", text="whole"),
        stop(1),
        block(2, "tool_use", id="t1", name="read", input={"path": "x", "n": [1]}),
        stop(2),
        block(3, "tool_use", id="t2", name="read", input={"path": "from the start"}),
        delta(3, "input_json_delta", '{"path": "from the deltas"}'),
        *end("tool_use", COUNTED),
    )
    assert message.content == (
        ThinkingContent("all", "sig"),
        TextContent("whole"),
        ToolCall("t1", "read", {"path": "x", "n": [1]}),
        ToolCall("t2", "read", {"path": "from the deltas"}),
    )


def test_a_message_that_begins_with_its_content() -> None:
    call = {"type": "tool_use", "id": "t1", "name": "read", "input": {"path": "x"}}
    message = said(start(content=[call], stop_reason="tool_use"), {"type": "message_stop"})
    assert message.content == (ToolCall("t1", "read", {"path": "x"}),)
    assert message.stop_reason == "toolUse"


def test_blocks_that_are_not_ended_end_with_the_message() -> None:
    message = said(
        start(),
        block(0, "text", text=""),
        delta(0, "text_delta", "a"),
        block(1, "tool_use", id="t", name="read", input={"path": "x"}),
        *end("tool_use"),
    )
    assert message.content == (TextContent("a"), ToolCall("t", "read", {"path": "x"}))


def test_a_block_that_begins_at_the_place_of_another() -> None:
    message = said(
        start(),
        block(0, "text", text="a"),
        block(0, "text", text="b"),
        delta(0, "text_delta", "c"),
        *end(),
    )
    assert message.content == (TextContent("a"), TextContent("bc"))


def test_deltas_of_a_block_that_was_not_announced() -> None:
    message = said(start(), delta(0, "thinking_delta", "hm"), delta(1, "text_delta", "a"), *end())
    assert message.content == (ThinkingContent("hm"), TextContent("a"))
    lost = said(start(), delta(0, "input_json_delta", "{}"), *end())
    assert (lost.error_kind, lost.stop_reason) == ("protocol", "error")


def test_a_signature_in_pieces() -> None:
    message = said(
        start(),
        block(0, "thinking", thinking=""),
        delta(0, "signature_delta", "c2"),
        delta(0, "signature_delta", "ln"),
        stop(0),
        *end(),
    )
    assert message.content == (ThinkingContent("", "c2ln"),)


def test_arguments_that_are_no_object() -> None:
    message = said(
        start(),
        block(0, "tool_use", id="t", name="read", input={}),
        delta(0, "input_json_delta", '{"path": '),
        stop(0),
        *end("max_tokens"),
    )
    (call,) = message.tool_calls
    assert call.arguments == {}
    assert call.arguments_error
    assert message.stop_reason == "length"


def test_a_call_without_an_id_gets_one() -> None:
    message = said(
        start(),
        block(0, "tool_use", id="", name="read", input={}),
        block(1, "tool_use", name="read", input={}),
        *end("tool_use"),
    )
    first, second = message.tool_calls
    assert "" != first.id != second.id != ""


def test_names_come_back_as_the_caller_spells_them() -> None:
    events = [
        start(),
        block(0, "tool_use", id="1", name="Read", input={}),
        block(1, "tool_use", id="2", name="mcp__X", input={}),
        block(2, "tool_use", id="3", name="Other", input={}),
        *end("tool_use"),
    ]
    reader = decoder(("read", "mcp__x"), canonical_tool_names=("Read",))
    assert [c.name for c in said(*events, reader=reader).tool_calls] == ["read", "mcp__x", "Other"]
    assert [c.name for c in said(*events, reader=decoder(("read",))).tool_calls] == [
        "Read",
        "mcp__X",
        "Other",
    ]


# -- the message ---------------------------------------------------------------------------------


def test_usage_and_its_price() -> None:
    usage = said(*EVERYTHING).usage
    assert (usage.input, usage.output, usage.cache_read, usage.cache_write) == (100, 50, 21, 30)
    assert (usage.cache_write_1h, usage.reasoning, usage.total_tokens) == (12, 7, 201)
    assert usage.cost.cache_write == pytest.approx((18 * 3.75 + 12 * 6.0) / 1e6)
    assert usage.cost.total == pytest.approx(
        (100 * 3 + 50 * 15 + 21 * 0.3 + 18 * 3.75 + 12 * 6) / 1e6
    )


@pytest.mark.parametrize("usage", [None, {}, {"output_tokens": None}, "none"])
def test_usage_may_be_missing_at_the_end(usage: Any) -> None:
    message = said(start(), block(0, "text", text="a"), *end(usage=usage))
    assert (message.stop_reason, message.usage.output, message.usage.input) == ("stop", 1, 10)


def test_usage_may_be_missing_altogether() -> None:
    message = said(start(usage=None), *end())
    assert message.usage == Usage()
    assert message.usage.cost == Cost()


def test_usage_of_the_end_may_correct_the_input() -> None:
    assert said(start(), *end(usage={"input_tokens": 5, "output_tokens": 2})).usage.input == 5


def test_where_the_answer_came_from() -> None:
    routed = said(start(model="claude-y"), *end())
    assert (routed.response_id, routed.response_model) == ("msg_1", "claude-y")
    assert said(*TEXT).response_model is None


@pytest.mark.parametrize(
    ("reason", "ours", "raw"),
    [
        ("end_turn", "stop", None),
        ("stop_sequence", "stop", "stop_sequence"),
        ("pause_turn", "stop", "pause_turn"),
        ("max_tokens", "length", None),
        ("tool_use", "toolUse", None),
    ],
)
def test_stop_reasons(reason: str, ours: str, raw: str | None) -> None:
    message = said(start(), *end(reason))
    assert (message.stop_reason, message.raw_stop_reason) == (ours, raw)


@pytest.mark.parametrize(
    ("reason", "kind", "words"),
    [
        ("refusal", "refused", "refused"),
        ("sensitive", "refused", "refused"),
        ("model_context_window_exceeded", "overflow", "model_context_window_exceeded"),
        ("astonished", "protocol", "astonished"),
        (None, "protocol", "without a stop reason"),
    ],
)
def test_stop_reasons_that_are_errors(reason: str | None, kind: str, words: str) -> None:
    message = said(start(), block(0, "text", text="so far"), *end(reason, COUNTED))
    assert (message.stop_reason, message.error_kind) == ("error", kind)
    assert words in (message.error_message or "")
    assert message.text == "so far"
    assert message.usage.output == 42


def test_a_refusal_explains_itself() -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "Blocked under the policy."}
    message = said(start(), *end("refusal", stop_details=details))
    assert message.error_message == "Blocked under the policy."
    assert message.raw_stop_reason == "refusal"


def test_a_start_that_is_said_twice() -> None:
    again = start(usage={"input_tokens": 99, "output_tokens": 1})
    message = said(TEXT[0], again, *TEXT[1:4], again, *TEXT[4:])
    assert message.content == said(*TEXT).content
    assert message.usage == said(*TEXT).usage


def test_a_second_answer_inside_the_first() -> None:
    message = said(*TEXT[:5], start(id="msg_2"), *TEXT[1:])
    assert (message.stop_reason, message.error_kind) == ("error", "transport")
    assert message.text == "Hello 🌍"
    early = said(start(), start(id="msg_2"), *TEXT[1:])
    assert (early.response_id, early.stop_reason) == ("msg_2", "stop")


# -- frames --------------------------------------------------------------------------------------


def test_data_without_event_names() -> None:
    body = sse([*EVERYTHING, "[DONE]"])
    assert b"event:" not in body
    assert heard(body)[0].content == said(*EVERYTHING).content


def test_data_without_types() -> None:
    body = sse([(e["type"], {k: v for k, v in e.items() if k != "type"}) for e in EVERYTHING])
    assert heard(body)[0].content == said(*EVERYTHING).content


def test_events_that_mean_nothing_here() -> None:
    noise: list[Any] = [("ping", ""), ("ping", "pong"), ("new_event", "{"), {"type": "news"}, "  "]
    events = [(e["type"], e) for e in TEXT]
    body = sse([*noise, *events[:3], *noise, "[DONE]", *events[3:]])
    assert heard(body)[0].content == said(*TEXT).content


def test_json_that_is_not_quite_json() -> None:
    body = framed(TEXT).replace(b"Hel", rb"C:\dir" + b"\t")
    assert heard(body)[0].text == "C:\\dir\tlo 🌍"


def test_characters_cut_in_two() -> None:
    events = [
        start(),
        block(0, "text", text=""),
        delta(0, "text_delta", "a \ud83c"),
        delta(0, "text_delta", "\udf0d b"),
        delta(0, "text_delta", " \ud83c lost"),
        stop(0),
        *end(),
    ]
    body = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)
    message, found = heard(body)
    assert message.text == "a 🌍 b  lost"
    assert "".join(e.delta for e in found if isinstance(e, TextDelta)) == message.text


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"type": "overloaded_error", "message": "Overloaded"}, "overloaded"),
        ({"type": "api_error", "message": "Internal server error"}, "overloaded"),
        ({"type": "rate_limit_error", "message": "This request would exceed"}, "rate_limit"),
        ({"type": "authentication_error", "message": "invalid x-api-key"}, "auth"),
        ({"type": "permission_error", "message": "not allowed"}, "auth"),
        ({"type": "billing_error", "message": "add a card"}, "quota"),
        ({"type": "invalid_request_error", "message": "messages: wrong"}, "protocol"),
        ({"type": "invalid_request_error", "message": "prompt is too long: 9"}, "overflow"),
        ({"type": "request_too_large", "message": "too large"}, "overflow"),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_an_error_in_the_stream(error: dict[str, str], kind: str, named: bool) -> None:
    event = {"type": "error", "error": error, "request_id": "req_1"}
    body = framed(TEXT[:4]) + sse([("error", event) if named else event])
    message, _ = heard(body)
    assert (message.error_kind, message.error_message) == (kind, error["message"])
    assert message.text == "Hel"


@pytest.mark.parametrize("data", ["upstream overloaded", '{"type": "overloaded_error"', '"busy"'])
def test_an_error_that_is_no_json(data: str) -> None:
    message, _ = heard(framed(TEXT[:4]) + sse([("error", data)]))
    assert message.stop_reason == "error"
    assert message.error_message


@pytest.mark.parametrize(
    "event",
    [
        {"type": "message_start"},
        {"type": "content_block_start", "index": 0},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use"}},
        {"type": "content_block_delta", "index": 0},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta"}},
        {"type": "content_block_delta", "index": 0, "delta": None},
        {"type": "message_delta", "delta": "x"},
        [],
        "text",
        1,
    ],
)
def test_events_of_another_shape_are_one_protocol_error(event: Any) -> None:
    message, _ = heard(sse([json.dumps(event)]))
    assert (message.stop_reason, message.error_kind) == ("error", "protocol")


@pytest.mark.parametrize("text", [b"\xff\xfe", b"{" * 5, b'{"a":' * 100_000, b'{"a": 1]'])
def test_bytes_that_are_no_json_are_a_broken_stream(text: bytes) -> None:
    message, _ = heard(framed(TEXT[:4]) + b"data: " + text + b"\n\n")
    assert (message.text, message.error_kind) == ("Hel", "transport")
    assert len(message.error_message or "") < 300


def test_a_stream_cut_at_any_byte() -> None:
    body = framed(EVERYTHING)
    whole, _ = heard(body)
    last = body.rindex(b"}") + 1
    for count in range(len(body)):
        message, _ = heard(body[:count])
        if count >= last:  # only the blank line is missing
            assert message.content == whole.content
            continue
        assert (message.stop_reason, message.error_kind) == ("error", "transport"), body[:count]
        assert whole.text.startswith(message.text)
        for ours, full in zip(message.content, whole.content, strict=False):
            assert type(ours) is type(full)


def test_partial_arguments_are_kept_when_the_stream_is_cut() -> None:
    message = said(*EVERYTHING[:16])
    path, query = message.tool_calls
    assert path.arguments == {"path": "a"}
    assert query.arguments == {"q": "é"}
    assert path.arguments_error


def test_nothing_after_the_end() -> None:
    reader = decoder()
    assert heard(framed(TEXT), reader=reader)[0].text == "Hello 🌍"
    assert reader.feed(Frame(json.dumps(start()).encode())) == []
    assert reader.close() == []


def test_argument_deltas_pass_through() -> None:
    _, events = heard(framed(EVERYTHING))
    assert [e.delta for e in events if isinstance(e, ToolCallDelta)] == [
        '{"q": "é',
        '{"path": "a',
        '\\n"}',
        '.txt", "deep": [1, {"x": null}]}',
    ]
