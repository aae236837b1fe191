"""Chat Completions answers: what services send, and what it is. The judge of well-formed streams
is the official SDK's own accumulator."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk

from pi.ai.events import Done, Error, Event, Fold, Metadata, ToolCallStart
from pi.ai.messages import AssistantMessage, Context, TextContent, ThinkingContent, ToolCall
from pi.ai.model import Model
from pi.ai.options import Options
from pi.ai.protocols.openai_completions import Compat, OpenAICompletions
from pi.ai.request import Frame

DONE = b"[DONE]"


def chunk(delta: Any = None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    choice: dict[str, Any] = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m-1",
        "choices": [choice],
        **more,
    }


def tool(index: Any = None, call_id: Any = None, name: Any = None, arguments: Any = None) -> Any:
    """A chunk with one piece of a call; what is None is not sent."""
    piece: dict[str, Any] = {}
    if index is not None:
        piece["index"] = index
    if call_id is not None:
        piece |= {"id": call_id, "type": "function"}
    function = {"name": name, "arguments": arguments}
    piece["function"] = {key: value for key, value in function.items() if value is not None}
    return chunk({"tool_calls": [piece]})


def decode(*frames: Any, compat: Compat | None = None) -> tuple[AssistantMessage, list[Event]]:
    """The message and the events of an answer; a frame is JSON data or bytes."""
    model = Model(
        id="m-1",
        name="M",
        provider="p",
        api="openai-completions",
        base_url="http://127.0.0.1:1/v1",
        compat=compat or Compat(),
    )
    decoder = OpenAICompletions().decoder(model, Options(), Context())
    events: list[Event] = []
    for frame in frames:
        if not isinstance(frame, Frame):
            frame = Frame(frame if isinstance(frame, bytes) else json.dumps(frame).encode())
        events += decoder.feed(frame)
    events += decoder.close()
    fold = Fold()
    for event in events:
        fold.add(event)
    assert [type(e) for e in events if isinstance(e, Done | Error)] == [type(events[-1])]
    return fold.message(), events


def calls(message: AssistantMessage) -> list[tuple[str, str, dict[str, Any]]]:
    return [(call.id, call.name, call.arguments) for call in message.tool_calls]


def thinking(message: AssistantMessage) -> list[tuple[str, str | None]]:
    blocks = [b for b in message.content if isinstance(b, ThinkingContent)]
    return [(block.thinking, block.thinking_signature) for block in blocks]


STOP = chunk(finish="stop")
CALLED = chunk(finish="tool_calls")


# -- what the SDK agrees with --------------------------------------------------------------------

_word = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=6)
_arguments = st.dictionaries(_word, st.integers() | _word | st.lists(_word, max_size=2), max_size=2)


@st.composite
def answers(draw: st.DrawFn) -> list[dict[str, Any]]:
    """The chunks of a well-formed answer, pieces of text and calls mixed as they come."""
    queues: list[list[dict[str, Any]]] = [
        [chunk({"content": word}) for word in draw(st.lists(_word, max_size=4))]
    ]
    count = draw(st.integers(0, 3))
    for index in range(count):
        text = json.dumps(draw(_arguments), ensure_ascii=draw(st.booleans()))
        at = draw(st.integers(0, len(text)))
        queues.append([tool(index, arguments=piece) for piece in (text[:at], text[at:])])
    chunks = [chunk({"role": "assistant", "content": draw(st.sampled_from([None, ""]))})]
    chunks += [tool(index, f"call_{index}", f"tool{index}", "") for index in range(count)]
    while any(queues):
        queue = draw(st.sampled_from([queue for queue in queues if queue]))
        chunks.append(queue.pop(0))
    chunks.append(chunk(finish="tool_calls" if count else "stop"))
    usage = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
    return [*chunks, {**chunk(usage=usage), "choices": []}]


@settings(max_examples=60)
@given(answers())
def test_the_sdk_understands_the_same(chunks: list[dict[str, Any]]) -> None:
    state: ChatCompletionStreamState[None] = ChatCompletionStreamState()
    for item in chunks:
        state.handle_chunk(ChatCompletionChunk.model_validate(item))
    theirs = state.get_final_completion()
    (choice,) = theirs.choices
    ours, _ = decode(*chunks, DONE)
    assert ours.text == (choice.message.content or "")
    assert calls(ours) == [
        (call.id, call.function.name, json.loads(call.function.arguments))
        for call in choice.message.tool_calls or []
    ]
    reason = {"stop": "stop", "toolUse": "tool_calls"}[ours.stop_reason]
    assert reason == choice.finish_reason
    assert theirs.usage is not None
    assert (ours.usage.input, ours.usage.output) == (5, 3)
    assert ours.response_id == theirs.id


# -- text and thinking ---------------------------------------------------------------------------


def test_events_of_a_plain_answer() -> None:
    _, events = decode(chunk({"content": "he"}), chunk({"content": "llo"}), STOP, DONE)
    assert [type(event).__name__ for event in events] == [
        *("Metadata", "TextStart", "TextDelta", "TextDelta", "TextEnd", "Done"),
    ]


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "reasoning_text"])
def test_thinking_under_any_name(field: str) -> None:
    message, _ = decode(
        chunk({"role": "assistant", "content": None, field: "h"}),
        chunk({"content": "", field: "m"}),
        chunk({"content": "x", field: None}),
        STOP,
        DONE,
    )
    assert thinking(message) == [("hm", field)]
    assert message.text == "x"


def test_thinking_is_not_counted_twice() -> None:
    both = {"reasoning": "a", "reasoning_content": "a", "reasoning_text": ""}
    message, _ = decode(chunk(both), chunk(both), STOP, DONE)
    assert thinking(message) == [("aa", "reasoning_content")]


def test_thinking_comes_before_the_text_of_its_chunk() -> None:
    message, _ = decode(chunk({"content": "x", "reasoning_content": "hm"}), STOP, DONE)
    assert [type(block) for block in message.content] == [ThinkingContent, TextContent]


def test_one_block_each_whatever_the_order() -> None:
    message, _ = decode(
        chunk({"reasoning": "a"}),
        chunk({"content": "b"}),
        tool(0, "c", "f", "{}"),
        chunk({"reasoning": "d"}),
        chunk({"content": "e"}),
        CALLED,
        DONE,
    )
    assert [type(b) for b in message.content] == [ThinkingContent, TextContent, ToolCall]
    assert (thinking(message)[0][0], message.text) == ("ad", "be")


def details(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return chunk({"content": "", "reasoning_details": list(items), **more})


def test_reasoning_details_are_kept_whole() -> None:
    text = {"type": "reasoning.text", "format": "f", "index": 0}
    summary = {"type": "reasoning.summary", "index": 1}
    secret = {"type": "reasoning.encrypted", "data": "Z", "id": "rs_1", "index": 1}
    message, _ = decode(
        details({**text, "text": "a"}, reasoning="a"),
        details({**text, "text": "b"}, reasoning="b"),
        details({**summary, "summary": "c"}, reasoning="c"),
        details({**summary, "summary": "d"}, secret, reasoning="d"),
        details({**text, "text": "", "signature": "S"}),
        details({**text, "text": "e", "signature": "T"}, reasoning="e"),
        chunk({"content": "x"}),
        STOP,
        DONE,
    )
    ((shown, signature),) = thinking(message)
    assert shown == "abcde"
    assert json.loads(signature or "") == [
        {**text, "text": "ab", "signature": "S"},
        {**summary, "summary": "cd"},
        secret,
        {**text, "text": "e", "signature": "T"},
    ]


def test_details_alone_are_thinking() -> None:
    secret = {"type": "reasoning.encrypted", "data": "Z"}
    message, _ = decode(details(secret), chunk({"content": "x"}), STOP, DONE)
    assert thinking(message) == [("", json.dumps([secret], separators=(",", ":")))]
    message, _ = decode(details({"type": "reasoning.text", "text": "a"}), STOP, DONE)
    assert thinking(message)[0][0] == "a"


def test_content_in_parts() -> None:
    inner = [{"type": "text", "text": "h"}, {"type": "text", "text": "m"}]
    parts = [{"type": "thinking", "thinking": inner}, {"type": "text", "text": "x"}, "y"]
    message, _ = decode(chunk({"content": parts}), STOP, DONE)
    assert (thinking(message), message.text) == ([("hm", None)], "xy")


def test_characters_cut_in_two() -> None:
    halves = [b'"a\\ud83d"', b'"\\ude00b"', b'"\\ude00"', b'"\\ud83dc"', b'"\\ud83d\\ude00"']
    frames = [
        b'{"id":"1","choices":[{"index":0,"delta":{"content":' + half + b"}}]}" for half in halves
    ]
    message, events = decode(*frames, STOP, DONE)
    assert message.text == "a😀bc😀"
    for event in events:
        str(event).encode()


def test_a_whole_answer_in_one_chunk() -> None:
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    whole = {
        "id": "1",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "hi", "tool_calls": [call]},
                "finish_reason": "stop",
            }
        ],
    }
    message, _ = decode(whole, DONE)
    assert (message.text, calls(message), message.stop_reason) == (
        "hi",
        [("a", "f", {})],
        "toolUse",
    )


# -- tool calls ----------------------------------------------------------------------------------

A, B = ("a", "f", {"x": 1}), ("b", "g", {"y": 2})
TWO_IN_ONE = chunk(
    {
        "tool_calls": [
            {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}},
            {"index": 1, "id": "b", "type": "function", "function": {"name": "g", "arguments": ""}},
        ]
    }
)


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        pytest.param(
            [
                TWO_IN_ONE,
                *(tool(1, arguments='{"y"'), tool(0, arguments='{"x":')),
                *(tool(0, arguments="1}"), tool(1, arguments=":2}")),
            ],
            [A, B],
            id="started together, interleaved tails",
        ),
        pytest.param(
            [tool(0, "a", "f", '{"x":1}'), tool(0, "b", "g", '{"y":2}')],
            [A, B],
            id="index 0 for every call",
        ),
        pytest.param(
            [tool(0, "", "f", '{"x":1}'), tool(0, "", "f", '{"x":2}')],
            [(None, "f", {"x": 1}), (None, "f", {"x": 2})],
            id="index 0 and no ids",
        ),
        pytest.param(
            [tool(0, "a", "f", ""), tool(0, "b", "g", '{"y":2}')],
            [("a", "f", {}), B],
            id="index 0, first call without arguments",
        ),
        pytest.param(
            [tool(None, "a", "f", '{"x":1}'), tool(None, "b", "g", '{"y":2}')],
            [A, B],
            id="no index",
        ),
        pytest.param(
            [
                tool(None, "a", "f", ""),
                tool(None, "b", "g", ""),
                tool(None, "a", arguments='{"x":1}'),
                tool(None, "b", arguments='{"y":2}'),
            ],
            [A, B],
            id="by id alone",
        ),
        pytest.param(
            [tool(None, None, "f", '{"x"'), tool(arguments=":1}"), tool(None, None, "g", "{}")],
            [(None, "f", {"x": 1}), (None, "g", {})],
            id="neither index nor id",
        ),
        pytest.param(
            [tool(0, "a", "f", '{"x"'), tool(0, "z", None, ":"), tool(0, "q", "", "1}")],
            [A],
            id="id changes on the way",
        ),
        pytest.param(
            [tool(0, "a", "f", '{"x":"}'), tool(0, "z", "f", '{y"}')],
            [("a", "f", {"x": "}{y"})],
            id="a piece that looks like a start",
        ),
        pytest.param(
            [tool(0, "a", "f", '{"x"'), tool(0, "a", "f", ":1"), tool(0, "a", "f", "}")],
            [A],
            id="id and name in every piece",
        ),
        pytest.param(
            [tool(0, "a", "f", '{"x":1}'), tool(0, "a", "f", ""), tool(0, None, "f", "")],
            [A],
            id="an empty last piece",
        ),
        pytest.param(
            [tool(0, None, None, '{"x":'), tool(0, "a", None, ""), tool(0, None, "f", "1}")],
            [A],
            id="id and name late",
        ),
        pytest.param(
            [tool(0, "s", "f", '{"x":1}'), tool(1, "s", "f", '{"x":2}')],
            [("s", "f", {"x": 1}), ("s", "f", {"x": 2})],
            id="one id for two calls",
        ),
        pytest.param(
            [tool(0, "a", "f", {"x": 1}), tool(1, "b", "g", {"y": 2})],
            [A, B],
            id="arguments as an object",
        ),
        pytest.param(
            [tool(0, "a", "f", {"x": 1}), tool(0, "a", "f", {"x": 1})],
            [A],
            id="the same object again",
        ),
        pytest.param(
            [tool(0, "a", "f", {}), tool(0, "b", "g", {"y": 2})],
            [("a", "f", {}), B],
            id="objects, index 0 for every call",
        ),
        pytest.param(
            [tool(0, "", "", ""), tool(0, "a", "f", '{"x":1}'), chunk({"tool_calls": [{}]})],
            [A],
            id="pieces that say nothing",
        ),
        pytest.param(
            [tool(2, "a", "f", "{}"), tool(7, "b", "g", "{}")],
            [("a", "f", {}), ("b", "g", {})],
            id="indices with gaps",
        ),
    ],
)
def test_pieces_find_their_call(
    chunks: list[Any], expected: list[tuple[str | None, str, dict[str, Any]]]
) -> None:
    message, _ = decode(*chunks, CALLED, DONE)
    heard = [
        (call_id if wanted[0] is not None else None, name, arguments)
        for (call_id, name, arguments), wanted in zip(calls(message), expected, strict=True)
    ]
    assert heard == expected
    assert message.stop_reason == "toolUse"
    assert all(call.id for call in message.tool_calls)
    assert all(call.arguments_error is None for call in message.tool_calls)


def test_a_call_without_an_id_gets_one_of_its_own() -> None:
    message, events = decode(tool(0, "", "f", "{}"), tool(1, "", "g", "{}"), CALLED, DONE)
    assert [call.id for call in message.tool_calls] == ["call_chatcmpl-1_0", "call_chatcmpl-1_1"]
    assert [e.id for e in events if isinstance(e, ToolCallStart)] == ["", ""]
    nameless = [{**tool(0, "", "f", "{}"), "id": ""}, CALLED, DONE]
    first, second = (decode(*nameless)[0].tool_calls[0].id for _ in range(2))
    assert first != second


def test_null_deltas() -> None:
    nothing = {"content": None, "tool_calls": None, "reasoning": None, "refusal": None}
    message, _ = decode(
        {**chunk(), "choices": None},
        {**chunk(), "choices": []},
        {**chunk(), "choices": [{"index": 0, "delta": None, "finish_reason": None}]},
        chunk(nothing),
        chunk({"content": "x", "tool_calls": []}),
        STOP,
        DONE,
    )
    assert message.content == (TextContent("x"),)


def test_bad_arguments_are_told() -> None:
    message, _ = decode(tool(0, "a", "f", '{"x": oops}'), CALLED, DONE)
    (call,) = message.tool_calls
    assert call.arguments == {}
    assert "not valid JSON" in (call.arguments_error or "")


@pytest.mark.parametrize("written", ['{"x": "y', "", " "])
def test_a_call_cut_by_the_output_limit_is_not_carried_out(written: str) -> None:
    message, _ = decode(
        tool(0, "a", "f", "{}"), tool(1, "b", "g", written), chunk(finish="length"), DONE
    )
    whole, cut = message.tool_calls
    assert (message.stop_reason, whole.arguments_error, cut.arguments) == ("length", None, {})
    assert "too early" in (cut.arguments_error or "")


def test_what_came_with_a_call_is_kept() -> None:
    piece = {
        "index": 0,
        "id": "a",
        "function": {"name": "f", "arguments": "{}"},
        "extra_content": {"vendor": {"signature": "Z"}},
    }
    message, _ = decode(chunk({"tool_calls": [piece]}), CALLED, DONE)
    kept = json.loads(message.tool_calls[0].thought_signature or "")
    assert kept == {"extra_content": {"vendor": {"signature": "Z"}}}


# -- how it ends ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "called", "stop"),
    [
        ("stop", False, "stop"),
        ("stop", True, "toolUse"),
        ("end", False, "stop"),
        ("STOP", False, "stop"),
        ("length", False, "length"),
        ("max_tokens", True, "length"),
        ("tool_calls", True, "toolUse"),
        ("function_call", True, "toolUse"),
        ("tool_calls", False, "stop"),
    ],
)
def test_finish_reasons(reason: str, called: bool, stop: str) -> None:
    chunks = [tool(0, "a", "f", "{}")] if called else [chunk({"content": "x"})]
    message, _ = decode(*chunks, chunk(finish=reason), DONE)
    assert message.stop_reason == stop
    assert message.error_message is None


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("content_filter", "refused"),
        ("sensitive", "refused"),
        ("SAFETY", "refused"),
        ("model_context_window_exceeded", "overflow"),
        ("network_error", "transport"),
        ("insufficient_system_resource", "overloaded"),
        ("something_new", "protocol"),
    ],
)
def test_reasons_that_are_failures(reason: str, kind: str) -> None:
    message, _ = decode(chunk({"content": "x"}), chunk(finish=reason), DONE)
    assert (message.stop_reason, message.error_kind, message.text) == ("error", kind, "x")
    assert reason in (message.error_message or "")
    assert message.raw_stop_reason == reason


def test_a_refusal_is_an_error_with_its_words() -> None:
    message, _ = decode(chunk({"refusal": "I can"}), chunk({"refusal": "not."}), STOP, DONE)
    assert (message.error_kind, message.error_message) == ("refused", "I cannot.")


@pytest.mark.parametrize("end", [[], [DONE]])
def test_no_finish_reason_is_a_cut_stream(end: list[bytes]) -> None:
    message, _ = decode(chunk({"content": "x"}), *end)
    assert (message.stop_reason, message.error_kind, message.text) == ("error", "transport", "x")


@pytest.mark.parametrize("end", [[], [DONE]])
def test_no_finish_reason_where_there_is_none(end: list[bytes]) -> None:
    compat = Compat(supports_finish_reason=False)
    message, _ = decode(chunk({"content": "x"}), *end, compat=compat)
    assert message.stop_reason == "stop"
    message, _ = decode(tool(0, "a", "f", "{}"), *end, compat=compat)
    assert message.stop_reason == "toolUse"


def test_the_end_is_awaited_for_the_usage_behind_it() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}
    message, events = decode(
        chunk({"content": "x"}), STOP, STOP, {**chunk(usage=usage), "choices": []}, DONE
    )
    assert message.usage.input == 9
    assert isinstance(events[-1], Done)
    message, _ = decode(chunk({"content": "x"}), STOP)
    assert message.stop_reason == "stop", "some close without [DONE]"


def test_nothing_counts_after_done() -> None:
    message, _ = decode(chunk({"content": "x"}), STOP, DONE, chunk({"content": "y"}), b"junk")
    assert message.text == "x"


def test_a_last_frame_that_is_cut_is_a_cut_stream() -> None:
    message, _ = decode(chunk({"content": "x"}), b'{"choices":[{"del')
    assert (message.error_kind, message.text) == ("transport", "x")
    assert decode(chunk({"content": "x"}), STOP, b"[DON")[0].stop_reason == "stop"


def test_empty_frames_are_nothing() -> None:
    assert decode(b"", b" ", STOP, b" [DONE] ")[0].stop_reason == "stop"


def test_names() -> None:
    message, events = decode(
        {**chunk(), "id": "", "model": ""},
        {**chunk({"content": "x"}), "model": "m-1-2026"},
        {**chunk({"content": "x"}), "id": "other", "model": "m-1-2026"},
        STOP,
        DONE,
    )
    assert (message.response_id, message.response_model) == ("chatcmpl-1", "m-1-2026")
    assert sum(isinstance(event, Metadata) for event in events) == 1
    assert decode(STOP, DONE)[0].response_model is None


# -- errors on the way ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "kind", "words"),
    [
        ({"error": {"message": "boom", "code": 502}}, "overloaded", "502 boom"),
        ({"error": {"message": "slow", "code": 429}, "choices": []}, "rate_limit", "429 slow"),
        ({"error": "overloaded"}, "overloaded", "overloaded"),
        ({"object": "error", "message": "prompt is too long", "code": 400}, "overflow", "400 "),
        (
            Frame(b'{"message":"no","type":"server_error"}', event="error"),
            "overloaded",
            "no",
        ),
        ([{"error": {"message": "API key not valid"}}], "auth", "API key not valid"),
        (
            {"choices": [{"delta": {"content": "y"}, "finish_reason": "error",
                          "error": {"code": 503, "message": "gone"}}]},
            "overloaded",
            "503 gone",
        ),
        (b"<html>", "protocol", "no JSON: '<html>'"),
        (b"\xff", "protocol", "no JSON"),
        (b"Internal Server Error", "overloaded", "no JSON: 'Internal Server Error'"),
        (b'{"choices":[{"del', "protocol", "no JSON: '{\"choices\":[{\"del'"),
        (b"12", "protocol", "12"),
        ({"choices": ["x"]}, "protocol", "something unexpected"),
        (b'{"choices":' + b"[" * 100_000, "protocol", "something unexpected"),
        (b'{"usage":{"prompt_tokens":1e999}}', "protocol", "something unexpected"),
    ],
)  # fmt: skip
def test_an_error_ends_the_stream_and_keeps_what_came(frame: Any, kind: str, words: str) -> None:
    message, _ = decode(chunk({"content": "x"}), frame, chunk({"content": "z"}), STOP, DONE)
    assert (message.stop_reason, message.error_kind) == ("error", kind), message.error_message
    assert words in (message.error_message or "")
    assert message.text.startswith("x")
    assert "z" not in message.text


def test_a_call_in_progress_is_kept_and_not_carried_out() -> None:
    message, _ = decode(tool(0, "a", "f", '{"x": "y'), {"error": {"message": "boom"}})
    (call,) = message.tool_calls
    assert (call.arguments, message.stop_reason) == ({"x": "y"}, "error")
    assert call.arguments_error


_junk = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.sampled_from(["", "x", "{", "stop"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["choices", "delta", "content", "tool_calls", "function", "arguments", "index", "id",
             "name", "finish_reason", "usage", "error", "reasoning", "reasoning_details", "type",
             "text", "prompt_tokens", "prompt_tokens_details", "cached_tokens", "message"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=200)
@given(st.lists(_junk | _junk.map(lambda delta: chunk(delta)), max_size=5))
def test_nothing_that_a_service_sends_raises(frames: list[Any]) -> None:
    message, _ = decode(*frames, STOP, DONE)
    assert message.stop_reason in ("stop", "toolUse", "length", "error")
