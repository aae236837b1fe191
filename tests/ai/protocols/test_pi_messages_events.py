"""The unified events as a gateway sends them: what is odd, what is wrong, what was billed."""

import json
from typing import Any

import pytest

from conformance.said import model_for
from pi.ai.events import Done, Error, Event, Metadata, ToolCallEnd
from pi.ai.messages import (
    AssistantMessage,
    Context,
    TextContent,
    ToolCall,
    ToolResultMessage,
    Usage,
    UserMessage,
)
from pi.ai.options import Options
from pi.ai.protocols.pi_messages import PiMessages
from pi.ai.request import Frame

MODEL = model_for("pi-messages")
USAGE = {"input": 3, "output": 2, "cacheRead": 1, "cacheWrite": 0, "totalTokens": 6}


def heard(*events: Any) -> list[Event]:
    decoder = PiMessages().decoder(MODEL, Options(), Context())
    out: list[Event] = []
    for event in events:
        data = event if isinstance(event, bytes) else json.dumps(event).encode()
        out += decoder.feed(Frame(data))
    return out + decoder.close()


def done(**more: Any) -> dict[str, Any]:
    return {"type": "done", "reason": "stop", "usage": USAGE, **more}


def test_the_gateways_bill_counts() -> None:
    cost = {"input": 1, "output": 2, "cacheRead": 0, "cacheWrite": 0, "total": 0.25}
    events = heard({"type": "start"}, done(usage={**USAGE, "cost": cost}, responseModel="other"))
    told = next(event for event in events if isinstance(event, Metadata))
    assert told.response_model == "other"
    assert told.usage is not None
    assert (told.usage.cost.total, told.usage.cost.total_from_provider) == (0.25, True)
    assert events[-1] == Done("stop")


def test_the_end_of_a_call_has_the_last_word() -> None:
    events = heard(
        {"type": "toolcall_start", "contentIndex": 0, "id": "", "toolName": ""},
        {"type": "toolcall_delta", "contentIndex": 0, "delta": '{"a": 1'},
        {
            "type": "toolcall_end",
            "contentIndex": 0,
            "toolCall": {"id": "c1", "name": "t", "arguments": {"a": 12}, "thoughtSignature": "s"},
        },
        done(reason="toolUse"),
    )
    calls = [event.tool_call for event in events if isinstance(event, ToolCallEnd)]
    assert calls == [ToolCall("c1", "t", {"a": 12}, "s")]


def test_blocks_may_be_open_side_by_side_and_unknown_events_pass() -> None:
    events = heard(
        b"[DONE]",
        {"type": "news"},
        {"type": "text_start", "contentIndex": 0},
        {"type": "thinking_start", "contentIndex": 1},
        {"type": "text_delta", "contentIndex": 0, "delta": "a"},
        {"type": "thinking_end", "contentIndex": 1, "content": "", "redacted": True},
        {"type": "text_end", "contentIndex": 0, "content": "a"},
        done(),
    )
    assert events[-1] == Done("stop")


@pytest.mark.parametrize(
    "event",
    [
        {"type": "text_start", "contentIndex": 7},
        {"type": "text_delta", "contentIndex": 0, "delta": "x"},
        {"type": "text_delta", "contentIndex": "__proto__", "delta": "x"},
        {"type": "hologram_start", "contentIndex": 0},
        {"no": "type"},
        done(reason="deferred"),
    ],
)
def test_what_cannot_be_true(event: Any) -> None:
    last = heard(event)[-1]
    assert isinstance(last, Error)
    assert last.error.kind == "protocol"


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("prompt is too long: 9 tokens > 8 maximum", "overflow"),
        ("Rate limit exceeded", "rate_limit"),
    ],
)
def test_errors_by_kind(message: str, kind: str) -> None:
    event = {"type": "error", "reason": "error", "usage": USAGE, "errorMessage": message}
    last = heard(event)[-1]
    assert isinstance(last, Error)
    assert (last.error.kind, last.error.message) == (kind, message)


def test_what_is_for_people_stays_here() -> None:
    call = ToolCall("c1", "t", {}, arguments_error="cut off")
    messages = (
        UserMessage("hi", 1),
        AssistantMessage(
            (call,), "pi-messages", MODEL.provider, MODEL.id, Usage(), "toolUse", 2, duration_ms=9
        ),
        ToolResultMessage("c1", "t", (TextContent("no"),), True, {"path": "/home/me"}, 3),
    )
    context = Context(messages)
    options = Options(session_id="s", tool_choice="t", cache_retention="long")
    body = PiMessages().encode(MODEL, context, options.settle(MODEL, context)).body
    sent = json.dumps(body)
    for word in ("/home/me", "durationMs", "argumentsError", "cut off"):
        assert word not in sent
    assert [message["role"] for message in body["context"]["messages"]] == [
        "user",
        "assistant",
        "toolResult",
    ]
    assert body["options"] == {
        "maxTokens": 8192,
        "cacheRetention": "long",
        "sessionId": "s",
        "toolChoice": {"type": "function", "function": {"name": "t"}},
    }
